import GRDB
import LapseRules

// What speaks against an account: cut-offs and states, with when each takes effect where.

extension StoreTransaction {
    /// Everything that can speak against a grant or session of the account with this `authTime`: the later revocations and all
    /// state changes.
    package func history(of home: User.Home, since authTime: Timestamp) throws -> AccountHistory {
        try history(of: home).since(authTime)
    }

    /// Everything that ever happened to the account.
    package func history(of home: User.Home) throws -> AccountHistory {
        try cached(home, in: \.histories) { try loadHistory(of: home) }
    }

    private func loadHistory(of home: User.Home) throws -> AccountHistory {
        AccountHistory(
            revocations: try rows(
                "SELECT * FROM revocations WHERE home_user = ? AND home_tenant = ? ORDER BY at, sequence", [home.user, home.tenant]
            ).map { try revocation($0) },
            stateChanges: try rows(
                "SELECT * FROM state_changes WHERE home_user = ? AND home_tenant = ?", [home.user, home.tenant]
            ).map { try stateChange($0) })
    }

    package func revocation(_ id: GUID, in tenant: GUID) throws -> Revocation? {
        try row("SELECT * FROM revocations WHERE id = ? AND home_tenant = ?", [id, tenant]).map { try revocation($0) }
    }

    /// The tenant's revocations in their order, after the one with that sequence number.
    package func revocations(in tenant: GUID, after sequence: Int64, limit: Int) throws -> [Revocation] {
        try rows(
            """
            SELECT * FROM revocations WHERE home_tenant = ? AND sequence > ? ORDER BY sequence LIMIT ?
            """, [tenant, sequence, limit]
        ).map { try revocation($0) }
    }

    package func stateChange(_ id: GUID, in tenant: GUID) throws -> StateChange? {
        try row("SELECT * FROM state_changes WHERE id = ? AND home_tenant = ?", [id, tenant]).map { try stateChange($0) }
    }

    /// The ids of the tenant's revocations and state changes that are not in effect everywhere, in their order.
    package func pending(in tenant: GUID, at now: Timestamp) throws -> [GUID] {
        try rows(
            """
            SELECT id, sequence FROM revocations WHERE home_tenant = ?1 AND sequence IN
                (SELECT sequence FROM arrivals WHERE visible_at IS NULL OR visible_at > ?2)
            UNION ALL
            SELECT id, sequence FROM state_changes WHERE home_tenant = ?1 AND sequence IN
                (SELECT sequence FROM arrivals WHERE visible_at IS NULL OR visible_at > ?2)
            ORDER BY 2
            """, [tenant, now]
        ).map { $0["id"] }
    }

    /// Which of the tenant's revocations and state changes the next one will be, from 1 on.
    package func nextOrdinal(in tenant: GUID) throws -> Int64 {
        let found = try row(
            """
            SELECT max(ifnull((SELECT max(ordinal) FROM revocations WHERE home_tenant = ?1), 0),
                ifnull((SELECT max(ordinal) FROM state_changes WHERE home_tenant = ?1), 0)) AS last
            """, [tenant])
        return (found?["last"] ?? 0) + 1
    }

    /// - Parameter ordinal: see ``nextOrdinal(in:)``.
    package func insert(_ revocation: Revocation, ordinal: Int64) throws {
        directory?.forget(revocation.user)
        try run(
            """
            INSERT INTO revocations (id, home_tenant, home_user, at, sequence, ordinal, cause, actor)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                revocation.id, revocation.user.tenant, revocation.user.user, revocation.place.at, revocation.place.sequence,
                ordinal, revocation.cause, revocation.actor,
            ])
        try insert(revocation.propagation, of: revocation.place.sequence)
    }

    package func insert(_ change: StateChange, ordinal: Int64) throws {
        directory?.forget(change.user)
        try run(
            "INSERT INTO state_changes (id, sequence, ordinal, home_tenant, home_user, kind, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [change.id, change.place.sequence, ordinal, change.user.tenant, change.user.user, change.kind, change.place.at])
        try insert(change.propagation, of: change.place.sequence)
    }

    private func insert(_ propagation: Propagation, of sequence: Int64) throws {
        for arrival in propagation.arrivals {
            var attempts: Int?
            if case .afterAttempts(let number) = arrival.moment { attempts = number }
            try run(
                "INSERT INTO arrivals (sequence, plane, region, visible_at, attempts) VALUES (?, ?, ?, ?, ?)",
                [sequence, arrival.plane, arrival.region, arrival.visibleAt, attempts])
        }
    }

    /// Brings arrivals of an event forward.
    package func release(_ arrivals: [Propagation.Arrival], of event: some Propagated, user: User.Home) throws {
        directory?.forget(user)
        for arrival in arrivals {
            try run(
                "UPDATE arrivals SET visible_at = ?, attempts = NULL WHERE sequence = ? AND plane = ? AND region = ?",
                [arrival.visibleAt, event.place.sequence, arrival.plane, arrival.region])
        }
    }

    private func revocation(_ row: Row) throws -> Revocation {
        Revocation(
            id: row["id"], user: User.Home(tenant: row["home_tenant"], user: row["home_user"]),
            place: Place(at: row["at"], sequence: row["sequence"]), cause: row["cause"], actor: row["actor"],
            propagation: try propagation(of: row["sequence"]))
    }

    private func stateChange(_ row: Row) throws -> StateChange {
        StateChange(
            id: row["id"], user: User.Home(tenant: row["home_tenant"], user: row["home_user"]), kind: row["kind"],
            place: Place(at: row["at"], sequence: row["sequence"]), propagation: try propagation(of: row["sequence"]))
    }

    private func propagation(of sequence: Int64) throws -> Propagation {
        Propagation(
            try rows("SELECT plane, region, visible_at, attempts FROM arrivals WHERE sequence = ? ORDER BY rowid", [sequence]).map {
                row in
                let visibleAt: Timestamp? = row["visible_at"]
                let attempts: Int? = row["attempts"]
                return .init(
                    plane: row["plane"], region: row["region"],
                    moment: visibleAt.map(Propagation.Moment.at) ?? attempts.map(Propagation.Moment.afterAttempts) ?? .held)
            })
    }
}
