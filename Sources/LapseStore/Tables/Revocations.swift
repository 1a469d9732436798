import GRDB
import LapseRules

// What speaks against an account: cut-offs and states, with when each takes effect where.

extension StoreTransaction {
    /// Everything that can speak against a grant or session of the account with this `authTime`: the later revocations and all
    /// state changes.
    package func history(of home: User.Home, since authTime: Timestamp) throws -> AccountHistory {
        try directory.history(of: home, since: authTime) { since in
            AccountHistory(
                revocations: try revocations(
                    "home_user = ? AND home_tenant = ? AND at >= ? ORDER BY at, sequence", [home.user, home.tenant, since]),
                stateChanges: try stateChanges("home_user = ? AND home_tenant = ? ORDER BY sequence", [home.user, home.tenant]))
        }
    }

    /// Everything that ever happened to the account.
    package func history(of home: User.Home) throws -> AccountHistory { try history(of: home, since: .epoch) }

    package func revocation(_ id: GUID, in tenant: GUID) throws -> Revocation? {
        try revocations("id = ? AND home_tenant = ?", [id, tenant]).first
    }

    /// The tenant's revocations in their order, after the one with that sequence number.
    package func revocations(in tenant: GUID, after sequence: Int64, limit: Int) throws -> [Revocation] {
        try revocations("home_tenant = ? AND sequence > ? ORDER BY sequence LIMIT ?", [tenant, sequence, limit])
    }

    package func stateChange(_ id: GUID, in tenant: GUID) throws -> StateChange? {
        try stateChanges("id = ? AND home_tenant = ?", [id, tenant]).first
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
        directory.add(revocation)
        try run(
            """
            INSERT INTO revocations (id, home_tenant, home_user, at, sequence, ordinal, cause, actor)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                revocation.id, revocation.user.tenant, revocation.user.user, revocation.place.at, revocation.place.sequence,
                ordinal, revocation.cause, revocation.actor,
            ])
        try insert(revocation.propagation, of: revocation.place.sequence, in: revocation.user.tenant)
    }

    package func insert(_ change: StateChange, ordinal: Int64) throws {
        directory.add(change)
        try run(
            "INSERT INTO state_changes (id, sequence, ordinal, home_tenant, home_user, kind, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [change.id, change.place.sequence, ordinal, change.user.tenant, change.user.user, change.kind, change.place.at])
        try insert(change.propagation, of: change.place.sequence, in: change.user.tenant)
    }

    private func insert(_ propagation: Propagation, of sequence: Int64, in tenant: GUID) throws {
        for arrival in propagation.arrivals {
            var attempts: Int?
            if case .afterAttempts(let number) = arrival.moment { attempts = number }
            try run(
                """
                INSERT INTO arrivals (sequence, plane, region, visible_at, attempts, tenant)
                VALUES (?, ?, ?, ?, ?, ifnull((SELECT number FROM tenants WHERE id = ?), 0))
                """, [sequence, arrival.plane, arrival.region, arrival.visibleAt, attempts, tenant])
        }
    }

    /// Brings arrivals of an event forward.
    package func release(_ arrivals: [Propagation.Arrival], of event: some Propagated, user: User.Home) throws {
        directory.forget(user)
        for arrival in arrivals {
            try run(
                "UPDATE arrivals SET visible_at = ?, attempts = NULL WHERE sequence = ? AND plane = ? AND region = ?",
                [arrival.visibleAt, event.place.sequence, arrival.plane, arrival.region])
        }
    }

    /// The revocations that the condition, with its order and limit, chooses.
    private func revocations(_ condition: String, _ arguments: StatementArguments) throws -> [Revocation] {
        try propagated("SELECT sequence, home_tenant, home_user, at, id, cause, actor FROM revocations WHERE", condition, arguments)
        {
            Revocation(id: $0[4], user: $1, place: $2, cause: $0[5], actor: $0[6], propagation: $3)
        }
    }

    private func stateChanges(_ condition: String, _ arguments: StatementArguments) throws -> [StateChange] {
        try propagated("SELECT sequence, home_tenant, home_user, at, id, kind FROM state_changes WHERE", condition, arguments) {
            StateChange(id: $0[4], user: $1, kind: $0[5], place: $2, propagation: $3)
        }
    }

    /// What a query for events chooses, in its order, with all their arrivals: two statements, however many they are.
    ///
    /// - Parameter make: makes one of its row and what they all have: the account, the place, and the propagation.
    private func propagated<Event>(
        _ select: String, _ condition: String, _ arguments: StatementArguments,
        _ make: (Row, User.Home, Place, Propagation) throws -> Event
    ) throws -> [Event] {
        let found = try rows("\(select) \(condition)", arguments)
        guard !found.isEmpty else { return [] }
        var arrivals: [Int64: [Propagation.Arrival]] = [:]
        let sequences = JSON.array(found.map { .integer($0[0]) })
        // In the order of the rowid: see the schema.
        let cursor = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT sequence, plane, region, visible_at, attempts FROM arrivals
                    WHERE sequence IN (SELECT value FROM json_each(?)) ORDER BY rowid
                    """), arguments: [sequences])
        while let row = try cursor.next() {
            let visibleAt: Timestamp? = row[3]
            let attempts: Int? = row[4]
            arrivals[row[0], default: []].append(
                .init(
                    plane: row[1], region: row[2],
                    moment: visibleAt.map(Propagation.Moment.at) ?? attempts.map(Propagation.Moment.afterAttempts) ?? .held))
        }
        return try found.map { row in
            let sequence: Int64 = row[0]
            return try make(
                row, User.Home(tenant: row[1], user: row[2]), Place(at: row[3], sequence: sequence),
                Propagation(arrivals[sequence] ?? []))
        }
    }
}
