import Testing

@testable import LapseRules

private let now = Timestamp("2026-03-01T12:00:00.25Z")!
private let lab = BuiltInLab.seed[0]
private let (adele, admin, guest) = (lab.users[0], lab.users[2], lab.users[3])
private let issuer = "https://localhost:8443/\(BuiltInLab.contoso)/v2.0"
private let api = "api://lapse-lab/access_as_user"

private func app(_ name: String = "Lapse Native") -> AppRegistration { lab.apps.first { $0.name == name }! }

private func tenant(_ change: (inout Policies) -> Void) -> Tenant {
    var tenant = lab.tenant
    change(&tenant.policies)
    return tenant
}

/// The plan of a grant's first tokens; without a user, of an application's own.
private func plan(
    _ scope: String = "openid email User.Read", of user: User? = adele, app: AppRegistration = app(), tenant: Tenant = lab.tenant,
    declaresCP1: Bool = false
) throws -> TokenPlan {
    let context = TokenContext(
        tenant: tenant, app: app, resources: lab.apps.compactMap { ResourceAPI($0) }, region: .local, now: now,
        systemTime: now + .seconds(86_400), random: .seeded(1))
    let form = try FormParameters(Array("grant_type=refresh_token&client_id=\(app.id)&refresh_token=x".utf8))
    let request = try TokenRequest(form: form, authorization: nil, origin: nil)
    guard let user else {
        let scope = GrantedScope(
            resource: try context.scopes.application(scope), openID: [], isOffline: false, permissions: [], spelled: [])
        return TokenPlan(context, for: request, user: nil, grant: nil, scope: scope, refreshToken: nil)
    }
    let grant = Grant(
        id: RandomSource.seeded(2).guid(), tenant: tenant.id, user: user.id, client: app.id, clientClass: .public, scope: scope,
        authentication: Authentication(user: user.home, place: Place(at: now - .seconds(90), sequence: 1), method: .password),
        session: RandomSource.seeded(3).guid(), createdAt: now, declaresCP1: declaresCP1,
        registration: 0)
    return TokenPlan(
        context, for: request, user: user, grant: grant, scope: try context.scopes.delegated(scope),
        refreshToken: nil)
}

private func payload(_ plan: TokenPlan) throws -> JSON { try #require(JSON(parsing: plan.accessTokenPayload(issuer: issuer))) }

private func idToken(_ plan: TokenPlan) throws -> JSON {
    let bytes = try #require(plan.idTokenPayload(issuer: issuer))
    return try #require(JSON(parsing: bytes))
}

extension JSON {
    fileprivate var names: Set<String> {
        if case .object(let members) = self { Set(members.map(\.name)) } else { [] }
    }
}

@Suite("Tokens by clock, cloud and capability")
struct TokenPayloadTests {
    @Test("Lapse reads back what it wrote, in both formats", arguments: ["User.Read openid", api])
    func roundTrip(scope: String) throws {
        let plan = try plan(scope, declaresCP1: true)
        let claims = try #require(AccessTokenClaims(try payload(plan)))
        #expect((claims.tenant, claims.user, claims.client) == (lab.tenant.id, adele.id, app().id))
        #expect(claims.audience == plan.scope.resource.audience)
        #expect(claims.scopes == (scope == api ? ["access_as_user"] : ["User.Read", "openid"]))
        #expect((claims.grant, claims.declaresCP1, claims.roles) == (plan.grant?.id, true, []))
        #expect(claims.expiresAt == plan.accessTokenEnd)
        #expect(claims.notBefore == plan.accessTokenEnd - plan.accessTokenLifetime - .seconds(300))
        #expect(claims.hasOwnIssuer)
        #expect(claims.id == Base64URL.encode(plan.accessTokenID.bytes))
    }

    @Test("The subject is the same for one user and client, and another for every other")
    func subjects() throws {
        let subject = try payload(try plan())["sub"]
        #expect(try payload(try plan(api))["sub"] == subject)
        #expect(try idToken(try plan())["sub"] == subject)
        #expect(try payload(try plan(of: admin))["sub"] != subject)
        #expect(try payload(try plan(app: app("Lapse SPA")))["sub"] != subject)
    }

    @Test("Tokens print the tenant's time, or the machine's when the tenant says so; Lapse judges by the tenant's")
    func clocks() throws {
        let wall = try payload(try plan(tenant: tenant { $0.tokenTimes = .wall }))
        let own = try payload(try plan())
        guard case .integer(let late)? = wall["iat"], case .integer(let early)? = own["iat"] else { return #expect(Bool(false)) }
        #expect(early == now.secondsSinceEpoch - 300)
        #expect(late - early == 86_400)
        #expect(AccessTokenClaims(wall)?.expiresAt == AccessTokenClaims(own)?.expiresAt)
    }

    @Test(
        "A token is long and says so when client, API and user can be evaluated continuously",
        arguments: [
            ("User.Read", adele, true, true, true), ("User.Read", adele, false, false, false),
            (api, adele, true, true, true), ("User.Read", guest, true, true, false),
        ])
    func evaluated(scope: String, user: User, declaresCP1: Bool, says: Bool, isLong: Bool) throws {
        let plan = try plan(scope, of: user, declaresCP1: declaresCP1)
        #expect((try payload(plan)["xms_cc"] == ["cp1"]) == says)
        #expect((plan.accessTokenLifetime >= .seconds(72_000)) == isLong)
        #expect(plan.accessToken.isEvaluated == isLong)
        #expect(plan.accessToken.endsAt == plan.accessTokenEnd)
    }

    @Test("An API that does not ask for capabilities is told of none")
    func withoutCapabilities() throws {
        var quiet = lab.apps[4]
        quiet.exposes?.asksForCapabilities = false
        let context = TokenContext(
            tenant: lab.tenant, app: app(), resources: [ResourceAPI(quiet)!], region: .local, now: now, systemTime: now,
            random: .seeded(1))
        let grant = Grant(
            id: RandomSource.seeded(2).guid(), tenant: lab.tenant.id, user: adele.id, client: app().id, clientClass: .public,
            scope: api, authentication: Authentication(user: adele.home, place: Place(at: now, sequence: 1), method: .password),
            session: nil, createdAt: now, declaresCP1: true, registration: 0)
        let issue = context.issue(grant, scope: try context.scopes.delegated(api), user: adele)
        #expect(!issue.plan.declaresCP1)
        #expect(issue.newGrant == grant)
        #expect(issue.refreshToken == nil, "the grant is not offline")
    }

    @Test(
        "A cloud puts its own names into tokens",
        arguments: [
            (Cloud.global, "https://sts.windows.net/", "https://graph.microsoft.com", "NA"),
            (.usGovernmentL4, "https://sts.windows.net/", "https://graph.microsoft.us", "USG"),
            (.usGovernmentL5, "https://sts.windows.net/", "https://dod-graph.microsoft.us", "USG"),
            (.china, "https://sts.chinacloudapi.cn/", "https://microsoftgraph.chinacloudapi.cn", "AS"),
        ])
    func clouds(cloud: Cloud, issuer: String, audience: String, scope: String) throws {
        let json = try payload(try plan(tenant: tenant { $0.cloud = cloud }))
        #expect(json["iss"] == .string("\(issuer)\(BuiltInLab.contoso)/"))
        #expect((json["aud"]?.text, json["tenant_region_scope"]?.text, json["xms_tdbr"]?.text) == (audience, scope, scope))
    }

    @Test("An application alone has no id token")
    func noIDToken() throws {
        let plan = try plan("https://graph.microsoft.com/.default", of: nil, app: app("Lapse Daemon"))
        #expect(plan.idTokenPayload(issuer: issuer) == nil)
        #expect(!plan.hasIDToken)
        #expect(plan.clientInfo == nil)
    }
}

@Suite("Forged tokens")
struct TokenForgeryTests {
    private func forged(_ defect: TokenDefect, _ scope: String) throws -> (genuine: JSON, forged: JSON, plan: TokenPlan) {
        let plan = try plan(scope)
        return (try payload(plan), plan.accessTokenPayload(issuer: issuer, defect: defect), plan)
    }

    private static let formats = ["User.Read", api]

    @Test(
        "A defect changes the claims that it is about, and no other",
        arguments: [
            (TokenDefect.audience, ["aud"]), (.issuer, ["iss"]), (.signature, []), (.keyId, []),
            (.expired, ["aio", "exp", "iat", "nbf"]), (.notYetValid, ["aio", "exp", "iat", "nbf"]),
        ], formats)
    func defects(defect: (kind: TokenDefect, claims: [String]), scope: String) throws {
        let (genuine, forged, _) = try forged(defect.kind, scope)
        #expect(genuine.names == forged.names)
        #expect(genuine.names.filter { genuine[$0] != forged[$0] }.sorted() == defect.claims)
    }

    @Test("A token of another tenant's authority has that tenant in its issuer, and Lapse sees it", arguments: formats)
    func foreignIssuer(scope: String) throws {
        let json = try forged(.issuer, scope).forged
        #expect(json["iss"]?.text?.contains("/ffffffff-dead-4fff-8fff-ffffffffffff/") == true)
        #expect(AccessTokenClaims(json)?.hasOwnIssuer == false)
    }

    @Test("A token that ended did so ten minutes ago, and one that is too young begins in an hour", arguments: formats)
    func times(scope: String) throws {
        let (_, ended, plan) = try forged(.expired, scope)
        let claims = try #require(AccessTokenClaims(ended))
        // Lifetimes count whole seconds.
        #expect(claims.expiresAt == now - .seconds(600))
        #expect(ended["exp"] == .integer(now.secondsSinceEpoch - 600))
        let young = try forged(.notYetValid, scope).forged
        #expect(young["nbf"] == .integer(now.secondsSinceEpoch + 3600))
        #expect(AccessTokenClaims(young)?.notBefore == now + .seconds(3600))
        #expect(AccessTokenClaims(young)?.expiresAt == plan.accessTokenEnd + .seconds(3900))
    }
}
