/// What does a device hear that polls with its code?
package enum DeviceCodeGrant {
    package struct Facts: Sendable {
        package let code: DeviceCode
        /// Nil until the code is approved.
        package let grant: Grant?
        /// Nil until then, and when the user has no account in the tenant any more.
        package let account: AccountFacts?

        package init(code: DeviceCode, grant: Grant?, account: AccountFacts?) {
            self.code = code
            self.grant = grant
            self.account = account
        }
    }

    /// - Parameter facts: nil when no such code was ever issued.
    package static func decide(_ request: TokenRequest, facts: Facts?, in context: TokenContext) -> TokenDecision {
        .deciding { (attempts: inout [Attempt]) throws(Refusal) in
            guard let facts, facts.code.client == context.app.id, facts.code.tenant.map({ $0 == context.tenant.id }) ?? true else {
                throw Refusal(error: AADSTS.deviceCodeUnknown.error())
            }
            // A code that was asked for under an alias has no tenant's clock to live by.
            let now = facts.code.tenant == nil ? context.systemTime : context.now
            guard now < facts.code.expiresAt else { throw Refusal(error: AADSTS.deviceCodeExpired.error()) }
            switch facts.code.state {
            case .pending: throw Refusal(error: AADSTS.devicePending.error())
            // Entra: v2-oauth2-device-code.md names the error and no number.
            case .declined: throw Refusal(error: .lapse("authorization_declined", "The user declined the sign-in."))
            case .redeemed: throw Refusal(error: AADSTS.codeRedeemed.error())
            case .approved: break
            }
            guard let grant = facts.grant, grant.isHeld(by: context.app) else {
                throw Refusal(error: AADSTS.deviceCodeUnknown.error())
            }
            guard let account = facts.account else { throw Refusal(error: .guestNotFound(of: grant, in: context)) }
            try account.admit(grant, request, in: context, counting: &attempts)
            // Entra: a poll of version 1 names its resource; one of version 2 names nothing that counts.
            let text = request.version == .v1 ? request.scope ?? grant.scope : grant.scope
            let scope = try context.granted(
                text, for: request, several: .first, by: grant.authentication, of: account, on: nil)
            let first = context.newRefreshToken(for: grant)
            let plan = TokenPlan(
                context, for: request, user: account.user, grant: grant, scope: scope, refreshToken: first)
            return TokenIssue(plan: plan, refreshToken: first?.row, spent: .deviceCode(facts.code.hash))
        }
    }
}
