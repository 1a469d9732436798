import HTTPTypes
import LapseRules
import Testing

/// The endpoints without `v2.0`: a resource where the newer ones have scopes, numbers as text, other names for some errors.
@Suite("The endpoints of version 1")
struct VersionOneTests {
    private static let graph = "https://graph.microsoft.com"
    private static let authorize =
        "/contoso.example/oauth2/authorize?"
        + Lab.encoded([
            "client_id": Lab.native, "response_type": "code", "redirect_uri": "http://localhost/cb", "resource": graph + "/",
        ])

    private func token(_ lab: Lab, _ form: KeyValuePairs<String, String>, at tenant: String = "contoso.example") async throws
        -> Answer
    {
        try await lab.form("/\(tenant)/oauth2/token", form)
    }

    private func signIn(_ lab: Lab) async throws -> Answer {
        let code = try #require(try await lab.signIn(Self.authorize).redirect?["code"])
        return try await token(
            lab,
            [
                "grant_type": "authorization_code", "client_id": Lab.native, "code": code, "redirect_uri": "http://localhost/cb",
                "resource": Self.graph + "/",
            ])
    }

    @Test(
        "A code for a resource: numbers as text, the resource as it was spelled, every registered permission, an id token of version 1"
    )
    func code() async throws {
        try await Lab.run { lab async throws in
            let answer = try await signIn(lab)
            #expect(answer.status == 200, "\(answer.text)")
            let names = answer.text.split(separator: "\"").filter { answer.json[String($0)] != nil }.map(String.init)
            #expect(
                names == [
                    "token_type", "scope", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource", "access_token",
                    "refresh_token", "id_token",
                ])
            #expect(answer["scope"] == "User.Read User.RevokeSessions.All User.ReadWrite.All Directory.AccessAsUser.All")
            #expect(answer["resource"] == Self.graph + "/")
            let access = answer.claims("access_token")
            #expect(answer["expires_on"] == access["exp"]?.int.map(String.init))
            #expect(answer["not_before"] == access["nbf"]?.int.map(String.init))
            #expect(access["ver"] == "1.0")
            let identity = answer.claims("id_token")
            #expect(identity["ver"] == "1.0")
            #expect(identity["iss"] == "https://sts.windows.net/11111111-aaaa-4aaa-8aaa-111111111111/")
            #expect(identity["upn"] == "adele@contoso.example")
            #expect(identity["amr"] == ["pwd"])
        }
    }

    @Test("The resource may be named as late as with the code, or never: then the token is for userinfo")
    func lateResource() async throws {
        try await Lab.run { lab async throws in
            let path =
                "/contoso.example/oauth2/authorize?"
                + Lab.encoded(["client_id": Lab.native, "response_type": "code", "redirect_uri": "http://localhost/cb"])
            func redeem(_ resource: String?) async throws -> Answer {
                let code = try #require(try await lab.signIn(path).redirect?["code"])
                var body = Lab.encoded([
                    "grant_type": "authorization_code", "client_id": Lab.native, "code": code,
                    "redirect_uri": "http://localhost/cb",
                ])
                if let resource { body += "&" + Lab.encoded(["resource": resource]) }
                return try await lab.send(
                    .post, "/contoso.example/oauth2/token", headers: [.contentType: "application/x-www-form-urlencoded"], body: body
                )
            }
            #expect(try await redeem("api://lapse-lab")["scope"] == "access_as_user")
            let never = try await redeem(nil)
            #expect(never["resource"] == Self.graph)
            let bearer: HTTPFields = [.authorization: "Bearer \(never["access_token"])"]
            #expect(try await lab.send(.get, "/oidc/userinfo", headers: bearer).status == 200)
            #expect(try await lab.send(.get, "/v1.0/me", headers: bearer).status == 403)
        }
    }

    @Test("Both generations redeem one refresh token, each for what it may name")
    func refresh() async throws {
        try await Lab.run { lab async throws in
            let refreshToken = try await signIn(lab)["refresh_token"]
            let ownResource = try await token(
                lab, ["grant_type": "refresh_token", "client_id": Lab.native, "refresh_token": refreshToken])
            #expect(ownResource["resource"] == Self.graph)
            // The format of an access token is its resource's choice, whatever endpoint it comes from.
            let other = try await token(
                lab,
                [
                    "grant_type": "refresh_token", "client_id": Lab.native, "refresh_token": refreshToken,
                    "resource": "api://lapse-lab",
                ])
            #expect(other["scope"] == "access_as_user")
            #expect(other.claims("access_token")["ver"] == "2.0")
            let newer = try await lab.refresh(refreshToken, scope: "openid offline_access User.Read")
            #expect(newer["scope"] == "openid User.Read")
            let unknown = try await token(
                lab,
                [
                    "grant_type": "refresh_token", "client_id": Lab.native, "refresh_token": refreshToken,
                    "resource": "https://nobody.example",
                ])
            #expect(unknown["error"] == "invalid_resource")
            #expect(unknown.code == 500011)
        }
    }

    @Test("Refusals at version 1 have no suberror, and what conditional access wants is interaction_required")
    func refusals() async throws {
        try await Lab.run { lab async throws in
            let refreshToken = try await signIn(lab)["refresh_token"]
            func both() async throws -> (Answer, Answer) {
                (
                    try await token(
                        lab, ["grant_type": "refresh_token", "client_id": Lab.native, "refresh_token": refreshToken]),
                    try await lab.refresh(refreshToken)
                )
            }
            for (code, atOne) in [
                (50076, "interaction_required"), (50079, "interaction_required"), (50078, "interaction_required"),
                (53003, "interaction_required"), (530003, "interaction_required"), (65001, "invalid_grant"),
            ] {
                try await lab.contoso(.patch, "users/\(Lab.adele)", ["challenges": [["code": .integer(Int64(code))]]])
                let (older, newer) = try await both()
                #expect([older.code, newer.code] == [code, code])
                #expect(older["error"] == atOne)
                #expect(newer["error"] == "invalid_grant")
                #expect(older.json["suberror"] == nil)
                #expect(newer.json["suberror"] != nil)
                #expect(older.json["claims"] == newer.json["claims"])
            }
            try await lab.contoso(.patch, "users/\(Lab.adele)", ["challenges": []])
            _ = try await lab.revoke()
            let (older, newer) = try await both()
            #expect([older.code, newer.code] == [50173, 50173])
            #expect(older["error"] == "invalid_grant")
            #expect(older.json["suberror"] == nil)
        }
    }

    @Test("Sign-in frequency at version 1: 70043 is interaction_required")
    func frequency() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "policies", ["lifetimes": ["signInFrequency": "PT1H"]])
            let refreshToken = try await signIn(lab)["refresh_token"]
            lab.pass(.seconds(3600))
            let older = try await token(
                lab, ["grant_type": "refresh_token", "client_id": Lab.native, "refresh_token": refreshToken])
            #expect(older.code == 70043)
            #expect(older["error"] == "interaction_required")
        }
    }

    @Test("Device codes of version 1: numbers as text, one name of the page, code_expired at the end")
    func deviceCode() async throws {
        try await Lab.run { lab async throws in
            let start = try await lab.form(
                "/common/oauth2/devicecode", ["client_id": Lab.native, "resource": Self.graph])
            #expect(start["expires_in"] == "900")
            #expect(start["interval"] == "5")
            #expect(start.json["verification_uri"] == nil)
            #expect(start["verification_url"].hasSuffix("/devicelogin"))
            func poll() async throws -> Answer {
                try await token(
                    lab,
                    [
                        "grant_type": "device_code", "client_id": Lab.native, "code": start["device_code"],
                        "resource": Self.graph,
                    ], at: "common")
            }
            #expect(try await poll()["error"] == "authorization_pending")
            lab.pass(.seconds(901))
            #expect(try await poll()["error"] == "code_expired")
        }
    }

    @Test("A poll of version 1 chooses its resource; max_age asks for auth_time; admin_consent asks for consent")
    func details() async throws {
        try await Lab.run { lab async throws in
            let start = try await lab.form("/contoso.example/oauth2/devicecode", ["client_id": Lab.native, "resource": Self.graph])
            let approved = try await lab.form(
                "/devicelogin",
                [
                    "step": "signIn", "otc": start["user_code"], "login": "adele@contoso.example", "passwd": BuiltInLab.password,
                ])
            #expect(approved.text.contains("You are signed in"), "\(approved.text)")
            let polled = try await token(
                lab,
                [
                    "grant_type": "device_code", "client_id": Lab.native, "code": start["device_code"],
                    "resource": "api://lapse-lab",
                ])
            #expect(polled["resource"] == "api://lapse-lab")
            #expect(polled.claims("access_token")["aud"]?.text == Lab.api)

            let code = try #require(try await lab.signIn(Self.authorize + "&max_age=60").redirect?["code"])
            let tokens = try await token(
                lab,
                [
                    "grant_type": "authorization_code", "client_id": Lab.native, "code": code,
                    "redirect_uri": "http://localhost/cb",
                ])
            #expect(tokens.claims("id_token")["auth_time"]?.int == Lab.start.secondsSinceEpoch)

            let cookies = try await lab.signIn().cookies
            let page = try await lab.authorize(Self.authorize + "&prompt=admin_consent", cookies: cookies)
            #expect(page.text.contains("Permissions requested"))
        }
    }

    @Test("Applications, passwords and on-behalf-of name a resource; without one 900144 names the parameter")
    func flows() async throws {
        try await Lab.run { lab async throws in
            let daemon: KeyValuePairs = [
                "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                "resource": Self.graph,
            ]
            let application = try await token(lab, daemon)
            #expect(application.status == 200, "\(application.text)")
            #expect(application.json["scope"] == nil)
            #expect(application["expires_in"] == "3599")
            let password: KeyValuePairs = [
                "grant_type": "password", "client_id": Lab.native, "username": "adele@contoso.example",
                "password": BuiltInLab.password, "resource": "api://lapse-lab",
            ]
            let user = try await token(lab, password)
            #expect(user["scope"] == "access_as_user")
            let onBehalf = try await token(
                lab,
                [
                    "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_id": Lab.api,
                    "client_secret": "lapse-api-secret-01", "assertion": user["access_token"],
                    "requested_token_use": "on_behalf_of", "resource": Self.graph,
                ])
            #expect(onBehalf["scope"] == "User.Read", "\(onBehalf.text)")
            let nothing = try await token(
                lab,
                [
                    "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                ])
            #expect(nothing.code == 900144)
            #expect(nothing["error_description"].contains("'resource'"))
            let two = try await token(
                lab,
                [
                    "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                    "resource": "a b",
                ])
            #expect(two["error"] == "invalid_resource")
            #expect(try await lab.send(.get, "/common/oauth2/token").code == 900561)
        }
    }

    @Test("Discovery of version 1 names its own endpoints, and the directory as issuer")
    func discovery() async throws {
        try await Lab.run { lab async throws in
            let document = try await lab.send(.get, "/contoso.example/.well-known/openid-configuration")
            let base = "https://localhost/11111111-aaaa-4aaa-8aaa-111111111111"
            #expect(document["issuer"] == "https://sts.windows.net/11111111-aaaa-4aaa-8aaa-111111111111/")
            #expect(document["token_endpoint"] == base + "/oauth2/token")
            #expect(document["authorization_endpoint"] == base + "/oauth2/authorize")
            #expect(document["device_authorization_endpoint"] == base + "/oauth2/devicecode")
            #expect(document["end_session_endpoint"] == base + "/oauth2/logout")
            #expect(document["jwks_uri"] == base + "/discovery/keys")
            let common = try await lab.send(.get, "/common/.well-known/openid-configuration")
            #expect(common["issuer"] == "https://sts.windows.net/{tenantid}/")
            let keys = try await lab.send(.get, "/contoso.example/discovery/keys")
            #expect(keys.json["keys"]?.elements.first?["kid"] == .string(lab.authority.signer.key.id))
            #expect(try await lab.send(.get, "/contoso.example/oauth2/logout").status == 200)
        }
    }
}
