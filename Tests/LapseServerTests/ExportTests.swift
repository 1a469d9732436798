import LapseRules
import Testing

@testable import LapseServer
@testable import LapseService

private let tailspin: JSON = [
    "id": "33333333-cccc-4ccc-8ccc-333333333333", "name": "Tailspin", "domains": ["tailspin.example"],
    "users": [["userPrincipalName": "wren@tailspin.example", "password": "An0ther-secret!"]],
    "apps": [["id": "tailspin", "name": "Tailspin", "kind": "confidential", "secrets": ["tailspin-web-secret"]]],
]

private func file(_ tenants: JSON...) -> JSON { ["tenants": .array(tenants)] }

@Suite("Export, import, reset")
struct ExportTests {
    private func exported(_ lab: Lab, _ query: String = "?secrets=true") async throws -> JSON {
        let answer = try await lab.control(.get, "export\(query)")
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func names(_ lab: Lab) async throws -> [String] {
        try await lab.control(.get, "tenants").items.compactMap { $0["name"]?.text }
    }

    /// A lab in which people have worked.
    private func change(_ lab: Lab) async throws {
        try await lab.contoso(.patch, "users/adele@contoso.example", ["password": "Ch4nged-since!", "displayName": "A: #1"])
        try await lab.contoso(
            .post, "users", ["userPrincipalName": "new@contoso.example", "roles": ["Reports Reader"], "mail": "null"])
        try await lab.contoso(.delete, "users/alex@contoso.example")
        try await lab.contoso(.patch, "users/admin@contoso.example", ["accountEnabled": false])
        try await lab.contoso(.patch, "apps/\(Lab.web)", ["secrets": ["changed-secret"], "lifetimes": ["accessToken": "PT2M"]])
        try await lab.contoso(.post, "apps", ["id": "mine", "name": "Mine", "kind": "public", "foci": true])
        try await lab.contoso(.delete, "apps/\(Lab.spa)")
        try await lab.contoso(.put, "consents/adele@contoso.example/\(Lab.native)")
        try await lab.contoso(.delete, "consents/adele@contoso.example/\(Lab.web)")
        try await lab.contoso(.put, "policies", ["tieRule": "entra", "lifetimes": ["refreshTokenInactivity": "P7D"]])
        try await lab.contoso(.put, "propagation", "flapping")
        try await lab.contoso(
            .post, "faults", ["match": ["endpoint": "devicecode", "region": "eastus"], "effect": ["status": 503]])
        try await lab.contoso(.post, "faults", ["match": ["user": "new@contoso.example"], "effect": ["code": 50173], "times": 2])
        _ = try await lab.control(.post, "tenants", ["template": "contoso"])
    }

    @Test("A directory that was exported with secrets and imported into an empty Lapse is exported as the same")
    func roundTrip() async throws {
        let first = try await Lab.withResult { lab async throws in
            try await change(lab)
            return try await exported(lab)
        }
        #expect(first["tenants"]?.elements.count == 2)
        try await Lab.run(seed: []) { lab async throws in
            let made = try await lab.control(.post, "import", first)
            #expect(made.status == 201, "\(made.text)")
            #expect(made.items.compactMap { $0["name"]?.text } == ["Contoso", "Fabrikam"])
            #expect(try await exported(lab).encodedText == first.encodedText)
            // The old password signs in, and no other does.
            #expect(try await password("Ch4nged-since!", lab) == nil)
            #expect(try await password(BuiltInLab.password, lab) == 50126)
            // A reset returns to what was imported.
            try await lab.contoso(.delete, "users/new@contoso.example")
            #expect(try await lab.control(.post, "reset").status == 200)
            #expect(try await exported(lab).encodedText == first.encodedText)
        }
    }

    private func password(_ password: String, _ lab: Lab) async throws -> Int? {
        try await lab.form(
            "/contoso.example/oauth2/v2.0/token",
            [
                "grant_type": "password", "client_id": Lab.native, "username": "adele@contoso.example", "password": password,
                "scope": "openid",
            ]
        ).code
    }

    @Test("Without secrets an export holds no hash; a tenant by name is exported alone, without its guests")
    func narrow() async throws {
        try await Lab.run { lab async throws in
            try await change(lab)
            let all = try await exported(lab, "")
            #expect(!all.encodedText.contains("sha256"))
            #expect(try await exported(lab, "?secrets=false") == all)
            let contoso = try await exported(lab, "?tenant=CONTOSO.example&secrets=true")
            #expect(contoso["tenants"]?.elements.count == 1)
            #expect(contoso.encodedText.contains("sha256"))
            #expect(!contoso.encodedText.contains("nestor"))
            #expect(all.encodedText.contains("nestor_fabrikam"))
            #expect(try await lab.control(.get, "export?tenant=nobody.example").status == 404)
            #expect(try await lab.control(.get, "export?secrets=1").status == 400)
            // A sandbox is exported when it is named, and stays one.
            let made = try await lab.control(.post, "tenants", ["template": "fabrikam"])
            let sandbox = try await exported(lab, "?tenant=\(made["id"])")
            #expect(sandbox["tenants"]?.elements.first?["sandbox"] == true)
        }
    }

    @Test("An import that cannot be whole makes nothing")
    func allOrNothing() async throws {
        try await Lab.run { lab async throws in
            let own: JSON = ["id": "44444444-dddd-4ddd-8ddd-444444444444", "name": "Own", "domains": ["own.example"]]
            let taken: [(JSON, Int, String)] = [
                (
                    file(own, ["id": "55555555-dddd-4ddd-8ddd-444444444444", "name": "x", "domains": ["contoso.example"]]), 409,
                    "tenants[1].domains"
                ),
                (
                    file(own, ["id": .string(BuiltInLab.contoso.description), "name": "x", "domains": ["x.example"]]), 409,
                    "tenants[1].id"
                ),
                (
                    file(
                        own,
                        [
                            "id": "55555555-dddd-4ddd-8ddd-444444444444", "name": "x", "domains": ["x.example"],
                            "users": [["id": .string(Lab.adele), "userPrincipalName": "a@x.example"]],
                        ]), 409, "tenants[1].users[0].id"
                ),
                (file(own, ["name": "x"]), 400, "tenants[1].domains"), ([:], 400, "tenants"),
            ]
            for (body, status, field) in taken {
                let answer = try await lab.control(.post, "import", body)
                #expect((answer.status, answer.json["error"]?["field"]?.text) == (status, field), "\(answer.text)")
            }
            #expect(try await names(lab) == ["Contoso", "Fabrikam"])
        }
    }

    @Test("A reset to a seed file is as if Lapse had started with it: other tenants and their grants are gone")
    func resetToFile() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.control(.post, "tenants", ["template": "contoso"])
            let token = try await lab.grant()["refresh_token"]
            let bad = try await lab.control(.post, "reset", file(tailspin, ["name": "x"]))
            #expect(bad.status == 400)
            #expect(try await lab.refresh(token).status == 200)

            let reset = try await lab.control(.post, "reset", file(tailspin))
            #expect(reset.status == 200, "\(reset.text)")
            #expect(try await names(lab) == ["Tailspin"])
            #expect(try await lab.refresh(token, at: "tailspin.example").status == 400)
            #expect(try lab.authority.seed(TenantSeed.read(file(tailspin))) == .appliedBefore)
            // What it is made of now is what it goes back to.
            _ = try await lab.control(.delete, "tenants/tailspin.example/apps/tailspin")
            #expect(try await lab.control(.post, "reset").status == 200)
            #expect(try await lab.control(.get, "tenants/tailspin.example/apps").items.count == 1)
            let events = try await lab.control(.get, "tenants/tailspin.example/events").items.compactMap { $0["type"]?.text }
            #expect(events == ["tenantReset"])
        }
    }

    @Test("One tenant is reset, to its seed or to a file's, and the others stay as they are")
    func resetOne() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.delete, "users/alex@contoso.example")
            let nestor = try await lab.grant(user: "nestor@fabrikam.example", tenant: "fabrikam.example")["refresh_token"]
            let whole = TenantSeed.file(BuiltInLab.seed, withSecrets: true)
            #expect(try await lab.control(.post, "reset?tenant=contoso.example", whole).status == 200)
            #expect(try await lab.control(.get, "tenants/contoso.example/users/alex@contoso.example").status == 200)
            #expect(try await lab.refresh(nestor, at: "fabrikam.example").status == 200)
            #expect(try await lab.control(.post, "reset?tenant=fabrikam.example").status == 200)
            #expect(try await lab.refresh(nestor, at: "fabrikam.example").status == 400)
            // The guest came along, and its home is there.
            #expect(try await lab.control(.get, "tenants/contoso.example/users").items.count == 4)

            #expect(try await lab.control(.post, "reset?tenant=nobody.example").status == 404)
            let other = try await lab.control(.post, "reset?tenant=contoso.example", file(tailspin))
            #expect((other.status, other.json["error"]?["field"]?.text) == (400, "tenant"))
            // A guest of nobody: everything stays.
            _ = try await lab.control(.delete, "tenants/fabrikam.example")
            let homeless = try await lab.control(.post, "reset?tenant=contoso.example", whole)
            #expect(homeless.status == 400, "\(homeless.text)")
            #expect(try await names(lab) == ["Contoso"])
        }
    }

    @Test("All tenants go back to their own seeds in one step, sandboxes too")
    func resetAll() async throws {
        try await Lab.run { lab async throws in
            let made = try await lab.control(.post, "tenants", ["template": "contoso"])
            let before = try await exported(lab)
            try await change(lab)
            let user = made.json["users"]?.elements.first?["id"]?.text ?? ""
            _ = try await lab.control(.delete, "tenants/\(made["id"])/users/\(user)")
            let reset = try await lab.control(.post, "reset", [:])
            #expect(reset.items.count == 4)
            #expect(try await exported(lab).encodedText == before.encodedText)
            #expect(try await lab.control(.get, "tenants/\(made["id"])/users/\(user)").status == 200)
        }
    }

    @Test("A Lapse tells whether what it starts with was applied, was before, or was not")
    func seeding() async throws {
        try await Lab.run(seed: []) { lab async throws in
            let seeds = try TenantSeed.read(file(tailspin))
            #expect(try lab.authority.seed(seeds) == .applied)
            _ = try await lab.control(.post, "tenants", ["template": "tailspin"])
            #expect(try lab.authority.seed(seeds) == .appliedBefore)
            var changed = seeds
            changed[0].users[0].displayName = "Otter"
            guard case .notApplied(let there) = try lab.authority.seed(changed) else { return #expect(Bool(false)) }
            #expect(there.count == 2)
            guard case .notApplied = try lab.authority.seed(BuiltInLab.seed) else { return #expect(Bool(false)) }
        }
    }
}

extension Lab {
    /// Runs the test and hands back what it answers.
    static func withResult(_ test: @Sendable (Lab) async throws -> JSON) async throws -> JSON {
        let (results, deliver) = AsyncStream<JSON>.makeStream()
        try await run { lab async throws in
            deliver.yield(try await test(lab))
            deliver.finish()
        }
        for await result in results { return result }
        return .null
    }
}
