import LapseRules
import LapseStore

/// What an endpoint answers to a grant or a session, as if the app had just asked. Whoever tries needs neither the token nor the cookie.
package struct Trial: Sendable {
    package struct Question: Sendable {
        package let endpoint: TrialEndpoint
        /// Nil: by the tenant's routing, whose turn does not move on.
        package let region: String?
        /// On the clock of the user's home; nil: now.
        package let at: Timestamp?

        package init(_ endpoint: TrialEndpoint, region: String? = nil, at: Timestamp? = nil) {
            self.endpoint = endpoint
            self.region = region
            self.at = at
        }
    }

    package let status: Int
    /// What the app reads: of a redirect, what it brings to the app. Tokens and codes are left out: none is made.
    package let body: JSON
    /// Nil when the endpoint accepted, and for a refusal without a number.
    package let code: AADSTS?
    package let isAccepted: Bool
    package let verdict: Explanation.Verdict
    package let authTime: Timestamp
}

extension Authority {
    /// Tries a grant of the tenant: decides as the endpoint does, and issues nothing, counts nothing, moves no turn on. The log tells of it.
    ///
    /// - Parameter trace: whose ids a refusal names.
    /// - Throws: ``ControlError``: not found for tenant and grant; invalid for `endpoint` where it takes no grant, or the grant has nothing to
    ///   send it; invalid for `region`.
    package func tryGrant(
        _ id: String, _ question: Trial.Question, in name: String, trace: RequestTrace
    ) throws -> Trial {
        try changing(name) { op in
            guard let grant = try GUID(id).flatMap({ try op.tx.grant($0) }), grant.tenant == op.tenant.id else {
                throw ControlError.notFound("There is no grant '\(id.prefix(100))' in \(op.tenant.name).")
            }
            return try op.tryGrant(grant, question, trace)
        }
    }

    /// Tries a session in the tenant: what a silent sign-in of its browser comes to, to the app that it signed in to last.
    ///
    /// - Throws: ``ControlError``: not found for tenant and session; invalid for `endpoint` other than authorize, for `region`, and when the
    ///   tenant has no app that signs in.
    package func trySession(
        _ id: String, _ question: Trial.Question, in name: String, trace: RequestTrace
    ) throws -> Trial {
        try changing(name) { op in
            guard let session = try GUID(id).flatMap({ try op.tx.session($0) }),
                try op.tx.user(of: session.authentication.user, in: op.tenant.id) != nil
            else { throw ControlError.notFound("There is no session '\(id.prefix(100))' in \(op.tenant.name).") }
            return try op.trySession(session, question, trace)
        }
    }
}

/// What a trial comes to, before it is told.
private struct Answered {
    let status: Int
    let body: JSON
    var client: ClientID?
    /// Nil: accepted, or refused without a number.
    var code: AADSTS?
    var revocation: GUID?

    /// Whether the app gets what it asked for: a redirect may bring it an error.
    var isAccepted: Bool { status < 400 && body["error"] == nil }
}

extension TrialEndpoint {
    fileprivate var fault: Fault.Endpoint {
        switch self {
        case .token: .token
        case .graph: .graph
        case .authorize: .authorize
        }
    }

    fileprivate var plane: Plane {
        switch self {
        case .token: .refresh
        case .graph: .cae
        case .authorize: .session
        }
    }
}

extension Operation {
    /// - Parameter isLogged: whether the log tells of it.
    /// - Throws: ``ControlError``: invalid for `endpoint` where it takes no grant, or the grant has nothing to send it; invalid for `region`.
    func tryGrant(_ grant: Grant, _ question: Trial.Question, _ trace: RequestTrace, isLogged: Bool = true) throws -> Trial {
        switch question.endpoint {
        case .token:
            guard let token = try tx.newestRefreshToken(of: grant.id) else {
                throw ControlError.invalid(FieldError("endpoint", "takes a refresh token, and the grant has none"))
            }
            return try tried(Explained(.refreshToken(token, grant), of: grant), question, trace, isLogged) {
                try $0.refresh(token, of: grant, trace)
            }
        case .graph:
            guard let newest = try tx.newestAccessToken(of: grant) else {
                throw ControlError.invalid(FieldError("endpoint", "takes an access token, and the log has none of the grant"))
            }
            return try tried(Explained(newest.token, of: grant), question, trace, isLogged) {
                try $0.readMe(newest, of: grant, trace)
            }
        case .authorize:
            throw ControlError.invalid(FieldError("endpoint", "takes a session: a grant has token and graph"))
        }
    }

    /// The same of a session.
    ///
    /// - Throws: ``ControlError``: invalid for `endpoint` other than authorize, for `region`, and when the tenant has no app that signs in.
    func trySession(
        _ session: BrowserSession, _ question: Trial.Question, _ trace: RequestTrace, isLogged: Bool = true
    ) throws -> Trial {
        guard question.endpoint == .authorize else {
            throw ControlError.invalid(FieldError("endpoint", "takes a grant: a session has authorize"))
        }
        guard let app = try appToSignIn(with: session) else {
            throw ControlError.invalid(FieldError("endpoint", "needs an app with a redirect URI, and the tenant has none"))
        }
        return try tried(Explained(session), question, trace, isLogged) { try $0.signInSilently(with: session, to: app, trace) }
    }

    /// Runs a trial at its instant and in its region.
    ///
    /// - Parameter answer: reads alone; it gets the operation as a trial.
    private func tried(
        _ found: Explained, _ question: Trial.Question, _ trace: RequestTrace, _ isLogged: Bool,
        _ answer: (Operation) throws -> Answered
    ) throws -> Trial {
        guard let (explanation, account) = try explanation(of: found) else {
            throw ControlError.notFound("Nothing is known of the user any more.")
        }
        let instant = question.at ?? account.homeNow
        var op = try trial(ahead: instant - account.homeNow)
        let user = try tx.user(of: found.authentication.user, in: tenant.id)?.id ?? found.grant?.user
        let region = try question.region.map { try requireRegion($0, field: "region") }
        op.region = try region ?? op.route(client: found.grant?.client, user: user)
        let answered = try answer(op)
        let endpoint = question.endpoint
        if isLogged {
            var event = event(
                .trial, user: user, client: found.grant?.client ?? answered.client, grant: found.grant?.id,
                revocation: answered.revocation, code: answered.code)
            event.region = op.region
            event.requestID = trace.requestID
            event.presented = found.grant == nil ? found.session?.description : nil
            event.notes.endpoint = endpoint.fault
            try tx.append(event)
        }
        return Trial(
            status: answered.status, body: answered.body, code: answered.code, isAccepted: answered.isAccepted,
            verdict: explanation.verdicts(at: instant, regions: [op.region], on: [endpoint.plane])[0],
            authTime: found.authentication.place.at)
    }

    // MARK: The token endpoint

    fileprivate func refresh(_ token: RefreshToken, of grant: Grant, _ trace: RequestTrace) throws -> Answered {
        // A single-page app asks from its own origin.
        let request = try TokenRequest(
            form: FormParameters.empty.adding("grant_type", "refresh_token").adding("client_id", grant.client.description)
                .adding("refresh_token", "-"), authorization: nil, origin: grant.clientClass == .spa ? trace.origin : nil)
        let presented = PresentedRefreshToken(newest: token, of: grant)
        let app = try app(grant.client)
        let effect = try foreseen(
            Fault.Subject(
                .token, flow: .refresh, client: grant.client, user: grant.user, region: region, grant: grant.id, presented: nil))
        let context = FaultContext(
            tenant: tenant, app: app, user: try tx.user(grant.user), authTime: grant.authentication.place.at, now: now)
        if let error = effect?.refusal(context) { return refused(Refusal(error: error), trace) }
        guard let app else {
            return refused(Refusal(error: .noSuchApp(grant.client, directory: tenant.name)), trace)
        }
        if let error = ClientAuthentication.refusal(of: app, for: .refresh) { return refused(Refusal(error: error), trace) }
        do {
            switch try decide(request, by: app, presented) {
            case .refuse(let refusal): return refused(refusal, trace)
            case .issue(let issue):
                guard case .object(let members) = issue.plan.answer(accessToken: "", idToken: nil) else {
                    return Answered(status: 200, body: [:])
                }
                return Answered(status: 200, body: .object(members.filter { !Self.secrets.contains($0.name) }))
            }
        } catch let error as EntraError {
            return refused(Refusal(error: error), trace)
        }
    }

    private static let secrets: Set<String> = ["access_token", "refresh_token", "id_token"]

    private func refused(_ refusal: Refusal, _ trace: RequestTrace) -> Answered {
        let error = refusal.error
        // As the token endpoint says it, in plain text.
        let body = error.status == 429 ? "Too Many Requests" : error.json(errorTrace(trace), origin: trace.origin)
        return Answered(status: error.status, body: body, code: error.code, revocation: refusal.revocation)
    }

    private func errorTrace(_ trace: RequestTrace) -> ErrorTrace {
        ErrorTrace(traceID: trace.requestID, correlationID: trace.correlationID, now: now, style: ErrorStyle(tenant.policies))
    }

    // MARK: Graph

    fileprivate func readMe(
        _ newest: (token: Event.AccessToken, issuedAt: Timestamp), of grant: Grant, _ trace: RequestTrace
    ) throws -> Answered {
        func refused(_ error: GraphError, _ revocation: GUID? = nil) -> Answered {
            Answered(status: error.status, body: error.json(errorTrace(trace)), revocation: revocation)
        }
        let effect = try foreseen(
            Fault.Subject(.graph, client: grant.client, user: grant.user, region: region, grant: grant.id, presented: nil))
        if let error = effect?.resourceError { return refused(error) }
        guard let app = try app(grant.client) ?? client(of: grant) else { return refused(.wrongAudience) }
        let scopes = try scopes(of: app)
        let scope = try? scopes.delegated(grant.scope, several: .first, consented: nil)
        let claims = AccessTokenClaims(
            newest.token, issuedAt: newest.issuedAt, of: grant, audience: (scope?.resource ?? scopes.graph).audience,
            scopes: scope?.permissions ?? [])
        let (decision, _, _) = try judge(claims, at: .graph)
        if let error = decision.error { return refused(error, decision.revocation) }
        do {
            let query = try GraphQuery(.empty, of: .users)
            let profile = try AdmittedRequest(self, claims).read(.me, query)
            let context: JSON = ["@odata.context": .string("\(tenant.cloud.metadata("v1.0"))#users\(query.contextSuffix)/$entity")]
            return Answered(status: 200, body: context.followed(by: query.shown(profile.json)))
        } catch let error as GraphError {
            return refused(error)
        }
    }

    // MARK: The silent page

    /// The app that the session signed in to last; else the first of the tenant that has a redirect URI.
    fileprivate func appToSignIn(with session: BrowserSession) throws -> AppRegistration? {
        func signsIn(_ app: AppRegistration) -> Bool { app.flows.contains(.code) && app.firstRedirectURI != nil }
        let last = try tx.grants(of: session.authentication.user, tenant: tenant.id, limit: 1_000).first {
            $0.session == session.id
        }
        if let app = try last.flatMap({ try app($0.client) }), signsIn(app) { return app }
        return try tx.apps(in: tenant.id, limit: 1_000).first(where: signsIn)
    }

    fileprivate func signInSilently(with session: BrowserSession, to app: AppRegistration, _ trace: RequestTrace) throws -> Answered
    {
        func page(_ refusal: Refusal) -> Answered {
            var answered = refused(refusal, trace)
            answered.client = app.id
            return answered
        }
        func redirect(_ refusal: Refusal?) -> Answered {
            let members = refusal?.error.answer(errorTrace(trace), origin: trace.origin).members ?? []
            return Answered(
                status: 302, body: .object(members.map { .init(name: $0.name, value: .string($0.value)) }), client: app.id,
                code: refusal?.error.code, revocation: refusal?.revocation)
        }
        let parameters = FormParameters.empty.adding("client_id", app.id.description).adding("response_type", "code")
            .adding("redirect_uri", app.firstRedirectURI ?? "").adding("scope", "openid profile offline_access").adding(
                "prompt", "none"
            )
            // That of the text in RFC 7636, appendix B: nobody redeems the code.
            .adding("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").adding("code_challenge_method", "S256")
        let user = try tx.user(of: session.authentication.user, in: tenant.id)
        let effect = try foreseen(Fault.Subject(.authorize, client: app.id, user: user?.id, region: region))
        let context = FaultContext(tenant: tenant, app: app, user: user, authTime: nil, now: now)
        if let error = effect?.refusal(context) {
            return error.status >= 429 ? page(Refusal(error: error)) : redirect(Refusal(error: error.silent))
        }
        var browser = BrowserRequest(self, cookies: [:])
        if let error = try browser.refusal(of: app) { return page(Refusal(error: error)) }
        do {
            let (known, target) = try AuthorizeRequest.target(parameters, app: app, client: app.id, directory: tenant.name)
            let request = try AuthorizeRequest(parameters, app: known, target: target, scopes: try scopes(of: known))
            let candidates =
                try account(of: session).map {
                    [SignInDecision.Candidate(session: session, account: $0, tenant: tenant)]
                } ?? []
            let decision = SignInDecision.decide(
                request, step: .arrived, sessions: SignInDecision.judge(candidates, for: request, in: region),
                appRefusals: try browser.refusals(of: known, for: candidates),
                consents: try browser.consents(to: known, for: candidates))
            if case .refuse(let refusal) = decision { return redirect(refusal) }
            return redirect(nil)
        } catch let error as EntraError {
            return redirect(Refusal(error: error))
        }
    }
}

extension AppRegistration {
    fileprivate var firstRedirectURI: String? { redirectURIs.first ?? spaRedirectURIs.first }
}
