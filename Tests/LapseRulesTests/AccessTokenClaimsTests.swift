import Testing

@testable import LapseRules

@Suite("What an access token says")
struct AccessTokenClaimsTests {
    /// A token for Graph, from Adele's sign-in at the native app.
    struct Facts: Sendable {
        var claims: [String: JSON] = [
            "aud": "https://graph.microsoft.com", "iss": "https://sts.windows.net/11111111-aaaa-4aaa-8aaa-111111111111/",
            "tid": "11111111-aaaa-4aaa-8aaa-111111111111", "appid": "NATIVE", "oid": "aaaaaaaa-0001-4000-8000-000000000001",
            "scp": "openid User.Read", "uti": "u-1",
            "aio": .string(AccessTokenClaims.Mark(grant: World.grant, expiresAt: World.now).text), "nbf": 1000, "exp": 1060,
        ]

        func read() -> AccessTokenClaims? {
            AccessTokenClaims(.object(claims.map { JSON.Member(name: $0.key, value: $0.value) }))
        }
    }

    @Test("What is read of it; its times are the tenant's, whatever clock it prints")
    func reading() throws {
        let claims = try #require(Facts().read())
        #expect(claims.audience == "https://graph.microsoft.com")
        #expect(claims.tenant == World.contoso.id)
        #expect(claims.user == World.adele.id)
        #expect(claims.client == "native")
        #expect(claims.scopes == ["openid", "User.Read"])
        #expect(claims.roles.isEmpty)
        #expect(claims.grant == World.grant)
        #expect(!claims.declaresCP1)
        #expect(claims.expiresAt == World.now)
        #expect(claims.notBefore == World.now - .seconds(60))
        #expect(claims.hasOwnIssuer)
        #expect(claims.id == "u-1")
    }

    @Test(
        "What Lapse never wrote is not read",
        arguments: [
            Row("as it was", true) { _ in }, Row("no audience", false) { $0.claims["aud"] = nil },
            Row("an audience that is no text", false) { $0.claims["aud"] = ["x"] },
            Row("no tenant", false) { $0.claims["tid"] = nil }, Row("a tenant that is none", false) { $0.claims["tid"] = "x" },
            Row("no client", false) { $0.claims["appid"] = nil },
            Row("a client in the words of version 2", true) { ($0.claims["appid"], $0.claims["azp"]) = (nil, "native") },
            Row("no mark", false) { $0.claims["aio"] = nil }, Row("a mark that is none", false) { $0.claims["aio"] = "AA" },
            Row("no beginning", false) { $0.claims["nbf"] = nil }, Row("no end", false) { $0.claims["exp"] = nil },
            Row("an end that is no number", false) { $0.claims["exp"] = "1060" },
            Row("an end before the beginning", false) { $0.claims["exp"] = 999 },
            Row("an end at the beginning", true) { $0.claims["exp"] = 1000 },
        ] as [Row<Facts, Bool>])
    func readable(row: Row<Facts, Bool>) {
        var facts = Facts()
        row.change(&facts)
        #expect((facts.read() != nil) == row.expected)
    }

    @Test(
        "Its issuer is of its own tenant, at whatever address",
        arguments: [
            ("https://sts.windows.net/11111111-aaaa-4aaa-8aaa-111111111111/", true),
            ("https://127.0.0.1:8443/11111111-aaaa-4aaa-8aaa-111111111111/v2.0", true),
            ("https://sts.windows.net/22222222-bbbb-4bbb-8bbb-222222222222/", false),
            ("https://sts.windows.net/x11111111-aaaa-4aaa-8aaa-111111111111/", false), ("", false), (1, false),
        ] as [(JSON, Bool)])
    func issuer(issuer: JSON, isOwn: Bool) {
        var facts = Facts()
        facts.claims["iss"] = issuer
        #expect(facts.read()?.hasOwnIssuer == isOwn)
    }

    @Test("An application's own token has roles and no user")
    func application() throws {
        var facts = Facts()
        facts.claims["aio"] = .string(AccessTokenClaims.Mark(grant: nil, expiresAt: World.now).text)
        facts.claims["scp"] = nil
        facts.claims["roles"] = ["User.Read.All", 1]
        facts.claims["xms_cc"] = ["CP1"]
        let claims = try #require(facts.read())
        #expect(claims.grant == nil)
        #expect(claims.user == nil)
        #expect(claims.roles == ["User.Read.All"])
        #expect(claims.scopes.isEmpty)
        #expect(claims.declaresCP1)
    }

    @Test("The mark keeps grant and end")
    func mark() throws {
        for grant in [World.grant, nil] {
            let mark = try #require(AccessTokenClaims.Mark(AccessTokenClaims.Mark(grant: grant, expiresAt: World.now).text))
            #expect(mark.grant == grant)
            #expect(mark.expiresAt == World.now)
        }
    }

    private func payload(_ bytes: [UInt8]) throws -> [String: JSON] {
        guard case .object(let members) = try #require(JSON(parsing: bytes)) else { return [:] }
        return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
    }

    /// The names as they are written: what is parsed has lost their order.
    private func names(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).matches(of: /"([a-z_]+)":/).map { String($0.1) }
    }

    @Test("A user's token for Graph is of version 1: its claims in order")
    func versionOne() throws {
        var facts = TokenPlanTests.Facts()
        facts.grant?.declaresCP1 = true
        let bytes = try facts.plan().accessTokenPayload(issuer: "https://login.example/x/v2.0")
        #expect(
            names(bytes) == [
                "aud", "iss", "iat", "nbf", "exp", "acct", "acr", "aio", "amr", "app_displayname", "appid", "appidacr",
                "family_name", "given_name", "idtyp", "ipaddr", "name", "oid", "puid", "rh", "scp", "sub", "tenant_region_scope",
                "tid", "unique_name", "upn", "uti", "ver", "wids", "xms_cc", "xms_st", "sub", "xms_tcdt", "xms_tdbr",
            ])
        let claims = try payload(bytes)
        #expect(claims["aud"] == "https://graph.microsoft.com")
        #expect(claims["iss"] == "https://sts.windows.net/11111111-aaaa-4aaa-8aaa-111111111111/")
        #expect(claims["iat"] == claims["nbf"])
        #expect(claims["nbf"] == .integer(World.now.secondsSinceEpoch - 300))
        #expect(claims["acct"] == 0)
        #expect(claims["acr"] == "1")
        #expect(claims["amr"] == ["pwd"])
        #expect(claims["app_displayname"] == "Lapse Native")
        #expect(claims["appid"] == .string(World.native.id.description))
        #expect(claims["appidacr"] == "0")
        #expect(claims["family_name"] == "Vance")
        #expect(claims["given_name"] == "Adele")
        #expect(claims["idtyp"] == "user")
        #expect(claims["name"] == "Adele Vance")
        #expect(claims["oid"] == .string(World.adele.id.description))
        #expect(claims["puid"] == "1003000000000001")
        #expect(claims["scp"] == "openid User.Read")
        #expect(claims["sub"] == .string(TokenPlan.pairwiseSubject(user: World.adele.id, client: World.native.id)))
        #expect(claims["unique_name"] == "adele@contoso.example")
        #expect(claims["upn"] == "adele@contoso.example")
        #expect(claims["ver"] == "1.0")
        #expect(claims["wids"] == [])
        #expect(claims["xms_cc"] == ["cp1"])
        #expect(claims["xms_st"]?["sub"] == claims["sub"])
    }

    @Test("A guest's names the provider at home; a confidential client's says so; a security key is no password")
    func guest() throws {
        var facts = TokenPlanTests.Facts(user: World.guest)
        facts.grant?.method = .nonPassword
        facts.around.app = World.web
        let claims = try payload(try facts.plan().accessTokenPayload(issuer: "x"))
        #expect(claims["acct"] == 1)
        #expect(claims["idp"] == "https://sts.windows.net/22222222-bbbb-4bbb-8bbb-222222222222/")
        #expect(claims["amr"] == ["fido"])
        #expect(claims["appidacr"] == "1")
        #expect(claims["oid"] == .string(World.guest.id.description))
        #expect(claims["xms_cc"] == nil)
    }

    @Test("An application's token for Graph: its roles, its service principal, no user")
    func applicationPayload() throws {
        var facts = TokenPlanTests.Facts()
        facts.becomeApplication()
        let bytes = try facts.plan().accessTokenPayload(issuer: "x")
        #expect(
            names(bytes) == [
                "aud", "iss", "iat", "nbf", "exp", "aio", "app_displayname", "appid", "appidacr", "idp", "idtyp", "oid", "rh",
                "roles", "sub", "tenant_region_scope", "tid", "uti", "ver", "xms_tcdt", "xms_tdbr",
            ])
        let claims = try payload(bytes)
        #expect(claims["idp"] == claims["iss"])
        #expect(claims["idtyp"] == "app")
        #expect(claims["roles"] == ["User.RevokeSessions.All", "User.Read.All", "User.ReadWrite.All", "AuditLog.Read.All"])
        #expect(claims["sub"] == claims["oid"])
        #expect(claims["oid"] == .string(World.daemon.servicePrincipal(in: World.contoso.id).description))
    }

    @Test("A token for an API of version 2: its claims in order, an application's with no roles")
    func versionTwo() throws {
        var facts = TokenPlanTests.Facts(scope: "openid api://lapse-lab/access_as_user")
        facts.grant?.declaresCP1 = true
        let bytes = try facts.plan().accessTokenPayload(issuer: "https://login.example/x/v2.0")
        #expect(
            names(bytes) == [
                "aud", "iss", "iat", "nbf", "exp", "aio", "azp", "azpacr", "name", "oid", "preferred_username", "rh", "scp", "sub",
                "tid", "uti", "ver", "xms_cc",
            ])
        let claims = try payload(bytes)
        #expect(claims["aud"] == .string(World.api.id.description))
        #expect(claims["iss"] == "https://login.example/x/v2.0")
        #expect(claims["azpacr"] == "0")
        #expect(claims["scp"] == "access_as_user")
        #expect(claims["ver"] == "2.0")
        #expect(try #require(AccessTokenClaims(.object(claims.map { .init(name: $0.key, value: $0.value) }))).declaresCP1)
        facts.becomeApplication()
        facts.scope = "api://lapse-lab/.default"
        #expect(try payload(try facts.plan().accessTokenPayload(issuer: "x"))["roles"] == [])
    }

    @Test("An id token of version 2: its claims in order; those that are asked for are there when they are")
    func idToken() throws {
        var facts = TokenPlanTests.Facts(scope: "openid email User.Read", nonce: "n-1", wantsAuthTime: true)
        let bytes = try #require(try facts.plan().idTokenPayload(issuer: "https://login.example/x/v2.0"))
        #expect(
            names(bytes) == [
                "aud", "iss", "iat", "nbf", "exp", "aio", "auth_time", "email", "name", "nonce", "oid", "preferred_username", "rh",
                "sid", "sub", "tid", "uti", "ver",
            ])
        let claims = try payload(bytes)
        #expect(claims["aud"] == .string(World.native.id.description))
        #expect(claims["iss"] == "https://login.example/x/v2.0")
        #expect(claims["exp"] == .integer(World.now.secondsSinceEpoch + 3600))
        #expect(claims["auth_time"] == .integer(World.signedInAt.secondsSinceEpoch))
        #expect(claims["email"] == "adele@contoso.example")
        #expect(claims["nonce"] == "n-1")
        #expect(claims["sid"] == .string(World.session.description))
        #expect(claims["ver"] == "2.0")
        (facts.scope, facts.wantsAuthTime, facts.nonce) = ("openid", false, nil)
        let less = try payload(try #require(try facts.plan().idTokenPayload(issuer: "x")))
        for name in ["auth_time", "email", "nonce"] { #expect(less[name] == nil, "\(name)") }
        facts.becomeApplication()
        #expect(try facts.plan().idTokenPayload(issuer: "x") == nil)
    }

    @Test("An id token of version 1 is the directory's, with the names of version 1")
    func idTokenOfVersionOne() throws {
        let facts = TokenPlanTests.Facts(version: .v1, nonce: "n-1", wantsAuthTime: true)
        let bytes = try #require(try facts.plan().idTokenPayload(issuer: "https://login.example/x/v2.0"))
        #expect(
            names(bytes) == [
                "aud", "iss", "iat", "nbf", "exp", "aio", "amr", "auth_time", "family_name", "given_name", "ipaddr", "name",
                "nonce", "oid", "puid", "rh", "sub", "tid", "unique_name", "upn", "uti", "ver",
            ])
        let claims = try payload(bytes)
        #expect(claims["iss"] == "https://sts.windows.net/11111111-aaaa-4aaa-8aaa-111111111111/")
        #expect(claims["auth_time"] == .integer(World.signedInAt.secondsSinceEpoch))
        #expect(claims["ver"] == "1.0")
    }

    @Test("A user has one name for each client")
    func pairwise() {
        let name = TokenPlan.pairwiseSubject(user: World.adele.id, client: "a")
        #expect(name == TokenPlan.pairwiseSubject(user: World.adele.id, client: "A"))
        #expect(name != TokenPlan.pairwiseSubject(user: World.adele.id, client: "b"))
        #expect(name != TokenPlan.pairwiseSubject(user: World.alex.id, client: "a"))
    }
}
