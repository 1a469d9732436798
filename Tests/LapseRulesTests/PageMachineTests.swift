import Testing

@testable import LapseRules

fileprivate typealias Input = PageMachine.Input

private func page(_ id: Int64, _ status: Int?, _ text: String) -> Input {
    .page(Rows.event(id, .pageShown) { $0.page = .init(url: "http://localhost:5000/", status: status, text: text) })
}
private func tokens(_ id: Int64) -> Input { .tokens(Rows.event(id, .tokenRefreshed)) }
private func refused(_ id: Int64) -> Input { .refused(Rows.event(id, .refreshRefused, code: .grantRevoked)) }
private func asked(_ id: Int64) -> Input { .asked(Rows.event(id, .signInRequested)) }
private func failed(_ id: Int64) -> Input { .failed(Rows.failure(id)) }

@Suite("The judge: what people see")
struct PageMachineTests {
    struct Story: Sendable, CustomTestStringConvertible {
        let says: String
        fileprivate let inputs: [Input]
        let found: [String]

        fileprivate init(_ says: String, _ inputs: [Input], _ found: [String] = []) {
            (self.says, self.inputs, self.found) = (says, inputs, found)
        }

        var testDescription: String { says }
    }

    fileprivate static let hello = page(2, 200, "Hello, it is 12:00")

    static let stories = [
        // A 5xx page, or none, after a refusal.
        Story("500 after a refusal", [tokens(1), refused(2), page(3, 500, "Oops"), tokens(4)], ["showsServerError 2 3"]),
        Story("503 after a refusal, and the log ends", [tokens(1), refused(2), page(3, 503, "")], ["showsServerError 2 3"]),
        Story(
            "No answer after a refusal, twice",
            [refused(1), page(2, nil, "reset"), page(3, nil, "reset"), page(4, nil, "reset"), tokens(5)],
            ["showsServerError 1 2 3 4"]),
        Story(
            "500 at the callback, after the user was asked", [refused(1), asked(2), page(3, 500, "Oops"), tokens(4)],
            ["showsServerError 1 3"]),
        Story("500 before the refusal", [tokens(1), page(2, 500, "Oops"), refused(3), tokens(4)]),
        Story("500 when the sign-in is good again", [refused(1), tokens(2), page(3, 500, "Oops")]),
        Story("302 is no page that says anything", [refused(1), page(2, 302, ""), tokens(3)]),
        // What programs read.
        Story(
            "A token endpoint of its own makes a 500 of it", [refused(1), page(2, 500, #"{"error":"internal"}"#), tokens(3)],
            ["flattensRefusal 1 2"]),
        Story(
            "A page and an endpoint", [refused(1), page(2, 500, "Oops"), page(3, 502, "[]")],
            ["flattensRefusal 1 3", "showsServerError 1 2"]),
        Story("It passes the refusal on", [refused(1), page(2, 400, #"{"error":"invalid_grant"}"#), asked(3)]),
        Story(
            "It goes on saying that it is connected",
            [refused(1), page(2, 200, #"{"connected": true}"#), page(3, 200, #"{"status":"connected"}"#), tokens(4)],
            ["showsConnected 1 2 3"]),
        Story("It says so once: that may have been on its way", [refused(1), page(2, 200, #"{"connected":true}"#), tokens(3)]),
        Story(
            "It says that it is not",
            [refused(1), page(2, 200, #"{"connected":false}"#), page(3, 200, #"{"status":"disconnected"}"#), tokens(4)]),
        // The page of before.
        Story(
            "The page of before, twice, at another time of day",
            [tokens(1), hello, refused(3), page(4, 200, "Hello, it is 12:01"), page(5, 200, "Hello, it is 12:02")],
            ["showsStalePage 3 4 5"]),
        Story(
            "It ends with a sign-in all the same", [tokens(1), hello, refused(3), hello, hello, hello, asked(4), tokens(5)],
            ["showsStalePage 3 2 2 2"]),
        Story("The page of before, once: it may have been on its way", [tokens(1), hello, refused(3), hello, tokens(4)]),
        Story(
            "A page that asks to sign in",
            [tokens(1), hello, refused(3), page(4, 200, "Please sign in"), page(5, 200, "Please sign in")]),
        Story("The page of before, but the user was asked", [tokens(1), hello, refused(3), asked(4), hello, hello, tokens(5)]),
        Story(
            "A page that strangers see, too",
            [
                page(1, 200, "Welcome"), tokens(2), page(3, 200, "Welcome"), refused(4), page(5, 200, "Welcome"),
                page(6, 200, "Welcome"),
            ]),
        Story("An empty page is no page of before", [tokens(1), page(2, 200, ""), refused(3), page(4, 200, ""), page(5, 200, "")]),
        // An error page.
        Story("401 after a refusal", [refused(1), page(2, 401, "Unauthorized"), tokens(3)], ["showsErrorPage 1 2"]),
        Story(
            "404 and 500", [refused(1), page(2, 404, "no"), page(3, 500, "Oops")], ["showsServerError 1 3", "showsErrorPage 1 2"]),
        Story("403 for a stranger", [page(1, 403, "no"), refused(2), tokens(3)]),
        // An outage.
        Story("500 while the authority fails", [tokens(1), failed(2), page(3, 500, "Oops"), tokens(4)], ["showsOutage 3"]),
        Story("No answer while the authority fails, and the log ends", [failed(1), page(2, nil, "reset")], ["showsOutage 2"]),
        Story(
            "503 while the authority fails, twice", [failed(1), page(2, 503, "Later"), page(3, 503, "Later"), tokens(4)],
            ["showsOutage 2 3"]),
        Story("An outage that nobody sees", [tokens(1), failed(2), hello, tokens(3)]),
        Story("404 while the authority fails", [failed(1), page(2, 404, "no"), tokens(3)]),
        Story("500 when it is over", [failed(1), tokens(2), page(3, 500, "Oops")]),
        Story(
            "A page right after a failure is of the outage, refused or not", [failed(1), refused(2), page(3, 500, "Oops")],
            ["showsOutage 3"]),
    ]

    @Test("A story, and what is found", arguments: stories)
    func story(_ story: Story) {
        var machine = PageMachine(user: Rows.user)
        let actions = (story.inputs + [.ended]).flatMap { machine.on($0) }
        #expect(
            actions.map(\.brief)
                == story.found.map { found in
                    let words = found.split(separator: " ")
                    return "found \(words[0]) in \(words.dropFirst().joined(separator: " "))"
                })
    }

    @Test("A finding quotes what the page said, in a line")
    func quote() {
        var machine = PageMachine(user: Rows.user)
        let text = String(repeating: "word ", count: 60)
        let actions = [refused(1), page(2, 500, text), .ended].flatMap { machine.on($0) }
        guard case .found(let finding)? = actions.first else { return #expect(Bool(false), "nothing was found") }
        #expect(finding.says == "After the refusal it answered 500: \"\(text.prefix(120))…\".")
    }
}

@Suite("Versions of the judge's rules")
struct JudgeRulesTests {
    /// Four refusals of one refresh token in a row.
    private static let events =
        [Rows.event(1, .codeRedeemed)] + (2...5).map { Rows.event($0, .refreshRefused, code: .grantRevoked) }

    @Test("A version with other thresholds judges otherwise, and the one of before as before")
    func thresholds() {
        var thresholds = JudgeThreshold()
        thresholds.forgivenRetries = 5
        let later = JudgeRules(version: "later", thresholds: thresholds)
        #expect(Judge.reactions(in: Self.events).map(\.verdict) == [.bad])
        #expect(Judge.reactions(in: Self.events, by: JudgeRules.all[0]).map(\.verdict) == [.bad])
        #expect(Judge.reactions(in: Self.events, by: later).map(\.verdict) == [.good])
    }

    @Test("A version counts its own rules alone")
    func rules() {
        let earlier = JudgeRules(version: "earlier", rules: Set(ReactionRule.allCases).subtracting([.retriesDeadToken]))
        #expect(Judge.reactions(in: Self.events, by: earlier).map(\.verdict) == [.good])
    }

    @Test("A version is found by its name, and an unknown one is refused with those that there are")
    func names() throws {
        #expect(try JudgeRules(named: "2026-11", field: "rules") == .newest)
        #expect { try JudgeRules(named: "2025-01", field: "rules") } throws: { "\($0)" == "rules: must be one of: 2026-11" }
    }
}
