import ArgumentParser
import Foundation
import LapseInstance
import LapseRules
import Synchronization

/// `lapse report`.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Grades how each app handled refusals, challenges and outages.",
        discussion: "Exit status: 0 when all is well, 2 when an app or an expectation failed, 3 when nothing was met.")

    @Option(help: "Only this client, by its id.")
    var client: String?
    @OptionGroup var output: ReportOutput
    @OptionGroup var options: ServerOptions

    func run() async throws {
        try await options.run(["client": "--client", "rules": "--rules"]) { control in
            let made = try await output.expect(control)
            let verdict: Reaction.Verdict
            do { verdict = try await output.write(try await FetchedReport(control, of: client, by: output.rules)) } catch {
                await output.forget(made, control)
                throw error
            }
            await output.forget(made, control)
            if verdict.exitCode != .success { throw verdict.exitCode }
        }
    }
}

extension Reaction.Verdict {
    /// What a report comes to, as an exit status says it.
    var exitCode: ExitCode {
        switch self {
        case .good: .success
        case .bad: ExitCode(2)
        case .untested: ExitCode(3)
        }
    }
}

/// In which format a report goes where, and what is expected: the options of `report` and `check`.
struct ReportOutput: ParsableArguments {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text, json, markdown, html, junit

        /// What of the control API answers it; text is made of the JSON.
        var call: String {
            switch self {
            case .text, .json: "report"
            case .markdown: "report.md"
            case .html: "report.html"
            case .junit: "report.xml"
            }
        }
    }

    @Option(help: "How to print the report: \(Format.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = Format.text
    @Option(help: "Write the page for people to this file, too.")
    var html: String?
    @Option(help: "Write JUnit XML to this file, too.")
    var junit: String?
    @Option(help: "Write the JSON to this file, too.")
    var jsonFile: String?
    @Option(help: "The version of the rules to judge by (default: \(JudgeRules.newest.version), the newest).")
    var rules: String?
    @Option(help: "A file with a list of expectations, YAML or JSON, which must hold too.")
    var expect: String?

    /// Tells the server what the file expects.
    ///
    /// - Returns: the ids of the expectations.
    func expect(_ client: ControlClient) async throws -> [String] {
        var made: [String] = []
        for (index, expectation) in (try expect.map { try LabFile($0).list("expectations") } ?? []).enumerated() {
            do {
                made.append(try await client.send("POST", client.path("expectations"), expectation).json.shown("id"))
            } catch let error as Refused {
                await forget(made, client)
                throw StartError("\(expect ?? ""): [\(index)]: \(error)")
            }
        }
        return made
    }

    func forget(_ expectations: [String], _ client: ControlClient) async {
        for id in expectations { _ = try? await client.send("DELETE", client.path("expectations", id)) }
    }

    /// What the report comes to, with what was expected: of a run, what was expected and never happened is not shown.
    func verdict(of report: FetchedReport) -> Reaction.Verdict {
        let isUnmet = (report.json["expectations"]?.elements ?? []).contains { $0.shown("status") != "passed" }
        return expect != nil && isUnmet ? .bad : report.verdict
    }

    /// Prints the report and writes its files.
    ///
    /// - Parameter note: what else there is to say of it, where it is printed for people.
    func write(_ report: FetchedReport, note: String? = nil) async throws -> Reaction.Verdict {
        let verdict = verdict(of: report)
        switch report.control.printsJSON ? .json : format {
        case .text:
            StandardStream.output.say(lines(of: report).joined(separator: "\n"))
            if let note { StandardStream.error.say(note) }
        case .json, .markdown, .html, .junit:
            StandardStream.output.say(try await report.text(report.control.printsJSON ? .json : format))
        }
        for (file, kind, option) in [(html, Format.html, "--html"), (junit, .junit, "--junit"), (jsonFile, .json, "--json-file")] {
            if let file { try lapse.write(try await report.text(kind), to: file, asked: option) }
        }
        return verdict
    }

    /// The report as a person reads it.
    func lines(of report: FetchedReport) -> [String] { Self.lines(report.json, verdict(of: report)) }

    private static func lines(_ report: JSON, _ verdict: Reaction.Verdict) -> [String] {
        var lines: [String] = []
        for client in report["clients"]?.elements ?? [] {
            let name = client.shown("name").isEmpty ? client.shown("client") : client.shown("name")
            lines.append("\(name): \(client.shown("verdict"))")
            for (finding, count, events) in folded(findings: client["findings"]?.elements ?? []) {
                let who = finding.shown("userPrincipalName").isEmpty ? "" : " (\(finding.shown("userPrincipalName")))"
                let often = count == 1 ? "" : ", \(count) times"
                lines.append("  \(finding.shown("severity")): \(finding.shown("rule"))\(who)\(often)")
                lines.append("    \(finding.shown("says"))")
                if finding.shown("severity") != "good" { lines.append("    To change: \(finding.shown("advice"))") }
                lines.append("    \(finding["guidance"]?.shown("title") ?? ""), \(finding["guidance"]?.shown("url") ?? "")")
                let more = events.count > 12 ? ", and \(events.count - 12) more" : ""
                lines.append("    Events: \(events.prefix(12).joined(separator: ", "))\(more)")
            }
            if (client["findings"]?.elements ?? []).isEmpty {
                let met = client["incidents"]?.elements ?? []
                lines +=
                    met.isEmpty
                    ? ["  It met no refusal, no challenge and no outage."] : folded(met.map { "  met: \(Self.line($0))" })
            }
        }
        for expectation in report["expectations"]?.elements ?? [] {
            let name = expectation.shown("name").isEmpty ? "after \(expectation.shown("after"))" : expectation.shown("name")
            let isUnmet = (expectation["outcomes"]?.elements ?? []).isEmpty
            lines.append("\(expectation.shown("status")): \(name)\(isUnmet ? ": nothing of the kind was met" : "")")
            lines += (expectation["outcomes"]?.elements ?? []).map { "  \($0.shown("status")): \($0.shown("says"))" }
        }
        guard !lines.isEmpty else { return ["No app has done anything yet."] }
        return lines.map(plain) + [basis(of: report), "Verdict: \(verdict.rawValue)"]
    }

    /// Lines of one kind as one.
    private static func folded(_ lines: [String]) -> [String] {
        var counts: [(line: String, count: Int)] = []
        for line in lines {
            if let index = counts.firstIndex(where: { $0.line == line }) {
                counts[index].count += 1
            } else {
                counts.append((line, 1))
            }
        }
        return counts.map { $0.count == 1 ? $0.line : "\($0.line) (\($0.count) times)" }
    }

    /// Findings of one rule and user that say the same are one.
    private static func folded(findings: [JSON]) -> [(finding: JSON, count: Int, events: [String])] {
        var folded: [(finding: JSON, count: Int, events: [String])] = []
        for finding in findings {
            let events = (finding["events"]?.elements ?? []).map(\.encodedText)
            let known = folded.firstIndex { other in
                ["rule", "user", "says"].allSatisfy { other.finding[$0] == finding[$0] }
            }
            if let known {
                folded[known].count += 1
                folded[known].events += events
            } else {
                folded.append((finding, 1, events))
            }
        }
        return folded
    }

    /// By what and from what it was judged.
    private static func basis(of report: JSON) -> String {
        let (events, pages) = (report["judgedFrom"]?.shown("events") ?? "", report["judgedFrom"]?.shown("pages") ?? "0")
        let seen = pages == "0" ? "no page was seen" : "pages that people saw: \(pages)"
        return
            "Judged by Lapse \(report["program"]?.shown("version") ?? ""), rules \(report.shown("rules")), from \(events) events; \(seen)."
    }

    /// An incident that there is nothing more to say about.
    private static func line(_ incident: JSON) -> String {
        let code = incident.shown("code").isEmpty ? "" : ", code \(incident.shown("code"))"
        let asked = incident["asked"] == .null ? "asked nobody to sign in" : "asked its user to sign in"
        return "\(incident.shown("kind"))\(code); sent the same request \(incident.shown("retries")) more times; \(asked)"
    }
}

/// A report of the control API. Each form of it is fetched once, because the server judges anew for each call.
final class FetchedReport: Sendable {
    let control: ControlClient
    let json: JSON
    private let query: [(String, String?)]
    private let fetched: Mutex<[String: String]>

    /// - Parameters:
    ///   - client: nil: all of the tenant's.
    ///   - rules: the version to judge by; nil: the newest.
    /// - Throws: ``Refused`` for a client id that is none.
    init(_ control: ControlClient, of client: String? = nil, by rules: String? = nil) async throws {
        (self.control, query) = (control, [("client", client), ("rules", rules)])
        let text = try await control.send("GET", control.path(ReportOutput.Format.json.call), query: query).text
        json = JSON(parsing: Array(text.utf8)) ?? .null
        fetched = Mutex([ReportOutput.Format.json.call: text])
    }

    var verdict: Reaction.Verdict { Reaction.Verdict(rawValue: json.shown("verdict")) ?? .bad }

    func text(_ format: ReportOutput.Format) async throws -> String {
        if let known = fetched.withLock({ $0[format.call] }) { return known }
        let text = try await control.send("GET", control.path(format.call), query: query).text
        fetched.withLock { $0[format.call] = text }
        return text
    }
}
