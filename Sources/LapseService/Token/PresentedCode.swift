import LapseRules
import LapseStore

/// An authorization code with the grant that was made with it.
struct PresentedCode: PresentedGrant {
    let accepted = Event.Kind.codeRedeemed, refused = Event.Kind.codeRefused
    private let text: String
    private let redirectURI: String?
    private let namesTenant: Bool
    private let verifier: String?
    private let code: AuthorizationCode?
    let grant: Grant?

    init(_ text: String, redirectURI: String?, verifier: String?, at name: TenantName, _ op: Operation) throws {
        if case .alias = name { namesTenant = false } else { namesTenant = true }
        (self.text, self.redirectURI, self.verifier) = (text, redirectURI, verifier)
        code = try op.tx.authorizationCode(SecretHash(of: text), of: AuthorizationCode.grant(of: text))
        grant = try code.flatMap { try op.tx.grant($0.grant) }
    }

    func decide(_ request: TokenRequest, in context: TokenContext, _ op: Operation) throws -> TokenDecision {
        AuthorizationCodeGrant.decide(
            code: text, redirectURI: redirectURI, verifier: verifier, request, facts: try facts(op), in: context)
    }

    private func facts(_ op: Operation) throws -> AuthorizationCodeGrant.Facts? {
        guard let code, let grant else { return nil }
        return AuthorizationCodeGrant.Facts(code: code, grant: grant, account: try op.account(of: grant), namesTenant: namesTenant)
    }
}
