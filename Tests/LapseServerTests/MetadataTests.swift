import HTTPTypes
import Hummingbird
import LapseRules
import Testing

@testable import LapseServer

/// What discovery says about tokens is what tokens are.
@Suite("Metadata")
struct MetadataTests {
    struct Version: Sendable {
        let configuration: String
        let oauth: String
        /// What id tokens carry beside the claims of `claims_supported`. Entra: its documents name none of these either.
        let unlisted: Set<String>
    }

    private static func names(in payload: JSON) -> Set<String> {
        if case .object(let members) = payload { Set(members.map(\.name)) } else { [] }
    }

    @Test(
        "claims_supported lists every claim that an id token can carry, but for those that Entra's does not list",
        arguments: [
            Version(
                configuration: "v2.0/.well-known/openid-configuration", oauth: "oauth2/v2.0",
                unlisted: ["aio", "idp", "nbf", "oid", "rh", "sid", "uti"]),
            Version(
                configuration: ".well-known/openid-configuration", oauth: "oauth2",
                unlisted: ["aio", "idp", "ipaddr", "nbf", "oid", "puid", "rh", "uti"]),
        ])
    func claims(of version: Version) async throws {
        try await Lab.run { lab async throws in
            // A member's id token with all that can be asked for, and a guest's.
            let path =
                "/contoso.example/\(version.oauth)/authorize?"
                + Lab.encoded([
                    "client_id": Lab.native, "response_type": "code", "redirect_uri": "http://localhost/cb",
                    "scope": "openid profile email offline_access User.Read", "resource": "https://graph.microsoft.com",
                    "nonce": "n", "max_age": "60",
                ])
            let code = try #require(try await lab.signIn(path).redirect?["code"])
            let member = try await lab.form(
                "/contoso.example/\(version.oauth)/token",
                [
                    "grant_type": "authorization_code", "client_id": Lab.native, "code": code,
                    "redirect_uri": "http://localhost/cb",
                ])
            let grant = try await lab.grant(user: "nestor_fabrikam.example#EXT#@contoso.example")
            let guest = try await lab.form(
                "/contoso.example/\(version.oauth)/token",
                ["grant_type": "refresh_token", "client_id": Lab.native, "refresh_token": grant["refresh_token"]])
            let carried = [member, guest].map { Self.names(in: $0.claims("id_token")) }
            for claims in carried { try #require(!claims.isEmpty) }

            let document = try await lab.send(.get, "/contoso.example/\(version.configuration)")
            let listed = Set(try #require(document.json["claims_supported"]).elements.compactMap(\.text))
            #expect(carried[0].union(carried[1]) == listed.union(version.unlisted))
            #expect(listed.isDisjoint(with: version.unlisted))
        }
    }
}
