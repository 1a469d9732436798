import GRDB
import LapseRules

// What speaks against an account: cut-offs and states, with when each is believed where.

extension StoreTransaction {
    /// Everything that can speak against a grant or session of the account with this `authTime`: the later revocations and all
    /// state changes.
    public func history(of home: User.Home, since authTime: Timestamp) throws -> AccountHistory {
        let whole = try cached(home, in: \.histories) { try history(of: home) }
        return AccountHistory(
            revocations: Array(whole.revocations[whole.revocations.firstIndex(notBefore: authTime)...]),
            stateChanges: whole.stateChanges)
    }

    private func history(of home: User.Home) throws -> AccountHistory {
        AccountHistory(
            revocations: try rows(
                "SELECT * FROM revocations WHERE home_user = ? AND home_tenant = ? ORDER BY at, sequence", [home.user, home.tenant]
            ).map { try revocation($0) },
            stateChanges: try rows(
                "SELECT * FROM state_changes WHERE home_user = ? AND home_tenant = ?", [home.user, home.tenant]
            ).map { row in
                StateChange(
                    user: home, kind: row["kind"], place: Place(at: row["at"], sequence: row["sequence"]),
                    propagation: try propagation(of: row["sequence"]))
            })
    }

    public func revocation(_ id: GUID, in tenant: GUID) throws -> Revocation? {
        try row("SELECT * FROM revocations WHERE id = ? AND home_tenant = ?", [id, tenant]).map { try revocation($0) }
    }

    /// The tenant's revocations in their order, after the one with that sequence number.
    public func revocations(in tenant: GUID, user: GUID? = nil, after sequence: Int64, limit: Int) throws -> [Revocation] {
        try rows(
            """
            SELECT * FROM revocations WHERE home_tenant = ?1 AND sequence > ?2 AND (?3 IS NULL OR home_user = ?3)
            ORDER BY sequence LIMIT ?4
            """, [tenant, sequence, user, limit]
        ).map { try revocation($0) }
    }

    /// The latest cut-off of the account; nil when it was never revoked.
    public func latestCutOff(of home: User.Home) throws -> Timestamp? {
        try row(
            """
            SELECT max(at) AS at FROM revocations WHERE home_user = ? AND home_tenant = ? AND cause <> 'passwordExpired'
            """, [home.user, home.tenant])?["at"]
    }

    public func insert(_ revocation: Revocation) throws {
        directory?.forget(revocation.user)
        try run(
            "INSERT INTO revocations (id, home_tenant, home_user, at, sequence, cause, actor) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                revocation.id, revocation.user.tenant, revocation.user.user, revocation.place.at, revocation.place.sequence,
                revocation.cause, revocation.actor,
            ])
        try insert(revocation.propagation, of: revocation.place.sequence)
    }

    public func insert(_ change: StateChange) throws {
        directory?.forget(change.user)
        try run(
            "INSERT INTO state_changes (sequence, home_tenant, home_user, kind, at) VALUES (?, ?, ?, ?, ?)",
            [change.place.sequence, change.user.tenant, change.user.user, change.kind, change.place.at])
        try insert(change.propagation, of: change.place.sequence)
    }

    private func insert(_ propagation: Propagation, of sequence: Int64) throws {
        for arrival in propagation.arrivals {
            try run(
                "INSERT INTO arrivals (sequence, plane, region, visible_at) VALUES (?, ?, ?, ?)",
                [sequence, arrival.plane, arrival.region, arrival.visibleAt])
        }
    }

    private func revocation(_ row: Row) throws -> Revocation {
        Revocation(
            id: row["id"], user: User.Home(tenant: row["home_tenant"], user: row["home_user"]),
            place: Place(at: row["at"], sequence: row["sequence"]), cause: row["cause"], actor: row["actor"],
            propagation: try propagation(of: row["sequence"]))
    }

    private func propagation(of sequence: Int64) throws -> Propagation {
        Propagation(
            try rows("SELECT plane, region, visible_at FROM arrivals WHERE sequence = ?", [sequence]).map {
                .init(plane: $0["plane"], region: $0["region"], visibleAt: $0["visible_at"])
            })
    }
}

extension [Revocation] {
    /// The first of these, which are in order, at or after the instant.
    fileprivate func firstIndex(notBefore instant: Timestamp) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].place.at < instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
