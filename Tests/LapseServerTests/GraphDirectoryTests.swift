import HTTPTypes
import LapseRules
import Testing

/// Users made, changed, deleted and restored through Graph, and what the authority makes of it.
@Suite("Graph's directory")
struct GraphDirectoryTests {
    private static let write = "openid offline_access User.Read User.ReadWrite.All Directory.AccessAsUser.All"

    private func graph(_ lab: Lab, _ method: HTTPRequest.Method, _ path: String, _ token: String, _ body: JSON? = nil) async throws
        -> Answer
    {
        var headers: HTTPFields = [.authorization: "Bearer \(token)"]
        if body != nil { headers[.contentType] = "application/json" }
        return try await lab.send(method, "/v1.0/\(path)", headers: headers, body: body?.encodedText)
    }

    private func admin(_ lab: Lab) async throws -> String {
        try await lab.grant(user: "admin@contoso.example", scope: Self.write)["access_token"]
    }

    /// An application with these permissions.
    private func application(_ lab: Lab, _ permissions: [String]) async throws -> String {
        try await lab.contoso(.patch, "apps/\(Lab.daemon)", ["application": JSON(permissions)])
        let answer = try await lab.form(
            "/contoso.example/oauth2/v2.0/token",
            [
                "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                "scope": "https://graph.microsoft.com/.default",
            ])
        return answer["access_token"]
    }

    private static func newUser(_ name: String = "wren", mustChange: Bool = false) -> JSON {
        [
            "accountEnabled": true, "displayName": "Wren Otter", "mailNickname": .string(name),
            "userPrincipalName": .string("\(name)@contoso.example"), "jobTitle": "Diver",
            "passwordProfile": ["password": "An0ther-secret!", "forceChangePasswordNextSignIn": .bool(mustChange)],
        ]
    }

    @Test("A user made through Graph signs in; what was set is shown, what was not selected is not")
    func create() async throws {
        try await Lab.run { lab async throws in
            let token = try await admin(lab)
            let made = try await graph(lab, .post, "users", token, Self.newUser())
            #expect(made.status == 201)
            #expect(made["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata#users/$entity")
            #expect(made["userPrincipalName"] == "wren@contoso.example")
            #expect(made["jobTitle"] == "Diver")
            #expect(made.json["passwordProfile"] == nil)
            #expect(try await lab.signIn(user: "wren@contoso.example", password: "An0ther-secret!").status == 302)
            let read = try await graph(lab, .get, "users/\(made["id"])?$select=mailNickname,accountEnabled", token)
            #expect(read["mailNickname"] == "wren")
            #expect(read.json["accountEnabled"] == true)
            let again = try await graph(lab, .post, "users", token, Self.newUser())
            #expect(again.status == 400)
            #expect(again.text.contains("Another object with the same value for property userPrincipalName already exists."))
        }
    }

    @Test(
        "What a new user must have, in Graph's words",
        arguments: [
            ("displayName", .null, "A value is required for property 'displayName' of resource 'User'."),
            ("accountEnabled", "yes", "Invalid value specified for property 'accountEnabled' of resource 'User'."),
            ("userPrincipalName", "wren@elsewhere.example", "The domain portion of the userPrincipalName property is invalid."),
            ("userPrincipalName", "wren", "Invalid value specified for property 'userPrincipalName' of resource 'User'."),
            ("passwordProfile", ["password": "short"], "The specified password does not comply with password complexity"),
            ("passwordProfile", [:], "A value is required for property 'password' of resource 'User'."),
            ("passwordProfile", ["password": 1], "Invalid value specified for property 'password' of resource 'User'."),
            ("favouriteColour", "green", "Lapse: the property 'favouriteColour' of a user is not kept here"),
            ("jobTitle", 1, "Invalid value specified for property 'jobTitle' of resource 'User'."),
        ] as [(String, JSON, String)])
    func badUser(property: String, value: JSON, message: String) async throws {
        try await Lab.run { lab async throws in
            let token = try await admin(lab)
            guard case .object(var members) = Self.newUser() else { return }
            members.removeAll { $0.name == property }
            members.append(.init(name: property, value: value))
            let answer = try await graph(lab, .post, "users", token, .object(members))
            #expect(answer.status == 400)
            #expect(answer.text.contains(message), "\(answer.text)")
            #expect(try await lab.contoso(.get, "users").items.count == 4)
        }
    }

    @Test("A body that is none: 400, 413 and 415, and nothing has changed")
    func badBodies() async throws {
        try await Lab.run { lab async throws in
            let headers: HTTPFields = [.authorization: "Bearer \(try await admin(lab))", .contentType: "application/json"]
            for (body, status) in [("{", 400), ("[]", 400), ("", 400), (String(repeating: " ", count: 200_000), 413)] {
                #expect(try await lab.send(.post, "/v1.0/users", headers: headers, body: body).status == status)
            }
            let text: HTTPFields = [.authorization: headers[.authorization]!, .contentType: "text/plain"]
            #expect(try await lab.send(.post, "/v1.0/users", headers: text, body: "{}").status == 415)
            #expect(try await lab.send(.put, "/v1.0/users", headers: headers, body: "{}").status == 405)
        }
    }

    @Test("Disabled, enabled, deleted, restored: each endpoint's own answer, when the change has arrived")
    func accountLife() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", ["planes": ["refresh": ["fixed": "PT1M"], "directory": "immediate"]])
            let token = try await admin(lab)
            let refreshToken = try await lab.grant()["refresh_token"]
            let path = "users/\(Lab.adele)"
            func codes() async throws -> (before: Int?, after: Int?) {
                let before = try await lab.refresh(refreshToken).code
                lab.pass(.seconds(60))
                return (before, try await lab.refresh(refreshToken).code)
            }
            #expect(try await graph(lab, .patch, path, token, ["accountEnabled": false]).status == 204)
            #expect(try await codes() == (nil, 50057))
            #expect(try await graph(lab, .get, "\(path)?$select=accountEnabled", token).json["accountEnabled"] == false)
            #expect(try await graph(lab, .patch, path, token, ["accountEnabled": true]).status == 204)
            #expect(try await codes() == (50057, nil))
            #expect(try await graph(lab, .delete, path, token).status == 204)
            #expect(try await graph(lab, .get, path, token).status == 404)
            #expect(try await codes() == (nil, 500_341))

            let bin = try await graph(lab, .get, "directory/deletedItems/microsoft.graph.user", token)
            #expect(bin.json["value"]?.elements.first?["id"]?.text == Lab.adele)
            #expect(try await graph(lab, .get, "directory/deletedItems/\(Lab.adele)", token)["displayName"] == "Adele Vance")
            let restored = try await graph(lab, .post, "directory/deletedItems/\(Lab.adele)/restore", token)
            #expect(restored.status == 200)
            #expect(restored["@odata.type"] == "#microsoft.graph.user")
            #expect(try await codes() == (500_341, nil))
            #expect(try await graph(lab, .get, path, token).status == 200)
            #expect(try await graph(lab, .post, "directory/deletedItems/\(Lab.adele)/restore", token).status == 404)
            let types = try await lab.contoso(.get, "events?user=\(Lab.adele)").items.compactMap { $0["type"]?.text }
            #expect(
                types.filter { $0.hasPrefix("account") || $0.hasPrefix("userDel") || $0.hasPrefix("userRes") }
                    == ["accountDisabled", "accountEnabled", "userDeleted", "userRestored"])
        }
    }

    @Test("A deleted user cannot be restored after thirty days, nor after it was deleted for good, nor when its name is taken")
    func notRestored() async throws {
        try await Lab.run { lab async throws in
            let restore = "directory/deletedItems/\(Lab.adele)/restore"
            _ = try await graph(lab, .delete, "users/\(Lab.adele)", try await admin(lab))
            var taken = Self.newUser("adele")
            taken = taken.adding(["employeeId": "2"])
            let token = try await admin(lab)
            let other = try await graph(lab, .post, "users", token, taken)["id"]
            #expect(try await graph(lab, .post, restore, token).status == 400)
            _ = try await graph(lab, .delete, "users/\(other)", token)
            #expect(try await graph(lab, .delete, "directory/deletedItems/\(other)", token).status == 204)
            #expect(try await graph(lab, .post, "directory/deletedItems/\(other)/restore", token).status == 404)
            lab.pass(.seconds(30 * 86_400 + 1))
            #expect(try await graph(lab, .post, restore, try await admin(lab)).status == 404)
        }
    }

    @Test("A password changed by its user revokes what rests on it, and nothing else; a wrong one changes nothing")
    func changePassword() async throws {
        try await Lab.run { lab async throws in
            let mine = try await lab.grant(scope: Self.write)
            let key = try await lab.grant(method: "non-password")
            let web = try await lab.grant(client: Lab.web)
            func change(_ current: String, _ new: String) async throws -> Answer {
                try await graph(
                    lab, .post, "me/changePassword", mine["access_token"],
                    ["currentPassword": .string(current), "newPassword": .string(new)])
            }
            #expect(try await change("wrong", "An0ther-secret!").status == 400)
            #expect(try await change(BuiltInLab.password, "short").status == 400)
            #expect(try await lab.refresh(mine["refresh_token"]).status == 200)
            #expect(try await change(BuiltInLab.password, "An0ther-secret!").status == 204)
            #expect(try await lab.refresh(mine["refresh_token"]).code == 50173)
            #expect(try await lab.refresh(key["refresh_token"]).status == 200)
            #expect(try await lab.refresh(web["refresh_token"], client: Lab.web, secret: "lapse-web-secret").status == 200)
            #expect(try await lab.signIn().text.contains("AADSTS50126"))
            #expect(try await lab.signIn(password: "An0ther-secret!").status == 302)
            let revocation = try #require(try await lab.contoso(.get, "revocations").items.last)
            #expect(revocation["cause"] == "passwordChange")
            #expect(revocation["actor"]?.text == Lab.adele)
        }
    }

    @Test("An administrator's reset kills more: a PATCH of the password, and the method's reset with a password made up")
    func resetPassword() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(
                .patch, "apps/\(Lab.native)",
                [
                    "delegated": JSON([
                        "User.Read", "User.RevokeSessions.All", "User.ReadWrite.All", "Directory.AccessAsUser.All",
                        "UserAuthenticationMethod.ReadWrite.All",
                    ])
                ])
            let token = try await lab.grant(
                user: "admin@contoso.example",
                scope: "Directory.AccessAsUser.All User.ReadWrite.All UserAuthenticationMethod.ReadWrite.All")["access_token"]
            let key = try await lab.grant(client: Lab.spa, method: "non-password")
            let patched = try await graph(
                lab, .patch, "users/\(Lab.adele)", token, ["passwordProfile": ["password": "An0ther-secret!"]])
            #expect(patched.status == 204)
            #expect(
                try await lab.refresh(key["refresh_token"], client: Lab.spa, headers: [.origin: "https://x.example"]).code == 50173)
            #expect(try await lab.signIn(password: "An0ther-secret!").redirect?["code"] != nil)

            let path = "users/\(Lab.adele)/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword"
            let reset = try await graph(lab, .post, path, token)
            #expect(reset.status == 202)
            #expect(try await lab.signIn(password: reset["newPassword"]).redirect?["code"] != nil)
            let given = try await graph(lab, .post, path, token, ["newPassword": "Third-secret-3"])
            #expect(given.json["newPassword"] == nil)
            #expect(try await lab.signIn(password: "Third-secret-3").redirect?["code"] != nil)
            let causes = try await lab.contoso(.get, "revocations").items.compactMap { $0["cause"]?.text }
            #expect(causes == ["adminResetEntra", "adminResetEntra", "adminResetEntra"])
        }
    }

    @Test("A password that must be changed: 50055 to the password flow, a new one asked for on the page")
    func mustChange() async throws {
        try await Lab.run { lab async throws in
            _ = try await graph(lab, .post, "users", try await admin(lab), Self.newUser(mustChange: true))
            let user = "wren@contoso.example"
            let flow = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                [
                    "grant_type": "password", "client_id": Lab.native, "username": user, "password": "An0ther-secret!",
                    "scope": "User.Read",
                ])
            #expect(flow.code == 50055)
            #expect(try await lab.signIn(user: user, password: "wrong").text.contains("AADSTS50126"))
            let page = try await lab.signIn(user: user, password: "An0ther-secret!")
            #expect(page.text.contains("AADSTS50055"))
            #expect(page.text.contains(#"name="newpasswd""#))
            for bad in ["short", "An0ther-secret!"] {
                let again = try await lab.form(
                    Lab.authorizePath(), ["step": "signIn", "login": user, "passwd": "An0ther-secret!", "newpasswd": bad])
                #expect(again.text.contains("AADSTS50055"))
            }
            let signedIn = try await lab.form(
                Lab.authorizePath(), ["step": "signIn", "login": user, "passwd": "An0ther-secret!", "newpasswd": "Third-secret-3"])
            let tokens = try await lab.redeem(code: try #require(signedIn.redirect?["code"]))
            // The sign-in comes after the change of the password.
            #expect(try await lab.refresh(tokens["refresh_token"]).status == 200)
            #expect(try await lab.signIn(user: user, password: "Third-secret-3").status == 302)
        }
    }

    @Test(
        "Who may change the directory: by permission, and delegated by role",
        arguments: [
            (["User.ReadWrite.All"], 201, 204, 204, 403, 204), (["Directory.ReadWrite.All"], 201, 204, 403, 403, 403),
            (["User.EnableDisableAccount.All"], 403, 403, 204, 403, 403),
            (["User-PasswordProfile.ReadWrite.All"], 403, 403, 403, 204, 403),
            (["User.DeleteRestore.All"], 403, 403, 403, 403, 204),
            (["User.Read.All"], 403, 403, 403, 403, 403), (["Directory.AccessAsUser.All"], 403, 403, 403, 403, 403),
        ])
    func applications(permissions: [String], create: Int, update: Int, enable: Int, password: Int, delete: Int) async throws {
        try await Lab.run { lab async throws in
            let token = try await application(lab, permissions)
            let path = "users/\(Lab.adele)"
            #expect(try await graph(lab, .post, "users", token, Self.newUser()).status == create)
            #expect(try await graph(lab, .patch, path, token, ["jobTitle": "Diver"]).status == update)
            #expect(try await graph(lab, .patch, path, token, ["accountEnabled": true]).status == enable)
            #expect(
                try await graph(lab, .patch, path, token, ["passwordProfile": ["password": "An0ther-secret!"]]).status == password)
            #expect(try await graph(lab, .delete, path, token).status == delete)
            #expect(try await graph(lab, .post, "me/changePassword", token, [:]).status == 400)
        }
    }

    @Test("Delegated, others take a role: an ordinary user changes nobody, a helpdesk administrator passwords alone")
    func roles() async throws {
        try await Lab.run { lab async throws in
            let path = "users/\(Lab.adele)"
            func statuses(_ roles: [String]) async throws -> [Int] {
                try await lab.contoso(.patch, "users/alex@contoso.example", ["roles": JSON(roles)])
                let token = try await lab.grant(user: "alex@contoso.example", scope: Self.write)["access_token"]
                return [
                    try await graph(lab, .patch, path, token, ["jobTitle": "Diver"]).status,
                    try await graph(lab, .patch, path, token, ["passwordProfile": ["password": "An0ther-secret!"]]).status,
                    try await graph(lab, .patch, path, token, ["accountEnabled": true]).status,
                    try await graph(lab, .patch, "me", token, ["jobTitle": "Diver"]).status,
                    try await graph(lab, .patch, "me", token, ["accountEnabled": false]).status,
                ]
            }
            #expect(try await statuses([]) == [403, 403, 403, 204, 403])
            #expect(try await statuses(["Helpdesk Administrator"]) == [403, 204, 403, 204, 403])
            #expect(try await statuses(["User Administrator"]) == [204, 204, 204, 204, 204])
        }
    }

    @Test("A password that must be changed is no way in for an account that is disabled, deleted or locked")
    func mustChangeDisabled() async throws {
        for (state, code) in [("disable", 50057), ("delete", 50034)] {
            try await Lab.run { lab async throws in
                let token = try await admin(lab)
                let made = try await graph(lab, .post, "users", token, Self.newUser(mustChange: true))
                if state == "disable" {
                    _ = try await graph(lab, .patch, "users/\(made["id"])", token, ["accountEnabled": false])
                } else {
                    _ = try await graph(lab, .delete, "users/\(made["id"])", token)
                }
                let form: KeyValuePairs<String, String> = [
                    "step": "signIn", "login": "wren@contoso.example", "passwd": "An0ther-secret!", "newpasswd": "Third-secret-3",
                ]
                #expect(try await lab.form(Lab.authorizePath(), form).text.contains("AADSTS\(code)"))
                #expect(try await lab.contoso(.get, "revocations").items.isEmpty)
                func flow() async throws -> Int? {
                    try await lab.form(
                        "/contoso.example/oauth2/v2.0/token",
                        [
                            "grant_type": "password", "client_id": Lab.native, "username": "wren@contoso.example",
                            "password": "An0ther-secret!", "scope": "User.Read",
                        ]
                    ).code
                }
                #expect(try await flow() == code)
                for _ in 0..<10 { _ = try await lab.signIn(user: "wren@contoso.example", password: "wrong") }
                #expect(try await flow() == code)
            }
        }
    }

    @Test("What is sensitive about an administrator takes a role that reaches it, and users keep their own names")
    func administrators() async throws {
        try await Lab.run { lab async throws in
            let path = "users/admin@contoso.example"
            let changes: [JSON] = [["passwordProfile": ["password": "An0ther-secret!"]], ["accountEnabled": true]]
            for role in ["Helpdesk Administrator", "User Administrator"] {
                try await lab.contoso(.patch, "users/alex@contoso.example", ["roles": [.string(role)]])
                let token = try await lab.grant(user: "alex@contoso.example", scope: Self.write)["access_token"]
                for change in changes { #expect(try await graph(lab, .patch, path, token, change).status == 403, "\(role)") }
                #expect(try await graph(lab, .delete, path, token).status == 403)
            }
            let app = try await application(lab, ["User.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"])
            for change in changes { #expect(try await graph(lab, .patch, path, app, change).status == 403) }
            #expect(try await graph(lab, .delete, path, app).status == 403)
            let own = try await admin(lab)
            for change in changes { #expect(try await graph(lab, .patch, path, own, change).status == 204) }

            let adele = try await lab.grant(scope: Self.write)["access_token"]
            for name in ["userPrincipalName", "mail", "employeeId"] {
                let change = JSON.object([.init(name: name, value: "ceo@contoso.example")])
                #expect(try await graph(lab, .patch, "me", adele, change).status == 403)
            }
            #expect(try await graph(lab, .patch, "me", adele, ["mobilePhone": "1"]).status == 204)
        }
    }

    @Test("Wrong current passwords lock the account as wrong ones at sign-in do")
    func oracle() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant(scope: Self.write)["access_token"]
            func change(_ current: String) async throws -> Int {
                try await graph(
                    lab, .post, "me/changePassword", token,
                    ["currentPassword": .string(current), "newPassword": "An0ther-secret!"]
                ).status
            }
            for _ in 0..<10 { #expect(try await change("wrong") == 400) }
            #expect(try await change(BuiltInLab.password) == 400)
            #expect(try await lab.signIn().text.contains("AADSTS50053"))
            lab.pass(.seconds(60))
            #expect(try await change(BuiltInLab.password) == 204)
        }
    }

    @Test("A guest whose home was reset and knows it no more is gone with it")
    func orphans() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.control(.post, "tenants/fabrikam.example/users", ["userPrincipalName": "zed@fabrikam.example"])
            let token = try await admin(lab)
            let body: JSON = ["invitedUserEmailAddress": "zed@fabrikam.example", "inviteRedirectUrl": "http://localhost/cb"]
            let guest = try await graph(lab, .post, "invitations", token, body).json["invitedUser"]?["id"]?.text ?? ""
            let grant = try await lab.grant(user: guest)
            _ = try await lab.control(.post, "tenants/fabrikam.example/reset", [:])
            #expect(try await graph(lab, .get, "users/\(guest)", token).status == 404)
            #expect(try await lab.refresh(grant["refresh_token"]).status == 400)
            #expect(try await graph(lab, .get, "users/aaaaaaaa-0001-4000-8000-000000000005", token).status == 200)
            _ = try await lab.control(.post, "tenants/fabrikam.example/users", ["userPrincipalName": "zed@fabrikam.example"])
            #expect(try await graph(lab, .post, "invitations", token, body).status == 201)
        }
    }

    @Test("An invitation makes a guest of another tenant's member, once; the guest signs in at home")
    func invite() async throws {
        try await Lab.run { lab async throws in
            _ = try await graph(lab, .delete, "users/aaaaaaaa-0001-4000-8000-000000000005", try await admin(lab))
            let token = try await admin(lab)
            let body: JSON = [
                "invitedUserEmailAddress": "nestor@fabrikam.example", "inviteRedirectUrl": "http://localhost/cb",
            ]
            let made = try await graph(lab, .post, "invitations", token, body)
            #expect(made.status == 201)
            let id = try #require(made.json["invitedUser"]?["id"]?.text)
            #expect(try await graph(lab, .post, "invitations", token, body).json["invitedUser"]?["id"]?.text == id)
            let read = try await graph(lab, .get, "users/\(id)?$select=userType,userPrincipalName", token)
            #expect(read["userType"] == "Guest")
            #expect(read["userPrincipalName"] == "nestor_fabrikam.example#EXT#@contoso.example")
            #expect(try await lab.signIn(user: "nestor@fabrikam.example").redirect?["code"] != nil)
            let refused = try await graph(lab, .patch, "users/\(id)", token, ["accountEnabled": false])
            #expect(refused.status == 400)
            for (name, value) in [("invitedUserEmailAddress", "x@nowhere.example"), ("inviteRedirectUrl", "")] {
                guard case .object(var members) = body else { return }
                members.removeAll { $0.name == name }
                members.append(.init(name: name, value: .string(value)))
                #expect(try await graph(lab, .post, "invitations", token, .object(members)).status == 400)
            }
        }
    }
}
