import Foundation
import LapseClient
import LapseInstance
import LapseRules
import LapseService
import Synchronization

/// One scenario, played on one tenant while one command runs.
struct CheckRun: Sendable {
    /// What a command line says of every run.
    struct Plan: Sendable {
        let command: [String]
        let grace: Duration
        let readyURL: String?
        let visit: String?
        let every: Duration
        let approvesDevices: Bool

        /// Whether runs may stand side by side: each then listens at a port of its own.
        var namesPort: Bool { ([readyURL, visit].compactMap { $0 } + command).contains { $0.contains(Self.port) } }
        var listens: Bool { readyURL != nil || visit != nil }
        /// Whether the command may still have something to do after the scenario. One that its visitors have left serves on for nobody.
        var endsByItself: Bool { visit == nil }

        private static let port = "{port}"

        /// The same with a port in place of `{port}`.
        func at(port: Int) -> Plan {
            func filled(_ text: String) -> String { text.replacing(Self.port, with: String(port)) }
            return Plan(
                command: command.map(filled), grace: grace, readyURL: readyURL.map(filled), visit: visit.map(filled), every: every,
                approvesDevices: approvesDevices)
        }
    }

    /// How it went, apart from how the app did.
    struct Course: Sendable {
        let story: ScenarioPlayer.Story
        /// The command's exit status; nil: it was ended.
        let status: Int32?
        /// Why the app met nothing, in a sentence; nil: it did, or nobody knows.
        var reason: String?
        /// Whether the scenario is for other apps than this one has shown to be.
        var doesNotApply = false
    }

    let scenario: Scenario
    let cast: Cast
    let plan: Plan
    let control: ControlClient
    let authority: Authority
    let arrivals: Arrivals
    let environment: [String: String]
    /// Trusts Lapse and whom the machine trusts.
    let web: WebClient
    /// Where the command's output goes.
    let output: FileHandle
    /// Stands before what is said of the run where several run; else empty.
    let label: String

    /// How long an app may take until it is ready.
    private static let patience = Duration.seconds(60)
    /// After so many seconds of a wait it is said what came so far.
    private static let told = [3, 10, 20, 30, 40, 50] + stride(from: 60, through: 600, by: 60)
    /// So many rounds after the last step show what people see then.
    private static let lastRounds = 5

    func play() async throws -> Course {
        let process = AppProcess(plan.command, environment: environment, output: output)
        let player = ScenarioPlayer(scenario: scenario, client: control, cast: cast) { waiting in await tell(waiting, process) }
        try await player.prepare()
        try process.start()
        let visitors = plan.visit.map {
            Visitors(
                url: $0, every: plan.every, people: cast.people, client: cast.apps.count == 1 ? cast.apps[0].id : nil,
                control: control, web: web, process: process
            ) { complain($0) }
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            if plan.approvesDevices { group.addTask { await approveDevices() } }
            defer { group.cancelAll() }
            let played: ScenarioPlayer.Story
            if let story = await ready(process) {
                played = story
            } else {
                played = await withTaskGroup(of: Void.self) { visiting in
                    if let visitors { visiting.addTask { await visitors.run() } }
                    let story = await player.play(while: process)
                    if let visitors, story == .played { await waitForLastRounds(visitors, process) }
                    // They leave before the app ends, which would look like one that does not answer.
                    visiting.cancelAll()
                    return story
                }
            }
            let hasTime = played == .played && plan.endsByItself
            let status = await process.end(within: hasTime ? plan.grace : .zero)
            try Task.checkCancellation()
            var course = Course(story: played, status: status)
            if case .cutShort = played { try explain(&course) }
            return course
        }
    }

    // MARK: The app on its way up

    /// Waits until the app answers where it says that it will.
    ///
    /// - Returns: nil when it does, or was not asked to.
    private func ready(_ process: AppProcess) async -> ScenarioPlayer.Story? {
        guard let url = plan.readyURL else { return nil }
        let end = ContinuousClock.now + Self.patience
        var last = "it gave no answer"
        while process.isRunning, ContinuousClock.now < end, !Task.isCancelled {
            do {
                let answer = try await web.send("GET", url, within: .seconds(5))
                guard answer.status >= 500 else { return nil }
                last = "it was answered \(answer.status)"
            } catch { last = "\(error)" }
            try? await Task.sleep(for: .milliseconds(50))
        }
        let why = process.isRunning ? last : "the command had ended"
        return .broken("--ready-url: \(url) was not ready within \(InstantText.words(Self.patience)): \(why)")
    }

    private func waitForLastRounds(_ visitors: Visitors, _ process: AppProcess) async {
        let (goal, end) = (visitors.rounds + Self.lastRounds, ContinuousClock.now + plan.grace)
        while visitors.rounds < goal, process.isRunning, ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func approveDevices() async {
        var count = 0
        for await code in arrivals.deviceCodes() where code.tenant == nil || code.tenant?.description == cast.tenant {
            let person = cast.people[count % cast.people.count]
            count += 1
            var browser = PlainBrowser(client: web)
            do {
                let typing = Person(user: person.user, password: person.password, code: code.userCode)
                _ = try await browser.go(to: "\(control.server)/devicelogin", as: typing)
            } catch { complain("\(person.user) could not approve the device: \(error)") }
        }
    }

    // MARK: What is said

    private func complain(_ text: String) { StandardStream.complain(label + plain(text)) }

    /// Says after a while what a step waits for, and again, with what has come so far.
    private func tell(_ waiting: ScenarioPlayer.Waiting, _ process: AppProcess) async {
        let what = "step \(waiting.step) waits for \(waiting.what)"
        for elapsed in Self.told {
            let pause = ContinuousClock.now + .seconds(elapsed - (Self.told.last { $0 < elapsed } ?? 0))
            guard (try? await Task.sleep(until: pause)) != nil, process.isRunning else { return }
            StandardStream.error.say(
                "\(scenario.name): \(what), for \(elapsed) s of \(InstantText.words(waiting.time)); "
                    + "so far: \(arrivals.words(of: cast.names))")
        }
    }

    private func explain(_ course: inout Course) throws {
        let requests = arrivals.counts(of: cast.names).reduce(0) { $0 + $1.count }
        let reason = try authority.untestedReason(
            in: cast.tenant, requests: requests, wantsVisits: scenario.needs == .proxy)
        guard let reason else { return }
        course.reason = sentence(of: reason)
        if scenario.needs == .cp1, case .neverAskedAgain(_, isEvaluated: false) = reason { course.doesNotApply = true }
    }

    private func sentence(of reason: UntestedReason) -> String {
        func named(_ code: AADSTS?) -> String { code.map { " with AADSTS\($0.rawValue)\($0.name.map { " (\($0))" } ?? "")" } ?? "" }
        let visit = plan.visit == nil ? ". Is it a server? Then somebody has to use it: --visit URL" : ""
        switch reason {
        case .nothingReachedLapse:
            return "nothing reached Lapse: the command never came to the authority that LAPSE_AUTHORITY names\(visit)"
        case .onlyMetadata: return "the app read Lapse's metadata, and asked for no token and for no sign-in\(visit)"
        case .deviceCodeNotEntered:
            let code = arrivals.lastDeviceCode(in: cast.tenant) ?? ""
            return "the device code \(code) was never entered; --approve-devices enters such codes"
        case .deviceCodeNotRedeemed: return "the device's code was entered, and the app never asked for its tokens"
        case .nobodySignedIn:
            return
                "the app sent its user to the sign-in page, and nobody signed in there; --visit URL brings somebody, or the app opens BROWSER"
        case .signInRefused(let code): return "the sign-in was refused\(named(code))"
        case .requestRefused(let code): return "the token endpoint refused the app\(named(code)), and it got no token"
        case .refreshesRefused(let code):
            return "the token endpoint refused every refresh\(named(code)), which is about how the app asks and not about its token"
        case .codeNotRedeemed:
            return "somebody signed in, and the app never redeemed the code; are its redirect URI and secret right?"
        case .nobodySaw:
            return "nobody told what the app answers: --visit URL asks it, or whoever asks it makes the call POST visits"
        case .onlyApplications where scenario.needs == .application: return "the app did not come back for a token"
        case .onlyApplications:
            return
                "the app asked for tokens on its own, and nobody's sign-ins can be revoked for those; --scenario daemon-outage is for such apps"
        case .neverAskedAgain(let end, let isEvaluated):
            let good = end.map { ": its access token is good till \($0.zonelessText.suffix(8)) UTC" } ?? ""
            let challenge =
                isEvaluated
                ? ""
                : "; no token carried xms_cc, so that no resource could challenge it (the app does not declare the client capability cp1)"
            return "the app never asked for a token again\(good)\(challenge)"
        }
    }
}
