import LapseRules
import LapseStore

/// What an API hands in for its user, its signature checked.
enum UserAssertion: Sendable {
    case token(AccessTokenClaims)
    /// - Parameter reason: as 50013 prints it.
    case invalid(reason: String)
}

extension Authority {
    /// The assertion of an on-behalf-of request; nil for any other. Checked before the transaction, because the keys are an actor's.
    func checkedAssertion(of request: TokenRequest) async throws -> UserAssertion? {
        guard case .onBehalfOf(let assertion) = request.grant else { return nil }
        switch await check(assertion) {
        case .payload(let payload): return AccessTokenClaims(payload).map(UserAssertion.token) ?? .invalid(reason: "")
        case .garbage: return .invalid(reason: "")
        case .wrongSignature(let name):
            // Entra: recorded; a key that Lapse knows, and another's.
            let period = signer.key.period
            let reason =
                name == signer.key.id
                ? SignedJWT.reason(SignedJWT.mismatch, key: signer.key.id, found: (period.lowerBound, period.upperBound))
                : SignedJWT.reason("The key was not found.", key: name ?? "", found: nil)
            return .invalid(reason: " " + reason)
        }
    }
}

/// An access token that an API hands in for its user, with the grant that the token came from.
struct PresentedAssertion: PresentedGrant {
    let accepted = Event.Kind.onBehalfOfIssued, refused = Event.Kind.onBehalfOfRefused
    private let assertion: UserAssertion
    let grant: Grant?

    init(_ assertion: UserAssertion, _ op: Operation) throws {
        self.assertion = assertion
        grant = if case .token(let claims) = assertion { try claims.grant.flatMap { try op.tx.grant($0) } } else { nil }
    }

    private var claims: AccessTokenClaims? { if case .token(let claims) = assertion { claims } else { nil } }
    var tenant: GUID? { claims?.tenant }
    var user: GUID? { claims?.user }
    /// The API gets a grant of its own: its class does not follow from the one of the assertion.
    var grantClass: ClientClass? { nil }

    func decide(_ request: TokenRequest, in context: TokenContext, _ op: Operation) throws -> TokenDecision {
        let account = try grant.flatMap { try op.account(of: $0) }
        let client = try grant.flatMap { try op.client(of: $0, knowing: context.app) }
        let presented: OnBehalfOfGrant.Assertion =
            switch assertion {
            case .token(let claims): .token(claims, grant: grant, client: client, account: account)
            case .invalid(let reason): .invalid(reason: reason)
            }
        return OnBehalfOfGrant.decide(request, assertion: presented, in: context)
    }
}
