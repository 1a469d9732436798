import ArgumentParser
import Foundation
import LapseClient
import LapseInstance
import LapseRules
import LapseService
import NIOCore
import NIOPosix
import Synchronization

/// A Lapse of `check`'s own, and what is played on it.
struct Stage: Sendable {
    let check: Check
    let cast: Cast
    let keeper: KeptFolder?

    /// What is known of a run that has ended.
    private struct Ended: Sendable {
        let scenario: Scenario
        let course: CheckRun.Course
        let report: FetchedReport
        let code: ExitCode
    }

    /// The runs that have begun, for the last word when somebody breaks them off.
    private final class Begun: Sendable {
        let tenants = Mutex<[(scenario: Scenario, control: ControlClient)]>([])
    }

    /// - Throws: an exit status that says what came of it; ``UsageError``, `StartError`.
    func play(_ scenarios: [Scenario]) async throws {
        var settings = Settings()
        settings.isEphemeral = true
        settings.httpsPort = .number(0)
        settings.httpPort = .number(0)
        settings.seed = check.seed
        settings.logLevel = .requests
        settings.logFormat = .json
        let (arrivals, begun) = (Arrivals(), Begun())
        let instance = try await Instance(settings, log: arrivals.log) { arrivals.take($0) }
        defer { instance.folder.remove() }
        try await instance.run { addresses in
            let place = Place(addresses: addresses, instance: instance, arrivals: arrivals)
            if check.all { try await playAll(scenarios, place, begun) } else { try await playOne(scenarios[0], place, begun) }
        } lastWord: {
            StandardStream.complain("it was stopped; this is what is known so far")
            for (scenario, control) in begun.tenants.withLock({ $0 }) {
                guard let report = try? await FetchedReport(control, by: check.output.rules) else { continue }
                StandardStream.output.say((["\(scenario.name):"] + check.output.lines(of: report)).joined(separator: "\n"))
            }
        }
    }

    /// Where everything is played.
    private struct Place: Sendable {
        let addresses: Instance.Addresses
        let instance: Instance
        let arrivals: Arrivals

        func control(of tenant: String) -> ControlClient { ControlClient(server: addresses.http ?? "", tenant: tenant) }
    }

    // MARK: One scenario

    private func playOne(_ scenario: Scenario, _ place: Place, _ begun: Begun) async throws {
        let control = place.control(of: cast.domain)
        _ = try await check.output.expect(control)
        begun.tenants.withLock { $0.append((scenario, control)) }
        let course = try await run(scenario, cast, control, place, output: .standardError, label: "")
        let report = try await FetchedReport(control, by: check.output.rules)
        let verdict = try await check.output.write(report, note: keeper?.note(of: scenario.name))
        say(course, "")
        try await keeper?.keep(scenario.name, people: cast.people.map(\.user), report)
        let code = Check.exitCode(verdict, course.story, status: course.status)
        if code != .success { throw code }
    }

    /// What is to say of a run besides the report.
    private func say(_ course: CheckRun.Course, _ label: String) {
        switch course.story {
        case .played:
            if course.status == nil, check.plan.endsByItself {
                StandardStream.complain("\(label)the command was ended, \(InstantText.words(check.plan.grace)) after the scenario")
            }
        case .cutShort(let reason), .broken(let reason): StandardStream.complain(reason)
        }
        if let reason = course.reason { StandardStream.complain(label + reason) }
        if let status = course.status, status != 0 { StandardStream.complain("\(label)the command ended with \(status)") }
    }

    // MARK: Every scenario

    private func playAll(_ scenarios: [Scenario], _ place: Place, _ begun: Begun) async throws {
        let plan = check.plan
        // Two commands cannot listen at one port.
        let jobs = check.jobs ?? (plan.listens && !plan.namesPort ? 1 : scenarios.count)
        var waiting = scenarios.enumerated().makeIterator()
        var ended: [Int: Ended] = [:]
        try await withThrowingTaskGroup(of: (Int, Ended).self) { group in
            func begin() {
                guard let (index, scenario) = waiting.next() else { return }
                group.addTask { (index, try await playInSandbox(scenario, place, begun)) }
            }
            for _ in 0..<min(jobs, scenarios.count) { begin() }
            while let (index, run) = try await group.next() {
                ended[index] = run
                begin()
            }
        }
        let runs = ended.sorted { $0.key < $1.key }.map(\.value)
        for run in runs { say(run.course, "\(run.scenario.name): ") }
        let judged = runs.filter { !$0.course.doesNotApply }
        let code = Check.exitCode(judged.map(\.code))
        let verdict = Reaction.Verdict(ofAll: judged.map { check.output.verdict(of: $0.report) })
        try await check.output.write(
            runs.map { run in
                ScenarioReport(
                    name: run.scenario.name, report: run.report, kept: keeper?.note(of: run.scenario.name),
                    note: run.course.doesNotApply ? "not for this app: \(run.course.reason ?? "")" : run.course.reason)
            }, verdict)
        if code != .success { throw code }
    }

    private func playInSandbox(_ scenario: Scenario, _ place: Place, _ begun: Begun) async throws -> Ended {
        let made = try await place.control(of: cast.domain).send("POST", "tenants", ["template": .string(cast.domain)]).json
        let cast = self.cast.moved(to: made)
        let control = place.control(of: cast.domain)
        _ = try await check.output.expect(control)
        begun.tenants.withLock { $0.append((scenario, control)) }
        let file =
            (try keeper?.folder(of: scenario.name) ?? place.instance.folder.path) + "/\(Self.fileName(of: scenario))-output.txt"
        guard FileManager.default.createFile(atPath: file, contents: nil), let output = FileHandle(forWritingAtPath: file) else {
            throw StartError("cannot write \(file)")
        }
        defer { try? output.close() }
        let course = try await run(scenario, cast, control, place, output: output, label: "\(scenario.name): ")
        let report = try await FetchedReport(control, by: check.output.rules)
        try await keeper?.keep(scenario.name, people: cast.people.map(\.user), report)
        let verdict = check.output.verdict(of: report)
        let code = Check.exitCode(verdict, course.story, status: course.status)
        if course.status.map({ $0 != 0 }) ?? false { quote(file, scenario) }
        return Ended(scenario: scenario, course: course, report: report, code: code)
    }

    /// The end of what a command said that failed: nobody has seen it.
    private func quote(_ file: String, _ scenario: Scenario) {
        let said = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        for line in said.split(separator: "\n").suffix(20) { StandardStream.error.say("\(scenario.name)| \(plain(String(line)))") }
    }

    // MARK: A run

    private func run(
        _ scenario: Scenario, _ cast: Cast, _ control: ControlClient, _ place: Place, output: FileHandle, label: String
    ) async throws -> CheckRun.Course {
        let port = check.plan.namesPort ? try await Self.freePort() : nil
        var environment = try CheckEnvironment(place.addresses, place.instance.folder).variables(
            for: cast, cookies: place.instance.folder.path + "/cookies-\(Self.fileName(of: scenario)).json")
        if let port { environment["PORT"] = String(port) }
        let web = try WebClient(
            trusting: ControlClient.anchors(in: place.instance.folder.path(of: .authority))
        ).trustingTheMachineToo
        return try await CheckRun(
            scenario: scenario, cast: cast, plan: port.map { check.plan.at(port: $0) } ?? check.plan, control: control,
            authority: place.instance.authority, arrivals: place.arrivals, environment: environment, web: web,
            output: output, label: label
        ).play()
    }

    /// A scenario from a file may be called anything.
    private static func fileName(of scenario: Scenario) -> String {
        scenario.name.replacing(/[^A-Za-z0-9._-]/, with: "-")
    }

    /// A port that nobody listens at just now.
    private static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }
}
