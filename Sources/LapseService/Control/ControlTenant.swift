import LapseRules
import LapseStore

// The control API's calls on a tenant as a whole.
extension Authority {
    package func listTenants() throws -> ControlPage<JSON> {
        ControlPage(whole: try store.read { try $0.tenants().map(\.json) })
    }

    /// Back to the seed: no grants, sessions, revocations and events, the clock real.
    package func resetTenant(_ name: String) throws -> JSON {
        let (json, tenant) = try store.write { tx in
            let old = try controlled(name, tx)
            guard let seed = try tx.seed(of: old.id) else { throw ControlError.notFound("There is no tenant '\(name)'.") }
            try tx.delete(tenant: old.id, keepingGuests: true)
            try Operation(self, tx, trace: nil).plant(seed)
            try tx.deleteOrphanedGuests(of: old.id)
            try tx.append(Event(tenant: old.id, at: seed.tenant.clock.now(wall: systemTime()), kind: .tenantReset))
            return (seed.tenant.json, old.id)
        }
        gates.openAll(of: tenant)
        return json
    }

    // MARK: Clock

    package func clock(of name: String) throws -> JSON {
        try store.read { tx in
            let tenant = try controlled(name, tx)
            return clockJSON(tenant, now: tenant.clock.now(wall: systemTime()))
        }
    }

    /// Sets mode and instant; what is missing stays as it is.
    package func setClock(of name: String, _ body: JSON) throws -> JSON {
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
        return try moveClock(of: name) { _, tenant, wall in tenant.clock.setting(mode: mode, now: instant, wall: wall) }.json
    }

    /// What a clock is advanced to.
    enum ClockTarget: String, CaseIterable {
        /// The next instant at which anything takes effect.
        case nextEvent = "next-event"
        /// The instant from which everything whose instant is known is in effect everywhere.
        case propagation
        case refreshTokenExpiry = "refresh-token-expiry"
    }

    /// Moves the clock forward and tells what took effect on the way: `{"by"}` or `{"until"}`.
    package func advanceClock(of name: String, _ body: JSON) throws -> JSON {
        let (duration, target) = try reading { () throws(FieldError) in
            var reader = try ObjectReader(body)
            let read = (try reader.duration("by"), try reader.choice("until", of: ClockTarget.self))
            try reader.finish()
            guard (read.0 == nil) != (read.1 == nil) else { throw FieldError("by", "or until is required, one of the two") }
            return read
        }
        let (json, effects) = try moveClock(of: name) { tx, tenant, wall in
            if let duration { return tenant.clock.advanced(by: duration, wall: wall) }
            let now = tenant.clock.now(wall: wall)
            let instant =
                switch target {
                case .nextEvent, nil: try tx.nextEffect(in: tenant.id, after: now)
                case .propagation: try tx.endOfPropagation(in: tenant.id, after: now)
                case .refreshTokenExpiry: try tx.nextRefreshTokenExpiry(in: tenant.id, after: now)
                }
            guard let instant else { throw ControlError.conflict(FieldError("until", "has nothing ahead of it")) }
            return tenant.clock.setting(mode: nil, now: instant, wall: wall)
        }
        return json.adding(["tookEffect": .array(effects.map(\.json))])
    }

    /// An answer tells no more effects than this.
    private static let mostEffects = 10_000

    private func moveClock(
        of name: String, _ move: (StoreTransaction, Tenant, Timestamp) throws -> TenantClock
    ) throws -> (json: JSON, effects: [ClockEffect]) {
        try store.write { tx in
            let wall = systemTime()
            var tenant = try controlled(name, tx)
            let before = tenant.clock.now(wall: wall)
            tenant.clock = try move(tx, tenant, wall)
            let now = tenant.clock.now(wall: wall)
            try tx.update(tenant)
            try tx.append(Event(tenant: tenant.id, at: now, kind: .clockChanged))
            let effects =
                now > before ? try tx.effects(in: tenant.id, after: before, through: now, limit: Self.mostEffects) : []
            return (clockJSON(tenant, now: now), effects)
        }
    }

    private func clockJSON(_ tenant: Tenant, now: Timestamp) -> JSON {
        ["now": JSON(now), "mode": .string(tenant.clock.mode.rawValue)]
    }

    // MARK: Propagation and policies

    package func propagation(of name: String) throws -> JSON {
        try store.read { tx in model(of: try controlled(name, tx)).json }
    }

    package func setPropagation(of name: String, _ body: JSON) throws -> JSON {
        let model = try reading { () throws(FieldError) in try PropagationModel(body) }
        try update(name, .propagationChanged) { tenant, tx in
            tenant.propagation = model
            try tx.restartRouting(in: tenant.id)
        }
        return model.json
    }

    package func policies(of name: String) throws -> JSON {
        try store.read { tx in try controlled(name, tx).policies.json }
    }

    /// Replaces the policies; what the body leaves out has its default.
    package func setPolicies(of name: String, _ body: JSON) throws -> JSON {
        let policies = try reading { () throws(FieldError) in try Policies(body) }
        try update(name, .policiesChanged) { tenant, _ in tenant.policies = policies }
        return policies.json
    }

    private func update(
        _ name: String, _ kind: Event.Kind, _ change: (inout Tenant, StoreTransaction) throws -> Void
    ) throws {
        try store.write { tx in
            var tenant = try controlled(name, tx)
            try change(&tenant, tx)
            try tx.update(tenant)
            try tx.append(Event(tenant: tenant.id, at: tenant.clock.now(wall: systemTime()), kind: kind))
        }
    }

    // MARK: Shared by the control calls

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

    /// The same for calls that only read: a deleted user's tokens may live on, and people ask about them.
    func knownUser(_ name: String, of tenant: Tenant, _ tx: StoreTransaction) throws -> User {
        try tx.user(name, in: tenant.id) ?? tx.deletedUser(name, in: tenant.id) ?? controlledUser(name, of: tenant, tx)
    }

    func operation(_ tx: StoreTransaction, in tenant: Tenant, region: Region = .local) -> Operation {
        var op = Operation(self, tx, trace: nil).in(tenant)
        op.region = region
        return op
    }

    func reading<Value>(_ read: () throws(FieldError) -> Value) throws(ControlError) -> Value {
        do { return try read() } catch { throw .invalid(error) }
    }
}

extension ClockEffect {
    var json: JSON {
        .object([
            "at": JSON(at), "type": .string(type.rawValue), "id": .string(id), "plane": plane.map { .string($0.rawValue) },
            "region": region.map { .string($0.description) },
        ])
    }
}
