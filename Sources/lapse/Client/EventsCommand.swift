import ArgumentParser
import LapseRules

/// `lapse events`.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Lists what happened in a tenant, or follows what happens.")

    @Flag(
        help: """
            Show what happens from now on, and where a revocation takes effect, until the server ends or the command is stopped; \
            with --after, the past from there on first.
            """)
    var follow = false
    @Option(help: "Begin after the event with this number.", transform: Given.eventID)
    var after: Int64?
    @Option(help: "Only this type.", transform: Given.oneOf(Event.Kind.allCases.map(\.rawValue)))
    var type: String?
    @Option(help: "Only this user, by name or id; what stands before the @ will do where it fits one user.")
    var user: String?
    @OptionGroup var instants: InstantOptions
    @OptionGroup var options: ServerOptions

    func run() async throws {
        try await options.run { client in
            let filter = [("type", type), ("user", try await user.asyncMap(client.user))]
            var text = EventText(client, isPrecise: instants.precise)
            var last = after.map(String.init)
            if !follow || after != nil {
                var next: String? = last ?? "0"
                while let cursor = next {
                    let page = try await client.send("GET", client.path("events"), query: filter + [("after", cursor)]).json
                    let items = page["items"]?.elements ?? []
                    for item in items { guard try await text.show(item) else { return } }
                    last = items.last?.shown("id") ?? last
                    next = page["next"]?.text
                }
            }
            guard follow else { return }
            // Who asks for one type of event asks for nothing else.
            let effects = type == nil ? "true" : nil
            try await client.follow(client.path("events", "stream"), query: filter + [("after", last), ("effects", effects)]) {
                try await text.show($0)
            }
        }
    }
}

/// Events of the control API, and what takes effect between them, in words.
struct EventText {
    private let client: ControlClient
    private let isPrecise: Bool
    private var names: Names

    init(_ client: ControlClient, isPrecise: Bool) {
        self.client = client
        self.isPrecise = isPrecise
        names = Names(client)
    }

    /// Prints one.
    ///
    /// - Returns: whether there is still somebody who reads.
    mutating func show(_ event: JSON) async throws -> Bool {
        StandardStream.output.say(client.printsJSON ? Self.json(event) : try await line(event))
    }

    /// On one line, its members in the order of the control API.
    private static func json(_ event: JSON) -> String {
        guard event["plane"] == nil else {
            let names = ["at", "type", "id", "plane", "region", "user"]
            return JSON.object(names.map { .init(name: $0, value: event[$0] ?? .null) }).encodedText
        }
        let names = ["id", "at", "type", "user", "client", "grant", "revocation", "region", "code", "requestId"]
        return JSON.object(names.map { .init(name: $0, value: event[$0] ?? .null) }).adding(["fault": event["fault"]]).encodedText
    }

    /// - Returns: number, instant, type, and what there is to say of it, with names in place of ids.
    mutating func line(_ event: JSON) async throws -> String {
        var parts: [String] = []
        for (name, member) in [
            ("user", "user"), ("client", "client"), ("plane", "plane"), ("region", "region"), ("code", "code"), ("grant", "grant"),
            ("revocation", event["plane"] == nil ? "revocation" : "id"), ("fault", "fault"),
        ] {
            var value = event.shown(member)
            guard !value.isEmpty else { continue }
            switch name {
            case "user": value = try await names.user(value)
            case "client": value = try await names.app(value)
            case "grant", "revocation", "fault": value = isPrecise ? value : String(value.prefix(8))
            default: break
            }
            parts.append("\(name)=\(value.contains(" ") ? "\"\(value)\"" : value)")
        }
        return Self.line(event, parts, InstantText(isPrecise: isPrecise, day: nil))
    }

    static func line(_ event: JSON, _ parts: [String], _ text: InstantText? = nil) -> String {
        let id = event["plane"] == nil ? event.shown("id") : ""
        let indent = String(repeating: " ", count: max(0, 6 - id.count))
        let type = event.shown("type").padding(toLength: 20, withPad: " ", startingAt: 0)
        let at = event.shown("at")
        return plain("\(indent)\(id)  \(text?(at) ?? at)  \(type)  \(parts.filter { !$0.isEmpty }.joined(separator: " "))")
    }
}
