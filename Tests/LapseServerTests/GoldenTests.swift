import Foundation
import HTTPTypes
import LapseRules
import Testing

/// The files that hold what was answered once.
enum Golden {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Golden")

    /// Compares the text with the file of that name; `UPDATE_GOLDEN=1` writes the file first.
    static func compare(_ text: String, with name: String) throws {
        let file = folder.appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data((text + "\n").utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text + "\n", "\(name)")
    }
}

/// Whole answers, byte for byte, with a clock that stands still and seeded chance. `UPDATE_GOLDEN=1` rewrites them.
@Suite("Golden answers")
struct GoldenTests {
    /// Status, headers and body as they go over the wire, but for what the signing key and the signature put in.
    private func wire(_ answer: Answer) -> String {
        let headers = answer.headers.map { "\($0.name.canonicalName): \($0.value)" }.sorted().joined(separator: "\n")
        let body = answer.text
            .replacing(/"(kid|x5t|n)":"[^"]+"/) { "\"\($0.1)\":\"…\"" }
            .replacing(/"x5c":\["[^"]+"\]/, with: #""x5c":["…"]"#)
            .replacing(/eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/, with: "…")
        return "\(answer.status)\n\(headers)\n\n\(body)"
    }

    private func payload(_ token: String) throws -> String {
        let bytes = try #require(Base64URL.decode(token.split(separator: ".")[1]))
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("Metadata: discovery of a tenant and of common, keys, instances, user realm")
    func metadata() async throws {
        try await Lab.run { lab async throws in
            for (name, path) in [
                ("discovery-tenant", "/contoso.example/v2.0/.well-known/openid-configuration"),
                ("discovery-common", "/common/v2.0/.well-known/openid-configuration"), ("keys", "/common/discovery/v2.0/keys"),
                (
                    "instance",
                    "/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2Flogin.microsoftonline.com%2Fcommon%2Foauth2%2Fv2.0%2Fauthorize"
                ),
                (
                    "instance-unknown",
                    "/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2Fevil.example%2Fcommon%2Foauth2%2Fv2.0%2Fauthorize"
                ),
                ("userrealm", "/common/UserRealm/adele@contoso.example?api-version=1.0"),
                ("userrealm-unknown", "/common/userrealm/x@nowhere.example?api-version=1.0"),
            ] {
                try Golden.compare(wire(try await lab.send(.get, path)), with: "\(name).txt")
            }
        }
    }

    @Test("Tokens: the answer to a refresh, and the claims of the three kinds of token")
    func tokens() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(scope: "openid profile email offline_access User.Read")
            let answer = try await lab.refresh(
                grant["refresh_token"],
                headers: [
                    .init("client-request-id")!: "66666666-7777-4888-8999-aaaaaaaaaaaa", .init("return-client-request-id")!: "true",
                ])
            try Golden.compare(wire(answer), with: "refresh.txt")
            try Golden.compare(try payload(answer["access_token"]), with: "access-token-v1.json")
            try Golden.compare(try payload(answer["id_token"]), with: "id-token.json")
            let guest = try await lab.grant(
                user: "nestor_fabrikam.example#EXT#@contoso.example", scope: "openid api://lapse-lab/access_as_user")
            try Golden.compare(try payload(guest["access_token"]), with: "access-token-v2-guest.json")
            let daemon = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                [
                    "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                    "scope": "https://graph.microsoft.com/.default",
                ])
            try Golden.compare(try payload(daemon["access_token"]), with: "access-token-application.json")
        }
    }

    @Test(
        "Refusals: 50173 at the token endpoint, login_required at the redirect URI, a foreign redirect URI as a page, Graph's denial"
    )
    func refusals() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(scope: "openid offline_access User.Read")
            let cookies = try await lab.signIn().cookies
            _ = try await lab.revoke()
            try Golden.compare(wire(try await lab.refresh(grant["refresh_token"])), with: "refused-50173.txt")
            try Golden.compare(
                wire(try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies)), with: "refused-silent.txt")
            try Golden.compare(
                wire(try await lab.authorize(Lab.authorizePath(redirect: "https://evil.example/<b>"))), with: "refused-redirect.txt"
            )
            let denied = try await lab.send(
                .post, "/v1.0/me/revokeSignInSessions", headers: [.authorization: "Bearer \(grant["access_token"])"])
            try Golden.compare(wire(denied), with: "refused-graph.txt")
        }
    }

    @Test("Graph: a revoke, oneself, and what was selected")
    func graph() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            let headers: HTTPFields = [.authorization: "Bearer \(grant["access_token"])"]
            try Golden.compare(
                wire(try await lab.send(.post, "/v1.0/me/revokeSignInSessions", headers: headers)), with: "graph-revoke.txt")
            try Golden.compare(wire(try await lab.send(.get, "/beta/me", headers: headers)), with: "graph-me.txt")
            let capable = try await lab.refresh(
                grant["refresh_token"], claims: #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)
            #expect(capable.status == 400)
            let again = try await lab.grant()
            let tokens = try await lab.refresh(
                again["refresh_token"], claims: #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)
            _ = try await lab.revoke()
            let challenged = try await lab.send(
                .get, "/v1.0/me", headers: [.authorization: "Bearer \(tokens["access_token"])"])
            try Golden.compare(wire(challenged), with: "graph-challenge.txt")
        }
    }

    @Test("Pages and the device code")
    func pages() async throws {
        try await Lab.run { lab async throws in
            try Golden.compare(wire(try await lab.authorize(Lab.authorizePath())), with: "page-signin.txt")
            try Golden.compare(
                wire(try await lab.form("/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": "openid"])),
                with: "devicecode.txt")
            try Golden.compare(wire(try await lab.send(.get, "/error?code=50173")), with: "page-error-code.txt")
        }
    }
}
