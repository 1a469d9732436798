import Foundation
import HTTPTypes
import LapseRules
import Testing

/// Access tokens of clients that understand claims challenges (`cp1`), and of those that do not.
@Suite("Continuous access evaluation")
struct ContinuousAccessTests {
    private static let capable = #"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#
    private static let graph = "openid profile email offline_access User.Read"
    private static let api = "openid api://lapse-lab/access_as_user"
    /// Each endpoint with the scope that opens it.
    private static let endpoints = [("/v1.0/me", graph), ("/oidc/userinfo", graph), ("/_lapse/resource/hello", api)]

    /// The answer to a challenge, as MSAL sends it: the challenge's claims and its own capability.
    private static func answering(_ challenge: String) -> String {
        #"{"access_token":{"nbf":{"essential":true,"value":"\#(challenge)"},"xms_cc":{"values":["cp1"]}}}"#
    }

    private func call(_ lab: Lab, _ path: String, _ token: String) async throws -> Answer {
        try await lab.send(.get, path, headers: [.authorization: "Bearer \(token)"])
    }

    @Test(
        "A cp1 token is challenged once the plane cae enforces the revocation; an ordinary one passes until it ends",
        arguments: endpoints)
    func challenge(path: String, scope: String) async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", ["planes": ["cae": ["fixed": "PT2M"]]])
            let grant = try await lab.grant(scope: Self.graph)
            let ordinary = try await lab.refresh(grant["refresh_token"], scope: scope)
            let capable = try await lab.refresh(grant["refresh_token"], scope: scope, claims: Self.capable)
            _ = try await lab.revoke()

            lab.pass(.seconds(119))
            #expect(try await call(lab, path, capable["access_token"]).status == 200)

            lab.pass(.seconds(1))
            let refused = try await call(lab, path, capable["access_token"])
            #expect(refused.status == 401)
            let now = Lab.start + .seconds(120)
            let claims = Data(
                #"{"access_token":{"nbf":{"essential":true, "value":"\#(now.secondsSinceEpoch)"}}}"#.utf8
            ).base64EncodedString()
            let resource = path.hasPrefix("/_lapse") ? Lab.api : "00000003-0000-0000-c000-000000000000"
            #expect(
                refused.headers[.wwwAuthenticate]
                    == #"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="\#(resource)", error="insufficient_claims", claims="\#(claims)""#
            )
            #expect(
                refused.json["error"]?["message"]
                    == "Continuous access evaluation resulted in claims challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp"
            )

            #expect(try await call(lab, path, ordinary["access_token"]).status == 200)
            let lifetime = try #require(ordinary.json["expires_in"]?.int)
            lab.pass(.seconds(lifetime - 121))
            #expect(try await call(lab, path, ordinary["access_token"]).status == 200)
            lab.pass(.seconds(1))
            #expect(try await call(lab, path, ordinary["access_token"]).status == 401)
        }
    }

    @Test("What was said at authorize or for the device code holds for the grant")
    func declaredAtSignIn() async throws {
        try await Lab.run { lab async throws in
            let signedIn = try await lab.signIn(Lab.authorizePath(["claims": Self.capable]))
            let answer = try await lab.redeem(code: try #require(signedIn.redirect?["code"]))
            #expect(answer.claims("access_token")["xms_cc"] == ["cp1"])

            let device = try await lab.form(
                "/contoso.example/oauth2/v2.0/devicecode",
                ["client_id": Lab.native, "scope": Self.graph, "claims": Self.capable])
            _ = try await lab.form(
                "/devicelogin",
                ["step": "signIn", "otc": device["user_code"], "login": "adele@contoso.example", "passwd": BuiltInLab.password])
            let polled = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                ["grant_type": "device_code", "client_id": Lab.native, "device_code": device["device_code"]])
            #expect(polled.claims("access_token")["xms_cc"] == ["cp1"])
        }
    }

    @Test("An API that does not ask for the capability gets ordinary tokens")
    func resourceDoesNotAsk() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(
                .patch, "apps/\(Lab.api)",
                ["exposes": ["uri": "api://lapse-lab", "scopes": ["access_as_user"], "xms_cc": false]])
            let grant = try await lab.grant(scope: "openid offline_access api://lapse-lab/access_as_user")
            let answer = try await lab.refresh(grant["refresh_token"], claims: Self.capable)
            #expect(answer.claims("access_token")["xms_cc"] == nil)
            #expect(try #require(answer.json["expires_in"]?.int) < 5400)
            _ = try await lab.revoke()
            #expect(try await call(lab, "/_lapse/resource/x", answer["access_token"]).status == 200)
        }
    }

    @Test(
        "The answer to a challenge is refused with 50173 as soon as any region's resources enforce it, without it the plane decides"
    )
    func answer() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(
                .put, "propagation",
                [
                    "regions": ["eastus", "westeurope"],
                    "planes": [
                        "refresh": ["fixed": "PT1H"], "session": ["fixed": "PT1H"],
                        "cae": ["eastus": ["fixed": "PT10M"], "westeurope": ["fixed": "PT1M"]],
                    ],
                ])
            let grant = try await lab.grant(scope: Self.graph)
            _ = try await lab.revoke()
            let claims = Self.answering("1795250179")
            #expect(try await lab.refresh(grant["refresh_token"], claims: claims).status == 200)
            lab.pass(.seconds(60))
            let refused = try await lab.refresh(grant["refresh_token"], claims: claims)
            #expect(refused.status == 400)
            #expect(refused.code == 50173)
            #expect(try await lab.refresh(grant["refresh_token"], claims: Self.capable).status == 200)
        }
    }

    @Test("Whatever value the nbf of a challenge has, it is a demand; of several cut-offs the latest one in effect is printed")
    func demands() async throws {
        try await Lab.run { lab async throws in
            let regions = ["eastus", "westeurope", "southeastasia"]
            try await lab.contoso(
                .put, "propagation", ["regions": JSON(regions), "planes": ["refresh": "manual", "cae": "immediate"]])
            let grant = try await lab.grant(scope: Self.graph)
            _ = try await lab.revoke()
            lab.pass(.seconds(5))
            _ = try await lab.revoke()
            for value in ["1600000000", #""1600000000""#] {
                let claims = #"{"access_token":{"nbf":{"value":\#(value)}}}"#
                let refused = try await lab.refresh(grant["refresh_token"], claims: claims)
                #expect(refused.code == 50173)
                #expect(refused["error_description"].contains("for this user is '2026-03-01T12:00:05.0000000Z'"))
            }
            let essential = #"{"access_token":{"nbf":{"essential":true}}}"#
            #expect(try await lab.refresh(grant["refresh_token"], claims: essential).code == 50173)
        }
    }

    @Test("Signing in with a challenge's claims asks for the password, and its token works at once")
    func newSignIn() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", ["planes": ["session": ["fixed": "PT1H"], "refresh": ["fixed": "PT1H"]]])
            let cookies = try await lab.signIn().cookies
            _ = try await lab.revoke()
            // The session plane still accepts the session.
            #expect(try await lab.authorize(Lab.authorizePath(), cookies: cookies).status == 302)

            let path = Lab.authorizePath(["claims": Self.answering("1795250179")])
            let page = try await lab.authorize(path, cookies: cookies)
            #expect(page.status == 200)
            #expect(page.text.contains("passwd"))
            let signedIn = try await lab.signIn(path, cookies: cookies)
            let tokens = try await lab.redeem(code: try #require(signedIn.redirect?["code"]))
            #expect(try await call(lab, "/v1.0/me", tokens["access_token"]).status == 200)
            #expect(try await lab.refresh(tokens["refresh_token"], claims: Self.answering("1795250179")).status == 200)
        }
    }

    @Test(
        "What resources hear of: revokes, new passwords, disabling, deletion",
        arguments: [
            ("revoke", "adminRevoke", true), ("revoke", "userRevoke", true), ("revoke", "passwordChange", true),
            ("revoke", "selfServiceReset", true), ("revoke", "adminResetAzurePortal", true), ("revoke", "adminResetEntra", true),
            ("revoke", "singleSignOut", false), ("revoke", "passwordExpired", false), ("disable", "", true), ("delete", "", true),
        ])
    func criticalEvents(what: String, cause: String, isChallenged: Bool) async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(scope: Self.graph)
            let tokens = try await lab.refresh(
                grant["refresh_token"], scope: Self.api, claims: Self.capable)
            switch what {
            case "revoke": _ = try await lab.revoke(cause: cause)
            case "disable": try await lab.contoso(.patch, "users/\(Lab.adele)", ["accountEnabled": false])
            default: try await lab.contoso(.delete, "users/\(Lab.adele)")
            }
            let answer = try await call(lab, "/_lapse/resource/x", tokens["access_token"])
            #expect(answer.headers[.wwwAuthenticate]?.contains("insufficient_claims") == (isChallenged ? true : nil))
            let events = try await lab.contoso(.get, "events?type=accessChallenged")
            #expect(events.items.count == (isChallenged ? 1 : 0))
        }
    }

    @Test("A guest's token is ordinary and never evaluated")
    func guests() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(user: "nestor_fabrikam.example#EXT#@contoso.example", scope: Self.graph)
            let tokens = try await lab.refresh(grant["refresh_token"], claims: Self.capable)
            #expect(try #require(tokens.json["expires_in"]?.int) < 5400)
            _ = try await lab.control(
                .post, "tenants/fabrikam.example/revocations", ["user": "nestor@fabrikam.example", "cause": "adminRevoke"])
            #expect(try await call(lab, "/v1.0/me", tokens["access_token"]).status == 200)
            #expect(try await lab.refresh(grant["refresh_token"], claims: Self.answering("1")).status == 400)
        }
    }

    @Test("Explain says of a cp1 token what the resource will say, of others that they pass until they end")
    func explain() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", ["planes": ["cae": ["fixed": "PT2M"]]])
            let grant = try await lab.grant(scope: Self.graph)
            let capable = try await lab.refresh(grant["refresh_token"], claims: Self.capable)
            let ordinary = try await lab.refresh(grant["refresh_token"])
            _ = try await lab.revoke()
            func verdict(_ token: String) async throws -> JSON {
                let answer = try await lab.contoso(.post, "explain", ["access_token": .string(token)])
                return answer.json["verdicts"]?.elements.first { $0["plane"] == "cae" } ?? .null
            }
            let early = try await verdict(capable["access_token"])
            #expect(early["rule"] == "notYetInEffect")
            #expect(early["changesAt"] == .string((Lab.start + .seconds(120)).description))
            lab.pass(.seconds(120))
            #expect(try await verdict(capable["access_token"])["rule"] == "revoked")
            #expect(try await verdict(ordinary["access_token"])["rule"] == "untilExpiry")
        }
    }

    @Test("The first requests of a grant pass at a resource that counts them")
    func countedAttempts() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", ["planes": ["cae": ["afterAttempts": 2]]])
            let grant = try await lab.grant(scope: Self.graph)
            let tokens = try await lab.refresh(grant["refresh_token"], claims: Self.capable)
            _ = try await lab.revoke()
            var statuses: [Int] = []
            for _ in 0..<3 { statuses.append(try await call(lab, "/v1.0/me", tokens["access_token"]).status) }
            #expect(statuses == [200, 200, 401])
        }
    }

    @Test("The lab's API tells who called, at any path, and refuses what is not for it")
    func labAPI() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(scope: Self.api)
            for path in ["/_lapse/resource", "/_lapse/resource/", "/_lapse/resource/a/b"] {
                let answer = try await call(lab, path, grant["access_token"])
                #expect(answer.status == 200)
                #expect(answer["userPrincipalName"] == "adele@contoso.example")
                #expect(answer["client"] == Lab.native)
            }
            let graph = try await lab.grant(scope: Self.graph)
            #expect(try await call(lab, "/_lapse/resource/x", graph["access_token"]).status == 401)
            #expect(try await call(lab, "/_lapse/resource/x", "garbage").status == 401)
            #expect(try await lab.send(.get, "/_lapse/resource/x").status == 401)
        }
    }

    @Test(
        "Claims that cannot be read are refused, those that say nothing are not",
        arguments: [
            ("{", 400), ("[]", 400), ("\"cp1\"", 400), ("{}", 200), (#"{"access_token":null}"#, 200),
            (#"{"access_token":{"nbf":null}}"#, 200), (#"{"access_token":{"xms_cc":{"values":["cp2"]}}}"#, 200),
            (#"{"id_token":{"auth_time":{"essential":true}}}"#, 200),
        ])
    func parsing(claims: String, status: Int) async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(scope: Self.graph)
            let answer = try await lab.refresh(grant["refresh_token"], claims: claims)
            #expect(answer.status == status)
            if status == 200 { #expect(answer.claims("access_token")["xms_cc"] == nil) }
        }
    }
}
