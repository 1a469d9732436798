import Testing

@testable import LapseRules

@Suite("The access token at a resource")
struct ResourceAccessTests {
    /// An access token of a client that understands claims challenges, at Graph.
    struct Facts: Sendable {
        var audience = "https://graph.microsoft.com"
        var issuer = World.contoso.id
        var notBefore = World.now - .seconds(300)
        var expiresAt = World.now + .seconds(60)
        var knowsGrant = true
        var isEvaluated = true
        var grant = GrantSample()
        var account = Account()
        var region = World.east

        func decide() throws -> ResourceAccess.Decision {
            let claims = try #require(
                AccessTokenClaims([
                    "aud": .string(audience), "tid": .string(World.contoso.id.description),
                    "iss": .string("https://sts.windows.net/\(issuer)/"), "appid": "native",
                    "aio": .string(AccessTokenClaims.Mark(grant: World.grant, expiresAt: expiresAt).text),
                    "nbf": .integer(notBefore.secondsSinceEpoch), "exp": .integer(expiresAt.secondsSinceEpoch),
                ]))
            return ResourceAccess.decide(
                claims, audiences: ["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"], knowsGrant: knowsGrant,
                evaluated: isEvaluated ? .init(grant: grant.grant, account: account.facts) : nil, region: region, now: World.now,
                printedNow: World.systemTime)
        }
    }

    struct Expected: Equatable, Sendable {
        var error: GraphError?
        var revocation: GUID?
        var isChallenge = false
        var attempts: Set<Attempt> = []

        static let accepted = Expected()
        static func refused(_ error: GraphError) -> Expected { Expected(error: error) }
        static func challenged(by revocation: GUID?, counting attempts: Set<Attempt> = []) -> Expected {
            Expected(
                error: .challenge(at: World.systemTime), revocation: revocation, isChallenge: true, attempts: attempts)
        }

        init(error: GraphError? = nil, revocation: GUID? = nil, isChallenge: Bool = false, attempts: Set<Attempt> = []) {
            self.error = error
            self.revocation = revocation
            self.isChallenge = isChallenge
            self.attempts = attempts
        }

        init(_ decision: ResourceAccess.Decision) {
            self.init(
                error: decision.error, revocation: decision.revocation, isChallenge: decision.isChallenge,
                attempts: Set(decision.attempts))
        }
    }

    typealias Case = Row<Facts, Expected>

    /// What is wrong, in the order in which it is said.
    static let defects: [Case] = [
        Case("for another resource", .refused(.wrongAudience)) { $0.audience = "api://lapse-lab" },
        Case("of another issuer", .refused(.wrongIssuer)) { $0.issuer = World.fabrikam.id },
        Case("too late, to the tick", .refused(.expiredToken)) { $0.expiresAt = World.now },
        Case("its grant is gone with a reset", .refused(.unknownGrant)) { $0.knowsGrant = false },
        Case("revoked", .challenged(by: World.revocation)) { $0.account.revoke() },
    ]

    static let others: [Case] = [
        Case("all is well", .accepted) { _ in },
        Case("for the resource by its other name", .accepted) { $0.audience = "00000003-0000-0000-c000-000000000000" },
        Case("at the last tick", .accepted) { $0.expiresAt = World.now + Timestamp.tick },
        Case("too early", .refused(.futureToken)) {
            ($0.notBefore, $0.expiresAt) = (World.now + .seconds(1), World.now + .seconds(60))
        },
        Case("as early as it may be", .accepted) { $0.notBefore = World.now },
        Case("too early, and its grant is gone", .refused(.futureToken)) {
            ($0.notBefore, $0.knowsGrant) = (World.now + .seconds(1), false)
        },
        Case("revoked, and nobody evaluates the token", .accepted) {
            $0.isEvaluated = false
            $0.account.revoke()
        },
        Case("its grant is gone, and nobody evaluates the token", .refused(.unknownGrant)) {
            ($0.isEvaluated, $0.knowsGrant) = (false, false)
        },
        Case("revoked, in effect where resources learn of it", .challenged(by: World.revocation)) {
            $0.account.revoke(.only(on: .cae))
        },
        Case("revoked, in effect on the other planes alone", .accepted) {
            for plane in [Plane.refresh, .session, .directory] { $0.account.revoke(.only(on: plane)) }
        },
        Case("revoked, in effect in the region of the request", .challenged(by: World.revocation)) {
            $0.account.revoke(.only(in: World.east))
        },
        Case("revoked, in effect in the other region", .accepted) { $0.account.revoke(.only(in: World.west)) },
        Case("revoked before the sign-in", .accepted) { $0.account.revoke(at: World.signedInAt - Timestamp.tick) },
        Case("a new password, and a sign-in without one", .accepted) {
            $0.account.revoke(cause: .passwordChange)
            $0.grant.method = .nonPassword
        },
        Case("account disabled", .challenged(by: nil)) { $0.account.become(.disable) },
        Case("account deleted, and revoked", .challenged(by: nil)) {
            $0.account.become(.delete)
            $0.account.revoke()
        },
        Case("a revoke that still lets it pass, and counts", Expected(attempts: .ofRevocation(on: .cae))) {
            $0.account.revoke(.after(1, on: .cae))
        },
        Case(
            "a revoke that still lets it pass counts for an account that is disabled",
            .challenged(by: nil, counting: .ofRevocation(on: .cae))
        ) {
            $0.account.revoke(.after(1, on: .cae))
            $0.account.become(.disable)
        },
        Case("what is wrong before the rule counts nothing", .refused(.expiredToken)) {
            $0.account.revoke(.after(1, on: .cae))
            $0.expiresAt = World.now
        },
    ]

    @Test("A token opens its resource until it ends, or until the resource hears of a revoke", arguments: defects + others)
    func verdict(row: Case) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(Expected(try facts.decide()) == row.expected)
    }

    @Test("Of two things that are wrong the first is said", arguments: World.pairs(defects))
    func order(first: Case, second: Case) throws {
        var facts = Facts()
        first.change(&facts)
        second.change(&facts)
        #expect(Expected(try facts.decide()) == first.expected)
    }

    @Test("The challenge demands a token of the instant that tokens print, as it was recorded")
    func challenge() throws {
        var facts = Facts()
        facts.account.revoke()
        let error = try #require(try facts.decide().error)
        #expect(error.claims == #"{"access_token":{"nbf":{"essential":true, "value":"1780272000"}}}"#)
        #expect(error.status == 401)
        #expect(error.code == "InvalidAuthenticationToken")
    }

    @Test(
        "Evaluated are the tokens of clients that understand challenges, but for guests'",
        arguments: [
            (true, World.adele, true), (false, World.adele, false), (true, World.guest, false), (false, World.guest, false),
        ])
    func evaluated(declaresCP1: Bool, user: User, expected: Bool) throws {
        let claims = try #require(
            AccessTokenClaims(
                .object([
                    "aud": "x", "tid": .string(World.contoso.id.description), "appid": "native",
                    "aio": .string(AccessTokenClaims.Mark(grant: World.grant, expiresAt: World.now).text), "nbf": 1, "exp": 2,
                    "xms_cc": declaresCP1 ? ["CP1"] : nil,
                ])))
        #expect(ResourceAccess.isEvaluated(claims, of: user) == expected)
    }
}
