import LapseRules
import LapseStore

extension Authority {
    /// Loads what a user name and password come to.
    func preparePassword(
        _ userName: String, _ password: String, _ request: TokenRequest, at name: TenantName, _ tx: StoreTransaction,
        wall: Timestamp
    ) throws -> PreparedGrant {
        // Entra: facts, the password flow works under `organizations` and at a tenant only.
        guard name != .alias(.common), name != .alias(.consumers) else { throw Refused(AADSTS.notOverCommon.error(), now: wall) }
        let named = try tx.tenant(named: name)
        let attempt = try tx.attempt(userName: userName, .password(password), in: named, wall: wall)
        let user = try attempt.home.flatMap { try tx.user(of: $0, in: named?.id ?? $0.tenant) }
        return PreparedGrant(
            tenant: user?.tenant, user: user?.id, subject: user?.home.user, accepted: .signedIn, refused: .signInRefused
        ) { context in
            try tx.countPasswords(attempt, wall: wall)
            return PasswordGrant.decide(request, signIn: attempt, sequence: tx.nextEventID(), in: context)
        }
    }
}
