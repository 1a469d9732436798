import LapseRules
import LapseStore

/// One request of a browser to a page: its operation, its sessions, and the cookies that the answer sets.
struct BrowserRequest {
    var op: Operation
    private(set) var setCookies: BrowserCookies = [:]
    /// The sessions and accounts that this request was counted for: once each, however often they are judged.
    private var counted: Set<GUID> = []
    /// The cookies that name the browser: those it came with, until a sign-in renews them.
    private var cookies: BrowserCookies
    /// What ``candidates()`` found in the tenant of this id, until the browser gets a session more.
    private var found: (tenant: GUID, candidates: [SignInDecision.Candidate])?

    /// What ``facts(of:in:)`` found.
    private var appFacts: [AppPlace: AppFacts?] = [:]

    private struct AppPlace: Hashable {
        let client: ClientID
        let tenant: GUID
    }

    /// - Parameter op: in the tenant that the request names.
    init(_ op: Operation, cookies: BrowserCookies) {
        self.op = op
        self.cookies = cookies
    }

    private var tx: StoreTransaction { op.tx }

    /// Whether the browser sent a cookie that may name a session.
    var hasCookie: Bool { !cookies.isEmpty }

    /// The sessions of this browser that have an account in the tenant; under an alias, in their own. They are loaded once for a
    /// request, and once more after somebody signed in.
    mutating func candidates() throws -> [SignInDecision.Candidate] {
        if let found, found.tenant == op.tenant.id { return found.candidates }
        let candidates = try load()
        found = (op.tenant.id, candidates)
        return candidates
    }

    private func load() throws -> [SignInDecision.Candidate] {
        let tenant = op.tenant
        return try tx.sessions(browsers: cookies.mapValues { SecretHash(of: $0) }).compactMap { session in
            let own = tenant.isNone ? try tx.tenant(session.authentication.user.tenant).map { try op.in($0) } : op
            return try own?.account(of: session).map {
                SignInDecision.Candidate(session: session, account: $0, tenant: tenant.isNone ? $0.home : tenant)
            }
        }
    }

    /// Whom the request is about, as far as that is known before anything is judged, and the tenant to route it by: the tenant
    /// of the path, under an alias the account's own.
    mutating func account(of step: BrowserStep, hint: String?) throws -> (tenant: Tenant, user: GUID?) {
        let candidates = try candidates()
        var user: User?
        switch step {
        case .picked(let id), .consented(let id): user = candidates.first { $0.session.id == id }?.account.user
        case .signIn(let userName, _, _, _): user = try find(userName)
        case .arrived: user = try candidates.count == 1 ? candidates[0].account.user : hint.flatMap { try find($0) }
        case .otherAccount, .declined: break
        }
        guard op.tenant.isNone else { return (op.tenant, user?.id) }
        return (try user.flatMap { try tx.tenant($0.tenant) } ?? op.tenant, user?.id)
    }

    /// The user of that name as the tenant knows it: a guest by its object there.
    private func find(_ userName: String) throws -> User? {
        guard let tenant = try tx.tenant(ofUserName: userName), let user = try tx.user(userName, in: tenant.id) else { return nil }
        return op.tenant.isNone ? user : try tx.user(of: user.home, in: op.tenant.id) ?? user
    }

    /// Counts the request where a revocation lets some pass.
    private mutating func count(_ attempts: [Attempt], of subject: GUID) throws {
        guard !attempts.isEmpty, counted.insert(subject).inserted else { return }
        try tx.count(attempts, of: subject)
    }

    /// The request judges these sessions.
    mutating func count(_ candidates: [SignInDecision.Candidate]) throws {
        for candidate in candidates { try count(candidate.attempts(in: op.region), of: candidate.session.id) }
    }

    /// What may speak against the app in a tenant, from before this request was counted there: it counts once, however many sessions
    /// are judged.
    private mutating func facts(of app: AppRegistration, in own: Operation) throws -> AppFacts? {
        let place = AppPlace(client: app.id, tenant: own.tenant.id)
        if let known = appFacts[place] { return known }
        let facts = try own.facts(of: app)
        if let facts { try own.count(facts, on: .session) }
        appFacts[place] = .some(facts)
        return facts
    }

    /// Whether the app may not be used by the session's user, in the tenant to sign in to. Nil: it may.
    mutating func refusal(of app: AppRegistration, for candidate: SignInDecision.Candidate) throws -> EntraError? {
        let own = try op.in(candidate.tenant)
        guard let facts = try facts(of: app, in: own) else { return nil }
        return facts.refusal(on: .session, in: op.region, at: own.now, directory: own.tenant.name)
            ?? facts.refusal(of: candidate.account.user)?.atAuthorize
    }

    /// ``refusal(of:for:)`` of each that is refused, by the session's id.
    mutating func refusals(of app: AppRegistration, for candidates: [SignInDecision.Candidate]) throws -> [GUID: EntraError] {
        var refusals: [GUID: EntraError] = [:]
        for candidate in candidates { refusals[candidate.session.id] = try refusal(of: app, for: candidate) }
        return refusals
    }

    /// What was consented to for everybody in the tenant of each session, by the session's id.
    mutating func consents(
        to app: AppRegistration, for candidates: [SignInDecision.Candidate]
    ) throws -> [GUID: Set<String>] {
        var consents: [GUID: Set<String>] = [:]
        for candidate in candidates {
            consents[candidate.session.id] = try tx.servicePrincipal(of: app.id, in: candidate.tenant.id)?.consents
        }
        return consents
    }

    /// Whether the app may not be used in the tenant of the request at all. Under an alias nobody knows before somebody has signed in.
    mutating func refusal(of app: AppRegistration) throws -> EntraError? {
        guard let facts = try facts(of: app, in: op) else { return nil }
        return facts.refusal(on: .session, in: op.region, at: op.now, directory: op.tenant.name)
    }

    /// The session was used to sign in to an app: its lifetime slides.
    func use(_ candidate: SignInDecision.Candidate) throws {
        let now = candidate.account.homeNow
        let lifetime = EffectiveLifetimes(tenant: candidate.account.home, app: nil)
            .session(persistent: candidate.session.isPersistent)
        try tx.touch(session: candidate.session.id, at: now, expiresAt: now + lifetime)
    }

    /// What a redirect tells the app of a refusal.
    func answer(_ error: EntraError) -> FormAnswer {
        guard let trace = op.trace else { preconditionFailure("a browser's request has a trace") }
        return error.answer(
            ErrorTrace(
                traceID: trace.requestID, correlationID: trace.correlationID, now: op.now,
                style: ErrorStyle(op.tenant.policies)), origin: trace.origin)
    }
}

// MARK: Signing in with a credential

extension BrowserRequest {
    /// What a typed name and password come to, after the account got its new password where one is due.
    func attempt(_ userName: String, _ credential: Credential, newPassword: String?) throws -> SignInAttempt {
        let first = try op.attempt(userName: userName, credential)
        guard let account = first.expired, account.stateRefusal(on: .session, in: op.region) == nil,
            let newPassword, (try? GraphUserChanges.check(newPassword)) != nil, let old = try tx.user(account.user.home.user),
            !old.hasPassword(newPassword), let tenant = try tx.tenant(old.tenant)
        else { return first }
        try op.in(tenant).setPassword(newPassword, of: old, as: .passwordChange, by: Actor(id: old.id.description))
        return try op.attempt(userName: userName, .password(newPassword))
    }

    /// Signs a user in to the browser, or says why not; either is an event.
    mutating func signIn(_ attempt: SignInAttempt, for app: AppRegistration, staySignedIn: Bool) throws
        -> Result<BrowserSession, Refusal>
    {
        try op.countPasswords(attempt)
        let named = op.tenant.isNone ? nil : op.tenant
        let (result, attempts) = SignInDecision.account(of: attempt, for: app, in: named, region: op.region)
        if case .known(let account) = attempt.outcome { try count(attempts, of: account.user.home.user) }
        switch result {
        case .failure(let refusal):
            if let tenant = try named ?? tx.tenant(ofUserName: attempt.userName) {
                let user = try attempt.home.flatMap { try tx.user(of: $0, in: tenant.id) }
                try tx.append(try op.in(tenant).event(.signInRefused, user: user?.id, client: app.id, code: refusal.error.code))
            }
            return .failure(refusal)
        case .success(let account):
            let session = try open(account, method: attempt.method, staySignedIn: staySignedIn)
            try tx.append(try op.in(named ?? account.home).event(.signedIn, user: account.user.id, client: app.id))
            return .success(session)
        }
    }

    /// Opens a session for an account that just gave a credential. Its place in the order of events is the next one.
    private mutating func open(_ account: AccountFacts, method: SignInMethod, staySignedIn: Bool) throws -> BrowserSession {
        let held = try tx.sessions(browsers: cookies.mapValues { SecretHash(of: $0) })
        // Signing in again replaces the account's older sessions in this browser.
        for older in held where older.authentication.user == account.user.home {
            try tx.end(session: older.id, at: account.homeNow)
        }
        try renewCookies(holding: held)
        let kind: BrowserSession.Cookie = staySignedIn ? .persistent : .transient
        // A cookie that names no browser of ours is not taken over: somebody else may have chosen it.
        let cookie = setCookies[kind] ?? op.random.token(bytes: 32)
        let lifetime = EffectiveLifetimes(tenant: account.home, app: nil).session(persistent: staySignedIn)
        let session = BrowserSession(
            id: op.random.guid(), browser: SecretHash(of: cookie),
            authentication: account.freshAuthentication(method, sequence: tx.nextEventID()), isPersistent: staySignedIn,
            lastUsedAt: account.homeNow, expiresAt: account.homeNow + lifetime)
        try tx.insert(session)
        set(cookie, as: kind)
        return session
    }

    /// Gives the browser other cookies in place of those that name it, and moves its sessions there. RFC 6265 section 8.4, and OWASP's
    /// session management: an identifier from before a sign-in may be known to somebody who planted it.
    private mutating func renewCookies(holding sessions: [BrowserSession]) throws {
        for kind in BrowserSession.Cookie.allCases {
            guard let old = cookies[kind], sessions.contains(where: { $0.cookie == kind }) else { continue }
            let new = op.random.token(bytes: 32)
            try tx.move(kind, from: SecretHash(of: old), to: SecretHash(of: new))
            set(new, as: kind)
        }
    }

    private mutating func set(_ cookie: String, as kind: BrowserSession.Cookie) {
        cookies[kind] = cookie
        setCookies[kind] = cookie
        found = nil
    }
}
