import GRDB
import LapseRules

// Sessions, grants, codes and refresh tokens.

extension Authentication {
    init(row: Row) {
        self.init(
            user: User.Home(tenant: row["home_tenant"], user: row["home_user"]),
            place: Place(at: row["auth_time"], sequence: row["sequence"]), method: row["method"])
    }
}

extension Grant: FetchableRecord {
    public init(row: Row) {
        self.init(
            id: row["id"], tenant: row["tenant"], user: row["user"], client: row["client"], clientClass: row["client_class"],
            scope: row["scope"], authentication: Authentication(row: row), session: row["session"], createdAt: row["created_at"],
            isCapable: row["is_capable"])
    }
}

extension BrowserSession: FetchableRecord {
    public init(row: Row) {
        self.init(
            id: row["id"], browser: row["browser"], authentication: Authentication(row: row), isPersistent: row["is_persistent"],
            lastUsedAt: row["last_used_at"], expiresAt: row["expires_at"], endedAt: row["ended_at"])
    }
}

extension AuthorizationCode: FetchableRecord {
    public init(row: Row) {
        let challenge: String? = row["challenge"]
        let method: PKCE.Method? = row["challenge_method"]
        self.init(
            hash: row["hash"], grant: row["grant_id"], redirectURI: row["redirect_uri"], isForSPA: row["is_for_spa"],
            challenge: challenge.flatMap { value in method.map { PKCE.Challenge(value: value, method: $0) } },
            nonce: row["nonce"], wantsAuthTime: row["wants_auth_time"], issuedAt: row["issued_at"], expiresAt: row["expires_at"],
            redeemedAt: row["redeemed_at"])
    }
}

extension DeviceCode: FetchableRecord {
    public init(row: Row) {
        self.init(
            hash: row["hash"], userCodeHash: row["user_code_hash"], client: row["client"], tenant: row["tenant"],
            scope: row["scope"], isCapable: row["is_capable"], issuedAt: row["issued_at"], expiresAt: row["expires_at"],
            state: row["state"],
            grant: row["grant_id"])
    }
}

extension StoreTransaction {
    // MARK: Grants and refresh tokens

    public func grant(_ id: GUID) throws -> Grant? {
        try cached(id, in: \.grants) { try row("SELECT * FROM grants WHERE id = ?", [id]).map { Grant(row: $0) } }
    }

    /// The account's grants, newest first.
    ///
    /// - Parameter after: the last grant of the part before.
    public func grants(of home: User.Home, tenant: GUID?, after: GUID? = nil, limit: Int) throws -> [Grant] {
        try rows(
            """
            SELECT * FROM grants WHERE home_tenant = ? AND home_user = ? AND (?3 IS NULL OR tenant = ?3)
                AND (?4 IS NULL OR rowid < (SELECT rowid FROM grants WHERE id = ?4))
            ORDER BY rowid DESC LIMIT ?5
            """, [home.tenant, home.user, tenant, after, limit]
        ).map { Grant(row: $0) }
    }

    /// The clients that the session has signed its user in to, each once.
    public func clients(of session: BrowserSession) throws -> [(tenant: GUID, client: ClientID)] {
        try rows(
            "SELECT DISTINCT tenant, client FROM grants WHERE home_user = ? AND session = ? ORDER BY tenant, client",
            [session.authentication.user.user, session.id]
        ).map { ($0["tenant"], $0["client"]) }
    }

    public func insert(_ grant: Grant) throws {
        directory?.forget(grant: grant.id)
        let authentication = grant.authentication
        try run(
            """
            INSERT INTO grants (id, tenant, user, client, client_class, scope, home_tenant, home_user, auth_time, sequence,
                method, session, created_at, is_capable) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                grant.id, grant.tenant, grant.user, grant.client, grant.clientClass, grant.scope, authentication.user.tenant,
                authentication.user.user, authentication.place.at, authentication.place.sequence, authentication.method,
                grant.session, grant.createdAt, grant.isCapable,
            ])
    }

    public func refreshToken(_ hash: SecretHash, of grant: GUID, issuedAt: Timestamp) throws -> RefreshToken? {
        try numbers("SELECT expires_at FROM refresh_tokens WHERE grant_id = ? AND issued_at = ? AND hash = ?") {
            $0.add(grant)
            $0.add(issuedAt)
            $0.add(hash)
        }.map { RefreshToken(hash: hash, grant: grant, issuedAt: issuedAt, expiresAt: Timestamp(ticks: $0[0])) }
    }

    public func insert(_ token: RefreshToken) throws {
        try run("INSERT INTO refresh_tokens (grant_id, issued_at, hash, expires_at) VALUES (?, ?, ?, ?)") {
            $0.add(token.grant)
            $0.add(token.issuedAt)
            $0.add(token.hash)
            $0.add(token.expiresAt)
        }
    }

    /// How many refresh tokens a grant has, and when the last of them ends; nil when it has none.
    public func refreshTokens(of grant: GUID) throws -> (count: Int, lastExpiresAt: Timestamp?) {
        let found = try row("SELECT count(*) AS n, max(expires_at) AS last FROM refresh_tokens WHERE grant_id = ?", [grant])
        return (found?["n"] ?? 0, found?["last"])
    }

    // MARK: Codes

    public func authorizationCode(_ hash: SecretHash) throws -> AuthorizationCode? {
        try row("SELECT * FROM authorization_codes WHERE hash = ?", [hash]).map { AuthorizationCode(row: $0) }
    }

    public func insert(_ code: AuthorizationCode) throws {
        try run(
            """
            INSERT INTO authorization_codes (hash, grant_id, redirect_uri, is_for_spa, challenge, challenge_method, nonce,
                wants_auth_time, issued_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                code.hash, code.grant, code.redirectURI, code.isForSPA, code.challenge?.value, code.challenge?.method, code.nonce,
                code.wantsAuthTime, code.issuedAt, code.expiresAt,
            ])
    }

    public func markRedeemed(code: SecretHash, at: Timestamp) throws {
        try run("UPDATE authorization_codes SET redeemed_at = ? WHERE hash = ?", [at, code])
    }

    public func deviceCode(_ hash: SecretHash) throws -> DeviceCode? {
        try row("SELECT * FROM device_codes WHERE hash = ?", [hash]).map { DeviceCode(row: $0) }
    }

    public func deviceCode(userCode hash: SecretHash) throws -> DeviceCode? {
        try row("SELECT * FROM device_codes WHERE user_code_hash = ?", [hash]).map { DeviceCode(row: $0) }
    }

    public func insert(_ code: DeviceCode) throws {
        try run(
            """
            INSERT INTO device_codes (hash, user_code_hash, client, tenant, scope, is_capable, issued_at, expires_at, state,
                grant_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                code.hash, code.userCodeHash, code.client, code.tenant, code.scope, code.isCapable, code.issuedAt, code.expiresAt,
                code.state,
                code.grant,
            ])
    }

    /// Sets the state, and with an approval the grant it made.
    public func update(deviceCode hash: SecretHash, state: DeviceCode.State, grant: GUID? = nil) throws {
        try run("UPDATE device_codes SET state = ?, grant_id = coalesce(?, grant_id) WHERE hash = ?", [state, grant, hash])
    }

    // MARK: Sessions

    /// All sessions of the browsers that these cookies name, those of each cookie's kind alone.
    public func sessions(browsers: [BrowserSession.Cookie: SecretHash]) throws -> [BrowserSession] {
        try browsers.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { cookie, browser in
            try rows(
                "SELECT * FROM sessions WHERE browser = ? AND is_persistent = ? ORDER BY rowid", [browser, cookie == .persistent]
            ).map { BrowserSession(row: $0) }
        }
    }

    public func session(_ id: GUID) throws -> BrowserSession? {
        try row("SELECT * FROM sessions WHERE id = ?", [id]).map { BrowserSession(row: $0) }
    }

    /// The account's sessions, newest first.
    ///
    /// - Parameter after: the last session of the part before.
    public func sessions(of home: User.Home, after: GUID? = nil, limit: Int) throws -> [BrowserSession] {
        try rows(
            """
            SELECT * FROM sessions WHERE home_tenant = ? AND home_user = ?
                AND (?3 IS NULL OR rowid < (SELECT rowid FROM sessions WHERE id = ?3))
            ORDER BY rowid DESC LIMIT ?4
            """, [home.tenant, home.user, after, limit]
        ).map { BrowserSession(row: $0) }
    }

    public func insert(_ session: BrowserSession) throws {
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

    /// The session was used: its lifetime slides.
    public func touch(session: GUID, at: Timestamp, expiresAt: Timestamp) throws {
        try run("UPDATE sessions SET last_used_at = ?, expires_at = ? WHERE id = ?", [at, expiresAt, session])
    }

    public func end(session: GUID, at: Timestamp) throws {
        try run("UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL", [at, session])
    }
}
