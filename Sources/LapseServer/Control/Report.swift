import Foundation
import HTTPTypes
import Hummingbird
import LapsePages
import LapseRules
import LapseService

/// The control calls on how apps took what they met: the report in its formats.
struct ReportCalls {
    let authority: Authority
    /// Of the program.
    let version: String

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/report", use: json)
        routes.get("tenants/{tenant}/report.html", use: page)
        routes.get("tenants/{tenant}/report.md", use: markdown)
        routes.get("tenants/{tenant}/report.xml", use: junit)
    }

    func json(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try report(request, context).json(version: version))
    }

    func page(_ request: Request, _ context: LapseContext) throws -> Response {
        var response = text(
            ReportPage(ReportContent(try report(request, context), version: version)), type: "text/html; charset=utf-8")
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src '\(Self.styleHash)'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        response.headers[.frameOptions] = "DENY"
        return response
    }

    func markdown(_ request: Request, _ context: LapseContext) throws -> Response {
        text(ReportMarkdown(ReportContent(try report(request, context), version: version)), type: "text/markdown; charset=utf-8")
    }

    func junit(_ request: Request, _ context: LapseContext) throws -> Response {
        text(ReportJUnit(ReportContent(try report(request, context), version: version)), type: "application/xml; charset=utf-8")
    }

    /// The page brings its style along, so that it is whole as a file; nothing else inline may be.
    private static let styleHash =
        "sha256-" + Data(SecretHash(of: String(decoding: ReportPage.style, as: UTF8.self)).bytes).base64EncodedString()

    private func report(_ request: Request, _ context: LapseContext) throws -> Report {
        let tenant = try context.parameter("tenant")
        let client = try request.controlQuery("client").map { ClientID($0) }
        let rules = try request.controlQuery("rules").map { version in
            try ControlError.reading { () throws(FieldError) in try JudgeRules(named: version, field: "rules") }
        }
        return try authority.report(
            of: client, in: tenant, by: rules ?? .newest)
    }

    private func text(_ page: some Page, type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff"],
            body: .init(byteBuffer: ByteBuffer(string: page.html)))
    }
}

extension ReportContent {
    /// - Parameter version: of the program.
    init(_ report: Report, version: String) {
        self.init(
            tenant: report.tenant.name, at: report.at.errorText, verdict: report.verdict.rawValue,
            basis: "Lapse \(version), rules \(report.rules.version). \(report.basis)",
            clients: report.reactions.map { reaction in
                Client(
                    id: reaction.client.description, name: report.apps[reaction.client] ?? reaction.client.description,
                    verdict: reaction.verdict.rawValue, met: reaction.incidents.map { $0.line(users: report.users) },
                    findings: reaction.findings.map { Finding($0, in: report) })
            },
            expectations: report.expectations.map { judged in
                Expectation(
                    name: judged.expectation.name ?? judged.expectation.definition.encodedText, status: judged.status.rawValue,
                    says: judged.outcomes.map(\.says))
            }, rules: ReactionRule.allCases.filter { $0.severity == .fail }.map(\.rawValue))
    }
}

extension ReportContent.Finding {
    /// A finding names no more events than this: a reader looks at the first few.
    private static let mostEvents = 100

    init(_ finding: Finding, in report: Report) {
        let shown = finding.events.prefix(Self.mostEvents).compactMap { report.events[$0] }
        let start = shown.first?.writtenAt ?? report.at
        self.init(
            rule: finding.rule.rawValue, severity: finding.rule.severity.rawValue, who: finding.user.flatMap { report.users[$0] },
            says: finding.says, advice: finding.rule.severity == .good ? nil : finding.rule.advice,
            guidance: finding.rule.guidance.title, url: finding.rule.guidance.url,
            events: shown.map { .init(id: $0.id, after: ($0.writtenAt - start).tenths, what: $0.event.line) },
            picture: TimelinePicture(shown, called: finding.rule.rawValue).svg)
    }
}

extension Incident {
    /// What it was and what the app did, in a line.
    func line(users: [GUID: String]) -> String {
        let what =
            switch kind {
            case .refusal: "refused" + (code.map { " with \($0.rawValue)" } ?? "")
            case .challenge: "challenged by a resource"
            case .silentRefusal: "prompt=none refused" + (code.map { " with \($0.rawValue)" } ?? "")
            case .outage: "an outage" + (endpoint.map { " at \($0.rawValue)" } ?? "")
            }
        let retried =
            retries.isEmpty
            ? "did not ask the same again" : "asked the same again \(retries.count == 1 ? "once" : "\(retries.count) times")"
        let parts = [
            user.flatMap { users[$0] }.map { "\($0): \(what)" } ?? what, retried,
            asked.map { "asked the user to sign in after \($0.after.tenths)" },
            recovered.map { "had good tokens after \($0.after.tenths)" },
        ]
        return parts.compactMap { $0 }.joined(separator: "; ")
    }
}

extension Event {
    fileprivate var line: String {
        let parts = [
            code.map { "code \($0.rawValue)" }, notes.prompt.map { "prompt=\($0)" }, notes.answersChallenge ? "with claims" : nil,
            notes.status.map { "answered \($0)" }, notes.responseFault.map { "answer \($0.rawValue)" },
            notes.retryAfter.map { "Retry-After \($0.iso8601)" }, notes.page.map(\.line),
            region.map { $0 == .local ? "" : "in \($0)" },
        ].compactMap { $0 }.filter { !$0.isEmpty }
        return ([kind.rawValue] + parts).joined(separator: ", ")
    }
}

extension Event.Page {
    fileprivate var line: String { "\(url) \(status.map { "answered \($0)" } ?? "gave no answer"): \(text.prefix(160))" }
}

extension Report {
    /// What it was judged from, in a sentence.
    var basis: String {
        let pages = judgedFrom.pages
        let seen =
            pages == 0
            ? "no page was seen" : "\(pages) page\(pages == 1 ? "" : "s") that people saw"
        let events = judgedFrom.events
        return
            "Judged from \(events) event\(events == 1 ? "" : "s") at the authority and its resources\(pages == 0 ? "; " : " and from ")\(seen)."
    }
}

extension TimelinePicture {
    /// The events of a finding along the machine's clock, a row for each kind.
    fileprivate init(_ events: [LoggedEvent], called title: String) {
        let start = events.first?.writtenAt ?? .epoch
        func seconds(_ instant: Timestamp) -> Double { Double((instant - start).ticks) / Double(Timestamp.ticksPerSecond) }
        let end = max(events.map { seconds($0.writtenAt) }.max() ?? 0, 0.1)
        let kinds = events.map(\.event.kind).reduce(into: [Event.Kind]()) { if !$0.contains($1) { $0.append($1) } }
        self.init(
            title: title,
            rows: kinds.map { kind in
                let mine = events.filter { $0.event.kind == kind }
                return Row(
                    title: kind.rawValue, subtitle: mine.count == 1 ? "once" : "\(mine.count) times", bars: [],
                    marks: mine.map {
                        Mark(
                            at: seconds($0.writtenAt), isRefusal: $0.event.code != nil || $0.event.notes.status != nil,
                            says: "after \(($0.writtenAt - start).tenths): \($0.event.line)")
                    })
            }, windows: [], cuts: [], now: end * 1.1, from: 0, to: end * 1.1
        ) { "+\(Duration.milliseconds(Int64($0 * 1000)).tenths)" }
    }
}
