import LapseRules
import LapseStore

extension Operation {
    /// Writes a revocation: a row, its arrivals, an event. It costs the same however many tokens the user has.
    ///
    /// - Returns: nil for a guest: nothing happens but an event, because a guest's sign-ins belong to its home tenant.
    @discardableResult
    func revoke(_ user: User, cause: Revocation.Cause, by actor: Actor? = nil) throws -> Revocation? {
        var event = event(.guestRevokeIgnored, user: user.id, client: actor?.client)
        event.actor = actor?.id
        guard !user.isGuest else {
            try tx.append(event)
            return nil
        }
        event.kind = .revoked
        let stamped = try stamp(event)
        let revocation = Revocation(
            id: stamped.id, user: user.home, place: stamped.place, cause: cause, actor: actor?.id, propagation: stamped.propagation)
        try tx.insert(revocation, ordinal: stamped.ordinal)
        return revocation
    }

    /// Writes a change of an account's state, which takes effect as its propagation says.
    func change(_ user: User, to kind: StateChange.Kind, _ eventKind: Event.Kind, by actor: Actor?) throws {
        try change(user.home, to: kind, event(eventKind, user: user.id, client: actor?.client), by: actor)
    }

    /// The same of any object of a directory whose state travels.
    func change(_ object: User.Home, to kind: StateChange.Kind, _ event: Event, by actor: Actor?) throws {
        var event = event
        event.actor = actor?.id
        let stamped = try stamp(event)
        let change = StateChange(id: stamped.id, user: object, kind: kind, place: stamped.place, propagation: stamped.propagation)
        try tx.insert(change, ordinal: stamped.ordinal)
    }

    /// Appends the event of something that travels to the planes, and draws when it arrives where.
    private func stamp(_ event: Event) throws -> (id: GUID, place: Place, ordinal: Int64, propagation: Propagation) {
        var event = event
        let id = random.guid()
        event.revocation = id
        let sequence = try tx.append(event)
        let ordinal = try tx.nextOrdinal(in: tenant.id)
        return (
            id, Place(at: now, sequence: sequence), ordinal, model.propagation(of: now, ordinal: ordinal, takenIn: region)
        )
    }
}
