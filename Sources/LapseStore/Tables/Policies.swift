import GRDB
import LapseRules

// What policies count.
extension StoreTransaction {
    package func lockout(of user: GUID) throws -> Lockout {
        try row("SELECT failures, locked_until FROM lockouts WHERE user = ?", [user]).map {
            Lockout(failures: $0[0], until: $0[1])
        } ?? .none
    }

    package func set(_ lockout: Lockout, of user: GUID) throws {
        guard lockout != .none else {
            try run("DELETE FROM lockouts WHERE user = ?", [user])
            return
        }
        try run(
            "INSERT OR REPLACE INTO lockouts (user, failures, locked_until) VALUES (?, ?, ?)",
            [user, lockout.failures, lockout.until])
    }

    /// Keeps a token request of the tenant, and forgets those that are out of the window, before it or behind.
    ///
    /// - Returns: how many the same there were within the window, this one too.
    package func countTokenRequest(_ hash: SecretHash, in tenant: GUID, at now: Timestamp, window: Duration) throws -> Int {
        try run(
            "DELETE FROM token_requests WHERE tenant = ? AND (at <= ? OR at > ?)", [tenant, now - window, now])
        try run("INSERT INTO token_requests (tenant, hash, at) VALUES (?, ?, ?)", [tenant, hash, now])
        return try row("SELECT count(*) FROM token_requests WHERE tenant = ? AND hash = ?", [tenant, hash])?[0] ?? 1
    }
}
