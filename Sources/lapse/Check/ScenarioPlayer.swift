import LapseRules

/// Plays a scenario through the control API while the app runs.
struct ScenarioPlayer {
    let scenario: Scenario
    let client: ControlClient
    let cast: Cast
    /// Told of each wait while it lasts, and cancelled at its end.
    let isWaiting: @Sendable (Waiting) async -> Void

    /// What a step waits for.
    struct Waiting: Sendable {
        let step: Int
        let what: String
        let time: Duration
    }

    func prepare() async throws {
        if let policies = scenario.policies { try await client.send("PUT", client.path("policies"), policies) }
        if let propagation = scenario.propagation { try await client.send("PUT", client.path("propagation"), propagation) }
    }

    enum Story: Equatable, Sendable {
        case played
        /// The app did not do what a step waited for.
        case cutShort(String)
        /// A step could not be done.
        case broken(String)
    }

    func play(while process: AppProcess) async -> Story {
        var cursor: Int64 = 0
        var names = ["user": cast.people[0].user, "client": cast.apps[0].id, "revocation": ""]
        for (index, step) in scenario.steps.enumerated() {
            do {
                switch step {
                case .pause(let time): try await Task.sleep(for: time)
                case .call(let method, let path, let body):
                    let answer = try await client.send(
                        method, client.path() + "/" + Self.filled(path, names), body.map { Self.filled($0, names) })
                    if path == "revocations", let id = answer.json["id"]?.text { names["revocation"] = id }
                case .wait(let kinds, let count, let time):
                    let what = kinds.map(\.rawValue).sorted().joined(separator: " or ")
                    let waiting = Waiting(step: index + 1, what: what, time: time)
                    let found = try await wait(for: kinds, count: count, after: &cursor, waiting, process)
                    guard let found else {
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

    /// Follows the log until so many events of these kinds have happened, the time is over, or the command has ended.
    ///
    /// - Returns: the last of the events; nil when they did not happen.
    private func wait(
        for kinds: Set<Event.Kind>, count: Int64, after cursor: inout Int64, _ waiting: Waiting, _ process: AppProcess
    ) async throws -> JSON? {
        let start = Search(kinds: kinds, left: count, cursor: cursor)
        let search = try await withThrowingTaskGroup(of: Search?.self) { group in
            group.addTask {
                var search = start
                try await client.follow(client.path("events", "stream"), query: [("after", String(start.cursor))]) { event in
                    search.take(event)
                    return search.found == nil
                }
                return search
            }
            group.addTask {
                await process.waitForEnd()
                return start
            }
            group.addTask {
                try? await Task.sleep(for: waiting.time)
                return start
            }
            group.addTask {
                await isWaiting(waiting)
                return nil
            }
            defer { group.cancelAll() }
            while let done = try await group.next() {
                // Whoever tells of the wait has no say in its end.
                if let done { return done }
            }
            return start
        }
        // What the app did at last is in the log, though the stream had no time to bring it.
        let whole = search.found == nil ? try await read(start) : search
        cursor = whole.cursor
        return whole.found
    }

    /// Reads the log as it stands.
    private func read(_ start: Search) async throws -> Search {
        var search = start
        while true {
            let page = try await client.send("GET", client.path("events"), query: [("after", String(search.cursor))]).json
            for event in page["items"]?.elements ?? [] where search.found == nil { search.take(event) }
            guard search.found == nil, page["next"] != .null else { return search }
        }
    }

    /// A search in the log, event by event.
    private struct Search {
        let kinds: Set<Event.Kind>
        /// How many are still to be found.
        var left: Int64
        /// The last event that was looked at.
        var cursor: Int64
        /// The last of those that were searched for.
        var found: JSON?

        mutating func take(_ event: JSON) {
            if case .integer(let id) = event["id"] { cursor = id }
            guard let kind = event["type"]?.text.flatMap(Event.Kind.init(rawValue:)), kinds.contains(kind) else { return }
            left -= 1
            if left == 0 { found = event }
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
