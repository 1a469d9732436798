/// May this API act for the user whose access token it was called with?
///
/// The new grant takes the assertion's grant's `authTime`: an API cannot make an old sign-in young.
package enum OnBehalfOfGrant {
    package enum Assertion: Sendable {
        /// No token that Lapse signed.
        ///
        /// - Parameter reason: as 50013 prints it behind its text.
        case invalid(reason: String)
        /// - Parameter client: the app that the grant was made to, as it is registered now; nil: it is not any more.
        case token(AccessTokenClaims, grant: Grant?, client: AppRegistration?, account: AccountFacts?)
    }

    package static func decide(_ request: TokenRequest, assertion: Assertion, in context: TokenContext) -> TokenDecision {
        .deciding { (attempts: inout [Attempt]) throws(Refusal) in
            guard case .token(let claims, let grant, let client, let account) = assertion else {
                guard case .invalid(let reason) = assertion else { throw Refusal(error: .unsignedAssertion()) }
                throw Refusal(error: .unsignedAssertion(reason))
            }
            guard claims.tenant == context.tenant.id, claims.hasOwnIssuer else { throw Refusal(error: .unsignedAssertion()) }
            let audiences = [context.app.id.description, context.app.exposes?.uri].compactMap { $0 }
            guard audiences.contains(claims.audience) else {
                throw Refusal(
                    error: AADSTS.assertionAudience.error([
                        "audience": claims.audience, "app": context.app.id.description, "name": context.app.name,
                    ]))
            }
            guard let grant else { throw Refusal(error: .unsignedAssertion()) }
            // Assumption: what descends from a registration that is gone makes nothing new.
            guard let client, grant.isHeld(by: client) else {
                throw Refusal(
                    error: AADSTS.invalidGrantValue.error(["parameter": "input parameter 'refresh_token' or 'assertion'"]))
            }
            // The token may be of another tenant than its grant: it names the user object that it was made for.
            guard let account, claims.user == account.user.id else { throw Refusal(error: .guestNotFound(of: grant, in: context)) }
            guard claims.notBefore <= context.now, context.now < claims.expiresAt else {
                throw Refusal(
                    error: AADSTS.assertionExpired.error(["now": context.now.description, "end": claims.expiresAt.description]))
            }
            try account.admit(grant, request, in: context, counting: &attempts)
            let text = try refusing { () throws(EntraError) in try request.requiredScope() }
            let scope = try context.granted(text, for: request, by: grant.authentication, of: account, on: .refresh)
            let onBehalf = Grant(
                id: context.random.guid(), tenant: context.tenant.id, user: account.user.id, client: context.app.id,
                clientClass: .confidential, scope: scope.grantText, authentication: grant.authentication, session: grant.session,
                createdAt: context.now, registration: context.app.registration)
            let first = context.newRefreshToken(for: onBehalf)
            // Entra: v2-oauth2-on-behalf-of-flow.md, no id token.
            let plan = TokenPlan(
                context, for: request, user: account.user, grant: onBehalf, scope: scope, issuesIDToken: false, refreshToken: first)
            return TokenIssue(plan: plan, newGrant: onBehalf, refreshToken: first?.row)
        }
    }
}

extension EntraError {
    /// - Parameter reason: ` [Reason - …]`, or nothing.
    fileprivate static func unsignedAssertion(_ reason: String = "") -> EntraError {
        let error = AADSTS.assertionSignature.error()
        return error.with(text: error.text + reason)
    }
}
