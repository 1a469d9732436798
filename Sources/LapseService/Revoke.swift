import LapseRules
import LapseStore

extension Authority {
    /// Writes a revocation: a row, its arrivals, an event. It costs the same however many tokens the user has.
    ///
    /// - Returns: nil for a guest: nothing happens but an event, because a guest's sign-ins belong to its home tenant.
    @discardableResult
    func revoke(
        _ user: User, cause: Revocation.Cause, actor: String?, in tenant: Tenant, now: Timestamp, region: Region,
        requestID: GUID? = nil, client: ClientID? = nil, _ tx: StoreTransaction
    ) throws -> Revocation? {
        var event = Event(
            tenant: tenant.id, at: now, kind: .guestRevokeIgnored, user: user.id, client: client, region: region,
            requestID: requestID)
        event.actor = actor
        guard !user.isGuest else {
            try tx.append(event)
            return nil
        }
        let id = random.guid()
        event.kind = .revoked
        event.revocation = id
        let sequence = try tx.append(event)
        let ordinal = try tx.nextOrdinal(in: tenant.id)
        let revocation = Revocation(
            id: id, user: user.home, place: Place(at: now, sequence: sequence), cause: cause, actor: actor,
            propagation: model(of: tenant).propagation(of: now, ordinal: ordinal, takenIn: region))
        try tx.insert(revocation, ordinal: ordinal)
        return revocation
    }
}
