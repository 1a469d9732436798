import HTTPTypes
import LapseRules
import Testing

/// The log of events, as Graph shows it to an administrator.
@Suite("Audit logs")
struct AuditLogTests {
    private func get(_ lab: Lab, _ path: String, _ token: String) async throws -> Answer {
        let path = path.replacing(" ", with: "%20").replacing("'", with: "%27")
        return try await lab.send(.get, "/v1.0/\(path)", headers: [.authorization: "Bearer \(token)"])
    }

    private func daemon(_ lab: Lab) async throws -> String {
        try await lab.form(
            "/contoso.example/oauth2/v2.0/token",
            [
                "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                "scope": "https://graph.microsoft.com/.default",
            ])["access_token"]
    }

    @Test("A revoke is the entry 'Update StsRefreshTokenValidFrom Timestamp', with both stamps and who did it")
    func revoke() async throws {
        try await Lab.run { lab async throws in
            let admin = try await lab.grant(user: "admin@contoso.example")
            let revoked = try await lab.send(
                .post, "/v1.0/users/\(Lab.adele)/revokeSignInSessions",
                headers: [.authorization: "Bearer \(admin["access_token"])"])
            let answer = try await get(
                lab, "auditLogs/directoryAudits?$filter=activityDisplayName eq 'Update StsRefreshTokenValidFrom Timestamp'",
                try await daemon(lab))
            #expect(answer["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata#auditLogs/directoryAudits")
            let entries = try #require(answer.json["value"]?.elements)
            #expect(entries.count == 1)
            let entry = entries[0]
            #expect(entry["category"] == "UserManagement")
            #expect(entry["operationType"] == "Update")
            #expect(entry["result"] == "success")
            #expect(entry["loggedByService"] == "Core Directory")
            #expect(entry["activityDateTime"] == .string(Lab.start.description))
            #expect(entry["correlationId"]?.text == revoked.headers[.init("request-id")!])
            #expect(entry["initiatedBy"]?["user"]?["userPrincipalName"] == "admin@contoso.example")
            #expect(entry["initiatedBy"]?["app"] == .null)
            let target = try #require(entry["targetResources"]?.elements.first)
            #expect(target["id"]?.text == Lab.adele)
            #expect(target["type"] == "User")
            let modified = try #require(target["modifiedProperties"]?.elements.first)
            #expect(modified["displayName"] == "StsRefreshTokensValidFrom")
            #expect(modified["oldValue"] == #"["2020-01-01T00:00:00Z"]"#)
            #expect(modified["newValue"] == #"["2026-03-01T12:00:00Z"]"#)
        }
    }

    @Test("What changes the directory is an entry each, the newest first, page by page")
    func activities() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.patch, "users/\(Lab.adele)", ["accountEnabled": false])
            try await lab.contoso(.patch, "users/\(Lab.adele)", ["accountEnabled": true, "password": "An0ther-secret!"])
            try await lab.contoso(.delete, "consents/\(Lab.adele)/\(Lab.native)")
            try await lab.contoso(.delete, "users/\(Lab.adele)")
            let token = try await daemon(lab)
            var names: [String] = []
            var path: String? = "auditLogs/directoryAudits?$top=3"
            while let page = path {
                let answer = try await get(lab, page, token)
                names += answer.json["value"]?.elements.compactMap { $0["activityDisplayName"]?.text } ?? []
                #expect((answer.json["value"]?.elements.count ?? 0) <= 3)
                path = answer.json["@odata.nextLink"]?.text.map { String($0.dropFirst("https://localhost/v1.0/".count)) }
            }
            #expect(
                names == [
                    "Delete user", "Remove delegated permission grant", "Update StsRefreshTokenValidFrom Timestamp",
                    "Enable account", "Update user", "Disable account", "Update user",
                ])
            let oldest = try await get(lab, "auditLogs/directoryAudits?$top=1&$orderby=activityDateTime asc", token)
            #expect(oldest.json["value"]?.elements.first?["activityDisplayName"] == "Update user")
        }
    }

    @Test("A refused refresh is a sign-in that failed with 50173; so is every other attempt, by code, user and app")
    func signIns() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.signIn(password: "wrong")
            _ = try await lab.signIn()
            let grant = try await lab.grant()
            _ = try await lab.refresh(grant["refresh_token"])
            _ = try await lab.revoke()
            lab.pass(.seconds(1))
            _ = try await lab.refresh(grant["refresh_token"])
            let token = try await daemon(lab)
            let failed = try await get(lab, "auditLogs/signIns?$filter=status/errorCode eq 50173", token)
            let entries = try #require(failed.json["value"]?.elements)
            #expect(entries.count == 1)
            #expect(entries[0]["userPrincipalName"] == "adele@contoso.example")
            #expect(entries[0]["appId"]?.text == Lab.native)
            #expect(entries[0]["isInteractive"] == false)
            #expect(entries[0]["createdDateTime"] == .string((Lab.start + .seconds(1)).description))
            #expect(
                entries[0]["status"]?["failureReason"]?.text?.hasPrefix("The provided grant has expired due to it being revoked")
                    == true)

            let mine = try await get(
                lab, "auditLogs/signIns?$filter=userId eq '\(Lab.adele)' and isInteractive eq true&$select=status,isInteractive",
                token)
            #expect(mine.json["value"]?.elements.count == 3)
            let wrong = try await get(lab, "auditLogs/signIns?$filter=status/errorCode eq 50126", token)
            #expect(wrong.json["value"]?.elements.count == 1)
            let none = try await get(
                lab, "auditLogs/signIns?$filter=createdDateTime ge \((Lab.start + .seconds(2)).description)", token)
            #expect(none.json["value"]?.elements.isEmpty == true)
        }
    }

    @Test("Reading the logs takes AuditLog.Read.All, and delegated a role; what cannot be asked is refused")
    func permissions() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(
                .patch, "apps/\(Lab.native)", ["delegated": JSON(["User.Read", "AuditLog.Read.All"])])
            func status(_ user: String, _ scope: String) async throws -> Int {
                try await get(lab, "auditLogs/signIns", try await lab.grant(user: user, scope: scope)["access_token"]).status
            }
            #expect(try await status("admin@contoso.example", "AuditLog.Read.All") == 200)
            #expect(try await status("admin@contoso.example", "User.Read") == 403)
            #expect(try await status("alex@contoso.example", "AuditLog.Read.All") == 403)
            try await lab.contoso(.patch, "users/alex@contoso.example", ["roles": ["Reports Reader"]])
            #expect(try await status("alex@contoso.example", "AuditLog.Read.All") == 200)
            let token = try await daemon(lab)
            for query in ["$orderby=userId", "$count=true", "$search=\"x:y\"", "$filter=nothing eq 1", "$skiptoken=eA"] {
                let path = "auditLogs/signIns?" + query.replacing("\"", with: "%22")
                #expect(try await get(lab, path, token).status == 400, "\(query)")
            }
            #expect(try await get(lab, "auditLogs/nothing", token).status == 400)
        }
    }

    @Test("Users by filter, order, search and count")
    func users() async throws {
        try await Lab.run { lab async throws in
            let token = try await daemon(lab)
            func names(_ query: String) async throws -> [String] {
                let path =
                    "/v1.0/users?" + query.replacing(" ", with: "%20").replacing("'", with: "%27").replacing("\"", with: "%22")
                let answer = try await lab.send(
                    .get, path, headers: [.authorization: "Bearer \(token)", .init("ConsistencyLevel")!: "eventual"])
                return answer.json["value"]?.elements.compactMap { $0["displayName"]?.text } ?? [answer.text]
            }
            #expect(
                try await names("$filter=startswith(displayName,'A')&$orderby=displayName desc") == [
                    "Alex Wilber", "Adele Vance", "Ada Admin",
                ])
            #expect(try await names("$filter=userType eq 'Guest'") == ["Nestor Wilke"])
            #expect(try await names("$search=\"displayName:wil\"") == ["Alex Wilber", "Nestor Wilke"])
            #expect(try await names("$filter=accountEnabled eq false") == [])
            let counted = try await lab.send(
                .get, "/v1.0/users?$count=true&$top=1",
                headers: [.authorization: "Bearer \(token)", .init("ConsistencyLevel")!: "eventual"])
            #expect(counted.json["@odata.count"] == 4)
            let next = try #require(counted.json["@odata.nextLink"]?.text)
            #expect(next.hasPrefix("https://localhost/v1.0/users?$count=true&$top=1&$skiptoken="))
            let count = try await lab.send(
                .get, "/v1.0/users/$count",
                headers: [.authorization: "Bearer \(token)", .init("ConsistencyLevel")!: "eventual"])
            #expect(count.text == "4")
            #expect(count.headers[.contentType] == "text/plain")
            #expect(try await lab.send(.get, "/v1.0/users/$count", headers: [.authorization: "Bearer \(token)"]).status == 400)
        }
    }
}
