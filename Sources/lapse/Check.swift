import ArgumentParser
import Foundation
import LapseInstance
import LapseRules

/// `lapse check -- COMMAND`: runs an app against its own Lapse, plays a scenario on it, and reports how it reacted.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a command against its own Lapse, plays a scenario, and judges how the app reacted.",
        discussion: """
            The command's environment has LAPSE_AUTHORITY, LAPSE_SERVER, LAPSE_HTTP, LAPSE_GRAPH, LAPSE_CA, LAPSE_TENANT,
            LAPSE_CLIENT_ID, LAPSE_CLIENT_SECRET, LAPSE_USER, LAPSE_PASSWORD; certificates under the names that libraries look for; and BROWSER, which
            signs that user in. Its output goes to stderr, the report to stdout.

            Exit status: 0 when all is well, 1 when the command or Lapse failed, 2 when the app failed, 3 when it met nothing.
            """)

    @Option(help: "The name of a scenario, or a file with one (YAML or JSON).")
    var scenario = "lost-laptop"
    @Flag(help: "List the built-in scenarios.")
    var list = false
    @Option(help: "A seed file with tenants, users and apps; the first of each are the app's (default: the built-in lab).")
    var seed: String?
    @Option(
        help: "How long the command may run on after the scenario's last step (default: 10s).", transform: Given.duration)
    var grace: Duration?
    @OptionGroup var output: ReportOutput
    @Argument(parsing: .postTerminator, help: "The command, after --.")
    var command: [String] = []

    func validate() throws {
        guard list || !command.isEmpty else { throw ValidationError("there is no command: lapse check -- COMMAND") }
    }

    func run() async throws {
        guard !list else {
            StandardStream.output.say(try Self.listed().joined(separator: "\n"))
            return
        }
        try await play(try scenarioToPlay(), grace: grace ?? .seconds(10))
    }

    private static func listed() throws -> [String] {
        table(try Scenario.builtIn().map { [$0.name, $0.about] })
    }

    private func scenarioToPlay() throws -> Scenario {
        let builtIn = try Scenario.builtIn()
        if let known = builtIn.first(where: { $0.name == scenario }) { return known }
        guard scenario.contains(".") || scenario.contains("/") else {
            throw FieldError("--scenario", "must be a file or one of: \(builtIn.map(\.name).joined(separator: ", "))")
        }
        let file = try LabFile(scenario)
        do { return try Scenario(file.content) } catch { throw StartError("\(scenario): \(error)") }
    }

    private func play(_ scenario: Scenario, grace: Duration) async throws {
        var settings = Settings()
        settings.isEphemeral = true
        settings.httpsPort = .number(0)
        settings.httpPort = .number(0)
        settings.seed = seed
        let cast = try seed.map { try Cast(LabFile($0).content) } ?? .lab
        let instance = try await Instance(settings, log: StandardStream.log)
        defer { instance.folder.remove() }
        try await instance.run { addresses in
            let client = ControlClient(server: addresses.http ?? "", tenant: cast.domain)
            _ = try await output.expect(client)
            let process = AppProcess(command, environment: try Self.environment(addresses, instance.folder, cast))
            let player = ScenarioPlayer(scenario: scenario, client: client, cast: cast)
            try await player.prepare()
            try process.start()
            let story = await player.play(while: process)
            // A command that ends by itself is done; one that serves on has had its time.
            let status = await process.end(within: story == .played ? grace : .zero)
            try Task.checkCancellation()
            let verdict = try await output.write(client)
            switch story {
            case .played:
                if status == nil {
                    StandardStream.complain("the command was ended, \(InstantText.words(grace)) after the scenario")
                }
            case .cutShort(let reason), .broken(let reason): StandardStream.complain(reason)
            }
            if let status, status != 0 { StandardStream.complain("the command ended with \(status)") }
            let code = Self.exitCode(verdict, story, status: status)
            if code != .success { throw code }
        }
    }

    /// What the app did wrong counts before what went wrong around it, and that before what was not tested.
    ///
    /// - Parameter status: the command's own; nil when it was ended.
    static func exitCode(_ verdict: Reaction.Verdict, _ story: ScenarioPlayer.Story, status: Int32?) -> ExitCode {
        let hasFailed = status.map { $0 != 0 } ?? false
        return switch (verdict, story, hasFailed) {
        case (.bad, _, _): Reaction.Verdict.bad.exitCode
        case (_, .broken, _), (_, _, true): .failure
        case (.untested, _, _), (_, .cutShort, _): Reaction.Verdict.untested.exitCode
        case (.good, .played, false): .success
        }
    }

    /// What the command needs to find this Lapse, and to trust it as libraries are told to.
    private static func environment(_ addresses: Instance.Addresses, _ folder: DataFolder, _ cast: Cast) throws -> [String: String]
    {
        let (https, authority) = (addresses.https ?? "", folder.path(of: .authority))
        // Whoever trusts this file trusts what the machine trusts, too.
        let bundle = folder.path + "/bundle.pem"
        let own = ProcessInfo.processInfo.environment
        let known = [
            own["SSL_CERT_FILE"], "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
        ]
        let system = known.compactMap { $0.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) } }.first ?? ""
        try Data((system + (try String(contentsOfFile: authority, encoding: .utf8))).utf8).write(to: URL(fileURLWithPath: bundle))
        let name = CommandLine.arguments[0]
        let path = name.contains("/") ? URL(fileURLWithPath: name).path : name
        let direct = [own["NO_PROXY"] ?? own["no_proxy"], "localhost"].compactMap { $0 }.joined(separator: ",")
        let program = path.contains(" ") ? "'\(path)'" : path
        return [
            "LAPSE_SERVER": https, "LAPSE_HTTP": addresses.http ?? "", "LAPSE_AUTHORITY": "\(https)/\(cast.domain)",
            "LAPSE_GRAPH": https,
            "LAPSE_CA": authority, "LAPSE_TENANT": cast.domain, "LAPSE_CLIENT_ID": cast.client,
            "LAPSE_CLIENT_SECRET": cast.secret, "LAPSE_USER": cast.user, "LAPSE_PASSWORD": cast.password,
            "LAPSE_COOKIES": folder.path + "/cookies.json",
            // As Python reads it: in the background, for the app has to hear what the browser brings.
            "BROWSER": "\(program) visit %s &", "REQUESTS_CA_BUNDLE": bundle, "CURL_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle,
            "NODE_EXTRA_CA_CERTS": authority, "NO_PROXY": direct, "no_proxy": direct,
        ]
    }
}

/// Who signs in where to which app: what the command is told, and whom a scenario is about until the app shows otherwise.
struct Cast {
    let domain: String
    let client: String
    /// Empty: a public client.
    let secret: String
    let user: String
    let password: String

    static let lab = Cast(
        domain: BuiltInLab.domain, client: BuiltInLab.native.description, secret: "", user: BuiltInLab.adele,
        password: BuiltInLab.password)

    /// The first tenant of a seed file with its first user and its first app.
    init(_ seed: JSON) throws {
        let tenant = seed["tenants"]?.elements.first ?? .null
        let user = tenant["users"]?.elements.first, app = tenant["apps"]?.elements.first
        guard let domain = tenant["domains"]?.elements.first?.text, let name = user?["userPrincipalName"]?.text,
            let client = app?["id"]?.text
        else { throw StartError("--seed: its first tenant needs a user and an app with an id") }
        self.init(
            domain: domain, client: client, secret: app?["secrets"]?.elements.first?.text ?? "", user: name,
            password: user?["password"]?.text ?? BuiltInLab.password)
    }

    private init(domain: String, client: String, secret: String, user: String, password: String) {
        self.domain = domain
        self.client = client
        self.secret = secret
        self.user = user
        self.password = password
    }
}
