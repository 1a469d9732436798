import Testing

@testable import LapseRules

@Suite("An application's own request at the token endpoint")
struct ClientCredentialsGrantTests {
    private func decide(
        _ members: [String: String], version: EndpointVersion = .v2, app: AppRegistration = World.daemon
    ) throws -> TokenDecision {
        var around = Surroundings()
        around.app = app
        let form = World.form(["grant_type": "client_credentials", "client_id": "x"].merging(members) { $1 })
        return ClientCredentialsGrant.decide(
            try TokenRequest(form: form, authorization: nil, origin: nil, version: version), in: around.context)
    }

    @Test(
        "An application names one resource by its .default",
        arguments: [
            (["scope": "https://graph.microsoft.com/.default"], .accepted), (["scope": "api://lapse-lab/.default"], .accepted),
            ([:], .refused(.missingParameter, "invalid_request")),
            (["scope": " "], .refused(.scopeNotDefault, "invalid_scope")),
            (["scope": "https://graph.microsoft.com/User.Read"], .refused(.scopeNotDefault, "invalid_scope")),
            (["scope": "openid https://graph.microsoft.com/.default"], .accepted),
            (["scope": "api://elsewhere/.default"], .refused(.resourceNotFound, "invalid_resource")),
        ] as [([String: String], Verdict)])
    func verdict(members: [String: String], expected: Verdict) throws {
        #expect(try decide(members).verdict == expected)
    }

    @Test(
        "At version 1 it names a resource",
        arguments: [
            (["resource": "https://graph.microsoft.com"], .accepted), (["resource": "api://lapse-lab"], .accepted),
            (["scope": "https://graph.microsoft.com/.default"], .refused(.missingParameter, "invalid_request")),
        ] as [([String: String], Verdict)])
    func versionOne(members: [String: String], expected: Verdict) throws {
        #expect(try decide(members, version: .v1).verdict == expected)
    }

    @Test("What is missing goes by the endpoint's name for it")
    func missing() throws {
        #expect(try decide([:]).refusal?.error == .missing("scope"))
        #expect(try decide([:], version: .v1).refusal?.error == .missing("resource"))
    }

    @Test("What is issued: nobody's token, with no other beside it")
    func issue() throws {
        let issue = try #require(
            try decide(["scope": "api://lapse-lab/.default", "client_info": "1", "claims": World.challengeAnswer]).issue)
        #expect(issue.newGrant == nil)
        #expect(issue.refreshToken == nil)
        #expect(issue.spent == nil)
        #expect(issue.plan.user == nil)
        #expect(issue.plan.grant == nil)
        #expect(issue.plan.refreshToken == nil)
        #expect(issue.plan.scope.resource.id == World.api.id)
        #expect(issue.plan.scope.text.isEmpty)
        #expect(!issue.plan.scope.isOffline)
        #expect(!issue.plan.hasIDToken)
        #expect(!issue.plan.hasClientInfo)
        #expect(issue.plan.accessTokenLifetime == .seconds(3599))
    }
}
