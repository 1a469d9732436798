import GRDB
import LapseRules
import Synchronization

// The log: what happened, in order, never changed.

extension StoreTransaction {
    /// The id that the next event will have: its place in the order of events.
    public func nextEventID() -> Int64 { eventIDs.next }

    /// Appends the event and returns its id.
    @discardableResult
    public func append(_ event: Event) throws -> Int64 {
        let id = eventIDs.take(for: event.tenant)
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
            $0.add(event.notes.json?.encodedText)
            $0.add(machineClock())
        }
        return id
    }

    /// The tenant's events after that id, oldest first; nil filters nothing.
    public func events(in tenant: GUID, after id: Int64, kind: Event.Kind?, user: GUID?, limit: Int) throws -> [LoggedEvent] {
        try rows(
            """
            SELECT * FROM events WHERE id > ?2 AND id >= (SELECT first_event FROM tenants WHERE id = ?1) AND tenant = ?1
                AND (?3 IS NULL OR type = ?3) AND (?4 IS NULL OR user = ?4)
            ORDER BY id LIMIT ?5
            """, [tenant, id, kind, user, limit]
        ).map(LoggedEvent.init)
    }

    /// The tenant's events of these kinds, from an id on, which is not one of them, forwards or backwards.
    public func events(
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
    public func newestEvents(in tenant: GUID, limit: Int, looked: Int64) throws -> [LoggedEvent] {
        try rows(
            """
            SELECT * FROM events WHERE id > ?2 AND id >= (SELECT first_event FROM tenants WHERE id = ?1) AND tenant = ?1
            ORDER BY id DESC LIMIT ?3
            """, [tenant, lastEventID() - looked, limit]
        ).reversed().map(LoggedEvent.init)
    }

    /// What happened to grants, oldest first: the newest `limit` of each, as far as they are among the last `looked` of the log.
    public func newestEvents(of grants: [GUID], limit: Int, looked: Int64) throws -> [LoggedEvent] {
        try rows(
            """
            SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY grant_id ORDER BY id DESC) AS place FROM events
                WHERE id > ?2 AND grant_id IN (SELECT value FROM json_each(?1)))
            WHERE place <= ?3 ORDER BY id
            """, [JSON(grants.map(\.description)), lastEventID() - looked, limit]
        ).map(LoggedEvent.init)
    }

    /// The newest events of these kinds about a user, oldest first, as far as they are among the last `looked` of the log.
    public func newestEvents(of user: GUID, kinds: Set<Event.Kind>, limit: Int, looked: Int64) throws -> [LoggedEvent] {
        try rows(
            """
            SELECT * FROM events WHERE id > ?2 AND user = ?1 AND type IN (SELECT value FROM json_each(?3)) ORDER BY id DESC LIMIT ?4
            """, [user, lastEventID() - looked, JSON(kinds.map(\.rawValue)), limit]
        ).reversed().map(LoggedEvent.init)
    }

    /// What happened to a grant, oldest first: the newest `limit` of it.
    ///
    /// - Parameter sequence: the event of its sign-in, before which there is nothing.
    public func events(of grants: [GUID], since sequence: Int64, limit: Int) throws -> [LoggedEvent] {
        try rows(
            """
            SELECT * FROM events WHERE id = ?2 OR (id > ?2 AND grant_id IN (SELECT value FROM json_each(?1)))
            ORDER BY id DESC LIMIT ?3
            """, [JSON(grants.map(\.description)), sequence, limit]
        ).reversed().map(LoggedEvent.init)
    }

    /// The id of the last event of any tenant.
    public func lastEventID() -> Int64 { eventIDs.next - 1 }

    // MARK: What a moving clock passes

    /// The next instant after `start` at which anything of the tenant takes effect; nil when nothing is ahead.
    public func nextEffect(in tenant: GUID, after start: Timestamp) throws -> Timestamp? {
        try row("SELECT min(at) AS at FROM (\(Self.effects))", [tenant, start, Timestamp.latest])?["at"]
    }

    /// The instant from which all revocations and state changes with a known one are believed everywhere; nil when they are.
    public func endOfPropagation(in tenant: GUID, after start: Timestamp) throws -> Timestamp? {
        try row(
            "SELECT max(at) AS at FROM (\(Self.effects)) WHERE plane IS NOT NULL", [tenant, start, Timestamp.latest])?["at"]
    }

    /// The next end of a refresh token of the tenant after `start`; nil when none is ahead.
    public func nextRefreshTokenExpiry(in tenant: GUID, after start: Timestamp) throws -> Timestamp? {
        try row(
            """
            SELECT min(t.expires_at) AS at FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id
            WHERE g.tenant = ? AND t.expires_at > ?
            """, [tenant, start])?["at"]
    }

    /// Everything of the tenant that takes effect after `start` and not after `end`, in order: the first `limit`.
    public func effects(
        in tenant: GUID, after start: Timestamp, through end: Timestamp, limit: Int
    ) throws -> [ClockEffect] {
        try rows("\(Self.effects) ORDER BY 1, 2, 3, 4, 5 LIMIT ?4", [tenant, start, end, limit]).map {
            ClockEffect(at: $0["at"], type: $0["type"], id: $0["id"], plane: $0["plane"], region: $0["region"])
        }
    }

    /// What takes effect in tenant ?1 after ?2 and not after ?3.
    private static let effects = """
        SELECT visible_at AS at, 'revocationBelieved' AS type, r.id AS id, plane, region
        FROM revocations r JOIN arrivals a ON a.sequence = r.sequence
        WHERE r.home_tenant = ?1 AND visible_at > ?2 AND visible_at <= ?3
        UNION ALL
        SELECT visible_at, 'stateChangeBelieved', s.id, plane, region
        FROM state_changes s JOIN arrivals a ON a.sequence = s.sequence
        WHERE s.home_tenant = ?1 AND visible_at > ?2 AND visible_at <= ?3
        UNION ALL
        SELECT c.expires_at, 'codeExpired', c.grant_id, NULL, NULL
        FROM authorization_codes c JOIN grants g ON g.id = c.grant_id
        WHERE g.tenant = ?1 AND c.redeemed_at IS NULL AND c.expires_at > ?2 AND c.expires_at <= ?3
        UNION ALL
        SELECT expires_at, 'deviceCodeExpired', substr(lower(hex(hash)), 1, 16), NULL, NULL FROM device_codes
        WHERE tenant = ?1 AND state IN ('pending', 'approved') AND expires_at > ?2 AND expires_at <= ?3
        UNION ALL
        SELECT t.expires_at, 'refreshTokenExpired', substr(lower(hex(t.hash)), 1, 16), NULL, NULL
        FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id
        WHERE g.tenant = ?1 AND t.expires_at > ?2 AND t.expires_at <= ?3
        UNION ALL
        SELECT expires_at, 'sessionExpired', id, NULL, NULL FROM sessions
        WHERE home_tenant = ?1 AND ended_at IS NULL AND expires_at > ?2 AND expires_at <= ?3
        """
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
        if let notes: JSON = row["notes"] { event.notes = try Event.Notes(notes) }
        self.init(id: row["id"], event: event, writtenAt: row["written_at"])
    }
}

/// Counts events across tenants, from where the database left off. An id that a rolled-back transaction took stays unused.
final class EventIDs: Sendable {
    fileprivate struct State {
        var next: Int64
        /// Whose log the present transaction has changed. One is enough to remember in nearly every transaction.
        var touched: [GUID] = []
    }

    private let state: Mutex<State>

    init(_ db: Database) throws {
        let last = try Int64.fetchOne(
            db, sql: "SELECT max(last_event, ifnull((SELECT max(id) FROM events), 0)) FROM meta")
        state = Mutex(State(next: (last ?? 0) + 1))
    }

    var next: Int64 { state.withLock { $0.next } }

    func take(for tenant: GUID) -> Int64 {
        state.withLock { state in
            defer { state.next += 1 }
            state.touch(tenant)
            return state.next
        }
    }

    /// Whoever waits for news of the tenant is to look again, though no event tells of it.
    func touch(_ tenant: GUID) { state.withLock { $0.touch(tenant) } }

    /// Hands over the tenants that were touched since the last time.
    func takeTouched(_ body: (GUID) -> Void) {
        let touched = state.withLock { state in
            defer { state.touched.removeAll(keepingCapacity: true) }
            return state.touched
        }
        touched.forEach(body)
    }
}

extension EventIDs.State {
    fileprivate mutating func touch(_ tenant: GUID) {
        if !touched.contains(tenant) { touched.append(tenant) }
    }
}
