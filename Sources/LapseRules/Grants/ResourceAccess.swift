/// Does an access token give access to a resource: Graph, userinfo, the lab's own API?
package enum ResourceAccess {
    /// What continuous access evaluation looks at.
    package struct Evaluated: Sendable {
        package let grant: Grant
        package let account: AccountFacts

        package init(grant: Grant, account: AccountFacts) {
            self.grant = grant
            self.account = account
        }
    }

    package struct Decision: Sendable {
        /// Nil: the token is let in.
        package let error: GraphError?
        /// The revocation that refused, nil for every other reason.
        package internal(set) var revocation: GUID?
        /// Whether the refusal is a claims challenge.
        package internal(set) var isChallenge = false
        package internal(set) var attempts: [Attempt] = []
    }

    /// Entra: every access token passes until it ends, whatever was revoked meanwhile, but those of clients that said they
    /// understand claims challenges. Of these a resource learns on the plane `cae`.
    ///
    /// - Parameter audiences: the `aud` values that the resource takes.
    /// - Parameter knowsGrant: whether the store still has the grant that the token names; true for applications' own tokens.
    /// - Parameter evaluated: nil for tokens that nobody evaluates (``isEvaluated(_:of:)``).
    /// - Parameter isAppRefused: whether the resource has learned that the service principal of an application's own token may not be used
    ///   any more; false for a token that nobody evaluates (``isEvaluated(_:at:)``).
    /// - Parameter printedNow: the instant that the challenge demands of the next token.
    package static func decide(
        _ claims: AccessTokenClaims, audiences: [String], knowsGrant: Bool, evaluated: Evaluated?, isAppRefused: Bool = false,
        region: Region, now: Timestamp, printedNow: Timestamp
    ) -> Decision {
        guard audiences.contains(claims.audience) else { return Decision(error: .wrongAudience) }
        guard claims.hasOwnIssuer else { return Decision(error: .wrongIssuer) }
        guard now < claims.expiresAt else { return Decision(error: .expiredToken) }
        guard claims.notBefore <= now else { return Decision(error: .futureToken) }
        guard knowsGrant else { return Decision(error: .unknownGrant) }
        if isAppRefused { return Decision(error: .challenge(at: printedNow), isChallenge: true) }
        guard let evaluated else { return Decision(error: nil) }
        let (subject, account) = (evaluated.grant.subject, evaluated.account)
        let refusal = account.refusal(of: subject, on: .cae, in: region)
        return Decision(
            error: refusal.map { _ in .challenge(at: printedNow) }, revocation: refusal?.revocation, isChallenge: refusal != nil,
            attempts: account.attempts(of: subject, on: .cae, in: region))
    }

    /// Whether a resource evaluates the own tokens of an application. Entra: concept-continuous-access-evaluation-workload.md, Graph those of an
    /// organization's own single-tenant apps.
    package static func isEvaluated(_ app: AppRegistration, at resource: ResourceAPI) -> Bool {
        resource.isGraph && app.signInAudience == .myOrg
    }

    /// Whether resources evaluate such a token continuously. Entra: concept-continuous-access-evaluation.md, never a guest's.
    package static func isEvaluated(_ claims: AccessTokenClaims, of user: User) -> Bool { claims.declaresCP1 && !user.isGuest }
}
