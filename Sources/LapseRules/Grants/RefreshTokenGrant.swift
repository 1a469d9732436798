/// May this refresh token be redeemed, and for what? Entra's order of checks: parse, client binding, user, account, revocation,
/// the end of a single-page app's token, inactivity, scope.
package enum RefreshTokenGrant {
    package struct Facts: Sendable {
        package let token: RefreshToken
        package let grant: Grant
        /// The app that the token was issued to, as it is registered now; nil: it is not any more.
        package let client: AppRegistration?
        /// The grant's user in the tenant of the request; nil when the user has no account there.
        package let account: AccountFacts?
        /// The instant of the tenant that the grant was made in: its tokens live by that clock, wherever they are redeemed.
        package let grantNow: Timestamp

        package init(token: RefreshToken, grant: Grant, client: AppRegistration?, account: AccountFacts?, grantNow: Timestamp) {
            self.token = token
            self.grant = grant
            self.client = client
            self.account = account
            self.grantNow = grantNow
        }
    }

    /// - Parameter facts: nil when no such token was ever issued.
    package static func decide(
        _ text: String, _ request: TokenRequest, facts: Facts?, in context: TokenContext
    ) -> TokenDecision {
        .deciding { (attempts: inout [Attempt]) throws(Refusal) in
            guard facts != nil || RefreshToken.origin(of: text) != nil else { throw Refusal(error: AADSTS.malformed.error()) }
            // A function: whoever is granted tokens needs no error.
            func unusable() -> EntraError {
                AADSTS.invalidGrantValue.error(["parameter": "input parameter 'refresh_token' or 'assertion'"])
            }
            guard let facts else { throw Refusal(error: unusable()) }
            guard isBound(facts, to: context.app) else {
                // Entra: recorded for another client's token.
                throw Refusal(error: unusable().with(text: "Provided grant is invalid or malformed."))
            }
            let (token, grant) = (facts.token, facts.grant)
            try CrossOrigin.refusal(origin: request.origin, isForSPA: grant.clientClass == .spa).throwIfRefused()
            guard let account = facts.account else {
                throw Refusal(error: .guestNotFound(of: grant, in: context))
            }
            try account.admit(grant, request, in: context, counting: &attempts)
            guard facts.grantNow < token.expiresAt else { throw Refusal(error: expired(token, grant, context)) }
            let scope = try context.granted(request, of: grant, by: account, on: .refresh)
            if scope.isForItself(of: context.app) { throw Refusal(error: .forItself(context.app)) }
            let child = context.newRefreshToken(for: grant, parent: token, now: facts.grantNow)
            let plan = TokenPlan(
                context, for: request, user: account.user, grant: grant, scope: scope, refreshToken: child)
            return TokenIssue(plan: plan, refreshToken: child?.row)
        }
    }

    /// A token serves the client it was issued to; a family's token serves the family. A client id that was registered again is
    /// another client.
    private static func isBound(_ facts: Facts, to app: AppRegistration) -> Bool {
        guard let client = facts.client, facts.grant.isHeld(by: client) else { return false }
        return client.id == app.id || (client.isFamilyMember && app.isFamilyMember)
    }

    private static func expired(_ token: RefreshToken, _ grant: Grant, _ context: TokenContext) -> EntraError {
        let lifetime = grant.clientClass == .spa ? context.lifetimes.spaRefreshToken : token.expiresAt - token.issuedAt
        return expiryCode(of: grant.clientClass).error([
            "lifetime": lifetime.dotNetText, "inactive": lifetime.dotNetText, "issued": token.issuedAt.description,
        ])
    }

    /// A single-page app's token ends after a fixed time, all others by inactivity.
    static func expiryCode(of clientClass: ClientClass) -> AADSTS {
        switch clientClass {
        case .spa: .refreshTokenOfSPAExpired
        case .public, .confidential: .refreshTokenInactive
        }
    }
}

extension EntraError {
    /// The account that the grant was made for is not in the tenant.
    static func guestNotFound(of grant: Grant, in context: TokenContext) -> EntraError {
        .guestNotFound(
            grant.authentication.user, app: context.app, directory: context.tenant.name, cloud: context.tenant.cloud)
    }

    /// The user of a grant or session has no account in this directory.
    ///
    /// - Parameter userName: what the caller called the user; nil names it by its id.
    static func guestNotFound(
        _ home: User.Home, userName: String? = nil, app: AppRegistration, directory: String, cloud: Cloud
    ) -> EntraError {
        AADSTS.guestNotFound.error([
            "user": userName ?? home.user.description, "idp": cloud.directoryIssuer(of: home.tenant), "tenant": directory,
            "app": app.id.description, "name": app.name,
        ])
    }
}
