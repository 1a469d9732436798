import HTTPTypes
import LapseRules
import Testing

/// How far one revocation reaches: through a family of clients, down a chain of APIs, over all browsers.
@Suite("The reach of a revocation")
struct ReachTests {
    private static let cli = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
    private static let shell = "1950a258-227b-4e31-a9cf-717495945fc2"

    @Test("One revocation kills a family's tokens, whichever member redeems them and whoever got them")
    func family() async throws {
        try await Lab.run { lab async throws in
            let first = try await lab.grant(client: Self.cli)["refresh_token"]
            // The family's other member takes the token over, and hands its own back.
            let second = try await lab.refresh(first, client: Self.shell)
            #expect(second["foci"] == "1")
            let third = try await lab.refresh(second["refresh_token"], client: Self.cli)["refresh_token"]
            let ownSignIn = try await lab.grant(client: Self.shell)["refresh_token"]
            _ = try await lab.revoke()
            for token in [first, second["refresh_token"], third, ownSignIn] {
                for client in [Self.cli, Self.shell] {
                    let answer = try await lab.refresh(token, client: client)
                    #expect(answer.code == 50173)
                    #expect(answer["suberror"] == "bad_token")
                }
            }
            let after = try await lab.grant(client: Self.cli)["refresh_token"]
            #expect(try await lab.refresh(after, client: Self.shell).status == 200)
        }
    }

    @Test("A chain of APIs is as old as the sign-in at its start: a revoke breaks it at every link")
    func chain() async throws {
        try await Lab.run { lab async throws in
            let back = try await lab.contoso(
                .post, "apps",
                [
                    "name": "Back", "kind": "resource", "secrets": ["back-secret-000001"], "flows": ["onBehalfOf"],
                    "delegated": ["User.Read", "offline_access"], "exposes": ["uri": "api://back", "scopes": ["use"]],
                ])["id"]
            try await lab.contoso(.patch, "apps/\(Lab.api)", ["delegated": ["User.Read", "offline_access", "api://back/use"]])

            func behalf(_ assertion: String, client: String, secret: String, scope: String) async throws -> Answer {
                try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    [
                        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "requested_token_use": "on_behalf_of",
                        "client_id": client, "client_secret": secret, "assertion": assertion, "scope": scope,
                    ])
            }
            let front = try await lab.grant(scope: "openid api://lapse-lab/access_as_user")["access_token"]
            let middle = try await behalf(
                front, client: Lab.api, secret: "lapse-api-secret-01", scope: "offline_access api://back/use")
            let last = try await behalf(
                middle["access_token"], client: back, secret: "back-secret-000001", scope: "offline_access User.Read")
            #expect(last.status == 200, "\(last.text)")

            lab.pass(.seconds(60))
            _ = try await lab.revoke()
            #expect(
                try await behalf(front, client: Lab.api, secret: "lapse-api-secret-01", scope: "api://back/use").code == 50173)
            let broken = try await behalf(
                middle["access_token"], client: back, secret: "back-secret-000001", scope: "User.Read")
            #expect(broken.code == 50173)
            // The text names the sign-in of a minute ago, not the exchange.
            #expect(broken["error_description"].contains("issued on '\(Lab.start)'"))
            for (token, client, secret) in [
                (middle["refresh_token"], Lab.api, "lapse-api-secret-01"), (last["refresh_token"], back, "back-secret-000001"),
            ] {
                #expect(try await lab.refresh(token, client: client, secret: secret).code == 50173)
            }
            // What was issued already passes until its end.
            let me = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer \(last["access_token"])"])
            #expect(me.status == 200)
        }
    }

    @Test("Single sign-out ends the sessions of every browser, and no token")
    func singleSignOut() async throws {
        try await Lab.run { lab async throws in
            let desk = try await lab.signIn(stay: true).cookies
            let phone = try await lab.signIn().cookies
            let key = try await lab.grant(method: "non-password")
            let tokens = [try await lab.grant()["refresh_token"], key["refresh_token"]]
            _ = try await lab.revoke(cause: "singleSignOut")
            for cookies in [desk, phone, "ESTSAUTH=\(key.json["cookies"]?["ESTSAUTH"]?.text ?? "")"] {
                let silent = try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies)
                #expect(silent.redirect?["error"] == "login_required")
            }
            for token in tokens { #expect(try await lab.refresh(token).status == 200) }
            let stamp = try await lab.contoso(.get, "revocations").items.first
            #expect(stamp?["cause"] == "singleSignOut")
        }
    }
}
