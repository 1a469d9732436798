import LapseRules
import LapseStore

extension Authority {
    /// The claims of the assertion when Lapse signed it; checked before the transaction, because checking is asynchronous.
    func checkedAssertion(of request: TokenRequest) async throws -> AccessTokenClaims? {
        guard case .onBehalfOf(let assertion) = request.grant, case .payload(let payload) = await check(assertion) else {
            return nil
        }
        return AccessTokenClaims(payload)
    }

    /// Loads the grant that the assertion came from.
    func prepareOnBehalfOf(
        _ claims: AccessTokenClaims?, _ request: TokenRequest, _ tx: StoreTransaction, wall: Timestamp
    ) throws -> PreparedGrant {
        let grant = try claims?.grant.flatMap { try tx.grant($0) }
        return PreparedGrant(
            tenant: claims?.tenant, user: claims?.user, grant: grant?.id, accepted: .onBehalfOfIssued, refused: .onBehalfOfRefused
        ) { context in
            let account = try grant.flatMap { try tx.account(of: $0, in: context.tenant.id, wall: wall) }
            let assertion: OnBehalfOfGrant.Assertion = claims.map { .token($0, grant: grant, account: account) } ?? .invalid
            return OnBehalfOfGrant.decide(request, assertion: assertion, in: context)
        }
    }
}
