import GRDB
import LapseRules

// Authorization codes and device codes.

extension AuthorizationCode {
    init(row: Row) {
        let challenge: String? = row["challenge"]
        let method: PKCE.Method? = row["challenge_method"]
        self.init(
            hash: row["hash"], grant: row["grant_id"], redirectURI: row["redirect_uri"], isForSPA: row["is_for_spa"],
            namesTenant: row["names_tenant"],
            challenge: challenge.flatMap { value in method.map { PKCE.Challenge(value: value, method: $0) } },
            nonce: row["nonce"], wantsAuthTime: row["wants_auth_time"], issuedAt: row["issued_at"], expiresAt: row["expires_at"],
            redeemedAt: row["redeemed_at"])
    }
}

extension DeviceCode {
    init(row: Row) {
        self.init(
            hash: row["hash"], userCodeHash: row["user_code_hash"], client: row["client"], tenant: row["tenant"],
            scope: row["scope"], declaresCP1: row["declares_cp1"], issuedAt: row["issued_at"], expiresAt: row["expires_at"],
            state: row["state"],
            grant: row["grant_id"])
    }
}

extension StoreTransaction {
    /// The code; nil when there was none.
    ///
    /// - Parameter grant: the one that its text names. One that is pruned is known by its grant: how it ended, and nothing else of it.
    package func authorizationCode(_ hash: SecretHash, of grant: GUID?) throws -> AuthorizationCode? {
        if let code = try row("SELECT * FROM authorization_codes WHERE hash = ?", [hash]) { return AuthorizationCode(row: code) }
        guard let grant, let remembered = try row("SELECT * FROM grants WHERE id = ?", [grant]),
            let end: PrunedCode = remembered["pruned_code"]
        else { return nil }
        let createdAt: Timestamp = remembered["created_at"]
        return AuthorizationCode(
            hash: hash, grant: grant, redirectURI: "", isForSPA: false, namesTenant: remembered["pruned_code_names_tenant"],
            challenge: nil, nonce: nil, wantsAuthTime: false, issuedAt: createdAt, expiresAt: createdAt,
            redeemedAt: end == .redeemed ? createdAt : nil)
    }

    package func insert(_ code: AuthorizationCode) throws {
        try run(
            """
            INSERT INTO authorization_codes (hash, grant_id, redirect_uri, is_for_spa, names_tenant, challenge, challenge_method, nonce,
                wants_auth_time, issued_at, expires_at, written_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                code.hash, code.grant, code.redirectURI, code.isForSPA, code.namesTenant, code.challenge?.value,
                code.challenge?.method,
                code.nonce, code.wantsAuthTime, code.issuedAt, code.expiresAt, machineClock().secondsSinceEpoch,
            ])
    }

    package func markRedeemed(code: SecretHash, at: Timestamp) throws {
        try run("UPDATE authorization_codes SET redeemed_at = ? WHERE hash = ?", [at, code])
    }

    package func deviceCode(_ hash: SecretHash) throws -> DeviceCode? {
        try row("SELECT * FROM device_codes WHERE hash = ?", [hash]).map { DeviceCode(row: $0) }
    }

    package func deviceCode(userCode hash: SecretHash) throws -> DeviceCode? {
        try row("SELECT * FROM device_codes WHERE user_code_hash = ?", [hash]).map { DeviceCode(row: $0) }
    }

    package func insert(_ code: DeviceCode) throws {
        try run(
            """
            INSERT INTO device_codes (hash, user_code_hash, client, tenant, scope, declares_cp1, issued_at, expires_at, state,
                grant_id, written_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                code.hash, code.userCodeHash, code.client, code.tenant, code.scope, code.declaresCP1, code.issuedAt, code.expiresAt,
                code.state, code.grant, machineClock().secondsSinceEpoch,
            ])
    }

    /// Sets the state, and with an approval the grant it made.
    package func update(deviceCode hash: SecretHash, state: DeviceCode.State, grant: GUID? = nil) throws {
        try run("UPDATE device_codes SET state = ?, grant_id = coalesce(?, grant_id) WHERE hash = ?", [state, grant, hash])
    }
}
