import LapseRules
import LapseStore

/// Who changed the directory, for the log; all nil for the control API.
struct DirectoryCause {
    var actor: String?
    var client: ClientID?
    var requestID: GUID?

    func event(_ kind: Event.Kind, of user: User, in tenant: Tenant, at now: Timestamp, region: Region? = nil) -> Event {
        var event = Event(
            tenant: tenant.id, at: now, kind: kind, user: user.id, client: client, region: region, requestID: requestID)
        event.actor = actor
        return event
    }
}

// What changes users, whoever asks: the control API or Graph.
extension Authority {
    func add(_ user: User, in tenant: Tenant, now: Timestamp, cause: DirectoryCause = .init(), _ tx: StoreTransaction) throws {
        try tx.insert(user)
        try tx.append(cause.event(.userCreated, of: user, in: tenant, at: now))
        if !user.accountEnabled, !user.isGuest { try disableFromBirth(user, of: tenant, tx) }
    }

    /// Disabling and enabling are state changes; a new password revokes as its cause says.
    ///
    /// - Parameter reset: why the password is new; nil: it is not.
    func update(
        _ old: User, to user: User, reset: Revocation.Cause?, in tenant: Tenant, now: Timestamp, region: Region,
        cause: DirectoryCause = .init(), _ tx: StoreTransaction
    ) throws {
        try tx.update(user)
        try tx.append(cause.event(.userUpdated, of: user, in: tenant, at: now))
        if user.accountEnabled != old.accountEnabled {
            try change(
                user, to: user.accountEnabled ? .enable : .disable, event: user.accountEnabled ? .accountEnabled : .accountDisabled,
                in: tenant, now: now, region: region, cause: cause, tx)
        }
        if let reset {
            // A new password opens what the wrong ones locked.
            try tx.set(.none, of: user.id)
            try revoke(
                user, cause: reset, actor: cause.actor, in: tenant, now: now, region: region, requestID: cause.requestID,
                client: cause.client, tx)
        }
    }

    /// The directory forgets the user at once; the authority when the deletion arrives.
    func delete(
        _ user: User, in tenant: Tenant, now: Timestamp, region: Region, cause: DirectoryCause = .init(), _ tx: StoreTransaction
    ) throws {
        try tx.markDeleted(user.id, at: now)
        if user.isGuest {
            try tx.append(cause.event(.userDeleted, of: user, in: tenant, at: now))
        } else {
            try change(user, to: .delete, event: .userDeleted, in: tenant, now: now, region: region, cause: cause, tx)
        }
    }

    /// Writes a change of an account's state, which takes effect as its propagation says.
    func change(
        _ user: User, to kind: StateChange.Kind, event kindOfEvent: Event.Kind, in tenant: Tenant, now: Timestamp, region: Region,
        cause: DirectoryCause, _ tx: StoreTransaction
    ) throws {
        var event = cause.event(kindOfEvent, of: user, in: tenant, at: now, region: region)
        let id = random.guid()
        event.revocation = id
        let sequence = try tx.append(event)
        let ordinal = try tx.nextOrdinal(in: tenant.id)
        let change = StateChange(
            id: id, user: user.home, kind: kind, place: Place(at: now, sequence: sequence),
            propagation: model(of: tenant).propagation(of: now, ordinal: ordinal, takenIn: region))
        try tx.insert(change, ordinal: ordinal)
    }
}
