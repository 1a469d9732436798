import GRDB
import LapseRules

// What takes effect because a tenant's clock moves past it.
extension StoreTransaction {
    /// The next instant after `start` at which anything of the tenant takes effect; nil when nothing is ahead.
    package func nextEffect(in tenant: GUID, after start: Timestamp) throws -> Timestamp? {
        // The first of each kind, which an index has, and then the first of those: not all that is ahead.
        try row(
            """
            SELECT min(at) AS at FROM (
            SELECT min(visible_at) AS at FROM arrivals WHERE tenant = \(Self.number) AND visible_at > ?2
            UNION ALL
            SELECT * FROM (SELECT c.expires_at FROM authorization_codes c CROSS JOIN grants g ON g.id = c.grant_id
                WHERE g.tenant = ?1 AND c.redeemed_at IS NULL AND c.expires_at > ?2 ORDER BY c.expires_at LIMIT 1)
            UNION ALL
            SELECT min(expires_at) FROM device_codes WHERE tenant = ?1 AND state IN ('pending', 'approved') AND expires_at > ?2
            UNION ALL
            SELECT min(expires_at) FROM refresh_tokens WHERE tenant = \(Self.number) AND expires_at > ?2
            UNION ALL
            SELECT min(expires_at) FROM sessions WHERE home_tenant = ?1 AND ended_at IS NULL AND expires_at > ?2)
            """, [tenant, start])?["at"]
    }

    /// The number of tenant ?1.
    private static let number = "(SELECT number FROM tenants WHERE id = ?1)"

    /// The instant from which all revocations and state changes with a known one are in effect everywhere; nil when they are.
    package func endOfPropagation(in tenant: GUID, after start: Timestamp) throws -> Timestamp? {
        try row("SELECT max(visible_at) AS at FROM arrivals WHERE tenant = \(Self.number) AND visible_at > ?2", [tenant, start])?[
            "at"]
    }

    /// The next end of a refresh token of the tenant after `start`; nil when none is ahead.
    package func nextRefreshTokenExpiry(in tenant: GUID, after start: Timestamp) throws -> Timestamp? {
        try row(
            """
            SELECT min(expires_at) AS at FROM refresh_tokens
            WHERE tenant = \(Self.number) AND expires_at > ?2
            """, [tenant, start])?["at"]
    }

    /// Everything of the tenant that takes effect after `start` and not after `end`, in order: the first `limit`.
    package func effects(
        in tenant: GUID, after start: Timestamp, through end: Timestamp, limit: Int
    ) throws -> [ClockEffect] {
        try rows("\(Self.effects) ORDER BY 1, 2, 3, 4, 5 LIMIT ?4", [tenant, start, end, limit]).map {
            ClockEffect(at: $0["at"], type: $0["type"], id: $0["id"], plane: $0["plane"], region: $0["region"])
        }
    }

    /// Where revocations and state changes of the tenant take effect from `start` on and not after `end`, in order: the first `limit`.
    ///
    /// - Parameter user: only this user's; nil: everybody's.
    package func arrivals(
        in tenant: GUID, from start: Timestamp, through end: Timestamp, user: GUID?, limit: Int
    ) throws -> [(effect: ClockEffect, user: GUID)] {
        try rows("\(Self.arrivals) ORDER BY 1, 2, 3, 4, 5 LIMIT ?5", [tenant, start, end, user, limit]).map {
            (ClockEffect(at: $0["at"], type: $0["type"], id: $0["id"], plane: $0["plane"], region: $0["region"]), $0["user"])
        }
    }

    /// What takes effect in tenant ?1 from ?2 on and not after ?3, of user ?4 where that is not NULL.
    private static let arrivals = events(
        "tenant = \(number) AND visible_at >= ?2 AND visible_at <= ?3",
        of: "e.home_user = ifnull(?4, e.home_user)")

    /// The revocations and state changes that take effect by the arrivals of the condition. The arrivals come first: an index has them by tenant and instant.
    private static func events(_ condition: String, of user: String = "TRUE") -> String {
        [("revocations", "revocationInEffect"), ("state_changes", "stateChangeInEffect")].map { table, type in
            """
            SELECT visible_at AS at, '\(type)' AS type, e.id AS id, plane, region, e.home_user AS user
            FROM arrivals a CROSS JOIN \(table) e ON e.sequence = a.sequence WHERE \(condition) AND \(user)
            """
        }.joined(separator: " UNION ALL ")
    }

    /// What takes effect in tenant ?1 after ?2 and not after ?3.
    private static let effects = """
        SELECT at, type, id, plane, region FROM (
        \(events("tenant = \(number) AND visible_at > ?2 AND visible_at <= ?3")))
        UNION ALL
        SELECT c.expires_at, 'codeExpired', c.grant_id, NULL, NULL
        FROM authorization_codes c CROSS JOIN grants g ON g.id = c.grant_id
        WHERE g.tenant = ?1 AND c.redeemed_at IS NULL AND c.expires_at > ?2 AND c.expires_at <= ?3
        UNION ALL
        SELECT expires_at, 'deviceCodeExpired', substr(lower(hex(hash)), 1, 16), NULL, NULL FROM device_codes
        WHERE tenant = ?1 AND state IN ('pending', 'approved') AND expires_at > ?2 AND expires_at <= ?3
        UNION ALL
        SELECT expires_at, 'refreshTokenExpired', substr(lower(hex(hash)), 1, 16), NULL, NULL FROM refresh_tokens
        WHERE tenant = \(number) AND expires_at > ?2 AND expires_at <= ?3
        UNION ALL
        SELECT expires_at, 'sessionExpired', id, NULL, NULL FROM sessions
        WHERE home_tenant = ?1 AND ended_at IS NULL AND expires_at > ?2 AND expires_at <= ?3
        """
}
