import HTTPTypes
import LapseRules
import Testing

@testable import LapseServer

/// App registrations, service principals and consents, as Graph shows them.
@Suite("Graph's apps")
struct GraphAppsTests {
    private func graph(_ lab: Lab, _ path: String, user: String = "adele@contoso.example", tenant: String = "contoso.example")
        async throws -> Answer
    {
        let token = try await lab.grant(user: user, scope: "openid Directory.AccessAsUser.All", tenant: tenant)["access_token"]
        return try await lab.send(.get, "/v1.0/\(path)", headers: [.authorization: "Bearer \(token)"])
    }

    private func values(_ answer: Answer, _ name: String) -> [String] {
        answer.json["value"]?.elements.compactMap { $0[name]?.text } ?? []
    }

    @Test("Applications are those of the tenant; service principals are all that its users may meet")
    func lists() async throws {
        try await Lab.run { lab async throws in
            let applications = try await graph(lab, "applications")
            #expect(applications["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata#applications")
            #expect(
                values(applications, "displayName") == ["Lapse Native", "Lapse Web", "Lapse SPA", "Lapse Daemon", "Lapse API"])
            let web = applications.json["value"]?.elements[1]
            #expect(web?["web"]?["redirectUris"]?.elements.first == "http://localhost:3000/auth/callback")
            #expect(
                try await values(graph(lab, "applications", user: "nestor@fabrikam.example", tenant: "fabrikam.example"), "id")
                    == [])

            for (user, tenant) in [("adele@contoso.example", "contoso.example"), ("nestor@fabrikam.example", "fabrikam.example")] {
                let principals = try await graph(lab, "servicePrincipals", user: user, tenant: tenant)
                #expect(
                    Set(values(principals, "appDisplayName")) == [
                        "Lapse Native", "Lapse Web", "Lapse SPA", "Lapse Daemon", "Lapse API", "Microsoft Azure CLI",
                        "Microsoft Azure PowerShell", "Microsoft Graph", "Windows Azure Service Management API",
                        "Microsoft Graph Command Line Tools", "Visual Studio", "Visual Studio Code", "Office 365 Exchange Online",
                        "Azure Key Vault", "Azure Storage", "Azure SQL Database", "Azure DevOps",
                    ])
            }
        }
    }

    @Test("One app by its object id, by its appId, by a filter; what is not there is 404")
    func one() async throws {
        try await Lab.run { lab async throws in
            let filtered = try await graph(lab, "servicePrincipals?$filter=appId%20eq%20'\(Lab.api)'&$select=id,appId")
            #expect(values(filtered, "appId") == [Lab.api])
            let id = try #require(values(filtered, "id").first)
            for path in [
                "servicePrincipals/\(id)", "servicePrincipals(appId='\(Lab.api)')", "ServicePrincipals('\(id.uppercased())')",
            ] {
                let answer = try await graph(lab, path)
                #expect(answer["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata#servicePrincipals/$entity")
                #expect(answer["appDisplayName"] == "Lapse API")
                #expect(answer.json["oauth2PermissionScopes"]?.elements.map { $0["value"] } == ["access_as_user"])
                #expect(answer["appOwnerOrganizationId"] == "11111111-aaaa-4aaa-8aaa-111111111111")
            }
            let unknown = try await graph(lab, "applications(appId='nobody')")
            #expect(unknown.status == 404)
            #expect(unknown.json["error"]?["code"] == "Request_ResourceNotFound")
            #expect(try await graph(lab, "applications/x/owners").status == 400)
            #expect(try await graph(lab, "applications?$select=secret").status == 400)
            #expect(try await graph(lab, "applications?$top=2&$orderby=displayName").json["@odata.nextLink"] != nil)
            let microsoft = try await graph(lab, "servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")
            #expect(microsoft.json["servicePrincipalNames"]?.elements.first == "https://graph.microsoft.com")
            // What is an advanced query of users is one here.
            #expect(try await graph(lab, "applications?$filter=displayName%20ne%20'x'").status == 400)
            #expect(try await graph(lab, "servicePrincipals/$count").status == 400)
            let eventual: HTTPFields = [
                .authorization: "Bearer \(try await lab.grant(scope: "Directory.AccessAsUser.All")["access_token"])",
                .consistencyLevel: "eventual",
            ]
            #expect(try await lab.send(.get, "/v1.0/applications/$count", headers: eventual).text == "5")
            let found = try await lab.send(.get, "/v1.0/applications?$search=%22displayName:Daemon%22", headers: eventual)
            #expect(values(found, "displayName") == ["Lapse Daemon"])
        }
    }

    @Test("An application's own token names its service principal")
    func objectID() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                [
                    "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                    "scope": "https://graph.microsoft.com/.default",
                ])
            let principal = try await graph(lab, "servicePrincipals(appId='\(Lab.daemon)')")
            #expect(token.claims("access_token")["oid"]?.text == principal["id"])
            // It has no permission to read apps.
            let refused = try await lab.send(
                .get, "/v1.0/servicePrincipals", headers: [.authorization: "Bearer \(token["access_token"])"])
            #expect(refused.status == 403)
        }
    }

    @Test("A consent holds for all users until one takes it away, and then for each of the others")
    func consents() async throws {
        try await Lab.run { lab async throws in
            let native = try await graph(lab, "servicePrincipals(appId='\(Lab.native)')")["id"]
            func consents() async throws -> [JSON] {
                try await graph(lab, "oauth2PermissionGrants?$filter=clientId%20eq%20'\(native)'").json["value"]?.elements ?? []
            }
            let all = try await consents()
            #expect(all.map { $0["consentType"] } == ["AllPrincipals", "AllPrincipals"])
            #expect(all.map { $0["principalId"] } == [.null, .null])
            #expect(
                all.map { $0["scope"] } == [
                    "openid profile email offline_access User.Read User.RevokeSessions.All User.ReadWrite.All Directory.AccessAsUser.All",
                    "access_as_user",
                ])
            // Microsoft's command lines are authorized beforehand: nobody consented to them.
            let cli = try await graph(lab, "servicePrincipals(appId='04b07795-8ddb-461a-bbee-02f9e1bf7b46')")["id"]
            #expect(try await !values(graph(lab, "oauth2PermissionGrants"), "clientId").contains(cli))
            let one = try await graph(lab, "oauth2PermissionGrants/\(all[0]["id"]?.text ?? "")")
            #expect(one.json["scope"] == all[0]["scope"])

            try await lab.contoso(.delete, "consents/\(Lab.adele)/\(Lab.native)")
            let others = try await consents().filter { $0["scope"] == "access_as_user" }
            #expect(others.map { $0["consentType"] } == ["Principal", "Principal", "Principal"])
            #expect(!others.contains { $0["principalId"] == .string(Lab.adele) })
            #expect(Set(others.compactMap { $0["id"]?.text }).count == 3)
        }
    }
}
