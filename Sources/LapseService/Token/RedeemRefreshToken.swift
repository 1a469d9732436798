import LapseRules
import LapseStore

extension Authority {
    /// Loads a refresh token with its grant and its user in the tenant of the request.
    func prepareRefresh(
        _ text: String, _ request: TokenRequest, at name: TenantName, _ tx: StoreTransaction, wall: Timestamp
    ) throws -> PreparedGrant {
        let hash = SecretHash(of: text)
        let token = try RefreshToken.origin(of: text).flatMap { try tx.refreshToken(hash, of: $0.grant, issuedAt: $0.issuedAt) }
        let grant = try token.flatMap { try tx.grant($0.grant) }
        return PreparedGrant(
            tenant: grant?.tenant, grantClass: grant?.clientClass, user: grant?.user, grant: grant?.id,
            presented: hash.fingerprint, accepted: .tokenRefreshed,
            refused: .refreshRefused
        ) { context in
            let facts = try token.flatMap { token in
                try grant.map { grant in
                    RefreshTokenGrant.Facts(
                        token: token, grant: grant, isFamilyToken: try isFamilyMember(grant, context.app, tx),
                        account: try tx.account(of: grant, in: context.tenant.id, wall: wall),
                        grantNow: grant.tenant == context.tenant.id
                            ? context.now : try tx.tenant(grant.tenant)?.clock.now(wall: wall) ?? context.now)
                }
            }
            return RefreshTokenGrant.decide(text, request, facts: facts, in: context)
        }
    }

    private func isFamilyMember(_ grant: Grant, _ app: AppRegistration, _ tx: StoreTransaction) throws -> Bool {
        if grant.client == app.id { return app.isFamilyMember }
        return try tx.app(grant.client, in: grant.tenant)?.isFamilyMember ?? false
    }
}
