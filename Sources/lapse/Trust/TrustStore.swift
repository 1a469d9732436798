import Foundation
import LapseInstance
import LapseService

/// A place where programs look for the CAs that they trust.
protocol TrustStore: Sendable {
    /// Who looks there.
    var name: String { get }
    var path: String { get }
    /// Whether it is there already.
    var isThere: Bool { get }
    /// Why it cannot be changed, and what a person can do about it; nil: it can.
    var obstacle: String? { get }

    /// Lapse's CAs that are in it.
    func entries() throws -> [TrustEntry]
    func add(_ authority: AuthorityCertificate) throws
    func remove(_ entries: [TrustEntry]) throws
}

/// A CA of a Lapse in a store.
struct TrustEntry {
    let authority: AuthorityCertificate
    /// What the store calls it.
    let place: String
    /// Whether who looks there trusts it.
    let isTrusted: Bool
}

extension TrustStore {
    /// Makes the store trust the CA, and none that was issued earlier with the same key.
    ///
    /// - Returns: what was done.
    func trust(_ authority: AuthorityCertificate) throws -> String {
        let own = try isThere ? entries().filter { $0.authority.keyFingerprint == authority.keyFingerprint } : []
        if own.count == 1, own[0].isTrusted, own[0].authority == authority { return "trusted it already" }
        try remove(own)
        try add(authority)
        let others = own.filter { $0.authority != authority }
        return others.isEmpty ? "trusts it now" : "trusts it now, in place of an older certificate of this CA"
    }
}

/// The stores of this machine and of this user.
enum TrustStores {
    /// Those that there are, and the one that Chromium would make.
    static func all() -> [any TrustStore] {
        let environment = ProcessInfo.processInfo.environment
        // The browsers are those of the person who asked for root's rights, whom root must leave alone.
        let isSudo = geteuid() == 0 && environment["SUDO_USER"] != nil
        return (isSudo ? [] : browsers(home: environment["HOME"] ?? NSHomeDirectory(), environment))
            + (DebianStore.standard.isThere ? [DebianStore.standard] : [])
    }

    private static func browsers(home: String, _ environment: [String: String]) -> [any TrustStore] {
        let certutil = Tool("certutil")
        func folder(_ variable: String, else path: String) -> String { environment[variable] ?? "\(home)/\(path)" }
        let chromium = [
            "\(home)/.pki/nssdb", folder("XDG_DATA_HOME", else: ".local/share") + "/pki/nssdb",
            "\(home)/snap/chromium/current/.pki/nssdb",
        ].map { NSSDatabase(name: "Chromium", path: $0, certutil: certutil) }
        let profiles = [
            "\(home)/.mozilla/firefox", folder("XDG_CONFIG_HOME", else: ".config") + "/mozilla/firefox",
            "\(home)/snap/firefox/common/.mozilla/firefox", "\(home)/.var/app/org.mozilla.firefox/.mozilla/firefox",
            "\(home)/Library/Application Support/Firefox/Profiles",
        ].flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().map { "\(folder)/\($0)" }
        }.map { NSSDatabase(name: "Firefox", path: $0, certutil: certutil) }
        var known = chromium.filter(\.isThere)
        #if os(Linux)
            // Every Chromium that finds this one uses it, and no other.
            if known.isEmpty { known = [chromium[0]] }
        #endif
        return known + profiles.filter(\.isThere)
    }

    /// Who trusts the CA.
    static func trusting(_ authority: AuthorityCertificate) -> [any TrustStore] {
        all().filter { store in
            store.isThere && ((try? store.entries()) ?? []).contains { $0.isTrusted && $0.authority == authority }
        }
    }
}

/// A database of Mozilla's NSS: Chromium has one for a user, Firefox one in each profile.
struct NSSDatabase: TrustStore {
    let name: String
    let path: String
    let certutil: Tool?

    var isThere: Bool { FileManager.default.fileExists(atPath: "\(path)/cert9.db") }

    var obstacle: String? {
        certutil == nil ? "certutil is missing; Debian has it: sudo apt-get install libnss3-tools" : nil
    }

    private func run(_ action: String, _ arguments: [String], input: String = "") throws -> String {
        guard let certutil else { throw StartError(obstacle ?? "") }
        return try certutil.run([action, "-d", "sql:\(path)"] + arguments, input: input)
    }

    func entries() throws -> [TrustEntry] {
        // A line is a certificate's name and for what it is trusted: TLS, mail, code.
        let lines = try run("-L", []).matches(of: /(?m)^(\S.*?) +([a-zA-Z]*),[a-zA-Z]*,[a-zA-Z]* *$/)
            .map { (name: String($0.1), isTrusted: $0.2.contains("C")) }
        // A browser keeps many others, which nobody made it trust.
        let names = Set(lines.filter { $0.isTrusted || $0.name.contains("Lapse") }.map(\.name))
        return try names.sorted().flatMap { name in
            // Certificates of one subject have one name.
            let isTrusted = lines.allSatisfy { $0.name != name || $0.isTrusted }
            return AuthorityCertificate.all(in: try run("-L", ["-a", "-n", name])).filter(\.isLapses)
                .map { TrustEntry(authority: $0, place: name, isTrusted: isTrusted) }
        }
    }

    func add(_ authority: AuthorityCertificate) throws {
        if !isThere {
            do {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch { throw StartError("cannot make the folder \(path)") }
            _ = try run("-N", ["--empty-password"])
        }
        do {
            _ = try run("-A", ["-t", "C,,", "-n", authority.name, "-a"], input: authority.pem)
        } catch let error as StartError {
            // One that has a password takes the certificate, and then does not trust it.
            _ = try? run("-D", ["-n", authority.name])
            guard error.description.contains("SEC_ERROR_BAD_PASSWORD") else { throw error }
            throw StartError("it has a primary password; import the CA in the browser's settings")
        }
    }

    func remove(_ entries: [TrustEntry]) throws {
        // Each call takes one of those that have the name.
        for entry in entries { _ = try run("-D", ["-n", entry.place]) }
    }
}

/// The machine's store on Debian, for all who use OpenSSL or GnuTLS: a folder of files, and a program that makes a bundle of them.
struct DebianStore: TrustStore {
    static let standard = DebianStore(
        path: "/usr/local/share/ca-certificates", bundle: "/etc/ssl/certs/ca-certificates.crt",
        update: Tool("update-ca-certificates"))

    let name = "Debian"
    let path: String
    let bundle: String
    let update: Tool?

    var isThere: Bool { update != nil && FileManager.default.fileExists(atPath: path) }
    var obstacle: String? { geteuid() == 0 ? nil : "belongs to root" }

    func file(of authority: AuthorityCertificate) -> String {
        "\(path)/\(authority.name.lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()).crt"
    }

    func entries() throws -> [TrustEntry] {
        let bundled = (try? String(contentsOfFile: bundle, encoding: .utf8)) ?? ""
        let files = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).filter {
            $0.hasSuffix(".crt")
        }
        return files.sorted().flatMap { file in
            let text = (try? String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)) ?? ""
            return AuthorityCertificate.all(in: text).filter(\.isLapses).map { authority in
                let body = authority.pem.split(separator: "\n").dropFirst().dropLast().joined(separator: "\n")
                return TrustEntry(authority: authority, place: "\(path)/\(file)", isTrusted: bundled.contains(body))
            }
        }
    }

    func add(_ authority: AuthorityCertificate) throws {
        let file = file(of: authority)
        do { try Data(authority.pem.utf8).write(to: URL(fileURLWithPath: file)) } catch { throw StartError("cannot write \(file)") }
        do { try update?.run([]) } catch {
            try? FileManager.default.removeItem(atPath: file)
            throw error
        }
    }

    func remove(_ entries: [TrustEntry]) throws {
        for file in Set(entries.map(\.place)).sorted() {
            let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            guard text.split(separator: "BEGIN CERTIFICATE").count == 2 else {
                throw StartError("\(file) holds other certificates too; take this one out by hand")
            }
            do { try FileManager.default.removeItem(atPath: file) } catch { throw StartError("cannot remove \(file)") }
        }
        if !entries.isEmpty { try update?.run([]) }
    }
}
