import LapseRules
import LapseStore

// The control API's calls that make and remove tenants.
extension Authority {
    /// Makes a tenant for one test: `{"template"}` like another tenant's seed, or a seed tenant of its own.
    ///
    /// - Returns: the tenant with its users and apps; passwords and secrets where they are known, this once.
    package func createTenant(_ body: JSON) throws -> JSON {
        let sandbox = NewSandbox(random: random)
        return try store.write { tx in
            let seed: TenantSeed
            if body["template"] != nil {
                seed = try self.seed(sandbox, fromTemplate: body, tx)
            } else {
                seed = try reading { () throws(FieldError) in try sandbox.seed(body) }
                try refuseTaken(seed, tx)
            }
            try Operation(self, tx, trace: nil).plant(seed)
            return json(of: seed, body: body)
        }
    }

    private func seed(_ sandbox: NewSandbox, fromTemplate body: JSON, _ tx: StoreTransaction) throws -> TenantSeed {
        let (name, propagation, policies) = try reading { () throws(FieldError) in
            var reader = try ObjectReader(body)
            let name = try reader.required("template")
            var propagation: PropagationModel?
            if let model = reader.value("propagation") { propagation = try PropagationModel(model, path: "propagation") }
            var policies: Policies?
            if let value = reader.value("policies") { policies = try Policies(value, path: "policies") }
            try reader.finish()
            return (name, propagation, policies)
        }
        let named = try TenantName(name).flatMap { try tx.tenant(named: $0) }
        let template = try named ?? tx.tenants().first { !$0.isSandbox && $0.name.lowercased() == name.lowercased() }
        guard let template, let pattern = try tx.seed(of: template.id) else {
            throw ControlError.invalid(FieldError("template", "names no tenant"))
        }
        var seed = sandbox.seed(like: pattern)
        seed.tenant.propagation = propagation ?? seed.tenant.propagation
        seed.tenant.policies = policies ?? seed.tenant.policies
        return seed
    }

    private func refuseTaken(_ seed: TenantSeed, _ tx: StoreTransaction) throws {
        let taken = try tx.isTaken(tenantID: seed.tenant.id, domains: seed.tenant.domains)
        if taken.id { throw ControlError.conflict(FieldError("id", "is taken")) }
        if let domain = taken.domain { throw ControlError.conflict(FieldError("domains", "names \(domain), which is taken")) }
        for (index, user) in seed.users.enumerated() {
            if try tx.isTaken(userID: user.id, userPrincipalName: user.userPrincipalName).id {
                throw ControlError.conflict(FieldError("users[\(index)].id", "is taken"))
            }
        }
    }

    /// Removes a tenant with everything in it, and its members' guest objects elsewhere.
    package func deleteTenant(_ name: String) throws {
        let tenant = try store.write { tx in
            let tenant = try controlled(name, tx).id
            try tx.delete(tenant: tenant, keepingGuests: false)
            return tenant
        }
        gates.openAll(of: tenant)
    }

    /// The tenant in full. What the body gave in clear is shown again, and what the built-in lab gives everybody.
    private func json(of seed: TenantSeed, body: JSON) -> JSON {
        let tenant = seed.tenant
        func given(_ list: String, _ index: Int, _ member: String) -> JSON? {
            guard case .array(let elements) = body[list], elements.indices.contains(index) else { return nil }
            return elements[index][member]
        }
        let users = seed.users.enumerated().map { index, user in
            user.json(
                password: given("users", index, "password")?.text
                    ?? (user.hasPassword(BuiltInLab.password) ? BuiltInLab.password : nil))
        }
        let apps = seed.apps.enumerated().map { index, app in
            app.json(
                secrets: (given("apps", index, "secrets").flatMap { JSON.texts(of: $0) })
                    ?? BuiltInLab.secrets.filter { app.secretHashes.contains(AppRegistration.hash(secret: $0, of: app.id)) })
        }
        return tenant.json.adding([
            "propagation": model(of: tenant).json, "policies": tenant.policies.json,
            "clock": ["now": JSON(tenant.clock.now(wall: systemTime())), "mode": .string(tenant.clock.mode.rawValue)],
            "users": .array(users), "apps": .array(apps),
        ])
    }
}

extension JSON {
    /// The elements of a list of texts.
    fileprivate static func texts(of value: JSON) -> [String]? {
        guard case .array(let elements) = value else { return nil }
        return elements.compactMap(\.text)
    }
}
