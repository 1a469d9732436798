import Testing

@testable import LapseRules

private let start = Timestamp("2026-03-01T12:00:00.25Z")!
private let lab = BuiltInLab.seed[0]
private let (adele, guest, native) = (lab.users[0], lab.users[3], lab.apps[0])

/// The object that the guest had before it was removed and invited again.
private let removedGuest = guest.moved(
    to: guest.tenant, id: GUID("aaaaaaaa-0001-4000-8000-0000000000ff")!, userPrincipalName: guest.userPrincipalName,
    mail: guest.mail)
private let registeredAgain: AppRegistration = {
    var app = native
    app.registration = 7
    return app
}()

private func at(_ seconds: Int64) -> Timestamp { start + .seconds(seconds) }
private func id(_ number: Int64) -> GUID { RandomSource.seeded(UInt64(bitPattern: number)).guid() }

private func arriving(_ moment: Propagation.Moment, on planes: [Plane] = Plane.allCases) -> Propagation {
    Propagation(planes.map { .init(plane: $0, region: .local, moment: moment) })
}

private func revocation(at seconds: Int64, _ moment: Propagation.Moment? = nil, cause: Revocation.Cause = .adminRevoke)
    -> Revocation
{
    Revocation(
        id: id(seconds), user: adele.home, place: Place(at: at(seconds), sequence: seconds), cause: cause, actor: nil,
        propagation: arriving(moment ?? .at(at(seconds))))
}

private func change(_ kind: StateChange.Kind, at seconds: Int64, _ moment: Propagation.Moment? = nil) -> StateChange {
    StateChange(
        id: id(seconds), user: adele.home, kind: kind, place: Place(at: at(seconds), sequence: seconds),
        propagation: arriving(moment ?? .at(at(seconds))))
}

private func grant(of user: User = adele, _ clientClass: ClientClass = .public) -> Grant {
    Grant(
        id: id(-1), tenant: adele.tenant, user: user.id, client: native.id, clientClass: clientClass, scope: "",
        authentication: Authentication(user: user.home, place: Place(at: start, sequence: 0), method: .password), session: nil,
        createdAt: start, registration: 0)
}

private func refreshToken(endsAt seconds: Int64 = 1000, _ clientClass: ClientClass = .public, of user: User = adele)
    -> Explanation.Subject
{
    let token = RefreshToken(hash: SecretHash(of: "x"), grant: id(-1), issuedAt: start, expiresAt: at(seconds))
    return .refreshToken(token, grant(of: user, clientClass))
}

private func session(endsAt seconds: Int64 = 1000, endedAt: Int64? = nil) -> Explanation.Subject {
    .session(
        BrowserSession(
            id: id(-2), browser: SecretHash(of: "b"), authentication: grant().authentication, isPersistent: false,
            lastUsedAt: start,
            expiresAt: at(seconds), endedAt: endedAt.map(at)))
}

private func accessToken(endsAt seconds: Int64 = 1000, isEvaluated: Bool) -> Explanation.Subject {
    .accessToken(end: at(seconds), grant(), isEvaluated: isEvaluated)
}

private func explanation(
    of subject: Explanation.Subject, _ revocations: [Revocation] = [], _ changes: [StateChange] = [], user: User = adele,
    attempts: AttemptCounts = [:], tieRule: Policies.TieRule = .precise, isKnown: Bool = true, client: AppRegistration? = native,
    ahead: Int64 = 0,
    policy: Explanation.Policy = .none
) -> Explanation {
    var home = lab.tenant
    home.policies.tieRule = tieRule
    let account = AccountFacts(
        user: user, history: AccountHistory(revocations: revocations, stateChanges: changes), attempts: attempts, home: home,
        homeNow: at(500))
    return Explanation(
        of: subject, account: account, isKnownInTenant: isKnown, client: client, tenantNow: at(500 + ahead), policy: policy)
}

extension Explanation {
    fileprivate func verdict(_ plane: Plane, at seconds: Int64) -> Verdict {
        verdicts(at: LapseRulesTests.at(seconds), regions: [.local]).first { $0.plane == plane }!
    }

    fileprivate func verdict(_ plane: Plane, atInstant instant: Timestamp) -> Verdict {
        verdicts(at: instant, regions: [.local]).first { $0.plane == plane }!
    }
}

@Suite("Explaining sessions, access tokens, guests and policies")
struct ExplanationSubjectsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let what: String
        let explanation: Explanation
        let plane: Plane
        let at: Int64
        let rule: Explanation.Rule
        var code: AADSTS?
        var changesAt: Int64?
        var attemptsLeft: Int?

        var testDescription: String { what }
    }

    static let sessions = [
        Row(what: "lives", explanation: explanation(of: session()), plane: .session, at: 1, rule: .notRevoked, changesAt: 1000),
        Row(
            what: "one tick of its end", explanation: explanation(of: session()), plane: .session, at: 1000, rule: .expired,
            code: .noSession),
        Row(
            what: "signed out", explanation: explanation(of: session(endedAt: 7)), plane: .session, at: 8, rule: .signedOut,
            code: .noSession),
        Row(
            what: "a browser hears the same whatever the reason",
            explanation: explanation(of: session(), [], [change(.disable, at: 10)]), plane: .session, at: 10,
            rule: .accountDisabled,
            code: .noSession),
        Row(
            what: "revoked", explanation: explanation(of: session(), [revocation(at: 10, cause: .singleSignOut)]), plane: .session,
            at: 10, rule: .revoked, code: .noSession),
        Row(
            what: "its end counts at its own endpoint alone", explanation: explanation(of: session()), plane: .refresh, at: 2000,
            rule: .notRevoked),
    ]

    static let accessTokens = [
        Row(
            what: "passes until it ends", explanation: explanation(of: accessToken(isEvaluated: false), [revocation(at: 10)]),
            plane: .cae, at: 20, rule: .untilExpiry, changesAt: 1000),
        Row(
            what: "ended", explanation: explanation(of: accessToken(isEvaluated: false)), plane: .cae, at: 1000, rule: .expired),
        Row(
            what: "evaluated and ended", explanation: explanation(of: accessToken(isEvaluated: true), [revocation(at: 10)]),
            plane: .cae, at: 1000, rule: .expired),
        Row(
            what: "evaluated", explanation: explanation(of: accessToken(isEvaluated: true), [revocation(at: 10)]), plane: .cae,
            at: 9,
            rule: .notYetInEffect, changesAt: 10),
        Row(
            what: "evaluated and revoked", explanation: explanation(of: accessToken(isEvaluated: true), [revocation(at: 10)]),
            plane: .cae, at: 10, rule: .revoked, code: .grantRevoked, changesAt: 1000),
        Row(
            what: "as an assertion it is judged like its grant",
            explanation: explanation(of: accessToken(isEvaluated: false), [revocation(at: 10)]), plane: .refresh, at: 10,
            rule: .revoked, code: .grantRevoked),
        Row(
            what: "as an assertion it ends", explanation: explanation(of: accessToken(isEvaluated: true)), plane: .refresh,
            at: 1000,
            rule: .expired, code: .assertionExpired),
    ]

    static let refreshTokens = [
        Row(
            what: "a single-page app's end", explanation: explanation(of: refreshToken(.spa)), plane: .refresh, at: 1000,
            rule: .expired, code: .refreshTokenOfSPAExpired),
        Row(
            what: "a confidential client's end", explanation: explanation(of: refreshToken(.confidential)), plane: .refresh,
            at: 1000,
            rule: .expired, code: .refreshTokenInactive),
        Row(
            what: "revoked before it ended", explanation: explanation(of: refreshToken(), [revocation(at: 10)]), plane: .refresh,
            at: 1000, rule: .revoked, code: .grantRevoked),
        Row(
            what: "deleted", explanation: explanation(of: refreshToken(), [revocation(at: 10)], [change(.delete, at: 20)]),
            plane: .refresh, at: 20, rule: .accountDeleted, code: .userDeleted),
        Row(
            what: "deleted next", explanation: explanation(of: refreshToken(), [revocation(at: 10)], [change(.delete, at: 20)]),
            plane: .refresh, at: 19, rule: .revoked, code: .grantRevoked, changesAt: 20),
        Row(
            what: "enabled again",
            explanation: explanation(of: refreshToken(), [], [change(.disable, at: 10), change(.enable, at: 20)]),
            plane: .refresh, at: 15, rule: .accountDisabled, code: .accountDisabled, changesAt: 20),
        Row(
            what: "the tenant's clock is ahead of home", explanation: explanation(of: refreshToken(), ahead: 300), plane: .refresh,
            at: 699, rule: .notRevoked, changesAt: 700),
        Row(
            what: "ended on the tenant's clock", explanation: explanation(of: refreshToken(), ahead: 300), plane: .refresh, at: 700,
            rule: .expired, code: .refreshTokenInactive),
        Row(
            what: "a guest no more", explanation: explanation(of: refreshToken(of: guest), user: guest, isKnown: false),
            plane: .refresh, at: 1, rule: .noAccount, code: .guestNotFound),
        Row(
            what: "a guest no more, in a browser", explanation: explanation(of: session(), user: guest, isKnown: false),
            plane: .session, at: 1, rule: .noAccount, code: .noSession),
        Row(
            what: "a guest who was removed and invited again",
            explanation: explanation(of: refreshToken(of: removedGuest), user: guest),
            plane: .refresh, at: 1, rule: .noAccount, code: .guestNotFound),
        Row(
            what: "an app that is gone", explanation: explanation(of: refreshToken(), client: nil), plane: .refresh, at: 1,
            rule: .noApp, code: .appNotFound),
        Row(
            what: "an app that was registered again", explanation: explanation(of: refreshToken(), client: registeredAgain),
            plane: .refresh, at: 1, rule: .noApp, code: .invalidGrantValue),
        Row(
            what: "an assertion of an app that is gone", explanation: explanation(of: accessToken(isEvaluated: false), client: nil),
            plane: .refresh, at: 1, rule: .noApp, code: .invalidGrantValue),
        Row(
            what: "an access token of an app that is gone",
            explanation: explanation(of: accessToken(isEvaluated: false), client: nil), plane: .cae, at: 1, rule: .untilExpiry,
            changesAt: 1000),
        Row(
            what: "the clock was set back behind what counts requests",
            explanation: explanation(of: refreshToken(), [revocation(at: 10, .afterAttempts(3))]), plane: .refresh, at: 9,
            rule: .notYetInEffect, changesAt: 1000),
        Row(
            what: "a known instant comes before a count, and a count before what is held",
            explanation: explanation(
                of: refreshToken(),
                [revocation(at: 10, .held), revocation(at: 11, .afterAttempts(3)), revocation(at: 12, .at(at(90)))]),
            plane: .refresh, at: 20, rule: .notYetInEffect, changesAt: 90),
        Row(
            what: "of two counts the lower one",
            explanation: explanation(
                of: refreshToken(),
                [revocation(at: 10, .held), revocation(at: 11, .afterAttempts(3)), revocation(at: 12, .afterAttempts(2))]
            ), plane: .refresh, at: 20, rule: .attemptsLeft, changesAt: 1000, attemptsLeft: 2),
    ]

    static let states = [
        Row(
            what: "disabled, on its way", explanation: explanation(of: refreshToken(), [], [change(.disable, at: 10, .at(at(40)))]),
            plane: .refresh, at: 20, rule: .notYetInEffect, changesAt: 40),
        Row(
            what: "disabled, held", explanation: explanation(of: refreshToken(), [], [change(.disable, at: 10, .held)]),
            plane: .refresh, at: 20, rule: .notYetInEffect, changesAt: 1000),
        Row(
            what: "disabled, counting",
            explanation: explanation(of: refreshToken(), [], [change(.disable, at: 10, .afterAttempts(2))]),
            plane: .refresh, at: 20, rule: .attemptsLeft, changesAt: 1000, attemptsLeft: 2),
        Row(
            what: "deleted, on its way", explanation: explanation(of: refreshToken(), [], [change(.delete, at: 10, .at(at(40)))]),
            plane: .refresh, at: 20, rule: .notYetInEffect, changesAt: 40),
        Row(
            what: "disabled on its way, but enabled later and already in effect",
            explanation: explanation(of: refreshToken(), [], [change(.disable, at: 10, .at(at(40))), change(.enable, at: 15)]),
            plane: .refresh, at: 20, rule: .notRevoked, changesAt: 1000),
        Row(
            what: "enabled on its way means nothing to come",
            explanation: explanation(of: refreshToken(), [], [change(.enable, at: 10, .at(at(40)))]), plane: .refresh, at: 20,
            rule: .notRevoked, changesAt: 1000),
    ]

    @Test("What holds on a plane at an instant, and until when", arguments: sessions + accessTokens + refreshTokens + states)
    func verdicts(row: Row) {
        let verdict = row.explanation.verdict(row.plane, at: row.at)
        #expect((verdict.rule, verdict.code) == (row.rule, row.code))
        #expect((verdict.changesAt, verdict.attemptsLeft) == (row.changesAt.map(at), row.attemptsLeft))
        let accepting: Set<Explanation.Rule> = [.notRevoked, .notYetInEffect, .attemptsLeft, .untilExpiry]
        #expect(verdict.isAccepted == accepting.contains(row.rule))
        #expect(verdict.why.hasSuffix("."))
    }

    @Test("Of two revocations that wait for requests to pass, the verdict names the one it rests on")
    func named() {
        let waiting = explanation(of: refreshToken(), [revocation(at: 10, .held), revocation(at: 12, .at(at(90)))])
        #expect(waiting.verdict(.refresh, at: 20).revocation == id(12))
        #expect(waiting.verdict(.refresh, at: 20).cutOff == at(12))
        let both = explanation(of: refreshToken(), [revocation(at: 10), revocation(at: 12, .at(at(90)))])
        #expect(both.verdict(.refresh, at: 20).revocation == id(10))
        #expect(both.verdict(.refresh, at: 90).revocation == id(12))
    }

    @Test("The tie rule entra rounds the cut-off that is named")
    func rounded() {
        let verdict = explanation(of: refreshToken(), [revocation(at: 10)], tieRule: .entra).verdict(.refresh, at: 10)
        #expect((verdict.rule, verdict.cutOff) == (.revoked, at(10).truncatedToSecond))
    }

    @Test("Every plane in every region has its verdict")
    func everywhere() {
        let (east, west) = (Region("east")!, Region("west")!)
        let verdicts = explanation(of: refreshToken()).verdicts(at: at(1), regions: [east, west])
        #expect(verdicts.map(\.plane) == Plane.allCases.flatMap { [$0, $0] })
        #expect(verdicts.map(\.region) == Plane.allCases.flatMap { _ in [east, west] })
    }

    // MARK: Policies

    private func policy(frequency: Int64? = nil, _ change: (inout User) -> Void = { _ in }) -> Explanation.Policy {
        var tenant = lab.tenant
        tenant.policies.lifetimes.signInFrequency = frequency.map { .seconds($0) }
        var user = adele
        change(&user)
        return Explanation.Policy(user: user, app: native, tenant: tenant, resource: .graph(of: .global))
    }

    @Test("A sign-in may be too old for a policy, which changes nothing for access tokens and other planes")
    func frequency() {
        let explanation = explanation(of: refreshToken(), policy: policy(frequency: 60))
        let before = explanation.verdict(.refresh, at: 59)
        #expect((before.rule, before.changesAt) == (.notRevoked, at(60)))
        let after = explanation.verdict(.refresh, at: 60)
        #expect((after.rule, after.code, after.changesAt) == (.policy, .signInFrequency, at(1000)))
        #expect(explanation.verdict(.session, at: 60).rule == .notRevoked)
        let access = LapseRulesTests.explanation(of: accessToken(isEvaluated: false), policy: policy(frequency: 60))
        #expect(access.verdict(.refresh, at: 60).rule == .notRevoked)
    }

    @Test(
        "A challenge comes before consent, and only what is made on a refresh counts",
        arguments: [
            ([Challenge.Occasion.refresh], false, AADSTS.mfaRequired), ([.refresh], true, .mfaRequired),
            ([.authorize], true, .notConsented), ([.authorize], false, nil),
        ])
    func challenges(on: [Challenge.Occasion], isWithdrawn: Bool, code: AADSTS?) {
        let policy = policy { user in
            user.challenges = [Challenge(code: .mfaRequired, on: Set(on))]
            user.withdrawnConsents = isWithdrawn ? [native.id] : []
        }
        let verdict = explanation(of: refreshToken(), policy: policy).verdict(.refresh, at: 1)
        #expect((verdict.code, verdict.rule) == (code, code == nil ? .notRevoked : .policy))
        let revoked = explanation(of: refreshToken(), [revocation(at: 10)], policy: policy).verdict(.refresh, at: 10)
        #expect(revoked.rule == .revoked, "a revocation comes first")
    }

    // MARK: Since when

    @Test(
        "Since when it is refused: what came first, and of the account's states the last",
        arguments: [
            (explanation(of: refreshToken()), 20, nil), (explanation(of: refreshToken()), 2000, 1000),
            (explanation(of: refreshToken(), [revocation(at: 10, .at(at(30)))]), 29, nil),
            (explanation(of: refreshToken(), [revocation(at: 10, .at(at(30)))]), 50, 30),
            (explanation(of: refreshToken(), [revocation(at: 10, .at(at(30))), revocation(at: 20)]), 50, 20),
            (explanation(of: refreshToken(), [revocation(at: 10), revocation(at: 40)]), 50, 10),
            (
                explanation(of: refreshToken(), [], [change(.disable, at: 10), change(.enable, at: 20), change(.disable, at: 30)]),
                50, 30
            ),
            (explanation(of: refreshToken(), [revocation(at: 5)], [change(.disable, at: 30)]), 50, 5),
            (explanation(of: refreshToken(endsAt: 7), [revocation(at: 10)]), 50, 7), (explanation(of: session(endsAt: 8)), 50, 8),
            (explanation(of: refreshToken(of: guest), user: guest, isKnown: false), 50, 50),
        ] as [(Explanation, Int64, Int64?)])
    func since(explanation: Explanation, now: Int64, since: Int64?) {
        let plane: Plane = explanation.verdict(.session, at: now).rule == .expired ? .session : .refresh
        #expect(explanation.refusedSince(on: plane, in: .local, at: at(now)) == since.map(at))
    }

    @Test("Who signed out is refused since then, whenever one asks")
    func signedOut() {
        let explanation = explanation(of: session(endsAt: 80, endedAt: 9))
        #expect(explanation.verdict(.session, at: 50).rule == .signedOut)
        #expect([50, 100].map { explanation.refusedSince(on: .session, in: .local, at: at($0)) } == [at(9), at(9)])
    }

    // MARK: Against the rule itself

    /// Facts that a seed draws: a few revocations and changes of state, some delayed, some held, some counting.
    private static func drawn(_ seed: UInt64) -> (explanation: Explanation, facts: (Timestamp) -> AccountFacts) {
        let random = RandomSource.seeded(seed)
        func number(_ range: ClosedRange<Int>) -> Int64 { Int64(random.integer(in: range)) }
        func moment(_ seconds: Int64) -> Propagation.Moment {
            switch number(0...5) {
            case 0: .held
            case 1: .afterAttempts(Int(number(1...3)))
            case 2: .at(at(seconds))
            default: .at(at(seconds + number(0...40)))
            }
        }
        let causes: [Revocation.Cause] = [.adminRevoke, .singleSignOut, .passwordChange, .userRevoke]
        let revocations = (0..<number(0...3)).map { _ in number(-5...60) }.sorted().map {
            revocation(at: $0, moment($0), cause: causes[Int(number(0...3))])
        }
        let changes = (0..<number(0...3)).map { _ in number(1...60) }.map {
            change(StateChange.Kind.allCases[Int(number(0...3))], at: $0, moment($0))
        }
        var attempts: AttemptCounts = [:]
        for event in revocations.map(\.place) + changes.map(\.place) {
            attempts[Attempt(sequence: event.sequence, plane: .refresh, region: .local)] = Int(number(0...3))
        }
        let tieRule: Policies.TieRule = number(0...1) == 0 ? .precise : .entra
        let explanation = explanation(
            of: refreshToken(endsAt: number(30...120)), revocations, changes, attempts: attempts, tieRule: tieRule)
        var home = lab.tenant
        home.policies.tieRule = tieRule
        let history = AccountHistory(revocations: revocations, stateChanges: changes)
        return (explanation, { AccountFacts(user: adele, history: history, attempts: attempts, home: home, homeNow: $0) })
    }

    @Test("An explanation says what the rule does, and names the very tick of the next change", arguments: [UInt64](1...150))
    func agrees(seed: UInt64) {
        let (explanation, facts) = Self.drawn(seed)
        for second in stride(from: Int64(0), through: 130, by: 13) {
            for plane in [Plane.refresh, .cae] {
                let verdict = explanation.verdict(plane, at: second)
                let refusal = facts(at(second)).refusal(of: grant().subject, on: plane, in: .local)
                if let refusal {
                    #expect(
                        (verdict.isAccepted, verdict.code, verdict.revocation) == (false, refusal.error.code, refusal.revocation))
                } else {
                    #expect(verdict.isAccepted || verdict.rule == .expired)
                }
                guard let next = verdict.changesAt else { continue }
                #expect(next > at(second))
                let (last, changed) = (
                    explanation.verdict(plane, atInstant: next - Duration(ticks: 1)), explanation.verdict(plane, atInstant: next)
                )
                #expect((last.isAccepted, last.code) == (verdict.isAccepted, verdict.code))
                #expect(changed.isAccepted != verdict.isAccepted || changed.code != verdict.code)
            }
        }
    }
}
