import ArgumentParser
import Foundation
import LapseInstance
import LapseRules
import LapseService

/// `lapse check -- COMMAND`: runs an app against its own Lapse, plays scenarios on it, and reports how it reacted.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Runs a command against its own Lapse, plays a scenario, and judges how the app reacted.",
        discussion: """
            The command's environment has LAPSE_AUTHORITY, LAPSE_SERVER, LAPSE_HTTP, LAPSE_GRAPH, LAPSE_CA, LAPSE_TENANT,
            LAPSE_CLIENT_ID, LAPSE_CLIENT_SECRET, LAPSE_USER, LAPSE_PASSWORD (of the second app and user LAPSE_CLIENT_ID_2, LAPSE_USER_2 …);
            certificates under the names that libraries look for; and BROWSER, which signs that user in. Its output goes to stderr, the
            report to stdout.

            A server needs somebody who uses it: --visit URL. {port} in the command, in --visit and in --ready-url is a free port, which the
            command also finds in PORT.

            Exit status: 0 when all is well, 1 when the command or Lapse failed, 2 when the app failed, 3 when it met nothing.
            """)

    @Option(help: "The name of a scenario, or a file with one (YAML or JSON) (default: \(Self.first)).")
    var scenario: String?
    @Flag(help: "Play every built-in scenario that is for such an app, each in a sandbox of its own.")
    var all = false
    @Option(help: "With --all: how many run side by side (default: all; 1 where the app's port is fixed).")
    var jobs: Int?
    @Flag(help: "List the built-in scenarios.")
    var list = false
    @Option(help: "A seed file with tenants, users and apps; those of its first tenant are the app's (default: the built-in lab).")
    var seed: String?
    @Option(
        help: ArgumentHelp(
            "The app that the command is: native, web, spa or daemon of the lab, a name or a client id; may be given again.",
            valueName: "app"))
    var client: [String] = []
    @Option(help: "Who uses it, by name or id; what stands before the @ will do; may be given again (default: Adele).")
    var user: [String] = []
    @Option(help: "Wait until this address answers before anything else.")
    var readyURL: String?
    @Option(help: "Somebody goes to this address of the app, signs in, and comes again.")
    var visit: String?
    @Option(help: "How long they wait between two visits (default: 1s).", transform: Given.duration)
    var every: Duration?
    @Flag(help: "Enter the code of every device that asks.")
    var approveDevices = false
    @Option(
        help: "How long the command may run on after the scenario's last step (default: 10s).", transform: Given.duration)
    var grace: Duration?
    @Option(help: "Keep reports, events, requests and timelines in this folder.")
    var keep: String?
    @OptionGroup var output: ReportOutput
    @Argument(parsing: .postTerminator, help: "The command, after --.")
    var command: [String] = []

    private static let first = "lost-laptop"

    func validate() throws {
        guard list || !command.isEmpty else { throw ValidationError("there is no command: lapse check -- COMMAND") }
        guard !all || scenario == nil else { throw ValidationError("--all and --scenario exclude each other") }
        guard jobs == nil || all else { throw ValidationError("--jobs goes with --all") }
        guard jobs.map({ $0 > 0 }) ?? true else { throw ValidationError("--jobs must be at least 1") }
        guard every == nil || visit != nil else { throw ValidationError("--every goes with --visit") }
        for (option, address) in [("--visit", visit), ("--ready-url", readyURL)] {
            guard let address else { continue }
            let url = URL(string: address.replacing("{port}", with: "1"))
            guard ["http", "https"].contains(url?.scheme?.lowercased()), url?.host?.isEmpty == false else {
                throw ValidationError("\(option): '\(address)' is not an address such as http://localhost:{port}/")
            }
        }
        guard !all || (output.html == nil && output.format != .html) else {
            let option = output.html == nil ? "--format html" : "--html"
            throw ValidationError("\(option): with --all, --keep FOLDER has a page for each scenario")
        }
    }

    func run() async throws {
        guard !list else {
            StandardStream.output.say(try Self.listed().joined(separator: "\n"))
            return
        }
        if let rules = output.rules { _ = try JudgeRules(named: rules, field: "--rules") }
        let file = try seed.map { try SeedFile($0, option: "--seed") }
        let cast = try Cast(file, clients: client, users: user)
        let scenarios = try all ? Self.fitting(cast) : [scenarioToPlay()]
        let keeper = try keep.map { try KeptFolder($0, isOfOne: !all) }
        try await Stage(check: self, cast: cast, keeper: keeper).play(scenarios)
    }

    private static func listed() throws -> [String] {
        table(try Scenario.builtIn().map { [$0.name, $0.about] })
    }

    /// What an app of this kind can meet.
    private static func fitting(_ cast: Cast) throws -> [Scenario] {
        let isDaemon = cast.apps.allSatisfy(\.isDaemon)
        // Whether it answers other programs nobody knows: such a scenario is played by its name.
        return try Scenario.builtIn().filter { $0.needs != .proxy && ($0.needs == .application) == isDaemon }
    }

    private func scenarioToPlay() throws -> Scenario {
        let builtIn = try Scenario.builtIn()
        let name = scenario ?? Self.first
        if let known = builtIn.first(where: { $0.name == name }) { return known }
        guard name.contains(".") || name.contains("/") else {
            throw FieldError("--scenario", "must be a file or one of: \(builtIn.map(\.name).joined(separator: ", "))")
        }
        let file = try LabFile(name)
        do { return try Scenario(file.content) } catch { throw StartError("\(name): \(error)") }
    }

    var plan: CheckRun.Plan {
        CheckRun.Plan(
            command: command, grace: grace ?? .seconds(10), readyURL: readyURL, visit: visit, every: every ?? .seconds(1),
            approvesDevices: approveDevices)
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

    /// What several runs come to: the worst of them, in the same order; a scenario that is not for the app says nothing.
    static func exitCode(_ codes: [ExitCode]) -> ExitCode {
        let order = [Reaction.Verdict.bad.exitCode, .failure, Reaction.Verdict.untested.exitCode]
        guard !codes.isEmpty else { return Reaction.Verdict.untested.exitCode }
        return order.first { codes.contains($0) } ?? .success
    }
}
