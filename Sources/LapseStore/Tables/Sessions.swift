import GRDB
import LapseRules

// The sessions of browsers.

extension BrowserSession {
    init(row: Row) {
        self.init(
            id: row["id"], browser: row["browser"], authentication: Authentication(row: row), isPersistent: row["is_persistent"],
            lastUsedAt: row["last_used_at"], expiresAt: row["expires_at"], endedAt: row["ended_at"])
    }
}

extension StoreTransaction {
    /// All sessions of the browsers that these cookies name, those of each cookie's kind alone.
    package func sessions(browsers: [BrowserSession.Cookie: SecretHash]) throws -> [BrowserSession] {
        try browsers.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { cookie, browser in
            try rows(
                "SELECT * FROM sessions WHERE browser = ? AND is_persistent = ? ORDER BY rowid", [browser, cookie == .persistent]
            ).map { BrowserSession(row: $0) }
        }
    }

    package func session(_ id: GUID) throws -> BrowserSession? {
        try row("SELECT * FROM sessions WHERE id = ?", [id]).map { BrowserSession(row: $0) }
    }

    /// The account's sessions, newest first.
    ///
    /// - Parameter after: the last session of the part before.
    package func sessions(of home: User.Home, after: GUID? = nil, limit: Int) throws -> [BrowserSession] {
        try rows(
            """
            SELECT * FROM sessions WHERE home_tenant = ? AND home_user = ?
                AND (?3 IS NULL OR rowid < (SELECT rowid FROM sessions WHERE id = ?3))
            ORDER BY rowid DESC LIMIT ?4
            """, [home.tenant, home.user, after, limit]
        ).map { BrowserSession(row: $0) }
    }

    package func insert(_ session: BrowserSession) throws {
        let authentication = session.authentication
        try run(
            """
            INSERT INTO sessions (id, browser, home_tenant, home_user, auth_time, sequence, method, is_persistent, last_used_at,
                expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                session.id, session.browser, authentication.user.tenant, authentication.user.user, authentication.place.at,
                authentication.place.sequence, authentication.method, session.isPersistent, session.lastUsedAt,
                session.expiresAt,
            ])
    }

    /// The browser that the first hash names has another cookie of that kind: what it holds moves there, and the old value names nothing.
    package func move(_ cookie: BrowserSession.Cookie, from old: SecretHash, to new: SecretHash) throws {
        try run(
            "UPDATE sessions SET browser = ?1 WHERE browser = ?2 AND is_persistent = ?3", [new, old, cookie == .persistent])
    }

    /// The session was used: its lifetime slides.
    package func touch(session: GUID, at: Timestamp, expiresAt: Timestamp) throws {
        try run("UPDATE sessions SET last_used_at = ?, expires_at = ? WHERE id = ?", [at, expiresAt, session])
    }

    package func end(session: GUID, at: Timestamp) throws {
        try run("UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL", [at, session])
    }
}
