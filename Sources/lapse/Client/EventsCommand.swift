import ArgumentParser
import LapseRules

/// `lapse events`.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Lists what happened in a tenant, and follows what happens.")

    @Flag(help: "Go on with what happens, until the server ends or the command is stopped.")
    var follow = false
    @Option(help: "Begin after this event.")
    var after: String?
    @Option(help: "This type alone.")
    var type: String?
    @Option(help: "This user alone, by name or id.")
    var user: String?
    @OptionGroup var options: ServerOptions

    func run() async throws {
        try await options.run { client in
            let filter = [("type", type), ("user", user)]
            var last = after ?? "0"
            var next: String? = last
            while let cursor = next {
                let page = try await client.send("GET", client.path("events"), query: filter + [("after", cursor)]).json
                let items = page["items"]?.elements ?? []
                guard Self.show(items, client) else { return }
                last = items.last?.shown("id") ?? last
                next = page["next"]?.text
            }
            guard follow else { return }
            try await client.follow(client.path("events", "stream"), query: filter + [("after", last)]) { event in
                Self.show([event], client)
            }
        }
    }

    /// - Returns: whether there is still somebody who reads.
    private static func show(_ events: [JSON], _ client: ControlClient) -> Bool {
        (client.printsJSON ? events.map(EventText.json) : EventText.lines(events)).allSatisfy { StandardStream.output.say($0) }
    }
}

/// Events of the control API in words.
enum EventText {
    /// On one line, its members in the order of the control API.
    static func json(_ event: JSON) -> String {
        let names = ["id", "at", "type", "user", "client", "grant", "revocation", "region", "code", "requestId"]
        return JSON.object(names.map { .init(name: $0, value: event[$0] ?? .null) }).adding(["fault": event["fault"]]).encodedText
    }

    static func lines(_ events: [JSON]) -> [String] {
        events.map { event in
            let rest = ["user", "client", "grant", "revocation", "region", "code", "fault"].compactMap { name in
                event.shown(name).isEmpty ? nil : "\(name)=\(event.shown(name))"
            }
            let id = event.shown("id")
            let indent = String(repeating: " ", count: max(0, 6 - id.count))
            let type = event.shown("type").padding(toLength: 20, withPad: " ", startingAt: 0)
            return "\(indent)\(id)  \(event.shown("at"))  \(type)  \(rest.joined(separator: " "))"
        }
    }
}
