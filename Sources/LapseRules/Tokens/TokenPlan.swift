import Synchronization

/// What to sign and answer, decided and stored: the token endpoint's "yes".
///
/// A class, for what it holds is much and never changes: handing it on costs one count and not one for each text in it.
package final class TokenPlan: Sendable {
    package let tenant: Tenant
    package let app: AppRegistration
    /// The user in this tenant; nil: the application itself.
    package let user: User?
    package let grant: Grant?
    package let scope: GrantedScope
    package let version: EndpointVersion
    /// The resource as a request of version 1 spelled it.
    let resource: String?
    package let issuedAt: Timestamp
    /// The instant that tokens print: the tenant's, or the machine's by policy.
    package let printedNow: Timestamp
    package let accessTokenLifetime: Duration
    /// Whether the access token says that its client understands claims challenges: resources evaluate it continuously.
    package let declaresCP1: Bool
    package let idTokenLifetime: Duration
    package let accessTokenID: GUID
    package let nonce: String?
    /// The code that an id token comes with (OpenID Connect Core 3.3.2.11); nil: none.
    let code: String?
    package let wantsAuthTime: Bool
    let provedByCertificate: Bool
    package let hasIDToken: Bool
    package let hasClientInfo: Bool
    /// The new refresh token in clear, and its end where the answer says it (single-page apps).
    package let refreshToken: String?
    package let refreshTokenExpiresIn: Duration?
    /// The `sub` of its tokens once somebody has asked: both tokens have it, and it takes a hash.
    let knownSubject = Mutex<String?>(nil)

    /// - Parameter request: nil for a sign-in that no client asked for.
    /// - Parameter issuesIDToken: false for on-behalf-of, which never has one.
    init(
        _ context: TokenContext, for request: TokenRequest?, user: User?, grant: Grant?, scope: GrantedScope,
        nonce: String? = nil, code: String? = nil, wantsAuthTime: Bool = false, issuesIDToken: Bool = true,
        refreshToken: (text: String, row: RefreshToken)?
    ) {
        let lifetimes = EffectiveLifetimes(tenant: context.tenant, app: context.app)
        tenant = context.tenant
        app = context.app
        self.user = user
        self.grant = grant
        self.scope = scope
        version = request?.version ?? .v2
        resource = request?.resource
        issuedAt = context.now
        printedNow = context.tenant.policies.tokenTimes == .wall ? context.systemTime : context.now
        // Entra: the claim shows only for APIs that ask for it.
        let isDeclared = request?.claims.declaresCP1 == true
        declaresCP1 =
            if let grant {
                (grant.declaresCP1 || isDeclared) && scope.resource.asksForCapabilities
            } else {
                isDeclared && user == nil && ResourceAccess.isEvaluated(context.app, at: scope.resource)
            }
        accessTokenLifetime =
            if let user {
                // Entra does not evaluate guests: nobody would take a long token back.
                declaresCP1 && !user.isGuest
                    ? lifetimes.evaluatedAccessToken(random: context.random) : lifetimes.accessToken(random: context.random)
            } else {
                declaresCP1 ? lifetimes.evaluatedAccessToken(random: context.random) : lifetimes.applicationToken
            }
        idTokenLifetime = lifetimes.idToken
        accessTokenID = context.random.guid()
        self.nonce = nonce
        self.code = code
        self.wantsAuthTime = wantsAuthTime
        provedByCertificate = request?.client.assertion != nil
        // Entra: on a refresh the grant's own scope is enough for a new id token.
        let asksForIDToken = scope.has(openID: "openid") || grant?.scope.hasWord("openid") == true
        hasIDToken = issuesIDToken && user != nil && asksForIDToken
        hasClientInfo = request?.wantsClientInfo == true && user != nil
        self.refreshToken = refreshToken?.text
        refreshTokenExpiresIn = grant?.clientClass == .spa ? refreshToken.map { $0.row.expiresAt - context.now } : nil
    }

    /// On the tenant's clock, whatever clock the token is written by.
    package var accessTokenEnd: Timestamp { issuedAt + accessTokenLifetime }

    /// The access token as the log keeps it.
    package var accessToken: Event.AccessToken {
        // Entra: continuous access evaluation knows no guests.
        Event.AccessToken(endsAt: accessTokenEnd, isEvaluated: declaresCP1 && user?.isGuest != true)
    }

    /// Entra: the token answer, members in recorded order.
    package func answer(accessToken: String, idToken: String?) -> JSON {
        if version == .v1 { return versionOneAnswer(accessToken: accessToken, idToken: idToken) }
        let seconds = JSON.integer(accessTokenLifetime.wholeSeconds)
        return .object([
            "token_type": "Bearer", "scope": user == nil ? nil : .string(scope.text), "expires_in": seconds,
            "ext_expires_in": seconds, "access_token": .string(accessToken), "refresh_token": refreshToken.map(JSON.string),
            "refresh_token_expires_in": refreshTokenExpiresIn.map { .integer($0.wholeSeconds) },
            "foci": app.isFamilyMember && refreshToken != nil ? "1" : nil, "id_token": idToken.map(JSON.string),
            "client_info": hasClientInfo ? clientInfo.map(JSON.string) : nil,
        ])
    }

    /// Entra: azuread-dev/v1-protocols-oauth-code.md; numbers are text.
    private func versionOneAnswer(accessToken: String, idToken: String?) -> JSON {
        let seconds = JSON.string(String(accessTokenLifetime.wholeSeconds))
        let (start, end, _) = times
        return .object([
            "token_type": "Bearer", "scope": user == nil ? nil : .string(scope.permissions.joined(separator: " ")),
            "expires_in": seconds, "ext_expires_in": seconds, "expires_on": .string(String(end)),
            "not_before": .string(String(start)), "resource": .string(resource ?? scope.resource.uri),
            "access_token": .string(accessToken), "refresh_token": refreshToken.map(JSON.string),
            "foci": app.isFamilyMember && refreshToken != nil ? "1" : nil, "id_token": idToken.map(JSON.string),
            "client_info": hasClientInfo ? clientInfo.map(JSON.string) : nil,
        ])
    }

    /// Base64url of `{"uid":…,"utid":…}`: the account by its home. Entra: recordings.
    package var clientInfo: String? { user.map(Self.clientInfo) }

    package static func clientInfo(of user: User) -> String {
        let info: JSON = ["uid": .string(user.home.user.description), "utid": .string(user.home.tenant.description)]
        return Base64URL.encode(info.encoded)
    }
}

/// The surroundings of every decision about tokens: tenant, client, the one instant of the operation, chance.
package struct TokenContext: Sendable {
    package let tenant: Tenant
    package let app: AppRegistration
    /// The APIs of the directory besides Graph.
    package let resources: [ResourceAPI]
    package let region: Region
    /// The tenant's instant and the machine's, read once inside the transaction.
    package let now: Timestamp
    package let systemTime: Timestamp
    package let random: RandomSource
    /// What an administrator consented to for everybody beside the app's registration.
    let everybodysConsents: Set<String>

    package init(
        tenant: Tenant, app: AppRegistration, resources: [ResourceAPI], region: Region, now: Timestamp, systemTime: Timestamp,
        random: RandomSource, everybodysConsents: Set<String> = []
    ) {
        self.tenant = tenant
        self.app = app
        self.resources = resources
        self.region = region
        self.now = now
        self.systemTime = systemTime
        self.random = random
        self.everybodysConsents = everybodysConsents
    }

    package var scopes: ScopePolicy { ScopePolicy(app: app, resources: resources, tenant: tenant) }
    package var lifetimes: EffectiveLifetimes { EffectiveLifetimes(tenant: tenant, app: app) }

    /// The first tokens of a grant that the control API made.
    package func issue(_ grant: Grant, scope: GrantedScope, user: User) -> TokenIssue {
        let first = newRefreshToken(for: grant)
        let plan = TokenPlan(
            self, for: nil, user: user, grant: grant, scope: scope, refreshToken: first)
        return TokenIssue(plan: plan, newGrant: grant, refreshToken: first?.row)
    }

    /// What the id token says that authorize gives.
    ///
    /// - Parameter code: the code that it comes with; nil: none.
    package func idToken(for request: AuthorizeRequest, of grant: Grant, user: User, code: String?) -> TokenPlan {
        TokenPlan(
            self, for: nil, user: user, grant: grant, scope: request.scope, nonce: request.nonce, code: code,
            wantsAuthTime: request.maxAge != nil, refreshToken: nil)
    }

    /// A new refresh token for the grant, or nil when it is not offline.
    ///
    /// - Parameter parent: the token that is being rotated; a single-page app's child inherits its end.
    /// - Parameter now: the instant of the grant's tenant, where that is not the tenant of the request.
    func newRefreshToken(
        for grant: Grant, parent: RefreshToken? = nil, now: Timestamp? = nil
    ) -> (text: String, row: RefreshToken)? {
        guard grant.scope.hasWord("offline_access") else { return nil }
        let now = now ?? self.now
        let text = RefreshToken.newText(for: grant.id, at: now, random)
        let expiresAt =
            switch grant.clientClass {
            case .spa: parent?.expiresAt ?? now + lifetimes.spaRefreshToken
            case .public, .confidential: now + lifetimes.refreshTokenInactivity
            }
        return (text, RefreshToken(hash: SecretHash(of: text), grant: grant.id, issuedAt: now, expiresAt: expiresAt))
    }
}
