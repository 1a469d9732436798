import GRDB
import LapseRules

// Grants and their refresh tokens.

extension Authentication {
    init(row: Row) {
        self.init(
            user: User.Home(tenant: row["home_tenant"], user: row["home_user"]),
            place: Place(at: row["auth_time"], sequence: row["sequence"]), method: row["method"])
    }
}

extension Grant {
    init(row: Row) {
        self.init(
            id: row["id"], tenant: row["tenant"], user: row["user"], client: row["client"], clientClass: row["client_class"],
            scope: row["scope"], authentication: Authentication(row: row), session: row["session"], createdAt: row["created_at"],
            declaresCP1: row["declares_cp1"], registration: row["registration"])
    }
}

extension StoreTransaction {
    package func grant(_ id: GUID) throws -> Grant? { try numbered(id)?.grant }

    /// The grant with the numbers that its tokens know it by.
    private func numbered(_ id: GUID) throws -> DirectoryCache.NumberedGrant? {
        try cached(id, in: \.grants) {
            try row(
                "SELECT grants.*, tenants.number AS tenant_number FROM grants JOIN tenants ON tenants.id = grants.tenant WHERE grants.id = ?",
                [id]
            ).map {
                .init(
                    grant: Grant(row: $0), number: $0["number"], tenant: $0["tenant_number"], prunedThrough: $0["pruned_through"])
            }
        }
    }

    /// The account's grants, newest first.
    ///
    /// - Parameter after: the last grant of the part before.
    package func grants(of home: User.Home, tenant: GUID?, after: GUID? = nil, limit: Int) throws -> [Grant] {
        try rows(
            """
            SELECT * FROM grants WHERE home_tenant = ? AND home_user = ? AND (?3 IS NULL OR tenant = ?3)
                AND (?4 IS NULL OR number < (SELECT number FROM grants WHERE id = ?4))
            ORDER BY number DESC LIMIT ?5
            """, [home.tenant, home.user, tenant, after, limit]
        ).map { Grant(row: $0) }
    }

    /// The clients that the session has signed its user in to, each once.
    package func clients(of session: BrowserSession) throws -> [(tenant: GUID, client: ClientID)] {
        try rows(
            "SELECT DISTINCT tenant, client FROM grants WHERE home_user = ? AND session = ? ORDER BY tenant, client",
            [session.authentication.user.user, session.id]
        ).map { ($0["tenant"], $0["client"]) }
    }

    package func insert(_ grant: Grant) throws {
        directory.forget(grant: grant.id)
        let authentication = grant.authentication
        try run(
            """
            INSERT INTO grants (id, tenant, user, client, client_class, scope, home_tenant, home_user, auth_time, sequence,
                method, session, created_at, declares_cp1, registration) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                grant.id, grant.tenant, grant.user, grant.client, grant.clientClass, grant.scope, authentication.user.tenant,
                authentication.user.user, authentication.place.at, authentication.place.sequence, authentication.method,
                grant.session, grant.createdAt, grant.declaresCP1, grant.registration,
            ])
    }

    /// The refresh token; nil when there was none.
    ///
    /// One that is pruned is known by its grant, which says that tokens of its instant may be gone: it has ended, and nobody can tell it from
    /// one that never was.
    package func refreshToken(_ hash: SecretHash, of grant: GUID, issuedAt: Timestamp) throws -> RefreshToken? {
        guard let known = try numbered(grant) else { return nil }
        let found = try numbers("SELECT expires_at FROM refresh_tokens WHERE grant_number = ? AND issued_at = ? AND hash = ?") {
            $0.add(known.number)
            $0.add(issuedAt)
            $0.add(hash)
        }
        guard let expiresAt = try found?[0] ?? endOfPrunedToken(of: known, issuedAt: issuedAt) else { return nil }
        return RefreshToken(hash: hash, grant: grant, issuedAt: issuedAt, expiresAt: Timestamp(ticks: expiresAt))
    }

    package func insert(_ token: RefreshToken) throws {
        guard let grant = try numbered(token.grant) else {
            throw DatabaseError(resultCode: .SQLITE_CONSTRAINT_FOREIGNKEY, message: "the refresh token's grant is not there")
        }
        let before = try lastToken(of: token.grant)
        let count = (before?.ordinal ?? 0) + 1
        let lastEnd = before.map { max($0.lastEnd, token.expiresAt) } ?? token.expiresAt
        try run(
            """
            INSERT INTO refresh_tokens (grant_number, issued_at, hash, expires_at, tenant, written_at, ordinal, last_end)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        ) {
            $0.add(grant.number)
            $0.add(token.issuedAt)
            $0.add(token.hash)
            $0.add(token.expiresAt)
            $0.add(grant.tenant)
            $0.add(machineClock().secondsSinceEpoch)
            $0.add(count)
            $0.add(lastEnd == token.expiresAt ? nil : lastEnd)
        }
        var latest = token.issuedAt
        if let before, before.issuedAt > token.issuedAt {
            // On a clock that was set back: the token of the latest instant tells for all.
            try run(
                """
                UPDATE refresh_tokens SET ordinal = ?1, last_end = nullif(?2, expires_at)
                WHERE grant_number = ?3 AND issued_at = ?4 AND ordinal = ?5
                """, [count, lastEnd, grant.number, before.issuedAt, before.ordinal])
            latest = before.issuedAt
        }
        directory.keep(
            DirectoryCache.LastToken(ordinal: count, issuedAt: latest, lastEnd: lastEnd), as: token.grant, in: \.lastTokens)
    }

    /// The refresh token that a grant got last; nil: it has none.
    package func newestRefreshToken(of grant: GUID) throws -> RefreshToken? {
        guard let number = try numbered(grant)?.number else { return nil }
        return try row(
            """
            SELECT hash, issued_at, expires_at FROM refresh_tokens WHERE grant_number = ?
            ORDER BY issued_at DESC, ordinal DESC LIMIT 1
            """, [number]
        ).map { RefreshToken(hash: $0["hash"], grant: grant, issuedAt: $0["issued_at"], expiresAt: $0["expires_at"]) }
    }

    /// How many refresh tokens a grant has had, and when the last of them ends; nil when it has none.
    package func refreshTokens(of grant: GUID) throws -> (count: Int, lastExpiresAt: Timestamp?) {
        let last = try lastToken(of: grant)
        return (Int(last?.ordinal ?? 0), last?.lastEnd)
    }

    /// What tells of all refresh tokens of a grant; nil when it has none.
    func lastToken(of grant: GUID) throws -> DirectoryCache.LastToken? {
        try cached(grant, in: \.lastTokens) {
            guard let number = try numbered(grant)?.number else { return nil }
            return try numbers(
                """
                SELECT ordinal, issued_at, ifnull(last_end, expires_at) FROM refresh_tokens
                WHERE grant_number = ?1 AND issued_at = (SELECT max(issued_at) FROM refresh_tokens WHERE grant_number = ?1)
                ORDER BY ordinal DESC LIMIT 1
                """
            ) { $0.add(number) }.map {
                DirectoryCache.LastToken(ordinal: $0[0], issuedAt: Timestamp(ticks: $0[1]), lastEnd: Timestamp(ticks: $0[2]))
            }
        }
    }
}
