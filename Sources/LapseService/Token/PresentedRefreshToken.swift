import LapseRules
import LapseStore

/// A refresh token with its grant.
struct PresentedRefreshToken: PresentedGrant {
    let accepted = Event.Kind.tokenRefreshed, refused = Event.Kind.refreshRefused
    private let text: String
    private let hash: SecretHash
    private let token: RefreshToken?
    let grant: Grant?

    init(_ text: String, _ op: Operation) throws {
        let hash = SecretHash(of: text)
        token = try RefreshToken.origin(of: text).flatMap { try op.tx.refreshToken(hash, of: $0.grant, issuedAt: $0.issuedAt) }
        grant = try token.flatMap { try op.tx.grant($0.grant) }
        (self.text, self.hash) = (text, hash)
    }

    /// The newest token of a grant, whose text nobody has.
    init(newest token: RefreshToken, of grant: Grant) {
        (text, hash, self.token, self.grant) = ("", token.hash, token, grant)
    }

    var fingerprint: String? { hash.fingerprint }

    func decide(_ request: TokenRequest, in context: TokenContext, _ op: Operation) throws -> TokenDecision {
        RefreshTokenGrant.decide(text, request, facts: try facts(for: context.app, op), in: context)
    }

    private func facts(for app: AppRegistration, _ op: Operation) throws -> RefreshTokenGrant.Facts? {
        guard let token, let grant else { return nil }
        return RefreshTokenGrant.Facts(
            token: token, grant: grant, client: try op.client(of: grant, knowing: app), account: try op.account(of: grant),
            grantNow: try op.now(in: grant.tenant))
    }
}
