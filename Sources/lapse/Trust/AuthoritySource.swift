import ArgumentParser
import Foundation
import LapseClient
import LapseInstance
import LapseRules
import LapseService

/// Which CA a command is about: the options of `lapse trust` and `lapse untrust`.
struct AuthorityOptions: ParsableArguments {
    @Option(
        help: "The file with the CA's certificate (default: LAPSE_CA, else ca.pem of the data folder, else what the server has).")
    var ca: String?
    @Option(
        name: .customLong(Settings.Option.dataDirectory.name),
        help: "The data folder that holds the CA (default: LAPSE_DATA_DIR, else .lapse).")
    var dataDirectory: String?
    @Option(help: "The address on this machine of a Lapse whose data folder is elsewhere, in a container for example.")
    var server: String?

    /// The CA that the options name, or that is there without any.
    ///
    /// - Throws: ``UsageError`` for options that name no CA of a Lapse; ``StartError`` when there is none.
    func find() async throws -> AuthoritySource {
        let environment = ProcessInfo.processInfo.environment
        let given = [("--ca", ca), (Settings.Option.dataDirectory.flag, dataDirectory), ("--server", server)].filter { $0.1 != nil }
        guard given.count < 2 else {
            throw UsageError("\(given.map(\.0).joined(separator: " and ")): give one of them; each names a CA")
        }
        if let server {
            do { return try await AuthoritySource(server: server) } catch is AuthoritySource.Silence {
                throw StartError(Unreachable.silence(of: server))
            }
        }
        if let ca { return try AuthoritySource(file: ca, asked: "--ca") }
        if let dataDirectory {
            return try AuthoritySource(file: Self.file(in: dataDirectory), asked: Settings.Option.dataDirectory.flag)
        }
        if let ca = environment["LAPSE_CA"] { return try AuthoritySource(file: ca, asked: "LAPSE_CA") }
        let variable = Settings.Option.dataDirectory.variable
        let file = Self.file(in: environment[variable] ?? Settings().dataDirectory)
        if FileManager.default.fileExists(atPath: file) {
            return try AuthoritySource(file: file, asked: environment[variable] == nil ? file : variable)
        }
        let address = environment["LAPSE_SERVER"] ?? "https://localhost:8443"
        do {
            return try await AuthoritySource(server: address)
        } catch is AuthoritySource.Silence {
            throw StartError("there is no \(file), and nothing answers at \(address): start Lapse first, or name its CA with --ca")
        }
    }

    private static func file(in folder: String) -> String { folder + "/" + DataFolder.File.authority.rawValue }
}

/// The CA of a Lapse, and where it was found.
struct AuthoritySource {
    let authority: AuthorityCertificate
    /// The file that has it; nil: a server does.
    let file: String?
    /// A command that writes the certificate to its output.
    let reading: String

    init(file: String, asked option: String) throws {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw UsageError("\(option): cannot read \(file)")
        }
        let found = AuthorityCertificate.all(in: text)
        guard found.count < 2 else {
            throw UsageError("\(option): \(file) holds \(found.count) certificates; name a file with the CA only")
        }
        guard let authority = found.first else { throw UsageError("\(option): there is no certificate in \(file)") }
        guard authority.isLapses else {
            throw UsageError("\(option): \(file) is not the CA of a Lapse but \(authority.name), which is left alone")
        }
        self.authority = authority
        let path = URL(fileURLWithPath: file).path
        self.file = path
        reading = "cat \(shellWord(path))"
    }

    /// Nothing answers there.
    struct Silence: Error {}

    /// Asks a Lapse of this machine. What shows its certificate is the server itself, so only one that nobody else can stand in for is asked.
    init(server: String) async throws {
        guard let url = URL(string: server), let host = url.host(), ["https", "http"].contains(url.scheme) else {
            throw UsageError("--server: must be an address such as https://localhost:8443")
        }
        guard Settings.isLoopback(host.trimming { "[]".contains($0) }) || host.hasSuffix(".localhost") else {
            throw UsageError(
                "--server: \(host) is not this machine, and what it shows on the way proves nothing: copy ca.pem from its data folder, "
                    + "and name it with --ca")
        }
        let address = server.trimming { $0 == "/" } + "/_lapse/ca.pem"
        guard let answer = try? await WebClient.unverified.send("GET", address, within: .seconds(10)) else {
            throw Silence()
        }
        guard answer.status == 200, let authority = AuthorityCertificate.all(in: answer.text).first, authority.isLapses else {
            throw StartError("\(server) is not a Lapse: it has no CA to trust")
        }
        // What it shows must be what it uses.
        let anchors = try WebClient.anchors(inPEM: authority.pem)
        guard (try? await WebClient(trusting: anchors).send("GET", address, within: .seconds(10))) != nil else {
            throw StartError("the certificate of \(server) is not of the CA that it shows")
        }
        self.authority = authority
        file = nil
        reading = "curl -s\(url.scheme == "https" ? " --insecure" : "") \(shellWord(address))"
    }
}
