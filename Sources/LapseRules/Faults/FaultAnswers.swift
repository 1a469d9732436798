// What an endpoint says when a fault hits: the catalogue's words, filled in from the request.

/// Who asked, for the words of a forced refusal.
package struct FaultContext: Sendable {
    let tenant: Tenant
    let app: AppRegistration?
    let user: User?
    let authTime: Timestamp?
    let now: Timestamp

    /// - Parameter authTime: of the grant that the request redeems; nil: it redeems none.
    package init(tenant: Tenant, app: AppRegistration?, user: User?, authTime: Timestamp?, now: Timestamp) {
        self.tenant = tenant
        self.app = app
        self.user = user
        self.authTime = authTime
        self.now = now
    }
}

extension FaultEffect {
    /// What the authority answers in place of its own decision; nil: it goes on.
    package func refusal(_ context: FaultContext) -> EntraError? {
        switch kind {
        case .refuse(let code, let suberror, let claims):
            (code?.error(filledFrom: context) ?? .unnamed).with(claims: claims ?? code?.usualClaims, suberror: suberror).saying(
                words)
        case .fail(429, let wait): .throttled(retryAfter: wait)
        case .fail(503, let wait): .unavailable(retryAfter: wait)
        case .fail: AADSTS.serviceIssue.error()
        case .response(.closed): .lapse("temporarily_unavailable", "A fault closes this connection.", status: 503)
        case .response, .challenge, .keys, .delay: nil
        }
    }

    /// What it does to the keys; nil: nothing.
    package var keyTrouble: KeyTrouble? {
        if case .keys(let trouble) = kind { trouble } else { nil }
    }

    /// What a resource answers in place of its own decision; nil: it goes on.
    package var resourceError: GraphError? {
        switch kind {
        case .fail(let status, let wait): .failing(status: status, retryAfter: wait)
        case .challenge(let claims, let variant): .challenge(claims: claims, variant: variant)
        case .response(.closed): .failing(status: 503, retryAfter: nil)
        case .refuse, .response, .keys, .delay: nil
        }
    }
}

extension EntraError {
    /// Of a fault that says all by itself.
    fileprivate static let unnamed = EntraError(
        code: nil, error: "invalid_request", status: 400, text: "A fault refuses this request.", suberror: nil, hasErrorURI: false)

    /// Entra: a throttled client gets plain text; the surface knows that.
    static func throttled(retryAfter: Duration?) -> EntraError {
        EntraError(
            code: nil, error: "temporarily_unavailable", status: 429, text: "Too Many Requests", suberror: nil, hasErrorURI: false,
            retryAfter: retryAfter)
    }

    /// Whether the authorize endpoint tells it to the app, and not to the person. Entra: the errors that v2-oauth2-auth-code-flow.md
    /// lists for the redirect URI.
    package var isForRedirect: Bool {
        own?.error != nil
            || [
                "invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "server_error",
                "temporarily_unavailable", "invalid_resource", "login_required", "interaction_required",
            ].contains(error)
    }

    /// As a request with `prompt=none` is answered: what a person could settle is called so.
    package var silent: EntraError { isForRedirect ? self : with(error: "interaction_required") }
}

extension AADSTS {
    /// The error of this row as if the request had earned it.
    func error(filledFrom context: FaultContext) -> EntraError {
        let lifetimes = EffectiveLifetimes(tenant: context.tenant, app: context.app)
        let app = context.app?.id.description ?? "an app"
        let issued = context.authTime ?? context.now
        let lifetime = self == .refreshTokenOfSPAExpired ? lifetimes.spaRefreshToken : lifetimes.refreshTokenInactivity
        return error([
            "app": app, "name": context.app?.name ?? app, "user": context.user?.userPrincipalName ?? "a user",
            "tenant": context.tenant.id.description, "directory": context.tenant.name,
            "idp": context.tenant.cloud.directoryIssuer(of: context.tenant.id), "issued": issued.description,
            // A whole second, and after the sign-in.
            "cutOff": max(context.now, issued + .seconds(1)).truncatedToSecond.description, "lifetime": lifetime.dotNetText,
            "inactive": lifetime.dotNetText,
            "seconds": String((lifetimes.signInFrequency ?? .seconds(3600)).wholeSeconds),
            "resource": ResourceAPI.graph(of: context.tenant.cloud).id.description, "audience": app, "uri": "http://localhost",
            "presented": "http://localhost", "requested": "http://localhost", "scope": "User.Read", "type": "refresh_token",
            "parameter": self == .invalidGrantValue ? "input parameter 'refresh_token' or 'assertion'" : "refresh_token",
            "accepted": "POST", "method": "GET", "now": context.now.description, "end": context.now.description,
            "origin": "http://localhost", "start": context.now.description,
            "key": String(repeating: "0", count: 40),
        ])
    }
}
