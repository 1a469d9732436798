import ArgumentParser
import Foundation
import LapseInstance
import LapseRules

/// `lapse serve`: runs Lapse until it is stopped.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs Lapse until SIGINT, SIGTERM or SIGHUP.",
        discussion: """
            Each option can also be set in the environment (LAPSE_HTTPS_PORT) and in lapse.yaml (https-port:).
            A flag wins over the environment, the environment over the file, the file over the default.
            """)

    @Option(name: .customLong("config"), help: "The configuration file (default: ./lapse.yaml if there).")
    var config: String?
    @Option(.host) var host: String?
    @Option(.controlToken) var controlToken: String?
    @Option(.httpsPort) var httpsPort: String?
    @Option(.httpPort) var httpPort: String?
    @Option(.dataDirectory) var dataDirectory: String?
    @Flag(.ephemeral) var isEphemeral: Bool
    @Option(.seed) var seed: String?
    @Option(.propagation) var propagation: String?
    @Option(.readyFile) var readyFile: String?
    @Option(.publicURL) var publicURL: String?
    @Option(.graphURL) var graphURL: String?
    @Option(.backChannel) var backChannel: String?
    @Option(.tlsName) var tlsNames: [String]
    @Flag(.openRegistration) var isRegistrationOpen: Bool
    @Option(.logLevel) var logLevel: String?
    @Option(.logFormat) var logFormat: String?

    /// What the command line says, by option name.
    var flags: [String: String] {
        let given: [(Settings.Option, String?)] = [
            (.host, host), (.controlToken, controlToken), (.httpsPort, httpsPort), (.httpPort, httpPort),
            (.dataDirectory, dataDirectory), (.ephemeral, isEphemeral ? "true" : nil), (.seed, seed), (.propagation, propagation),
            (.readyFile, readyFile), (.publicURL, publicURL), (.graphURL, graphURL), (.backChannel, backChannel),
            (.tlsName, tlsNames.isEmpty ? nil : tlsNames.joined(separator: ",")),
            (.openRegistration, isRegistrationOpen ? "true" : nil), (.logLevel, logLevel), (.logFormat, logFormat),
        ]
        return given.reduce(into: [:]) { flags, option in flags[option.0.name] = option.1 }
    }

    func run() async throws { try await serve(try settings()) }

    private func settings() throws -> Settings {
        try Settings(flags: flags, environment: ProcessInfo.processInfo.environment, file: try file())
    }

    private func file() throws -> JSON {
        let environment = ProcessInfo.processInfo.environment[Settings.Option.variable(named: "config")]
        guard let path = config ?? environment ?? (FileManager.default.fileExists(atPath: "lapse.yaml") ? "lapse.yaml" : nil) else {
            return [:]
        }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw StartError("--config: cannot read \(path)")
        }
        do {
            let value = try YAML.read(text)
            // A file of comments only says nothing.
            return value == .null ? [:] : value
        } catch {
            throw StartError("--config: \(path) is not valid YAML: \(StartError.oneLine(error))")
        }
    }

    private func serve(_ settings: Settings) async throws {
        Instance.raiseDescriptors()
        let instance = try await Instance(settings, log: StandardStream.log)
        defer { if settings.isEphemeral { instance.folder.remove() } }
        if let warning = UnappliedSeed.warning(settings, instance.seeding) { StandardStream.complain(warning) }
        try await instance.serve { addresses in
            let certificate = instance.folder.path(of: .authority)
            StandardStream.output.say(
                Banner.text(
                    addresses, certificate: certificate, isReissued: instance.isCertificateReissued,
                    migration: instance.migration, seeding: instance.seeding, settings: settings,
                    sample: try? instance.authority.sampleSignIn(),
                    program: CommandLine.arguments.first ?? "lapse"))
            guard let path = settings.readyFile else { return }
            let ready: JSON = [
                "https": JSON(addresses.https), "http": JSON(addresses.http), "ca_file": .string(certificate),
                "pid": .integer(Int64(ProcessInfo.processInfo.processIdentifier)),
            ]
            try write(ready.encodedText, to: path, asked: "--ready-file")
        }
        if let path = settings.readyFile, FileKind.isFile(path) { try? FileManager.default.removeItem(atPath: path) }
    }
}

// ArgumentParser wants a property for each option; its name and its help are the table's.

extension Option where Value == String? {
    fileprivate init(_ setting: Settings.Option) { self.init(name: .customLong(setting.name), help: .init(setting.help)) }
}

extension Option where Value == [String] {
    fileprivate init(_ setting: Settings.Option) {
        self.init(wrappedValue: [], name: .customLong(setting.name), help: .init(setting.help))
    }
}

extension Flag where Value == Bool {
    fileprivate init(_ setting: Settings.Option) {
        self.init(wrappedValue: false, name: .customLong(setting.name), help: .init(setting.help))
    }
}
