import HTTPTypes
import LapseRules
import Testing

@Suite("The flows of the token endpoint")
struct FlowTests {
    @Test("Code with PKCE: S256 and plain verify, a wrong or missing verifier does not")
    func pkce() async throws {
        try await Lab.run { lab async throws in
            let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
            for (challenge, method) in [("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256"), (verifier, "plain")] {
                let path = Lab.authorizePath(["code_challenge": challenge, "code_challenge_method": method])
                for (presented, code) in [(verifier, nil), (String(verifier.reversed()), 501481), (nil, 50148)] as [(String?, Int?)]
                {
                    let authorizationCode = try await lab.signIn(path).redirect?["code"] ?? ""
                    let answer = try await lab.redeem(code: authorizationCode, verifier: presented)
                    #expect(answer.code == code, "\(method) \(presented ?? "none"): \(answer.text)")
                }
            }
        }
    }

    @Test("A code is redeemed once, by its client, at its redirect URI, within ten minutes")
    func codeOnce() async throws {
        try await Lab.run { lab async throws in
            func code() async throws -> String { try await lab.signIn().redirect?["code"] ?? "" }
            let once = try await code()
            #expect(try await lab.redeem(code: once).status == 200)
            #expect(try await lab.redeem(code: once).code == 54005)
            #expect(try await lab.redeem(code: try await code(), client: Lab.web, secret: "lapse-web-secret").code == 70000)
            #expect(try await lab.redeem(code: try await code(), redirect: "http://localhost/callback").code == 500112)
            #expect(try await lab.redeem(code: "rubbish").code == 9002313)
            #expect(try await lab.redeem(code: String(once.dropLast(2) + "AA")).code == 70000)
            let late = try await code()
            lab.pass(.seconds(600))
            #expect(try await lab.redeem(code: late).code == 70008)
        }
    }

    @Test("The answer to a code: members in order, numbers as numbers, scope without offline_access")
    func answer() async throws {
        try await Lab.run { lab async throws in
            let path = Lab.authorizePath(
                scope: "offline_access profile openid email https://graph.microsoft.com/User.Read",
                ["client_info": "1", "nonce": "n-1"])
            let signedIn = try await lab.signIn(path)
            #expect(signedIn.redirect?["state"] == "s t&te")
            #expect(signedIn.redirect?["session_state"].flatMap(GUID.init) != nil)
            let form: KeyValuePairs = [
                "grant_type": "authorization_code", "client_id": Lab.native, "code": signedIn.redirect?["code"] ?? "",
                "redirect_uri": "http://localhost/cb", "client_info": "1",
            ]
            let answer = try await lab.form("/Contoso.Example//OAuth2/v2.0/TOKEN", form)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer["scope"] == "email openid profile https://graph.microsoft.com/User.Read")
            let expiresIn = try #require(answer.json["expires_in"]?.int)
            #expect((3600...5399).contains(expiresIn))
            #expect(answer.json["ext_expires_in"]?.int == expiresIn)
            #expect(
                answer["client_info"]
                    == "eyJ1aWQiOiJhYWFhYWFhYS0wMDAxLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJ1dGlkIjoiMTExMTExMTEtYWFhYS00YWFhLThhYWEtMTExMTExMTExMTExIn0"
            )
            let names = answer.text.matches(of: /"([a-z_]+)":/).map { String($0.1) }
            #expect(
                names == [
                    "token_type", "scope", "expires_in", "ext_expires_in", "access_token", "refresh_token", "id_token",
                    "client_info",
                ])
            #expect(answer.headers[.cacheControl] == "no-store, no-cache")
            #expect(answer.headers[.init("x-lapse-region")!] == "local")
        }
    }

    @Test("Old refresh tokens stay valid after use; one token serves every resource the client may ask for")
    func refresh() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            let first = try await lab.refresh(grant["refresh_token"])
            let again = try await lab.refresh(grant["refresh_token"], at: "organizations")
            #expect(first["refresh_token"] != again["refresh_token"])
            let api = try await lab.refresh(first["refresh_token"], at: "common", scope: "api://lapse-lab/access_as_user")
            #expect(api["scope"] == "api://lapse-lab/access_as_user")
            #expect(api["id_token"] != "", "the grant's own openid is enough")
            #expect(try await lab.refresh(grant["refresh_token"], scope: "Directory.ReadWrite.All").code == 65001)
            #expect(try await lab.refresh(grant["refresh_token"], client: Lab.spa).code == 70000)
            #expect(try await lab.refresh("rubbish").code == 9002313)
            #expect(try await lab.refresh(String(grant["refresh_token"].dropLast(2)) + "AA").code == 70000)
            #expect(try await lab.refresh(grant["refresh_token"], at: "fabrikam.example").code == 50020)
            #expect(try await lab.refresh(grant["refresh_token"], at: "nowhere.example").code == 90002)
        }
    }

    @Test("A guest's refresh token redeems at home and where it is a guest")
    func guestTenants() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(
                user: "nestor@fabrikam.example", scope: "openid offline_access User.Read", tenant: "fabrikam.example")
            for (tenant, id) in [
                ("fabrikam.example", "aaaaaaaa-0001-4000-8000-000000000004"),
                ("contoso.example", "aaaaaaaa-0001-4000-8000-000000000005"),
            ] {
                let answer = try await lab.refresh(grant["refresh_token"], at: tenant)
                #expect(answer.status == 200, "\(answer.text)")
                let me = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer \(answer["access_token"])"])
                #expect(me["id"] == id)
            }
        }
    }

    @Test("A family's refresh token serves the family, and no client outside it")
    func family() async throws {
        try await Lab.run { lab async throws in
            let (cli, powerShell) = ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "1950a258-227b-4e31-a9cf-717495945fc2")
            let grant = try await lab.grant(client: cli)
            let other = try await lab.refresh(grant["refresh_token"], client: powerShell)
            #expect(other["foci"] == "1")
            #expect(try await lab.refresh(grant["refresh_token"]).code == 70000)
            _ = try await lab.revoke()
            #expect(try await lab.refresh(other["refresh_token"], client: cli).code == 50173)
        }
    }

    @Test("Refresh tokens slide for ninety days; a single-page app's end after a day and are redeemed across origins alone")
    func lifetimes() async throws {
        try await Lab.run { lab async throws in
            let native = try await lab.grant()
            lab.pass(.seconds(80 * 86_400))
            let child = try await lab.refresh(native["refresh_token"])
            #expect(child.status == 200)
            lab.pass(.seconds(10 * 86_400))
            let inactive = try await lab.refresh(native["refresh_token"])
            #expect(inactive.code == 700082)
            #expect(inactive["error_description"].contains("was inactive for 90.00:00:00."))
            #expect(try await lab.refresh(child["refresh_token"]).status == 200)

            let origin: HTTPFields = [.origin: "http://localhost:5173"]
            let spa = try await lab.grant(client: Lab.spa)
            #expect(try await lab.refresh(spa["refresh_token"], client: Lab.spa).code == 9002327)
            #expect(try await lab.refresh(native["refresh_token"], headers: origin).code == 9002326)
            lab.pass(.seconds(86_399))
            let spaChild = try await lab.refresh(spa["refresh_token"], client: Lab.spa, headers: origin)
            #expect(spaChild.json["refresh_token_expires_in"]?.int == 1)
            #expect(spaChild.headers[.accessControlAllowOrigin] == "*")
            lab.pass(.seconds(1))
            let ended = try await lab.refresh(spaChild["refresh_token"], client: Lab.spa, headers: origin)
            #expect(ended.code == 700084)
            #expect(ended["error_description"].contains("limited lifetime of 1.00:00:00"))
        }
    }

    @Test("A single-page app's code needs PKCE and a foreign origin")
    func spaCode() async throws {
        try await Lab.run { lab async throws in
            let (redirect, origin) = ("http://localhost:5173/", "http://localhost:5173")
            let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
            let plain = Lab.authorizePath(client: Lab.spa, redirect: redirect)
            let withPKCE = Lab.authorizePath(client: Lab.spa, redirect: redirect, ["code_challenge": verifier])
            func redeem(_ path: String, origin: String?) async throws -> Answer {
                let code = try await lab.signIn(path).redirect?["code"] ?? ""
                return try await lab.redeem(code: code, client: Lab.spa, redirect: redirect, verifier: verifier, origin: origin)
            }
            #expect(try await redeem(plain, origin: origin).code == 9002325)
            #expect(try await redeem(withPKCE, origin: nil).code == 9002327)
            #expect(try await redeem(withPKCE, origin: origin).status == 200)
        }
    }

    @Test("Passwords: right, wrong, unknown, disabled, and not over common")
    func password() async throws {
        try await Lab.run { lab async throws in
            func signIn(_ user: String, _ password: String, at tenant: String = "contoso.example") async throws -> Answer {
                try await lab.form(
                    "/\(tenant)/oauth2/v2.0/token",
                    ["grant_type": "password", "client_id": Lab.native, "username": user, "password": password, "scope": Lab.scope])
            }
            let right = try await signIn("adele@contoso.example", BuiltInLab.password)
            #expect(try await lab.refresh(right["refresh_token"]).status == 200)
            #expect(try await signIn("Adele@CONTOSO.example", BuiltInLab.password, at: "organizations").status == 200)
            #expect(try await signIn("adele@contoso.example", "wrong").code == 50126)
            let unknown = try await signIn("nobody@contoso.example", "x")
            #expect(unknown.code == 50034)
            #expect(unknown["suberror"] == "bad_token")
            #expect(try await signIn("adele@contoso.example", BuiltInLab.password, at: "common").code == 9001023)
            #expect(try await signIn("adele@contoso.example", BuiltInLab.password, at: "fabrikam.example").code == 50020)
            #expect(try await signIn("nestor@fabrikam.example", BuiltInLab.password).status == 200, "a guest")
        }
    }

    @Test("Client credentials: body or Basic, .default alone, roles in the token, no refresh token")
    func clientCredentials() async throws {
        try await Lab.run { lab async throws in
            func token(
                _ parameters: KeyValuePairs<String, String>, headers: HTTPFields = [:], at tenant: String = "contoso.example"
            ) async throws -> Answer {
                try await lab.form("/\(tenant)/oauth2/v2.0/token", parameters, headers: headers)
            }
            let scope = "https://graph.microsoft.com/.default"
            let body = try await token([
                "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret", "scope": scope,
            ])
            #expect(body.status == 200, "\(body.text)")
            #expect(body["refresh_token"] == "" && body["id_token"] == "")
            #expect(body.json["expires_in"]?.int == 3599)
            let users = try await lab.send(.get, "/v1.0/users?$top=2", headers: [.authorization: "Bearer \(body["access_token"])"])
            #expect(users.status == 200)
            // bbbbbbbb-…04:lapse-daemon-secret
            let basic = "Basic YmJiYmJiYmItMDAwMi00MDAwLTgwMDAtMDAwMDAwMDAwMDA0OmxhcHNlLWRhZW1vbi1zZWNyZXQ="
            #expect(
                try await token(["grant_type": "client_credentials", "scope": scope], headers: [.authorization: basic]).status
                    == 200)
            let wrong = try await token([
                "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "wrong", "scope": scope,
            ])
            #expect(wrong.status == 401)
            #expect(wrong.code == 7_000_215)
            #expect(
                try await token(["grant_type": "client_credentials", "client_id": Lab.daemon, "scope": scope]).code == 7_000_218)
            #expect(
                try await token([
                    "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                    "scope": "User.Read",
                ]).code == 1_002_012)
            #expect(
                try await token(
                    [
                        "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                        "scope": scope,
                    ], at: "common"
                ).code == 50059)
        }
    }

    @Test("Device code: pending, declined, expired, unknown, redeemed twice; both names of the address")
    func deviceCode() async throws {
        try await Lab.run { lab async throws in
            func begin(_ tenant: String = "contoso.example") async throws -> Answer {
                let answer = try await lab.form("/\(tenant)/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": Lab.scope])
                #expect(answer.status == 200, "\(answer.text)")
                return answer
            }
            func poll(_ device: Answer, at tenant: String = "contoso.example") async throws -> Answer {
                try await lab.form(
                    "/\(tenant)/oauth2/v2.0/token",
                    [
                        "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": Lab.native,
                        "code": device["device_code"],
                    ])
            }
            let device = try await begin()
            #expect(device["verification_uri"] == "https://localhost/devicelogin")
            #expect(device["verification_url"] == device["verification_uri"])
            #expect(device["message"].contains(device["user_code"]) && device["message"].contains(device["verification_uri"]))
            #expect(device.json["interval"]?.int == 5)
            let pending = try await poll(device)
            #expect(pending["error"] == "authorization_pending")
            #expect(pending.code == 70016)
            _ = try await lab.form("/devicelogin", ["step": "decline", "otc": device["user_code"]])
            #expect(try await poll(device)["error"] == "authorization_declined")

            let alias = try await begin("organizations")
            let typed = alias["user_code"].lowercased() + " "
            _ = try await lab.form(
                "/devicelogin", ["step": "signIn", "otc": typed, "login": "adele@contoso.example", "passwd": BuiltInLab.password])
            let tokens = try await poll(alias, at: "organizations")
            #expect(tokens.status == 200, "\(tokens.text)")
            #expect(try await poll(alias, at: "organizations").code == 54005)

            let late = try await begin()
            lab.pass(.seconds(900))
            #expect(try await poll(late)["error"] == "expired_token")
            #expect(
                try await lab.form("/devicelogin", ["step": "code", "otc": late["user_code"]]).text.contains(
                    "That code is wrong"))
            let unknown = try await lab.form(
                "/contoso.example/oauth2/v2.0/token", ["grant_type": "device_code", "client_id": Lab.native, "device_code": "x"])
            #expect(unknown["error"] == "bad_verification_code")
        }
    }

    @Test("Lifetimes are the app's, else the tenant's; tokenTimes 'wall' prints the machine's time")
    func policies() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "policies", ["lifetimes": ["accessToken": "PT10M"], "tokenTimes": "wall"])
            try await lab.contoso(.put, "clock", ["now": "2030-01-01T00:00:00Z"])
            let grant = try await lab.grant()
            #expect(grant.json["expires_in"]?.int == 600)
            let payload = try #require(
                Base64URL.decode(grant["access_token"].split(separator: ".")[1]).flatMap { JSON(parsing: $0) })
            let systemTime = Lab.start.secondsSinceEpoch
            #expect(payload["nbf"]?.int == systemTime - 300)
            #expect(payload["exp"]?.int == systemTime + 600)
            let headers: HTTPFields = [.authorization: "Bearer \(grant["access_token"])"]
            #expect(try await lab.send(.get, "/v1.0/me", headers: headers).status == 200)
            try await lab.contoso(.post, "clock/advance", ["by": "PT10M"])
            #expect(try await lab.send(.get, "/v1.0/me", headers: headers).status == 401, "judged by the tenant's clock")
            try await lab.contoso(.patch, "apps/\(Lab.native)", ["lifetimes": ["accessToken": "PT2M"]])
            #expect(try await lab.grant().json["expires_in"]?.int == 120)
        }
    }

    @Test("Open registration takes any client and any loopback redirect URI, and nothing else")
    func openRegistration() async throws {
        try await Lab.run(isRegistrationOpen: true) { lab async throws in
            let path = Lab.authorizePath(
                client: "my-own-app", redirect: "http://127.0.0.1:9999/done", scope: "openid offline_access User.Read")
            let code = try await lab.signIn(path).redirect?["code"] ?? ""
            let tokens = try await lab.redeem(
                code: code, client: "my-own-app", redirect: "http://127.0.0.1:9999/done", secret: "any")
            #expect(tokens.status == 200, "\(tokens.text)")
            #expect(try await lab.refresh(tokens["refresh_token"], client: "my-own-app").status == 200)
            let foreign = try await lab.authorize(Lab.authorizePath(client: "my-own-app", redirect: "https://evil.example/"))
            #expect(foreign.redirect == nil && foreign.text.contains("AADSTS50011"))
        }
        try await Lab.run { lab async throws in
            #expect(try await lab.authorize(Lab.authorizePath(client: "my-own-app")).text.contains("AADSTS700016"))
        }
    }
}
