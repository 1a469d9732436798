import HTTPTypes
import LapseRules
import Testing

/// What policies refuse although nothing was revoked: challenges, consent, sign-in frequency, lock-out, loops.
@Suite("Policies")
struct PolicyTests {
    private static let graphID = "00000003-0000-0000-c000-000000000000"
    private static let demand =
        #"{"access_token":{"capolids":{"essential":true,"values":["cccccccc-0003-4000-8000-000000000001"]}}}"#

    struct Expected: Sendable {
        let code: Int
        let suberror: String?
        let text: String
        var hasURI = true
        var hasClaims = false
    }

    /// As they were recorded, or as the catalogue assumes them.
    static let challenges = [
        Expected(
            code: 50076, suberror: "basic_action",
            text:
                "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '\(graphID)'.",
            hasClaims: true),
        Expected(
            code: 50079, suberror: "basic_action",
            text:
                "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '\(graphID)'.",
            hasClaims: true),
        Expected(
            code: 50078, suberror: "basic_action",
            text:
                "Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication to access '\(graphID)'.",
            hasURI: false),
        Expected(
            code: 53003, suberror: "message_only",
            text: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
            hasClaims: true),
        Expected(code: 530003, suberror: "message_only", text: "Your device is required to be managed to access this resource."),
        Expected(
            code: 65001, suberror: "consent_required",
            text:
                "The user or administrator has not consented to use the application with ID '\(Lab.native)' named 'Lapse Native'. Send an interactive authorization request for this user and resource."
        ),
        Expected(code: 50055, suberror: "user_password_expired", text: "Password is expired."),
        Expected(
            code: 50053, suberror: nil,
            text: "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."),
    ]

    private func challenge(_ lab: Lab, _ code: Int, on: JSON, of path: String = "users/\(Lab.adele)") async throws {
        try await lab.contoso(.patch, path, ["challenges": [["code": .integer(Int64(code)), "on": on]]])
    }

    @Test(
        "A challenge of the user or of the app refuses a refresh as it was recorded, until it is taken away", arguments: challenges)
    func refresh(expected: Expected) async throws {
        for path in ["users/\(Lab.adele)", "apps/\(Lab.native)"] {
            try await Lab.run { lab async throws in
                let token = try await lab.grant()["refresh_token"]
                try await challenge(lab, expected.code, on: ["refresh"], of: path)
                let refused = try await lab.refresh(token)
                #expect(refused.status == 400)
                #expect(refused["error"] == "invalid_grant")
                #expect(refused.code == expected.code)
                #expect(refused["error_description"].hasPrefix("AADSTS\(expected.code): \(expected.text) Trace ID: "))
                #expect(refused.json["suberror"]?.text == expected.suberror)
                #expect((refused.json["error_uri"] != nil) == expected.hasURI)
                #expect(refused.json["claims"]?.text == (expected.hasClaims ? Self.demand : nil))
                let event = try #require(try await lab.contoso(.get, "events?type=refreshRefused").items.last)
                #expect(event["code"]?.int == Int64(expected.code))

                // Signing in is another occasion.
                #expect(try await lab.signIn().redirect?["code"] != nil)
                try await lab.contoso(.patch, path, ["challenges": []])
                #expect(try await lab.refresh(token).status == 200)
            }
        }
    }

    @Test(
        "A challenge at sign-in is shown on the page, told to prompt=none and to the password flow; refreshes go on",
        arguments: challenges)
    func signIn(expected: Expected) async throws {
        try await Lab.run { lab async throws in
            let cookies = try await lab.signIn().cookies
            let token = try await lab.grant()["refresh_token"]
            try await challenge(lab, expected.code, on: ["authorize"])

            for page in [try await lab.authorize(Lab.authorizePath(), cookies: cookies), try await lab.signIn()] {
                #expect(page.status == 200)
                #expect(page.text.contains("AADSTS\(expected.code)"))
            }
            let silent = try #require(try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies).redirect)
            #expect(silent["error"] == "interaction_required")
            #expect(silent["error_description"]?.hasPrefix("AADSTS\(expected.code): ") == true)
            let password = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                [
                    "grant_type": "password", "client_id": Lab.native, "username": "adele@contoso.example",
                    "password": BuiltInLab.password, "scope": Lab.scope,
                ])
            #expect(password.code == expected.code)
            let device = try await lab.form(
                "/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": "User.Read"])
            let approval = try await lab.form(
                "/devicelogin",
                ["step": "signIn", "otc": device["user_code"], "login": "adele@contoso.example", "passwd": BuiltInLab.password])
            #expect(approval.text.contains("AADSTS\(expected.code)"))

            #expect(try await lab.refresh(token).status == 200)
            // Nobody else is challenged.
            #expect(try await lab.signIn(user: "alex@contoso.example").redirect?["code"] != nil)
        }
    }

    @Test("A secret that has expired: 7000222, 401, for the flows of its occasion")
    func expiredSecret() async throws {
        try await Lab.run { lab async throws in
            func token() async throws -> Answer {
                try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    [
                        "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                        "scope": "https://graph.microsoft.com/.default",
                    ])
            }
            try await challenge(lab, 7_000_222, on: ["refresh"], of: "apps/\(Lab.daemon)")
            #expect(try await token().status == 200)
            try await challenge(lab, 7_000_222, on: ["authorize"], of: "apps/\(Lab.daemon)")
            let refused = try await token()
            #expect(refused.status == 401)
            #expect(refused["error"] == "invalid_client")
            #expect(refused.code == 7_000_222)

            let web = try await lab.grant(client: Lab.web)
            try await challenge(lab, 7_000_222, on: ["refresh"], of: "apps/\(Lab.web)")
            let secret = "lapse-web-secret"
            #expect(try await lab.refresh(web["refresh_token"], client: Lab.web, secret: secret).code == 7_000_222)
            #expect(try await lab.refresh(web["refresh_token"], client: Lab.web, secret: "wrong").code == 7_000_215)
        }
    }

    @Test("Consent withdrawn: 65001 until it is given again, by a person on the page or by the control API")
    func consent() async throws {
        try await Lab.run { lab async throws in
            let cookies = try await lab.signIn().cookies
            let token = try await lab.grant()["refresh_token"]
            let path = "consents/\(Lab.adele)/\(Lab.native)"
            try await lab.contoso(.delete, path)
            let refused = try await lab.refresh(token)
            #expect(refused.code == 65001)
            #expect(refused["suberror"] == "consent_required")
            #expect(try await lab.refresh(try await lab.grant(client: Lab.spa)["refresh_token"], client: Lab.spa).code != 65001)
            let silent = try #require(try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies).redirect)
            #expect(silent["error"] == "interaction_required")
            #expect(silent["error_description"]?.hasPrefix("AADSTS65001: ") == true)

            let page = try await lab.authorize(Lab.authorizePath(), cookies: cookies)
            #expect(page.text.contains("Permissions requested"))
            let session = try #require(page.text.firstMatch(of: /name="session" value="([^"]+)"/)?.1)
            let declined = try await lab.form(
                Lab.authorizePath(), ["step": "decline", "session": String(session)], headers: [.cookie: cookies])
            #expect(declined.redirect?["error"] == "access_denied")
            #expect(try await lab.refresh(token).code == 65001)
            let accepted = try await lab.form(
                Lab.authorizePath(), ["step": "consent", "session": String(session)], headers: [.cookie: cookies])
            #expect(accepted.redirect?["code"] != nil)
            #expect(try await lab.refresh(token).status == 200)

            try await lab.contoso(.delete, path)
            #expect(try await lab.refresh(token).code == 65001)
            try await lab.contoso(.put, path)
            #expect(try await lab.refresh(token).status == 200)
            let types = try await lab.contoso(.get, "events").items.compactMap { $0["type"]?.text }
            #expect(
                types.filter { $0.hasPrefix("consent") }
                    == ["consentWithdrawn", "consentGiven", "consentWithdrawn", "consentGiven"])
        }
    }

    @Test("Sign-in frequency: 70043 with the seconds, counted from the credential, per tenant and per app")
    func signInFrequency() async throws {
        try await Lab.run { lab async throws in
            let cookies = try await lab.signIn().cookies
            var token = try await lab.grant()["refresh_token"]
            try await lab.contoso(.put, "policies", ["lifetimes": ["signInFrequency": "PT1H"]])
            lab.pass(.seconds(3599))
            token = try await lab.refresh(token)["refresh_token"]
            #expect(try await lab.authorize(Lab.authorizePath(), cookies: cookies).status == 302)

            // A refresh makes no younger sign-in.
            lab.pass(.seconds(1))
            let refused = try await lab.refresh(token)
            #expect(
                refused["error_description"].hasPrefix(
                    "AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on \(Lab.start) and the maximum allowed lifetime for this request is 3600. Trace ID: "
                ))
            #expect(refused["suberror"] == "token_expired")
            #expect(refused.json["error_uri"] == nil)
            #expect(try await lab.authorize(Lab.authorizePath(), cookies: cookies).text.contains("passwd"))
            let silent = try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies)
            #expect(silent.redirect?["error"] == "login_required")
            let signedIn = try await lab.signIn(cookies: cookies)
            let again = try await lab.redeem(code: try #require(signedIn.redirect?["code"]))
            #expect(try await lab.refresh(again["refresh_token"]).status == 200)

            try await lab.contoso(.patch, "apps/\(Lab.native)", ["lifetimes": ["signInFrequency": "PT2H"]])
            #expect(try await lab.refresh(token).status == 200)
        }
    }

    @Test("Explain knows what policies will say of a refresh token, and when")
    func explain() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            func verdict() async throws -> JSON {
                let answer = try await lab.contoso(.post, "explain", ["refresh_token": .string(token)])
                return answer.json["verdicts"]?.elements.first { $0["plane"] == "refresh" } ?? .null
            }
            try await lab.contoso(.put, "policies", ["lifetimes": ["signInFrequency": "PT1H"]])
            #expect(try await verdict()["accepted"] == true)
            #expect(try await verdict()["changesAt"] == .string((Lab.start + .seconds(3600)).description))
            try await challenge(lab, 53003, on: ["refresh"])
            #expect(try await verdict()["code"] == 53003)
            #expect(try await verdict()["rule"] == "policy")
            lab.pass(.seconds(3600))
            #expect(try await verdict()["code"] == 70043)
            #expect(try await lab.refresh(token).code == 70043)
        }
    }

    @Test("Ten wrong passwords lock the account for a minute, the right one before that begins anew")
    func lockout() async throws {
        try await Lab.run { lab async throws in
            func tries(_ number: Int) async throws -> Bool {
                for _ in 0..<number {
                    let page = try await lab.signIn(password: "wrong")
                    guard page.text.contains("AADSTS50126") else { return false }
                }
                return true
            }
            #expect(try await tries(9))
            #expect(try await lab.signIn().status == 302)
            #expect(try await tries(10))
            #expect(try await lab.contoso(.get, "events?type=accountLocked").items.count == 1)
            #expect(try await lab.contoso(.get, "events?type=signInRefused&user=\(Lab.adele)").items.count == 19)
            #expect(try await lab.signIn().text.contains("AADSTS50053"))
            let password = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                [
                    "grant_type": "password", "client_id": Lab.native, "username": "adele@contoso.example",
                    "password": BuiltInLab.password, "scope": Lab.scope,
                ])
            #expect(password.code == 50053)
            #expect(try await lab.signIn(user: "alex@contoso.example").status == 302)
            lab.pass(.seconds(59))
            #expect(try await lab.signIn().text.contains("AADSTS50053"))
            lab.pass(.seconds(1))
            #expect(try await lab.signIn().status == 302)
        }
    }

    @Test("Loop detection: the fifteenth identical request within five minutes is refused, an application's with 429")
    func loops() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            func statuses(_ count: Int) async throws -> [Int] {
                var statuses: [Int] = []
                for _ in 0..<count { statuses.append(try await lab.refresh(token).status) }
                return statuses
            }
            #expect(try await statuses(20) == Array(repeating: 200, count: 20))
            try await lab.contoso(.put, "policies", ["loopDetection": true])
            #expect(try await statuses(14) == Array(repeating: 200, count: 14))
            let refused = try await lab.refresh(token)
            #expect(refused["error"] == "invalid_grant")
            #expect(
                refused["error_description"].hasPrefix(
                    "AADSTS50196: The server terminated an operation because it encountered a client request loop. Please contact your app vendor. Trace ID: "
                ))
            #expect(try await lab.refresh(token, scope: "openid").status == 200)
            #expect(try await lab.refresh(try await lab.grant()["refresh_token"]).status == 200)
            lab.pass(.seconds(300))
            #expect(try await lab.refresh(token).status == 200)

            func application() async throws -> Answer {
                try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    [
                        "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                        "scope": "https://graph.microsoft.com/.default",
                    ])
            }
            // Strangers who do not know the secret count for nothing.
            for _ in 0..<20 {
                let stranger = try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    [
                        "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "wrong",
                        "scope": "https://graph.microsoft.com/.default",
                    ])
                #expect(stranger.status == 401)
            }
            // Polling is meant to be identical.
            let device = try await lab.form(
                "/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": "User.Read"])
            for _ in 0..<20 {
                let poll = try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    ["grant_type": "device_code", "client_id": Lab.native, "device_code": device["device_code"]])
                #expect(poll["error"] == "authorization_pending")
            }
            for _ in 0..<14 { #expect(try await application().status == 200) }
            let throttled = try await application()
            #expect(throttled.status == 429)
            #expect(throttled.text == "Too Many Requests")
            #expect(throttled.headers[.retryAfter] == "60")
        }
    }
}
