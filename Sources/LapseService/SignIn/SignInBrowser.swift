import LapseRules
import LapseStore

/// What a browser brings to a page: which browser it is, and what the person did there.
package enum BrowserStep: Sendable {
    case arrived
    /// - Parameter newPassword: for an account whose password only serves to choose another one.
    case signIn(userName: String, Credential, newPassword: String?, staySignedIn: Bool)
    case picked(GUID)
    case otherAccount
    case consented(GUID)
    case declined
}

/// The cookies that name a browser, in clear.
package typealias BrowserCookies = [BrowserSession.Cookie: String]

/// What the browser sees next.
package enum AuthorizeAnswer: Sendable {
    /// The sign-in page. The error is what was wrong with the last try.
    case signIn(SignInPageFacts)
    case pick(accounts: [PageAccount], appName: String)
    case consent(account: PageAccount, appName: String, permissions: [String])
    /// To the redirect URI.
    case redirect(AuthorizeRequest.Target, FormAnswer)
}

package struct SignInPageFacts: Sendable {
    package let appName: String
    package let directory: String
    package let userName: String?
    package let error: EntraError?

    /// Whether the page asks for a new password beside the one that has expired.
    package var asksForNewPassword = false
}

/// An account as pages name it: by its session.
package struct PageAccount: Sendable {
    package let session: GUID
    package let displayName: String
    package let userPrincipalName: String

    init(_ candidate: SignInDecision.Candidate) {
        session = candidate.session.id
        displayName = candidate.account.user.displayName
        userPrincipalName = candidate.account.user.userPrincipalName
    }
}

extension Authority {
    /// One step of a sign-in at the authorize endpoint: decides what the browser sees next.
    ///
    /// - Returns: what the browser sees, and the cookies to set whatever it is.
    /// - Throws: ``Refused`` for what must be shown as a page and never redirected: an unknown tenant or client, a redirect URI
    ///   that is not registered.
    package func authorize(
        _ parameters: FormParameters, at name: TenantName, version: EndpointVersion, step: BrowserStep, cookies: BrowserCookies,
        trace: RequestTrace
    ) throws -> (answer: AuthorizeAnswer, cookies: BrowserCookies, landing: Landing) {
        let (decided, landing): ((AuthorizeAnswer, BrowserCookies), Landing) = try deciding { tx, landing in
            let wall = wall()
            var visit = Visit(cookies: cookies, trace: trace, wall: wall)
            let named = try tenant(name, orOf: nil, tx, wall: wall)
            let now = named.clock.now(wall: wall)
            let (app, target): (AppRegistration, AuthorizeRequest.Target)
            do {
                let id = ClientID(try parameters.required("client_id"))
                (app, target) = try AuthorizeRequest.target(
                    parameters, app: try self.app(id, in: named, tx), client: id, directory: named.name)
            } catch let error as EntraError {
                throw Refused(error, now: now)
            }
            do {
                let (home, account) = try visit.account(of: step, hint: parameters["login_hint"], in: named, tx)
                visit.region = try self.landing(
                    trace, in: home, client: app.id, user: account, isCounted: true, now: now, tx)
                // A hint may name somebody of another tenant, who is nobody in this one's log.
                let user = try account.flatMap { try tx.user($0) }.flatMap { $0.tenant == home.id ? $0.id : nil }
                landing.region = visit.region
                let fault = try inject(
                    Fault.Subject(.authorize, client: app.id, user: user, region: visit.region), in: home, now: now, trace, tx)
                if let refusal = try fault?.refusal(
                    FaultContext(tenant: home, app: app, user: user.flatMap { try tx.user($0) }, authTime: nil, now: now))
                {
                    // Before a closed connection nothing is done, and nothing told.
                    if case .response = fault?.kind { throw Refused(refusal, now: now, in: home) }
                    return try (
                        forced(refusal, app, target, parameters, step: step, about: user, in: home, visit, tx), visit.setCookies
                    )
                }
                let policy = ScopePolicy(app: app, resources: try tx.resources(in: named.id), tenant: named)
                let request = try AuthorizeRequest(parameters, app: app, target: target, scopes: policy, version: version)
                let answer = try answer(request, in: named, step: step, about: user, &visit, tx)
                return (answer, visit.setCookies)
            } catch let error as EntraError {
                return (.redirect(target, visit.answer(error, in: named)), visit.setCookies)
            }
        }
        return (decided.0, decided.1, landing)
    }

    /// What the browser sees of a fault: what an app can act on goes to the app, what a person can settle to the person. The log
    /// tells of it as of any other.
    private func forced(
        _ refusal: EntraError, _ app: AppRegistration, _ target: AuthorizeRequest.Target, _ parameters: FormParameters,
        step: BrowserStep, about user: GUID?, in tenant: Tenant, _ visit: Visit, _ tx: StoreTransaction
    ) throws -> AuthorizeAnswer {
        let now = tenant.clock.now(wall: visit.wall)
        let isSilent = parameters["prompt"] == AuthorizeRequest.Prompt.silent.rawValue
        if case .arrived = step, !tenant.isNone, !isSilent || refusal.status < 429 {
            var event = Event(
                tenant: tenant.id, at: now, kind: isSilent ? .silentSignInRefused : .signInRequested, user: user, client: app.id,
                region: visit.region, code: isSilent ? refusal.code : nil, requestID: visit.trace.requestID)
            event.notes.prompt = parameters["prompt"].flatMap(AuthorizeRequest.Prompt.init(rawValue:))?.rawValue
            event.notes.answersChallenge = (try? ClaimsRequest(parameters["claims"]))?.carriesDemand ?? false
            try tx.append(event)
        }
        // An outage is one of the endpoint: no app hears of it.
        guard refusal.status < 429 else { throw Refused(refusal, now: now, in: tenant) }
        guard !isSilent else { return .redirect(target, visit.answer(refusal.silent, in: tenant)) }
        guard !refusal.isForRedirect else { return .redirect(target, visit.answer(refusal, in: tenant)) }
        return signInPage(app, in: tenant, userName: parameters["login_hint"], error: refusal)
    }

    private func answer(
        _ request: AuthorizeRequest, in named: Tenant, step: BrowserStep, about user: GUID?, _ visit: inout Visit,
        _ tx: StoreTransaction
    ) throws -> AuthorizeAnswer {
        let decisionStep: SignInDecision.Step
        switch step {
        case .arrived: decisionStep = .arrived
        case .picked(let id): decisionStep = .picked(id)
        case .consented(let id): decisionStep = .consented(id)
        case .declined: decisionStep = .declined
        case .otherAccount: return signInPage(request.app, in: named, userName: nil)
        case .signIn(let userName, let credential, let newPassword, let staySignedIn):
            let attempt = try attempt(userName, credential, newPassword: newPassword, in: named, visit, tx)
            switch try signIn(attempt, for: request.app, in: named, staySignedIn: staySignedIn, &visit, tx) {
            case .success(let session): decisionStep = .signedIn(session.id)
            case .failure(let refusal):
                return signInPage(
                    request.app, in: named, userName: userName, error: refusal.error, asksForNewPassword: attempt.mustChangePassword
                )
            }
        }
        let sessions = SignInDecision.judge(try visit.candidates(in: named, tx), for: request, in: visit.region)
        let looked = SignInDecision.looked(at: sessions, by: decisionStep, of: request)
        try visit.count(looked.map(\.candidate), tx)
        let decision = SignInDecision.decide(request, step: decisionStep, sessions: sessions)
        if case .arrived = step, decision.asksThePerson { try recordRequest(request, about: user, in: named, visit, tx) }
        switch decision {
        case .signIn(let name, let error):
            if let error {
                try recordChallenge(error, of: looked, for: request, visit, tx)
            } else {
                try recordRefusal(.sessionRefused, of: looked, for: request, visit, tx)
            }
            return signInPage(request.app, in: named, userName: name, error: error)
        case .pick(let candidates): return .pick(accounts: candidates.map(PageAccount.init), appName: request.app.name)
        case .consent(let candidate):
            return .consent(
                account: PageAccount(candidate), appName: request.app.name,
                permissions: request.scope.grantText.split(separator: " ").map(String.init))
        case .refuse(let refusal):
            if try !recordRefusal(.silentSignInRefused, of: looked, for: request, visit, tx), !named.isNone {
                var event = Event(
                    tenant: named.id, at: named.clock.now(wall: visit.wall), kind: .silentSignInRefused, user: user,
                    client: request.app.id, region: visit.region, code: refusal.error.code, requestID: visit.trace.requestID)
                event.note(request)
                try tx.append(event)
            }
            return .redirect(request.target, visit.answer(refusal.error, in: named))
        case .issue(let candidate):
            try giveConsent(of: candidate.account.user, to: request.app, visit, tx)
            return .redirect(request.target, try issueCode(request, for: candidate, visit, tx))
        }
    }

    /// An event for a session that should have signed its user in and was refused, in the log of the user's tenant.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    private func recordRefusal(
        _ kind: Event.Kind, of looked: [SignInDecision.Judged], for request: AuthorizeRequest, _ visit: Visit,
        _ tx: StoreTransaction
    ) throws -> Bool {
        for session in looked {
            guard let refusal = session.refusal else { continue }
            let candidate = session.candidate
            let user = candidate.account.user
            let now = try tx.tenant(user.tenant)?.clock.now(wall: visit.wall) ?? candidate.account.homeNow
            var event = Event(
                tenant: user.tenant, at: now, kind: kind, user: user.id, client: request.app.id, revocation: refusal.revocation,
                region: visit.region, code: refusal.error.code, requestID: visit.trace.requestID)
            event.presented = candidate.session.id.description
            event.note(request)
            try tx.append(event)
            return true
        }
        return false
    }

    /// An event for an app that sends somebody to a page. Under an alias it is in the log of whoever it is about, if that is known.
    private func recordRequest(
        _ request: AuthorizeRequest, about user: GUID?, in named: Tenant, _ visit: Visit, _ tx: StoreTransaction
    ) throws {
        let tenant = named.isNone ? try user.flatMap { try tx.user($0) }.flatMap { try tx.tenant($0.tenant) } : named
        guard let tenant else { return }
        var event = Event(
            tenant: tenant.id, at: tenant.clock.now(wall: visit.wall), kind: .signInRequested, user: user, client: request.app.id,
            region: visit.region, requestID: visit.trace.requestID)
        event.note(request)
        try tx.append(event)
    }

    /// An event for a policy that stands in the way of a sign-in.
    private func recordChallenge(
        _ error: EntraError, of looked: [SignInDecision.Judged], for request: AuthorizeRequest, _ visit: Visit,
        _ tx: StoreTransaction
    ) throws {
        guard let candidate = looked.first(where: { $0.refusal == nil })?.candidate else { return }
        try tx.append(
            Event(
                tenant: candidate.tenant.id, at: candidate.tenant.clock.now(wall: visit.wall), kind: .signInRefused,
                user: candidate.account.user.id, client: request.app.id, region: visit.region, code: error.code,
                requestID: visit.trace.requestID))
    }

    /// A user who gets a code has consented: a consent that was withdrawn is given again.
    private func giveConsent(of user: User, to app: AppRegistration, _ visit: Visit, _ tx: StoreTransaction) throws {
        guard user.withdrawnConsents.contains(app.id), let tenant = try tx.tenant(user.tenant) else { return }
        try setConsent(true, of: user, to: app.id, in: tenant, now: tenant.clock.now(wall: visit.wall), tx)
    }

    private func signInPage(
        _ app: AppRegistration, in tenant: Tenant, userName: String?, error: EntraError? = nil, asksForNewPassword: Bool = false
    ) -> AuthorizeAnswer {
        .signIn(
            SignInPageFacts(
                appName: app.name, directory: tenant.name, userName: userName, error: error, asksForNewPassword: asksForNewPassword)
        )
    }

    /// What a typed name and password come to, after the account got its new password where one is due.
    func attempt(
        _ userName: String, _ credential: Credential, newPassword: String?, in named: Tenant, _ visit: Visit,
        _ tx: StoreTransaction
    ) throws -> SignInAttempt {
        func attempt(_ credential: Credential) throws -> SignInAttempt {
            try tx.attempt(userName: userName, credential, in: named.isNone ? nil : named, wall: visit.wall)
        }
        let first = try attempt(credential)
        guard case .mustChange(let account) = first.outcome, account.stateRefusal(on: .session, in: visit.region) == nil,
            let newPassword, (try? GraphUserChanges.check(newPassword)) != nil, let old = try tx.user(account.user.home.user),
            !old.hasPassword(newPassword), let tenant = try tx.tenant(old.tenant)
        else { return first }
        var user = old
        user.set(password: newPassword)
        user.mustChangePassword = false
        try update(
            old, to: user, reset: .passwordChange, in: tenant, now: tenant.clock.now(wall: visit.wall), region: visit.region,
            cause: DirectoryCause(actor: user.id.description, client: nil, requestID: visit.trace.requestID), tx)
        return try attempt(.password(newPassword))
    }

    /// Signs a user in to the browser, or says why not; either is an event.
    func signIn(
        _ attempt: SignInAttempt, for app: AppRegistration, in named: Tenant, staySignedIn: Bool, _ visit: inout Visit,
        _ tx: StoreTransaction
    ) throws -> Result<BrowserSession, Refusal> {
        let tenant = named.isNone ? nil : named
        try tx.countPasswords(attempt, wall: visit.wall)
        let (result, attempts) = SignInDecision.account(of: attempt, for: app, in: tenant, region: visit.region)
        if case .known(let account) = attempt.outcome { try visit.count(attempts, of: account.user.home.user, tx) }
        switch result {
        case .failure(let refusal):
            if let tenant = try tenant ?? attempt.userName.split(separator: "@").last.flatMap({ try tx.tenant(domain: String($0)) })
            {
                try tx.append(
                    Event(
                        tenant: tenant.id, at: tenant.clock.now(wall: visit.wall), kind: .signInRefused,
                        user: try attempt.home.flatMap { try tx.user(of: $0, in: tenant.id) }?.id, client: app.id,
                        region: visit.region, code: refusal.error.code, requestID: visit.trace.requestID))
            }
            return .failure(refusal)
        case .success(let account):
            let session = try visit.open(account, method: attempt.method, staySignedIn: staySignedIn, random: random, tx)
            let tenant = tenant ?? account.home
            try tx.append(
                Event(
                    tenant: tenant.id, at: tenant.clock.now(wall: visit.wall), kind: .signedIn, user: account.user.id,
                    client: app.id, region: visit.region, requestID: visit.trace.requestID))
            return .success(session)
        }
    }

    /// Makes the grant and its code. The grant takes the session's `authTime`: single sign-on launders nothing.
    private func issueCode(
        _ request: AuthorizeRequest, for candidate: SignInDecision.Candidate, _ visit: Visit, _ tx: StoreTransaction
    ) throws -> FormAnswer {
        let user = candidate.account.user
        let tenant = try tx.tenant(user.tenant) ?? candidate.account.home
        let now = tenant.clock.now(wall: visit.wall)
        let (app, target) = (request.app, request.target)
        let grant = Grant(
            id: random.guid(), tenant: tenant.id, user: user.id, client: app.id,
            clientClass: app.clientClass(on: target.platform),
            scope: request.scope.grantText, authentication: candidate.session.authentication, session: candidate.session.id,
            createdAt: now, declaresCP1: request.claims.declaresCP1)
        let text = AuthorizationCode.newText(random)
        var event = Event(
            tenant: tenant.id, at: now, kind: .codeIssued, user: user.id, client: app.id, grant: grant.id, region: visit.region,
            requestID: visit.trace.requestID)
        event.presented = candidate.session.id.description
        event.note(request)
        try tx.append(event)
        try tx.insert(grant)
        try tx.insert(
            AuthorizationCode(
                hash: SecretHash(of: text), grant: grant.id, redirectURI: target.redirectURI, isForSPA: target.platform == .spa,
                challenge: request.challenge, nonce: request.nonce, wantsAuthTime: request.maxAge != nil, issuedAt: now,
                expiresAt: now + EffectiveLifetimes(tenant: tenant, app: app).code))
        try visit.use(candidate, tx)
        return FormAnswer([
            "code": text, "client_info": request.wantsClientInfo ? TokenPlan.clientInfo(of: user) : nil,
            "session_state": candidate.session.id.description,
        ])
    }
}

extension Event {
    /// How the app asked.
    fileprivate mutating func note(_ request: AuthorizeRequest) {
        notes.prompt = request.prompt?.rawValue
        notes.answersChallenge = request.claims.carriesDemand
    }
}
