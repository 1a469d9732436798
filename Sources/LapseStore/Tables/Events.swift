import GRDB
import LapseRules

// The log: what happened, in order, never changed.

extension StoreTransaction {
    /// The id that the next event will have: its place in the order of events.
    package func nextEventID() -> Int64 { eventIDs.next }

    /// Appends the event and returns its id.
    @discardableResult
    package func append(_ event: Event) throws -> Int64 {
        let id = eventIDs.take(for: event)
        try run(
            """
            INSERT INTO events (id, tenant, at, type, user, client, grant_id, revocation, region, code, request_id,
                actor, ends_at, evaluated, presented, notes, written_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        ) {
            $0.add(id)
            $0.add(event.tenant)
            $0.add(event.at)
            $0.add(event.kind.rawValue)
            $0.add(event.user)
            $0.add(event.client?.description)
            $0.add(event.grant)
            $0.add(event.revocation)
            $0.add(event.region?.description)
            $0.add(event.code.map { Int64($0.rawValue) })
            $0.add(event.requestID)
            $0.add(event.actor)
            $0.add(event.accessToken?.endsAt)
            $0.add(event.accessToken.map { $0.isEvaluated ? 1 : 0 } as Int64?)
            $0.add(event.presented)
            $0.add(event.notes.stored?.encodedText)
            $0.add(machineClock())
        }
        return id
    }

    /// The last event that a writer appended; nil before the first of this run.
    package var lastAppended: Event? { eventIDs.last }

    /// The events of these ids, of any tenant; those that are not in the log are missing.
    package func events(_ ids: [Int64]) throws -> [LoggedEvent] {
        try rows(
            "SELECT * FROM events WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", [JSON.array(ids.map(JSON.integer))]
        ).map(LoggedEvent.init)
    }

    /// The tenant's events after that id, oldest first; nil filters nothing.
    package func events(in tenant: GUID, after id: Int64, kind: Event.Kind?, user: GUID?, limit: Int) throws -> [LoggedEvent] {
        let ofKind = kind.map { Self.crowding.contains($0) ? "type = ?3" : "type = ?3 AND \(Self.isRare)" } ?? "?3 IS NULL"
        return try rows(
            """
            SELECT * FROM events WHERE id > ?2 AND id >= (SELECT first_event FROM tenants WHERE id = ?1) AND tenant = ?1
                AND \(ofKind) AND \(user == nil ? "?4 IS NULL" : "user = ?4")
            ORDER BY id LIMIT ?5
            """, [tenant, id, kind, user, limit]
        ).map(LoggedEvent.init)
    }

    /// The kinds that come in crowds, which no index has.
    private static let crowding: [Event.Kind] = [.tokenRefreshed, .refreshRefused, .accessOutlived, .accessChallenged]
    /// As the index `events_of_rare_kinds` says it: only then SQLite takes it.
    private static let isRare = crowding.map { "type <> '\($0.rawValue)'" }.joined(separator: " AND ")

    /// The tenant's events of these kinds, from an id on, which is not one of them, forwards or backwards.
    package func events(
        in tenant: GUID, kinds: Set<Event.Kind>, from id: Int64, isDescending: Bool, limit: Int
    ) throws -> [LoggedEvent] {
        try rows(
            """
            SELECT * FROM events WHERE \(isDescending ? "id < ?2" : "id > ?2")
                AND id >= (SELECT first_event FROM tenants WHERE id = ?1) AND tenant = ?1
                AND type IN (SELECT value FROM json_each(?3))
            ORDER BY id \(isDescending ? "DESC" : "ASC") LIMIT ?4
            """, [tenant, id, JSON(kinds.map(\.rawValue)), limit]
        ).map(LoggedEvent.init)
    }

    /// The newest events of the tenant, oldest first, as far as they are among the last `looked` of the log.
    package func newestEvents(in tenant: GUID, limit: Int, looked: Int64) throws -> [LoggedEvent] {
        try rows(
            """
            SELECT * FROM events WHERE id > ?2 AND id >= (SELECT first_event FROM tenants WHERE id = ?1) AND tenant = ?1
            ORDER BY id DESC LIMIT ?3
            """, [tenant, try lastEventID() - looked, limit]
        ).reversed().map(LoggedEvent.init)
    }

    /// What happened to grants, oldest first: the newest `limit` of each, as far as they are among the last `looked` of the log.
    package func newestEvents(of grants: [GUID], limit: Int, looked: Int64) throws -> [LoggedEvent] {
        try rows(
            """
            SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY grant_id ORDER BY id DESC) AS place FROM events
                WHERE id > ?2 AND grant_id IN (SELECT value FROM json_each(?1)))
            WHERE place <= ?3 ORDER BY id
            """, [JSON(grants.map(\.description)), try lastEventID() - looked, limit]
        ).map(LoggedEvent.init)
    }

    /// The last sign-ins of users of the tenant, as far as they are among the last `looked` events of the log, in one reading of it.
    package func activity(of users: [GUID], in tenant: GUID, looked: Int64) throws -> [GUID: SignInEntry.Activity] {
        let found = try rows(
            """
            SELECT user, max(id) FILTER (WHERE type IN (SELECT value FROM json_each(?4))) AS interactive,
                max(id) FILTER (WHERE type NOT IN (SELECT value FROM json_each(?4))) AS other,
                max(id) FILTER (WHERE code IS NULL) AS successful
            FROM events WHERE id > ?2 AND id >= (SELECT first_event FROM tenants WHERE id = ?1) AND tenant = ?1
                AND user IN (SELECT value FROM json_each(?3)) AND type IN (SELECT value FROM json_each(?5)) GROUP BY user
            """,
            [
                tenant, try lastEventID() - looked, JSON(users.map(\.description)), JSON(SignInEntry.interactive.map(\.rawValue)),
                JSON(SignInEntry.kinds.map(\.rawValue)),
            ])
        let ids: [Int64] = found.flatMap { [$0["interactive"], $0["other"], $0["successful"]].compactMap { $0 as Int64? } }
        let events = Dictionary(uniqueKeysWithValues: try events(Array(Set(ids))).map { ($0.id, $0) })
        return Dictionary(
            uniqueKeysWithValues: found.map { row in
                var activity = SignInEntry.Activity()
                activity.interactive = (row["interactive"] as Int64?).flatMap { events[$0] }
                activity.nonInteractive = (row["other"] as Int64?).flatMap { events[$0] }
                activity.successful = (row["successful"] as Int64?).flatMap { events[$0] }
                return (row["user"], activity)
            })
    }

    /// The access token that was issued last of a grant, and when; nil: the log has none.
    package func newestAccessToken(of grant: Grant) throws -> (token: Event.AccessToken, issuedAt: Timestamp)? {
        try row(
            """
            SELECT at, ends_at, evaluated FROM events WHERE user = ? AND grant_id = ? AND ends_at IS NOT NULL
            ORDER BY id DESC LIMIT 1
            """, [grant.user, grant.id]
        ).map { (Event.AccessToken(endsAt: $0["ends_at"], isEvaluated: $0["evaluated"]), $0["at"]) }
    }

    /// The newest events of these kinds about a user, oldest first, as far as they are among the last `looked` of the log.
    package func newestEvents(of user: GUID, kinds: Set<Event.Kind>, limit: Int, looked: Int64) throws -> [LoggedEvent] {
        try rows(
            """
            SELECT * FROM events WHERE id > ?2 AND user = ?1 AND type IN (SELECT value FROM json_each(?3)) ORDER BY id DESC LIMIT ?4
            """, [user, try lastEventID() - looked, JSON(kinds.map(\.rawValue)), limit]
        ).reversed().map(LoggedEvent.init)
    }

    /// What happened to a grant, oldest first: the newest `limit` of it.
    ///
    /// - Parameter sequence: the event of its sign-in, before which there is nothing.
    package func events(of grants: [GUID], since sequence: Int64, limit: Int) throws -> [LoggedEvent] {
        try rows(
            """
            SELECT * FROM events WHERE id = ?2 OR (id > ?2 AND grant_id IN (SELECT value FROM json_each(?1)))
            ORDER BY id DESC LIMIT ?3
            """, [JSON(grants.map(\.description)), sequence, limit]
        ).reversed().map(LoggedEvent.init)
    }

    /// The id of the last event of any tenant, as far as this transaction sees.
    package func lastEventID() throws -> Int64 { reading == nil ? eventIDs.next - 1 : try EventIDs.last(in: db) }
}

extension LoggedEvent {
    init(_ row: Row) throws {
        let code: Int? = row["code"]
        var event = Event(
            tenant: row["tenant"], at: row["at"], kind: row["type"], user: row["user"], client: row["client"],
            grant: row["grant_id"], revocation: row["revocation"], region: row["region"],
            code: code.flatMap(AADSTS.init(rawValue:)), requestID: row["request_id"])
        event.actor = row["actor"]
        if let endsAt: Timestamp = row["ends_at"] {
            event.accessToken = .init(endsAt: endsAt, isEvaluated: row["evaluated"])
        }
        event.presented = row["presented"]
        if let notes = try row.decode(JSON?.self, forColumn: "notes") { event.notes = try Event.Notes(stored: notes) }
        self.init(id: row["id"], event: event, writtenAt: row["written_at"])
    }
}
