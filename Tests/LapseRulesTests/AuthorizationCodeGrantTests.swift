import Testing

@testable import LapseRules

@Suite("The code at the token endpoint")
struct AuthorizationCodeGrantTests {
    /// A code that is redeemed as it should be.
    struct Facts: Sendable {
        static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        static let challenge = PKCE.Challenge(value: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", method: .s256)

        var text = AuthorizationCode.newText(for: RandomSource.seeded(8).guid(), .seeded(7))
        var isKnown = true
        var presentedURI = "http://localhost/cb"
        var verifier: String? = Self.verifier
        var origin: String?
        var scope: String?
        var claims: String?

        var issuedFor = "http://localhost/cb"
        var isForSPA = false
        var challenge: PKCE.Challenge? = Self.challenge
        var expiresAt = World.now + .seconds(60)
        var redeemedAt: Timestamp?
        var grant = GrantSample()
        var account: Account? = Account()
        var around = Surroundings()

        func decide() throws -> TokenDecision {
            var form = ["grant_type": "authorization_code", "client_id": "x", "code": text, "redirect_uri": presentedURI]
            form["scope"] = scope
            form["claims"] = claims
            let code = AuthorizationCode(
                hash: SecretHash(of: text), grant: World.grant, redirectURI: issuedFor, isForSPA: isForSPA, challenge: challenge,
                nonce: "n-1", wantsAuthTime: true, issuedAt: World.now - .seconds(540), expiresAt: expiresAt, redeemedAt: redeemedAt
            )
            return AuthorizationCodeGrant.decide(
                code: text, redirectURI: presentedURI, verifier: verifier,
                try TokenRequest(form: World.form(form), authorization: nil, origin: origin),
                facts: isKnown ? .init(code: code, grant: grant.grant, account: account?.facts) : nil, in: around.context)
        }

        mutating func becomeSPA() {
            (around.app, grant.client, grant.clientClass) = (World.spa, World.spa.id, .spa)
            (isForSPA, origin) = (true, "https://app.example")
        }
    }

    typealias Case = Row<Facts, Verdict>

    /// What is wrong, in the order in which it is said.
    static let defects: [Case] = [
        Case("no code at all", .refused(.malformed, "invalid_grant")) { $0.text = "1.Ashort" },
        Case("never issued", .refused(.invalidGrantValue, "invalid_grant")) { $0.isKnown = false },
        Case("redeemed before", .refused(.codeRedeemed, "invalid_grant")) { $0.redeemedAt = World.now - .seconds(1) },
        Case("too late, to the tick", .refused(.codeExpired, "invalid_grant")) { $0.expiresAt = World.now },
        Case("another redirect URI", .refused(.codeForOtherRedirect, "invalid_grant")) { $0.presentedURI = "http://localhost/CB" },
        Case("by a browser from elsewhere", .refused(.crossOriginNotSPA, "invalid_request")) {
            $0.origin = "https://app.example"
        },
        Case("another verifier", .refused(.wrongVerifier, "invalid_grant")) { $0.verifier = Facts.verifier + "x" },
        Case("no account here", .refused(.guestNotFound, "invalid_grant")) { $0.account = nil },
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
        Case("no such scope", .refused(.scopeUnknown, "invalid_client")) { $0.scope = "Nothing.Real" },
    ]

    static let others: [Case] = [
        Case("all is well", .accepted) { _ in },
        Case("a code of another prefix", .refused(.malformed, "invalid_grant")) { $0.text = "2" + $0.text.dropFirst() },
        Case("a code with a letter too many", .refused(.malformed, "invalid_grant")) { $0.text += "A" },
        Case("a code with a sign of another alphabet", .refused(.malformed, "invalid_grant")) {
            $0.text = $0.text.dropLast() + "."
        },
        Case("another client's", .refused(.invalidGrantValue, "invalid_grant")) { $0.around.app = World.web },
        Case("of an app that was registered again", .refused(.invalidGrantValue, "invalid_grant")) {
            $0.around.app.registration = 7
        },
        Case("of another tenant", .refused(.codeForOtherAuthority, "invalid_grant")) { $0.around.tenant = World.fabrikam },
        Case("another client's, redeemed before", .refused(.invalidGrantValue, "invalid_grant")) {
            $0.around.app = World.web
            $0.redeemedAt = World.now
        },
        Case("at the last tick", .accepted) { $0.expiresAt = World.now + Timestamp.tick },
        Case("no verifier", .refused(.missingVerifier, "invalid_grant")) { $0.verifier = nil },
        Case("the challenge itself as the verifier", .refused(.wrongVerifier, "invalid_grant")) {
            $0.verifier = Facts.challenge.value
        },
        Case("a plain challenge", .accepted) { $0.challenge = .init(value: Facts.verifier, method: .plain) },
        Case("a plain challenge, another verifier", .refused(.wrongVerifier, "invalid_grant")) {
            $0.challenge = .init(value: Facts.challenge.value, method: .plain)
        },
        Case("no challenge and no verifier", .accepted) { ($0.challenge, $0.verifier) = (nil, nil) },
        Case("no challenge, and a verifier all the same", .refused(.wrongVerifier, "invalid_grant")) { $0.challenge = nil },
        Case("a single-page app's", .accepted) { $0.becomeSPA() },
        Case("a single-page app's, by no browser", .refused(.spaNotCrossOrigin, "invalid_request")) {
            $0.becomeSPA()
            $0.origin = nil
        },
        Case("a single-page app's without a challenge", .refused(.spaNeedsPKCE, "invalid_request")) {
            $0.becomeSPA()
            $0.challenge = nil
        },
        Case("a single-page app's without a challenge, by no browser", .refused(.spaNotCrossOrigin, "invalid_request")) {
            $0.becomeSPA()
            ($0.challenge, $0.origin) = (nil, nil)
        },
        Case("a single-page app's without a challenge, no account here", .refused(.spaNeedsPKCE, "invalid_request")) {
            $0.becomeSPA()
            ($0.challenge, $0.account) = (nil, nil)
        },
        Case("account deleted", .refused(.userDeleted, "invalid_grant")) { $0.account?.become(.delete) },
        Case("revoked, in effect on the other planes alone", .accepted) {
            for plane in [Plane.session, .cae, .directory] { $0.account?.revoke(.only(on: plane)) }
        },
        Case("revoked, in effect in the region of the request", .refused(.grantRevoked, "invalid_grant", by: World.revocation)) {
            $0.account?.revoke(.only(in: World.east))
        },
        Case("revoked, in effect in the other region", .accepted) { $0.account?.revoke(.only(in: World.west)) },
        Case("revoked, and the home clock is not there yet", .accepted) {
            $0.account?.revoke()
            $0.account?.homeNow = World.revokedAt - Timestamp.tick
        },
        Case("the home clock is there, the tenant's is not", .refused(.grantRevoked, "invalid_grant", by: World.revocation)) {
            $0.account?.revoke()
            $0.around.now = World.revokedAt - Timestamp.tick
        },
        Case("a resource has learned of a revoke, and nobody answers its challenge", .accepted) {
            $0.account?.revoke(.only(on: .cae))
        },
        Case("a revoke that still lets it pass, and counts", .accepted(counting: .ofRevocation(on: .refresh))) {
            $0.account?.revoke(.after(1, on: .refresh))
        },
        Case(
            "a revoke that still lets it pass counts, whatever is wrong behind it",
            .refused(.scopeUnknown, "invalid_client", counting: .ofRevocation(on: .refresh))
        ) {
            $0.account?.revoke(.after(1, on: .refresh))
            $0.scope = "Nothing.Real"
        },
        Case("what is wrong before the rule counts nothing", .refused(.wrongVerifier, "invalid_grant")) {
            $0.account?.revoke(.after(1, on: .refresh))
            $0.verifier = "other"
        },
        Case("the sign-in is one tick young enough", .accepted) {
            $0.around.tenant.policies.lifetimes.signInFrequency = .seconds(3600) + Timestamp.tick
        },
        Case("challenges are made when somebody signs in or refreshes, not for a code", .accepted) {
            $0.account?.user.challenges = [Challenge(code: .mfaRequired, on: [.refresh, .authorize])]
        },
        Case("a scope of another resource than at the sign-in", .accepted) { $0.scope = "api://lapse-lab/access_as_user" },
        Case("a scope of two resources", .refused(.severalResources, "invalid_scope")) {
            $0.scope = "User.Read api://lapse-lab/access_as_user"
        },
        Case("a sign-in for two resources", .refused(.scopeMissing, "invalid_request")) {
            $0.grant.scope = "User.Read api://lapse-lab/access_as_user"
        },
        Case("a sign-in for two resources, one of them chosen", .accepted) {
            ($0.grant.scope, $0.scope) = ("User.Read api://lapse-lab/access_as_user", "User.Read")
        },
    ]

    @Test("A code is redeemed once, in time, by its client, with what proves it", arguments: defects + others)
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

    @Test(
        "The text names what was wrong",
        arguments: [
            Row("never issued", "The provided value for the 'code' parameter is not valid.") { $0.isKnown = false },
            Row(
                "another redirect URI",
                "The reply address 'http://localhost/CB' does not match the reply address 'http://localhost/cb' provided when requesting Authorization code."
            ) { $0.presentedURI = "http://localhost/CB" },
            Row(
                "no account here",
                "User account 'aaaaaaaa-0001-4000-8000-000000000001' from identity provider 'https://sts.windows.net/11111111-aaaa-4aaa-8aaa-111111111111/' does not exist in tenant 'Contoso' and cannot access the application 'bbbbbbbb-0002-4000-8000-000000000001'(Lapse Native) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account."
            ) { $0.account = nil },
            Row(
                "revoked",
                "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '2026-03-01T11:00:00.0000000Z' and the TokensValidFrom date (before which tokens are not valid) for this user is '2026-03-01T11:50:00.0000000Z'."
            ) { $0.account?.revoke() },
        ] as [Row<Facts, String>])
    func text(row: Row<Facts, String>) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(try facts.decide().refusal?.error.text == row.expected)
    }

    @Test("What is issued: the code is spent, the grant stays, its first refresh token begins now")
    func issue() throws {
        let facts = Facts()
        let issue = try #require(try facts.decide().issue)
        guard case .code(SecretHash(of: facts.text)) = issue.spent else { return #expect(Bool(false), "\(issue.spent as Any)") }
        #expect(issue.newGrant == nil)
        let first = try #require(issue.refreshToken)
        #expect(first.hash == SecretHash(of: try #require(issue.plan.refreshToken)))
        #expect(first.grant == World.grant)
        #expect(first.issuedAt == World.now)
        #expect(first.expiresAt == World.now + .seconds(90 * 86_400))
        #expect(issue.plan.grant == facts.grant.grant)
        #expect(issue.plan.user == World.adele)
        #expect(issue.plan.scope.text == "openid profile User.Read")
        #expect(issue.plan.nonce == "n-1")
        #expect(issue.plan.wantsAuthTime)
        #expect(issue.plan.hasIDToken)
        #expect(!issue.plan.hasClientInfo)
    }

    @Test("A sign-in without offline_access has no refresh token, whatever the code's request asks for")
    func notOffline() throws {
        var facts = Facts()
        facts.grant.scope = "openid User.Read"
        facts.scope = "offline_access User.Read"
        let issue = try #require(try facts.decide().issue)
        #expect(issue.refreshToken == nil)
        #expect(issue.plan.refreshToken == nil)
        #expect(issue.plan.scope.text == "User.Read")
    }
}
