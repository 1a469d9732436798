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
    method: SignInMethod = .password, declaresCP1: Bool = false, version: EndpointVersion = .v2, nonce: String? = nil,
    wantsAuthTime: Bool = false
) throws -> TokenPlan {
    let context = TokenContext(
        tenant: tenant, app: app, resources: lab.apps.compactMap { ResourceAPI($0) }, region: .local, now: now,
        wall: now + .seconds(86_400), random: .seeded(1))
    let form = try FormParameters(Array("grant_type=refresh_token&client_id=\(app.id)&refresh_token=x".utf8))
    let request = try TokenRequest(form: form, authorization: nil, origin: nil, version: version)
    guard let user else {
        let scope = GrantedScope(
            resource: try context.scopes.application(scope), openID: [], isOffline: false, permissions: [], spelled: [])
        return TokenPlan(context, for: request, user: nil, grant: nil, scope: scope, refreshToken: nil)
    }
    let grant = Grant(
        id: RandomSource.seeded(2).guid(), tenant: tenant.id, user: user.id, client: app.id, clientClass: .public, scope: scope,
        authentication: Authentication(user: user.home, place: Place(at: now - .seconds(90), sequence: 1), method: method),
        session: RandomSource.seeded(3).guid(), createdAt: now, declaresCP1: declaresCP1)
    return TokenPlan(
        context, for: request, user: user, grant: grant, scope: try context.scopes.delegated(scope), nonce: nonce,
        wantsAuthTime: wantsAuthTime, refreshToken: nil)
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

    fileprivate func without(_ name: String) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { $0.name != name })
    }

    fileprivate func setting(_ name: String, _ value: JSON) -> JSON { without(name).followed(by: .object([name: value])) }
}

@Suite("What an access token says")
struct AccessTokenClaimsTests {
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

    @Test("An application's own token has roles, and neither user, grant nor scope")
    func application() throws {
        let payload = try payload(try plan("https://graph.microsoft.com/.default", of: nil, app: app("Lapse Daemon")))
        let claims = try #require(AccessTokenClaims(payload))
        #expect((claims.user, claims.grant, claims.declaresCP1) == (nil, nil, false))
        #expect(claims.scopes.isEmpty)
        #expect(claims.roles == ["User.RevokeSessions.All", "User.Read.All", "User.ReadWrite.All", "AuditLog.Read.All"])
        #expect((payload["idtyp"], payload["appidacr"]) == ("app", "1"))
        #expect(payload["oid"] == payload["sub"])
        #expect(payload.names.isDisjoint(with: ["scp", "upn", "wids", "amr", "acr", "acct", "puid", "name"]))
    }

    @Test(
        "A payload that Lapse never wrote is none",
        arguments: [
            ("aud", nil), ("tid", nil), ("tid", "contoso"), ("appid", nil), ("aio", nil), ("aio", "x"), ("aio", "AAAA"),
            ("nbf", nil), ("nbf", "1"), ("exp", nil), ("exp", 0),
        ] as [(String, JSON?)])
    func foreign(name: String, value: JSON?) throws {
        let genuine = try payload(try plan())
        let spoiled = value.map { genuine.setting(name, $0) } ?? genuine.without(name)
        #expect(AccessTokenClaims(spoiled) == nil)
        #expect(AccessTokenClaims(genuine) != nil)
    }

    @Test(
        "Only an issuer of the token's own tenant is its own, wherever Lapse was reached",
        arguments: [
            ("https://sts.windows.net/\(BuiltInLab.contoso)/", true), ("http://10.0.0.1/\(BuiltInLab.contoso)/v2.0", true),
            ("https://sts.windows.net/\(BuiltInLab.fabrikam)/", false), ("https://x/\(BuiltInLab.contoso)0/", false), (nil, false),
        ])
    func issuers(issuer: String?, isOwn: Bool) throws {
        let genuine = try payload(try plan())
        let claims = try #require(
            AccessTokenClaims(issuer.map { genuine.setting("iss", .string($0)) } ?? genuine.without("iss")))
        #expect(claims.hasOwnIssuer == isOwn)
    }

    @Test(
        "Version 1 tells of the user",
        arguments: [("acct", 0), ("acr", "1"), ("amr", ["pwd"]), ("appidacr", "0"), ("ver", "1.0")]
            as [(String, JSON)])
    func versionOne(name: String, value: JSON) throws { #expect(try payload(try plan())[name] == value) }

    @Test("Version 1 has the user's names and roles; scopes are Graph's and OpenID's")
    func names() throws {
        let json = try payload(try plan(of: admin))
        #expect((json["upn"], json["unique_name"]) == ("admin@contoso.example", "admin@contoso.example"))
        #expect((json["given_name"], json["family_name"], json["name"]) == ("Ada", "Admin", "Ada Admin"))
        #expect(json["wids"] == ["62e90394-69f5-4237-9190-012177145e10"])
        #expect(json["scp"] == "email openid User.Read")
        #expect(json["iss"] == .string("https://sts.windows.net/\(BuiltInLab.contoso)/"))
        #expect(json["aud"] == "https://graph.microsoft.com")
        #expect(json["puid"] == "1003000000000003")
        #expect(json["idp"] == nil)
    }

    @Test("A guest's token names the provider at home")
    func guests() throws {
        for json in [try payload(try plan(of: guest)), try payload(try plan(api, of: guest)), try idToken(try plan(of: guest))] {
            #expect(json["idp"] == .string("https://sts.windows.net/\(BuiltInLab.fabrikam)/"))
            #expect(json["oid"]?.text == guest.id.description)
        }
        #expect(try payload(try plan(of: guest))["acct"] == 1)
    }

    @Test("A sign-in without a password shows as a security key")
    func methods() throws {
        #expect(try payload(try plan(method: .nonPassword))["amr"] == ["fido"])
    }

    @Test("Version 2 goes to the client id, under the issuer by which Lapse was reached")
    func versionTwo() throws {
        let json = try payload(try plan(api))
        #expect((json["aud"]?.text, json["iss"]?.text) == (BuiltInLab.api.description, issuer))
        #expect((json["ver"], json["azpacr"], json["scp"]) == ("2.0", "0", "access_as_user"))
        #expect(json["preferred_username"] == "adele@contoso.example")
        #expect(json.names.isDisjoint(with: ["upn", "appid", "roles", "xms_cc"]))
        let own = try payload(try plan("\(BuiltInLab.apiURI)/.default", of: nil, app: app("Lapse Daemon")))
        #expect(own["roles"] == [])
        #expect(own["azpacr"] == "1")
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
            tenant: lab.tenant, app: app(), resources: [ResourceAPI(quiet)!], region: .local, now: now, wall: now,
            random: .seeded(1))
        let grant = Grant(
            id: RandomSource.seeded(2).guid(), tenant: lab.tenant.id, user: adele.id, client: app().id, clientClass: .public,
            scope: api, authentication: Authentication(user: adele.home, place: Place(at: now, sequence: 1), method: .password),
            session: nil, createdAt: now, declaresCP1: true)
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

    @Test("An id token goes to the client, with what was asked for")
    func idTokens() throws {
        let plan = try plan("openid email User.Read", nonce: "n", wantsAuthTime: true)
        let json = try idToken(plan)
        #expect((json["aud"]?.text, json["iss"]?.text, json["nonce"]) == (app().id.description, issuer, "n"))
        #expect(json["auth_time"] == .integer((now - .seconds(90)).secondsSinceEpoch))
        #expect((json["email"], json["ver"]) == ("adele@contoso.example", "2.0"))
        #expect(json["sid"]?.text == plan.grant?.session?.description)
        #expect(json["exp"] == .integer(now.secondsSinceEpoch + 3600))
        let bare = try idToken(try self.bare(.v2))
        #expect(bare.names.isDisjoint(with: ["nonce", "auth_time", "email"]))
    }

    private func bare(_ version: EndpointVersion) throws -> TokenPlan { try plan("openid User.Read", version: version) }

    @Test("An id token of version 1 has more of the user and no session")
    func idTokensOfVersionOne() throws {
        let json = try idToken(try plan(version: .v1, nonce: "n", wantsAuthTime: true))
        #expect((json["ver"], json["nonce"], json["amr"]) == ("1.0", "n", ["pwd"]))
        #expect(json["auth_time"] == .integer((now - .seconds(90)).secondsSinceEpoch))
        #expect(json["iss"]?.text == "https://sts.windows.net/\(BuiltInLab.contoso)/")
        #expect((json["upn"], json["given_name"]) == ("adele@contoso.example", "Adele"))
        #expect(json.names.isDisjoint(with: ["sid", "preferred_username", "email"]))
        #expect(try idToken(try bare(.v1)).names.isDisjoint(with: ["nonce", "auth_time"]))
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
