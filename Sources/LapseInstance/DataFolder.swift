import Foundation
import LapseRules
import LapseService

/// The folder that survives a restart: database, local CA, server certificate, signing key. One Lapse uses it at a time.
package struct DataFolder: Sendable {
    package enum File: String {
        case database = "lapse.sqlite3"
        case authority = "ca.pem"
        case authorityKey = "ca-key.pem"
        case server = "server.pem"
        case serverKey = "server-key.pem"
        case signing = "signing.pem"
        case signingKey = "signing-key.pem"
        case lock = "lock"
    }

    struct Files: Sendable {
        let authority: LocalCertificateAuthority.Identity
        let server: LocalCertificateAuthority.Identity
        let signing: LocalCertificateAuthority.Identity
        /// Whether the CA's certificate was issued again, with its old key, for other names.
        let isReissued: Bool
    }

    package let path: String

    /// Opens the folder, makes it when there is none, and keeps every other Lapse out of it until this process ends.
    init(path: String) throws {
        self.path = URL(fileURLWithPath: path).path
        do {
            try FileManager.default.createDirectory(
                atPath: self.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StartError("--data-dir: cannot make or enter the folder \(self.path)")
        }
        let lock = open(self.path(of: .lock), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw StartError("--data-dir: cannot write to the folder \(self.path)") }
        // The descriptor stays open: the lock ends with the process, however it ends.
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw StartError("--data-dir: another Lapse is using the folder \(self.path)")
        }
    }

    /// A new folder under the system's temporary one; the caller removes it.
    static func temporary() throws -> DataFolder {
        var template = Array(URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("lapse-XXXXXX").path.utf8CString)
        guard let made = mkdtemp(&template) else { throw StartError("--ephemeral: cannot make a temporary folder") }
        do { return try DataFolder(path: String(cString: made)) } catch {
            try? FileManager.default.removeItem(atPath: String(cString: made))
            throw error
        }
    }

    package func remove() { try? FileManager.default.removeItem(atPath: path) }

    package func path(of file: File) -> String { path + "/" + file.rawValue }

    /// Reads the certificates and keys, makes those that are not there. A file that cannot be read is never replaced.
    ///
    /// - Parameter names: what the server is called besides localhost; the CA's certificate is issued again, with its key, when it is
    ///   not for just these. An older one that somebody trusts stays good until its end.
    func prepare(names: [String], now: Timestamp) throws -> Files {
        var authority = try identity(.authority, .authorityKey) {
            try LocalCertificateAuthority.makeAuthority(names: names, now: now)
        }
        let isReissued = try !LocalCertificateAuthority.isFresh(authority: authority, for: names, now: now)
        if isReissued {
            authority = try LocalCertificateAuthority.makeAuthority(names: names, keeping: authority.privateKeyPEM, now: now)
            try write(authority.certificatePEM, to: .authority, permissions: 0o644)
        }
        var server = try identity(.server, .serverKey) {
            try LocalCertificateAuthority.makeServer(for: names, signedBy: authority, now: now)
        }
        if try !LocalCertificateAuthority.isFresh(server, for: names, now: now) {
            server = try LocalCertificateAuthority.makeServer(for: names, signedBy: authority, now: now)
            try write(server, .server, .serverKey)
        }
        let signing = try identity(.signing, .signingKey) { try LocalCertificateAuthority.makeSigningIdentity(now: now) }
        return Files(authority: authority, server: server, signing: signing, isReissued: isReissued)
    }

    private func identity(
        _ certificate: File, _ key: File, orMake make: () throws -> LocalCertificateAuthority.Identity
    ) throws -> LocalCertificateAuthority.Identity {
        finishWriting(certificate, key)
        let exist = [certificate, key].map { FileManager.default.fileExists(atPath: path(of: $0)) }
        if exist == [false, false] {
            let identity = try make()
            try write(identity, certificate, key)
            return identity
        }
        guard let certificatePEM = try? String(contentsOfFile: path(of: certificate), encoding: .utf8),
            let keyPEM = try? String(contentsOfFile: path(of: key), encoding: .utf8)
        else { throw StartError("--data-dir: cannot read both \(path(of: certificate)) and \(path(of: key))") }
        let identity = LocalCertificateAuthority.Identity(certificatePEM: certificatePEM, privateKeyPEM: keyPEM)
        do { try LocalCertificateAuthority.check(identity) } catch {
            throw StartError(
                "--data-dir: cannot use \(path(of: certificate)) with \(path(of: key)); remove both to make new ones (\(StartError.oneLine(error).prefix(200)))"
            )
        }
        return identity
    }

    /// Writes both, or, whenever this process is killed, neither: both are complete beside their places before the first of them goes
    /// there, and the next start finishes what is left.
    private func write(_ identity: LocalCertificateAuthority.Identity, _ certificate: File, _ key: File) throws {
        try write(identity.privateKeyPEM, beside: key, Self.new, permissions: 0o600)
        try write(identity.certificatePEM, beside: certificate, Self.new, permissions: 0o644)
        try settle(key, Self.new)
        try settle(certificate, Self.new)
    }

    /// A certificate that waits without its key: the key has arrived.
    private func finishWriting(_ certificate: File, _ key: File) {
        let waits = [certificate, key].map { FileManager.default.fileExists(atPath: path(of: $0) + Self.new) }
        if waits == [true, false] { try? settle(certificate, Self.new) }
    }

    private static let new = ".new"

    private func write(_ text: String, to file: File, permissions: Int) throws {
        try write(text, beside: file, ".next", permissions: permissions)
        try settle(file, ".next")
    }

    private func write(_ text: String, beside file: File, _ suffix: String, permissions: Int) throws {
        let made = FileManager.default.createFile(
            atPath: path(of: file) + suffix, contents: Data(text.utf8), attributes: [.posixPermissions: permissions])
        guard made else { throw StartError("--data-dir: cannot write \(path(of: file))") }
    }

    private func settle(_ file: File, _ suffix: String) throws {
        guard rename(path(of: file) + suffix, path(of: file)) == 0 else {
            throw StartError("--data-dir: cannot write \(path(of: file))")
        }
    }
}
