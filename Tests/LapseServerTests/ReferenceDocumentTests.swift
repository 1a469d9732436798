import HTTPTypes
import LapseRules
import Testing

/// What Microsoft's two editions of the page of `revokeSignInSessions` say, where no other test says it already.
@Suite("The two reference documents")
struct ReferenceDocumentTests {
    private func revoke(_ lab: Lab, _ path: String, _ headers: HTTPFields, body: String? = nil) async throws -> Answer {
        try await lab.send(.post, path, headers: headers, body: body)
    }

    private func bearer(_ grant: Answer) -> HTTPFields { [.authorization: "Bearer \(grant["access_token"])"] }

    @Test("The stamp is the time of the call, in whole seconds, and both properties move")
    func stamp() async throws {
        try await Lab.run { lab async throws in
            lab.pass(.milliseconds(61_800))
            let grant = try await lab.grant()
            #expect(try await revoke(lab, "/v1.0/me/revokeSignInSessions", bearer(grant)).status == 200)
            let me = try await lab.send(
                .get, "/beta/me?$select=signInSessionsValidFromDateTime,refreshTokensValidFromDateTime", headers: bearer(grant))
            // Called at 12:01:01.9234567.
            #expect(me["signInSessionsValidFromDateTime"] == "2026-03-01T12:01:01Z")
            #expect(me["refreshTokensValidFromDateTime"] == "2026-03-01T12:01:01Z")
        }
    }

    @Test("The user and an administrator may call it; the event says who did")
    func callers() async throws {
        try await Lab.run { lab async throws in
            let own = try await lab.grant()
            let admin = try await lab.grant(user: "admin@contoso.example")
            #expect(try await revoke(lab, "/v1.0/me/revokeSignInSessions", bearer(own)).status == 200)
            #expect(try await revoke(lab, "/v1.0/users/adele@contoso.example/revokeSignInSessions", bearer(admin)).status == 200)
            let revocations = try await lab.contoso(.get, "revocations").items
            #expect(revocations.map { $0["cause"]?.text } == ["userRevoke", "adminRevoke"])
            #expect(revocations.map { $0["actor"]?.text } == [Lab.adele, "aaaaaaaa-0001-4000-8000-000000000003"])
        }
    }

    @Test("Every application on every device has to sign the user in again, and nobody else's")
    func everyApplication() async throws {
        try await Lab.run { lab async throws in
            let secret = "lapse-web-secret"
            let phone = try await lab.grant()
            let laptop = try await lab.grant()
            let web = try await lab.grant(client: Lab.web)
            let spa = try await lab.grant(client: Lab.spa)
            let browsers = [try await lab.signIn().cookies, try await lab.signIn(stay: true).cookies]
            let alex = try await lab.grant(user: "alex@contoso.example")
            _ = try await revoke(lab, "/v1.0/me/revokeSignInSessions", bearer(phone))

            #expect(try await lab.refresh(phone["refresh_token"]).code == 50173)
            #expect(try await lab.refresh(laptop["refresh_token"]).code == 50173)
            #expect(try await lab.refresh(web["refresh_token"], client: Lab.web, secret: secret).code == 50173)
            let origin: HTTPFields = [.origin: "http://localhost:5173"]
            #expect(try await lab.refresh(spa["refresh_token"], client: Lab.spa, headers: origin).code == 50173)
            for cookies in browsers {
                let silent = try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies)
                #expect(silent.redirect?["error"] == "login_required")
            }
            #expect(try await lab.refresh(alex["refresh_token"]).status == 200)
        }
    }

    @Test("The way back leads through authorize: the user signs in, and the new refresh token works")
    func wayBack() async throws {
        try await Lab.run { lab async throws in
            let old = try await lab.grant()
            _ = try await revoke(lab, "/v1.0/me/revokeSignInSessions", bearer(old))
            #expect(try await lab.refresh(old["refresh_token"]).code == 50173)
            let page = try await lab.authorize(Lab.authorizePath())
            #expect(page.text.contains("passwd"))
            let code = try #require(try await lab.signIn().redirect?["code"])
            let new = try await lab.redeem(code: code)
            #expect(try await lab.refresh(new["refresh_token"]).status == 200)
        }
    }

    @Test("Authorization is required; no body is, and one of JSON does no harm")
    func headers() async throws {
        try await Lab.run { lab async throws in
            let path = "/v1.0/me/revokeSignInSessions"
            #expect(try await revoke(lab, path, [:]).status == 401)
            var headers = bearer(try await lab.grant())
            #expect(try await revoke(lab, path, headers).status == 200)
            headers[.contentType] = "application/json"
            for body in [nil, "", "{}"] { #expect(try await revoke(lab, path, headers, body: body).status == 200) }
        }
    }

    @Test("beta answers 200 with beta's context and true")
    func beta() async throws {
        try await Lab.run { lab async throws in
            let answer = try await revoke(lab, "/beta/me/revokeSignInSessions", bearer(try await lab.grant()))
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType]?.hasPrefix("application/json") == true)
            #expect(
                answer.text == #"{"@odata.context":"https://graph.microsoft.com/beta/$metadata#Edm.Boolean","value":true}"#)
        }
    }
}
