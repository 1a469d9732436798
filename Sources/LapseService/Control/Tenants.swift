import LapseRules
import LapseStore

// The control API's calls on a tenant as a whole.
extension Authority {
    /// The tenants by name, sandboxes after the others.
    ///
    /// - Parameter cursor: the `next` of the part before.
    /// - Throws: ``ControlError``, invalid for `after`, when it is no cursor of this list.
    package func listTenants(after cursor: String?) throws -> ControlPage<Tenant> {
        try store.read { tx in
            let last = try cursor.map { text in
                guard let tenant = try GUID(text).flatMap({ try tx.tenant($0) }) else { throw ControlPage<Tenant>.unknownCursor }
                return tenant
            }
            return ControlPage(of: try tx.tenants(after: last, limit: ControlPage<Tenant>.size + 1), cursor: \.id.description)
        }
    }

    /// Makes a tenant for one test, as the seed describes it.
    ///
    /// - Throws: ``ControlError``, a conflict, when `id`, a name of `domains` or a user's id is taken.
    package func createTenant(_ seed: TenantSeed) throws -> CreatedTenant {
        try store.write { tx in
            try Operation(self, tx, trace: nil).refuseTaken(seed)
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
            if template.isClosed {
                for index in seed.users.indices { seed.users[index].set(password: random.token(bytes: 24)) }
                for index in seed.apps.indices { seed.apps[index].secretHashes = [] }
            }
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
        let template = try named ?? tx.tenantsThatStay().first { $0.name.lowercased() == name.lowercased() }
        return try template.flatMap { try tx.seed(of: $0.id) }
    }

    /// Removes a tenant with everything in it, and its members' guest objects elsewhere.
    ///
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func deleteTenant(_ name: String) async throws {
        try await deleteMuch(of: try tenantID(named: name))
        let tenant = try changing(name) { op in
            try op.tx.delete(tenant: op.tenant.id, keepingGuests: false)
            return op.tenant.id
        }
        tellEnd(of: tenant)
    }

    /// Deletes what a tenant has very much of, in slices between which other requests are answered: the one transaction that then takes the
    /// tenant away is short. From the first slice on more and more of its sign-ins are gone. A tenant that has little goes at once, as it is.
    private func deleteMuch(of tenant: GUID) async throws {
        let (hasMuch, last) = try store.read { (try $0.hasMuch(of: tenant), try $0.lastEventID()) }
        guard hasMuch else { return }
        let slices = Slices(store, pause: 1)
        _ = try await slices.run { try $0.deletePart(of: tenant, through: last, limit: $1) }
        store.cutLog()
    }

    /// Back to the seed: no grants, sessions, revocations and events, the clock real.
    ///
    /// - Returns: the tenant as it is now.
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func resetTenant(_ name: String) async throws -> Tenant {
        try await resetTenant(name) { _ in }.tenant
    }

    /// The same, with something done in the tenant, as it is then, in the transaction that resets it.
    ///
    /// - Parameter begin: gets the operation in the tenant that was reset.
    func resetTenant<Value>(
        _ name: String, _ begin: (Operation) throws -> Value
    ) async throws -> (tenant: Tenant, value: Value) {
        try await deleteMuch(of: try tenantID(named: name))
        let reset = try changing(name) { op in
            let id = op.tenant.id
            guard let seed = try op.tx.seed(of: id) else { throw ControlError.notFound("There is no tenant '\(name)'.") }
            try op.tx.delete(tenant: id, keepingGuests: true)
            try op.plant(seed)
            try op.tx.deleteOrphanedGuests(of: id)
            let now = try op.in(seed.tenant)
            try op.tx.append(Event(tenant: id, at: now.now, kind: .tenantReset))
            return (tenant: seed.tenant, value: try begin(now))
        }
        tellEnd(of: reset.tenant.id)
        return reset
    }

    // MARK: As a seed file

    /// The tenants as they are now, those of sandboxes left out; or the one of that name, whatever it is.
    ///
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func exportTenants(_ name: String?) throws -> [TenantSeed] {
        if let name { return [try looking(at: name) { try $0.currentSeed(of: $0.tenant) }] }
        return try store.read { tx in
            let op = Operation(self, tx, trace: nil)
            return try tx.tenantsAsMade().filter { !$0.isSandbox }.map(op.currentSeed)
        }
    }

    /// Adds tenants: all, or none.
    ///
    /// - Throws: ``ControlError``, a conflict, when an id, a domain or a user's id is taken.
    package func importTenants(_ seeds: [TenantSeed]) throws -> [Tenant] {
        try store.write { tx in
            let op = Operation(self, tx, trace: nil)
            for (index, seed) in seeds.enumerated() { try op.refuseTaken(seed, path: "tenants[\(index)].") }
            for seed in seeds { try op.plant(seed) }
            return seeds.map(\.tenant)
        }
    }

    /// Takes tenants back to what is said: all of them, or none when one cannot be.
    ///
    /// - Parameters:
    ///   - name: one tenant; nil: all. All become those of the seeds: others are removed.
    ///   - seeds: what they become; nil: each its own seed.
    /// - Returns: the tenants as they are now.
    /// - Throws: ``ControlError`` for a tenant that is not there, or not in the seeds; a conflict for what another tenant has.
    package func resetTenants(_ name: String?, to seeds: [TenantSeed]?) async throws -> [Tenant] {
        if seeds == nil {
            // What a file says may be refused, and nothing is deleted then.
            let going = try store.read { try Operation(self, $0, trace: nil).resetting(name, to: nil).gone }
            for id in going { try await deleteMuch(of: id) }
        }
        let (gone, tenants) = try store.write { tx in
            let op = Operation(self, tx, trace: nil)
            let (gone, planted) = try op.resetting(name, to: seeds)
            for id in gone { try tx.delete(tenant: id, keepingGuests: name != nil) }
            for (index, seed) in planted.enumerated() { try op.refuseTaken(seed, path: "tenants[\(index)].") }
            for seed in planted { try op.plant(seed) }
            if seeds != nil { try planted.forEach(op.refuseHomeless) }
            for id in gone { try tx.deleteOrphanedGuests(of: id) }
            for seed in planted {
                try tx.append(Event(tenant: seed.tenant.id, at: try op.in(seed.tenant).now, kind: .tenantReset))
            }
            return (gone, planted.map(\.tenant))
        }
        for id in gone { tellEnd(of: id) }
        return tenants
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
    /// Whether nobody may know a secret by which to sign in: passwords are by chance, and apps have no secrets.
    let isClosed: Bool

    package init(name: String, propagation: PropagationModel? = nil, policies: Policies? = nil, isClosed: Bool = false) {
        self.isClosed = isClosed
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
    fileprivate func refuseTaken(_ seed: TenantSeed, path: String = "") throws {
        let taken = try tx.isTaken(tenantID: seed.tenant.id, domains: seed.tenant.domains)
        if taken.id { throw ControlError.conflict(FieldError("\(path)id", "is taken")) }
        if let domain = taken.domain {
            throw ControlError.conflict(FieldError("\(path)domains", "names \(domain), which is taken"))
        }
        for (index, user) in seed.users.enumerated() {
            if try tx.isTaken(userID: user.id, userPrincipalName: user.userPrincipalName).id {
                throw ControlError.conflict(FieldError("\(path)users[\(index)].id", "is taken"))
            }
        }
    }

    /// Which tenants go, and which come in their place.
    fileprivate func resetting(_ name: String?, to seeds: [TenantSeed]?) throws -> (gone: [GUID], seeds: [TenantSeed]) {
        guard let name else {
            let there = try tx.tenantsAsMade().map(\.id)
            return (there, try seeds ?? there.compactMap { try tx.seed(of: $0) })
        }
        let there = try TenantName(name).flatMap { try tx.tenant(named: $0) }
        guard let seeds else {
            guard let there, let seed = try tx.seed(of: there.id) else {
                throw ControlError.notFound("There is no tenant '\(name.prefix(100))'.")
            }
            return ([there.id], [seed])
        }
        let asked = name.lowercased()
        guard let seed = seeds.first(where: { $0.tenant.id.description == asked || $0.tenant.domains.contains(asked) }) else {
            throw ControlError.invalid(FieldError("tenant", "names no tenant of the seed"))
        }
        // The domain may be another tenant's so far than the id.
        return (
            Set([there?.id, try tx.tenant(seed.tenant.id)?.id].compactMap(\.self)).sorted { $0.description < $1.description },
            [seed]
        )
    }

    /// - Throws: ``ControlError`` for a guest whose home is not there.
    fileprivate func refuseHomeless(_ seed: TenantSeed) throws {
        for (index, user) in seed.users.enumerated() {
            guard let home = user.guestOf else { continue }
            if let member = try tx.user(of: home, in: home.tenant), member.tenant == home.tenant, !member.isGuest { continue }
            throw ControlError.invalid(FieldError("users[\(index)].home", "names no member of a tenant that is there"))
        }
    }

    /// The tenant's directory as it is now.
    fileprivate func currentSeed(of tenant: Tenant) throws -> TenantSeed {
        let users = try tx.users(in: tenant.id, limit: .max)
        // Who is deleted is not in the file, and may not be named in it.
        let there = Set(users.map(\.id))
        let principals = try tx.servicePrincipals(in: tenant.id).filter { !$0.isDeleted }.map { principal in
            var principal = principal
            principal.assigned.removeAll { !there.contains($0) }
            return principal
        }
        return TenantSeed(
            tenant: tenant, users: users, apps: try tx.apps(in: tenant.id, limit: .max), faults: try tx.faults(of: tenant.id),
            principals: principals)
    }

    /// Writes the operation's tenant as it is from now on; the event stands at the instant that its clock then shows.
    func update(to tenant: Tenant, _ kind: Event.Kind) throws {
        try tx.update(tenant)
        try tx.append(Event(tenant: tenant.id, at: try self.in(tenant).now, kind: kind))
    }
}
