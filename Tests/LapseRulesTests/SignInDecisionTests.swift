import Testing

@testable import LapseRules

/// A session of a browser: signed in an hour ago, unless a row says other.
private struct SessionSample: Sendable {
    var id = World.session
    var account = Account()
    var tenant = World.contoso
    var signedInAt = World.signedInAt
    var method = SignInMethod.password
    var expiresAt = World.now + .seconds(60)
    var endedAt: Timestamp?

    var candidate: SignInDecision.Candidate {
        let authentication = Authentication(
            user: account.user.home, place: Place(at: signedInAt, sequence: World.signInSequence), method: method)
        return SignInDecision.Candidate(
            session: BrowserSession(
                id: id, browser: SecretHash(of: "browser"), authentication: authentication, isPersistent: false,
                lastUsedAt: signedInAt, expiresAt: expiresAt, endedAt: endedAt),
            account: account.facts, tenant: tenant)
    }

    static let adele = SessionSample(id: Sessions.adele)
    static let alex = SessionSample(id: Sessions.alex, account: Account(World.alex))
}

private enum Sessions {
    static let adele = GUID("dddddddd-0004-4000-8000-000000000001")!
    static let alex = GUID("dddddddd-0004-4000-8000-000000000002")!
    /// Nobody's.
    static let other = GUID("dddddddd-0004-4000-8000-000000000003")!
}

/// What a request asks for at authorize.
private func request(
    _ members: [String: String] = [:], app: AppRegistration = World.native
) throws(EntraError) -> AuthorizeRequest {
    let parameters = World.form(["response_type": "code", "scope": "openid User.Read"].merging(members) { $1 })
    let target = AuthorizeRequest.Target(redirectURI: "http://localhost", platform: .web, responseMode: .query, state: nil)
    var around = Surroundings()
    around.app = app
    return try AuthorizeRequest(parameters, app: app, target: target, scopes: around.context.scopes)
}

@Suite("A session at authorize")
struct SessionAtAuthorizeTests {
    /// One session, and what a request asks of it.
    struct Facts: Sendable {
        fileprivate var session = SessionSample.adele
        var members: [String: String] = [:]
        var app = World.native
        var hasRequest = true

        func verdict() throws -> Verdict {
            let candidate = session.candidate
            return Verdict(
                candidate.refusal(in: World.east, for: hasRequest ? try request(members, app: app) : nil),
                attempts: candidate.attempts(in: World.east))
        }
    }

    typealias Case = Row<Facts, Verdict>

    private static let none = Verdict.refused(.noSession, "login_required")

    /// What speaks against the session, in the order in which it is looked at.
    static let defects: [Case] = [
        Case("account disabled", .refused(.accountDisabled, "invalid_grant")) { $0.session.account.become(.disable) },
        Case("revoked", .refused(.noSession, "login_required", by: World.revocation)) { $0.session.account.revoke() },
        Case(
            "revoked where a resource has learned of it",
            .refused(.noSession, "login_required", by: World.session)
        ) {
            $0.session.account.revoke(.only(on: .cae), id: World.session)
            $0.members["claims"] = World.challengeAnswer
        },
        Case("signed out", none) { $0.session.endedAt = World.now },
    ]

    static let others: [Case] = [
        Case("all is well", .accepted) { _ in },
        Case("all is well, and no app asks", .accepted) { $0.hasRequest = false },
        Case("account deleted", .refused(.userNotFound, "invalid_grant")) { $0.session.account.become(.delete) },
        Case("revoked, in effect for sessions alone", .refused(.noSession, "login_required", by: World.revocation)) {
            $0.session.account.revoke(.only(on: .session))
        },
        Case("revoked, in effect on the other planes alone", .accepted) {
            for plane in [Plane.refresh, .cae, .directory] { $0.session.account.revoke(.only(on: plane)) }
        },
        Case("revoked, in effect in the other region", .accepted) { $0.session.account.revoke(.only(in: World.west)) },
        Case("a new password", .refused(.noSession, "login_required", by: World.revocation)) {
            $0.session.account.revoke(cause: .passwordChange)
        },
        Case("a new password, and a sign-in without one", .accepted) {
            $0.session.account.revoke(cause: .passwordChange)
            $0.session.method = .nonPassword
        },
        Case("a resource has learned of a revoke, and no app asks", .accepted) {
            $0.session.account.revoke(.only(on: .cae))
            $0.members["claims"] = World.challengeAnswer
            $0.hasRequest = false
        },
        Case("a revoke that still lets it pass, and counts", .accepted(counting: .ofRevocation(on: .session))) {
            $0.session.account.revoke(.after(1, on: .session))
        },
        Case("at its end, to the tick", none) { $0.session.expiresAt = World.now },
        Case("at the last tick", .accepted) { $0.session.expiresAt = World.now + Timestamp.tick },
        Case("its end is on the home clock", none) {
            $0.session.account.homeNow = $0.session.expiresAt
        },
        Case("older than the request wants", none) { $0.members["max_age"] = "3599" },
        Case("as old as the request wants", .accepted) { $0.members["max_age"] = "3600" },
        Case("just signed in, for a request that wants it", .accepted) {
            $0.members["max_age"] = "0"
            $0.session.signedInAt = World.now
        },
        Case("older than the tenant lets it be", none) {
            $0.session.tenant.policies.lifetimes.signInFrequency = .seconds(3600)
        },
        Case("older than the tenant lets it be, and no app asks", none) {
            $0.session.tenant.policies.lifetimes.signInFrequency = .seconds(3600)
            $0.hasRequest = false
        },
        Case("one tick younger than the tenant lets it be", .accepted) {
            $0.session.tenant.policies.lifetimes.signInFrequency = .seconds(3600) + Timestamp.tick
        },
        Case("older than the app lets it be", none) { $0.app.lifetimes.signInFrequency = .seconds(60) },
        Case("older than the app lets it be, and no app asks", .accepted) {
            $0.app.lifetimes.signInFrequency = .seconds(60)
            $0.hasRequest = false
        },
        Case("signed out in the past, at its end and too old", none) {
            ($0.session.endedAt, $0.session.expiresAt) = (World.signedInAt, World.signedInAt)
            $0.members["max_age"] = "1"
        },
    ]

    @Test("Whether a session may be used, and what that uses up", arguments: defects + others)
    func refusal(row: Case) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(try facts.verdict() == row.expected)
    }

    @Test("Of two things that are wrong the first is said", arguments: World.pairs(defects))
    func order(first: Case, second: Case) throws {
        var facts = Facts()
        first.change(&facts)
        second.change(&facts)
        #expect(try facts.verdict() == first.expected)
    }

    @Test(
        "Whether the request means this session's user",
        arguments: [
            Row("whoever", true) { _ in },
            Row("its id", true) { $0.members["sid"] = Sessions.adele.description },
            Row("another's id", false) { $0.members["sid"] = Sessions.alex.description },
            Row("an id that is none means nobody", true) { $0.members["sid"] = "x" },
            Row("the user's name, in any case", true) { $0.members["login_hint"] = "ADELE@contoso.example" },
            Row("another name", false) { $0.members["login_hint"] = "alex@contoso.example" },
            Row("the user's mail, in any case", true) {
                $0.session.account.user.mail = "Adele.Vance@mail.example"
                $0.members["login_hint"] = "adele.vance@MAIL.example"
            },
            Row("a name, where the user has no mail", false) {
                $0.session.account.user.mail = nil
                $0.members["login_hint"] = "adele.vance@mail.example"
            },
            Row("the user's domain, in any case", true) { $0.members["domain_hint"] = "Contoso.example" },
            Row("another domain", false) { $0.members["domain_hint"] = "fabrikam.example" },
            Row("any work account", true) { $0.members["domain_hint"] = "organizations" },
            Row("any personal account", false) { $0.members["domain_hint"] = "consumers" },
            Row("a guest's domain is at home", true) {
                $0.session.account = Account(World.guest, home: World.fabrikam)
                $0.members["domain_hint"] = "fabrikam.example"
            },
            Row("its id and another name", false) {
                $0.members = ["sid": Sessions.adele.description, "login_hint": "alex@contoso.example"]
            },
            Row("another's id and its name", false) {
                $0.members = ["sid": Sessions.alex.description, "login_hint": "adele@contoso.example"]
            },
            Row("its name and another domain", false) {
                $0.members = ["login_hint": "adele@contoso.example", "domain_hint": "fabrikam.example"]
            },
        ] as [Row<Facts, Bool>])
    func matching(row: Row<Facts, Bool>) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(facts.session.candidate.matches(try request(facts.members)) == row.expected)
    }
}

@Suite("What a browser sees at authorize")
struct SignInDecisionTests {
    /// What a browser sees, and what it was told.
    enum Seen: Equatable, Sendable {
        case signIn(String?, AADSTS? = nil)
        case pick([GUID])
        case consent(GUID)
        case issue(GUID)
        case refuse(Verdict)

        init(_ decision: SignInDecision) {
            self =
                switch decision {
                case .signIn(let name, let error): .signIn(name, error?.code)
                case .pick(let candidates): .pick(candidates.map(\.session.id))
                case .consent(let candidate): .consent(candidate.session.id)
                case .issue(let candidate): .issue(candidate.session.id)
                case .refuse(let refusal): .refuse(Verdict(refusal, attempts: []))
                }
        }
    }

    struct Facts: Sendable {
        var prompt: AuthorizeRequest.Prompt?
        var members: [String: String] = [:]
        var step = SignInDecision.Step.arrived
        fileprivate var sessions: [SessionSample] = []

        fileprivate func request() throws -> AuthorizeRequest {
            var members = members
            members["prompt"] = prompt?.rawValue
            return try LapseRulesTests.request(members)
        }

        func decide() throws -> SignInDecision {
            let request = try request()
            let judged = SignInDecision.judge(sessions.map(\.candidate), for: request, in: World.east)
            return SignInDecision.decide(request, step: step, sessions: judged)
        }
    }

    /// The sessions that a browser holds.
    enum Browser: String, CaseIterable, Sendable {
        case empty, oneSession, twoSessions, oneRevoked, twoRevoked, oneOfTwoRevoked

        fileprivate var sessions: [SessionSample] {
            var (adele, alex) = (SessionSample.adele, SessionSample.alex)
            if self == .oneRevoked || self == .twoRevoked || self == .oneOfTwoRevoked { adele.account.revoke() }
            if self == .twoRevoked { alex.account.revoke(id: World.grant) }
            return switch self {
            case .empty: []
            case .oneSession, .oneRevoked: [adele]
            case .twoSessions, .twoRevoked, .oneOfTwoRevoked: [adele, alex]
            }
        }
    }

    private static let (adele, alex) = (Sessions.adele, Sessions.alex)
    private static let (adeleName, alexName) = ("adele@contoso.example", "alex@contoso.example")
    private static let noSession = Verdict.refused(.noSession, "login_required")
    private static let revoked = Verdict.refused(.noSession, "login_required", by: World.revocation)

    /// Each prompt, by what the browser holds, in the order of ``Browser``.
    static let arrivals: [(AuthorizeRequest.Prompt?, [Seen])] = [
        (
            nil,
            [
                .signIn(nil), .issue(adele), .pick([adele, alex]), .signIn(adeleName), .signIn(adeleName), .issue(alex),
            ]
        ),
        (
            .silent,
            [
                .refuse(noSession), .issue(adele), .refuse(.refused(.severalSessions, "interaction_required")),
                .refuse(revoked), .refuse(revoked), .issue(alex),
            ]
        ),
        (.login, [.signIn(nil), .signIn(nil), .signIn(nil), .signIn(nil), .signIn(nil), .signIn(nil)]),
        (
            .consent,
            [
                .signIn(nil), .consent(adele), .pick([adele, alex]), .signIn(adeleName), .signIn(adeleName), .consent(alex),
            ]
        ),
        (
            .selectAccount,
            [.signIn(nil), .pick([adele]), .pick([adele, alex]), .signIn(nil), .signIn(nil), .pick([alex])]
        ),
    ]

    @Test("Who comes from the app, by prompt and by what the browser holds", arguments: arrivals)
    func arrived(prompt: AuthorizeRequest.Prompt?, expected: [Seen]) throws {
        try #require(expected.count == Browser.allCases.count)
        for (browser, seen) in zip(Browser.allCases, expected) {
            let decision = try Facts(prompt: prompt, sessions: browser.sessions).decide()
            #expect(Seen(decision) == seen, "\(browser)")
        }
    }

    /// A step for Adele's session, by what the browser holds: what is seen with any prompt but consent, and with that.
    static let steps: [(String, SignInDecision.Step, [Seen], withConsent: [Seen])] = [
        (
            "picked", .picked(adele),
            [.signIn(nil), .issue(adele), .issue(adele), .signIn(adeleName), .signIn(adeleName), .signIn(adeleName)],
            [.signIn(nil), .consent(adele), .consent(adele), .signIn(adeleName), .signIn(adeleName), .signIn(adeleName)]
        ),
        (
            "signed in", .signedIn(adele),
            [.signIn(nil), .issue(adele), .issue(adele), .signIn(adeleName), .signIn(adeleName), .signIn(adeleName)],
            [.signIn(nil), .consent(adele), .consent(adele), .signIn(adeleName), .signIn(adeleName), .signIn(adeleName)]
        ),
        (
            "consented", .consented(adele),
            [.signIn(nil), .issue(adele), .issue(adele), .signIn(adeleName), .signIn(adeleName), .signIn(adeleName)],
            [.signIn(nil), .issue(adele), .issue(adele), .signIn(adeleName), .signIn(adeleName), .signIn(adeleName)]
        ),
        (
            "picked somebody who is not there", .picked(Sessions.other), Array(repeating: .signIn(nil), count: 6),
            Array(repeating: .signIn(nil), count: 6)
        ),
        (
            "consented as somebody who is not there", .consented(Sessions.other), Array(repeating: .signIn(nil), count: 6),
            Array(repeating: .signIn(nil), count: 6)
        ),
        (
            "declined", .declined, Array(repeating: .refuse(.refused(.declined, "access_denied")), count: 6),
            Array(repeating: .refuse(.refused(.declined, "access_denied")), count: 6)
        ),
    ]

    @Test("What a person did on a page, by prompt and by what the browser holds", arguments: steps)
    func step(name: String, step: SignInDecision.Step, expected: [Seen], withConsent: [Seen]) throws {
        for prompt in [nil] + AuthorizeRequest.Prompt.allCases {
            for (index, browser) in Browser.allCases.enumerated() {
                let decision = try Facts(prompt: prompt, step: step, sessions: browser.sessions).decide()
                #expect(Seen(decision) == (prompt == .consent ? withConsent : expected)[index], "\(browser) \(prompt as Any)")
            }
        }
    }

    typealias Case = Row<Facts, Seen>

    static let rows: [Case] = [
        Case("a name with nobody's session is filled in", .signIn("x@y")) { $0.members["login_hint"] = "x@y" },
        Case("a name at prompt=login is filled in", .signIn("x@y")) { ($0.prompt, $0.members["login_hint"]) = (.login, "x@y") },
        Case("a name at prompt=select_account is filled in where there is nobody to pick", .signIn("x@y")) {
            ($0.prompt, $0.members["login_hint"], $0.sessions) = (.selectAccount, "x@y", [])
        },
        Case("a picker shows who the name does not mean, too", .pick([adele, alex])) {
            ($0.prompt, $0.members["login_hint"]) = (.selectAccount, alexName)
        },
        Case("a name chooses between two", .issue(alex)) { $0.members["login_hint"] = alexName },
        Case("a name chooses between two at prompt=consent", .consent(alex)) {
            ($0.prompt, $0.members["login_hint"]) = (.consent, alexName)
        },
        Case("a name chooses between two silently", .issue(alex)) {
            ($0.prompt, $0.members["login_hint"]) = (.silent, alexName)
        },
        Case("a session's id chooses between two", .issue(alex)) { $0.members["sid"] = alex.description },
        Case("silently, a name that is not there", .refuse(noSession)) {
            ($0.prompt, $0.members["login_hint"]) = (.silent, "x@y")
        },
        Case("silently, the revocation of a session that is not meant is not named", .refuse(noSession)) {
            ($0.prompt, $0.members["login_hint"]) = (.silent, "x@y")
            $0.sessions[0].account.revoke()
            $0.sessions[1].account.revoke()
        },
        Case(
            "silently, the revocation of the session that is meant is named",
            .refuse(.refused(.noSession, "login_required", by: World.grant))
        ) {
            ($0.prompt, $0.members["login_hint"]) = (.silent, alexName)
            $0.sessions[0].account.revoke()
            $0.sessions[1].account.revoke(id: World.grant)
        },
        Case("silently, an account that is disabled", .refuse(noSession)) {
            ($0.prompt, $0.sessions) = (.silent, [.adele])
            $0.sessions[0].account.become(.disable)
        },
        Case("the name of a session that cannot be used is filled in, unless another is asked for", .signIn("x@y")) {
            $0.members["login_hint"] = "x@y"
            $0.sessions = [.adele]
            $0.sessions[0].account.revoke()
        },
        Case("an account that cannot be used is not in the picker", .issue(alex)) {
            $0.sessions[0].account.become(.disable)
        },
        Case("a picked account need not be the one that was meant", .issue(adele)) {
            ($0.members["login_hint"], $0.step) = (alexName, .picked(adele))
        },
    ]

    @Test("Names, and sessions that cannot be used", arguments: rows)
    func names(row: Case) throws {
        var facts = Facts(sessions: [.adele, .alex])
        row.change(&facts)
        #expect(Seen(try facts.decide()) == row.expected)
    }

    private static let mfa = Challenge(code: .mfaRequired, on: [.authorize])

    static let policies: [Case] = [
        Case("a policy speaks against the sign-in: its name and why", .signIn(adeleName, .mfaRequired)) {
            $0.sessions[0].account.user.challenges = [mfa]
        },
        Case("the same of who just signed in", .signIn(adeleName, .mfaRequired)) {
            $0.sessions[0].account.user.challenges = [mfa]
            $0.step = .signedIn(adele)
        },
        Case("the same behind consent", .signIn(adeleName, .mfaRequired)) {
            $0.sessions[0].account.user.challenges = [mfa]
            $0.step = .consented(adele)
        },
        Case("the same of an app that asks for consent", .signIn(adeleName, .mfaRequired)) {
            $0.sessions[0].account.user.challenges = [mfa]
            $0.prompt = .consent
        },
        Case("silently the app hears it", .refuse(.refused(.mfaRequired, "interaction_required"))) {
            $0.sessions[0].account.user.challenges = [mfa]
            $0.prompt = .silent
        },
        Case("signed in, and the account is disabled for sessions", .signIn(adeleName, .accountDisabled)) {
            $0.sessions[0].account.become(.disable)
            $0.step = .signedIn(adele)
        },
        Case("picked, and the account is disabled", .signIn(adeleName, .accountDisabled)) {
            $0.sessions[0].account.become(.disable)
            $0.step = .picked(adele)
        },
        Case("behind consent, and the account is deleted", .signIn(adeleName, .userNotFound)) {
            $0.sessions[0].account.become(.delete)
            $0.step = .consented(adele)
        },
        Case(
            "signed in with a challenge's claims, and a resource knows the account to be disabled",
            .signIn(adeleName, .accountDisabled)
        ) {
            $0.sessions[0].account.become(.disable, .only(on: .cae))
            $0.members["claims"] = World.challengeAnswer
            $0.step = .signedIn(adele)
        },
        Case("picked, and revoked: the page asks again and says nothing", .signIn(adeleName)) {
            $0.sessions[0].account.revoke()
            $0.step = .picked(adele)
        },
        Case("arrived, and the account is disabled: nothing was tried yet", .signIn(adeleName)) {
            $0.sessions[0].account.become(.disable)
        },
        Case("a policy for refreshes says nothing", .issue(adele)) {
            $0.sessions[0].account.user.challenges = [Challenge(code: .mfaRequired, on: [.refresh])]
        },
        Case("consent withdrawn: the consent page", .consent(adele)) {
            $0.sessions[0].account.user.withdrawnConsents = [World.native.id]
        },
        Case("consent withdrawn, and given on the page", .issue(adele)) {
            $0.sessions[0].account.user.withdrawnConsents = [World.native.id]
            $0.step = .consented(adele)
        },
        Case("consent withdrawn, silently", .refuse(.refused(.notConsented, "interaction_required"))) {
            $0.sessions[0].account.user.withdrawnConsents = [World.native.id]
            $0.prompt = .silent
        },
        Case("consent withdrawn from another app", .issue(adele)) {
            $0.sessions[0].account.user.withdrawnConsents = [World.web.id]
        },
        Case("a policy and consent withdrawn: the policy first", .signIn(adeleName, .mfaRequired)) {
            $0.sessions[0].account.user.challenges = [mfa]
            $0.sessions[0].account.user.withdrawnConsents = [World.native.id]
        },
        Case(
            "a policy and consent withdrawn, silently: the policy first",
            .refuse(.refused(.mfaRequired, "interaction_required"))
        ) {
            $0.sessions[0].account.user.challenges = [mfa]
            $0.sessions[0].account.user.withdrawnConsents = [World.native.id]
            $0.prompt = .silent
        },
    ]

    @Test("Policies and consent, once it is clear who signs in", arguments: policies)
    func finish(row: Case) throws {
        var facts = Facts(sessions: [.adele])
        row.change(&facts)
        #expect(Seen(try facts.decide()) == row.expected)
    }

    @Test("The policy names the resource that is asked for")
    func resource() throws {
        var facts = Facts(members: ["scope": "api://lapse-lab/access_as_user"], sessions: [.adele])
        facts.sessions[0].account.user.challenges = [Self.mfa]
        guard case .signIn(_, let error) = try facts.decide() else { return #expect(Bool(false)) }
        #expect(error?.text.hasSuffix("to access '\(World.api.id)'.") == true)
    }

    @Test("Pages ask the person, codes and refusals do not")
    func asking() throws {
        let candidate = SessionSample.adele.candidate
        for decision in [SignInDecision.signIn(name: nil), .pick([candidate]), .consent(candidate)] {
            #expect(decision.asksThePerson)
        }
        #expect(!SignInDecision.issue(candidate).asksThePerson)
        #expect(!SignInDecision.refuse(Refusal(error: AADSTS.declined.error())).asksThePerson)
    }

    @Test(
        "The sessions that a step looks at",
        arguments: [
            Row("arrived", [adele, alex]) { _ in }, Row("arrived, a name", [alex]) { $0.members["login_hint"] = alexName },
            Row("prompt=none, a name", [alex]) { ($0.prompt, $0.members["login_hint"]) = (.silent, alexName) },
            Row("prompt=consent, a name", [alex]) { ($0.prompt, $0.members["login_hint"]) = (.consent, alexName) },
            Row("prompt=login", []) { $0.prompt = .login },
            Row("prompt=select_account, a name", [adele, alex]) {
                ($0.prompt, $0.members["login_hint"]) = (.selectAccount, alexName)
            },
            Row("picked", [alex]) { $0.step = .picked(alex) }, Row("signed in", [alex]) { $0.step = .signedIn(alex) },
            Row("consented", [alex]) { $0.step = .consented(alex) },
            Row("picked at prompt=login", [alex]) { ($0.prompt, $0.step) = (.login, .picked(alex)) },
            Row("declined", []) { $0.step = .declined },
        ] as [Row<Facts, [GUID]>])
    func judged(row: Row<Facts, [GUID]>) throws {
        var facts = Facts(sessions: [.adele, .alex])
        row.change(&facts)
        let request = try facts.request()
        let judged = SignInDecision.judge(facts.sessions.map(\.candidate), for: request, in: World.east)
        let looked = SignInDecision.looked(at: judged, by: facts.step, of: request)
        #expect(looked.map(\.candidate.session.id) == row.expected)
    }
}
