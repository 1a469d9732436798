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
}

/// An access token that an API hands in for its user, with the grant that the token came from.
struct PresentedAssertion: PresentedGrant {
    let accepted = Event.Kind.onBehalfOfIssued, refused = Event.Kind.onBehalfOfRefused
    private let claims: AccessTokenClaims?
    let grant: Grant?

    init(_ claims: AccessTokenClaims?, _ op: Operation) throws {
        self.claims = claims
        grant = try claims?.grant.flatMap { try op.tx.grant($0) }
    }

    var tenant: GUID? { claims?.tenant }
    var user: GUID? { claims?.user }
    /// The API gets a grant of its own: its class does not follow from the one of the assertion.
    var grantClass: ClientClass? { nil }

    func decide(_ request: TokenRequest, in context: TokenContext, _ op: Operation) throws -> TokenDecision {
        let account = try grant.flatMap { try op.account(of: $0) }
        let client = try grant.flatMap { try op.client(of: $0, knowing: context.app) }
        return OnBehalfOfGrant.decide(
            request, assertion: claims.map { .token($0, grant: grant, client: client, account: account) } ?? .invalid, in: context)
    }
}
