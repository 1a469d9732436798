import Testing

@testable import LapseRules

@Suite("The device code at the token endpoint")
struct DeviceCodeGrantTests {
    /// A device that polls once its code is approved.
    struct Facts: Sendable {
        static let hash = SecretHash(of: "device")

        var isKnown = true
        var client = World.native.id
        var codeTenant: GUID? = World.contoso.id
        var expiresAt = World.now + .seconds(60)
        var state = DeviceCode.State.approved
        var grant: GrantSample? = GrantSample()
        var account: Account? = Account()
        var version = EndpointVersion.v2
        var scope: String?
        var resource: String?
        var claims: String?
        var around = Surroundings()

        func decide() throws -> TokenDecision {
            var form = ["grant_type": "device_code", "client_id": "x", "device_code": "device"]
            form["scope"] = scope
            form["resource"] = resource
            form["claims"] = claims
            let code = DeviceCode(
                hash: Self.hash, userCodeHash: SecretHash(of: "user"), client: client, tenant: codeTenant, scope: "User.Read",
                issuedAt: World.now - .seconds(840), expiresAt: expiresAt, state: state, grant: World.grant)
            return DeviceCodeGrant.decide(
                try TokenRequest(form: World.form(form), authorization: nil, origin: nil, version: version),
                facts: isKnown ? .init(code: code, grant: grant?.grant, account: account?.facts) : nil, in: around.context)
        }
    }

    typealias Case = Row<Facts, Verdict>

    /// What is wrong, in the order in which it is said.
    static let defects: [Case] = [
        Case("another client's", .refused(.deviceCodeUnknown, "bad_verification_code")) { $0.client = World.web.id },
        Case("too late, to the tick", .refused(.deviceCodeExpired, "expired_token")) { $0.expiresAt = World.now },
        Case("not approved yet", .refused(.devicePending, "authorization_pending")) { $0.state = .pending },
        Case("approved, and the app was registered again", .refused(.deviceCodeUnknown, "bad_verification_code")) {
            $0.around.app.registration = 7
        },
        Case("no account here any more", .refused(.guestNotFound, "invalid_grant")) { $0.account = nil },
        Case("account disabled", .refused(.accountDisabled, "invalid_grant")) { $0.account?.become(.disable) },
        Case("revoked", .refused(.grantRevoked, "invalid_grant", by: World.revocation)) { $0.account?.revoke() },
        Case("revoked where a resource has learned of it", .refused(.grantRevoked, "invalid_grant", by: World.session)) {
            $0.account?.revoke(.only(on: .cae), id: World.session)
            $0.claims = World.challengeAnswer
        },
        Case("an old sign-in", .refused(.signInFrequency, "invalid_grant")) {
            $0.around.tenant.policies.lifetimes.signInFrequency = .seconds(3600)
        },
        Case("consent withdrawn", .refused(.notConsented, "invalid_grant")) {
            $0.account?.user.withdrawnConsents = [World.native.id]
        },
        Case("no such scope", .refused(.scopeUnknown, "invalid_client")) { $0.grant?.scope = "Nothing.Real" },
    ]

    static let others: [Case] = [
        Case("all is well", .accepted) { _ in },
        Case("approved, and the grant is gone with a reset", .refused(.deviceCodeUnknown, "bad_verification_code")) {
            $0.grant = nil
        },
        Case("never issued", .refused(.deviceCodeUnknown, "bad_verification_code")) { $0.isKnown = false },
        Case("of another tenant", .refused(.deviceCodeUnknown, "bad_verification_code")) { $0.codeTenant = World.fabrikam.id },
        Case("at the last tick", .accepted) { $0.expiresAt = World.now + Timestamp.tick },
        Case("asked for under an alias: it lives by the machine's clock", .refused(.deviceCodeExpired, "expired_token")) {
            ($0.codeTenant, $0.expiresAt) = (nil, World.systemTime)
        },
        Case("asked for under an alias, at the last tick", .accepted) {
            ($0.codeTenant, $0.expiresAt) = (nil, World.systemTime + Timestamp.tick)
        },
        Case("declined", .refusedInOwnWords("authorization_declined")) { $0.state = .declined },
        Case("declined, too late", .refused(.deviceCodeExpired, "expired_token")) {
            ($0.state, $0.expiresAt) = (.declined, World.now)
        },
        Case("redeemed before", .refused(.codeRedeemed, "invalid_grant")) { $0.state = .redeemed },
        Case("redeemed before, and revoked", .refused(.codeRedeemed, "invalid_grant")) {
            $0.state = .redeemed
            $0.account?.revoke()
        },
        Case("approved, and the grant is gone", .refused(.deviceCodeUnknown, "bad_verification_code")) { $0.grant = nil },
        Case("revoked, in effect on the other planes alone", .accepted) {
            for plane in [Plane.session, .cae, .directory] { $0.account?.revoke(.only(on: plane)) }
        },
        Case("revoked, in effect in the region of the request", .refused(.grantRevoked, "invalid_grant", by: World.revocation)) {
            $0.account?.revoke(.only(in: World.east))
        },
        Case("revoked, in effect in the other region", .accepted) { $0.account?.revoke(.only(in: World.west)) },
        Case(
            "a revoke that still lets it pass counts, whatever is wrong behind it",
            .refused(.notConsented, "invalid_grant", counting: .ofRevocation(on: .refresh))
        ) {
            $0.account?.revoke(.after(1, on: .refresh))
            $0.account?.user.withdrawnConsents = [World.native.id]
        },
        Case("a poll that is too early counts nothing", .refused(.devicePending, "authorization_pending")) {
            $0.account?.revoke(.after(1, on: .refresh))
            $0.state = .pending
        },
        Case("challenges are made when somebody signs in or refreshes, not for a poll", .accepted) {
            $0.account?.user.challenges = [Challenge(code: .mfaRequired, on: [.refresh, .authorize])]
        },
        Case("a poll of version 2 names nothing that counts", .accepted) { $0.scope = "Nothing.Real" },
        Case("a poll of version 1 names its resource", .refused(.resourceNotFound, "invalid_resource")) {
            ($0.version, $0.resource) = (.v1, "api://elsewhere")
        },
        Case("a poll of version 1 may leave it out", .accepted) { $0.version = .v1 },
        Case("a grant of two resources", .accepted) {
            $0.grant?.scope = "User.Read api://lapse-lab/access_as_user"
        },
    ]

    @Test("A device hears what became of its code", arguments: defects + others)
    func verdict(row: Case) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(try facts.decide().verdict == row.expected)
    }

    @Test("Of two things that are wrong the first is said", arguments: World.pairs(defects))
    func order(first: Case, second: Case) throws {
        var facts = Facts()
        first.change(&facts)
        second.change(&facts)
        #expect(try facts.decide().verdict == first.expected)
    }

    @Test("What is issued: the code is spent, the grant stays, its first refresh token begins now")
    func issue() throws {
        var facts = Facts()
        facts.scope = "api://lapse-lab/access_as_user"
        let issue = try #require(try facts.decide().issue)
        guard case .deviceCode(Facts.hash) = issue.spent else { return #expect(Bool(false), "\(issue.spent as Any)") }
        #expect(issue.newGrant == nil)
        #expect(issue.refreshToken?.grant == World.grant)
        #expect(issue.refreshToken?.issuedAt == World.now)
        #expect(issue.refreshToken?.expiresAt == World.now + .seconds(90 * 86_400))
        #expect(issue.refreshToken?.hash == issue.plan.refreshToken.map { SecretHash(of: $0) })
        #expect(issue.plan.grant == facts.grant?.grant)
        #expect(issue.plan.user == World.adele)
        #expect(issue.plan.scope.text == "openid profile User.Read")
        #expect(issue.plan.hasIDToken)
        facts.grant?.scope = "User.Read"
        #expect(try facts.decide().issue?.refreshToken == nil)
    }

    @Test("A poll of version 1 chooses the resource of its token")
    func versionOne() throws {
        var facts = Facts()
        (facts.version, facts.resource) = (.v1, "api://lapse-lab")
        let plan = try #require(try facts.decide().issue?.plan)
        #expect(plan.scope.resource.id == World.api.id)
    }
}
