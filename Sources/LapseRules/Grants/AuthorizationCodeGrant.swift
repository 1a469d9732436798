/// May this authorization code be redeemed? A code that was issued before a revoke and is redeemed after it is refused.
package enum AuthorizationCodeGrant {
    package struct Facts: Sendable {
        package let code: AuthorizationCode
        package let grant: Grant
        package let account: AccountFacts?
        /// Whether the request names its tenant, and no alias such as `common`.
        package let namesTenant: Bool

        package init(code: AuthorizationCode, grant: Grant, account: AccountFacts?, namesTenant: Bool = true) {
            self.code = code
            self.grant = grant
            self.account = account
            self.namesTenant = namesTenant
        }
    }

    /// - Parameter facts: nil when no such code was ever issued.
    package static func decide(
        code text: String, redirectURI: String?, verifier: String?, _ request: TokenRequest, facts: Facts?, in context: TokenContext
    ) -> TokenDecision {
        .deciding { (attempts: inout [Attempt]) throws(Refusal) in
            guard AuthorizationCode.isWellFormed(text) else { throw Refusal(error: AADSTS.malformed.error()) }
            guard let facts, facts.grant.isHeld(by: context.app) else {
                throw Refusal(error: AADSTS.invalidGrantValue.error(["parameter": "'code' parameter"]))
            }
            let (code, grant) = (facts.code, facts.grant)
            // Entra: facts of 700005. A code that was asked for at `common` is redeemed there, and not at its user's tenant.
            guard grant.tenant == context.tenant.id, code.namesTenant == facts.namesTenant else {
                throw Refusal(error: AADSTS.codeForOtherAuthority.error())
            }
            guard code.redeemedAt == nil else { throw Refusal(error: AADSTS.codeRedeemed.error()) }
            guard context.now < code.expiresAt else { throw Refusal(error: AADSTS.codeExpired.error()) }
            guard let redirectURI else { throw Refusal(error: AADSTS.redirectNotRepeated.error()) }
            guard code.redirectURI == redirectURI else {
                throw Refusal(
                    error: AADSTS.codeForOtherRedirect.error(["presented": redirectURI, "requested": code.redirectURI]))
            }
            try CrossOrigin.refusal(origin: request.origin, isForSPA: code.isForSPA).throwIfRefused()
            if code.isForSPA, code.challenge == nil { throw Refusal(error: AADSTS.spaNeedsPKCE.error()) }
            try PKCE.Challenge.refusal(of: verifier, for: code.challenge).throwIfRefused()
            guard let account = facts.account else {
                throw Refusal(error: .guestNotFound(of: grant, in: context))
            }
            try account.admit(grant, request, in: context, counting: &attempts)
            let scope = try context.granted(request, of: grant, by: account, on: nil)
            let first = context.newRefreshToken(for: grant)
            let plan = TokenPlan(
                context, for: request, user: account.user, grant: grant, scope: scope, nonce: code.nonce,
                wantsAuthTime: code.wantsAuthTime, refreshToken: first)
            return TokenIssue(plan: plan, refreshToken: first?.row, spent: .code(code.hash))
        }
    }
}
