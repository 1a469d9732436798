import GRDB
import LapseRules

// What retention deletes, and what remembers it: in slices, each of them a short transaction of its own.

/// How far a slice of deleting came.
package struct DeletedSlice: Equatable, Sendable {
    /// How many rows went.
    package var rows: Int
    /// Whether there is nothing more to delete.
    package var isLast: Bool

    package init(rows: Int, isLast: Bool) { (self.rows, self.isLast) = (rows, isLast) }
}

/// Behind which of a tenant's refresh tokens a slice goes on, in the order of their ends.
package struct PrunedToken: Sendable {
    fileprivate let expiresAt: Timestamp
    fileprivate let grant: Int64
    fileprivate let issuedAt: Timestamp
    fileprivate let hash: SecretHash
}

// MARK: What is due

extension StoreTransaction {
    /// Whether anything of the tenant may have to go, by the first row of each kind that is looked at: whoever finds nothing need not write.
    ///
    /// - Parameters: as of the functions below; an age that is nil makes nothing due.
    package func isRetentionDue(
        in tenant: GUID, now: Timestamp, eventsWrittenBy eventCutoff: Timestamp?, tokensWrittenBy tokenCutoff: Timestamp?,
        after last: PrunedToken?
    ) throws -> Bool {
        if let eventCutoff {
            let first = try row(
                """
                SELECT written_at FROM events WHERE id >= (SELECT first_event FROM tenants WHERE id = ?1) AND tenant = ?1 ORDER BY id LIMIT 1
                """, [tenant])
            if let writtenAt: Timestamp = first?["written_at"], writtenAt <= eventCutoff { return true }
        }
        guard let seconds = tokenCutoff?.secondsSinceEpoch else { return false }
        if let first = try refreshTokens(of: tenant, after: last, endedBy: now, limit: 1).first {
            return first["written_at"] <= seconds
        }
        return try row(
            """
            WITH next AS (SELECT written_at FROM (SELECT id FROM grants WHERE tenant = ?1
                    AND number > (SELECT pruned_grant FROM tenants WHERE id = ?1) ORDER BY number LIMIT 1000)
                LEFT JOIN authorization_codes ON grant_id = id)
            SELECT EXISTS (SELECT 1 FROM next WHERE written_at <= ?2)
                OR (SELECT count(*) = 1000 AND count(written_at) = 0 FROM next)
                OR ifnull((SELECT written_at FROM device_codes WHERE tenant = ?1 AND expires_at <= ?3 ORDER BY expires_at LIMIT 1) <= ?2, 0)
                AS is_due
            """, [tenant, seconds, now])?["is_due"] ?? false
    }

    /// Of how many pages the database is, and how many of them hold nothing.
    package func pages() throws -> (all: Int, free: Int) {
        let row = try row("SELECT page_count, freelist_count FROM pragma_page_count(), pragma_freelist_count()")
        return (row?["page_count"] ?? 0, row?["freelist_count"] ?? 0)
    }

    /// Makes the database so many pages smaller at most, as far as they hold nothing.
    package func release(pages: Int) throws { try db.execute(sql: "PRAGMA incremental_vacuum(\(pages))") }
}

// MARK: Events

extension StoreTransaction {
    /// How many events of the tenant have a higher id.
    package func eventCount(of tenant: GUID, after id: Int64) throws -> Int64 {
        try row("SELECT count(*) AS number FROM events WHERE id > ? AND tenant = ?", [id, tenant])?["number"] ?? 0
    }

    /// The id below which the tenant has no event; nil when it is not there.
    package func firstEventID(of tenant: GUID) throws -> Int64? {
        try row("SELECT first_event FROM tenants WHERE id = ?", [tenant])?["first_event"]
    }

    /// How many events of other tenants a slice passes over for each of its own that it may delete.
    private static let passedOver: Int64 = 32

    /// Deletes the oldest events of the tenant, one after the other, as long as they are too many or too old.
    ///
    /// - Parameters:
    ///   - excess: so many go whatever their age.
    ///   - cutoff: those go that were written by then, on the machine's clock; nil: none for its age.
    ///   - last: none goes that has a higher id.
    ///   - limit: how many go at most.
    package func deleteEvents(
        of tenant: GUID, excess: Int64, writtenBy cutoff: Timestamp?, through last: Int64 = .max, limit: Int
    ) throws -> DeletedSlice {
        guard let first = try firstEventID(of: tenant) else { return DeletedSlice(rows: 0, isLast: true) }
        let last = min(last, try lastEventID())
        // Others' events may stand between: passing over one costs a small part of deleting one.
        let end = min(last, first + Int64(limit) * Self.passedOver)
        let own = try rows(
            "SELECT id, written_at FROM events WHERE id >= ? AND id <= ? AND tenant = ? ORDER BY id LIMIT ?",
            [first, end, tenant, limit])
        let going = own.enumerated().prefix { place, event in
            place < excess || cutoff.map { event["written_at"] <= $0 } ?? false
        }.map { $0.element["id"] as Int64 }
        let (next, isLast): (Int64, Bool) =
            if going.count < own.count {
                (own[going.count]["id"], true)
            } else if own.count == limit {
                (going[going.count - 1] + 1, false)
            } else {
                (end + 1, end >= last)
            }
        guard next > first else { return DeletedSlice(rows: 0, isLast: isLast) }
        if !going.isEmpty {
            // The ids of the events that go are not used again.
            try run("UPDATE meta SET last_event = max(last_event, ?)", [going[going.count - 1]])
            try run("DELETE FROM events WHERE id IN (SELECT value FROM json_each(?))", [JSON.array(going.map(JSON.integer))])
            eventIDs.touch(tenant)
        }
        try run("UPDATE tenants SET first_event = ? WHERE id = ?", [next, tenant])
        return DeletedSlice(rows: going.count, isLast: isLast)
    }
}

// MARK: Refresh tokens

extension StoreTransaction {
    /// By when tokens and codes of the tenant had ended that may be gone; nil: none is.
    package func prunedThrough(of tenant: GUID) throws -> Timestamp? {
        try row("SELECT pruned_through FROM tenants WHERE id = ?", [tenant])?["pruned_through"]
    }

    private func prune(tenant: GUID, through end: Timestamp) throws {
        try run("UPDATE tenants SET pruned_through = max(ifnull(pruned_through, ?1), ?1) WHERE id = ?2", [end, tenant])
    }

    /// Deletes refresh tokens of the tenant that have ended, in the order of their ends, up to the first that is too young. The last of each
    /// grant stays: it says how many there were, and when they ended.
    ///
    /// - Parameters:
    ///   - after: the last token of the slice before; nil at the beginning, and after a start.
    ///   - now: what the tenant's clock shows.
    ///   - cutoff: those go that were written by then, on the machine's clock.
    package func pruneRefreshTokens(
        of tenant: GUID, after last: PrunedToken?, endedBy now: Timestamp, writtenBy cutoff: Timestamp, limit: Int
    ) throws -> (slice: DeletedSlice, last: PrunedToken?) {
        let old = try refreshTokens(of: tenant, after: last, endedBy: now, limit: limit).prefix {
            ($0["written_at"] as Int64) <= cutoff.secondsSinceEpoch
        }
        guard let end = old.last else { return (DeletedSlice(rows: 0, isLast: true), last) }
        var latest: [GUID: Timestamp] = [:]
        var deleted = 0
        for token in old {
            let (grant, issuedAt): (GUID, Timestamp) = (token["id"], token["issued_at"])
            if let last = try lastToken(of: grant), last.issuedAt == issuedAt, last.ordinal == token["ordinal"] { continue }
            try delete(refreshToken: token)
            latest[grant] = max(latest[grant] ?? issuedAt, issuedAt)
            deleted += 1
        }
        for (grant, issuedAt) in latest {
            try run("UPDATE grants SET pruned_through = max(ifnull(pruned_through, ?1), ?1) WHERE id = ?2", [issuedAt, grant])
            directory.forget(grant: grant)
        }
        try prune(tenant: tenant, through: end["expires_at"])
        return (
            DeletedSlice(rows: deleted, isLast: old.count < limit),
            PrunedToken(expiresAt: end["expires_at"], grant: end["grant_number"], issuedAt: end["issued_at"], hash: end["hash"])
        )
    }

    /// Refresh tokens of the tenant that have ended, in the order of their ends.
    ///
    /// - Parameter last: where to go on; nil: behind what was pruned.
    private func refreshTokens(
        of tenant: GUID, after last: PrunedToken?, endedBy now: Timestamp, limit: Int
    ) throws -> [Row] {
        try rows(
            """
            SELECT expires_at, grant_number, issued_at, hash, written_at, ordinal, g.id FROM refresh_tokens t
            CROSS JOIN grants g ON g.number = t.grant_number
            WHERE t.tenant = (SELECT number FROM tenants WHERE id = ?1) AND expires_at <= ?2
                AND (expires_at, grant_number, issued_at, hash)
                    > (ifnull(?3, ifnull((SELECT pruned_through FROM tenants WHERE id = ?1), 0)), ?4, ?5, ?6)
            ORDER BY expires_at, grant_number, issued_at, hash LIMIT ?7
            """,
            [tenant, now, last?.expiresAt, last?.grant ?? 0, last?.issuedAt ?? .epoch, last?.hash ?? SecretHash(of: ""), limit])
    }

    private func delete(refreshToken row: Row) throws {
        try run(
            "DELETE FROM refresh_tokens WHERE grant_number = ? AND issued_at = ? AND hash = ?",
            [row["grant_number"] as Int64, row["issued_at"] as Timestamp, row["hash"] as SecretHash])
    }

    /// When a refresh token ended that may have been pruned, as the last one of its grant tells, in ticks; nil when none of that instant was.
    func endOfPrunedToken(of grant: DirectoryCache.NumberedGrant, issuedAt: Timestamp) throws -> Int64? {
        guard let prunedThrough = grant.prunedThrough, issuedAt <= prunedThrough else { return nil }
        return try numbers(
            """
            SELECT min(?1 + expires_at - issued_at, ifnull((SELECT pruned_through FROM tenants WHERE number = ?2), ?1))
            FROM refresh_tokens WHERE grant_number = ?3 ORDER BY issued_at DESC, ordinal DESC LIMIT 1
            """
        ) {
            $0.add(issuedAt)
            $0.add(grant.tenant)
            $0.add(grant.number)
        }?[0]
    }
}

// MARK: Codes

extension StoreTransaction {
    /// Deletes authorization codes of the tenant that have ended, in the order of their grants, up to the first that is too young. Their
    /// grants remember how they ended.
    ///
    /// - Parameters: as of ``pruneRefreshTokens(of:after:endedBy:writtenBy:limit:)``
    package func pruneCodes(
        of tenant: GUID, endedBy now: Timestamp, writtenBy cutoff: Timestamp, limit: Int
    ) throws -> DeletedSlice {
        let found = try rows(
            """
            SELECT g.number, g.id, c.hash, c.redeemed_at IS NOT NULL AS is_redeemed, c.names_tenant, c.expires_at, c.written_at
            FROM grants g LEFT JOIN authorization_codes c ON c.grant_id = g.id
            WHERE g.tenant = ?1 AND g.number > (SELECT pruned_grant FROM tenants WHERE id = ?1) ORDER BY g.number LIMIT ?2
            """, [tenant, limit])
        let old = found.prefix { ($0["written_at"] as Int64?).map { $0 <= cutoff.secondsSinceEpoch } ?? true }
        var deleted = 0
        for code in old {
            guard let hash: SecretHash = code["hash"] else { continue }
            let (isRedeemed, end): (Bool, Timestamp) = (code["is_redeemed"], code["expires_at"])
            // One that a standing clock keeps alive stays.
            guard isRedeemed || end <= now else { continue }
            let grant: GUID = code["id"]
            try run("DELETE FROM authorization_codes WHERE hash = ?", [hash])
            try run(
                "UPDATE grants SET pruned_code = ?, pruned_code_names_tenant = ? WHERE id = ?",
                [isRedeemed ? PrunedCode.redeemed : .expired, code["names_tenant"] as Bool, grant])
            directory.forget(grant: grant)
            if !isRedeemed { try prune(tenant: tenant, through: end) }
            deleted += 1
        }
        if let last: Int64 = old.last?["number"] {
            try run("UPDATE tenants SET pruned_grant = ? WHERE id = ?", [last, tenant])
        }
        return DeletedSlice(rows: deleted, isLast: old.count < limit)
    }

    /// Deletes device codes that have ended, of a tenant or of none, in the order of their ends, up to the first that is too young.
    package func pruneDeviceCodes(
        of tenant: GUID?, endedBy now: Timestamp, writtenBy cutoff: Timestamp, limit: Int
    ) throws -> DeletedSlice {
        let found = try rows(
            "SELECT hash, expires_at, written_at FROM device_codes WHERE tenant IS ? AND expires_at <= ? ORDER BY expires_at LIMIT ?",
            [tenant, now, limit])
        let old = found.prefix { ($0["written_at"] as Int64) <= cutoff.secondsSinceEpoch }
        for code in old { try run("DELETE FROM device_codes WHERE hash = ?", [code["hash"] as SecretHash]) }
        if let tenant, let end: Timestamp = old.last?["expires_at"] { try prune(tenant: tenant, through: end) }
        return DeletedSlice(rows: old.count, isLast: old.count < limit)
    }
}

// MARK: All of a tenant

extension StoreTransaction {
    /// Whether to delete the tenant in one transaction would let others wait.
    package func hasMuch(of tenant: GUID) throws -> Bool {
        try row(
            """
            SELECT EXISTS (SELECT 1 FROM refresh_tokens WHERE tenant = (SELECT number FROM tenants WHERE id = ?1) LIMIT 1 OFFSET 1000)
                OR EXISTS (SELECT 1 FROM grants WHERE tenant = ?1 LIMIT 1 OFFSET 500)
                OR EXISTS (SELECT 1 FROM sessions WHERE home_tenant = ?1 LIMIT 1 OFFSET 500)
                OR EXISTS (SELECT 1 FROM revocations WHERE home_tenant = ?1 LIMIT 1 OFFSET 200)
                OR ?2 - (SELECT first_event FROM tenants WHERE id = ?1) > 2000 AS has_much
            """, [tenant, try lastEventID()])?["has_much"] ?? false
    }

    /// Deletes a part of what a tenant has much of, which a reset or the tenant's end takes away. What could still speak against a sign-in goes
    /// after all sign-ins.
    ///
    /// - Parameter last: the last event before it began. What came later stays.
    package func deletePart(of tenant: GUID, through last: Int64, limit: Int) throws -> DeletedSlice {
        func part(_ rows: Int) -> DeletedSlice { DeletedSlice(rows: rows, isLast: false) }
        let tokens = try rows(
            """
            SELECT grant_number, issued_at, hash FROM refresh_tokens INDEXED BY refresh_tokens_by_end
            WHERE tenant = (SELECT number FROM tenants WHERE id = ?) LIMIT ?
            """, [tenant, limit])
        for token in tokens {
            try delete(refreshToken: token)
        }
        guard tokens.isEmpty else {
            directory.forgetLastTokens()
            return part(tokens.count)
        }
        let grants: [GUID] = try rows("SELECT id FROM grants WHERE tenant = ? AND sequence <= ? LIMIT ?", [tenant, last, limit]).map
        { $0["id"] }
        for grant in grants {
            try run("DELETE FROM grants WHERE id = ?", [grant])
            directory.forget(grant: grant)
        }
        guard grants.isEmpty else { return part(grants.count) }
        let sessions: [GUID] = try rows(
            "SELECT id FROM sessions WHERE home_tenant = ? AND sequence <= ? LIMIT ?", [tenant, last, limit]
        ).map { $0["id"] }
        for session in sessions { try run("DELETE FROM sessions WHERE id = ?", [session]) }
        guard sessions.isEmpty else { return part(sessions.count) }
        let revocations = try rows(
            "SELECT sequence, home_user FROM revocations WHERE home_tenant = ? AND sequence <= ? LIMIT ?",
            [tenant, last, limit / 16])
        for revocation in revocations {
            let sequence: Int64 = revocation["sequence"]
            for table in ["arrivals", "attempts", "revocations"] { try run("DELETE FROM \(table) WHERE sequence = ?", [sequence]) }
            directory.forget(User.Home(tenant: tenant, user: revocation["home_user"]))
        }
        guard revocations.isEmpty else { return part(revocations.count) }
        return try deleteEvents(of: tenant, excess: .max, writtenBy: nil, through: last, limit: limit)
    }
}

/// How a code had ended that is pruned.
enum PrunedCode: String, DatabaseValueConvertible {
    case redeemed, expired
}
