import Hummingbird
import LapseRules
import LapseService

/// The control calls on a tenant as a whole.
struct TenantCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants", use: list)
        routes.post("tenants", use: create)
        routes.delete("tenants/{tenant}", use: delete)
        routes.post("tenants/{tenant}/reset", use: reset)
        routes.get("export", use: export)
        routes.post("import", use: add)
        routes.post("reset", use: resetAll)
        routes.get("tenants/{tenant}/policies", use: policies)
        routes.put("tenants/{tenant}/policies", use: setPolicies)
    }

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.listTenants(after: try request.controlQuery("after")).json(\.json))
    }

    /// `{"template"}` for a tenant like another one's seed; else a seed tenant of its own.
    func create(_ request: Request, _ context: LapseContext) async throws -> Response {
        let body = try await request.control()
        let tenant = try body["template"] == nil ? create(body) : create(likeTemplateOf: body)
        return ControlResponder.answer(tenant.json(body), status: .created)
    }

    private func create(_ body: JSON) throws -> CreatedTenant {
        let sandbox = NewSandbox(random: authority.random)
        return try authority.createTenant(try ControlError.reading { () throws(FieldError) in try sandbox.seed(body) })
    }

    private func create(likeTemplateOf body: JSON) throws -> CreatedTenant {
        try authority.createTenant(like: try ControlError.reading { () throws(FieldError) in try SandboxTemplate(body) })
    }

    func delete(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await authority.deleteTenant(try context.parameter("tenant"))
        return Response(status: .noContent)
    }

    func reset(_ request: Request, _ context: LapseContext) async throws -> Response {
        _ = try await request.control()
        return ControlResponder.answer(try await authority.resetTenant(try context.parameter("tenant")).json)
    }

    // MARK: As a seed file

    func export(_ request: Request, _ context: LapseContext) throws -> Response {
        let withSecrets = try request.controlFlag("secrets")
        let seeds = try authority.exportTenants(try request.controlQuery("tenant"))
        return ControlResponder.answer(TenantSeed.file(seeds, withSecrets: withSecrets))
    }

    func add(_ request: Request, _ context: LapseContext) async throws -> Response {
        let body = try await request.control(upTo: Bounds.seed)
        let seeds = try ControlError.reading { () throws(FieldError) in try TenantSeed.read(body) }
        return ControlResponder.answer(list(try authority.importTenants(seeds)), status: .created)
    }

    /// Without tenants in the body each goes back to its own seed.
    func resetAll(_ request: Request, _ context: LapseContext) async throws -> Response {
        let body = try await request.control(upTo: Bounds.seed)
        let seeds = try ControlError.reading { () throws(FieldError) in body == [:] ? nil : try TenantSeed.read(body) }
        return ControlResponder.answer(list(try await authority.resetTenants(try request.controlQuery("tenant"), to: seeds)))
    }

    private func list(_ tenants: [Tenant]) -> JSON { ["items": .array(tenants.map(\.json)), "next": .null] }

    func policies(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.policies(of: try context.parameter("tenant")).json)
    }

    /// Replaces the policies; what the body leaves out has its default.
    func setPolicies(_ request: Request, _ context: LapseContext) async throws -> Response {
        let policies = try await request.control { body throws(FieldError) in try Policies(body) }
        try authority.setPolicies(policies, of: try context.parameter("tenant"))
        return ControlResponder.answer(policies.json)
    }
}

extension SandboxTemplate {
    /// `{"template","propagation"?,"policies"?}`
    init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        let name = try reader.required("template")
        var propagation: PropagationModel?
        if let model = reader.value("propagation") { propagation = try PropagationModel(model, path: "propagation") }
        var policies: Policies?
        if let value = reader.value("policies") { policies = try Policies(value, path: "policies") }
        try reader.finish()
        self.init(name: name, propagation: propagation, policies: policies)
    }
}

extension Tenant {
    var json: JSON { ["id": .string(id.description), "name": .string(name), "domains": JSON(domains)] }
}

extension CreatedTenant {
    /// The tenant in full. Passwords and secrets that the body gave in clear are shown again, this once, and those that the built-in lab
    /// gives everybody.
    func json(_ body: JSON) -> JSON {
        let tenant = seed.tenant
        func given(_ list: String, _ index: Int) -> JSON? {
            guard case .array(let elements) = body[list], elements.indices.contains(index) else { return nil }
            return elements[index]
        }
        let users = seed.users.enumerated().map { index, user in
            user.json(
                password: given("users", index)?["password"]?.text
                    ?? (user.hasPassword(BuiltInLab.password) ? BuiltInLab.password : nil))
        }
        let apps = seed.apps.enumerated().map { index, app in
            app.json(
                seed.principals.first { $0.client == app.id } ?? ServicePrincipal(of: app.id, in: seed.tenant.id),
                secrets: given("apps", index).flatMap { AppRegistration.secrets(in: $0) }
                    ?? BuiltInLab.secrets.filter { app.secretHashes.contains(AppRegistration.hash(secret: $0, of: app.id)) })
        }
        return tenant.json.adding([
            "propagation": propagation.json, "policies": tenant.policies.json, "clock": clock.json, "users": .array(users),
            "apps": .array(apps),
        ])
    }
}
