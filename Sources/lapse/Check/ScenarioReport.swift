import LapseRules

extension Reaction.Verdict {
    /// What several scenarios come to, in the order of `Check.exitCode`: bad as soon as one is, good only when all are.
    init(ofAll verdicts: [Self]) {
        self = verdicts.contains(.bad) ? .bad : verdicts.isEmpty || verdicts.contains(.untested) ? .untested : .good
    }
}

/// The report on one of several scenarios.
struct ScenarioReport: Sendable {
    let name: String
    let report: FetchedReport
    /// Where its files are, in a sentence; nil: nobody asked for them.
    let kept: String?
    /// What is to say of it besides, in a sentence.
    let note: String?
}

extension ReportOutput {
    /// Prints what came of several scenarios, and writes it to the files.
    ///
    /// - Parameter verdict: what they come to.
    /// - Throws: `StartError` for a file that cannot be written.
    func write(_ reports: [ScenarioReport], _ verdict: Reaction.Verdict) async throws {
        let whole = JSON.object([
            "verdict": .string(verdict.rawValue),
            "scenarios": .array(
                reports.map { run in
                    [
                        "name": .string(run.name), "verdict": .string(self.verdict(of: run.report).rawValue),
                        "note": JSON(run.note),
                        "report": run.report.json,
                    ]
                }),
        ])
        switch format {
        case .text:
            let rows = reports.map { [$0.name, self.verdict(of: $0.report).rawValue, $0.note ?? ""] }
            let blocks = reports.flatMap { run in ["\(run.name):"] + lines(of: run.report).map { "  " + $0 } + [""] }
            StandardStream.output.say((blocks + table(rows).map(plain) + ["Verdict: \(verdict.rawValue)"]).joined(separator: "\n"))
            for kept in reports.compactMap(\.kept) { StandardStream.error.say(kept) }
        case .json: StandardStream.output.say(whole.encodedText)
        case .markdown:
            var parts: [String] = []
            for run in reports {
                parts.append("# \(run.name)\n\n" + (try await run.report.text(.markdown)).replacing(/(?m)^#/, with: "##"))
            }
            StandardStream.output.say(parts.joined(separator: "\n"))
        case .junit: StandardStream.output.say(try await Self.junit(reports))
        case .html: break
        }
        if let junit { try lapse.write(try await Self.junit(reports), to: junit, asked: "--junit") }
        if let jsonFile { try lapse.write(whole.encodedText, to: jsonFile, asked: "--json-file") }
    }

    /// The suites of all of them in one document, named after their scenarios.
    private static func junit(_ reports: [ScenarioReport]) async throws -> String {
        var suites = ""
        var sums: [String: Int] = [:]
        for run in reports {
            let text = try await run.report.text(.junit)
            guard let whole = text.firstMatch(of: /<testsuites([^>]*)>([\s\S]*)<\/testsuites>/) else { continue }
            for sum in whole.1.matches(of: /(tests|failures|skipped|errors)="([0-9]+)"/) {
                sums[String(sum.1), default: 0] += Int(sum.2) ?? 0
            }
            suites += whole.2.replacing(/<testsuite([^>]*?) name="/) { "<testsuite\($0.1) name=\"\(run.name): " }
        }
        let totals = sums.sorted { $0.key < $1.key }.map { " \($0.key)=\"\($0.value)\"" }.joined()
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites\(totals)>\(suites)</testsuites>\n"
    }
}
