/// A request to the authorize endpoint, read once.
package struct AuthorizeRequest: Sendable {
    package enum Prompt: String, CaseIterable, Sendable { case silent = "none", login, consent, selectAccount = "select_account" }

    package enum ResponseMode: String, CaseIterable, Sendable { case query, fragment, formPost = "form_post" }

    /// What is needed to answer by redirect at all: known before anything else is checked.
    package struct Target: Sendable {
        package let redirectURI: String
        package let platform: RedirectURI.Platform
        package let responseMode: ResponseMode
        package let state: String?
    }

    package let target: Target
    package let app: AppRegistration
    package let scope: GrantedScope
    package let prompt: Prompt?
    package let loginHint: String?
    package let domainHint: String?
    package let sessionID: GUID?
    package let nonce: String?
    /// What goes to the redirect URI: a code, an id token, or both.
    package let wantsCode: Bool
    package let wantsIDToken: Bool
    package let challenge: PKCE.Challenge?
    /// Nil: any age will do.
    package let maxAge: Duration?
    package let wantsClientInfo: Bool
    package let claims: ClaimsRequest
    /// The scope of a request of `/adminconsent`, as it was asked; nil: it names none, or is another.
    package private(set) var askedScope: String?

    /// The client and where to send answers.
    ///
    /// - Throws: `EntraError` that must be shown as a page: nothing here may be answered to an address that is not registered.
    package static func target(_ parameters: FormParameters, app: AppRegistration?, client: ClientID, directory: String)
        throws(EntraError) -> (AppRegistration, Target)
    {
        guard let app else { throw .noSuchApp(client, directory: directory) }
        guard app.kind != .resource || !app.redirectURIs.isEmpty else { throw .noSuchApp(client, directory: directory) }
        guard app.isOpen || !(app.redirectURIs + app.spaRedirectURIs).isEmpty else { throw AADSTS.noRedirectRegistered.error() }
        let redirectURI = try parameters.required("redirect_uri")
        guard RedirectURI.isAbsolute(redirectURI) else { throw AADSTS.redirectNotAbsolute.error() }
        let platform: RedirectURI.Platform? =
            if app.isOpen {
                RedirectURI.isLoopback(redirectURI) || redirectURI == FirstPartyApps.nativeClient ? .web : nil
            } else {
                RedirectURI.platform(of: redirectURI, in: app)
            }
        guard let platform else {
            throw AADSTS.redirectMismatch.error(["uri": redirectURI, "app": app.id.description])
        }
        if let scope = parameters["scope"], ScopePolicy.namesDefaultBesideOthers(scope) { throw .defaultBesideOthers(scope) }
        // Entra: v2-oauth2-auth-code-flow.md, query is the default for a code; v2-oauth2-implicit-grant-flow.md, fragment where a token is asked for.
        let hasToken = parameters["response_type"]?.hasWord("id_token") == true
        let mode = parameters["response_mode"].map(ResponseMode.init(rawValue:)) ?? (hasToken ? .fragment : .query)
        return (
            app,
            Target(redirectURI: redirectURI, platform: platform, responseMode: mode ?? .query, state: parameters["state"])
        )
    }

    /// The rest of the request.
    ///
    /// - Throws: `EntraError` that goes to the redirect URI.
    package init(
        _ parameters: FormParameters, app: AppRegistration, target: Target, scopes: ScopePolicy, version: EndpointVersion = .v2
    ) throws(EntraError) {
        self.app = app
        self.target = target
        let type = try parameters.required("response_type")
        let types = Set(type.words)
        wantsCode = types.contains("code")
        wantsIDToken = types.contains("id_token")
        guard type != "token" else { throw AADSTS.tokenNotEnabled.error() }
        guard !types.isEmpty, types.isSubset(of: ["code", "id_token"]), !wantsIDToken || (app.issuesIDTokens && version == .v2)
        else {
            throw AADSTS.responseTypeNotEnabled.error(["type": type])
        }
        if wantsIDToken, parameters["response_mode"] == ResponseMode.query.rawValue {
            throw .lapse("invalid_request", "The response_mode 'query' is not for tokens: ask for fragment or form_post.")
        }
        if let mode = parameters["response_mode"], ResponseMode(rawValue: mode) == nil {
            throw .lapse("invalid_request", "The response_mode '\(mode.prefix(50))' is none of query, fragment, form_post.")
        }
        guard app.flows.contains(.code) else {
            throw .lapse("unauthorized_client", "The application '\(app.id)' is not registered for the flow 'code'.")
        }
        scope = try scopes.delegated(try version.signInScope(of: parameters), several: .asked, consented: nil)
        if version == .v2 { try scope.resource.check(indicator: parameters["resource"]) }
        challenge = try PKCE.Challenge(parameters)
        if let text = parameters["prompt"] {
            guard let prompt = Prompt(text, version) else { throw AADSTS.promptUnsupported.error() }
            self.prompt = prompt
        } else {
            prompt = nil
        }
        loginHint = parameters["login_hint"]
        domainHint = parameters["domain_hint"]
        sessionID = parameters["sid"].flatMap(GUID.init)
        nonce = parameters["nonce"]
        // OpenID Connect Core 3.2.2.1, and Entra: v2-protocols-oidc.md.
        if wantsIDToken, nonce == nil { throw .missing("nonce") }
        if wantsIDToken, !scope.has(openID: "openid") { throw AADSTS.invalidScope.error(["scope": scope.text]) }
        if let text = parameters["max_age"] {
            guard let seconds = Int64(text), (0...Duration.longest.wholeSeconds).contains(seconds) else {
                throw .lapse("invalid_request", "The max_age '\(text.prefix(50))' is not a number of seconds.")
            }
            maxAge = .seconds(seconds)
        } else {
            maxAge = nil
        }
        wantsClientInfo = parameters["client_info"] != nil
        claims = try ClaimsRequest(parameters["claims"])
    }
}

extension AuthorizeRequest {
    /// What a request of `/adminconsent` comes to at authorize: who signs in is always asked. Entra: v2-admin-consent.md; without a scope, for
    /// all that the app is registered for.
    package init(
        adminConsent parameters: FormParameters, app: AppRegistration, target: Target, scopes: ScopePolicy
    ) throws(EntraError) {
        var asking = FormParameters.empty.adding("response_type", "code").adding("prompt", Prompt.consent.rawValue)
            .adding("scope", parameters["scope"] ?? "openid profile offline_access \(scopes.graph.uri)/.default")
        for name in ["login_hint", "domain_hint"] { if let text = parameters[name] { asking = asking.adding(name, text) } }
        var app = app
        // An app that signs nobody in may be consented to as well.
        app.flows.insert(.code)
        try self.init(asking, app: app, target: target, scopes: scopes)
        askedScope = parameters["scope"]
    }

    /// The parameters of `/adminconsent` with a redirect URI: the first that the app has, where the request names none.
    package static func adminConsent(_ parameters: FormParameters, of app: AppRegistration?) -> FormParameters {
        guard parameters["redirect_uri"] == nil, let first = app?.redirectURIs.first ?? app?.spaRedirectURIs.first else {
            return parameters
        }
        return parameters.adding("redirect_uri", first)
    }
}

extension User {
    /// Whether the user may consent for everybody. Entra: grant-admin-consent.md.
    package var mayConsentForAll: Bool {
        let roles: Set<DirectoryRole> = [
            .globalAdministrator, .privilegedRoleAdministrator, .applicationAdministrator, .cloudApplicationAdministrator,
        ]
        return !roles.isDisjoint(with: self.roles)
    }
}

extension AuthorizeRequest.Prompt {
    /// Nil for a word that the endpoint does not know.
    fileprivate init?(_ text: String, _ version: EndpointVersion) {
        switch (text, version) {
        // MSAL's `create` leads to the sign-in page here: nobody signs up in a lab.
        case ("create", _): self = .login
        // Entra: azuread-dev/v1-protocols-oauth-code.md. In a lab everybody consents for themselves.
        case ("admin_consent", .v1): self = .consent
        default: self.init(rawValue: text)
        }
    }
}

extension AuthorizeRequest.Target {
    /// The address to send the browser to, with these parameters and the request's state; nil for form_post.
    package func location(_ parameters: FormAnswer) -> String {
        let encoded = parameters.adding("state", state).encoded
        let address = RedirectURI.withPath(redirectURI)
        switch responseMode {
        case .query, .formPost: return address + (address.contains("?") ? "&" : "?") + encoded
        case .fragment: return address + "#" + encoded
        }
    }
}

/// The parameters of an answer to a redirect URI, in order.
package struct FormAnswer: Equatable, Sendable {
    package private(set) var members: [(name: String, value: String)] = []

    package init(_ members: KeyValuePairs<String, String?>) {
        for (name, value) in members { self = adding(name, value) }
    }

    package func adding(_ name: String, _ value: String?) -> FormAnswer {
        guard let value else { return self }
        var answer = self
        answer.members.append((name, value))
        return answer
    }

    /// The members with the request's state: what a form post carries.
    package func members(for target: AuthorizeRequest.Target) -> [(name: String, value: String)] {
        adding("state", target.state).members
    }

    var encoded: String {
        members.map { "\(FormParameters.encode($0.name))=\(FormParameters.encode($0.value))" }.joined(separator: "&")
    }

    package static func == (lhs: FormAnswer, rhs: FormAnswer) -> Bool { lhs.encoded == rhs.encoded }
}

extension EntraError {
    /// The error as the redirect URI hears it. Entra: facts, `error`, `error_description`, `error_uri`, `state`.
    package func answer(_ trace: ErrorTrace, origin: String) -> FormAnswer {
        FormAnswer([
            "error": error, "error_description": description(trace), "error_uri": errorURI(origin: origin),
        ])
    }
}
