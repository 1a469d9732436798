import Foundation
import HTTPTypes
import LapseRules
import Testing

/// The two reads of Azure Resource Manager with which Azure's command lines finish a sign-in.
@Suite("Azure Resource Manager")
struct ManagementTests {
    private static let cli = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
    private static let scope = "openid offline_access https://management.core.windows.net//.default"
    private static let contoso = "11111111-aaaa-4aaa-8aaa-111111111111"

    private func call(_ lab: Lab, _ path: String, _ token: String? = nil) async throws -> Answer {
        try await lab.send(.get, path, headers: token.map { [.authorization: "Bearer \($0)"] } ?? [:])
    }

    @Test("The tenants of a member and of a guest; no subscriptions; one token under either name of the resource")
    func reads() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(client: Self.cli, scope: Self.scope)
            #expect(grant.claims("access_token")["aud"] == "https://management.core.windows.net")
            let tenants = try await call(lab, "/tenants?api-version=2022-12-01", grant["access_token"])
            #expect(tenants.status == 200, "\(tenants.text)")
            #expect(tenants.json["value"]?.elements.map { $0["tenantId"]?.text } == [Self.contoso])
            #expect(tenants.json["value"]?.elements.first?["id"]?.text == "/tenants/\(Self.contoso)")
            let newer = try await lab.refresh(
                grant["refresh_token"], client: Self.cli, scope: "https://management.azure.com/.default")
            #expect(
                newer["scope"].hasSuffix(
                    "https://management.azure.com/user_impersonation https://management.azure.com/.default"))
            let subscriptions = try await call(lab, "/Subscriptions?api-version=2022-12-01", newer["access_token"])
            #expect(subscriptions.json["value"]?.elements == [])

            let guest = try await lab.grant(
                user: "nestor@fabrikam.example", client: Self.cli, scope: Self.scope, tenant: "fabrikam.example")
            let both = try await call(lab, "/tenants?api-version=2022-12-01", guest["access_token"])
            #expect(both.json["value"]?.elements.map { $0["displayName"]?.text } == ["Fabrikam", "Contoso"])
        }
    }

    @Test("Without a version, a token or the right audience: refused in the resource manager's words")
    func refusals() async throws {
        try await Lab.run { lab async throws in
            let graph = try await lab.grant()["access_token"]
            func error(_ path: String, _ token: String? = nil) async throws -> (Int, String) {
                let answer = try await call(lab, path, token)
                return (answer.status, answer.json["error"]?["code"]?.text ?? "")
            }
            #expect(try await error("/tenants", graph) == (400, "MissingApiVersionParameter"))
            #expect(try await error("/tenants?api-version=1") == (401, "AuthenticationFailed"))
            #expect(try await error("/tenants?api-version=1", graph) == (401, "InvalidAuthenticationTokenAudience"))
            #expect(try await error("/tenants?api-version=1", "x.y.z") == (401, "InvalidAuthenticationToken"))
            #expect(try await error("/subscriptions/none") == (404, "InvalidResource"))
            let token = try await lab.grant(client: Self.cli, scope: Self.scope)["access_token"]
            lab.pass(.seconds(2 * 3600))
            #expect(try await error("/tenants?api-version=1", token) == (401, "ExpiredAuthenticationToken"))
        }
    }

    @Test("In each cloud the command line has its permission; a client without it is not let in")
    func permission() async throws {
        try await Lab.run { lab async throws in
            for cloud in Cloud.allCases {
                try await lab.contoso(.put, "policies", ["cloud": .string(cloud.rawValue)])
                for host in cloud.managementHosts {
                    let grant = try await lab.grant(client: Self.cli, scope: "https://\(host)/.default")
                    #expect(grant.claims("access_token")["scp"] == "user_impersonation", "\(host)")
                    #expect(try await call(lab, "/tenants?api-version=1", grant["access_token"]).status == 200)
                }
            }
            try await lab.contoso(.put, "policies", [:])
            let native = try await lab.grant(scope: "https://management.azure.com/.default")["access_token"]
            let refused = try await call(lab, "/tenants?api-version=1", native)
            #expect(refused.status == 403)
            #expect(refused.json["error"]?["code"] == "AuthorizationFailed")
        }
    }

    @Test("A cp1 token is challenged as Azure Resource Manager was recorded to challenge")
    func challenge() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(client: Self.cli, scope: Self.scope)
            let capable = try await lab.refresh(
                grant["refresh_token"], client: Self.cli, scope: Self.scope,
                claims: #"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#)
            _ = try await lab.revoke()
            let refused = try await call(lab, "/tenants?api-version=2022-12-01", capable["access_token"])
            #expect(refused.status == 401)
            let claims = Data(
                #"{"access_token":{"nbf":{"essential":true, "value":"\#(Lab.start.secondsSinceEpoch)"}}}"#.utf8
            ).base64EncodedString()
            #expect(
                refused.headers[.wwwAuthenticate]
                    == #"Bearer authorization_uri="https://login.windows.net/", error="invalid_token", error_description="User session has been revoked", claims="\#(claims)""#
            )
            #expect(refused.json["error"]?["code"] == "AuthenticationFailed")
            #expect(try await call(lab, "/tenants?api-version=2022-12-01", grant["access_token"]).status == 200)
        }
    }
}
