import HTTPTypes
import LapseRules
import Testing

@testable import LapseServer

/// A Lapse that people reach under another name than its own, because a proxy that speaks TLS stands before it.
@Suite("The public URL")
struct PublicURLTests {
    private static let origin = "https://lapse.team.example"

    /// What proxies tell of their clients, and clients of themselves.
    private static let told: HTTPFields = [
        .init("X-Forwarded-Host")!: "evil.example", .init("X-Forwarded-Proto")!: "https", .init("X-Forwarded-Port")!: "444",
        .init("X-Forwarded-Server")!: "evil.example", .init("X-Original-Host")!: "evil.example", .init("Front-End-Https")!: "on",
        .init("Forwarded")!: "for=192.0.2.1;host=evil.example;proto=https",
    ]

    @Test(
        "Its scheme decides the cookies' flags, else the port's; headers that a proxy adds do not",
        arguments: [
            (Site.Scheme.http, nil, "; HttpOnly; SameSite=Lax"), (.https, nil, "; Secure; HttpOnly; SameSite=None"),
            (.http, origin, "; Secure; HttpOnly; SameSite=None"), (.https, origin, "; Secure; HttpOnly; SameSite=None"),
            (.http, "http://lapse.team.example:8080", "; HttpOnly; SameSite=Lax"),
            (.https, "http://lapse.team.example:8080", "; HttpOnly; SameSite=Lax"),
        ])
    func cookies(port: Site.Scheme, publicURL: String?, flags: String) async throws {
        try await Lab.run(scheme: port, publicURL: publicURL) { lab async throws in
            var headers = Self.told
            headers[.contentType] = "application/x-www-form-urlencoded"
            let form = Lab.encoded(["step": "signIn", "login": "adele@contoso.example", "passwd": BuiltInLab.password])
            let signedIn = try await lab.send(.post, Lab.authorizePath(), headers: headers, body: form)
            let out = try await lab.send(.get, "/contoso.example/oauth2/v2.0/logout", headers: Self.told)
            for answer in [signedIn, out] {
                let set = answer.headers[values: .setCookie]
                #expect(!set.isEmpty && set.allSatisfy { $0.hasSuffix(flags) }, "\(set)")
            }
        }
    }

    @Test(
        "Every address that a client fetches has it, else the request's own Host and the port's scheme; never what headers say",
        arguments: [(nil, "http://localhost"), (origin, origin)] as [(String?, String)])
    func addresses(publicURL: String?, expected: String) async throws {
        try await Lab.run(scheme: .http, publicURL: publicURL) { lab async throws in
            let metadata = try await lab.send(
                .get, "/contoso.example/v2.0/.well-known/openid-configuration", headers: Self.told)
            for name in [
                "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint",
                "device_authorization_endpoint", "end_session_endpoint",
            ] {
                #expect(metadata[name].hasPrefix("\(expected)/"), "\(name): \(metadata[name])")
            }
            var headers = Self.told
            headers[.contentType] = "application/x-www-form-urlencoded"
            let device = try await lab.send(
                .post, "/contoso.example/oauth2/v2.0/devicecode", headers: headers,
                body: Lab.encoded(["client_id": Lab.native, "scope": Lab.scope]))
            #expect(device["verification_uri"].hasPrefix("\(expected)/"), "\(device.text)")
            #expect(device["message"].contains(" \(expected)/"))
            let refused = try await lab.refresh("nonsense", headers: Self.told)
            #expect(refused["error_uri"].hasPrefix("\(expected)/error?code="), "\(refused.text)")
            let grant = try await lab.grant(user: "admin@contoso.example", scope: "openid offline_access User.ReadWrite.All")
            let renewed = try await lab.refresh(grant["refresh_token"], scope: "\(Lab.api)/.default", headers: Self.told)
            #expect(renewed.claims("access_token")["iss"]?.text?.hasPrefix("\(expected)/") == true, "\(renewed.text)")
            headers = Self.told
            headers[.authorization] = "Bearer \(grant["access_token"])"
            let page = try await lab.send(.get, "/v1.0/users?$top=1", headers: headers)
            #expect(page["@odata.nextLink"].hasPrefix("\(expected)/v1.0/users?"), "\(page.text)")
        }
    }

    @Test(
        "By request, what an app asks by itself follows the request's host; issuer, authorize, logout and pages stay the public one's"
    )
    func backChannel() async throws {
        try await Lab.run(scheme: .http, publicURL: Self.origin, backChannel: .request) { lab async throws in
            let app = "http://localhost"
            let metadata = try await lab.send(.get, "/contoso.example/v2.0/.well-known/openid-configuration")
            for name in ["token_endpoint", "jwks_uri", "userinfo_endpoint", "device_authorization_endpoint"] {
                #expect(metadata[name].hasPrefix("\(app)/"), "\(name): \(metadata[name])")
            }
            for name in ["issuer", "authorization_endpoint", "end_session_endpoint"] {
                #expect(metadata[name].hasPrefix("\(Self.origin)/"), "\(name): \(metadata[name])")
            }
            let device = try await lab.form(
                "/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": Lab.scope])
            #expect(device["verification_uri"].hasPrefix("\(Self.origin)/"))
            let refused = try await lab.refresh("garbage")
            #expect(refused["error_uri"].hasPrefix("\(Self.origin)/"))
            let token = try await lab.grant(
                user: "admin@contoso.example", scope: "openid User.Read User.ReadWrite.All Directory.AccessAsUser.All")
            #expect(token.claims("id_token")["iss"]?.text?.hasPrefix("\(Self.origin)/") == true)
            let users = try await lab.send(
                .get, "/v1.0/users?$top=1", headers: [.authorization: "Bearer \(token["access_token"])"])
            #expect(users["@odata.nextLink"].hasPrefix("\(app)/v1.0/users"))
            let instance = try await lab.send(
                .get,
                "/common/discovery/instance?api-version=1.1&authorization_endpoint="
                    + FormParameters.encode("\(app)/contoso.example/oauth2/v2.0/authorize"))
            #expect(instance["tenant_discovery_endpoint"].hasPrefix("\(app)/"))
        }
    }

    @Test("Instance discovery knows its host with the port and without, and on no other port")
    func instance() async throws {
        try await Lab.run(scheme: .http, publicURL: "http://lapse.team.example:8080") { lab async throws in
            for (host, isKnown) in [
                ("lapse.team.example:8080", true), ("Lapse.Team.Example", true), ("lapse.team.example:9", false),
            ] {
                let asked = FormParameters.encode("http://\(host)/common/oauth2/v2.0/authorize")
                let answer = try await lab.send(.get, "/common/discovery/instance?api-version=1.1&authorization_endpoint=\(asked)")
                #expect((answer.status == 200) == isKnown, "\(host): \(answer.text)")
                guard isKnown else { continue }
                let own = answer.json["metadata"]?.elements.suffix(2) ?? []
                // MSAL.NET puts the name in place of the host and keeps the port: it must have none there.
                #expect(own.map { $0["aliases"] } == [["lapse.team.example:8080"], ["lapse.team.example"]])
                #expect(own.map { $0["preferred_network"] } == ["lapse.team.example:8080", "lapse.team.example"])
            }
        }
    }

    @Test(
        "Its host is Lapse's own, on any port; names below it, above it and beside it are not",
        arguments: [
            ("lapse.team.example", true), ("LAPSE.team.example:443", true), ("lapse.team.example:8080", true),
            ("localhost:8080", true), ("a.lapse.team.example", false), ("team.example", false),
            ("lapse.team.example.evil.example", false), ("other.team.example", false), ("192.0.2.1", false),
        ])
    func hosts(host: String, isOwn: Bool) async throws {
        try await Lab.run { lab async throws in
            let site = Site(
                authority: lab.authority, scheme: .http, certificatePEM: "", publicURL: Self.origin, version: "test",
                systemTime: { Lab.start }, logger: .init(label: "test"))
            #expect(site.isOwnHost(host) == isOwn)
        }
    }

    @Test(
        "Forms and calls of its own pages are taken, those of pages of the port's own origin or another are not",
        arguments: [
            (origin, true), ("http://lapse.team.example", false), ("http://localhost", false), ("https://evil.example", false),
        ])
    func pages(sent: String, isTaken: Bool) async throws {
        try await Lab.run(scheme: .http, publicURL: Self.origin) { lab async throws in
            var headers = Self.told
            headers[.origin] = sent
            #expect(try await lab.send(.get, "/_lapse/api/tenants", headers: headers).status == (isTaken ? 200 : 403))
            headers[.contentType] = "application/x-www-form-urlencoded"
            let form = Lab.encoded(["step": "signIn", "login": "adele@contoso.example", "passwd": BuiltInLab.password])
            let signIn = try await lab.send(.post, Lab.authorizePath(), headers: headers, body: form)
            #expect(signIn.status == (isTaken ? 302 : 403))
        }
    }
}
