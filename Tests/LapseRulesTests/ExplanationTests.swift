import LapseRules
import Testing

private let start = Timestamp("2026-03-01T12:00:00.25Z")!
private let adele = BuiltInLab.seed[0].users[0]

/// An instant so many seconds after the tests' sign-in.
private func at(_ seconds: Int64) -> Timestamp { start + .seconds(seconds) }

private func revocation(
    at seconds: Int64, _ moment: Propagation.Moment, cause: Revocation.Cause = .adminRevoke, sequence: Int64 = 5
) -> Revocation {
    Revocation(
        id: RandomSource.seeded(UInt64(sequence)).guid(), user: adele.home, place: Place(at: at(seconds), sequence: sequence),
        cause: cause, actor: nil, propagation: Propagation([.init(plane: .refresh, region: .local, moment: moment)]))
}

private let grant = Grant(
    id: RandomSource.seeded(1).guid(), tenant: adele.tenant, user: adele.id, client: "app", clientClass: .public, scope: "",
    authentication: Authentication(user: adele.home, place: Place(at: start, sequence: 1), method: .password), session: nil,
    createdAt: start, registration: 0)

private func verdict(
    _ revocations: [Revocation], changes: [StateChange] = [], passed: AttemptCounts = [:], tieRule: Policies.TieRule = .precise,
    endsAt: Int64 = 1000, at seconds: Int64
) -> Explanation.Verdict {
    var tenant = BuiltInLab.seed[0].tenant
    tenant.policies.tieRule = tieRule
    let account = AccountFacts(
        user: adele, history: AccountHistory(revocations: revocations, stateChanges: changes), attempts: passed, home: tenant,
        homeNow: at(seconds))
    let token = RefreshToken(hash: SecretHash(of: "x"), grant: grant.id, issuedAt: start, expiresAt: at(endsAt))
    let app = AppRegistration(id: grant.client, name: "", kind: .public)
    return Explanation(of: .refreshToken(token, grant), account: account, client: app, tenantNow: at(seconds))
        .verdicts(at: at(seconds), regions: [.local]).first { $0.plane == .refresh }!
}

@Suite("Explaining a verdict")
struct ExplanationTests {
    @Test("A token that nothing speaks against is accepted until it ends")
    func untouched() {
        let verdict = verdict([], at: 5)
        #expect((verdict.isAccepted, verdict.rule, verdict.changesAt) == (true, .notRevoked, at(1000)))
        #expect(verdict.why == "No revocation touches this sign-in.")
    }

    @Test("A revocation that is not yet in effect says from when on it will be")
    func pending() {
        let verdict = verdict([revocation(at: 10, .at(at(190)))], at: 20)
        #expect((verdict.isAccepted, verdict.rule, verdict.changesAt) == (true, .notYetInEffect, at(190)))
        #expect(verdict.cutOff == at(10))
        #expect(
            verdict.why
                == "The sign-in at 2026-03-01T12:00:00.2500000Z is before the cut-off 2026-03-01T12:00:10.2500000Z (adminRevoke; both to 100 ns), but refresh in local enforces it from 2026-03-01T12:03:10.2500000Z on."
        )
    }

    @Test("A revocation in effect refuses, and nothing but the account's state changes that")
    func inEffect() {
        let verdict = verdict([revocation(at: 10, .at(at(20))), revocation(at: 15, .at(at(90)), sequence: 6)], at: 20)
        #expect((verdict.isAccepted, verdict.rule, verdict.code, verdict.changesAt) == (false, .revoked, .grantRevoked, nil))
    }

    @Test("What is held says so and has no instant; what counts requests says how many are left")
    func withoutInstant() {
        let held = verdict([revocation(at: 10, .held)], endsAt: 30, at: 20)
        #expect((held.rule, held.changesAt) == (.notYetInEffect, at(30)))
        #expect(held.why.hasSuffix("refresh in local does not enforce it before it is released."))
        let passed: AttemptCounts = [Attempt(sequence: 5, plane: .refresh, region: .local): 2]
        let counting = verdict([revocation(at: 10, .afterAttempts(3))], passed: passed, at: 20)
        #expect((counting.isAccepted, counting.rule, counting.attemptsLeft) == (true, .attemptsLeft, 1))
        let used = verdict([revocation(at: 10, .afterAttempts(2))], passed: passed, at: 20)
        #expect((used.isAccepted, used.rule, used.attemptsLeft) == (false, .revoked, 0))
    }

    @Test("The tie rule entra compares with the whole second, and the verdict says so")
    func rounding() {
        let early = revocation(at: 0, .at(at(0)))
        #expect(verdict([early], at: 20).rule == .revoked, "the same instant, but an earlier place in the order of events")
        let rounded = verdict([early], tieRule: .entra, at: 20)
        #expect((rounded.isAccepted, rounded.rule, rounded.cutOff) == (true, .notRevoked, start.truncatedToSecond))
        #expect(
            rounded.why.contains(
                "is not before the cut-off 2026-03-01T12:00:00.0000000Z (adminRevoke; cut down to its whole second"))
        let skewed = verdict([early], tieRule: .skew(.seconds(60)), at: 20)
        #expect((skewed.isAccepted, skewed.cutOff) == (true, start.truncatedToSecond - .seconds(60)))
        #expect(skewed.why.contains("less PT1M, tieRule skew"))
        #expect(verdict([early], tieRule: .skew(.longest), at: 20).why.contains("not before the cut-off 1970-"))
    }

    @Test("A cause that does not touch the token is no reason")
    func untouchedByCause() {
        #expect(verdict([revocation(at: 10, .at(at(10)), cause: .singleSignOut)], at: 20).rule == .notRevoked)
    }

    @Test("A disabled account outweighs, and an end that comes first is the next change")
    func stateAndEnd() {
        let disable = StateChange(
            id: grant.id, user: adele.home, kind: .disable, place: Place(at: at(1), sequence: 3),
            propagation: Propagation([.init(plane: .refresh, region: .local, moment: .at(at(40)))]))
        let before = verdict([revocation(at: 10, .at(at(20)))], changes: [disable], at: 30)
        #expect((before.rule, before.changesAt) == (.revoked, at(40)))
        let after = verdict([revocation(at: 10, .at(at(20)))], changes: [disable], at: 40)
        #expect((after.rule, after.code) == (.accountDisabled, .accountDisabled))
        let ended = verdict([], endsAt: 30, at: 30)
        #expect((ended.isAccepted, ended.rule, ended.code, ended.changesAt) == (false, .expired, .refreshTokenInactive, nil))
    }
}
