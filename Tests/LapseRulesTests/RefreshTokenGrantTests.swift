import Testing

@testable import LapseRules

@Suite("The refresh token at the token endpoint")
struct RefreshTokenGrantTests {
    /// A refresh token of a day ago that is redeemed as it should be.
    struct Facts: Sendable {
        var text = RefreshToken.newText(for: World.grant, at: World.now, .seeded(7))
        var isKnown = true
        var origin: String?
        var version = EndpointVersion.v2
        var scope: String?
        var resource: String?
        var claims: String?

        var issuedAt = World.now - .seconds(86_400)
        var expiresAt = World.now + .seconds(60)
        var isFamilyToken = false
        /// Of the client that the token was issued to; nil: it is not registered any more.
        var registration: Int64? = 0
        var grant = GrantSample()
        var account: Account? = Account()
        var around = Surroundings()
        var grantNow = World.now

        func decide() throws -> TokenDecision {
            var form = ["grant_type": "refresh_token", "client_id": "x", "refresh_token": text]
            form["scope"] = scope
            form["resource"] = resource
            form["claims"] = claims
            let token = RefreshToken(
                hash: SecretHash(of: text), grant: World.grant, issuedAt: issuedAt, expiresAt: expiresAt)
            return RefreshTokenGrant.decide(
                text, try TokenRequest(form: World.form(form), authorization: nil, origin: origin, version: version),
                facts: isKnown
                    ? .init(
                        token: token, grant: grant.grant, client: client, account: account?.facts, grantNow: grantNow)
                    : nil,
                in: around.context)
        }

        private var client: AppRegistration? {
            registration.map {
                AppRegistration(id: grant.client, name: "", kind: .public, isFamilyMember: isFamilyToken).with(\.registration, $0)
            }
        }

        mutating func belong(to app: AppRegistration, _ clientClass: ClientClass) {
            (around.app, grant.client, grant.clientClass) = (app, app.id, clientClass)
            origin = clientClass == .spa ? "https://app.example" : nil
        }
    }

    typealias Case = Row<Facts, Verdict>

    /// What is wrong, in the order in which it is said.
    static let defects: [Case] = [
        Case("no refresh token at all", .refused(.malformed, "invalid_grant")) { ($0.text, $0.isKnown) = ("1.Ashort", false) },
        Case("another client's", .refused(.invalidGrantValue, "invalid_grant")) { $0.grant.client = World.web.id },
        Case("of an app that was registered again", .refused(.invalidGrantValue, "invalid_grant")) { $0.registration = 7 },
        Case("by a browser from elsewhere", .refused(.crossOriginNotSPA, "invalid_request")) {
            $0.origin = "https://app.example"
        },
        Case("no account here", .refused(.guestNotFound, "invalid_grant")) { $0.account = nil },
        Case("account disabled", .refused(.accountDisabled, "invalid_grant")) { $0.account?.become(.disable) },
        Case("revoked", .refused(.grantRevoked, "invalid_grant", by: World.revocation)) { $0.account?.revoke() },
        Case("revoked where a resource has learned of it", .refused(.grantRevoked, "invalid_grant", by: World.session)) {
            $0.account?.revoke(.only(on: .cae), id: World.session)
            $0.claims = World.challengeAnswer
        },
        Case("too long unused, to the tick", .refused(.refreshTokenInactive, "invalid_grant")) { $0.expiresAt = World.now },
        Case("an old sign-in", .refused(.signInFrequency, "invalid_grant")) {
            $0.around.tenant.policies.lifetimes.signInFrequency = .seconds(3600)
        },
        Case("a policy wants a second factor", .refused(.mfaRequired, "invalid_grant")) {
            $0.account?.user.challenges = [Challenge(code: .mfaRequired, on: [.refresh])]
        },
        Case("consent withdrawn", .refused(.notConsented, "invalid_grant")) {
            $0.account?.user.withdrawnConsents = [World.native.id]
        },
        Case("no such scope", .refused(.scopeUnknown, "invalid_client")) { $0.scope = "Nothing.Real" },
    ]

    static let others: [Case] = [
        Case("all is well", .accepted) { _ in },
        Case("never issued", .refused(.invalidGrantValue, "invalid_grant")) { $0.isKnown = false },
        Case("never issued, by a browser from elsewhere", .refused(.invalidGrantValue, "invalid_grant")) {
            ($0.isKnown, $0.origin) = (false, "https://app.example")
        },
        Case("a family's token, redeemed by another member", .accepted) {
            ($0.isFamilyToken, $0.grant.client, $0.around.app) = (true, World.powerShell.id, World.commandLine)
        },
        Case("a family's token, redeemed by a stranger", .refused(.invalidGrantValue, "invalid_grant")) {
            ($0.isFamilyToken, $0.grant.client) = (true, World.powerShell.id)
        },
        Case("a stranger's token, redeemed by a family member", .refused(.invalidGrantValue, "invalid_grant")) {
            $0.around.app = World.commandLine
        },
        Case("a family's token, whose client was registered again", .refused(.invalidGrantValue, "invalid_grant")) {
            ($0.isFamilyToken, $0.grant.client, $0.around.app) = (true, World.powerShell.id, World.commandLine)
            $0.registration = 7
        },
        Case("of an app that the grant's tenant does not know any more", .refused(.invalidGrantValue, "invalid_grant")) {
            $0.registration = nil
        },
        Case("of an app that was registered again before the sign-in", .accepted) {
            ($0.registration, $0.grant.registration) = (7, 7)
        },
        Case("of a grant of another tenant, where the app is registered for itself", .accepted) {
            $0.grant.tenant = World.fabrikam.id
            $0.around.app.registration = 7
        },
        Case("of a grant of another tenant", .accepted) { $0.grant.tenant = World.fabrikam.id },
        Case("a single-page app's", .accepted) { $0.belong(to: World.spa, .spa) },
        Case("a single-page app's, by no browser", .refused(.spaNotCrossOrigin, "invalid_request")) {
            $0.belong(to: World.spa, .spa)
            $0.origin = nil
        },
        Case("a single-page app's after its day", .refused(.refreshTokenOfSPAExpired, "invalid_grant")) {
            $0.belong(to: World.spa, .spa)
            $0.expiresAt = World.now
        },
        Case("a confidential client's, too long unused", .refused(.refreshTokenInactive, "invalid_grant")) {
            $0.belong(to: World.web, .confidential)
            $0.expiresAt = World.now
        },
        Case("at the last tick", .accepted) { $0.expiresAt = World.now + Timestamp.tick },
        Case("the clock of the grant's tenant is past the end", .refused(.refreshTokenInactive, "invalid_grant")) {
            $0.grantNow = $0.expiresAt
        },
        Case("the other clocks are past the end", .accepted) {
            $0.around.now = $0.expiresAt
            $0.account?.homeNow = $0.expiresAt
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
        Case("the home clock is there, the other clocks are not", .refused(.grantRevoked, "invalid_grant", by: World.revocation)) {
            $0.account?.revoke()
            $0.around.now = World.revokedAt - Timestamp.tick
            $0.grantNow = World.revokedAt - Timestamp.tick
        },
        Case("revoked before the sign-in", .accepted) { $0.account?.revoke(at: World.signedInAt - Timestamp.tick) },
        Case("a new password, and a sign-in without one", .accepted) {
            $0.account?.revoke(cause: .passwordChange)
            $0.grant.method = .nonPassword
        },
        Case("a new password, and a sign-in with the old one", .refused(.grantRevoked, "invalid_grant", by: World.revocation)) {
            $0.account?.revoke(cause: .passwordChange)
        },
        Case("a new password, and a confidential client", .accepted) {
            $0.account?.revoke(cause: .passwordChange)
            $0.belong(to: World.web, .confidential)
        },
        Case("a resource has learned of a revoke, and nobody answers its challenge", .accepted) {
            $0.account?.revoke(.only(on: .cae))
        },
        Case("a client that understands challenges, and answers none", .accepted) {
            $0.account?.revoke(.only(on: .cae))
            $0.claims = #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#
        },
        Case("a resource of any region has learned of it", .refused(.grantRevoked, "invalid_grant", by: World.revocation)) {
            $0.account?.revoke([
                .init(plane: .refresh, region: World.east, moment: .held), .init(plane: .cae, region: World.east, moment: .held),
                .init(plane: .cae, region: World.west, moment: .at(World.revokedAt)),
            ])
            $0.claims = World.challengeAnswer
        },
        Case("a guest answers a challenge that nobody made", .accepted) {
            ($0.account, $0.grant.user) = (Account(World.guest, home: World.fabrikam), World.guest)
            $0.account?.revoke(.only(on: .cae))
            $0.claims = World.challengeAnswer
        },
        Case("a revoke that still lets it pass, and counts", .accepted(counting: .ofRevocation(on: .refresh))) {
            $0.account?.revoke(.after(1, on: .refresh))
        },
        Case(
            "a revoke that still lets it pass counts, whatever is wrong behind it",
            .refused(.refreshTokenInactive, "invalid_grant", counting: .ofRevocation(on: .refresh))
        ) {
            $0.account?.revoke(.after(1, on: .refresh))
            $0.expiresAt = World.now
        },
        Case(
            "a revoke that still lets it pass counts for an account that is disabled",
            .refused(.accountDisabled, "invalid_grant", counting: .ofRevocation(on: .refresh))
        ) {
            $0.account?.revoke(.after(1, on: .refresh))
            $0.account?.become(.disable)
        },
        Case("a deletion that still lets it pass, and counts", .accepted(counting: .ofChange(on: .refresh))) {
            $0.account?.become(.delete, .after(1, on: .refresh))
        },
        Case("what is wrong before the rule counts nothing", .refused(.crossOriginNotSPA, "invalid_request")) {
            $0.account?.revoke(.after(1, on: .refresh))
            $0.origin = "https://app.example"
        },
        Case("the sign-in is one tick young enough", .accepted) {
            $0.around.tenant.policies.lifetimes.signInFrequency = .seconds(3600) + Timestamp.tick
        },
        Case("the app wants younger sign-ins than its tenant", .refused(.signInFrequency, "invalid_grant")) {
            $0.around.tenant.policies.lifetimes.signInFrequency = .seconds(7200)
            $0.around.app.lifetimes.signInFrequency = .seconds(3600)
        },
        Case("a policy of the app wants a managed device", .refused(.deviceNotManaged, "invalid_grant")) {
            $0.around.app.challenges = [Challenge(code: .deviceNotManaged, on: [.refresh])]
        },
        Case("a policy that is for sign-ins", .accepted) {
            $0.account?.user.challenges = [Challenge(code: .mfaRequired, on: [.authorize])]
        },
        Case("consent withdrawn from another app", .accepted) { $0.account?.user.withdrawnConsents = [World.web.id] },
        Case("another resource than at the sign-in", .accepted) { $0.scope = "api://lapse-lab/access_as_user" },
        Case("two resources", .refused(.severalResources, "invalid_scope")) {
            $0.scope = "User.Read api://lapse-lab/access_as_user"
        },
        Case("no scope, and a grant of two resources", .refused(.scopeMissing, "invalid_request")) {
            $0.grant.scope = "User.Read api://lapse-lab/access_as_user"
        },
        Case("version 1 names a resource", .accepted) { ($0.version, $0.resource) = (.v1, "api://lapse-lab") },
        Case("version 1 names none that is there", .refused(.resourceNotFound, "invalid_resource")) {
            ($0.version, $0.resource) = (.v1, "api://elsewhere")
        },
    ]

    @Test("A refresh token serves its client until it ends or is revoked", arguments: defects + others)
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
            Row(
                "never issued", "The provided value for the input parameter 'refresh_token' or 'assertion' is not valid."
            ) { $0.isKnown = false },
            Row(
                "too long unused: the time from its issue to its end",
                "The refresh token has expired due to inactivity.\u{A0}The token was issued on 2026-02-28T12:00:00.0000000Z and was inactive for 1.00:00:00."
            ) { $0.expiresAt = World.now },
            Row(
                "a single-page app's end: the lifetime that is set, not the child's",
                "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 02:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on 2026-02-28T12:00:00.0000000Z."
            ) {
                $0.belong(to: World.spa, .spa)
                $0.around.app.lifetimes.spaRefreshToken = .seconds(7200)
                $0.expiresAt = World.now
            },
            Row(
                "an old sign-in",
                "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on 2026-03-01T11:00:00.0000000Z and the maximum allowed lifetime for this request is 60."
            ) { $0.around.app.lifetimes.signInFrequency = .seconds(60) },
            Row(
                "a policy, for the resource that is asked for",
                "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access 'bbbbbbbb-0002-4000-8000-000000000005'."
            ) {
                $0.account?.user.challenges = [Challenge(code: .mfaRequired, on: [.refresh])]
                $0.scope = "api://lapse-lab/access_as_user"
            },
            Row(
                "a policy, and a scope that names no resource: Graph",
                "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '00000003-0000-0000-c000-000000000000'."
            ) {
                $0.account?.user.challenges = [Challenge(code: .mfaRequired, on: [.refresh])]
                $0.scope = "Nothing.Real"
            },
            Row(
                "a guest of Fabrikam without an account here",
                "User account 'aaaaaaaa-0001-4000-8000-000000000004' from identity provider 'https://sts.chinacloudapi.cn/22222222-bbbb-4bbb-8bbb-222222222222/' does not exist in tenant 'Contoso' and cannot access the application 'bbbbbbbb-0002-4000-8000-000000000001'(Lapse Native) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account."
            ) {
                ($0.grant.user, $0.account) = (World.guest, nil)
                $0.around.tenant.policies.cloud = .china
            },
        ] as [Row<Facts, String>])
    func text(row: Row<Facts, String>) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(try facts.decide().refusal?.error.text == row.expected)
    }

    /// When the child ends.
    static let ends: [Row<Facts, Timestamp?>] = [
        Row("a public client's slides", World.now + .seconds(90 * 86_400)) { _ in },
        Row("a confidential client's slides", World.now + .seconds(90 * 86_400)) { $0.belong(to: World.web, .confidential) },
        Row("a single-page app's inherits its parent's", World.now + .seconds(60)) {
            $0.belong(to: World.spa, .spa)
            $0.around.app.lifetimes.spaRefreshToken = .seconds(7200)
        },
        Row("it slides by the app's lifetime", World.now + .seconds(7200)) {
            $0.around.tenant.policies.lifetimes.refreshTokenInactivity = .seconds(3600)
            $0.around.app.lifetimes.refreshTokenInactivity = .seconds(7200)
        },
        Row("it slides on the clock of the grant's tenant", World.now + .seconds(90 * 86_400 - 30)) {
            $0.grantNow = World.now - .seconds(30)
        },
        Row("a grant that is not offline has none", nil) {
            $0.grant.scope = "openid User.Read"
            $0.scope = "offline_access User.Read"
        },
        Row("a grant that is offline has one, whatever is asked for", World.now + .seconds(90 * 86_400)) {
            $0.scope = "User.Read"
        },
    ]

    @Test("The child's end", arguments: ends)
    func child(row: Row<Facts, Timestamp?>) throws {
        var facts = Facts()
        row.change(&facts)
        let issue = try #require(try facts.decide().issue)
        #expect(issue.refreshToken?.expiresAt == row.expected)
        #expect((issue.plan.refreshToken == nil) == (row.expected == nil))
        #expect(issue.refreshToken.map { $0.issuedAt == facts.grantNow } != false)
        #expect(issue.refreshToken.map { $0.grant == World.grant } != false)
        #expect(issue.refreshToken?.hash == issue.plan.refreshToken.map { SecretHash(of: $0) })
    }

    @Test("What is issued: nothing is spent, no grant is made, the sign-in keeps its age")
    func issue() throws {
        var facts = Facts()
        facts.scope = "api://lapse-lab/access_as_user"
        let issue = try #require(try facts.decide().issue)
        #expect(issue.spent == nil)
        #expect(issue.newGrant == nil)
        #expect(issue.plan.grant == facts.grant.grant)
        #expect(issue.plan.user == World.adele)
        #expect(issue.plan.scope.text == "api://lapse-lab/access_as_user")
        #expect(issue.plan.hasIDToken)
        #expect(issue.plan.nonce == nil)
        #expect(!issue.plan.wantsAuthTime)
    }

    @Test("A single-page app's answer says how long its refresh token still lives, by the clock of the request's tenant")
    func expiresIn() throws {
        var facts = Facts()
        #expect(try facts.decide().issue?.plan.refreshTokenExpiresIn == nil)
        facts.belong(to: World.spa, .spa)
        facts.grantNow = World.now - .seconds(30)
        #expect(try facts.decide().issue?.plan.refreshTokenExpiresIn == .seconds(60))
    }
}
