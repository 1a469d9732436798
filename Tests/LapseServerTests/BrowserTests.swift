import HTTPTypes
import LapseRules
import Testing

@Suite("Sign-in in a browser")
struct BrowserTests {
    @Test("A quotation mark is escaped, whatever combines with it")
    func combining() async throws {
        try await Lab.run { lab async throws in
            let page = try await lab.authorize(Lab.authorizePath(["login_hint": "a\"\u{301} autofocus onfocus=\"x"]))
            #expect(page.text.contains("a&quot;\u{301} autofocus onfocus=&quot;x"))
        }
    }

    @Test("Response modes: query, fragment, and a form that posts itself")
    func responseModes() async throws {
        try await Lab.run { lab async throws in
            #expect(try await lab.signIn().headers[.location]?.hasPrefix("http://localhost/cb?code=1.A") == true)
            let fragment = try await lab.signIn(Lab.authorizePath(["response_mode": "fragment"]))
            #expect(fragment.headers[.location]?.hasPrefix("http://localhost/cb#code=1.A") == true)
            let posted = try await lab.signIn(Lab.authorizePath(["response_mode": "form_post"]))
            #expect(posted.status == 200)
            #expect(
                posted.text.contains(#"<form method="post" action="http:&#x2F;&#x2F;localhost&#x2F;cb">"#)
                    || posted.text.contains(#"action="http://localhost/cb""#), "\(posted.text)")
            #expect(posted.text.contains(#"name="code" value="1.A"#))
            #expect(posted.text.contains(#"name="state" value="s t&amp;te""#))
        }
    }

    @Test("A wrong password shows the page again with the reason and keeps the name; then the right one signs in")
    func wrongPassword() async throws {
        try await Lab.run { lab async throws in
            let wrong = try await lab.signIn(password: "wrong")
            #expect(wrong.text.contains("AADSTS50126: Error validating credentials due to invalid username or password."))
            #expect(wrong.text.contains(#"value="adele@contoso.example""#))
            #expect(wrong.cookies.isEmpty)
            #expect(try await lab.signIn(user: "nobody@contoso.example").text.contains("AADSTS50034"))
            #expect(try await lab.signIn().redirect?["code"] != nil)
            #expect(try await lab.contoso(.get, "events?type=signInRefused").items.count == 2)
        }
    }

    @Test("Two accounts in one browser: a picker, a hint, an answer for prompt=none")
    func twoAccounts() async throws {
        try await Lab.run { lab async throws in
            let first = try await lab.signIn().cookies
            let cookies = try await lab.signIn(user: "alex@contoso.example", cookies: first).cookies
            let picker = try await lab.authorize(Lab.authorizePath(), cookies: cookies)
            #expect(picker.text.contains("Pick an account"))
            #expect(picker.text.contains("adele@contoso.example") && picker.text.contains("alex@contoso.example"))
            #expect(
                try await lab.authorize(Lab.authorizePath(["login_hint": "alex@contoso.example"]), cookies: cookies).redirect?[
                    "code"] != nil)
            let silent = try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies)
            #expect(silent.redirect?["error"] == "interaction_required")
            let hinted = try await lab.authorize(
                Lab.authorizePath(["prompt": "none", "login_hint": "ALEX@contoso.example"]), cookies: cookies)
            #expect(hinted.redirect?["code"] != nil)
            let other = try await lab.form(Lab.authorizePath(), ["step": "other"], headers: [.cookie: cookies])
            #expect(other.text.contains("name=\"passwd\""))
            let unknownHint = try await lab.authorize(Lab.authorizePath(["login_hint": "admin@contoso.example"]), cookies: cookies)
            #expect(unknownHint.text.contains(#"value="admin@contoso.example""#))
        }
    }

    @Test("prompt=login asks again, select_account shows the picker, max_age makes an old session too old")
    func prompts() async throws {
        try await Lab.run { lab async throws in
            let cookies = try await lab.signIn().cookies
            #expect(
                try await lab.authorize(Lab.authorizePath(["prompt": "login"]), cookies: cookies).text.contains("name=\"passwd\""))
            #expect(
                try await lab.authorize(Lab.authorizePath(["prompt": "select_account"]), cookies: cookies).text.contains(
                    "Pick an account"))
            lab.pass(.seconds(61))
            #expect(
                try await lab.authorize(Lab.authorizePath(["prompt": "none", "max_age": "60"]), cookies: cookies).redirect?["error"]
                    == "login_required")
            let young = try await lab.authorize(Lab.authorizePath(["prompt": "none", "max_age": "61"]), cookies: cookies)
            let tokens = try await lab.redeem(code: young.redirect?["code"] ?? "")
            let payload = try #require(Base64URL.decode(tokens["id_token"].split(separator: ".")[1]).flatMap { JSON(parsing: $0) })
            #expect(payload["auth_time"]?.int == Lab.start.secondsSinceEpoch, "single sign-on keeps the time of the password")
        }
    }

    @Test("Consent asked for: accepted it issues a code, declined it tells the app")
    func consent() async throws {
        try await Lab.run { lab async throws in
            let path = Lab.authorizePath(["prompt": "consent"])
            let page = try await lab.signIn(path)
            #expect(
                page.text.contains(
                    #"<li>Revoke the sign-in sessions of everybody in your organization <span class="note">(User.RevokeSessions.All)"#
                ))
            let session = String(try #require(page.text.firstMatch(of: #/name="session" value="([^"]+)"/#)).1)
            let accepted = try await lab.form(path, ["step": "consent", "session": session], headers: [.cookie: page.cookies])
            #expect(accepted.redirect?["code"] != nil)
            let declined = try await lab.form(path, ["step": "decline", "session": session], headers: [.cookie: page.cookies])
            #expect(declined.redirect?["error"] == "access_denied")
            #expect(declined.redirect?["error_description"]?.hasPrefix("AADSTS65004: ") == true)
            #expect(declined.redirect?["state"] == "s t&te")
        }
    }

    @Test("Sessions end without use: after a day, or after ninety when staying signed in; use keeps them")
    func sessionLifetimes() async throws {
        try await Lab.run { lab async throws in
            let transient = try await lab.signIn().cookies
            let persistent = try await lab.signIn(stay: true).cookies
            #expect(transient.hasPrefix("ESTSAUTH=") && persistent.hasPrefix("ESTSAUTHPERSISTENT="))
            let path = Lab.authorizePath(["prompt": "none"])
            lab.pass(.seconds(86_399))
            #expect(try await lab.authorize(path, cookies: transient).redirect?["code"] != nil)
            lab.pass(.seconds(86_400))
            #expect(try await lab.authorize(path, cookies: transient).redirect?["error"] == "login_required")
            #expect(try await lab.authorize(path, cookies: persistent).redirect?["code"] != nil)
            lab.pass(.seconds(90 * 86_400))
            #expect(try await lab.authorize(path, cookies: persistent).redirect?["error"] == "login_required")
        }
    }

    @Test("Cookies: Secure and SameSite=None over HTTPS, Lax over plain HTTP; a made-up one is not taken over")
    func cookieAttributes() async throws {
        try await Lab.run { lab async throws in
            let set = try await lab.signIn(cookies: "ESTSAUTH=chosen-by-somebody-else").headers[.setCookie] ?? ""
            #expect(set.hasSuffix("; Path=/; Secure; HttpOnly; SameSite=None"))
            #expect(!set.contains("chosen"))
            #expect(try await lab.signIn(stay: true).headers[.setCookie]?.contains("; Max-Age=7776000; Secure; HttpOnly") == true)
        }
        try await Lab.run(scheme: .http) { lab async throws in
            let set = try await lab.signIn().headers[.setCookie] ?? ""
            #expect(set.hasSuffix("; Path=/; HttpOnly; SameSite=Lax"))
        }
    }

    /// Whose sessions a browser with these cookies holds: those that sign in silently.
    private func accounts(_ lab: Lab, _ cookies: String) async throws -> [String] {
        var found: [String] = []
        for name in ["adele", "alex", "admin"] {
            let path = Lab.authorizePath(["prompt": "none", "login_hint": "\(name)@contoso.example"])
            if try await lab.authorize(path, cookies: cookies).redirect?["code"] != nil { found.append(name) }
        }
        return found
    }

    @Test("A sign-in gives the browser new cookies: its sessions move there, and who knew the old ones has nothing")
    func fixation() async throws {
        try await Lab.run { lab async throws in
            // Somebody signs in, and plants the cookie in the browser of somebody else.
            let planted = try await lab.signIn(user: "alex@contoso.example").cookies
            let cookies = try await lab.signIn(cookies: planted).cookies
            #expect(cookies.hasPrefix("ESTSAUTH=") && cookies != planted)
            #expect(try await accounts(lab, planted) == [])
            #expect(try await accounts(lab, cookies) == ["adele", "alex"])

            // The same of the other kind, and of both at once: a browser that stays signed in has both.
            let staying = try await lab.signIn(user: "admin@contoso.example", cookies: cookies, stay: true).cookies
            let names = staying.split(separator: "; ").map { String($0.prefix { $0 != "=" }) }
            #expect(names == ["ESTSAUTH", "ESTSAUTHPERSISTENT"])
            #expect(try await accounts(lab, cookies) == [])
            #expect(try await accounts(lab, staying) == ["adele", "alex", "admin"])
            let again = try await lab.signIn(user: "admin@contoso.example", cookies: staying, stay: true)
            #expect(again.headers[values: .setCookie].map { $0.contains("; Max-Age=7776000") } == [false, true])
            #expect(try await accounts(lab, staying) == [])
            #expect(try await accounts(lab, again.cookies) == ["adele", "alex", "admin"])

            // A cookie that names no browser is none of a browser's, and stays what it is: nothing.
            let madeUp = try await lab.signIn(cookies: "ESTSAUTHPERSISTENT=made-up").cookies
            #expect(madeUp.hasPrefix("ESTSAUTH=") && !madeUp.contains("PERSISTENT"))
            // A wrong password moves nothing.
            #expect(try await lab.signIn(password: "wrong", cookies: madeUp).cookies.isEmpty)
            #expect(try await accounts(lab, madeUp) == ["adele"])
        }
    }

    @Test("A sign-in for a device moves the browser's sessions too, whatever page comes next")
    func fixationAtTheDevice() async throws {
        try await Lab.run { lab async throws in
            func signIn(_ user: String, _ cookies: String) async throws -> Answer {
                let device = try await lab.form(
                    "/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": Lab.scope])
                return try await lab.form(
                    "/devicelogin", ["step": "signIn", "otc": device["user_code"], "login": user, "passwd": BuiltInLab.password],
                    headers: [.cookie: cookies])
            }
            let planted = try await lab.signIn().cookies
            let approved = try await signIn("alex@contoso.example", planted).cookies
            #expect(try await accounts(lab, planted) == [])
            #expect(try await accounts(lab, approved) == ["adele", "alex"])
            // A policy stands in the way of the device; the person is signed in all the same.
            try await lab.contoso(.patch, "users/admin@contoso.example", ["challenges": [["code": 50076, "on": ["authorize"]]]])
            let challenged = try await signIn("admin@contoso.example", approved)
            #expect(challenged.text.contains("AADSTS50076"))
            #expect(try await accounts(lab, approved) == [])
            #expect(try await accounts(lab, challenged.cookies) == ["adele", "alex"])
        }
    }

    @Test("A page that asks for a sign-in right after one says why", arguments: [false, true])
    func reasons(isDevice: Bool) async throws {
        try await Lab.run { lab async throws in
            func step(_ form: KeyValuePairs<String, String>, cookies: String? = nil, claims: String? = nil) async throws -> Answer {
                var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
                headers[.cookie] = cookies
                var body = Lab.encoded(form)
                var path = Lab.authorizePath(claims.map { ["claims": $0] } ?? [:])
                if isDevice {
                    let device = try await lab.form(
                        "/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": Lab.scope])
                    body += "&otc=\(device["user_code"])"
                    path = "/devicelogin"
                }
                return try await lab.send(.post, path, headers: headers, body: body)
            }
            let signIn: KeyValuePairs = ["step": "signIn", "login": "adele@contoso.example", "passwd": BuiltInLab.password]
            let before = try await step(signIn).cookies
            let session = try await lab.contoso(.get, "users/adele@contoso.example/sessions").items[0]["id"]?.text ?? ""

            // The enabling lets one request of each pass: of the account's sign-ins, and of each session.
            try await lab.contoso(.patch, "users/adele@contoso.example", ["accountEnabled": false])
            try await lab.contoso(.put, "propagation", ["planes": ["session": ["afterAttempts": 1]]])
            try await lab.contoso(.patch, "users/adele@contoso.example", ["accountEnabled": true])
            let first = try await step(signIn)
            #expect(first.text.contains("AADSTS50057") && first.cookies.isEmpty)
            let second = try await step(signIn)
            #expect(second.text.contains("AADSTS50057") && second.text.contains("passwd"), "\(second.text)")
            #expect(second.text.contains(#"value="adele@contoso.example""#))
            #expect(!second.cookies.isEmpty, "the session is there, and refused")
            if !isDevice {
                #expect(try await lab.contoso(.get, "events?type=sessionRefused").items.last?["code"]?.int == 50057)
            }
            // The same behind the picker.
            let picked = try await step(["step": "pick", "session": session], cookies: before)
            #expect(picked.text.contains("AADSTS50057"), "\(picked.text)")
        }
    }

    @Test("A sign-in that answers a challenge says that the account is disabled where resources know it already")
    func challengedWhileDisabled() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", ["planes": ["session": "manual"]])
            try await lab.contoso(.patch, "users/adele@contoso.example", ["accountEnabled": false])
            let claims = #"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#
            let page = try await lab.signIn(Lab.authorizePath(["claims": claims]))
            #expect(page.text.contains("AADSTS50057"), "\(page.text)")
        }
    }

    @Test("No app is for consumers, and each endpoint says so")
    func consumers() async throws {
        try await Lab.run { lab async throws in
            let page = try await lab.authorize(Lab.authorizePath(tenant: "consumers"))
            #expect(page.status == 400 && page.text.contains("AADSTS9002332"), "\(page.text)")
            let token = try await lab.grant()["refresh_token"]
            #expect(try await lab.refresh(token, at: "consumers").code == 9_002_332)
            let code = try await lab.form("/consumers/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": "openid"])
            #expect(code.code == 9_002_332)
        }
    }

    @Test("Logout ends the browser's sessions, follows a registered redirect URI alone, and clears the cookies")
    func logout() async throws {
        try await Lab.run { lab async throws in
            let cookies = try await lab.signIn().cookies
            let out = try await lab.authorize(
                "/contoso.example/oauth2/v2.0/logout?logout_hint=adele%40contoso.example&post_logout_redirect_uri=http%3A%2F%2Flocalhost%2Fcb&state=x",
                cookies: cookies)
            #expect(out.headers[.location] == "http://localhost/cb?state=x")
            #expect(out.headers[values: .setCookie].allSatisfy { $0.contains("Max-Age=0") })
            #expect(
                try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies).redirect?["error"]
                    == "login_required")
            let foreign = try await lab.authorize(
                "/contoso.example/oauth2/v2.0/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F")
            #expect(foreign.status == 200 && foreign.text.contains("You signed out of your account"))
        }
    }

    @Test("Logout loads the address of each app that the session signed in to, once, and then goes on")
    func frontChannelLogout() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.patch, "apps/\(Lab.native)", ["logoutUrl": "http://localhost:3000/out?a=1&b=2"])
            try await lab.contoso(.patch, "apps/\(Lab.web)", ["logoutUrl": "https://app.example/out"])
            let logout = "/contoso.example/oauth2/v2.0/logout?logout_hint=ADELE%40contoso.example"
            var cookies = try await lab.signIn().cookies
            let session = try #require(try await lab.authorize(Lab.authorizePath(), cookies: cookies).redirect?["session_state"])
            let page = try await lab.authorize(logout, cookies: cookies)
            #expect(page.status == 200)
            let frame = #"<iframe src="http://localhost:3000/out?a=1&amp;b=2&amp;sid=\#(session)""#
            #expect(page.text.components(separatedBy: frame).count == 2)
            #expect(!page.text.contains("app.example"))
            #expect(page.headers[.contentSecurityPolicy]?.contains("frame-src http://localhost:3000") == true)
            // Once is enough: the session has ended.
            #expect(!(try await lab.authorize(logout, cookies: cookies).text.contains("<iframe")))

            cookies = try await lab.signIn().cookies
            _ = try await lab.authorize(Lab.authorizePath(client: Lab.web), cookies: cookies)
            let next = try await lab.authorize(
                "\(logout)&post_logout_redirect_uri=http%3A%2F%2Flocalhost%2Fcb&state=x", cookies: cookies)
            #expect(next.text.contains(#"content="2;url=http://localhost/cb?state=x""#))
            #expect(next.text.components(separatedBy: "<iframe").count == 3)
        }
    }

    @Test("A form sent by another site's page is refused")
    func forged() async throws {
        try await Lab.run { lab async throws in
            let cookies = try await lab.signIn().cookies
            for headers in [[.origin: "https://evil.example"], [.fetchSite: "cross-site"]] as [HTTPFields] {
                var headers = headers
                headers[.cookie] = cookies
                let answer = try await lab.form(Lab.authorizePath(["prompt": "consent"]), ["step": "other"], headers: headers)
                #expect(answer.status == 403)
            }
            // An app may post its authorization request from its own site.
            let request = try await lab.form(
                "/contoso.example/oauth2/v2.0/authorize",
                ["client_id": Lab.native, "response_type": "code", "redirect_uri": "http://localhost/cb", "scope": "openid"],
                headers: [.origin: "https://app.example", .cookie: cookies])
            #expect(request.redirect?["code"] != nil)
        }
    }

    @Test("Names with markup show as text, and pages load nothing from elsewhere")
    func markup() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.patch, "apps/\(Lab.native)", ["name": "<script>alert(1)</script>"])
            let page = try await lab.authorize(Lab.authorizePath(["login_hint": "\"><script>x</script>"]))
            #expect(!page.text.contains("<script>"))
            #expect(page.text.contains("&lt;script&gt;alert(1)"))
            #expect(
                page.headers[.contentSecurityPolicy]
                    == "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'")
            #expect(!page.text.contains("http://") || !page.text.contains("src=\"http"))
        }
    }
}

extension HTTPField.Name {
    static let fetchSite = Self("Sec-Fetch-Site")!
}
