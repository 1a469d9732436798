import LapseRules

/// An application that asks for itself: it brings nothing but its secret.
struct PresentedClientCredentials: PresentedGrant {
    let accepted = Event.Kind.clientTokenIssued, refused = Event.Kind.clientTokenRefused
    let grant: Grant? = nil

    /// - Throws: `EntraError` under an alias: an application acts in a directory of its own, and an alias names none.
    init(at name: TenantName) throws {
        if case .alias = name { throw AADSTS.noTenantNamed.error() }
    }

    func decide(_ request: TokenRequest, in context: TokenContext, _ op: Operation) -> TokenDecision {
        ClientCredentialsGrant.decide(request, in: context)
    }
}
