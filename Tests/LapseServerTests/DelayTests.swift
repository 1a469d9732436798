import LapseRules
import Testing

@Suite("A revocation that arrives late")
struct DelayTests {
    @Test("Inside the delay a refresh works; when the delay ends it is refused, to the tick")
    func boundary() async throws {
        try await Lab.run { lab async throws in
            try await lab.delay("PT3M")
            let grant = try await lab.grant()
            lab.pass(.seconds(10))
            let revocation = try await lab.revoke()
            #expect(revocation["at"] == "2026-03-01T12:00:10.1234567Z")
            #expect(revocation["stamp"] == "2026-03-01T12:00:10.0000000Z")
            #expect(revocation.json["planes"]?["refresh"]?["local"]?["visibleAt"]?.text == "2026-03-01T12:03:10.1234567Z")
            #expect(revocation.json["planes"]?["refresh"]?["local"]?["effective"]?.flag == false)
            lab.pass(.seconds(180) - Duration(ticks: 1))
            #expect(try await lab.refresh(grant["refresh_token"]).status == 200)
            lab.pass(Duration(ticks: 1))
            let refused = try await lab.refresh(grant["refresh_token"])
            #expect(refused.code == 50173)
            #expect(
                refused["error_description"].contains(
                    "The grant was issued on '2026-03-01T12:00:00.1234567Z' and the TokensValidFrom date (before which tokens are not valid) for this user is '2026-03-01T12:00:10.0000000Z'."
                ))
        }
    }

    @Test("A refresh token redeemed inside the delay dies with its parent's grant when the delay ends")
    func child() async throws {
        try await Lab.run { lab async throws in
            try await lab.delay("PT3M")
            let grant = try await lab.grant()
            lab.pass(.seconds(1))
            _ = try await lab.revoke()
            lab.pass(.seconds(120))
            let child = try await lab.refresh(grant["refresh_token"])
            #expect(child.status == 200)
            lab.pass(.seconds(60))
            #expect(try await lab.refresh(child["refresh_token"]).code == 50173)
        }
    }

    @Test("A second revoke inside the window does not postpone the first, and 50173 prints the latest cut-off in effect")
    func secondRevoke() async throws {
        try await Lab.run { lab async throws in
            try await lab.delay("PT3M")
            let grant = try await lab.grant()
            lab.pass(.seconds(60))
            _ = try await lab.revoke()
            lab.pass(.seconds(120))
            _ = try await lab.revoke()
            lab.pass(.seconds(60))
            let refused = try await lab.refresh(grant["refresh_token"])
            #expect(refused.code == 50173)
            #expect(refused["error_description"].contains("'2026-03-01T12:01:00.0000000Z'"))
            lab.pass(.seconds(120))
            #expect(try await lab.refresh(grant["refresh_token"])["error_description"].contains("'2026-03-01T12:03:00.0000000Z'"))
        }
    }

    @Test("Graph shows the stamp at once, while the token endpoint still accepts old tokens")
    func stampAtOnce() async throws {
        try await Lab.run { lab async throws in
            try await lab.delay("PT3M")
            let grant = try await lab.grant()
            lab.pass(.seconds(5))
            _ = try await lab.revoke()
            let profile = try await lab.send(
                .get, "/v1.0/me?$select=displayName,signInSessionsValidFromDateTime",
                headers: [.authorization: "Bearer \(grant["access_token"])"])
            #expect(
                profile.text
                    == #"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users(displayName,signInSessionsValidFromDateTime)/$entity","displayName":"Adele Vance","signInSessionsValidFromDateTime":"2026-03-01T12:00:05Z"}"#
            )
            #expect(try await lab.refresh(grant["refresh_token"]).status == 200)
        }
    }

    @Test("A clock set back waits for the revocation again, and a sign-in made meanwhile dies with it")
    func clockSetBack() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "clock", ["mode": "frozen", "now": "2026-03-01T13:00:00Z"])
            let old = try await lab.grant()
            _ = try await lab.revoke()
            #expect(try await lab.refresh(old["refresh_token"]).code == 50173)
            try await lab.contoso(.put, "clock", ["now": "2026-03-01T12:30:00Z"])
            let meanwhile = try await lab.grant()
            #expect(try await lab.refresh(meanwhile["refresh_token"]).status == 200)
            let advanced = try await lab.contoso(.post, "clock/advance", ["by": "PT30M"])
            #expect(advanced["now"] == "2026-03-01T13:00:00.0000000Z")
            guard case .array(let effects)? = advanced.json["tookEffect"] else { return #expect(Bool(false)) }
            #expect(effects.compactMap { $0["type"]?.text } == Array(repeating: "revocationInEffect", count: 4))
            #expect(effects.compactMap { $0["plane"]?.text } == ["cae", "directory", "refresh", "session"])
            #expect(try await lab.refresh(meanwhile["refresh_token"]).code == 50173)
        }
    }

    @Test("The tie rule 'entra' lets a grant of the same second survive, 'precise' does not")
    func tieRules() async throws {
        for (rule, status) in [("precise", 400), ("entra", 200)] {
            try await Lab.run { lab async throws in
                try await lab.contoso(.put, "policies", ["tieRule": .string(rule)])
                let grant = try await lab.grant()
                lab.pass(Duration(ticks: 1000))
                _ = try await lab.revoke()
                #expect(try await lab.refresh(grant["refresh_token"]).status == status, "\(rule)")
                lab.pass(.seconds(1))
                _ = try await lab.revoke()
                #expect(try await lab.refresh(grant["refresh_token"]).code == 50173, "\(rule)")
            }
        }
    }

    @Test("A disabled account is refused with 50057 and lives again when enabled, unless it was revoked too")
    func disabledIsNotRevoked() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            let path = "users/adele@contoso.example"
            try await lab.contoso(.patch, path, ["accountEnabled": false])
            #expect(try await lab.refresh(grant["refresh_token"]).code == 50057)
            let page = try await lab.signIn()
            #expect(page.text.contains("AADSTS50057: The user account is disabled."))
            try await lab.contoso(.patch, path, ["accountEnabled": true])
            #expect(try await lab.refresh(grant["refresh_token"]).status == 200)
            try await lab.contoso(.patch, path, ["accountEnabled": false])
            _ = try await lab.revoke()
            try await lab.contoso(.patch, path, ["accountEnabled": true])
            #expect(try await lab.refresh(grant["refresh_token"]).code == 50173)
        }
    }

    @Test("A deleted user's refresh token is refused with 500341, when the deletion has arrived")
    func deleted() async throws {
        try await Lab.run { lab async throws in
            try await lab.delay("PT3M")
            let grant = try await lab.grant()
            try await lab.contoso(.delete, "users/adele@contoso.example")
            #expect(try await lab.refresh(grant["refresh_token"]).status == 200)
            #expect(try await lab.signIn().redirect?["code"] != nil, "the deletion is not in effect yet")
            lab.pass(.seconds(180))
            #expect(try await lab.signIn().text.contains("AADSTS50034"))
            let refused = try await lab.refresh(grant["refresh_token"])
            #expect(refused.code == 500_341)
            #expect(refused.json["suberror"] == nil)
        }
    }

    @Test("A guest's revoke answers 200 and true, changes nothing, and is one event; the home tenant's revoke counts")
    func guests() async throws {
        try await Lab.run { lab async throws in
            let guest = "nestor_fabrikam.example#EXT#@contoso.example"
            let grant = try await lab.grant(user: guest)
            let token = grant["access_token"]
            let answer = try await lab.send(.post, "/v1.0/me/revokeSignInSessions", headers: [.authorization: "Bearer \(token)"])
            #expect(answer.status == 200)
            #expect(answer.json["value"]?.flag == true)
            #expect(try await lab.refresh(grant["refresh_token"]).status == 200)
            #expect(try await lab.contoso(.get, "events?type=guestRevokeIgnored").items.count == 1)
            #expect(try await lab.contoso(.get, "revocations").items.isEmpty)
            let atHome = try await lab.control(
                .post, "tenants/fabrikam.example/revocations", ["user": "nestor@fabrikam.example", "cause": "adminRevoke"])
            #expect(atHome.status == 201)
            #expect(try await lab.refresh(grant["refresh_token"]).code == 50173)
        }
    }
}
