import HTTPTypes
import LapseRules
import Testing

/// The national clouds: `revokeSignInSessions` is there in each, under that cloud's names.
@Suite("National clouds")
struct CloudTests {
    struct Names: Sendable {
        let cloud: String
        let graph: String
        let authority: String
        let issuer: String
        let instance: String
    }

    static let clouds = [
        Names(
            cloud: "global", graph: "graph.microsoft.com", authority: "login.microsoftonline.com", issuer: "sts.windows.net",
            instance: "microsoftonline.com"),
        Names(
            cloud: "usgov-l4", graph: "graph.microsoft.us", authority: "login.microsoftonline.us", issuer: "sts.windows.net",
            instance: "microsoftonline.us"),
        Names(
            cloud: "usgov-l5", graph: "dod-graph.microsoft.us", authority: "login.microsoftonline.us", issuer: "sts.windows.net",
            instance: "microsoftonline.us"),
        Names(
            cloud: "china", graph: "microsoftgraph.chinacloudapi.cn", authority: "login.chinacloudapi.cn",
            issuer: "sts.chinacloudapi.cn", instance: "partner.microsoftonline.cn"),
    ]

    @Test("In every cloud a revoke goes the same way, under that cloud's names", arguments: clouds)
    func revoke(names: Names) async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "policies", ["cloud": .string(names.cloud)])
            let scope = "openid offline_access https://\(names.graph)/User.Read https://\(names.graph)/User.RevokeSessions.All"
            let grant = try await lab.grant(scope: scope)
            let tokens = try await lab.refresh(
                grant["refresh_token"], claims: #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)
            #expect(tokens["scope"] == "openid https://\(names.graph)/User.Read https://\(names.graph)/User.RevokeSessions.All")
            let claims = tokens.claims("access_token")
            #expect(claims["aud"]?.text == "https://\(names.graph)")
            #expect(claims["iss"]?.text == "https://\(names.issuer)/11111111-aaaa-4aaa-8aaa-111111111111/")

            let bearer: HTTPFields = [.authorization: "Bearer \(tokens["access_token"])"]
            let me = try await lab.send(.get, "/v1.0/me", headers: bearer)
            #expect(me["@odata.context"] == "https://\(names.graph)/v1.0/$metadata#users/$entity")
            let revoked = try await lab.send(.post, "/v1.0/me/revokeSignInSessions", headers: bearer)
            #expect(revoked.status == 200)
            #expect(revoked["@odata.context"] == "https://\(names.graph)/v1.0/$metadata#Edm.Boolean")
            #expect(try await lab.refresh(grant["refresh_token"]).code == 50173)
            let challenged = try await lab.send(.get, "/v1.0/me", headers: bearer)
            #expect(
                challenged.headers[.wwwAuthenticate]?.contains(
                    #"authorization_uri="https://\#(names.authority)/common/oauth2/authorize""#) == true)

            let discovery = try await lab.send(.get, "/contoso.example/v2.0/.well-known/openid-configuration")
            #expect(discovery["cloud_instance_name"] == names.instance)
            #expect(discovery["msgraph_host"] == names.graph)
            // Addresses are Lapse's own.
            #expect(discovery["token_endpoint"].hasPrefix("https://localhost/"))
            let realm = try await lab.send(.get, "/common/userrealm/adele@contoso.example?api-version=1.0")
            #expect(realm["cloud_instance_name"] == names.instance)
        }
    }

    @Test("Another cloud's Graph is no resource here; a device code asked for under an alias may name any")
    func foreign() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            let refused = try await lab.refresh(grant["refresh_token"], scope: "https://graph.microsoft.us/User.Read")
            #expect(refused.code == 500_011)

            try await lab.contoso(.put, "policies", ["cloud": "usgov-l4"])
            let device = try await lab.form(
                "/organizations/oauth2/v2.0/devicecode",
                ["client_id": Lab.native, "scope": "https://graph.microsoft.us/User.Read"])
            _ = try await lab.form(
                "/devicelogin",
                ["step": "signIn", "otc": device["user_code"], "login": "adele@contoso.example", "passwd": BuiltInLab.password])
            let answer = try await lab.form(
                "/organizations/oauth2/v2.0/token",
                ["grant_type": "device_code", "client_id": Lab.native, "device_code": device["device_code"]])
            #expect(answer.claims("access_token")["aud"] == "https://graph.microsoft.us")
        }
    }
}
