import GRDB
import LapseRules

extension Tenant {
    init(row: Row) throws {
        try self.init(
            id: row.decode(forColumn: "id"), name: row.decode(forColumn: "name"), domains: row.list("domains", \.text),
            clock: TenantClock(mode: row.decode(forColumn: "clock_mode"), ticks: row.decode(forColumn: "clock_ticks")),
            propagation: row.decode(JSON?.self, forColumn: "propagation").map(PropagationModel.init(stored:)),
            policies: Policies(stored: row.decode(forColumn: "policies")), isSandbox: row.decode(forColumn: "is_sandbox"))
    }
}

extension Tenant: PersistableRecord {
    package static let databaseTableName = "tenants"

    package func encode(to container: inout PersistenceContainer) {
        container["id"] = id
        container["name"] = name
        container["domains"] = JSON(domains)
        container["clock_mode"] = clock.mode
        container["clock_ticks"] = clock.ticks
        container["propagation"] = propagation?.stored
        container["policies"] = policies.stored
        container["is_sandbox"] = isSandbox
    }
}

/// A tenant's row with what no later change touches.
private struct NewTenant: PersistableRecord {
    static let databaseTableName = Tenant.databaseTableName

    let tenant: Tenant
    let seed: JSON
    let firstEvent: Int64
    let number: Int64

    func encode(to container: inout PersistenceContainer) {
        tenant.encode(to: &container)
        container["seed"] = seed
        container["first_event"] = firstEvent
        container["number"] = number
    }
}

extension StoreTransaction {
    /// All but the seed, which is as large as the whole directory.
    static let tenantColumns = "id, name, domains, clock_mode, clock_ticks, propagation, policies, is_sandbox"

    /// All tenants by name, sandboxes after the others.
    package func tenants() throws -> [Tenant] {
        try rows("SELECT \(Self.tenantColumns) FROM tenants ORDER BY is_sandbox, name, id").map { try Tenant(row: $0) }
    }

    /// The tenants by name, sandboxes after the others, behind the one that is given.
    package func tenants(after last: Tenant?, limit: Int) throws -> [Tenant] {
        try rows(
            """
            SELECT \(Self.tenantColumns) FROM tenants WHERE (is_sandbox, name, id) > (?, ?, ?)
            ORDER BY is_sandbox, name, id LIMIT ?
            """, [last?.isSandbox ?? false, last?.name ?? "", last?.id.description ?? "", limit]
        ).map { try Tenant(row: $0) }
    }

    /// In the order in which they were made, in which apps of one client id are looked up.
    package func tenantsAsMade() throws -> [Tenant] {
        try rows("SELECT \(Self.tenantColumns) FROM tenants ORDER BY rowid").map { try Tenant(row: $0) }
    }

    /// Those that are no sandboxes, by name.
    package func tenantsThatStay() throws -> [Tenant] {
        try rows("SELECT \(Self.tenantColumns) FROM tenants WHERE is_sandbox = 0 ORDER BY is_sandbox, name, id").map {
            try Tenant(row: $0)
        }
    }

    package func tenant(_ id: GUID) throws -> Tenant? {
        try cached(id, in: \.tenants) {
            try row("SELECT \(Self.tenantColumns) FROM tenants WHERE id = ?", [id]).map { try Tenant(row: $0) }
        }
    }

    /// The tenant that has verified the domain.
    package func tenant(domain: String) throws -> Tenant? {
        let domain = domain.lowercased()
        let id: GUID? = try cached(domain, in: \.domains) {
            try row("SELECT tenant FROM domains WHERE domain = ?", [domain])?["tenant"]
        }
        return try id.flatMap { try tenant($0) }
    }

    /// Adds the tenant with its users and apps, and keeps them as what a reset returns to.
    package func insert(_ seed: TenantSeed) throws {
        directoryChanged()
        let number: Int64 = try row("SELECT ifnull(max(number), 0) + 1 AS number FROM tenants")?["number"] ?? 1
        try NewTenant(tenant: seed.tenant, seed: seed.stored, firstEvent: nextEventID(), number: number).insert(db)
        for domain in Set(seed.tenant.domains) {
            try run("INSERT INTO domains (domain, tenant) VALUES (?, ?)", [domain, seed.tenant.id])
        }
        for user in seed.users { try insert(user) }
        for app in seed.apps { try insert(app, in: seed.tenant.id) }
        for fault in seed.faults { try insert(fault, in: seed.tenant.id) }
        for principal in seed.principals { try save(principal) }
    }

    /// The directory that a reset brings back.
    package func seed(of tenant: GUID) throws -> TenantSeed? {
        try row("SELECT seed FROM tenants WHERE id = ?", [tenant]).map { try TenantSeed(stored: $0["seed"]) }
    }

    /// Whether a reset brings back this very directory.
    package func isSeed(_ seed: TenantSeed) throws -> Bool {
        // As texts first: a start should not take the time that reading one takes.
        let text: String? = try row("SELECT seed FROM tenants WHERE id = ?", [seed.tenant.id])?["seed"]
        return try text == seed.stored.encodedText || self.seed(of: seed.tenant.id) == seed
    }

    /// Deletes the tenant with all that is in it, and what accounts of it hold elsewhere.
    ///
    /// - Parameter keepingGuests: leaves its members' guest objects in other tenants, for a tenant that comes back.
    package func delete(tenant: GUID, keepingGuests: Bool) throws {
        directory.clear()
        eventIDs.touch(tenant)
        clockFloors.clear(tenant)
        for table in ["revocations", "state_changes"] {
            for dependent in ["arrivals", "attempts"] {
                try run(
                    "DELETE FROM \(dependent) WHERE sequence IN (SELECT sequence FROM \(table) WHERE home_tenant = ?)", [tenant])
            }
        }
        let members = "home_user IN (SELECT id FROM users WHERE tenant = ?1) AND home_tenant = ?1"
        try run("DELETE FROM grants WHERE \(members)", [tenant])
        if !keepingGuests { try run("DELETE FROM users WHERE \(members)", [tenant]) }
        // The ids of the events that go are not used again.
        try run("UPDATE meta SET last_event = ?", [nextEventID() - 1])
        try run("DELETE FROM events WHERE tenant = ?1 AND id >= (SELECT first_event FROM tenants WHERE id = ?1)", [tenant])
        try run("DELETE FROM tenants WHERE id = ?", [tenant])
    }

    package func update(_ tenant: Tenant) throws {
        directoryChanged()
        try tenant.update(db)
    }

    /// Whether a tenant has the id or one of the domains.
    package func isTaken(tenantID: GUID, domains: [String]) throws -> (id: Bool, domain: String?) {
        (try tenant(tenantID) != nil, try domains.first { try tenant(domain: $0) != nil })
    }
}
