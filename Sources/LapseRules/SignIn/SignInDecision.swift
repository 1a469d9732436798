/// What does a browser that came to authorize see next?
package enum SignInDecision: Sendable {
    /// The sign-in page, with the name to fill in, and what speaks against the sign-in that there is.
    case signIn(name: String?, error: EntraError? = nil)
    /// The account picker.
    case pick([Candidate])
    /// The consent page for this session's user.
    case consent(Candidate)
    /// A code for this session's user.
    case issue(Candidate)
    case refuse(Refusal)

    /// Whether the browser sees a page of ours.
    package var asksThePerson: Bool {
        switch self {
        case .signIn, .pick, .consent: true
        case .issue, .refuse: false
        }
    }

    /// A session that the browser holds, with what is known of its user in the tenant at hand.
    package struct Candidate: Sendable {
        package let session: BrowserSession
        package let account: AccountFacts
        /// The tenant to sign in to.
        package let tenant: Tenant

        package init(session: BrowserSession, account: AccountFacts, tenant: Tenant) {
            self.session = session
            self.account = account
            self.tenant = tenant
        }

        /// Nil: the session may be used here and now.
        ///
        /// - Parameter request: nil asks for no particular app.
        package func refusal(in region: Region, for request: AuthorizeRequest? = nil) -> Refusal? {
            if let refusal = account.refusal(of: session.subject, on: .session, in: region) { return refusal }
            // Assumption: a session that could not satisfy the challenge leads to the sign-in page, not round in circles.
            if request?.claims.answersChallenge == true, let refusal = account.refusalByAnyResource(of: session.subject) {
                guard let revocation = refusal.revocation else { return Refusal(error: refusal.error) }
                return Refusal(error: AADSTS.noSession.error(), revocation: revocation)
            }
            let now = account.homeNow
            let isTooOld = request?.maxAge.map { session.authentication.place.at + $0 < now } ?? false
            guard session.endedAt == nil, now < session.expiresAt, !isTooOld, !isStale(for: request?.app) else {
                return Refusal(error: AADSTS.noSession.error())
            }
            return nil
        }

        /// What judging the session uses up.
        package func attempts(in region: Region) -> [Attempt] { account.attempts(of: session.subject, on: .session, in: region) }

        /// Whether the sign-in is older than the tenant or the app lets it be.
        package func isStale(for app: AppRegistration?) -> Bool {
            let frequency = EffectiveLifetimes(tenant: tenant, app: app).signInFrequency
            return AccessPolicy.refusal(of: session.authentication, within: frequency, now: account.homeNow) != nil
        }

        /// What a policy says of signing in to the app with this session. Nil: nothing.
        package func challenge(for app: AppRegistration, resource: ResourceAPI) -> EntraError? {
            AccessPolicy.challenge(on: .authorize, user: account.user, app: app, resource: resource)
        }

        func matches(_ request: AuthorizeRequest) -> Bool {
            if let id = request.sessionID, id != session.id { return false }
            if let hint = request.loginHint?.lowercased(),
                hint != account.user.userPrincipalName.lowercased(), hint != account.user.mail?.lowercased()
            {
                return false
            }
            // `organizations` and `consumers` choose a kind of account; here all are work accounts.
            if let domain = request.domainHint?.lowercased(), domain != "organizations" {
                return account.home.domains.contains(domain)
            }
            return true
        }
    }

    /// What the person did on a page of ours, if anything.
    package enum Step: Sendable {
        /// Came from the app.
        case arrived
        /// Chose an account in the picker.
        case picked(GUID)
        /// Just signed in with a credential: this session is new.
        case signedIn(GUID)
        /// Answered the consent page.
        case consented(GUID)
        case declined
    }

    /// A session with the verdict about it: what the decision and the log go by, so that nothing judges it twice.
    package struct Judged: Sendable {
        package let candidate: Candidate
        /// Nil: it may be used.
        package let refusal: Refusal?

        package init(_ candidate: Candidate, _ refusal: Refusal?) {
            self.candidate = candidate
            self.refusal = refusal
        }

        /// What the sign-in page says to a person who chose the session, or has just signed in. Nil: the session has ended or was
        /// revoked, which the page says by asking again. What speaks against the account would meet the next try too.
        package var word: EntraError? { refusal.flatMap { $0.error.code == .noSession ? nil : $0.error } }
    }

    /// Judges the browser's sessions for a request, at each of its steps anew: a page left open gives nothing away.
    package static func judge(_ candidates: [Candidate], for request: AuthorizeRequest, in region: Region) -> [Judged] {
        candidates.map { Judged($0, $0.refusal(in: region, for: request)) }
    }

    /// Decides from the browser's sessions.
    ///
    /// - Parameter hasCookie: whether the browser sent a cookie that names one.
    /// - Parameter appRefusals: what speaks against the app for the user of a session, by the session's id.
    /// - Parameter consents: what was consented to for everybody in the tenant of a session, by the session's id.
    package static func decide(
        _ request: AuthorizeRequest, step: Step, sessions: [Judged], hasCookie: Bool = true,
        appRefusals: [GUID: EntraError] = [:], consents: [GUID: Set<String>] = [:]
    ) -> SignInDecision {
        func finish(_ request: AuthorizeRequest, with candidate: Candidate, isConsented: Bool = false) -> SignInDecision {
            if let error = appRefusals[candidate.session.id] { return .refuse(Refusal(error: error)) }
            return Self.finish(
                request, with: candidate, isConsented: isConsented, everybodys: consents[candidate.session.id] ?? [])
        }
        let usable = sessions.filter { $0.refusal == nil }.map(\.candidate)
        func chosen(_ id: GUID) -> Candidate? { usable.first { $0.session.id == id } }
        func signIn(insteadOf id: GUID) -> SignInDecision {
            let refused = sessions.first { $0.candidate.session.id == id }
            return .signIn(name: refused?.candidate.account.user.userPrincipalName, error: refused?.word)
        }

        switch step {
        case .declined:
            return .refuse(Refusal(error: AADSTS.declined.error()))
        case .consented(let id):
            guard let candidate = chosen(id) else { return signIn(insteadOf: id) }
            return finish(request, with: candidate, isConsented: true)
        case .picked(let id), .signedIn(let id):
            guard let candidate = chosen(id) else { return signIn(insteadOf: id) }
            return finish(request, with: candidate)
        case .arrived:
            break
        }

        let matching = usable.filter { $0.matches(request) }
        switch request.prompt {
        case .silent:
            if matching.count == 1 { return finish(request, with: matching[0]) }
            if matching.count > 1 { return .refuse(Refusal(error: AADSTS.severalSessions.error())) }
            // The event names the revocation, if that is why.
            let revocation = sessions.first { $0.candidate.matches(request) }?.refusal?.revocation
            return .refuse(
                Refusal(error: silentRefusal(of: request, usable: usable, hasCookie: hasCookie), revocation: revocation))
        case .login:
            return .signIn(name: request.loginHint)
        case .selectAccount:
            return usable.isEmpty ? .signIn(name: request.loginHint) : .pick(usable)
        case .consent, nil:
            switch matching.count {
            case 0: return .signIn(name: request.loginHint ?? sessions.first?.candidate.account.user.userPrincipalName)
            case 1: return finish(request, with: matching[0])
            default: return .pick(matching)
            }
        }
    }

    /// Why nobody is signed in silently. Entra: facts of 160021, and of the three texts of 50058.
    private static func silentRefusal(of request: AuthorizeRequest, usable: [Candidate], hasCookie: Bool) -> EntraError {
        if let id = request.sessionID, !usable.contains(where: { $0.session.id == id }) { return AADSTS.sessionUnknown.error() }
        let error = AADSTS.noSession.error()
        guard hasCookie else {
            return error.with(
                text: error.text + " The cookies used to represent the user's session were not sent in the request to Azure AD. "
                    + "This can happen if the user is using Internet Explorer or Edge, and the web app sending the silent sign-in "
                    + "request is in different IE security zone than the Azure AD endpoint (login.microsoftonline.com).")
        }
        guard request.loginHint != nil, !usable.isEmpty else { return error }
        return error.with(
            text: "A silent sign-in request was sent but none of the currently signed in user(s) match the requested login hint.")
    }

    /// What is left once it is clear who signs in: policies and consent. What a silent request cannot settle needs a person.
    private static func finish(
        _ request: AuthorizeRequest, with candidate: Candidate, isConsented: Bool, everybodys: Set<String>
    ) -> SignInDecision {
        let user = candidate.account.user
        let isSilent = request.prompt == .silent
        if let error = candidate.challenge(for: request.app, resource: request.scope.resource) {
            return isSilent
                ? .refuse(Refusal(error: error.with(error: "interaction_required")))
                : .signIn(name: user.userPrincipalName, error: error)
        }
        if isConsented { return .issue(candidate) }
        if let error = AccessPolicy.consentRefusal(user: user, app: request.app, scope: request.scope, everybodys: everybodys) {
            return isSilent ? .refuse(Refusal(error: error.with(error: "interaction_required"))) : .consent(candidate)
        }
        return request.prompt == .consent ? .consent(candidate) : .issue(candidate)
    }

    /// The account of a name and password typed on a page.
    package static func account(
        of attempt: SignInAttempt, for app: AppRegistration, in tenant: Tenant?, region: Region
    ) -> (result: Result<AccountFacts, Refusal>, attempts: [Attempt]) {
        var attempts: [Attempt] = []
        let result = Result { () throws(Refusal) in
            try attempt.accepted(for: app, in: tenant, on: .session, region: region, counting: &attempts)
        }
        return (result, attempts)
    }

    /// The sessions that this step looks at. A page that asks for a credential, or a "no", looks at none.
    package static func looked(at sessions: [Judged], by step: Step, of request: AuthorizeRequest) -> [Judged] {
        switch step {
        case .arrived:
            switch request.prompt {
            case .login: []
            case .selectAccount: sessions
            case .silent, .consent, nil: sessions.filter { $0.candidate.matches(request) }
            }
        case .picked(let id), .signedIn(let id), .consented(let id): sessions.filter { $0.candidate.session.id == id }
        case .declined: []
        }
    }
}
