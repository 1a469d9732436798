import LapseRules
import LapseStore

extension Authority {
    /// One step of a sign-in at the authorize endpoint: decides what the browser sees next.
    ///
    /// - Returns: what the browser sees, and the cookies to set whatever it is; or a refusal that must be shown as a page and
    ///   never redirected: of an unknown tenant or client, a redirect URI that is not registered.
    package func authorize(
        _ parameters: FormParameters, for purpose: AuthorizePurpose = .signIn, at name: TenantName, version: EndpointVersion,
        step: BrowserStep, cookies: BrowserCookies, trace: RequestTrace
    ) async throws -> Outcome<(answer: AuthorizeAnswer, cookies: BrowserCookies), EntraError> {
        underWay.begin()
        defer { underWay.end() }
        let outcome: Outcome<(answer: AuthorizeAnswer, cookies: BrowserCookies), EntraError>
        outcome = try await decidingTogether(trace) { op in
            try op.enter(name)
            let id = ClientID(try parameters.required("client_id"))
            op.trace?.note?.put(client: id)
            let known = try op.app(id)
            let (app, target) = try AuthorizeRequest.target(
                purpose == .adminConsent ? AuthorizeRequest.adminConsent(parameters, of: known) : parameters, app: known,
                client: id,
                directory: op.tenant.name)
            try app.check(isFor: name)
            var browser = BrowserRequest(op, cookies: cookies)
            let (home, account) = try browser.account(of: step, hint: parameters["login_hint"])
            op.region = try op.in(home).routeToAuthority(client: app.id, user: account, isCounted: true)
            browser.op.region = op.region
            // A hint may name somebody of another tenant, who is nobody in this one's log.
            let user = try account.flatMap { try op.tx.user($0) }.flatMap { $0.tenant == home.id ? $0 : nil }
            let fault = try op.in(home).inject(Fault.Subject(.authorize, client: app.id, user: user?.id, region: op.region))
            if let refusal = fault?.refusal(FaultContext(tenant: home, app: app, user: user, authTime: nil, now: op.now)) {
                try op.enter(home)
                try browser.op.enter(home)
                // Before a closed connection nothing is done, and nothing told.
                if case .response = fault?.kind { return .failure(refusal) }
                let forced = try browser.forced(refusal, app, target, parameters, step: step, about: user?.id)
                return forced.map { ($0, browser.setCookies) }
            }
            // Entra: seen as a page.
            if purpose == .signIn, let refusal = try browser.refusal(of: app) { return .failure(refusal) }
            do {
                let scopes = try op.scopes(of: app)
                let request =
                    switch purpose {
                    case .signIn: try AuthorizeRequest(parameters, app: app, target: target, scopes: scopes, version: version)
                    case .adminConsent: try AuthorizeRequest(adminConsent: parameters, app: app, target: target, scopes: scopes)
                    }
                return .success((try browser.answer(request, for: purpose, step: step, about: user?.id), browser.setCookies))
            } catch let error as EntraError {
                return .success((.redirect(target, browser.answer(error)), browser.setCookies))
            }
        }
        // After the commit: signing holds up no other request.
        return try outcome.map { answer, cookies in
            guard case .redirect(let target, let members, let plan?) = answer else { return (answer, cookies) }
            return (.redirect(target, members.adding("id_token", try sign(plan, trace: trace))), cookies)
        }
    }
}

extension BrowserRequest {
    /// What the browser sees of a fault: what an app can act on goes to the app, what a person can settle to the person. The log
    /// tells of it as of any other.
    fileprivate func forced(
        _ refusal: EntraError, _ app: AppRegistration, _ target: AuthorizeRequest.Target, _ parameters: FormParameters,
        step: BrowserStep, about user: GUID?
    ) throws -> Result<AuthorizeAnswer, EntraError> {
        let isSilent = parameters["prompt"] == AuthorizeRequest.Prompt.silent.rawValue
        if case .arrived = step, !op.tenant.isNone, !isSilent || refusal.status < 429 {
            var event = op.event(
                isSilent ? .silentSignInRefused : .signInRequested, user: user, client: app.id,
                code: isSilent ? refusal.code : nil)
            event.notes.prompt = parameters["prompt"].flatMap(AuthorizeRequest.Prompt.init(rawValue:))?.rawValue
            event.notes.answersChallenge = (try? ClaimsRequest(parameters["claims"]))?.carriesDemand ?? false
            try op.tx.append(event)
        }
        // An outage is one of the endpoint: no app hears of it.
        guard refusal.status < 429 else { return .failure(refusal) }
        guard !isSilent else { return .success(.redirect(target, answer(refusal.silent))) }
        guard !refusal.isForRedirect else { return .success(.redirect(target, answer(refusal))) }
        return .success(signInPage(app, userName: parameters["login_hint"], error: refusal))
    }

    fileprivate mutating func answer(
        _ request: AuthorizeRequest, for purpose: AuthorizePurpose, step: BrowserStep, about user: GUID?
    ) throws -> AuthorizeAnswer {
        let decisionStep: SignInDecision.Step
        switch step {
        case .arrived: decisionStep = .arrived
        case .picked(let id): decisionStep = .picked(id)
        case .consented(let id): decisionStep = .consented(id)
        case .declined: decisionStep = .declined
        case .otherAccount: return signInPage(request.app, userName: nil)
        case .signIn(let userName, let credential, let newPassword, let staySignedIn):
            let attempt = try attempt(userName, credential, newPassword: newPassword)
            switch try signIn(attempt, for: request.app, staySignedIn: staySignedIn) {
            case .success(let session): decisionStep = .signedIn(session.id)
            case .failure(let refusal):
                return signInPage(request.app, userName: userName, error: refusal.error)
            }
        }
        let sessions = SignInDecision.judge(try candidates(), for: request, in: op.region)
        let looked = SignInDecision.looked(at: sessions, by: decisionStep, of: request)
        try count(looked.map(\.candidate))
        let candidates = sessions.map(\.candidate)
        let decision = SignInDecision.decide(
            request, step: decisionStep, sessions: sessions, hasCookie: hasCookie,
            appRefusals: purpose == .signIn ? try refusals(of: request.app, for: candidates) : [:],
            consents: try consents(to: request.app, for: candidates))
        if case .arrived = step, decision.asksThePerson { try recordRequest(request, about: user) }
        if purpose == .adminConsent, let answer = try adminConsent(decision, to: request) { return answer }
        return try carryOut(decision, of: request, looked, about: user)
    }

    /// What of a decision is other where an administrator is asked for everybody's consent; nil: nothing.
    private mutating func adminConsent(_ decision: SignInDecision, to request: AuthorizeRequest) throws -> AuthorizeAnswer? {
        switch decision {
        // Entra: v2-admin-consent.md.
        case .refuse(let refusal) where refusal.error.code == .declined:
            return .redirect(
                request.target,
                FormAnswer(["error": "permission_denied", "error_description": "The admin canceled the request"]))
        case .consent(let candidate), .issue(let candidate):
            let user = candidate.account.user
            guard user.mayConsentForAll else {
                return signInPage(request.app, userName: nil, error: AADSTS.administratorsOnly.error())
            }
            guard case .issue = decision else {
                return .consent(
                    candidate, appName: request.app.name,
                    permissions: request.scope.grantText.split(separator: " ").map(String.init) + request.app.applicationPermissions
                )
            }
            let own = try op.in(try op.tx.tenant(user.tenant) ?? candidate.account.home)
            try own.consentForAll(to: request.app, for: request.scope.dynamic, by: user)
            try use(candidate)
            return .redirect(
                request.target,
                FormAnswer([
                    "admin_consent": "True", "tenant": own.tenant.id.description, "scope": request.askedScope,
                ]))
        default: return nil
        }
    }

    private func carryOut(
        _ decision: SignInDecision, of request: AuthorizeRequest, _ looked: [SignInDecision.Judged], about user: GUID?
    ) throws -> AuthorizeAnswer {
        switch decision {
        case .signIn(let name, let error):
            if let error, let candidate = looked.first(where: { $0.refusal == nil })?.candidate {
                try recordChallenge(error, of: candidate, for: request)
            } else {
                try recordRefusal(.sessionRefused, of: looked, for: request)
            }
            return signInPage(request.app, userName: name, error: error)
        case .pick(let candidates): return .pick(candidates, appName: request.app.name)
        case .consent(let candidate):
            return .consent(
                candidate, appName: request.app.name,
                permissions: request.scope.grantText.split(separator: " ").map(String.init))
        case .refuse(let refusal):
            if try !recordRefusal(.silentSignInRefused, of: looked, for: request), !op.tenant.isNone {
                var event = op.event(.silentSignInRefused, user: user, client: request.app.id, code: refusal.error.code)
                event.note(request)
                try op.tx.append(event)
            }
            return .redirect(request.target, answer(refusal.error))
        case .issue(let candidate):
            try giveConsent(of: candidate.account.user, to: request)
            return try issue(request, for: candidate)
        }
    }

    /// An event for a session that should have signed its user in and was refused, in the log of the user's tenant.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    private func recordRefusal(
        _ kind: Event.Kind, of looked: [SignInDecision.Judged], for request: AuthorizeRequest
    ) throws -> Bool {
        for session in looked {
            guard let refusal = session.refusal else { continue }
            let (user, home) = (session.candidate.account.user, session.candidate.account.home)
            var event = try op.in(try op.tx.tenant(user.tenant) ?? home).event(
                kind, user: user.id, client: request.app.id, revocation: refusal.revocation, code: refusal.error.code)
            event.presented = session.candidate.session.id.description
            event.note(request)
            try op.tx.append(event)
            return true
        }
        return false
    }

    /// An event for an app that sends somebody to a page. Under an alias it is in the log of whoever it is about, if that is known.
    private func recordRequest(_ request: AuthorizeRequest, about user: GUID?) throws {
        let own = try user.flatMap { try op.tx.user($0) }.flatMap { try op.tx.tenant($0.tenant) }
        guard let tenant = op.tenant.isNone ? own : op.tenant else { return }
        var event = try op.in(tenant).event(.signInRequested, user: user, client: request.app.id)
        event.note(request)
        try op.tx.append(event)
    }

    /// An event for a policy that stands in the way of a sign-in.
    private func recordChallenge(
        _ error: EntraError, of candidate: SignInDecision.Candidate, for request: AuthorizeRequest
    ) throws {
        try op.tx.append(
            try op.in(candidate.tenant).event(
                .signInRefused, user: candidate.account.user.id, client: request.app.id, code: error.code))
    }

    /// A user who gets a code has consented: a consent that was withdrawn is given again, and what the app is not registered for is kept.
    private func giveConsent(of user: User, to request: AuthorizeRequest) throws {
        guard let tenant = try op.tx.tenant(user.tenant) else { return }
        let everybodys = try op.in(tenant).principal(of: request.app.id).consents
        guard AccessPolicy.consentRefusal(user: user, app: request.app, scope: request.scope, everybodys: everybodys) != nil else {
            return
        }
        try op.in(tenant).giveConsent(of: user, to: request.app.id, for: request.scope.dynamic)
    }

    private func signInPage(_ app: AppRegistration, userName: String?, error: EntraError? = nil) -> AuthorizeAnswer {
        .signIn(SignInPageFacts(appName: app.name, directory: op.tenant.name, userName: userName, error: error))
    }

    /// Makes what was asked for: the grant and its code, an id token, or both. The grant takes the session's `authTime`: single sign-on
    /// launders nothing.
    private func issue(_ request: AuthorizeRequest, for candidate: SignInDecision.Candidate) throws -> AuthorizeAnswer {
        let (app, target, user) = (request.app, request.target, candidate.account.user)
        let own = try op.in(try op.tx.tenant(user.tenant) ?? candidate.account.home)
        let grant = Grant(
            id: op.random.guid(), tenant: own.tenant.id, user: user.id, client: app.id,
            clientClass: app.clientClass(on: target.platform),
            scope: request.scope.grantText, authentication: candidate.session.authentication, session: candidate.session.id,
            createdAt: own.now, declaresCP1: request.claims.declaresCP1, registration: app.registration)
        let text = AuthorizationCode.newText(for: grant.id, op.random)
        let kind: Event.Kind = request.wantsCode ? .codeIssued : .idTokenIssued
        var event = own.event(kind, user: user.id, client: app.id, grant: grant.id)
        event.presented = candidate.session.id.description
        event.note(request)
        try op.tx.append(event)
        try use(candidate)
        let idToken =
            try request.wantsIDToken
            ? own.context(of: app).idToken(for: request, of: grant, user: user, code: request.wantsCode ? text : nil) : nil
        let answer = FormAnswer([
            "code": request.wantsCode ? text : nil, "client_info": request.wantsClientInfo ? TokenPlan.clientInfo(of: user) : nil,
            "session_state": candidate.session.id.description,
        ])
        // Without a code, too: sign-out tells the apps that have a grant.
        try op.tx.insert(grant)
        guard request.wantsCode else { return .redirect(target, answer, idToken: idToken) }
        try op.tx.insert(
            AuthorizationCode(
                hash: SecretHash(of: text), grant: grant.id, redirectURI: target.redirectURI, isForSPA: target.platform == .spa,
                namesTenant: !op.tenant.isNone,
                challenge: request.challenge, nonce: request.nonce, wantsAuthTime: request.maxAge != nil, issuedAt: own.now,
                expiresAt: own.now + EffectiveLifetimes(tenant: own.tenant, app: app).code))
        return .redirect(target, answer, idToken: idToken)
    }
}

extension Event {
    /// How the app asked.
    fileprivate mutating func note(_ request: AuthorizeRequest) {
        notes.prompt = request.prompt?.rawValue
        notes.answersChallenge = request.claims.carriesDemand
    }
}
