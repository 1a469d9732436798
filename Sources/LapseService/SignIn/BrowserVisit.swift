import LapseRules
import LapseStore

/// One request of a browser to a page: its sessions, and the cookies that the answer sets.
struct Visit {
    let trace: RequestTrace
    let wall: Timestamp
    var region = Region.local
    private(set) var setCookies: BrowserCookies = [:]
    /// The sessions and accounts that this request was counted for: once each, however often they are judged.
    private var counted: Set<GUID> = []
    private let presented: BrowserCookies

    init(cookies: BrowserCookies, trace: RequestTrace, wall: Timestamp) {
        presented = cookies
        self.trace = trace
        self.wall = wall
    }

    /// What ``candidates(in:_:)`` found in the tenant of this id, until the browser gets a session more.
    private var found: (tenant: GUID, candidates: [SignInDecision.Candidate])?

    /// The sessions of this browser that have an account in the tenant; under an alias, in their own. They are loaded once for a
    /// request, and once more after somebody signed in.
    mutating func candidates(in tenant: Tenant, _ tx: StoreTransaction) throws -> [SignInDecision.Candidate] {
        if let found, found.tenant == tenant.id { return found.candidates }
        let candidates = try load(in: tenant, tx)
        found = (tenant.id, candidates)
        return candidates
    }

    private func load(in tenant: Tenant, _ tx: StoreTransaction) throws -> [SignInDecision.Candidate] {
        guard tenant.name != TenantName.Alias.consumers.rawValue || !tenant.isNone else { return [] }
        let cookies = presented.merging(setCookies) { $1 }
        return try tx.sessions(browsers: cookies.mapValues { SecretHash(of: $0) }).compactMap { session in
            try tx.account(of: session, in: tenant.isNone ? session.authentication.user.tenant : tenant.id, wall: wall).map {
                SignInDecision.Candidate(session: session, account: $0, tenant: tenant.isNone ? $0.home : tenant)
            }
        }
    }

    /// Whom the request is about, as far as that is known before anything is judged, and the tenant to route it by: the tenant
    /// of the path, under an alias the account's own.
    mutating func account(
        of step: BrowserStep, hint: String?, in named: Tenant, _ tx: StoreTransaction
    ) throws -> (tenant: Tenant, user: GUID?) {
        let candidates = try candidates(in: named, tx)
        var user: User?
        switch step {
        case .picked(let id), .consented(let id): user = candidates.first { $0.session.id == id }?.account.user
        case .signIn(let userName, _, _, _): user = try find(userName, in: named, tx)
        case .arrived:
            user = try candidates.count == 1 ? candidates[0].account.user : hint.flatMap { try find($0, in: named, tx) }
        case .otherAccount, .declined: break
        }
        guard named.isNone else { return (named, user?.id) }
        return (try user.flatMap { try tx.tenant($0.tenant) } ?? named, user?.id)
    }

    /// The user of that name as the tenant knows it: a guest by its object there.
    private func find(_ userName: String, in named: Tenant, _ tx: StoreTransaction) throws -> User? {
        guard let domain = userName.split(separator: "@").last, let tenant = try tx.tenant(domain: String(domain)),
            let user = try tx.user(userName, in: tenant.id)
        else { return nil }
        return named.isNone ? user : try tx.user(of: user.home, in: named.id) ?? user
    }

    /// Counts the request where a revocation lets some pass.
    mutating func count(_ attempts: [Attempt], of subject: GUID, _ tx: StoreTransaction) throws {
        guard !attempts.isEmpty, counted.insert(subject).inserted else { return }
        try tx.count(attempts, of: subject)
    }

    /// The request judges these sessions.
    mutating func count(_ candidates: [SignInDecision.Candidate], _ tx: StoreTransaction) throws {
        for candidate in candidates { try count(candidate.attempts(in: region), of: candidate.session.id, tx) }
    }

    /// Opens a session for an account that just gave a credential. Its place in the order of events is the next one.
    mutating func open(
        _ account: AccountFacts, method: SignInMethod, staySignedIn: Bool, random: RandomSource, _ tx: StoreTransaction
    ) throws -> BrowserSession {
        let kind: BrowserSession.Cookie = staySignedIn ? .persistent : .transient
        // A cookie that names no browser of ours is not taken over: somebody else may have chosen it.
        let isKnown = try presented[kind].map { try !tx.sessions(browsers: [kind: SecretHash(of: $0)]).isEmpty } ?? false
        let cookie = isKnown ? presented[kind]! : random.token(bytes: 32)
        let lifetime = EffectiveLifetimes(tenant: account.home, app: nil).session(persistent: staySignedIn)
        let session = BrowserSession(
            id: random.guid(), browser: SecretHash(of: cookie),
            authentication: account.freshAuthentication(method, sequence: tx.nextEventID()), isPersistent: staySignedIn,
            lastUsedAt: account.homeNow, expiresAt: account.homeNow + lifetime)
        try end(olderThan: session, of: kind, cookie: cookie, tx)
        try tx.insert(session)
        setCookies[kind] = cookie
        found = nil
        return session
    }

    /// Signing in again replaces the account's older session in this browser.
    private func end(
        olderThan session: BrowserSession, of kind: BrowserSession.Cookie, cookie: String, _ tx: StoreTransaction
    ) throws {
        var cookies = presented
        cookies[kind] = cookie
        for older in try tx.sessions(browsers: cookies.mapValues { SecretHash(of: $0) })
        where older.authentication.user == session.authentication.user {
            try tx.end(session: older.id, at: session.lastUsedAt)
        }
    }

    /// The session was used to sign in to an app: its lifetime slides.
    func use(_ candidate: SignInDecision.Candidate, _ tx: StoreTransaction) throws {
        let now = candidate.account.homeNow
        let lifetime = EffectiveLifetimes(tenant: candidate.account.home, app: nil)
            .session(persistent: candidate.session.isPersistent)
        try tx.touch(session: candidate.session.id, at: now, expiresAt: now + lifetime)
    }

    func answer(_ error: EntraError, in tenant: Tenant) -> FormAnswer {
        error.answer(
            ErrorTrace(
                traceID: trace.requestID, correlationID: trace.correlationID, now: tenant.clock.now(wall: wall),
                style: ErrorStyle(tenant.policies)), origin: trace.origin)
    }
}
