import LapseRules
import LapseStore

// The control API's calls on revocations.
extension Authority {
    package func listRevocations(of name: String, after cursor: String?) throws -> ControlPage<JSON> {
        let after = try cursor.map { text in
            guard let sequence = Int64(text) else { throw ControlPage<JSON>.unknownCursor }
            return sequence
        }
        return try store.read { tx in
            let tenant = try controlled(name, tx)
            let now = tenant.clock.now(wall: systemTime())
            return ControlPage(
                of: try tx.revocations(in: tenant.id, after: after ?? 0, limit: ControlPage<JSON>.size + 1),
                cursor: { String($0.place.sequence) }, item: { $0.json($0.columns, now: now) })
        }
    }

    /// A revocation, or a state change by the id that its event names.
    package func revocation(_ id: String, of name: String) throws -> JSON { try look(at: id, of: name).json }

    /// ``revocation(_:of:)`` as soon as it is effective everywhere, or after that time of the machine.
    package func revocation(_ id: String, of name: String, waiting text: String) async throws -> JSON {
        let deadline = ContinuousClock.now + (try waitingTime(text))
        let tenant = try store.read { try controlled(name, $0).id }
        return try await store.commits.until(deadline, of: tenant) {
            let (json, isSettled, nextIn) = try look(at: id, of: name)
            // It changes when something is written (a release, a moved clock), or when the clock reaches the next arrival.
            return isSettled ? .done(json) : .waiting(json, recheck: nextIn)
        }
    }

    private static let longestWait = Duration.seconds(60)

    /// The `wait` of a call, in the machine's time.
    func waitingTime(_ text: String) throws(ControlError) -> Duration {
        guard let wait = Duration(iso8601: text), wait <= Self.longestWait else {
            throw .invalid(FieldError("wait", "must be an ISO 8601 duration such as PT10S, at most \(Self.longestWait.iso8601)"))
        }
        return wait
    }

    /// - Returns: the revocation, whether it is effective everywhere, and in how long the running clock changes that.
    private func look(at id: String, of name: String) throws -> (json: JSON, isSettled: Bool, nextIn: Duration?) {
        try store.read { tx in
            let tenant = try controlled(name, tx)
            let found = try propagated(id, of: tenant, tx)
            let now = tenant.clock.now(wall: systemTime())
            let ahead = found.event.propagation.arrivals.filter { !$0.isEffective(at: now) }
            let next = tenant.clock.mode == .running ? ahead.compactMap(\.visibleAt).min() : nil
            return (found.event.json(found.columns, now: now), ahead.isEmpty, next.map { $0 - now })
        }
    }

    /// A revocation or state change of the tenant, with what it shows besides its propagation.
    private func propagated(
        _ id: String, of tenant: Tenant, _ tx: StoreTransaction
    ) throws -> (event: any Propagated, columns: PropagatedColumns) {
        if let guid = GUID(id) {
            if let revocation = try tx.revocation(guid, in: tenant.id) { return (revocation, revocation.columns) }
            if let change = try tx.stateChange(guid, in: tenant.id) { return (change, change.columns) }
        }
        throw ControlError.notFound("There is no revocation '\(id.prefix(100))' in \(tenant.name).")
    }

    /// Makes what is not effective yet effective now: everywhere, or where the body says: `{"plane"?,"region"?}`.
    package func releaseRevocation(_ id: String, of name: String, _ body: JSON) throws -> JSON {
        let (plane, region) = try releaseTarget(body)
        return try store.write { tx in
            let tenant = try controlled(name, tx)
            let now = tenant.clock.now(wall: systemTime())
            if let region, try !propagated(id, of: tenant, tx).event.propagation.arrivals.contains(where: { $0.region == region }) {
                throw ControlError.invalid(FieldError("region", "is no region of this revocation"))
            }
            return try release(id, on: plane, in: region, of: tenant, now: now, tx).json
        }
    }

    /// The same for everything of the tenant that is held or on its way.
    ///
    /// - Returns: what was released, oldest first.
    package func releaseAll(of name: String, _ body: JSON) throws -> ControlPage<JSON> {
        let (plane, region) = try releaseTarget(body)
        return try store.write { tx in
            let tenant = try controlled(name, tx)
            let now = tenant.clock.now(wall: systemTime())
            if let region, !model(of: tenant).regions.contains(region) {
                throw ControlError.invalid(FieldError("region", "is no region of \(tenant.name)"))
            }
            let pending = try tx.pending(in: tenant.id, at: now)
            let released = try pending.map { try release($0.description, on: plane, in: region, of: tenant, now: now, tx) }
            return ControlPage(whole: released.filter(\.isChanged).map(\.json))
        }
    }

    private func releaseTarget(_ body: JSON) throws -> (plane: Plane?, region: Region?) {
        try reading { () throws(FieldError) in
            var reader = try ObjectReader(body)
            let plane = try reader.choice("plane", of: Plane.self)
            let name = try reader.string("region")
            try reader.finish()
            guard let name else { return (plane, nil) }
            guard let region = Region(name) else { throw FieldError("region", "is the name of no region") }
            return (plane, region)
        }
    }

    private func release(
        _ id: String, on plane: Plane?, in region: Region?, of tenant: Tenant, now: Timestamp, _ tx: StoreTransaction
    ) throws -> (json: JSON, isChanged: Bool) {
        let (event, columns) = try propagated(id, of: tenant, tx)
        let released = event.propagation.released(on: plane, in: region, now: now, of: event.place.at)
        if !released.isEmpty {
            try tx.append(
                Event(
                    tenant: tenant.id, at: now, kind: .revocationReleased, user: columns.user.user, revocation: columns.id,
                    region: region))
            try tx.release(released, of: event, user: columns.user)
        }
        return (try propagated(id, of: tenant, tx).event.json(columns, now: now), !released.isEmpty)
    }

    /// The region that a control call is taken by: the one its header names, else the first.
    func taking(_ trace: RequestTrace, in tenant: Tenant) throws -> Region {
        let regions = model(of: tenant).regions
        guard let name = trace.region else { return regions[0] }
        guard let region = regions.first(where: { $0.description == name }) else {
            throw ControlError.invalid(FieldError("x-lapse-region", "names no region of \(tenant.name)"))
        }
        return region
    }

    /// Revokes with a cause: `{"user","cause","actor"?,"newPassword"?}`.
    package func createRevocation(_ body: JSON, in name: String, trace: RequestTrace) async throws -> JSON {
        let (userName, cause, actor, newPassword) = try reading { () throws(FieldError) in
            var reader = try ObjectReader(body)
            let user = try reader.required("user")
            guard let cause = try reader.choice("cause", of: Revocation.Cause.self) else {
                throw FieldError("cause", "is required")
            }
            let actor = try reader.string("actor", longest: 256)
            let newPassword = reader.has("newPassword") ? try reader.required("newPassword") : nil
            guard newPassword == nil || cause.setsPassword else {
                throw FieldError("newPassword", "does not go with the cause \(cause.rawValue)")
            }
            try reader.finish()
            return (user, cause, actor, newPassword)
        }
        let (answer, tenant) = try store.write { tx in
            let tenant = try controlled(name, tx)
            let now = tenant.clock.now(wall: systemTime())
            var user = try controlledUser(userName, of: tenant, tx)
            let region = try taking(trace, in: tenant)
            guard !user.isGuest,
                let revocation = try operation(tx, in: tenant, region: region).revoke(
                    user, cause: cause, by: actor.map { Actor(id: $0) })
            else { throw ControlError.invalid(FieldError("user", "is a guest: revoke it in its home tenant")) }
            if let newPassword {
                user.set(password: newPassword)
                try tx.update(user)
                try tx.append(Event(tenant: tenant.id, at: now, kind: .passwordChanged, user: user.id, revocation: revocation.id))
            }
            return (revocation.json(revocation.columns, now: now), tenant.id)
        }
        await gates.pass(.afterRevoke, of: tenant)
        return answer
    }
}

/// What the control API shows of a revocation or state change besides its propagation.
struct PropagatedColumns {
    let id: GUID
    let user: User.Home
    let cause: String
    let actor: String?
    /// Nil for a state change, which moves no stamp.
    let stamp: Timestamp?
}

extension Revocation {
    var columns: PropagatedColumns { .init(id: id, user: user, cause: cause.rawValue, actor: actor, stamp: stamp) }
}

extension StateChange {
    var columns: PropagatedColumns { .init(id: id, user: user, cause: kind.rawValue, actor: nil, stamp: nil) }
}

extension Propagated {
    /// As the control API shows it at an instant of its tenant.
    func json(_ columns: PropagatedColumns, now: Timestamp) -> JSON {
        let planes = Plane.allCases.map { plane in
            JSON.Member(
                name: plane.rawValue,
                value: .object(
                    propagation.arrivals.filter { $0.plane == plane }.map { arrival in
                        .init(
                            name: arrival.region.description,
                            value: [
                                "visibleAt": JSON(arrival.visibleAt), "held": .bool(arrival.moment == .held),
                                "effective": .bool(arrival.isEffective(at: now)),
                            ])
                    }))
        }
        return [
            "id": .string(columns.id.description), "user": .string(columns.user.user.description), "at": JSON(place.at),
            "cause": .string(columns.cause), "actor": JSON(columns.actor), "stamp": JSON(columns.stamp), "planes": .object(planes),
        ]
    }
}
