import ArgumentParser
import Foundation
import LapseInstance
import LapseRules
import UnixSignals
import Yams

/// `lapse serve`: runs Lapse until it is stopped.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs Lapse until SIGINT or SIGTERM.",
        discussion: """
            Each option can also be set in the environment (LAPSE_HTTPS_PORT) and in lapse.yaml (https-port:).
            A flag wins over the environment, the environment over the file, the file over the default.
            """)

    @Option(name: .customLong("config"), help: "The configuration file (default: ./lapse.yaml if there).")
    var config: String?
    @Option(name: .customLong("host"), help: "The address to listen on (default: 127.0.0.1); any other needs --control-token.")
    var host: String?
    @Option(name: .customLong("control-token"), help: "The token that the control API then wants.")
    var controlToken: String?
    @Option(name: .customLong("https-port"), help: "The HTTPS port, 0 for a free one, or off (default: 8443).")
    var httpsPort: String?
    @Option(name: .customLong("http-port"), help: "The HTTP port, 0 for a free one, or off (default: 8080).")
    var httpPort: String?
    @Option(name: .customLong("data-dir"), help: "The folder of database, certificates and keys (default: .lapse).")
    var dataDirectory: String?
    @Flag(name: .customLong("ephemeral"), help: "Keep everything in a temporary folder that is gone at exit.")
    var isEphemeral = false
    @Option(
        name: .customLong("seed"), help: "Tenants, users and apps for an empty database, YAML or JSON (default: the built-in lab).")
    var seed: String?
    @Option(name: .customLong("propagation"), help: "A preset's name or a model as JSON (default: instant).")
    var propagation: String?
    @Option(name: .customLong("ready-file"), help: "A file to write the addresses to when listening.")
    var readyFile: String?
    @Option(name: .customLong("public-url"), help: "The origin of the addresses that clients fetch (default: from the request).")
    var publicURL: String?
    @Option(name: .customLong("graph-url"), help: "The origin of Graph's addresses (default: from the request).")
    var graphURL: String?
    @Option(
        name: .customLong("tls-name"),
        help: "A further name in the server's certificate, such as login.microsoftonline.com; the local CA may then speak for it.")
    var tlsNames: [String] = []
    @Flag(name: .customLong("open-registration"), help: "Accept any client id and any loopback redirect URI.")
    var isRegistrationOpen = false

    func run() async throws {
        do {
            try await serve(try settings())
        } catch let error as FieldError {
            try Self.fail("\(error)")
        } catch let error as StartError {
            try Self.fail(error.description)
        }
    }

    private static func fail(_ message: String) throws {
        FileHandle.standardError.write(Data("lapse: \(message)\n".utf8))
        throw ExitCode(1)
    }

    private func settings() throws -> Settings {
        var flags: [String: String] = [:]
        let values = [
            "host": host, "control-token": controlToken, "https-port": httpsPort, "http-port": httpPort, "data-dir": dataDirectory,
            "seed": seed, "propagation": propagation, "ready-file": readyFile, "public-url": publicURL, "graph-url": graphURL,
            "tls-name": tlsNames.isEmpty ? nil : tlsNames.joined(separator: ","),
            "ephemeral": isEphemeral ? "true" : nil, "open-registration": isRegistrationOpen ? "true" : nil,
        ]
        for (name, value) in values { flags[name] = value }
        return try Settings(flags: flags, environment: ProcessInfo.processInfo.environment, file: try file())
    }

    private func file() throws -> JSON {
        let environment = ProcessInfo.processInfo.environment["LAPSE_CONFIG"]
        guard let path = config ?? environment ?? (FileManager.default.fileExists(atPath: "lapse.yaml") ? "lapse.yaml" : nil) else {
            return [:]
        }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw StartError("--config: cannot read \(path)")
        }
        // A file of comments alone says nothing.
        guard let content = try? Yams.compose(yaml: text) else {
            do { _ = try Yams.compose(yaml: text) } catch {
                throw StartError("--config: \(path) is no valid YAML: \(StartError.oneLine(error))")
            }
            return [:]
        }
        do {
            let value = try YAMLDecoder().decode(JSON.self, from: content)
            return value == .null ? [:] : value
        } catch {
            throw StartError("--config: \(path) is no valid YAML: \(StartError.oneLine(error))")
        }
    }

    private func serve(_ settings: Settings) async throws {
        let instance = try await Instance(settings)
        defer { if settings.isEphemeral { instance.folder.remove() } }
        try await instance.run(stopSignals: [.sigint, .sigterm]) { addresses in
            let certificate = instance.folder.path(of: .authority)
            let banner =
                Banner.text(
                    addresses, certificate: certificate, isReissued: instance.isCertificateReissued, settings: settings) + "\n"
            FileHandle.standardOutput.write(Data(banner.utf8))
            guard let path = settings.readyFile else { return }
            let ready: JSON = [
                "https": JSON(addresses.https), "http": JSON(addresses.http), "ca_file": .string(certificate),
                "pid": .integer(Int64(ProcessInfo.processInfo.processIdentifier)),
            ]
            do {
                try Data(ready.encoded).write(to: URL(fileURLWithPath: path), options: .atomic)
            } catch {
                throw StartError("--ready-file: cannot write \(path)")
            }
        }
        if let path = settings.readyFile { try? FileManager.default.removeItem(atPath: path) }
    }
}
