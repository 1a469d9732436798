import Foundation
import LapseRules
import LapseService

/// The folder that survives a restart: database, local CA, server certificate, signing key. One Lapse uses it at a time.
package struct DataFolder: Sendable {
    package enum File: String, CaseIterable {
        case database = "lapse.sqlite3"
        case authority = "ca.pem"
        case authorityKey = "ca-key.pem"
        case server = "server.pem"
        case serverKey = "server-key.pem"
        case signing = "signing.pem"
        case signingKey = "signing-key.pem"
        /// The keys of a class.
        case classroom = "class.json"
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

    /// Opens the folder, makes it when there is none, and keeps every other Lapse out of it until this process ends, and every other
    /// user too.
    ///
    /// - Throws: ``StartError`` for a folder that cannot be used, that is another user's, or that others may read although it is not
    ///   Lapse's alone. It is left as it was.
    init(path: String) throws {
        self.path = URL(fileURLWithPath: path).path
        let isOpen = try Self.isOpenToOthers(self.path)
        do {
            try FileManager.default.createDirectory(
                atPath: self.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StartError("--data-dir: cannot make or enter the folder \(self.path)")
        }
        let lock = open(self.path(of: .lock), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw StartError("--data-dir: cannot write to the folder \(self.path)") }
        // The descriptor stays open: the lock ends with the process, however it ends.
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw StartError("--data-dir: another Lapse is using the folder \(self.path)")
        }
        if isOpen {
            guard chmod(self.path, 0o700) == 0 else { throw StartError("--data-dir: cannot make the folder \(self.path) private") }
            // Until now others may have put something there.
            _ = try Self.isOpenToOthers(self.path)
        }
        try keepFilesPrivate()
    }

    /// A folder that is there, as it is: for removing it.
    init(known path: String) { self.path = path }

    /// Looks at a folder that is already there.
    ///
    /// - Returns: whether others may read it.
    private static func isOpenToOthers(_ path: String) throws -> Bool {
        guard let folder = Entry(path) else { return false }
        guard !folder.isLink else { throw StartError("--data-dir: \(path) is a symbolic link; name the folder that it leads to") }
        // Making it says what is wrong with it.
        guard folder.isFolder else { return false }
        guard folder.isOwn else { throw StartError("--data-dir: the folder \(path) belongs to another user") }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        let own = names.filter { name in File.allCases.contains { name.hasPrefix($0.rawValue) } }
        for name in own {
            guard let entry = Entry("\(path)/\(name)") else { continue }
            guard !entry.isLink else { throw StartError("--data-dir: \(path)/\(name) is a symbolic link") }
            guard entry.isOwn else { throw StartError("--data-dir: \(path)/\(name) belongs to another user") }
        }
        guard folder.isOpenToOthers else { return false }
        // What else is there may be meant for others: nobody is locked out of a home or a project by a slip in an option.
        if let foreign = names.first(where: { !own.contains($0) }) {
            throw StartError(
                "--data-dir: others may read the folder \(path), and it is not Lapse's alone (\(foreign)); "
                    + "name another, or make it private: chmod 700")
        }
        return true
    }

    /// Closes the files that hold secrets to others, as a Lapse before this one may have left them.
    private func keepFilesPrivate() throws {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
            let isSecret = name.hasPrefix(File.database.rawValue) || name.hasSuffix("-key.pem")
            guard isSecret, let entry = Entry("\(path)/\(name)"), entry.isFile, entry.isOpenToOthers else { continue }
            guard chmod("\(path)/\(name)", 0o600) == 0 else { throw StartError("--data-dir: cannot make \(path)/\(name) private") }
        }
    }

    /// What stands under a name, as the file system says it of the name itself.
    struct Entry {
        private let status: stat

        /// Nil: nothing does.
        init?(_ path: String) {
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            self.status = status
        }

        private var kind: mode_t { status.st_mode & S_IFMT }
        var isLink: Bool { kind == S_IFLNK }
        var isFolder: Bool { kind == S_IFDIR }
        var isFile: Bool { kind == S_IFREG }
        var isOwn: Bool { status.st_uid == geteuid() }
        var bytes: Int64 { Int64(status.st_size) }
        var isOpenToOthers: Bool { status.st_mode & 0o077 != 0 }
        /// When something was last made or removed in a folder.
        var changedAt: Timestamp { Timestamp(ticks: Int64(status.modifiedSeconds) * Timestamp.ticksPerSecond) }
    }

    /// A new folder under the system's temporary one; the caller removes it.
    ///
    /// - Parameter prefix: what its name begins with.
    static func temporary(named prefix: String = "lapse-") throws -> DataFolder {
        let path = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("\(prefix)XXXXXX").path
        var template = Array(path.utf8CString)
        guard let made = mkdtemp(&template) else { throw StartError("--ephemeral: cannot make a temporary folder") }
        do { return try DataFolder(path: String(cString: made)) } catch {
            try? FileManager.default.removeItem(atPath: String(cString: made))
            throw error
        }
    }

    /// How many bytes Lapse's own files in it have. Only the file system is asked: no request waits for that.
    var bytes: Int64 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let own = names.filter { name in File.allCases.contains { name.hasPrefix($0.rawValue) } }
        return own.compactMap { Entry("\(path)/\($0)")?.bytes }.reduce(0, +)
    }

    package func remove() { try? FileManager.default.removeItem(atPath: path) }

    package func path(of file: File) -> String { path + "/" + file.rawValue }

    /// Reads the certificates and keys, makes those that are not there, and an empty database. A file that cannot be read is never replaced.
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
        makeDatabase()
        return Files(authority: authority, server: server, signing: signing, isReissued: isReissued)
    }

    /// SQLite would make it for all to read.
    private func makeDatabase() {
        let made = open(self.path(of: .database), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        // One that cannot be opened is the store's to refuse.
        if made >= 0 { close(made) }
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
                "--data-dir: cannot use \(path(of: certificate)) with \(path(of: key)); remove both to make new ones (\(error))"
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

extension stat {
    fileprivate var modifiedSeconds: Int {
        #if canImport(Darwin)
            st_mtimespec.tv_sec
        #else
            st_mtim.tv_sec
        #endif
    }
}
