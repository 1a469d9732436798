import HTTPTypes
import LapseRules
import Testing

/// No endpoint forgotten: after a revoke every way in is refused for what was signed in before, and open for what comes after,
/// with a clock that stands still.
@Suite("Endpoints after a revoke, the clock standing still")
struct EndpointTests {
    @Test("A refresh token is refused with 50173 and bad_token; a sign-in after the revoke is accepted")
    func refresh() async throws {
        try await Lab.run { lab async throws in
            let before = try await lab.grant()
            _ = try await lab.revoke()
            let refused = try await lab.refresh(before["refresh_token"])
            #expect(refused.status == 400)
            #expect(refused["error"] == "invalid_grant")
            #expect(refused.code == 50173)
            #expect(refused["suberror"] == "bad_token")
            let after = try await lab.grant()
            let accepted = try await lab.refresh(after["refresh_token"])
            #expect(accepted.status == 200)
        }
    }

    @Test("A code issued before the revoke and redeemed after it is refused; a code of a sign-in after it works")
    func code() async throws {
        try await Lab.run { lab async throws in
            let before = try await lab.signIn()
            _ = try await lab.revoke()
            let refused = try await lab.redeem(code: before.redirect?["code"] ?? "")
            #expect(refused.code == 50173)
            let after = try await lab.signIn()
            let accepted = try await lab.redeem(code: after.redirect?["code"] ?? "")
            #expect(accepted.status == 200, "\(accepted.text)")
        }
    }

    @Test("A device code approved before the revoke is refused when its device polls; one approved after it works")
    func deviceCode() async throws {
        try await Lab.run { lab async throws in
            for (isBefore, expected) in [(true, 400), (false, 200)] {
                let device = try await lab.form(
                    "/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": Lab.scope])
                if !isBefore { _ = try await lab.revoke() }
                let approved = try await lab.form(
                    "/devicelogin",
                    ["step": "signIn", "otc": device["user_code"], "login": "adele@contoso.example", "passwd": BuiltInLab.password])
                #expect(approved.text.contains("You are signed in"))
                if isBefore { _ = try await lab.revoke() }
                let polled = try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    ["grant_type": "device_code", "client_id": Lab.native, "device_code": device["device_code"]])
                #expect(polled.status == expected, "\(polled.text)")
                if isBefore { #expect(polled.code == 50173) }
            }
        }
    }

    @Test("On-behalf-of with an access token from before the revoke is refused; with one from after it works")
    func onBehalfOf() async throws {
        try await Lab.run { lab async throws in
            func exchange(_ assertion: String) async throws -> Answer {
                try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    [
                        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "requested_token_use": "on_behalf_of",
                        "client_id": Lab.api, "client_secret": "lapse-api-secret-01", "assertion": assertion,
                        "scope": "https://graph.microsoft.com/User.Read offline_access",
                    ])
            }
            let scope = "openid offline_access api://lapse-lab/access_as_user"
            let before = try await lab.grant(scope: scope)
            let onBehalf = try await exchange(before["access_token"])
            #expect(onBehalf.status == 200, "\(onBehalf.text)")
            #expect(onBehalf.json["id_token"] == nil)
            _ = try await lab.revoke()
            #expect(try await exchange(before["access_token"]).code == 50173)
            // The grant made on behalf took its parent's authTime: it is as old.
            let refreshed = try await lab.refresh(onBehalf["refresh_token"], client: Lab.api, secret: "lapse-api-secret-01")
            #expect(refreshed.code == 50173)
            let after = try await lab.grant(scope: scope)
            #expect(try await exchange(after["access_token"]).status == 200)
        }
    }

    @Test("A cookie from before the revoke signs nobody in: the sign-in page is shown")
    func cookie() async throws {
        try await Lab.run { lab async throws in
            let cookies = try await lab.signIn(stay: true).cookies
            #expect(cookies.contains("ESTSAUTHPERSISTENT="))
            #expect(try await lab.authorize(Lab.authorizePath(), cookies: cookies).redirect?["code"] != nil)
            _ = try await lab.revoke()
            let shown = try await lab.authorize(Lab.authorizePath(), cookies: cookies)
            #expect(shown.status == 200)
            #expect(shown.text.contains("name=\"passwd\""))
            let again = try await lab.signIn(cookies: cookies)
            #expect(again.redirect?["code"] != nil)
            let renewed = try await lab.authorize(Lab.authorizePath(), cookies: again.cookies)
            #expect(renewed.redirect?["code"] != nil)
        }
    }

    @Test("prompt=none with a revoked cookie answers login_required with the state; with a new one a code")
    func silent() async throws {
        try await Lab.run { lab async throws in
            let path = Lab.authorizePath(["prompt": "none", "response_mode": "fragment"])
            let cookies = try await lab.signIn().cookies
            #expect(try await lab.authorize(path, cookies: cookies).redirect?["code"] != nil)
            _ = try await lab.revoke()
            let refused = try await lab.authorize(path, cookies: cookies)
            #expect(refused.headers[.location]?.hasPrefix("http://localhost/cb#error=login_required&") == true)
            #expect(refused.redirect?["state"] == "s t&te")
            #expect(refused.redirect?["error_description"]?.hasPrefix("AADSTS50058: ") == true)
            let renewed = try await lab.signIn().cookies
            #expect(try await lab.authorize(path, cookies: renewed).redirect?["code"] != nil)
        }
    }

    @Test("An account picker left open over the revoke picks nobody: the session is judged when it is picked")
    func pickerLeftOpen() async throws {
        try await Lab.run { lab async throws in
            let cookies = try await lab.signIn().cookies
            let path = Lab.authorizePath(["prompt": "select_account"])
            let picker = try await lab.authorize(path, cookies: cookies)
            let session = try #require(picker.text.firstMatch(of: #/name="session" value="([^"]+)"/#)).1
            func pick() async throws -> Answer {
                try await lab.form(path, ["step": "pick", "session": String(session)], headers: [.cookie: cookies])
            }
            #expect(try await pick().redirect?["code"] != nil)
            _ = try await lab.revoke()
            let refused = try await pick()
            #expect(refused.redirect == nil)
            #expect(refused.text.contains("name=\"passwd\""))
        }
    }

    @Test("A consent page left open over the revoke consents to nothing")
    func consentLeftOpen() async throws {
        try await Lab.run { lab async throws in
            let path = Lab.authorizePath(["prompt": "consent"])
            let page = try await lab.signIn(path)
            #expect(page.text.contains("Permissions requested"))
            let session = String(try #require(page.text.firstMatch(of: #/name="session" value="([^"]+)"/#)).1)
            let cookies = page.cookies
            let inTime = try await lab.form(path, ["step": "consent", "session": session], headers: [.cookie: cookies])
            #expect(inTime.redirect?["code"] != nil)
            _ = try await lab.revoke()
            let refused = try await lab.form(path, ["step": "consent", "session": session], headers: [.cookie: cookies])
            #expect(refused.redirect == nil)
            #expect(refused.text.contains("name=\"passwd\""))
        }
    }

    @Test("A sign-in page left open over the revoke is a fresh credential: it is accepted")
    func signInPageLeftOpen() async throws {
        try await Lab.run { lab async throws in
            #expect(try await lab.authorize(Lab.authorizePath()).text.contains("name=\"passwd\""))
            _ = try await lab.revoke()
            let signedIn = try await lab.signIn()
            let tokens = try await lab.redeem(code: signedIn.redirect?["code"] ?? "")
            #expect(try await lab.refresh(tokens["refresh_token"]).status == 200)
        }
    }

    @Test("A grant minted from an old cookie inside the delay is as old as the cookie and dies with it")
    func grantFromOldCookie() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", ["planes": ["session": ["fixed": "PT1H"]]])
            let cookies = try await lab.signIn().cookies
            lab.pass(.seconds(60))
            _ = try await lab.revoke()
            lab.pass(.seconds(60))
            // The session plane has not heard yet; the refresh plane has.
            let minted = try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies)
            let code = try #require(minted.redirect?["code"])
            #expect(try await lab.redeem(code: code).code == 50173)
        }
    }

    @Test("The cookie at /devicelogin approves nothing after the revoke")
    func cookieAtDeviceLogin() async throws {
        try await Lab.run { lab async throws in
            let cookies = try await lab.signIn().cookies
            let device = try await lab.form(
                "/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": Lab.scope])
            let picker = try await lab.form(
                "/devicelogin", ["step": "code", "otc": device["user_code"]], headers: [.cookie: cookies])
            let session = String(try #require(picker.text.firstMatch(of: #/name="session" value="([^"]+)"/#)).1)
            _ = try await lab.revoke()
            let refused = try await lab.form(
                "/devicelogin", ["step": "pick", "otc": device["user_code"], "session": session], headers: [.cookie: cookies])
            #expect(refused.text.contains("name=\"passwd\""))
            let polled = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                ["grant_type": "device_code", "client_id": Lab.native, "device_code": device["device_code"]])
            #expect(polled.code == 70016)
        }
    }

    @Test("An access token passes Graph and userinfo until its end, whatever was revoked")
    func accessTokenSurvives() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            _ = try await lab.revoke()
            let headers: HTTPFields = [.authorization: "Bearer \(grant["access_token"])"]
            #expect(try await lab.send(.get, "/v1.0/me", headers: headers).status == 200)
            #expect(try await lab.send(.get, "/oidc/userinfo", headers: headers).status == 200)
            lab.pass(.seconds(6000))
            let expired = try await lab.send(.get, "/v1.0/me", headers: headers)
            #expect(expired.status == 401)
            #expect(expired.text.contains("Lifetime validation failed, the token is expired."))
        }
    }
}
