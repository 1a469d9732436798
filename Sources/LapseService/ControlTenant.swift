import LapseRules
import LapseStore

/// The part of a list, and where the next part begins; nil at the end.
public struct ControlPage: Sendable {
    public let items: [JSON]
    public let next: String?

    public var json: JSON { ["items": .array(items), "next": JSON(next)] }
}

// The control API's calls on a tenant as a whole.
extension Authority {
    public func listTenants() throws -> ControlPage {
        ControlPage(items: try store.read { try $0.tenants().map(\.json) }, next: nil)
    }

    /// Back to the seed: no grants, sessions, revocations and events, the clock real.
    public func resetTenant(_ name: String) throws -> JSON {
        try store.write { tx in
            let old = try controlled(name, tx)
            guard let seed = try tx.reset(old.id) else { throw ControlError.notFound("There is no tenant '\(name)'.") }
            try disableSeeded(seed, tx)
            try tx.append(Event(tenant: old.id, at: seed.tenant.clock.now(wall: wall()), kind: .tenantReset))
            return seed.tenant.json
        }
    }

    // MARK: Clock

    public func clock(of name: String) throws -> JSON {
        try store.read { tx in
            let tenant = try controlled(name, tx)
            return clockJSON(tenant, now: tenant.clock.now(wall: wall()))
        }
    }

    /// Sets mode and instant; what is missing stays as it is.
    public func setClock(of name: String, _ body: JSON) throws -> JSON {
        var reader = try reading { () throws(FieldError) in try ObjectReader(body) }
        let (mode, instant) = try reading { () throws(FieldError) in
            let read = (try reader.choice("mode", of: TenantClock.Mode.self), try reader.instant("now"))
            try reader.finish()
            guard read.0 != nil || read.1 != nil else { throw FieldError("", "names neither mode nor now") }
            if let instant = read.1, instant < Tenant.birth {
                throw FieldError("now", "must not be before the tenant's birth, \(Tenant.birth.wholeSecondText)")
            }
            return read
        }
        return try moveClock(of: name) { clock, wall in clock.setting(mode: mode, now: instant, wall: wall) }.json
    }

    /// Moves the clock forward and tells what took effect on the way.
    public func advanceClock(of name: String, _ body: JSON) throws -> JSON {
        var reader = try reading { () throws(FieldError) in try ObjectReader(body) }
        let duration = try reading { () throws(FieldError) in
            guard let duration = try reader.duration("by") else { throw FieldError("by", "is required") }
            try reader.finish()
            return duration
        }
        let (json, effects) = try moveClock(of: name) { clock, wall in clock.advanced(by: duration, wall: wall) }
        return json.adding(["tookEffect": .array(effects.map(\.json))])
    }

    private func moveClock(
        of name: String, _ move: (TenantClock, Timestamp) -> TenantClock
    ) throws -> (json: JSON, effects: [ClockEffect]) {
        try store.write { tx in
            let wall = wall()
            var tenant = try controlled(name, tx)
            let before = tenant.clock.now(wall: wall)
            tenant.clock = move(tenant.clock, wall)
            let now = tenant.clock.now(wall: wall)
            try tx.update(tenant)
            try tx.append(Event(tenant: tenant.id, at: now, kind: .clockChanged))
            let effects = now > before ? try tx.effects(in: tenant.id, after: before, through: now) : []
            return (clockJSON(tenant, now: now), effects)
        }
    }

    private func clockJSON(_ tenant: Tenant, now: Timestamp) -> JSON {
        ["now": JSON(now), "mode": .string(tenant.clock.mode.rawValue)]
    }

    // MARK: Propagation and policies

    public func propagation(of name: String) throws -> JSON {
        try store.read { tx in model(of: try controlled(name, tx)).json }
    }

    public func setPropagation(of name: String, _ body: JSON) throws -> JSON {
        let model = try reading { () throws(FieldError) in try PropagationModel(body) }
        return try update(name, .propagationChanged) { $0.propagation = model }.propagation?.json ?? .null
    }

    public func policies(of name: String) throws -> JSON {
        try store.read { tx in try controlled(name, tx).policies.json }
    }

    /// Replaces the policies; what the body leaves out has its default.
    public func setPolicies(of name: String, _ body: JSON) throws -> JSON {
        let policies = try reading { () throws(FieldError) in try Policies(body) }
        return try update(name, .policiesChanged) { $0.policies = policies }.policies.json
    }

    private func update(_ name: String, _ kind: Event.Kind, _ change: (inout Tenant) -> Void) throws -> Tenant {
        try store.write { tx in
            var tenant = try controlled(name, tx)
            change(&tenant)
            try tx.update(tenant)
            try tx.append(Event(tenant: tenant.id, at: tenant.clock.now(wall: wall()), kind: kind))
            return tenant
        }
    }

    // MARK: Events

    /// The log after an event id, filtered by type and user.
    public func events(of name: String, after cursor: String?, type: String?, user: String?) throws -> ControlPage {
        let after = try cursor.map { text in
            guard let id = Int64(text), id >= 0 else {
                throw ControlError.invalid(FieldError("after", "must be the id of an event"))
            }
            return id
        }
        let kind = try type.map { text in
            guard let kind = Event.Kind(rawValue: text) else {
                let known = Event.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ControlError.invalid(FieldError("type", "must be one of: \(known)"))
            }
            return kind
        }
        return try store.read { tx in
            let tenant = try controlled(name, tx)
            let user = try user.map { try controlledUser($0, of: tenant, tx).id }
            let found = try tx.events(in: tenant.id, after: after ?? 0, kind: kind, user: user, limit: Self.pageSize + 1)
            let items = found.prefix(Self.pageSize)
            return ControlPage(
                items: items.map { $0.event.json(id: $0.id) },
                next: found.count > items.count ? items.last.map { String($0.id) } : nil)
        }
    }

    // MARK: Shared by the control calls

    static var pageSize: Int { 100 }

    /// The tenant by GUID or domain.
    func controlled(_ name: String, _ tx: StoreTransaction) throws -> Tenant {
        guard let named = TenantName(name), let tenant = try tx.tenant(named: named) else {
            throw ControlError.notFound("There is no tenant '\(name.prefix(100))'.")
        }
        return tenant
    }

    /// The tenant's user by id or user principal name.
    func controlledUser(_ name: String, of tenant: Tenant, _ tx: StoreTransaction) throws -> User {
        guard let user = try tx.user(name, in: tenant.id) else {
            throw ControlError.notFound("There is no user '\(name.prefix(100))' in \(tenant.name).")
        }
        return user
    }

    func reading<Value>(_ read: () throws(FieldError) -> Value) throws(ControlError) -> Value {
        do { return try read() } catch { throw .invalid(error) }
    }
}

extension ClockEffect {
    var json: JSON {
        .object([
            "at": JSON(at), "type": .string(type), "id": .string(id), "plane": plane.map { .string($0.rawValue) },
            "region": region.map { .string($0.description) },
        ])
    }
}

extension Event {
    func json(id: Int64) -> JSON {
        [
            "id": .integer(id), "at": JSON(at), "type": .string(kind.rawValue), "user": JSON(user?.description),
            "client": JSON(client?.description), "grant": JSON(grant?.description), "revocation": JSON(revocation?.description),
            "region": JSON(region?.description), "code": code.map { .integer(Int64($0.rawValue)) } ?? .null,
            "requestId": JSON(requestID?.description),
        ]
    }
}
