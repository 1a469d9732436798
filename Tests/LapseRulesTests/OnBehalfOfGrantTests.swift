import Testing

@testable import LapseRules

@Suite("The assertion at the token endpoint")
struct OnBehalfOfGrantTests {
    /// The lab's API, called by Adele through the native app, asks for Graph.
    struct Facts: Sendable {
        var isSigned = true
        var audience = World.api.id.description
        var claimedTenant = World.contoso.id
        var issuer: GUID? = World.contoso.id
        var notBefore = World.now - .seconds(300)
        var expiresAt = World.now + .seconds(60)
        var grant: GrantSample? = GrantSample()
        var client: AppRegistration? = World.native
        /// The user object that the token names.
        var named = World.adele.id
        var account: Account? = Account()
        var scope: String? = "openid offline_access User.Read"
        var claims: String?
        var around: Surroundings = {
            var around = Surroundings()
            around.app = World.api
            return around
        }()

        func decide() throws -> TokenDecision {
            var form = [
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_id": "x", "assertion": "x",
                "requested_token_use": "on_behalf_of",
            ]
            form["scope"] = scope
            form["claims"] = claims
            let payload: JSON = .object([
                "aud": .string(audience), "tid": .string(claimedTenant.description),
                "iss": issuer.map { .string("https://login.example/\($0)/v2.0") }, "azp": "native",
                "oid": .string(named.description),
                "aio": .string(AccessTokenClaims.Mark(grant: World.grant, expiresAt: expiresAt).text),
                "nbf": .integer(notBefore.secondsSinceEpoch), "exp": .integer(expiresAt.secondsSinceEpoch),
            ])
            let token = try #require(AccessTokenClaims(payload))
            return OnBehalfOfGrant.decide(
                try TokenRequest(form: World.form(form), authorization: nil, origin: nil),
                assertion: isSigned
                    ? .token(token, grant: grant?.grant, client: client, account: account?.facts) : .invalid(reason: ""),
                in: around.context)
        }
    }

    typealias Case = Row<Facts, Verdict>

    /// What is wrong, in the order in which it is said.
    static let defects: [Case] = [
        Case("no token of Lapse's", .refused(.assertionSignature, "invalid_grant")) { $0.isSigned = false },
        Case("for another API", .refused(.assertionAudience, "invalid_grant")) { $0.audience = "https://graph.microsoft.com" },
        Case("its grant is gone with a reset", .refused(.assertionSignature, "invalid_grant")) { $0.grant = nil },
        Case("its client was registered again", .refused(.invalidGrantValue, "invalid_grant")) { $0.client?.registration = 7 },
        Case("its user has no account here any more", .refused(.guestNotFound, "invalid_grant")) { $0.account = nil },
        Case("too late, to the tick", .refused(.assertionExpired, "invalid_grant")) { $0.expiresAt = World.now },
        Case("account disabled", .refused(.accountDisabled, "invalid_grant")) { $0.account?.become(.disable) },
        Case("revoked", .refused(.grantRevoked, "invalid_grant", by: World.revocation)) { $0.account?.revoke() },
        Case("revoked where a resource has learned of it", .refused(.grantRevoked, "invalid_grant", by: World.session)) {
            $0.account?.revoke(.only(on: .cae), id: World.session)
            $0.claims = World.challengeAnswer
        },
        Case("no scope", .refused(.missingParameter, "invalid_request")) { $0.scope = nil },
        Case("an old sign-in", .refused(.signInFrequency, "invalid_grant")) {
            $0.around.tenant.policies.lifetimes.signInFrequency = .seconds(3600)
        },
        Case("a policy wants a second factor", .refused(.mfaRequired, "invalid_grant")) {
            $0.account?.user.challenges = [Challenge(code: .mfaRequired, on: [.refresh])]
        },
        Case("consent withdrawn from the API", .refused(.notConsented, "invalid_grant")) {
            $0.account?.user.withdrawnConsents = [World.api.id]
        },
        Case("no such scope", .refused(.scopeUnknown, "invalid_client")) { $0.scope = $0.scope.map { _ in "Nothing.Real" } },
    ]

    static let others: [Case] = [
        Case("all is well", .accepted) { _ in },
        Case("of another tenant", .refused(.assertionSignature, "invalid_grant")) {
            ($0.claimedTenant, $0.issuer) = (World.fabrikam.id, World.fabrikam.id)
        },
        Case("of another issuer", .refused(.assertionSignature, "invalid_grant")) { $0.issuer = World.fabrikam.id },
        Case("of no issuer", .refused(.assertionSignature, "invalid_grant")) { $0.issuer = nil },
        Case("of another issuer, for another API", .refused(.assertionSignature, "invalid_grant")) {
            ($0.issuer, $0.audience) = (World.fabrikam.id, "https://graph.microsoft.com")
        },
        Case("for the API by its URI", .accepted) { $0.audience = BuiltInLab.apiURI },
        Case("for a client that is no API, by its id", .accepted) {
            ($0.around.app, $0.audience) = (World.web, World.web.id.description)
        },
        Case("its client is not registered any more", .refused(.invalidGrantValue, "invalid_grant")) { $0.client = nil },
        Case("its user has another account here now", .refused(.guestNotFound, "invalid_grant")) { $0.named = World.alex.id },
        Case("at the last tick", .accepted) { $0.expiresAt = World.now + Timestamp.tick },
        Case("too early", .refused(.assertionExpired, "invalid_grant")) { $0.notBefore = World.now + .seconds(1) },
        Case("as early as it may be", .accepted) { $0.notBefore = World.now },
        Case("revoked, in effect on the other planes alone", .accepted) {
            for plane in [Plane.session, .cae, .directory] { $0.account?.revoke(.only(on: plane)) }
        },
        Case("revoked, in effect in the region of the request", .refused(.grantRevoked, "invalid_grant", by: World.revocation)) {
            $0.account?.revoke(.only(in: World.east))
        },
        Case("revoked, in effect in the other region", .accepted) { $0.account?.revoke(.only(in: World.west)) },
        Case(
            "a new password: the sign-in counts as its own client's, not as the API's",
            .refused(.grantRevoked, "invalid_grant", by: World.revocation)
        ) { $0.account?.revoke(cause: .passwordChange) },
        Case("a new password, and a confidential client called the API", .accepted) {
            $0.account?.revoke(cause: .passwordChange)
            $0.grant?.clientClass = .confidential
        },
        Case(
            "a revoke that still lets it pass counts, whatever is wrong behind it",
            .refused(.missingParameter, "invalid_request", counting: .ofRevocation(on: .refresh))
        ) {
            $0.account?.revoke(.after(1, on: .refresh))
            $0.scope = nil
        },
        Case("what is wrong before the rule counts nothing", .refused(.assertionExpired, "invalid_grant")) {
            $0.account?.revoke(.after(1, on: .refresh))
            $0.expiresAt = World.now
        },
        Case("the sign-in is one tick young enough", .accepted) {
            $0.around.tenant.policies.lifetimes.signInFrequency = .seconds(3600) + Timestamp.tick
        },
        Case("a policy that is for sign-ins", .accepted) {
            $0.account?.user.challenges = [Challenge(code: .mfaRequired, on: [.authorize])]
        },
        Case("consent withdrawn from the app that called", .accepted) {
            $0.account?.user.withdrawnConsents = [World.native.id]
        },
        Case("two resources", .refused(.severalResources, "invalid_scope")) {
            $0.scope = "User.Read api://lapse-lab/access_as_user"
        },
    ]

    @Test("An API acts for the user whose token it was called with", arguments: defects + others)
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

    @Test("The text names both audiences")
    func audience() throws {
        var facts = Facts()
        facts.audience = "https://graph.microsoft.com"
        let text = try #require(try facts.decide().refusal?.error.text)
        #expect(
            text.contains(
                "The audience in the assertion was 'https://graph.microsoft.com' and the expected audience is 'bbbbbbbb-0002-4000-8000-000000000005' or one of the Application Uris of this application with App ID 'bbbbbbbb-0002-4000-8000-000000000005'(Lapse API)."
            ))
    }

    @Test("The new grant is the API's and as old as the sign-in; there is no id token")
    func issue() throws {
        var facts = Facts()
        facts.grant?.method = .nonPassword
        let issue = try #require(try facts.decide().issue)
        let grant = try #require(issue.newGrant)
        #expect(grant.id != World.grant)
        #expect(grant.tenant == World.contoso.id)
        #expect(grant.user == World.adele.id)
        #expect(grant.client == World.api.id)
        #expect(grant.clientClass == .confidential)
        #expect(grant.scope == "openid offline_access User.Read")
        #expect(grant.authentication == facts.grant?.authentication)
        #expect(grant.session == World.session)
        #expect(grant.createdAt == World.now)
        #expect(!grant.declaresCP1)
        #expect(issue.plan.grant == grant)
        #expect(issue.plan.user == World.adele)
        #expect(!issue.plan.hasIDToken)
        #expect(issue.spent == nil)
        #expect(issue.refreshToken?.grant == grant.id)
        #expect(issue.refreshToken?.expiresAt == World.now + .seconds(90 * 86_400))
        #expect(issue.refreshToken?.hash == issue.plan.refreshToken.map { SecretHash(of: $0) })
    }
}
