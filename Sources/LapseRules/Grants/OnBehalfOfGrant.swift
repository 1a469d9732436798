/// May this API act for the user whose access token it was called with?
///
/// The new grant takes the assertion's grant's `authTime`: an API cannot make an old sign-in young.
package enum OnBehalfOfGrant {
    package enum Assertion: Sendable {
        /// No token that Lapse signed.
        case invalid
        case token(AccessTokenClaims, grant: Grant?, account: AccountFacts?)
    }

    package static func decide(_ request: TokenRequest, assertion: Assertion, in context: TokenContext) -> TokenDecision {
        .deciding { (attempts: inout [Attempt]) throws(Refusal) in
            guard case .token(let claims, let grant, let account) = assertion, claims.tenant == context.tenant.id,
                claims.hasOwnIssuer
            else {
                throw Refusal(error: AADSTS.assertionSignature.error())
            }
            let audiences = [context.app.id.description, context.app.exposes?.uri].compactMap { $0 }
            guard audiences.contains(claims.audience) else {
                throw Refusal(
                    error: AADSTS.assertionAudience.error([
                        "audience": claims.audience, "app": context.app.id.description, "name": context.app.name,
                    ]))
            }
            guard let grant, let account else { throw Refusal(error: AADSTS.assertionSignature.error()) }
            guard claims.notBefore <= context.now, context.now < claims.expiresAt else {
                throw Refusal(error: AADSTS.assertionExpired.error())
            }
            try account.admit(grant, request, in: context, counting: &attempts)
            let text = try refusing { () throws(EntraError) in try request.requiredScope() }
            let scope = try context.granted(text, by: grant.authentication, of: account, on: .refresh)
            let onBehalf = Grant(
                id: context.random.guid(), tenant: context.tenant.id, user: account.user.id, client: context.app.id,
                clientClass: .confidential, scope: scope.grantText, authentication: grant.authentication, session: grant.session,
                createdAt: context.now)
            let first = context.newRefreshToken(for: onBehalf)
            // Entra: v2-oauth2-on-behalf-of-flow.md, no id token.
            let plan = TokenPlan(
                context, for: request, user: account.user, grant: onBehalf, scope: scope, issuesIDToken: false, refreshToken: first)
            return TokenIssue(plan: plan, newGrant: onBehalf, refreshToken: first?.row)
        }
    }
}
