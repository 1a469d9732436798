import Foundation
import LapseInstance
import LapseRules

/// The folder in which `check --keep` leaves what it saw: it stays when the Lapse of the check is gone.
struct KeptFolder: Sendable {
    private let path: String
    private let isOfOne: Bool

    /// - Parameter isOfOne: whether only one scenario is played, whose files then stand in the folder itself.
    /// - Throws: ``UsageError`` for a place that cannot be a folder.
    init(_ path: String, isOfOne: Bool) throws {
        (self.path, self.isOfOne) = (path, isOfOne)
        try Self.make(path)
    }

    private static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch { throw UsageError("--keep: cannot make the folder \(path)") }
    }

    /// - Throws: as ``init(_:isOfOne:)``.
    func folder(of scenario: String) throws -> String {
        let folder = place(of: scenario)
        try Self.make(folder)
        return folder
    }

    private func place(of scenario: String) -> String { isOfOne ? path : "\(path)/\(scenario)" }

    /// Where the numbers of a report's events lead.
    func note(of scenario: String) -> String {
        let folder = place(of: scenario)
        return "The events by their numbers are in \(folder)/events.txt, and as pictures in \(folder)/report.html."
    }

    /// - Throws: `StartError` for a file that cannot be written.
    func keep(_ scenario: String, people: [String], _ report: FetchedReport) async throws {
        let (folder, control) = (try folder(of: scenario), report.control)
        func put(_ text: String, _ name: String) throws { try write(text, to: "\(folder)/\(name)", asked: "--keep") }
        for (format, name) in [
            (ReportOutput.Format.html, "report.html"), (.json, "report.json"), (.junit, "report.xml"), (.markdown, "report.md"),
        ] { try put(try await report.text(format), name) }
        let events = try await control.all(control.path("events"), query: [("detail", "true")])
        var (lines, text) = ([String](), EventText(control, isPrecise: true))
        for event in events { lines.append(try await text.line(event)) }
        try put(lines.joined(separator: "\n") + "\n", "events.txt")
        try put(JSON.array(events).encodedText, "events.json")
        for person in people {
            let user = try await control.user(person)
            try put(
                try await control.send("GET", control.path("users", user, "timeline.svg")).text, "timeline-\(person.localPart).svg")
        }
    }
}
