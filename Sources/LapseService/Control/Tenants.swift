import LapseRules
import LapseStore

// The control API's calls on a tenant as a whole.
extension Authority {
    package func listTenants() throws -> ControlPage<Tenant> {
        ControlPage(whole: try store.read { try $0.tenants() })
    }

    /// Makes a tenant for one test, as the seed describes it.
    ///
    /// - Throws: ``ControlError``, a conflict, when `id`, a name of `domains` or a user's id is taken.
    package func createTenant(_ seed: TenantSeed) throws -> CreatedTenant {
        try store.write { tx in
            try refuseTaken(seed, tx)
            return try plant(seed, tx)
        }
    }

    /// Makes a tenant for one test, like the seed of another.
    ///
    /// - Throws: ``ControlError`` when `template` names no tenant.
    package func createTenant(like template: SandboxTemplate) throws -> CreatedTenant {
        let sandbox = NewSandbox(random: random)
        return try store.write { tx in
            guard let pattern = try seed(named: template.name, tx) else {
                throw ControlError.invalid(FieldError("template", "names no tenant"))
            }
            var seed = sandbox.seed(like: pattern)
            seed.tenant.propagation = template.propagation ?? seed.tenant.propagation
            seed.tenant.policies = template.policies ?? seed.tenant.policies
            return try plant(seed, tx)
        }
    }

    private func plant(_ seed: TenantSeed, _ tx: StoreTransaction) throws -> CreatedTenant {
        let op = Operation(self, tx, trace: nil)
        try op.plant(seed)
        let planted = try op.in(seed.tenant)
        return CreatedTenant(seed: seed, propagation: planted.model, clock: planted.clock)
    }

    /// The seed of a tenant by GUID or domain, or, of one that is no sandbox, by its display name.
    private func seed(named name: String, _ tx: StoreTransaction) throws -> TenantSeed? {
        let named = try TenantName(name).flatMap { try tx.tenant(named: $0) }
        let template = try named ?? tx.tenants().first { !$0.isSandbox && $0.name.lowercased() == name.lowercased() }
        return try template.flatMap { try tx.seed(of: $0.id) }
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
    ///
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func deleteTenant(_ name: String) throws {
        let tenant = try changing(name) { op in
            try op.tx.delete(tenant: op.tenant.id, keepingGuests: false)
            return op.tenant.id
        }
        gates.openAll(of: tenant)
    }

    /// Back to the seed: no grants, sessions, revocations and events, the clock real.
    ///
    /// - Returns: the tenant as it is now.
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func resetTenant(_ name: String) throws -> Tenant {
        let tenant = try changing(name) { op in
            let id = op.tenant.id
            guard let seed = try op.tx.seed(of: id) else { throw ControlError.notFound("There is no tenant '\(name)'.") }
            try op.tx.delete(tenant: id, keepingGuests: true)
            try op.plant(seed)
            try op.tx.deleteOrphanedGuests(of: id)
            try op.tx.append(Event(tenant: id, at: try op.in(seed.tenant).now, kind: .tenantReset))
            return seed.tenant
        }
        gates.openAll(of: tenant.id)
        return tenant
    }

    // MARK: Policies

    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func policies(of name: String) throws -> Policies { try looking(at: name) { $0.tenant.policies } }

    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func setPolicies(_ policies: Policies, of name: String) throws {
        try changing(name) { op in
            var tenant = op.tenant
            tenant.policies = policies
            try op.update(to: tenant, .policiesChanged)
        }
    }
}

/// What a new tenant is made like, and what it has otherwise.
package struct SandboxTemplate: Sendable {
    /// A tenant by GUID, domain or display name.
    let name: String
    /// Nil: as the template has it.
    let propagation: PropagationModel?
    /// Nil: as the template has them.
    let policies: Policies?

    package init(name: String, propagation: PropagationModel? = nil, policies: Policies? = nil) {
        self.name = name
        self.propagation = propagation
        self.policies = policies
    }
}

/// A tenant as it was made.
package struct CreatedTenant: Sendable {
    package let seed: TenantSeed
    /// The model in force: the server's where the seed names none.
    package let propagation: PropagationModel
    package let clock: ClockReading
}

extension Operation {
    /// Writes the operation's tenant as it is from now on; the event stands at the instant that its clock then shows.
    func update(to tenant: Tenant, _ kind: Event.Kind) throws {
        try tx.update(tenant)
        try tx.append(Event(tenant: tenant.id, at: try self.in(tenant).now, kind: kind))
    }
}
