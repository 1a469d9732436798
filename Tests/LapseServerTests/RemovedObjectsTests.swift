import HTTPTypes
import LapseRules
import Testing

/// What is removed from a directory and made again under the same name is another object: nothing that was granted to the first is
/// the second's.
@Suite("Objects that are removed and made again")
struct RemovedObjectsTests {
    private static let guest = "nestor_fabrikam.example#EXT#@contoso.example"
    private static let guestID = "aaaaaaaa-0001-4000-8000-000000000005"
    private static let member = "nestor@fabrikam.example"
    private static let memberID = "aaaaaaaa-0001-4000-8000-000000000004"
    private static let fabrikam = "22222222-bbbb-4bbb-8bbb-222222222222"
    private static let apiScope = "openid offline_access api://lapse-lab/access_as_user"
    private static let appScope = "openid offline_access User.Read"
    private static let app = "dddddddd-0004-4000-8000-000000000001"

    /// Invites the member again, who gets another object.
    private func invite(_ lab: Lab) async throws {
        try await lab.contoso(
            .post, "users",
            [
                "userPrincipalName": .string(Self.guest), "displayName": "Nestor",
                "home": ["tenant": .string(Self.fabrikam), "user": .string(Self.memberID)],
            ])
    }

    private func register(_ lab: Lab) async throws {
        try await lab.contoso(
            .post, "apps",
            [
                "id": .string(Self.app), "name": "Made again", "kind": "public", "redirectUris": ["http://localhost/cb"],
                "flows": ["code", "refresh", "device"],
                "delegated": ["openid", "User.Read", "offline_access", "api://lapse-lab/access_as_user"],
            ])
    }

    /// A device code that was approved and waits for its device.
    private func device(_ lab: Lab, user: String, client: String = Lab.native) async throws -> String {
        let device = try await lab.form("/contoso.example/oauth2/v2.0/devicecode", ["client_id": client, "scope": Self.appScope])
        let approved = try await lab.form(
            "/devicelogin", ["step": "signIn", "otc": device["user_code"], "login": user, "passwd": BuiltInLab.password])
        #expect(!approved.text.contains("passwd"), "\(approved.text)")
        return device["device_code"]
    }

    private func poll(_ lab: Lab, _ code: String, client: String = Lab.native) async throws -> Answer {
        try await lab.form(
            "/contoso.example/oauth2/v2.0/token", ["grant_type": "device_code", "client_id": client, "device_code": code])
    }

    private func onBehalf(_ lab: Lab, _ assertion: String) async throws -> Answer {
        try await lab.form(
            "/contoso.example/oauth2/v2.0/token",
            [
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "requested_token_use": "on_behalf_of",
                "client_id": Lab.api, "client_secret": "lapse-api-secret-01", "assertion": assertion, "scope": "User.Read",
            ])
    }

    private func verdict(_ lab: Lab, _ kind: String, _ value: String, on plane: String) async throws -> (rule: String, why: String)?
    {
        try await lab.contoso(.post, "explain", [kind: .string(value)]).json["verdicts"]?.elements
            .first { $0["plane"]?.text == plane }.map { ($0["rule"]?.text ?? "", $0["why"]?.text ?? "") }
    }

    @Test("A guest who is removed and invited again has none of the grants of the first object")
    func guest() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(user: Self.guest)
            let called = try await lab.grant(user: Self.guest, scope: Self.apiScope)["access_token"]
            let browser = try await lab.signIn(user: Self.member)
            let code = try #require(browser.redirect?["code"])
            let device = try await device(lab, user: Self.member)
            // Its sign-in at home is the home's affair, and gives it tokens for both tenants.
            let atHome = try await lab.grant(user: Self.member, tenant: "fabrikam.example")
            let fromHome = try await lab.refresh(
                atHome["refresh_token"], scope: "api://lapse-lab/access_as_user")["access_token"]
            #expect(try await onBehalf(lab, fromHome).status == 200)

            func expectNothing(_ when: Comment) async throws {
                #expect(try await lab.refresh(grant["refresh_token"]).code == 50020, when)
                #expect(try await lab.redeem(code: code).code == 50020, when)
                #expect(try await poll(lab, device).code == 50020, when)
                #expect(try await onBehalf(lab, called).code == 50020, when)
                #expect(try await onBehalf(lab, fromHome).code == 50020, when)
                let me = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer \(grant["access_token"])"])
                #expect(me.status == 404, when)
                #expect(try await verdict(lab, "refresh_token", grant["refresh_token"], on: "refresh")?.rule == "noAccount", when)
                #expect(try await verdict(lab, "access_token", called, on: "refresh")?.rule == "noAccount", when)
                let listed = try await lab.control(.get, "tenants/fabrikam.example/users/\(Self.memberID)/grants").items
                #expect(
                    listed.first { $0["id"] == grant.json["grant"] }?["reason"]?.text
                        == "The user has no account in this tenant any more.", when)
            }
            try await lab.contoso(.delete, "users/\(Self.guestID)")
            try await expectNothing("removed")
            try await invite(lab)
            try await expectNothing("invited again")

            let why = try await verdict(lab, "refresh_token", grant["refresh_token"], on: "refresh")?.why
            #expect(why == "The user's account in this tenant was removed after this sign-in. The one of today is another object.")
            let rows = try await lab.contoso(.get, "users/\(Self.guest.replacing("#", with: "%23"))/timeline").json["rows"]?
                .elements
            let row = rows?.first { $0["id"] == grant.json["grant"] }
            #expect(row?["verdicts"]?.elements.allSatisfy { $0["accepted"]?.flag == false } == true, "\(row ?? .null)")

            // At home nothing was removed: the sign-in there, and the browser's session, are good for the new object.
            #expect(try await lab.refresh(atHome["refresh_token"], at: "fabrikam.example").status == 200)
            let again = try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: browser.cookies)
            let tokens = try await lab.redeem(code: again.redirect?["code"] ?? "")
            #expect(tokens.claims("access_token")["oid"]?.text != Self.guestID)
            #expect(try await lab.refresh(tokens["refresh_token"]).status == 200)
        }
    }

    @Test("An app that is deleted and registered again under its client id has none of the grants of the first registration")
    func app() async throws {
        try await Lab.run { lab async throws in
            try await register(lab)
            let grant = try await lab.grant(client: Self.app, scope: Self.appScope)
            let called = try await lab.grant(client: Self.app, scope: Self.apiScope)["access_token"]
            let signedIn = try await lab.signIn(Lab.authorizePath(client: Self.app, scope: Self.appScope))
            let code = try #require(signedIn.redirect?["code"])
            let device = try await device(lab, user: "adele@contoso.example", client: Self.app)
            let reason = { @Sendable (grant: Answer) async throws -> String? in
                try await lab.contoso(.get, "users/adele@contoso.example/grants").items
                    .first { $0["id"] == grant.json["grant"] }?["reason"]?.text
            }
            #expect(try await reason(grant) == nil)

            try await lab.contoso(.delete, "apps/\(Self.app)")
            #expect(try await lab.refresh(grant["refresh_token"], client: Self.app).code == 700016)
            #expect(try await onBehalf(lab, called).code == 70000)
            var told = try #require(try await verdict(lab, "refresh_token", grant["refresh_token"], on: "refresh"))
            #expect(told == ("noApp", "The app is not registered any more."))
            #expect(try await reason(grant) == "The app is not registered any more.")

            try await register(lab)
            let refused = try await lab.refresh(grant["refresh_token"], client: Self.app)
            #expect(refused.code == 70000)
            #expect(refused["error"] == "invalid_grant")
            #expect(try await lab.redeem(code: code, client: Self.app).code == 70000)
            #expect(try await poll(lab, device, client: Self.app)["error"] == "bad_verification_code")
            #expect(try await onBehalf(lab, called).code == 70000)
            told = try #require(try await verdict(lab, "refresh_token", grant["refresh_token"], on: "refresh"))
            #expect(told == ("noApp", "The app was registered again after this sign-in. The registration of today is another one."))
            #expect(try await verdict(lab, "access_token", called, on: "refresh")?.rule == "noApp")
            #expect(try await verdict(lab, "access_token", called, on: "cae")?.rule == "untilExpiry")
            #expect(
                try await reason(grant)
                    == "The app was registered again after this sign-in. The registration of today is another one.")
            let rows = try await lab.contoso(.get, "users/adele@contoso.example/timeline").json["rows"]?.elements
            let row = rows?.first { $0["id"] == grant.json["grant"] }
            #expect(row?["verdicts"]?.elements.allSatisfy { $0["accepted"]?.flag == false } == true, "\(row ?? .null)")

            // A sign-in from now on is the new registration's, a change of which makes no third.
            let silent = Lab.authorizePath(client: Self.app, scope: Self.appScope, ["prompt": "none"])
            let newCode = try await lab.authorize(silent, cookies: signedIn.cookies).redirect?["code"]
            let tokens = try await lab.redeem(code: newCode ?? "", client: Self.app)
            try await lab.contoso(.patch, "apps/\(Self.app)", ["name": "Renamed"])
            #expect(try await lab.refresh(tokens["refresh_token"], client: Self.app).status == 200)
            #expect(try await verdict(lab, "refresh_token", tokens["refresh_token"], on: "refresh")?.rule == "notRevoked")
        }
    }

    @Test("A reset is no new registration: what other tenants' users granted to the app goes on")
    func reset() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant(user: Self.member, tenant: "fabrikam.example")["refresh_token"]
            #expect(try await lab.control(.post, "tenants/contoso.example/reset").status == 200)
            #expect(try await lab.refresh(token, at: "fabrikam.example").status == 200)
        }
    }
}
