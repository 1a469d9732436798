import LapseRules

/// Plays a scenario through the control API while the app runs.
struct ScenarioPlayer {
    let scenario: Scenario
    let client: ControlClient
    let cast: Cast
    /// How often the log is looked at.
    private static let pace = Duration.milliseconds(50)

    func prepare() async throws {
        if let policies = scenario.policies { try await client.send("PUT", client.path("policies"), policies) }
        if let propagation = scenario.propagation { try await client.send("PUT", client.path("propagation"), propagation) }
    }

    enum Story: Equatable {
        case played
        /// The app did not do what a step waited for.
        case cutShort(String)
        /// A step could not be done.
        case broken(String)
    }

    func play(while process: AppProcess) async -> Story {
        var cursor: Int64 = 0
        var names = ["user": cast.user, "client": cast.client, "revocation": ""]
        for (index, step) in scenario.steps.enumerated() {
            do {
                switch step {
                case .pause(let time): try await Task.sleep(for: time)
                case .call(let method, let path, let body):
                    let answer = try await client.send(
                        method, client.path() + "/" + Self.filled(path, names), body.map { Self.filled($0, names) })
                    if path == "revocations", let id = answer.json["id"]?.text { names["revocation"] = id }
                case .wait(let kinds, let count, let time):
                    let found = try await wait(for: kinds, count: count, after: &cursor, atMost: time, process)
                    guard let found else {
                        let what = kinds.map(\.rawValue).sorted().joined(separator: " or ")
                        return .cutShort(
                            "\(scenario.name): step \(index + 1) waited in vain for \(what); "
                                + (process.isRunning ? "the app did nothing of the kind" : "the command had ended"))
                    }
                    for (name, member) in [("user", "user"), ("client", "client")] {
                        if let value = found[member]?.text { names[name] = value }
                    }
                }
            } catch {
                let what = if case .call(let method, let path, _) = step { " (\(method) \(path))" } else { "" }
                return .broken("\(scenario.name): step \(index + 1)\(what): \(error)")
            }
        }
        return .played
    }

    /// - Returns: the last of the events; nil when the time was over, or the command had ended before.
    private func wait(
        for kinds: Set<Event.Kind>, count: Int64, after cursor: inout Int64, atMost time: Duration, _ process: AppProcess
    ) async throws -> JSON? {
        let end = ContinuousClock.now + time
        var left = count
        while true {
            // Asked before looking: what it did at last is found all the same.
            let wasRunning = process.isRunning
            let page = try await client.send("GET", client.path("events"), query: [("after", String(cursor))]).json
            for event in page["items"]?.elements ?? [] {
                if case .integer(let id) = event["id"] { cursor = id }
                guard let kind = event["type"]?.text.flatMap(Event.Kind.init(rawValue:)), kinds.contains(kind) else { continue }
                left -= 1
                if left == 0 { return event }
            }
            if page["next"] != .null { continue }
            guard wasRunning, ContinuousClock.now < end else { return nil }
            try await Task.sleep(for: Self.pace)
        }
    }

    private static func filled(_ text: String, _ names: [String: String]) -> String {
        names.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    private static func filled(_ value: JSON, _ names: [String: String]) -> JSON {
        switch value {
        case .string(let text): .string(filled(text, names))
        case .array(let elements): .array(elements.map { filled($0, names) })
        case .object(let members): .object(members.map { .init(name: $0.name, value: filled($0.value, names)) })
        default: value
        }
    }
}
