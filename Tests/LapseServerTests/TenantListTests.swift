import LapseRules
import Testing

@testable import LapseServer

@Suite("The list of tenants")
struct TenantListTests {
    @Test("It has pages, by name, sandboxes after the others; a cursor that is none is refused")
    func pages() async throws {
        try await Lab.run { lab async throws in
            for _ in 0..<120 { #expect(try await lab.control(.post, "tenants", ["template": "contoso"]).status == 201) }
            #expect(try await lab.control(.post, "tenants", ["name": "Zebra", "domains": ["zebra.example"]]).status == 201)
            let first = try await lab.control(.get, "tenants")
            #expect(first.items.count == 100)
            #expect(first.items.prefix(2).map { $0["name"]?.text } == ["Contoso", "Fabrikam"])
            let rest = try await lab.control(.get, "tenants?after=\(first["next"])")
            #expect(rest.json["next"] == .null)
            let all = (first.items + rest.items).compactMap { $0["id"]?.text }
            #expect(all.count == 123)
            #expect(Set(all).count == 123)
            for cursor in ["nobody", "99999999-0000-4000-8000-000000000000", "1"] {
                let refused = try await lab.control(.get, "tenants?after=\(cursor)")
                #expect(refused.status == 400)
                #expect(refused.json["error"]?["field"]?.text == "after")
            }
        }
    }

    @Test("Among many sandboxes a domain, a template's name and an app of another tenant are found as before")
    func lookUps() async throws {
        try await Lab.run { lab async throws in
            var domains: [String] = []
            for _ in 0..<30 {
                let made = try await lab.control(.post, "tenants", ["template": "CONTOSO"])
                #expect(made.status == 201)
                domains += made.json["domains"]?.elements.compactMap(\.text) ?? []
            }
            #expect(domains.count == 30)
            for domain in domains { #expect(try await lab.control(.get, "tenants/\(domain)/clock").status == 200) }
            #expect(try await lab.control(.delete, "tenants/\(domains[0])").status == 204)
            #expect(try await lab.control(.get, "tenants/\(domains[0])/clock").status == 404)
            #expect(try await lab.control(.post, "tenants/\(domains[1])/reset").status == 200)
            #expect(try await lab.control(.get, "tenants/\(domains[1])/clock").status == 200)
            // Its own, by the same client id as in every sandbox; Fabrikam has none, and uses Contoso's.
            for tenant in [domains[1], "fabrikam.example", "common"] {
                let page = try await lab.send(.get, Lab.authorizePath(tenant: tenant))
                #expect(page.text.contains("name=\"passwd\"") || page.text.contains("name=\"loginfmt\""), "\(tenant): \(page.text)")
            }
            // A redirect URI that some app has, on any port of this machine; one that none has, in the end.
            for (address, isFollowed) in [("http://localhost:4321", true), ("https://elsewhere.example/", false)] {
                let page = try await lab.send(
                    .get, "/common/oauth2/v2.0/logout?post_logout_redirect_uri=\(FormParameters.encode(address))")
                #expect((page.headers[.location] == address) == isFollowed, "\(address)")
                #expect(page.status == (isFollowed ? 302 : 200))
            }
        }
    }
}
