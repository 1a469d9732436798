import ArgumentParser
import Foundation
import LapseRules

/// `lapse timeline --user USER`.
struct TimelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline",
        abstract: "Shows what happened to a user's sessions and grants, and what revoked them where and when; --svg draws it.")

    @Option(help: "The user, by name or id; what stands before the @ will do where it fits one user.")
    var user: String
    @Option(help: "Write the picture to this file.")
    var svg: String?
    @OptionGroup var instants: InstantOptions
    @OptionGroup var options: ServerOptions

    func run() async throws {
        try await options.run { client in
            let user = try await client.user(user)
            guard let svg else {
                return client.show(try await client.send("GET", client.path("users", user, "timeline"))) { timeline in
                    let text = instants.text(on: timeline.shown("now"))
                    let first = "\(timeline.shown("userPrincipalName")), at \(instants.text()(timeline.shown("now"))):"
                    return [first] + Self.lines(timeline).map { text($0) }
                }
            }
            let picture = try await client.send("GET", client.path("users", user, "timeline.svg"))
            try write(picture.text, to: svg, asked: "--svg")
            if !client.printsJSON { StandardStream.output.say("The timeline of \(user) is in \(svg)") }
        }
    }

    private static func lines(_ timeline: JSON) -> [String] {
        let rows = timeline["rows"]?.elements ?? []
        let shown = rows.flatMap { row in
            let name = row.shown("kind") == "session" ? "browser session" : row.shown("clientName")
            let verdicts = (row["verdicts"]?.elements ?? []).map { verdict in
                "    \(verdict.shown("region")): \(verdict["accepted"]?.isTrue == true ? "accepted" : "refused"). \(verdict.shown("why"))"
            }
            let marks = (row["marks"]?.elements ?? []).filter { !$0.shown("code").isEmpty }.suffix(5)
            return ["\(name), signed in at \(row.shown("authTime")), ends at \(row.shown("to"))"] + verdicts
                + marks.map { mark in
                    "    " + EventText.line(mark, [mark.shown("region"), "AADSTS\(mark.shown("code"))"])
                }
        }
        let events = (timeline["revocations"]?.elements ?? []) + (timeline["stateChanges"]?.elements ?? [])
        let cuts = events.sorted { $0.shown("at") < $1.shown("at") }.map { event in
            event["stamp"] == .null
                ? "\(event.shown("cause")) at \(event.shown("at"))" : "revoked at \(event.shown("at")) (\(event.shown("cause")))"
        }
        return shown + cuts
    }
}
