/// How the apps of a tenant took what they met, for people and for build servers: the same content in three formats.
package struct ReportContent: Sendable {
    package struct Finding: Sendable {
        let rule: String
        /// fail, note or good.
        let severity: String
        let who: String?
        let says: String
        let advice: String?
        let guidance: String
        let url: String
        let events: [Event]
        let picture: String

        /// - Parameter advice: nil: nothing to change.
        package init(
            rule: String, severity: String, who: String?, says: String, advice: String?, guidance: String, url: String,
            events: [Event], picture: String
        ) {
            self.rule = rule
            self.severity = severity
            self.who = who
            self.says = says
            self.advice = advice
            self.guidance = guidance
            self.url = url
            self.events = events
            self.picture = picture
        }

        var isFailure: Bool { severity == "fail" }
    }

    /// A line of the log.
    package struct Event: Sendable {
        let id: Int64
        let after: String
        let what: String

        package init(id: Int64, after: String, what: String) {
            self.id = id
            self.after = after
            self.what = what
        }
    }

    package struct Client: Sendable {
        let id: String
        let name: String
        /// good, bad or untested.
        let verdict: String
        let met: [String]
        let findings: [Finding]
        // Templates see what is stored, and nothing that is computed.
        let hasMet: Bool

        /// - Parameter met: what it met, in a line each.
        package init(id: String, name: String, verdict: String, met: [String], findings: [Finding]) {
            self.id = id
            self.name = name
            self.verdict = verdict
            self.met = met
            self.findings = findings
            hasMet = !met.isEmpty
        }
    }

    package struct Expectation: Sendable {
        let name: String
        /// passed, failed or pending.
        let status: String
        let says: [String]

        package init(name: String, status: String, says: [String]) {
            self.name = name
            self.status = status
            self.says = says
        }
    }

    let tenant: String
    let at: String
    let verdict: String
    /// By which program and rules, and from what, it was judged; in sentences.
    let basis: String
    let clients: [Client]
    let expectations: [Expectation]
    /// All rules that an app can break, whether one did or not.
    let rules: [String]
    let hasExpectations: Bool
    let isEmpty: Bool

    package init(
        tenant: String, at: String, verdict: String, basis: String, clients: [Client], expectations: [Expectation], rules: [String]
    ) {
        self.tenant = tenant
        self.at = at
        self.verdict = verdict
        self.basis = basis
        self.clients = clients
        self.expectations = expectations
        self.rules = rules
        hasExpectations = !expectations.isEmpty
        isEmpty = clients.isEmpty
    }
}

/// The report as a page that is whole in itself: a file that a build server keeps.
package struct ReportPage: Page {
    package static let template = "report"
    /// The page's style, which is part of it.
    package static let style = PackageResources.report_css
    let content: ReportContent
    let style = String(decoding: ReportPage.style, as: UTF8.self)

    package init(_ content: ReportContent) { self.content = content }
}

/// The report as Markdown, for a build's summary.
package struct ReportMarkdown: Page {
    package static let template = "reportmarkdown"
    let content: ReportContent

    package init(_ content: ReportContent) { self.content = content }
}

/// The report as JUnit XML: a test suite for each client with a test case for each rule, and one suite for what was expected.
package struct ReportJUnit: Page {
    package static let template = "reportjunit"

    struct Suite {
        let name: String
        let cases: [Case]
        let tests: Int
        let failures: Int
        let skipped: Int

        init(name: String, cases: [Case]) {
            self.name = name
            self.cases = cases
            tests = cases.count
            failures = cases.count { $0.failure != nil }
            skipped = cases.count { $0.isSkipped }
        }
    }

    struct Case {
        let suite: String
        let name: String
        let failure: Failure?
        let isSkipped: Bool
    }

    struct Failure {
        let says: String
        let type: String
        let text: String
    }

    let suites: [Suite]
    let tests: Int
    let failures: Int

    package init(_ content: ReportContent) {
        var suites = content.clients.map { client in
            Suite(
                name: client.name,
                cases: content.rules.map { rule in
                    let broken = client.findings.filter { $0.rule == rule && $0.isFailure }
                    let text = broken.map { "\($0.says) \($0.advice ?? "") (\($0.url))" }.joined(separator: "\n")
                    return Case(
                        suite: client.id, name: rule,
                        failure: broken.first.map { Failure(says: $0.says, type: rule, text: text) },
                        isSkipped: client.verdict == "untested")
                })
        }
        if content.hasExpectations {
            suites.append(
                Suite(
                    name: "expectations",
                    cases: content.expectations.map { expectation in
                        let text = expectation.says.joined(separator: "; ")
                        return Case(
                            suite: "expectations", name: expectation.name,
                            failure: expectation.status == "failed"
                                ? Failure(says: text, type: "expectation", text: text) : nil,
                            isSkipped: expectation.status == "pending")
                    }))
        }
        self.suites = suites
        tests = suites.reduce(0) { $0 + $1.tests }
        failures = suites.reduce(0) { $0 + $1.failures }
    }
}
