import HTTPTypes
import LapseRules
import Testing

/// What a tenant may choose between: editions of permissions, of the layout of errors, rows of the revocation matrix.
@Suite("Editions")
struct EditionTests {
    private func revoke(_ lab: Lab, scope: String) async throws -> Int {
        let token = try await lab.grant(scope: scope)["access_token"]
        return try await lab.send(
            .post, "/v1.0/me/revokeSignInSessions", headers: [.authorization: "Bearer \(token)"]
        ).status
    }

    @Test("The permissions of 2019 and of beta 2023 open revokeSignInSessions where a tenant chose them")
    func permissions() async throws {
        try await Lab.run { lab async throws in
            func statuses() async throws -> [Int] {
                [
                    try await revoke(lab, scope: "User.RevokeSessions.All"), try await revoke(lab, scope: "User.ReadWrite.All"),
                    try await revoke(lab, scope: "Directory.AccessAsUser.All"),
                ]
            }
            #expect(try await statuses() == [200, 200, 200])
            try await lab.contoso(.put, "policies", ["permissions": "beta-2023"])
            #expect(try await statuses() == [403, 200, 403])
            try await lab.contoso(.put, "policies", ["permissions": "2019"])
            #expect(try await statuses() == [403, 403, 200])
        }
    }

    @Test("The layout of 2021 changes only what stands behind the text, and a suberror can be left out")
    func layout() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            _ = try await lab.revoke()
            let current = try await lab.refresh(token)
            #expect(current["suberror"] == "bad_token")
            try await lab.contoso(.put, "policies", ["errorLayout": "2021", "suberror": false])
            let old = try await lab.refresh(token)
            #expect(old.json["suberror"] == nil)
            let pattern = /(.*)(?: |\r\n)Trace ID: ([^ \r]+)(?: |\r\n)Correlation ID: ([^ \r]+)(?: |\r\n)Timestamp: (.*)/
            let (then, now) = (
                try #require(old["error_description"].wholeMatch(of: pattern)),
                try #require(current["error_description"].wholeMatch(of: pattern))
            )
            #expect(then.1 == now.1)
            #expect(then.4 == now.4)
            #expect(old["error_description"].components(separatedBy: "\r\n").count == 4)
            #expect(!current["error_description"].contains("\r\n"))
            // The redirect's description follows.
            let silent = try await lab.authorize(Lab.authorizePath(["prompt": "none"])).redirect
            #expect(silent?["error_description"]?.contains("\r\nTrace ID: ") == true)
        }
    }

    @Test("A tenant's row replaces Microsoft's, at every endpoint and in explain")
    func matrix() async throws {
        try await Lab.run { lab async throws in
            let key = try await lab.grant(method: "non-password")
            let cookie = "ESTSAUTH=\(key.json["cookies"]?["ESTSAUTH"]?.text ?? "")"
            let password = try await lab.grant()
            try await lab.contoso(
                .put, "policies", ["revocationMatrix": ["passwordChange": ["nonPasswordToken", "nonPasswordCookie"]]])
            _ = try await lab.revoke(cause: "passwordChange")
            #expect(try await lab.refresh(key["refresh_token"]).code == 50173)
            #expect(
                try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookie).redirect?["error"]
                    == "login_required")
            #expect(try await lab.refresh(password["refresh_token"]).status == 200)
            let explained = try await lab.contoso(.post, "explain", ["refresh_token": .string(key["refresh_token"])])
            #expect(explained.json["verdicts"]?.elements.first?["rule"] == "revoked")
            try await lab.contoso(.put, "policies", [:])
            #expect(try await lab.refresh(key["refresh_token"]).status == 200)
            #expect(try await lab.refresh(password["refresh_token"]).code == 50173)

            let wrong = try await lab.control(
                .put, "tenants/contoso.example/policies", ["revocationMatrix": ["passwordChange": ["everything"]]])
            #expect(wrong.status == 400)
            #expect(wrong.json["error"]?["field"] == "revocationMatrix.passwordChange[0]")
        }
    }

    @Test("The lab's security key signs in without a password: another column of the matrix, another amr")
    func securityKey() async throws {
        try await Lab.run { lab async throws in
            let page = try await lab.authorize(Lab.authorizePath())
            #expect(page.text.contains("security key"))
            let signedIn = try await lab.form(
                Lab.authorizePath(), ["step": "signIn", "login": "adele@contoso.example", "passwd": "", "method": "securityKey"])
            let tokens = try await lab.redeem(code: try #require(signedIn.redirect?["code"]))
            #expect(tokens.claims("access_token")["amr"] == ["fido"])
            let cookies = signedIn.cookies
            _ = try await lab.revoke(cause: "passwordChange")
            #expect(try await lab.refresh(tokens["refresh_token"]).status == 200)
            #expect(try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies).redirect?["code"] != nil)
            _ = try await lab.revoke(cause: "adminResetEntra")
            #expect(try await lab.refresh(tokens["refresh_token"]).code == 50173)
            #expect(try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies).redirect?["code"] != nil)
            _ = try await lab.revoke()
            #expect(try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies).redirect?["code"] == nil)

            // Nobody is let in who is not there, and a disabled account stays out.
            for user in ["nobody@contoso.example", "nestor@contoso.example"] {
                let answer = try await lab.form(
                    Lab.authorizePath(), ["step": "signIn", "login": user, "passwd": "", "method": "securityKey"])
                #expect(answer.text.contains("AADSTS50034"))
            }
            try await lab.contoso(.patch, "users/\(Lab.adele)", ["accountEnabled": false])
            let disabled = try await lab.form(
                Lab.authorizePath(), ["step": "signIn", "login": "adele@contoso.example", "passwd": "", "method": "securityKey"])
            #expect(disabled.text.contains("AADSTS50057"))
        }
    }
}
