import LapseRules
import LapseStore

/// A revocation that a call of the control API asks for.
package struct NewRevocation: Sendable {
    /// A member's id or user principal name.
    package let user: String
    package let cause: Revocation.Cause
    /// Who does it, in the caller's words.
    package let actor: String?
    package let newPassword: String?

    /// - Throws: `newPassword` when the cause sets none.
    package init(user: String, cause: Revocation.Cause, actor: String? = nil, newPassword: String? = nil) throws(FieldError) {
        guard newPassword == nil || cause.setsPassword else {
            throw FieldError("newPassword", "does not go with the cause \(cause.rawValue)")
        }
        self.user = user
        self.cause = cause
        self.actor = actor
        self.newPassword = newPassword
    }
}

/// What a call releases of what is held or on its way.
package struct Release: Sendable {
    /// Nil: all.
    package let plane: Plane?
    /// Nil: all.
    package let region: Region?

    package init(plane: Plane? = nil, region: Region? = nil) {
        self.plane = plane
        self.region = region
    }
}

/// A revocation or a change of an account's state, as it stands at an instant of its tenant.
package struct RevocationStatus: Propagated, Sendable {
    package enum Cause: Sendable {
        case revocation(Revocation.Cause)
        case stateChange(StateChange.Kind)
    }

    package let id: GUID
    package let user: User.Home
    package let place: Place
    package let cause: Cause
    package let actor: String?
    /// Nil for a state change, which moves no stamp.
    package let stamp: Timestamp?
    package let propagation: Propagation
    package let now: Timestamp

    package init(_ revocation: Revocation, at now: Timestamp) {
        id = revocation.id
        user = revocation.user
        place = revocation.place
        cause = .revocation(revocation.cause)
        actor = revocation.actor
        stamp = revocation.stamp
        propagation = revocation.propagation
        self.now = now
    }

    package init(_ change: StateChange, at now: Timestamp) {
        id = change.id
        user = change.user
        place = change.place
        cause = .stateChange(change.kind)
        actor = nil
        stamp = nil
        propagation = change.propagation
        self.now = now
    }

    /// Where it is not in effect yet.
    fileprivate var ahead: [Propagation.Arrival] { propagation.arrivals.filter { !$0.isEffective(at: now) } }
}

// The control API's calls on revocations.
extension Authority {
    /// The tenant's revocations in the order in which they happened.
    ///
    /// - Parameter cursor: the `next` of the part before.
    /// - Throws: ``ControlError``: invalid for `after` when it is no cursor; not found for the tenant.
    package func listRevocations(after cursor: String?, of name: String) throws -> ControlPage<RevocationStatus> {
        let after = try cursor.map { text in
            guard let sequence = Int64(text) else { throw ControlPage<RevocationStatus>.unknownCursor }
            return sequence
        }
        return try looking(at: name) { op in
            let found = try op.tx.revocations(
                in: op.tenant.id, after: after ?? 0, limit: ControlPage<RevocationStatus>.size + 1)
            return ControlPage(
                of: found, cursor: { String($0.place.sequence) }, item: { RevocationStatus($0, at: op.now) })
        }
    }

    /// Revokes a user's sign-ins with a cause.
    ///
    /// - Parameter region: the region that takes it; nil: the first.
    /// - Throws: ``ControlError``: not found for the tenant or the user; invalid for `x-lapse-region` and for a guest.
    package func createRevocation(
        _ new: NewRevocation, takenIn region: String?, in name: String
    ) async throws -> RevocationStatus {
        let status = try changing(name) { op in
            var user = try op.requireUser(new.user)
            let taken = try op.taken(in: region)
            guard !user.isGuest,
                let revocation = try taken.revoke(user, cause: new.cause, by: new.actor.map { Actor(id: $0) })
            else { throw ControlError.invalid(FieldError("user", "is a guest: revoke it in its home tenant")) }
            if let password = new.newPassword {
                user.set(password: password)
                try op.tx.update(user)
                try op.tx.append(
                    Event(
                        tenant: op.tenant.id, at: op.now, kind: .passwordChanged, user: user.id, revocation: revocation.id))
            }
            return RevocationStatus(revocation, at: op.now)
        }
        await gates.pass(.afterRevoke, of: status.user.tenant)
        return status
    }

    /// A revocation, or a state change by the id that its event names.
    ///
    /// - Throws: ``ControlError``: not found for the tenant or the id.
    package func revocation(_ id: String, of name: String) throws -> RevocationStatus {
        try looking(at: name) { op in try op.requireRevocation(id) }
    }

    /// ``revocation(_:of:)`` as soon as it is in effect everywhere, or after that time of the machine.
    package func revocation(_ id: String, of name: String, waiting time: Duration) async throws -> RevocationStatus {
        let deadline = ContinuousClock.now + time
        return try await store.commits.until(deadline, of: try tenantID(named: name)) {
            try looking(at: name) { op in
                let status = try op.requireRevocation(id)
                let ahead = status.ahead
                guard !ahead.isEmpty else { return .done(status) }
                // It changes when something is written (a release, a moved clock), or when the clock reaches the next arrival.
                let next = op.tenant.clock.mode == .running ? ahead.compactMap(\.visibleAt).min() : nil
                return .waiting(status, recheck: next.map { $0 - op.now })
            }
        }
    }

    /// Puts in effect now what is not yet.
    ///
    /// - Throws: ``ControlError``: not found for the tenant or the id; invalid for a `region` that the revocation does not have.
    package func releaseRevocation(_ id: String, _ release: Release, of name: String) throws -> RevocationStatus {
        try changing(name) { op in
            let found = try op.requireRevocation(id)
            if let region = release.region, !found.propagation.arrivals.contains(where: { $0.region == region }) {
                throw ControlError.invalid(FieldError("region", "is not a region of this revocation"))
            }
            return try op.release(release, of: found) ?? found
        }
    }

    /// The same for everything of the tenant that is held or on its way.
    ///
    /// - Returns: what was released, oldest first.
    /// - Throws: ``ControlError``: not found for the tenant; invalid for a `region` that it does not have.
    package func releaseAll(_ release: Release, of name: String) throws -> ControlPage<RevocationStatus> {
        try changing(name) { op in
            if let region = release.region, !op.model.regions.contains(region) {
                throw ControlError.invalid(FieldError("region", "is not a region of \(op.tenant.name)"))
            }
            let pending = try op.tx.pending(in: op.tenant.id, at: op.now)
            return ControlPage(
                whole: try pending.compactMap { try op.release(release, of: op.requireRevocation($0.description)) })
        }
    }
}

extension Operation {
    /// A revocation or state change of the tenant.
    fileprivate func requireRevocation(_ id: String) throws -> RevocationStatus {
        if let guid = GUID(id) {
            if let revocation = try tx.revocation(guid, in: tenant.id) { return RevocationStatus(revocation, at: now) }
            if let change = try tx.stateChange(guid, in: tenant.id) { return RevocationStatus(change, at: now) }
        }
        throw ControlError.notFound("There is no revocation '\(id.prefix(100))' in \(tenant.name).")
    }

    /// - Returns: as it stands after it; nil when there was nothing to release, and no event tells of it.
    fileprivate func release(_ release: Release, of status: RevocationStatus) throws -> RevocationStatus? {
        let released = status.propagation.released(on: release.plane, in: release.region, now: now, of: status.place.at)
        guard !released.isEmpty else { return nil }
        try tx.append(
            Event(
                tenant: tenant.id, at: now, kind: .revocationReleased, user: status.user.user, revocation: status.id,
                region: release.region))
        try tx.release(released, of: status, user: status.user)
        return try requireRevocation(status.id.description)
    }
}
