import Foundation
import HTTPTypes
import LapseRules
import LapseService
import Testing

/// Apps that an administrator switches off, keeps for some users, or has for one tenant alone.
@Suite("Service principals")
struct ServicePrincipalTests {
    private func graph(_ lab: Lab, _ method: HTTPRequest.Method, _ path: String, _ body: JSON? = nil) async throws -> Answer {
        let token = try await lab.grant(
            user: "admin@contoso.example", scope: "User.Read User.ReadWrite.All Directory.AccessAsUser.All")["access_token"]
        return try await lab.send(
            method, "/v1.0/\(path)", headers: [.authorization: "Bearer \(token)", .contentType: "application/json"],
            body: body?.encodedText ?? "")
    }

    private static let native = "servicePrincipals(appId='\(Lab.native)')"

    @Test(
        "A disabled app is refused when the change has arrived, on each plane, and is good again when it is enabled; other apps go on"
    )
    func disabled() async throws {
        try await Lab.run { lab async throws in
            try await lab.delay("PT3M")
            let token = try await lab.grant()["refresh_token"]
            let other = try await lab.grant(client: Lab.web)["refresh_token"]
            #expect(try await graph(lab, .patch, Self.native, ["accountEnabled": false]).status == 204)
            #expect(try await graph(lab, .get, "\(Self.native)?$select=accountEnabled").json["accountEnabled"] == false)
            #expect(try await lab.refresh(token).status == 200, "nobody knows yet")
            #expect(try await lab.signIn().redirect?["code"] != nil)
            lab.pass(.seconds(180))
            let refused = try await lab.refresh(token)
            #expect((refused.status, refused.code, refused["error"]) == (400, 7_000_112, "unauthorized_client"))
            #expect(try await lab.authorize(Lab.authorizePath()).text.contains("AADSTS7000112"))
            let device = try await lab.form(
                "/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": "openid"])
            #expect(device.code == 7_000_112)
            #expect(try await lab.refresh(other, client: Lab.web, secret: "lapse-web-secret").status == 200)
            #expect(try await graph(lab, .patch, Self.native, ["accountEnabled": true]).status == 204)
            #expect(try await lab.refresh(token).code == 7_000_112)
            lab.pass(.seconds(180))
            #expect(try await lab.refresh(token).status == 200)
        }
    }

    @Test("An app is disabled in one tenant and not in another; explain says so, with the instant of the next change")
    func oneTenant() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            let there = try await lab.control(
                .post, "tenants/fabrikam.example/grants",
                ["user": "nestor@fabrikam.example", "client_id": .string(Lab.native), "scope": "openid offline_access"])[
                    "refresh_token"]
            try await lab.delay("PT1M")
            #expect(try await graph(lab, .patch, Self.native, ["accountEnabled": false]).status == 204)
            func verdict() async throws -> JSON {
                let answer = try await lab.contoso(.post, "explain", ["refresh_token": .string(token)])
                return answer.json["verdicts"]?.elements.first { $0["plane"] == "refresh" } ?? .null
            }
            #expect(try await verdict()["accepted"] == true)
            #expect(try await verdict()["changesAt"] != .null)
            lab.pass(.seconds(60))
            #expect(try await verdict()["rule"] == "appDisabled")
            #expect(try await verdict()["code"]?.int == 7_000_112)
            let timeline = try await lab.contoso(.get, "users/\(Lab.adele)/timeline?picture=true").json
            let row = timeline["rows"]?.elements.first { $0["client"]?.text == Lab.native }
            #expect(row?["deadSince"] == .string((Lab.start + .seconds(60)).description))
            #expect(timeline["picture"]?.text?.contains("Lapse Native was disabled at") == true)
            #expect(try await lab.refresh(there, at: "fabrikam.example").status == 200)
        }
    }

    @Test("What lets some requests of an app pass counts each once, silent sign-in under an alias too")
    func attempts() async throws {
        for authority in ["contoso.example", "common"] {
            try await Lab.run { lab async throws in
                let path = Lab.authorizePath(tenant: authority, ["prompt": "none"])
                let cookies = try await lab.signIn().cookies
                try await lab.contoso(.put, "propagation", ["planes": ["session": ["afterAttempts": 2]]])
                try await lab.contoso(.patch, "apps/\(Lab.native)", ["enabled": false])
                func isAnswered() async throws -> Bool {
                    try await lab.authorize(path, cookies: cookies).redirect?["code"] != nil
                }
                #expect(try await isAnswered())
                #expect(try await isAnswered())
                #expect(try await !isAnswered())
            }
        }
    }

    @Test("A deleted service principal: as if the app had never been there; it can be brought back")
    func deleted() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            #expect(try await graph(lab, .delete, Self.native).status == 204)
            #expect(try await lab.refresh(token).code == 700_016)
            #expect(try await graph(lab, .get, Self.native).status == 404)
            #expect(try await graph(lab, .patch, Self.native, ["accountEnabled": true]).status == 404)
            let back = try await graph(lab, .post, "servicePrincipals", ["appId": .string(Lab.native)])
            #expect(back.status == 201 && back["appId"] == Lab.native)
            #expect(try await lab.refresh(token).status == 200)
            #expect(try await graph(lab, .post, "servicePrincipals", ["appId": .string(Lab.native)]).status == 409)
            #expect(try await graph(lab, .post, "servicePrincipals", ["appId": "nobody"]).status == 400)
        }
    }

    @Test(
        "Only assigned users: others hear access_denied at authorize and 50105 at the token endpoint; assignments are read, added, removed"
    )
    func assignments() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            #expect(try await graph(lab, .patch, Self.native, ["appRoleAssignmentRequired": true]).status == 204)
            #expect(try await lab.refresh(token).code == 50105)
            let denied = try #require(try await lab.signIn().redirect)
            #expect(denied["error"] == "access_denied" && denied["error_description"]?.contains("AADSTS50105") == true)
            let id = try await graph(lab, .get, Self.native)["id"]
            let body: JSON = [
                "principalId": .string(Lab.adele), "resourceId": .string(id), "appRoleId": .string(Tenant.noID.description),
            ]
            let made = try await graph(lab, .post, "servicePrincipals/\(id)/appRoleAssignedTo", body)
            #expect(made.status == 201 && made["principalDisplayName"] == "Adele Vance")
            #expect(try await lab.refresh(token).status == 200)
            #expect(try await graph(lab, .post, "servicePrincipals/\(id)/appRoleAssignedTo", body).status == 400)
            let own = try await graph(lab, .get, "users/\(Lab.adele)/appRoleAssignments")
            #expect(own.json["value"]?.elements.map { $0["resourceId"]?.text } == [id])
            #expect(try await graph(lab, .get, "\(Self.native)/appRoleAssignedTo").json["value"]?.elements.count == 1)
            #expect(try await graph(lab, .delete, "\(Self.native)/appRoleAssignedTo/\(made["id"])").status == 204)
            #expect(try await lab.refresh(token).code == 50105)
        }
    }

    @Test("Whoever has no role for apps changes none; what is not kept is refused, and nothing has changed")
    func refused() async throws {
        try await Lab.run { lab async throws in
            let poor = try await lab.grant(scope: "User.Read Directory.AccessAsUser.All")["access_token"]
            for path in [Self.native, "applications(appId='\(Lab.native)')"] {
                let answer = try await lab.send(
                    .patch, "/v1.0/\(path)", headers: [.authorization: "Bearer \(poor)", .contentType: "application/json"],
                    body: "{}")
                #expect(answer.status == 403)
            }
            for (path, body) in [
                (Self.native, ["accountEnabled": "no"] as JSON), (Self.native, ["tags": []] as JSON),
                ("applications(appId='\(Lab.native)')", ["web": ["redirectUris": ["http://localhost/x"]]]),
                ("applications(appId='\(Lab.native)')", ["publicClient": ["redirectUris": ["no uri"]]]),
                ("applications(appId='\(Lab.native)')", ["signInAudience": "Everybody"]),
            ] as [(String, JSON)] {
                #expect(try await graph(lab, .patch, path, body).status == 400, "\(body)")
            }
            #expect(try await lab.contoso(.get, "apps/\(Lab.native)").json["redirectUris"]?.elements.count == 3)
        }
    }

    @Test("Applications: a removed redirect URI, an audience of one tenant, a secret that ends, one that is removed")
    func applications() async throws {
        try await Lab.run { lab async throws in
            let native = "applications(appId='\(Lab.native)')"
            #expect(
                try await graph(lab, .patch, native, ["publicClient": ["redirectUris": ["http://localhost/other"]]]).status == 204)
            #expect(try await lab.authorize(Lab.authorizePath()).text.contains("AADSTS50011"))
            let web = "applications(appId='\(Lab.web)')"
            let token = try await lab.grant(client: Lab.web)["refresh_token"]
            let ending: JSON = ["passwordCredential": ["displayName": "short", "endDateTime": "2026-03-01T13:00:00Z"]]
            let made = try await graph(lab, .post, "\(web)/addPassword", ending)
            #expect(made.status == 200 && made["displayName"] == "short")
            #expect(try await lab.refresh(token, client: Lab.web, secret: made["secretText"]).status == 200)
            let lasting = try await graph(lab, .post, "\(web)/addPassword", [:])
            #expect(try await graph(lab, .post, "\(web)/removePassword", ["keyId": .string(lasting["keyId"])]).status == 204)
            #expect(try await lab.refresh(token, client: Lab.web, secret: lasting["secretText"]).code == 7_000_215)
            lab.pass(.seconds(3600))
            #expect(try await lab.refresh(token, client: Lab.web, secret: made["secretText"]).code == 7_000_222)
            #expect(try await lab.refresh(token, client: Lab.web, secret: "lapse-web-secret").status == 200)

            #expect(try await graph(lab, .patch, web, ["signInAudience": "AzureADMyOrg"]).status == 204)
            let path = Lab.authorizePath(client: Lab.web, redirect: "http://localhost/cb", tenant: "fabrikam.example")
            #expect(try await lab.authorize(path).text.contains("AADSTS700016"), "another tenant does not know it")
            #expect(try await lab.refresh(token, client: Lab.web, at: "common", secret: "lapse-web-secret").code == 50194)
        }
    }

    @Test(
        "An application's own token is challenged at Graph once its service principal is disabled there, when the app is the tenant's own, of this tenant alone, and declares cp1"
    )
    func workload() async throws {
        try await Lab.run { lab async throws in
            let capable = #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#
            func ask(_ claims: String) async throws -> Answer {
                try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    [
                        "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                        "scope": "https://graph.microsoft.com/.default", "claims": claims,
                    ])
            }
            func users(_ token: String) async throws -> Answer {
                try await lab.send(.get, "/v1.0/users?$top=1", headers: [.authorization: "Bearer \(token)"])
            }
            // Of many tenants: nobody evaluates it.
            let plain = try await ask(capable)
            #expect(plain.claims("access_token")["xms_cc"] == nil)
            try await lab.contoso(.patch, "apps/\(Lab.daemon)", ["signInAudience": "AzureADMyOrg"])
            let evaluated = try await ask(capable)
            #expect(evaluated.claims("access_token")["xms_cc"] == ["cp1"])
            #expect((evaluated.json["expires_in"]?.int ?? 0) > 20 * 3600)
            let silent = try await ask(#"{"access_token":{}}"#)
            try await lab.contoso(
                .put, "propagation", ["planes": ["cae": ["fixed": "PT1M"], "refresh": ["fixed": "PT5M"]]])
            try await lab.contoso(.patch, "apps/\(Lab.daemon)", ["enabled": false])
            #expect(try await users(evaluated["access_token"]).status == 200)
            lab.pass(.seconds(60))
            let challenged = try await users(evaluated["access_token"])
            #expect(challenged.status == 401 && challenged.headers[.wwwAuthenticate]?.contains("insufficient_claims") == true)
            for token in [plain, silent] { #expect(try await users(token["access_token"]).status == 200) }
            // The answer to the challenge is refused at once; a request without waits for its plane.
            let demand = #"{"access_token":{"nbf":{"essential":true,"value":"1"},"xms_cc":{"values":["cp1"]}}}"#
            #expect(try await ask(demand).code == 7_000_112)
            #expect(try await ask(capable).status == 200)
            lab.pass(.seconds(300))
            #expect(try await ask(capable).code == 7_000_112)
            try await lab.contoso(.patch, "apps/\(Lab.daemon)", ["enabled": true])
            lab.pass(.seconds(60))
            #expect(try await users(evaluated["access_token"]).status == 200)
        }
    }

    // MARK: Certificates

    @Test(
        "A certificate is registered, read and removed through Graph, and ends on the tenant's clock; the token says how the app proved itself"
    )
    func certificates() async throws {
        try await Lab.run { lab async throws in
            let identity = try LocalCertificateAuthority.makeSigningIdentity(now: Lab.start)
            let signer = try TokenSigner(SigningKey(identity))
            func ask(_ audience: String = "https://localhost/contoso.example/oauth2/v2.0/token") async throws -> Answer {
                let claims: JSON = [
                    "aud": .string(audience), "iss": .string(Lab.daemon), "sub": .string(Lab.daemon), "jti": "1",
                    "exp": .integer((Lab.start + .seconds(7200)).secondsSinceEpoch),
                ]
                return try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    [
                        "grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default",
                        "client_assertion": signer.sign(claims.encoded),
                        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    ])
            }
            let daemon = "applications(appId='\(Lab.daemon)')"
            #expect(try await ask().code == 700027)
            let key = identity.certificatePEM.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
            let end = Lab.start + .seconds(3600)
            let credential: JSON = [
                "type": "AsymmetricX509Cert", "usage": "Verify", "key": .string(key), "endDateTime": .string(end.description),
            ]
            #expect(try await graph(lab, .patch, daemon, ["keyCredentials": [credential]]).status == 204)
            let shown = try await graph(lab, .get, "\(daemon)?$select=keyCredentials,passwordCredentials").json
            let entry = try #require(shown["keyCredentials"]?.elements.first)
            #expect(entry["endDateTime"]?.text == end.description && entry["key"] == .null)
            #expect(shown["passwordCredentials"]?.elements.count == 1)
            // Named by its id, it stays.
            #expect(try await graph(lab, .patch, daemon, ["keyCredentials": [["keyId": entry["keyId"]!]]]).status == 204)
            let granted = try await ask()
            #expect(granted.status == 200, "\(granted.text)")
            let payload = try #require(Base64URL.decode(String(granted["access_token"].split(separator: ".")[1])))
            #expect(JSON(parsing: payload)?["appidacr"] == "2")
            #expect(try await ask("https://idp.example/").code == 700023)
            lab.pass(.seconds(3600))
            let ended = try await ask()
            #expect(ended.code == 700027 && ended["error_description"].contains("Reason - The key used is expired."))
            for bad: JSON in [
                [["key": "AAAA"]], [["key": .string(key), "type": "Symmetric"]], ["x"], "x", [["keyId": "x"]],
                [["key": .string(key), "endDateTime": "soon"]],
            ] {
                #expect(try await graph(lab, .patch, daemon, ["keyCredentials": bad]).status == 400, "\(bad)")
            }
            #expect(try await graph(lab, .patch, daemon, ["keyCredentials": []]).status == 204)
            #expect(try await ask()["error_description"].contains("is not registered on application"))
        }
    }

    @Test("Optional claims: in id tokens those of the client, in access tokens those of the resource")
    func optionalClaims() async throws {
        try await Lab.run { lab async throws in
            func tokens() async throws -> (id: JSON, access: JSON) {
                let grant = try await lab.grant(scope: "openid api://lapse-lab/access_as_user")
                return (grant.claims("id_token"), grant.claims("access_token"))
            }
            let before = try await tokens()
            #expect(before.id["auth_time"] == nil && before.access["auth_time"] == nil && before.access["sid"] == nil)
            try await lab.contoso(.patch, "apps/\(Lab.native)", ["optionalClaims": ["idToken": ["auth_time", "sid"]]])
            try await lab.contoso(.patch, "apps/\(Lab.api)", ["optionalClaims": ["accessToken": ["sid", "auth_time"]]])
            let after = try await tokens()
            #expect(after.id["auth_time"]?.int == Lab.start.secondsSinceEpoch)
            #expect(after.access["auth_time"] == after.id["auth_time"])
            #expect(after.access["sid"] != nil && after.access["sid"] == after.id["sid"])
            try await lab.contoso(.patch, "apps/\(Lab.api)", ["accessTokenVersion": 1])
            #expect(try await tokens().access["sid"] != nil)
            let wrong = try await lab.control(
                .patch, "tenants/contoso.example/apps/\(Lab.api)", ["optionalClaims": ["accessToken": ["upn"]]])
            #expect(wrong.status == 400 && wrong.json["error"]?["field"] == "optionalClaims.accessToken[0]")
        }
    }

    // MARK: Id tokens from authorize

    @Test(
        "An app that may gets an id token, alone by fragment or form_post, or with its code, whose hash it then has; without a nonce none"
    )
    func idTokens() async throws {
        try await Lab.run { lab async throws in
            func path(_ type: String, _ more: KeyValuePairs<String, String> = [:]) -> String {
                Lab.authorizePath(client: Lab.web, scope: "openid profile", more).replacing(
                    "response_type=code", with: "response_type=\(type)")
            }
            let cookies = try await lab.signIn().cookies
            #expect(
                try await lab.authorize(path("id_token", ["nonce": "n"]), cookies: cookies).headers[.location]?.contains("700054")
                    == true)
            let web = "applications(appId='\(Lab.web)')"
            let setting: JSON = ["web": ["implicitGrantSettings": ["enableIdTokenIssuance": true]]]
            #expect(try await graph(lab, .patch, web, setting).status == 204)
            let alone = try await lab.authorize(path("id_token", ["nonce": "n"]), cookies: cookies)
            let location = try #require(alone.headers[.location])
            #expect(location.hasPrefix("http://localhost/cb#id_token=") || location.contains("&id_token="))
            #expect(!location.contains("code="))
            let both = try await lab.authorize(
                path("code%20id_token", ["nonce": "n", "response_mode": "form_post"]), cookies: cookies)
            let token = try #require(both.text.firstMatch(of: /name="id_token" value="([^"]+)"/)?.1)
            let code = String(try #require(both.text.firstMatch(of: /name="code" value="([^"]+)"/)?.1))
            let payload = try #require(Base64URL.decode(String(token.split(separator: ".")[1])))
            let claims = try #require(JSON(parsing: payload))
            #expect(claims["nonce"] == "n" && claims["aud"]?.text == Lab.web)
            #expect(claims["c_hash"]?.text == Base64URL.encode(Array(SecretHash(of: code).bytes.prefix(16))))
            let form: KeyValuePairs = [
                "grant_type": "authorization_code", "client_id": Lab.web, "client_secret": "lapse-web-secret", "code": code,
                "redirect_uri": "http://localhost/cb",
            ]
            #expect(try await lab.form("/contoso.example/oauth2/v2.0/token", form).status == 200)
            for wrong in [path("id_token"), path("id_token", ["nonce": "n", "response_mode": "query"])] {
                #expect(
                    try await lab.authorize(wrong, cookies: cookies).headers[.location]?.contains("error=invalid_request") == true)
            }
        }
    }

    // MARK: Around a user

    @Test("signInActivity: the last sign-in by a person, by a token, and the last good one; it wants AuditLog.Read.All")
    func activity() async throws {
        try await Lab.run { lab async throws in
            let daemon = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                [
                    "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                    "scope": "https://graph.microsoft.com/.default",
                ])["access_token"]
            func activity(_ path: String) async throws -> JSON {
                try await lab.send(.get, "/v1.0/\(path)", headers: [.authorization: "Bearer \(daemon)"]).json
            }
            let none = try await activity("users/\(Lab.adele)?$select=signInActivity")["signInActivity"]
            #expect(none?["lastSignInDateTime"] == .null && none?["lastSuccessfulSignInRequestId"] == .null)
            _ = try await lab.signIn()
            let token = try await lab.grant()["refresh_token"]
            lab.pass(.seconds(60))
            _ = try await lab.refresh(token)
            _ = try await lab.revoke()
            lab.pass(.seconds(60))
            _ = try await lab.refresh(token)
            lab.pass(.seconds(60))
            _ = try await lab.signIn(password: "wrong")
            let all = try await activity("users?$select=id,signInActivity")["value"]?.elements ?? []
            let found = all.first { $0["id"]?.text == Lab.adele }?["signInActivity"]
            #expect(found?["lastSignInDateTime"] == "2026-03-01T12:03:00Z")
            #expect(found?["lastNonInteractiveSignInDateTime"] == "2026-03-01T12:02:00Z")
            #expect(found?["lastSuccessfulSignInDateTime"] == "2026-03-01T12:01:00Z")
            #expect(all.count > 1 && all.allSatisfy { $0["signInActivity"] != .null })
            let person = try await graph(lab, .get, "users/\(Lab.adele)?$select=signInActivity")
            #expect(person.status == 403)
            #expect(try await graph(lab, .get, "users/\(Lab.adele)").json["signInActivity"] == nil)
        }
    }

    @Test(
        "What scripts that answer an incident select beside the stamp: the password's age, licences, mailboxes, where the user is from"
    )
    func incident() async throws {
        try await Lab.run { lab async throws in
            let names = [
                "lastPasswordChangeDateTime", "passwordPolicies", "assignedLicenses", "onPremisesSyncEnabled", "proxyAddresses",
                "externalUserState", "identities", "deletedDateTime", "otherMails",
            ]
            let path = "users/\(Lab.adele)?$select=\(names.joined(separator: ","))"
            func user() async throws -> JSON { try await graph(lab, .get, path).json }
            let before = try await user()
            #expect(before["passwordPolicies"] == .null && before["deletedDateTime"] == .null && before["otherMails"] == [])
            #expect(before["proxyAddresses"] == ["SMTP:adele@contoso.example"] && before["externalUserState"] == .null)
            #expect(before["identities"]?.elements.first?["issuer"] == "contoso.example")
            lab.pass(.seconds(90))
            _ = try await lab.revoke(cause: "adminRevoke")
            #expect(try await user()["lastPasswordChangeDateTime"] == before["lastPasswordChangeDateTime"])
            _ = try await lab.revoke(cause: "passwordChange")
            #expect(try await user()["lastPasswordChangeDateTime"] == .string((Lab.start + .seconds(90)).wholeSecondText))
        }
    }

    @Test("What stands around a user is what the seed says, empty by default; methods want their own permission")
    func collections() async throws {
        try await Lab.run { lab async throws in
            for name in [
                "memberOf", "transitiveMemberOf", "ownedObjects", "ownedDevices", "registeredDevices", "licenseDetails",
                "appRoleAssignments", "oauth2PermissionGrants",
            ] {
                let answer = try await graph(lab, .get, "users/\(Lab.adele)/\(name)")
                #expect(answer.status == 200 && answer.json["value"] == [], "\(name): \(answer.text)")
            }
            try await lab.contoso(
                .patch, "users/\(Lab.adele)",
                [
                    "memberOf": [["displayName": "Sales"], ["displayName": "Printer Administrator", "kind": "role"]],
                    "devices": [["displayName": "LAPTOP-1", "accountEnabled": false]], "licences": ["ENTERPRISEPACK"],
                    "authenticationMethods": ["fido2"], "manager": "alex@contoso.example", "roles": ["Reports Reader"],
                ])
            let groups = try await graph(lab, .get, "users/\(Lab.adele)/memberOf?$select=displayName").json["value"]?.elements ?? []
            #expect(groups.map { $0["displayName"]?.text } == ["Reports Reader", "Sales", "Printer Administrator"])
            #expect(
                groups.map { $0["@odata.type"]?.text?.split(separator: ".").last } == ["directoryRole", "group", "directoryRole"])
            let device = try await graph(lab, .get, "users/\(Lab.adele)/registeredDevices").json["value"]?.elements.first
            #expect(device?["displayName"] == "LAPTOP-1" && device?["accountEnabled"] == false)
            let licence = try await graph(lab, .get, "users/\(Lab.adele)/licenseDetails?$top=5").json["value"]?.elements.first
            #expect(licence?["skuPartNumber"] == "ENTERPRISEPACK")
            #expect(try await graph(lab, .get, "users/\(Lab.adele)/manager")["displayName"] == "Alex Wilber")
            #expect(try await graph(lab, .get, "users/alex@contoso.example/manager").status == 404)
            let expanded = try await graph(
                lab, .get, "users/\(Lab.adele)?$select=displayName,assignedLicenses&$expand=manager($select=mail,displayName)")
            #expect(expanded.json["manager"]?["displayName"] == "Alex Wilber")
            #expect(expanded.json["manager"]?["mail"] == "alex@contoso.example")
            #expect(expanded.json["assignedLicenses"]?.elements.count == 1)
            #expect(try await graph(lab, .get, "users/alex@contoso.example?$expand=manager").json["manager"] == nil)
            #expect(try await graph(lab, .get, "users/\(Lab.adele)/authentication/methods").status == 403)
            let token = try await lab.grant(user: "admin@contoso.example", scope: "UserAuthenticationMethod.Read.All")[
                "access_token"]
            let methods = try await lab.send(
                .get, "/v1.0/users/\(Lab.adele)/authentication/methods", headers: [.authorization: "Bearer \(token)"])
            #expect(
                methods.json["value"]?.elements.map { $0["@odata.type"]?.text?.split(separator: ".").last } == [
                    "passwordAuthenticationMethod", "fido2AuthenticationMethod",
                ])
        }
    }

    @Test("What an export says can be read again when an assigned user is deleted; who registers an app anew begins anew")
    func exportAndRegisterAgain() async throws {
        try await Lab.run { lab async throws in
            let app = "apps/\(Lab.native)"
            try await lab.contoso(
                .patch, app,
                ["enabled": false, "assignmentRequired": true, "assigned": ["adele@contoso.example", "alex@contoso.example"]])
            try await lab.contoso(.delete, "users/\(Lab.adele)")
            let seed = try await lab.control(.get, "export?secrets=true")
            #expect(seed.status == 200)
            #expect(try await lab.control(.post, "reset", seed.json).status < 300, "\(seed.text.prefix(300))")
            #expect(try await lab.contoso(.get, app).json["assigned"]?.elements.count == 1)
            try await lab.contoso(.delete, app)
            try await lab.contoso(
                .post, "apps", ["id": .string(Lab.native), "name": "Again", "kind": "public", "redirectUris": ["http://localhost"]])
            let again = try await lab.contoso(.get, app).json
            #expect(again["enabled"] == true && again["assignmentRequired"] == false && again["assigned"] == [])
        }
    }

    @Test("A deleted service principal stays deleted when the app is changed, until it is enabled")
    func changedWhileDeleted() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            #expect(try await graph(lab, .delete, Self.native).status == 204)
            try await lab.contoso(.patch, "apps/\(Lab.native)", ["name": "Renamed"])
            #expect(try await lab.refresh(token).code == 700_016)
            let grants = try await lab.contoso(.get, "users/\(Lab.adele)/grants").json["items"]?.elements ?? []
            #expect(grants.first { $0["client"]?.text == Lab.native }?["alive"] == false)
            try await lab.contoso(.patch, "apps/\(Lab.native)", ["enabled": true])
            #expect(try await lab.refresh(token).status == 200)
        }
    }

    @Test("Explain knows that a user is not assigned; a manager is expanded only for those who may read the manager")
    func unassignedAndManager() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            try await lab.contoso(.patch, "apps/\(Lab.native)", ["assignmentRequired": true])
            let verdicts =
                try await lab.contoso(.post, "explain", ["refresh_token": .string(token)]).json["verdicts"]?.elements ?? []
            #expect(verdicts.first { $0["plane"] == "refresh" }?["code"]?.int == 50_105)
            try await lab.contoso(.patch, "users/\(Lab.adele)", ["manager": "alex@contoso.example"])
            let own = try await lab.grant(client: Lab.web, scope: "User.Read")["access_token"]
            for path in ["me/manager", "me?$expand=manager"] {
                let answer = try await lab.send(.get, "/v1.0/\(path)", headers: [.authorization: "Bearer \(own)"])
                #expect(answer.status == 403, "\(path)")
            }
            let filtered = try await graph(lab, .get, "users/\(Lab.adele)/memberOf?$count=true&$filter=id%20eq%20'x'")
            #expect(filtered.status == 400)
        }
    }
}
