import LapseRules
import LapseStore

extension Authority {
    /// Loads an authorization code with the grant that was made with it.
    func prepareCode(
        _ text: String, redirectURI: String, verifier: String?, _ request: TokenRequest, _ tx: StoreTransaction, wall: Timestamp
    ) throws -> PreparedGrant {
        let code = try tx.authorizationCode(SecretHash(of: text))
        let grant = try code.flatMap { try tx.grant($0.grant) }
        return PreparedGrant(
            tenant: grant?.tenant, grantClass: grant?.clientClass, user: grant?.user, grant: grant?.id, accepted: .codeRedeemed,
            refused: .codeRefused
        ) { context in
            let facts = try code.flatMap { code in
                try grant.map { grant in
                    AuthorizationCodeGrant.Facts(
                        code: code, grant: grant, account: try tx.account(of: grant, in: context.tenant.id, wall: wall))
                }
            }
            return AuthorizationCodeGrant.decide(
                code: text, redirectURI: redirectURI, verifier: verifier, request, facts: facts, in: context)
        }
    }
}
