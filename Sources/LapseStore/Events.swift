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
        let id = eventIDs.take()
        try run(
            """
            INSERT INTO events (id, tenant, at, type, user, client, grant_id, revocation, region, code, request_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                id, event.tenant, event.at, event.kind, event.user, event.client, event.grant, event.revocation, event.region,
                event.code?.rawValue, event.requestID,
            ])
        return id
    }

    /// The tenant's events after that id, oldest first; nil filters nothing.
    public func events(in tenant: GUID, after id: Int64, kind: Event.Kind?, user: GUID?, limit: Int) throws -> [(
        id: Int64, event: Event
    )] {
        try rows(
            """
            SELECT * FROM events WHERE tenant = ?1 AND id > ?2 AND (?3 IS NULL OR type = ?3) AND (?4 IS NULL OR user = ?4)
            ORDER BY id LIMIT ?5
            """, [tenant, id, kind, user, limit]
        ).map { row in
            let code: Int? = row["code"]
            return (
                row["id"],
                Event(
                    tenant: row["tenant"], at: row["at"], kind: row["type"], user: row["user"], client: row["client"],
                    grant: row["grant_id"], revocation: row["revocation"], region: row["region"],
                    code: code.flatMap(AADSTS.init(rawValue:)), requestID: row["request_id"])
            )
        }
    }

    // MARK: What a moving clock passes

    /// Everything of the tenant that takes effect after `start` and not after `end`, in order.
    public func effects(in tenant: GUID, after start: Timestamp, through end: Timestamp) throws -> [ClockEffect] {
        try rows(
            """
            SELECT visible_at AS at, 'revocationBelieved' AS type, r.id AS id, plane, region
            FROM revocations r JOIN arrivals a ON a.sequence = r.sequence
            WHERE r.home_tenant = ?1 AND visible_at > ?2 AND visible_at <= ?3
            UNION ALL
            SELECT visible_at, 'stateChangeBelieved', s.home_user, plane, region
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
            ORDER BY 1, 2, 3, 4, 5
            """, [tenant, start, end]
        ).map { ClockEffect(at: $0["at"], type: $0["type"], id: $0["id"], plane: $0["plane"], region: $0["region"]) }
    }
}

/// Counts events across tenants, from where the database left off. An id that a rolled-back transaction took stays unused.
final class EventIDs: Sendable {
    private let following: Mutex<Int64>

    init(_ db: Database) throws {
        let last = try Int64.fetchOne(
            db, sql: "SELECT max(last_event, ifnull((SELECT max(id) FROM events), 0)) FROM meta")
        following = Mutex((last ?? 0) + 1)
    }

    var next: Int64 { following.withLock { $0 } }

    func take() -> Int64 {
        following.withLock { next in
            defer { next += 1 }
            return next
        }
    }
}
