import Testing

@testable import LapseRules

/// A history that a rule must find, or must pass over although it comes close.
struct RuleRow: Sendable, CustomTestStringConvertible {
    let rule: ReactionRule
    let trips: Bool
    let says: String
    let events: [LoggedEvent]

    var testDescription: String { "\(rule.rawValue)\(trips ? "" : ", a near miss"): \(says)" }
}

/// One thing that happens in a history, so many milliseconds after its start. The events are numbered in their order.
private struct Happening {
    let kind: Event.Kind
    var after = 0
    var user: GUID? = Rows.user
    var grant: GUID? = Rows.grant
    var code: AADSTS?
    var presented: String?
    var client: ClientID? = Rows.client
    var notes = Event.Notes()

    func logged(_ id: Int64) -> LoggedEvent {
        var event = Event(tenant: Tenant.noID, at: Rows.start, kind: kind, user: user, client: client, grant: grant, code: code)
        (event.presented, event.notes) = (presented, notes)
        return LoggedEvent(id: id, event: event, writtenAt: Rows.start + .milliseconds(after))
    }

    func by(_ user: GUID?, _ grant: GUID? = Rows.secondGrant) -> Happening {
        var other = self
        (other.user, other.grant) = (user, grant)
        return other
    }
}

private func refused(_ after: Int = 0, _ code: AADSTS = .grantRevoked, grant: GUID? = Rows.grant, demand: Bool = false) -> Happening
{
    var happening = Happening(kind: .refreshRefused, after: after, grant: grant, code: code)
    happening.notes.demandsClaims = demand
    return happening
}

private func refreshed(_ after: Int = 0) -> Happening { Happening(kind: .tokenRefreshed, after: after) }
private func signedIn(_ after: Int = 0, grant: GUID? = Rows.grant) -> Happening {
    Happening(kind: .codeRedeemed, after: after, grant: grant)
}
private func asked(_ after: Int = 0, claims: Bool = false) -> Happening {
    var happening = Happening(kind: .signInRequested, after: after)
    happening.notes.answersChallenge = claims
    return happening
}
private func silent(_ after: Int = 0) -> Happening { Happening(kind: .silentSignInRefused, after: after, code: .noSession) }
private func challenged(_ after: Int = 0, _ token: String = "first") -> Happening {
    Happening(kind: .accessChallenged, after: after, presented: token)
}
private func outlived(_ after: Int = 0) -> Happening { Happening(kind: .accessOutlived, after: after) }
private func failed(_ after: Int = 0, _ status: Int? = 503, wait: Int? = nil, at endpoint: Fault.Endpoint = .token) -> Happening {
    var happening = Happening(kind: .faultHit, after: after)
    (happening.notes.endpoint, happening.notes.status) = (endpoint, status)
    if status == nil { happening.notes.responseFault = .dropped }
    happening.notes.retryAfter = wait.map { .seconds($0) }
    return happening
}
private func page(_ status: Int?, _ text: String?, _ after: Int = 0, client: ClientID? = Rows.client) -> Happening {
    var happening = Happening(kind: .pageShown, after: after, grant: nil)
    happening.client = client
    happening.notes.page = .init(url: "http://localhost:5000/me", status: status, text: text ?? "")
    return happening
}
private func each(_ count: Int, every gap: Int = 10, from start: Int = 0, _ happening: (Int) -> Happening) -> [Happening] {
    (0..<count).map { happening(start + $0 * gap) }
}

private func must(_ rule: ReactionRule, _ says: String, _ happenings: [Happening]) -> RuleRow {
    RuleRow(rule: rule, trips: true, says: says, events: happenings.enumerated().map { $1.logged(Int64($0) + 1) })
}
private func mustNot(_ rule: ReactionRule, _ says: String, _ happenings: [Happening]) -> RuleRow {
    RuleRow(rule: rule, trips: false, says: says, events: happenings.enumerated().map { $1.logged(Int64($0) + 1) })
}

@Suite("The judge: what each rule finds, and what it passes over")
struct JudgeRowsTests {
    // swift-format-ignore
    private static let presented = [
        must(.retriesDeadToken, "three more times without a pause", each(4) { refused($0) }),
        must(.retriesDeadToken, "an account that is disabled, too", each(6) { refused($0, .accountDisabled) }),
        must(.retriesDeadToken, "and then the user is asked", each(4) { refused($0) } + [asked(50), signedIn(60)]),
        mustNot(.retriesDeadToken, "once more, and the user is asked", [refused(), refused(10), asked(20), signedIn(30)]),
        mustNot(.retriesDeadToken, "twice more", each(3) { refused($0) }),
        mustNot(.retriesDeadToken, "a wrong secret says nothing of the token", each(5) { refused($0, .wrongSecret) }),
        must(.takesRefusalForOutage, "three more times with half a second between", each(4, every: 500) { refused($0) }),
        must(.takesRefusalForOutage, "with longer and longer pauses", [0, 300, 900, 2_100, 4_500].map { refused($0) }),
        must(.takesRefusalForOutage, "a policy's refusal", each(5, every: 1_000) { refused($0, .deviceNotManaged) }),
        mustNot(.takesRefusalForOutage, "most tries without a pause", [0, 10, 20, 30, 500].map { refused($0) }),
        mustNot(.takesRefusalForOutage, "two more after a pause", each(3, every: 1_000) { refused($0) }),
        mustNot(.takesRefusalForOutage, "an outage is worth another try", each(4, every: 1_000) { failed($0) } + [refreshed(4_000)]),
        must(.keepsItsSession, "three calls with the old access token", [refused()] + each(3, from: 10) { outlived($0) }),
        must(.keepsItsSession, "also when it refreshes once more in between", [refused(), outlived(10), refused(20), outlived(30), outlived(40)]),
        must(.keepsItsSession, "for as long as it runs", [signedIn(), refused(10)] + each(30, every: 1_000, from: 20) { outlived($0) }),
        mustNot(.keepsItsSession, "two calls", [refused(), outlived(10), outlived(20)]),
        mustNot(.keepsItsSession, "the calls before the refusal", each(5) { outlived($0) } + [refused(100)]),
        mustNot(.keepsItsSession, "the user is asked in the end", [refused()] + each(5, from: 10) { outlived($0) } + [asked(100)]),
    ]

    // swift-format-ignore
    private static let challenges = [
        must(.ignoresClaimsChallenge, "three more calls with the same token", each(4) { challenged($0) }),
        must(.ignoresClaimsChallenge, "and then a sign-in", each(4) { challenged($0) } + [asked(50, claims: true)]),
        must(.ignoresClaimsChallenge, "with a token that was refreshed without the claims", [challenged(), refreshed(10)] + each(3, from: 20) { challenged($0, "second") }),
        mustNot(.ignoresClaimsChallenge, "two more calls", each(3) { challenged($0) }),
        mustNot(.ignoresClaimsChallenge, "another token each time", (0..<5).map { challenged($0 * 10, "token \($0)") }),
        mustNot(.ignoresClaimsChallenge, "the sign-in with the claims", [challenged(), asked(10, claims: true), signedIn(20)]),
        must(.forgetsTheDemand, "a sign-in without the claims of the challenge", [challenged(), asked(10), signedIn(20)]),
        must(.forgetsTheDemand, "a sign-in without the claims of the refusal", [refused(0, .grantRevoked, demand: true), asked(10)]),
        must(.forgetsTheDemand, "a refusal of a policy", [refused(0, .mfaRequired, demand: true), asked(10), signedIn(20)]),
        mustNot(.forgetsTheDemand, "the claims come back", [challenged(), asked(10, claims: true), signedIn(20)]),
        mustNot(.forgetsTheDemand, "a refusal that demands nothing", [refused(), asked(10), signedIn(20)]),
        mustNot(.forgetsTheDemand, "nobody is asked yet", [challenged()]),
    ]

    // swift-format-ignore
    private static let signIns = [
        must(.loopsOnSilentSignIn, "four times in a row", each(4) { silent($0) }),
        must(.loopsOnSilentSignIn, "before the page", each(5) { silent($0) } + [asked(100)]),
        must(.loopsOnSilentSignIn, "after a refusal", [refused()] + each(4, from: 10) { silent($0) }),
        mustNot(.loopsOnSilentSignIn, "once, and then the page", [silent(), asked(10), signedIn(20)]),
        mustNot(.loopsOnSilentSignIn, "three times", each(3) { silent($0) }),
        mustNot(.loopsOnSilentSignIn, "a page each time", (0..<5).flatMap { [silent($0 * 20), asked($0 * 20 + 10)] }),
        must(.looping, "refused as a loop", [refused(0, .clientLoop)]),
        must(.looping, "among good answers", each(14) { refreshed($0) } + [refused(200, .clientLoop)]),
        must(.looping, "an application on its own", [Happening(kind: .clientTokenRefused, user: nil, grant: nil, code: .clientLoop)]),
        mustNot(.looping, "many good answers", each(30) { refreshed($0) }),
        mustNot(.looping, "another refusal", each(4) { refused($0) }),
        mustNot(.looping, "an outage", each(5, every: 1_000) { failed($0) }),
        must(.disturbsOthers, "the other one is sent to sign in at once", [signedIn().by(Rows.other), refused(10), asked(20).by(Rows.other)]),
        must(.disturbsOthers, "four seconds later", [signedIn().by(Rows.other), refused(10), asked(4_000).by(Rows.other)]),
        must(.disturbsOthers, "after a challenge", [signedIn().by(Rows.other), challenged(10), asked(20).by(Rows.other)]),
        mustNot(.disturbsOthers, "six seconds later", [signedIn().by(Rows.other), refused(10), asked(6_010).by(Rows.other)]),
        mustNot(.disturbsOthers, "the other one was refused, too", [signedIn().by(Rows.other), refused(10), refused(20).by(Rows.other), asked(30).by(Rows.other)]),
        mustNot(.disturbsOthers, "the other one has not been here before", [refused(10), asked(20).by(Rows.other)]),
        must(.hasNotAskedYet, "quiet since the refusal", [signedIn(), refused(10)]),
        must(.hasNotAskedYet, "a second try does not help", [refused(), refused(10)]),
        must(.hasNotAskedYet, "prompt=none asks nobody", [refused(), silent(10)]),
        mustNot(.hasNotAskedYet, "the user was asked", [refused(), asked(10)]),
        mustNot(.hasNotAskedYet, "an application on its own has nobody to ask", [Happening(kind: .clientTokenRefused, user: nil, grant: nil, code: .grantRevoked)]),
        mustNot(.hasNotAskedYet, "another fault says enough", each(4) { refused($0) }),
    ]

    // swift-format-ignore
    private static let outages = [
        must(.ignoresRetryAfter, "two seconds after it was told to wait for ten", [failed(0, 429, wait: 10), failed(2_000, 429, wait: 10)]),
        must(.ignoresRetryAfter, "three times at once", each(4) { failed($0, 429, wait: 10) }),
        must(.ignoresRetryAfter, "and is answered", [failed(0, 503, wait: 10), refreshed(1_500)]),
        mustNot(.ignoresRetryAfter, "a second before the time", [failed(0, 429, wait: 3), refreshed(2_000)]),
        mustNot(.ignoresRetryAfter, "two requests under way together, which a slow machine took late", [failed(0, 429, wait: 10), failed(900, 429, wait: 10), refreshed(11_000)]),
        mustNot(.ignoresRetryAfter, "no time was told", [failed(), failed(100), refreshed(500)]),
        must(.hammersThroughOutage, "five more times at once", each(6) { failed($0) }),
        must(.hammersThroughOutage, "within a second", each(6, every: 200) { failed($0) }),
        must(.hammersThroughOutage, "without an answer", each(8) { failed($0, nil) }),
        mustNot(.hammersThroughOutage, "four more times", each(5) { failed($0) }),
        mustNot(.hammersThroughOutage, "longer than a second", each(6, every: 300) { failed($0) }),
        mustNot(.hammersThroughOutage, "many times with pauses", each(20, every: 2_000) { failed($0) }),
        must(.losesLivingToken, "sent to sign in after an outage", [signedIn(), failed(10), asked(20)]),
        must(.losesLivingToken, "after a lost answer", [signedIn(), failed(10, nil), asked(20), signedIn(30, grant: Rows.secondGrant)]),
        must(.losesLivingToken, "half a minute later", [signedIn(), failed(10), asked(30_000)]),
        mustNot(.losesLivingToken, "two minutes later", [signedIn(), failed(10), asked(120_000)]),
        mustNot(.losesLivingToken, "the token comes back", [signedIn(), failed(10), asked(20), refreshed(30)]),
        mustNot(.losesLivingToken, "it was refused, too", [signedIn(), failed(10), refused(20), asked(30)]),
    ]

    private static let welcome = "Hello Adele, it is 12:00:01"

    // swift-format-ignore
    private static let pages = [
        must(.showsServerError, "500 after the refusal", [signedIn(), refused(10), page(500, "Internal Server Error", 20)]),
        must(.showsServerError, "500 at the callback", [signedIn(), refused(10), asked(20), Happening(kind: .codeRefused, after: 30, code: .grantRevoked), page(500, nil, 40)]),
        must(.showsServerError, "502 after a challenge", [signedIn(), challenged(10), page(502, "Bad Gateway", 20)]),
        must(.showsServerError, "500 after a refused prompt=none", [silent(), page(500, "Error", 10)]),
        must(.showsServerError, "never an answer again", [signedIn(), refused(10)] + each(3, every: 1_000, from: 20) { page(nil, "connection refused", $0) }),
        must(.showsServerError, "no answers until it was started again", [signedIn(), refused(10), page(200, "other", 15)] + each(3, every: 1_000, from: 20) { page(nil, nil, $0) } + [page(200, "Please sign in", 4_000)]),
        mustNot(.showsServerError, "503 while the authority is down", [signedIn(), failed(10), page(503, "Try again later", 20), refreshed(30)]),
        mustNot(.showsServerError, "the outage has just ended in a refusal", [signedIn(), failed(10), refused(1_000), page(503, "Try again later", 2_000)]),
        mustNot(.showsServerError, "500 before the refusal", [signedIn(), page(500, "Error", 5), refused(10), asked(20)]),
        mustNot(.showsServerError, "another user's page", [signedIn(), refused(10), page(500, "Error", 20).by(Rows.other, nil)]),
        mustNot(.showsServerError, "500 after the user is back", [signedIn(), refused(10), asked(20), signedIn(30), page(500, "Error", 40)]),
        mustNot(.showsServerError, "two pages that a slow machine lost", [signedIn(), refused(10), page(nil, nil, 20), page(nil, nil, 30), page(200, "Please sign in", 40)]),
        mustNot(.showsServerError, "the app was stopped", [signedIn(), refused(10), page(200, "Please sign in", 20)] + each(9, every: 1_000, from: 30) { page(nil, "connection refused", $0) }),
        mustNot(.showsServerError, "whoever saw it did not say of which app", [signedIn(), refused(10), page(500, "Error", 20, client: nil)]),
        must(.showsErrorPage, "401 in place of the sign-in", [signedIn(), refused(10), page(401, "Unauthorized", 20)]),
        must(.showsErrorPage, "400 with the app's own words", [signedIn(), refused(10), page(400, "Something went wrong", 20)]),
        must(.showsErrorPage, "refused again at the callback", [signedIn(), refused(10), asked(20), Happening(kind: .codeRefused, after: 30, code: .grantRevoked), page(401, "{\"error\": \"invalid_grant\"}", 40)]),
        mustNot(.showsErrorPage, "401 with the offer to sign in", [signedIn(), refused(10), page(401, "Your session is over. Sign in", 20)]),
        mustNot(.showsErrorPage, "the user was asked before", [signedIn(), refused(10), asked(20), page(403, "Forbidden", 30)]),
        mustNot(.showsErrorPage, "404 without a refusal", [signedIn(), page(404, "Not found", 10)]),
        must(.flattensRefusal, "a token endpoint's 500", [signedIn(), refused(10), page(500, #"{"error":"server_error"}"#, 20)]),
        must(.flattensRefusal, "after a challenge", [signedIn(), challenged(10), page(502, "{}", 20)]),
        must(.flattensRefusal, "a list of errors, 500 after the user was asked", [signedIn(), refused(10), asked(15), page(500, #"[{"code":1}]"#, 20)]),
        mustNot(.flattensRefusal, "invalid_grant passed on", [signedIn(), refused(10), page(400, #"{"error":"invalid_grant"}"#, 20)]),
        mustNot(.flattensRefusal, "503 while the authority is down", [signedIn(), failed(10), page(503, #"{"error":"temporarily_unavailable"}"#, 20), refreshed(30)]),
        mustNot(.flattensRefusal, "500 before the refusal", [signedIn(), page(500, "{}", 5), refused(10)]),
        mustNot(.flattensRefusal, "a person's page", [signedIn(), refused(10), page(500, "Internal Server Error", 20)]),
        must(.showsConnected, "twice connected", [signedIn(), refused(10)] + each(2, every: 100, from: 20) { page(200, #"{"connected":true}"#, $0) }),
        must(.showsConnected, "in other words", [signedIn(), refused(10), page(200, #"{"user":"a","isAuthenticated": true}"#, 20), page(200, #"{"status":"connected"}"#, 30)]),
        must(.showsConnected, "after a challenge", [signedIn(), challenged(10)] + each(3, every: 100, from: 20) { page(200, #"{"logged_in":true}"#, $0) }),
        mustNot(.showsConnected, "once", [signedIn(), refused(10), page(200, #"{"connected":true}"#, 20)]),
        mustNot(.showsConnected, "it says that it is not", [signedIn(), refused(10)] + each(3, every: 100, from: 20) { page(200, #"{"connected":false}"#, $0) }),
        mustNot(.showsConnected, "the user was asked", [signedIn(), refused(10), asked(15)] + each(3, every: 100, from: 20) { page(200, #"{"connected":true}"#, $0) }),
        mustNot(.showsConnected, "before the refusal", [signedIn()] + each(3, every: 100, from: 2) { page(200, #"{"connected":true}"#, $0) } + [refused(1_000)]),
        must(.showsStalePage, "twice the page from before", [signedIn(), page(200, welcome, 5), refused(10), page(200, welcome, 20), page(200, welcome, 30)]),
        must(.showsStalePage, "a clock ticks on it", [signedIn(), page(200, welcome, 5), refused(10), page(200, "Hello Adele, it is 12:00:02", 20), page(200, "Hello Adele, it is 9:00:03", 30)]),
        must(.showsStalePage, "two pages in turn", [signedIn(), page(200, welcome, 5), page(200, "Inbox: 12 new", 6), refused(10), page(200, "Inbox: 13 new", 20), page(200, welcome, 30)]),
        mustNot(.showsStalePage, "once: it was under way", [signedIn(), page(200, welcome, 5), refused(10), page(200, welcome, 20), asked(30)]),
        mustNot(.showsStalePage, "the page that asks to sign in", [signedIn(), page(200, welcome, 5), refused(10), page(200, "Please sign in", 20), page(200, "Please sign in", 30)]),
        mustNot(.showsStalePage, "the user was asked first", [signedIn(), page(200, welcome, 5), refused(10), asked(15), page(200, welcome, 20), page(200, welcome, 30)]),
        mustNot(.showsStalePage, "a page that anybody sees", [page(200, welcome, 1), signedIn(2), page(200, welcome, 5), refused(10), page(200, welcome, 20), page(200, welcome, 30)]),
        mustNot(.showsStalePage, "a page that says nothing", [signedIn(), page(200, nil, 5), refused(10), page(200, nil, 20), page(200, nil, 30)]),
        must(.showsOutage, "503 while the authority is down", [signedIn(), failed(10), page(503, "Service Unavailable", 20)]),
        must(.showsOutage, "500 when an answer was lost", [signedIn(), failed(10, nil), page(500, "Internal Server Error", 20), refreshed(30)]),
        must(.showsOutage, "right after Graph failed", [signedIn(), failed(10, at: .graph), page(500, "Error", 3_000)]),
        mustNot(.showsOutage, "a page in the app's own words", [signedIn(), failed(10), page(200, "The service does not answer", 20)]),
        mustNot(.showsOutage, "500 in good times", [signedIn(), page(500, "Error", 20)]),
        mustNot(.showsOutage, "a minute after Graph failed", [signedIn(), failed(10, at: .graph), page(500, "Error", 60_000)]),
    ]

    static let rows = presented + challenges + signIns + outages + pages

    @Test("A rule finds what it is about, and nothing that only comes close", arguments: rows)
    func row(_ row: RuleRow) {
        let found = Judge.reactions(in: row.events).flatMap(\.findings)
        #expect(found.contains { $0.rule == row.rule } == row.trips, "\(found.map(\.rule.rawValue))")
        // A finding that nothing shows helps nobody.
        #expect(found.allSatisfy { !$0.events.isEmpty && Set($0.events).isSubset(of: row.events.map(\.id)) && !$0.says.isEmpty })
    }

    @Test(
        "Each rule has three histories that it must find, and three that it must not",
        arguments: ReactionRule.allCases.filter { $0.severity != .good })
    func enough(rule: ReactionRule) {
        let mine = Self.rows.filter { $0.rule == rule }
        #expect(mine.count { $0.trips } >= 3 && mine.count { !$0.trips } >= 3)
    }
}
