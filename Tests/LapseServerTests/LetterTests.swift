import Foundation
import HTTPTypes
import LapseRules
import Testing

/// What real reports tell of Entra's answers, as clients and browsers meet them.
@Suite("To the letter")
struct LetterTests {
    private static let silent = Lab.authorizePath(["prompt": "none"])

    private func description(_ lab: Lab, _ path: String, _ cookies: String = "") async throws -> String {
        try await lab.authorize(path, cookies: cookies).redirect?["error_description"] ?? ""
    }

    // MARK: What was signed by others

    @Test("On-behalf-of: a key that nobody knows and a changed signature are told apart, with the thumbprint in hexadecimal")
    func assertions() async throws {
        try await Lab.run { lab async throws in
            func refused(_ assertion: String) async throws -> String {
                try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    [
                        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_id": Lab.api,
                        "client_secret": "lapse-api-secret-01", "assertion": assertion, "requested_token_use": "on_behalf_of",
                        "scope": "User.Read",
                    ])["error_description"]
            }
            let token = try await lab.grant(scope: "openid api://lapse-lab/access_as_user")["access_token"]
            let parts = token.split(separator: ".").map(String.init)
            let changed = [parts[0], parts[1], (parts[2].hasPrefix("A") ? "B" : "A") + parts[2].dropFirst()].joined(separator: ".")
            let text = try await refused(changed)
            let pattern =
                #/^AADSTS50013: Assertion failed signature validation. \[Reason - The provided signature value did not match the expected signature value., Thumbprint of key used by client: '[0-9A-F]{40}', Found key 'Start=\d\d/\d\d/\d{4} \d\d:\d\d:\d\d, End=\d\d/\d\d/\d{4} \d\d:\d\d:\d\d'\] Trace ID/#
            #expect(text.contains(pattern), "\(text)")
            let header = Base64URL.encode((["alg": "RS256", "kid": "other"] as JSON).encoded)
            #expect(
                try await refused([header, parts[1], parts[2]].joined(separator: ".")).hasPrefix(
                    "AADSTS50013: Assertion failed signature validation. [Reason - The key was not found., Thumbprint of key used by client: 'other'] Trace ID"
                ))
        }
    }

    // MARK: What scripts and apps ask

    @Test(
        "A code that reports tell of, and that no state of the lab makes, can be forced at a refresh, once",
        arguments: [50158, 53000, 53001, 50105, 7_000_112, 700_003, 50072, 530_032, 70044])
    func forcedCodes(code: Int64) async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            let fault: JSON = ["match": ["endpoint": "token"], "effect": ["code": .integer(code)], "times": 1]
            #expect(try await lab.control(.post, "tenants/contoso.example/faults", fault).status == 201)
            let refused = try await lab.refresh(token)
            #expect(refused.status == 400 || refused.status == 401)
            #expect(refused.json["error_codes"]?.elements.map(\.int) == [code])
            #expect(refused["error_description"].hasPrefix("AADSTS\(code): "))
            #expect(try await lab.refresh(token).status == 200)
        }
    }

    @Test("The audit log finds what happened to one user, by any of an entry's targets, alone and with a time")
    func auditOfOneUser() async throws {
        try await Lab.run { lab async throws in
            let granted = try await lab.grant()
            let headers: HTTPFields = [.authorization: "Bearer \(granted["access_token"])"]
            #expect(try await lab.send(.post, "/v1.0/me/revokeSignInSessions", headers: headers).status == 200)
            let daemon = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                [
                    "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                    "scope": "https://graph.microsoft.com/.default",
                ])["access_token"]
            func audits(_ filter: String) async throws -> Answer {
                try await lab.send(
                    .get, "/v1.0/auditLogs/directoryAudits?$filter=\(FormParameters.encode(filter))",
                    headers: [.authorization: "Bearer \(daemon)"])
            }
            for target in ["t:t/id eq '\(Lab.adele)'", "t: t/id eq '\(Lab.adele)'"] {
                for time in ["", "activityDateTime ge 2020-01-01T00:00:00Z and "] {
                    let found = try await audits("\(time)targetResources/any(\(target))")
                    #expect(found.status == 200, "\(found.text)")
                    #expect(found.text.contains("Update StsRefreshTokenValidFrom Timestamp"))
                }
            }
            let nobody = try await audits("targetResources/any(t:t/id eq '00000000-0000-4000-8000-000000000000')")
            #expect(nobody.json["value"] == [])
        }
    }

    @Test("A bearer without dots is told how a JWT looks")
    func tokenWithoutDots() async throws {
        try await Lab.run { lab async throws in
            let refused = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer not-a-token"])
            #expect(refused.status == 401)
            #expect(refused.json["error"]?["code"]?.text == "InvalidAuthenticationToken")
            #expect(
                refused.json["error"]?["message"]?.text?.hasPrefix("IDX14100: JWT is not well formed, there are no dots (.).")
                    == true)
        }
    }

    // MARK: An administrator consents

    private func consentPath(
        _ version: String = "", _ more: KeyValuePairs<String, String> = [:], tenant: String = "contoso.example"
    )
        -> String
    {
        let query = Lab.encoded(["client_id": Lab.native, "redirect_uri": "http://localhost/cb", "state": "s t&te"])
        let rest = Lab.encoded(more)
        return "/\(tenant)/\(version)adminconsent?\(query)" + (rest.isEmpty ? "" : "&" + rest)
    }

    @Test(
        "adminconsent: an administrator signs in and consents for everybody, also to more than is registered; others are told that they may not; a no is permission_denied"
    )
    func adminConsent() async throws {
        try await Lab.run { lab async throws in
            for user in [Lab.adele, "aaaaaaaa-0001-4000-8000-000000000002"] {
                _ = try await lab.control(.delete, "tenants/contoso.example/consents/\(user)/\(Lab.native)")
            }
            let token = try await lab.grant(user: "alex@contoso.example")["refresh_token"]
            #expect(try await lab.refresh(token).code == 65001)
            #expect(try await lab.authorize(consentPath()).text.contains("name=\"passwd\""))
            let adele = try await lab.signIn(consentPath())
            #expect(adele.text.contains("AADSTS90093") && adele.text.contains("name=\"passwd\""))
            let admin = try await lab.signIn(consentPath(), user: "admin@contoso.example")
            let session = try #require(admin.text.firstMatch(of: /name="session" value="([^"]+)"/)?.1)
            #expect(admin.text.contains("User.RevokeSessions.All"))
            let no = try await lab.form(consentPath(), ["step": "decline"], headers: [.cookie: admin.cookies]).redirect
            #expect(no?["error"] == "permission_denied" && no?["state"] == "s t&te")
            // A page that was not answered by an administrator gives nothing away.
            let others = try await lab.form(
                consentPath(), ["step": "consent", "session": String(session)], headers: [.cookie: adele.cookies])
            #expect(others.redirect == nil)
            #expect(try await lab.refresh(token).code == 65001)
            let yes = try await lab.form(
                consentPath(), ["step": "consent", "session": String(session)], headers: [.cookie: admin.cookies])
            let location = try #require(yes.headers[.location])
            #expect(
                location
                    == "http://localhost/cb?admin_consent=True&tenant=11111111-aaaa-4aaa-8aaa-111111111111&state=s%20t%26te",
                "\(location)")
            #expect(try await lab.refresh(token).status == 200)

            // More than the app is registered for, for everybody.
            #expect(try await lab.refresh(token, scope: "Calendars.Read").code == 65001)
            let path = consentPath("v2.0/", ["scope": "https://graph.microsoft.com/Calendars.Read"])
            let more = try await lab.form(path, ["step": "consent", "session": String(session)], headers: [.cookie: admin.cookies])
            #expect(more.redirect?["scope"] == "https://graph.microsoft.com/Calendars.Read")
            #expect(try await lab.refresh(token, scope: "Calendars.Read").status == 200)
            let silent = Lab.authorizePath(scope: "openid Calendars.Read", ["prompt": "none"])
            #expect(try await lab.authorize(silent, cookies: adele.cookies).redirect?["code"] != nil)
        }
    }

    @Test("adminconsent brings a deleted service principal back, under an alias in the administrator's own tenant")
    func adminConsentAnew() async throws {
        try await Lab.run { lab async throws in
            let admin = try await lab.grant(
                user: "admin@contoso.example", scope: "User.Read Directory.AccessAsUser.All")["access_token"]
            let principal = "/v1.0/servicePrincipals(appId='\(Lab.web)')"
            #expect(try await lab.send(.delete, principal, headers: [.authorization: "Bearer \(admin)"]).status == 204)
            #expect(try await lab.authorize(Lab.authorizePath(client: Lab.web)).text.contains("AADSTS700016"))
            let path = "/organizations/adminconsent?client_id=\(Lab.web)"
            let page = try await lab.signIn(path, user: "admin@contoso.example")
            let session = try #require(page.text.firstMatch(of: /name="session" value="([^"]+)"/)?.1)
            let done = try await lab.form(path, ["step": "consent", "session": String(session)], headers: [.cookie: page.cookies])
            #expect(
                done.headers[.location]?.hasPrefix("http://localhost:3000/auth/callback?admin_consent=True&tenant=1111") == true)
            #expect(try await lab.authorize(Lab.authorizePath(client: Lab.web)).text.contains("name=\"passwd\""))
            #expect(try await lab.authorize("/contoso.example/adminconsent?client_id=nobody").text.contains("AADSTS700016"))
        }
    }

    // MARK: Microsoft's own

    @Test(
        "Tools and resources of Microsoft's that others ask tokens for are there; a token's audience is the resource, roles are Graph's alone",
        arguments: [
            ("https://vault.azure.net/.default", "https://vault.azure.net"),
            ("https://storage.azure.com/user_impersonation", "https://storage.azure.com"),
            ("https://database.windows.net//.default", "https://database.windows.net"),
            ("499b84ac-1321-427f-aa17-267ca6975798/.default", "499b84ac-1321-427f-aa17-267ca6975798"),
        ])
    func resources(scope: String, audience: String) async throws {
        try await Lab.run { lab async throws in
            for client in ["04b07795-8ddb-461a-bbee-02f9e1bf7b46", "aebc6443-996d-45c2-90f0-388ff96faa56"] {
                let claims = try await lab.grant(client: client, scope: "openid offline_access \(scope)").claims("access_token")
                #expect(claims["aud"]?.text == audience && claims["scp"] == "user_impersonation")
            }
            guard scope.hasSuffix("/.default") else { return }
            let own = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                [
                    "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                    "scope": scope,
                ])
            #expect(own.claims("access_token")["aud"]?.text == audience)
            #expect(own.claims("access_token")["roles"] == nil)
        }
    }

    @Test("Open registration takes the page where native apps end, mail scopes and OneDrive's, whatever the client id")
    func openRegistration() async throws {
        try await Lab.run(isRegistrationOpen: true) { lab async throws in
            for (redirect, scope) in [
                (
                    "http://localhost:53682/",
                    "Files.Read Files.ReadWrite Files.Read.All Files.ReadWrite.All Sites.Read.All offline_access"
                ),
                (
                    "https://login.microsoftonline.com/common/oauth2/nativeclient",
                    "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
                ),
            ] {
                let path = Lab.authorizePath(
                    client: "b15665d9-eda6-4092-8539-0eec376afd59", redirect: redirect, tenant: "common", scope: scope)
                let code = try #require(try await lab.signIn(path).redirect?["code"])
                let answer = try await lab.form(
                    "/common/oauth2/v2.0/token",
                    [
                        "grant_type": "authorization_code", "client_id": "b15665d9-eda6-4092-8539-0eec376afd59",
                        "client_secret": "anything", "code": code, "redirect_uri": redirect,
                    ])
                #expect(answer.status == 200 && !answer["refresh_token"].isEmpty, "\(answer.text)")
            }
        }
    }

    @Test("An expired password at version 1: a sign of its own, where to change it, and no error_uri")
    func expiredPassword() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.patch, "users/\(Lab.adele)", ["challenges": [["code": 50055]]])
            let form: KeyValuePairs = [
                "grant_type": "password", "client_id": Lab.native, "username": "adele@contoso.example", "password": "Passw0rd!",
                "resource": "https://graph.microsoft.com", "scope": "openid",
            ]
            let old = try await lab.form("/contoso.example/oauth2/token", form).json
            guard case .object(let members) = old else { return #expect(Bool(false)) }
            #expect(
                Set(members.map(\.name)) == [
                    "error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "suberror",
                    "password_change_url",
                ])
            #expect(old["error"] == "user_password_expired" && old["suberror"] == "user_password_expired")
        }
    }

    // MARK: Nobody is signed in

    @Test("prompt=none: without a cookie, with a hint of somebody else, with the sid of a session that is gone; each has its text")
    func silent() async throws {
        try await Lab.run { lab async throws in
            #expect(
                try await description(lab, Self.silent).contains("The cookies used to represent the user's session were not sent"))
            let signedIn = try await lab.signIn()
            let hinted = Lab.authorizePath(["prompt": "none", "login_hint": "alex@contoso.example"])
            #expect(
                try await description(lab, hinted, signedIn.cookies).hasPrefix(
                    "AADSTS50058: A silent sign-in request was sent but none of the currently signed in user(s) match the requested login hint."
                ))
            let session = try #require(signedIn.redirect?["session_state"])
            let path = Lab.authorizePath(["prompt": "none", "sid": session])
            #expect(try await lab.authorize(path, cookies: signedIn.cookies).redirect?["code"] != nil)
            _ = try await lab.revoke()
            let gone = try #require(try await lab.authorize(path, cookies: signedIn.cookies).redirect)
            #expect(gone["error"] == "interaction_required")
            #expect(
                gone["error_description"]?.hasPrefix("AADSTS160021: Application requested a user session which does not exist.")
                    == true)
            // Whoever names no session hears that nobody is signed in, with the plain text.
            #expect(try await description(lab, Self.silent, signedIn.cookies).contains("no user is signed in. Trace ID"))
        }
    }

    // MARK: Signing out

    @Test("Logout without a hint asks which account; the session goes on until the person has chosen, and the others after that")
    func logoutAsks() async throws {
        try await Lab.run { lab async throws in
            let first = try await lab.signIn().cookies
            let both = try await lab.signIn(Lab.authorizePath(["prompt": "login"]), user: "alex@contoso.example", cookies: first)
                .cookies
            let path = "/contoso.example/oauth2/v2.0/logout?post_logout_redirect_uri=http%3A%2F%2Flocalhost%2Fcb&state=x"
            let page = try await lab.authorize(path, cookies: both)
            #expect(page.status == 200 && page.text.contains("Which account do you want to sign out of?"))
            #expect(page.text.contains("adele@contoso.example") && page.text.contains("alex@contoso.example"))
            let adele = Lab.authorizePath(["prompt": "none", "login_hint": "adele@contoso.example"])
            let session = try #require(try await lab.authorize(adele, cookies: both).redirect?["session_state"])
            let out = try await lab.form(path, ["step": "pick", "session": session], headers: [.cookie: both])
            #expect(out.headers[.location] == "http://localhost/cb?state=x")
            #expect(try await lab.authorize(adele, cookies: both).redirect?["code"] == nil)
            let alex = Lab.authorizePath(["prompt": "none", "login_hint": "alex@contoso.example"])
            #expect(try await lab.authorize(alex, cookies: both).redirect?["code"] != nil)
            // A browser without a session has nothing to choose.
            #expect(try await lab.authorize(path).headers[.location] == "http://localhost/cb?state=x")
        }
    }

    @Test("An id token of Lapse's is a hint, also after its end; another's is none")
    func logoutByIDToken() async throws {
        try await Lab.run { lab async throws in
            let signedIn = try await lab.signIn()
            let code = try #require(signedIn.redirect?["code"])
            let token = try await lab.redeem(code: code)["id_token"]
            lab.pass(.seconds(7200))
            let logout = "/contoso.example/oauth2/v2.0/logout?id_token_hint="
            let forged = token.dropLast(5) + "AAAAA"
            #expect(try await lab.authorize(logout + forged, cookies: signedIn.cookies).text.contains("Which account"))
            let out = try await lab.authorize(logout + token, cookies: signedIn.cookies)
            #expect(out.text.contains("You signed out of your account"))
            #expect(try await lab.authorize(Self.silent, cookies: signedIn.cookies).redirect?["code"] == nil)
        }
    }

    // MARK: Scopes

    @Test(
        "A permission of Graph's that the app is not registered for: 65001 at the token endpoint, the consent page, and then good for the user"
    )
    func dynamicConsent() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            #expect(try await lab.refresh(token, scope: "Mail.Read").code == 65001)
            let cookies = try await lab.signIn().cookies
            func path(_ more: KeyValuePairs<String, String> = [:]) -> String {
                Lab.authorizePath(scope: "openid offline_access Mail.Read", more)
            }
            let silent = try await lab.authorize(path(["prompt": "none"]), cookies: cookies).redirect
            #expect(silent?["error"] == "interaction_required" && silent?["error_description"]?.contains("AADSTS65001") == true)
            let page = try await lab.authorize(path(), cookies: cookies)
            #expect(page.status == 200 && page.text.contains("Mail.Read"))
            let session = try #require(page.text.firstMatch(of: /name="session" value="([^"]+)"/)?.1)
            let given = try await lab.form(path(), ["step": "consent", "session": String(session)], headers: [.cookie: cookies])
            let tokens = try await lab.redeem(code: try #require(given.redirect?["code"]))
            #expect(tokens["scope"].contains("Mail.Read"))
            #expect(
                try await lab.refresh(token, scope: "mail.read")["scope"].contains("Mail.Read"),
                "an older sign-in of the user has it, too")
            #expect(try await lab.authorize(path(["prompt": "none"]), cookies: cookies).redirect?["code"] != nil)
            let alex = try await lab.grant(user: "alex@contoso.example")["refresh_token"]
            #expect(try await lab.refresh(alex, scope: "Mail.Read").code == 65001, "others have not")
        }
    }

    @Test("A sign-in for two APIs: each is refreshed by its scope, and neither without one")
    func twoResources() async throws {
        try await Lab.run { lab async throws in
            let path = Lab.authorizePath(scope: "openid offline_access User.Read api://lapse-lab/access_as_user")
            let code = try #require(try await lab.signIn(path).redirect?["code"])
            let tokens = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                [
                    "grant_type": "authorization_code", "client_id": Lab.native, "code": code,
                    "redirect_uri": "http://localhost/cb",
                    "scope": "User.Read",
                ])
            #expect(tokens.status == 200 && tokens["scope"].contains("User.Read"))
            #expect(try await lab.refresh(tokens["refresh_token"], scope: "api://lapse-lab/access_as_user").status == 200)
            #expect(try await lab.refresh(tokens["refresh_token"]).code == 28003)
        }
    }

    @Test("A named resource beside the scope: its own API is fine, under either name, at authorize, the code and the refresh")
    func resourceIndicator() async throws {
        try await Lab.run { lab async throws in
            let scope = "openid offline_access api://lapse-lab/access_as_user"
            let wrong = try await lab.signIn(Lab.authorizePath(scope: scope, ["resource": "https://mcp.example/mcp"]))
            #expect(wrong.redirect?["error"] == "invalid_target")
            for resource in ["api://lapse-lab", "api://lapse-lab/", Lab.api] {
                let signedIn = try await lab.signIn(Lab.authorizePath(scope: scope, ["resource": resource]))
                let form: KeyValuePairs = [
                    "grant_type": "authorization_code", "client_id": Lab.native, "code": try #require(signedIn.redirect?["code"]),
                    "redirect_uri": "http://localhost/cb", "resource": resource,
                ]
                #expect(try await lab.form("/contoso.example/oauth2/v2.0/token", form).status == 200)
            }
        }
    }

    // MARK: Graph

    @Test("Graph looks at the token before the address, the method, the query and the parts of a batch")
    func tokenFirst() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant(scope: "User.Read User.ReadWrite.All")["access_token"]
            for path in [
                "/v1.0/nonsense", "/v1.0/me/messages", "/beta/me/nonsense", "/v1.0/me?$select=nothing", "/v1.0/users?$top=1000",
            ] {
                #expect(try await lab.send(.get, path, headers: [.authorization: "Bearer x"]).status == 401, "\(path)")
                #expect(try await lab.send(.get, path).status == 401, "\(path)")
                #expect(try await lab.send(.get, path, headers: [.authorization: "Bearer \(token)"]).status == 400, "\(path)")
            }
            #expect(try await lab.send(.patch, "/v1.0/auditLogs/signIns", headers: [.authorization: "Bearer x"]).status == 401)
            #expect(
                try await lab.send(.patch, "/v1.0/auditLogs/signIns", headers: [.authorization: "Bearer \(token)"]).status == 405)
        }
    }

    @Test("A revoked cp1 token is challenged at every address of Graph's")
    func challengedEverywhere() async throws {
        try await Lab.run { lab async throws in
            let claims = #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#
            let code = try #require(try await lab.signIn(Lab.authorizePath(["claims": claims])).redirect?["code"])
            let token = try await lab.redeem(code: code)["access_token"]
            #expect(try await lab.send(.get, "/v1.0/me/messages", headers: [.authorization: "Bearer \(token)"]).status == 400)
            _ = try await lab.revoke()
            let answer = try await lab.send(.get, "/v1.0/me/messages", headers: [.authorization: "Bearer \(token)"])
            #expect(answer.status == 401)
            #expect(answer.headers[.wwwAuthenticate]?.contains(#"error="insufficient_claims""#) == true)
        }
    }

    @Test("Metadata that an app asks for itself name the keys for that app; what is no id is let be")
    func metadataOfApp() async throws {
        try await Lab.run { lab async throws in
            for (path, keys) in [
                ("contoso.example/v2.0", "discovery/v2.0/keys?appid=\(Lab.native)"),
                ("common", "discovery/keys?appid=\(Lab.native)"),
            ] {
                let document = try await lab.send(.get, "/\(path)/.well-known/openid-configuration?appid=\(Lab.native)").json
                #expect(document["jwks_uri"]?.text?.hasSuffix("/\(keys)") == true)
            }
            let document = try await lab.send(.get, "/common/v2.0/.well-known/openid-configuration?appid=a%22b").json
            #expect(document["jwks_uri"]?.text?.hasSuffix("/common/discovery/v2.0/keys") == true)
            #expect(try await lab.send(.get, "/contoso.example/discovery/v2.0/keys?appid=\(Lab.native)").json["keys"] != nil)
        }
    }

    @Test("The page where native apps let a sign-in end is empty, and keeps nothing")
    func nativeClient() async throws {
        try await Lab.run { lab async throws in
            let page = try await lab.send(.get, "/common/oauth2/nativeclient?code=x&state=y")
            #expect(page.status == 200 && page.headers[.contentType] == "text/html; charset=utf-8")
            #expect(page.headers[.cacheControl] == "no-store" && !page.text.contains("code"))
        }
    }
}
