import LapseRules
import LapseStore

extension Explanation {
    /// What somebody wants to have explained.
    package struct Question: Sendable {
        package enum Kind: String, CaseIterable, Sendable {
            case refreshToken = "refresh_token"
            case session
            case accessToken = "access_token"
            case grant
        }

        package let kind: Kind
        /// The token itself; of a session the cookie or the id, of a grant the id.
        package let text: String
        /// Nil: now.
        package let at: Timestamp?
        /// Nil: every region.
        package let region: String?

        package init(_ kind: Kind, _ text: String, at: Timestamp? = nil, region: String? = nil) {
            self.kind = kind
            self.text = text
            self.at = at
            self.region = region
        }
    }

    /// A token or session that Lapse issued, and what becomes of it.
    package struct Answer: Sendable {
        /// Nil for a session.
        package let grant: Grant?
        package let session: GUID?
        package let user: User
        package let authTime: Timestamp
        /// The instant of the verdicts, on the home clock.
        package let at: Timestamp
        /// Of every plane in each region that was asked about.
        package let verdicts: [Verdict]
        /// What happened to the grant, or to all grants of the session, with the sign-in before them.
        package let history: [LoggedEvent]
    }
}

extension Authority {
    /// Why a token or session is accepted or refused, on each plane in each region, and when that changes.
    ///
    /// Counts no attempt and writes no event.
    ///
    /// - Returns: nil for what Lapse never issued, or not in this tenant.
    /// - Throws: ``ControlError``: not found for the tenant; invalid for `region`.
    package func explain(_ question: Explanation.Question, in name: String) async throws -> Explanation.Answer? {
        var claims: AccessTokenClaims?
        if question.kind == .accessToken, case .payload(let payload) = await check(question.text) {
            claims = AccessTokenClaims(payload)
        }
        return try looking(at: name) { op in
            let found = try op.find(question, claims)
            // A request lands in a region of the tenant it is sent to: of the grant's, or of the one asked about.
            let grantTenant = try found?.grant.flatMap { try op.tx.tenant($0.tenant) }
            let place = try grantTenant.map(op.in) ?? op
            let regions = try place.regions(named: question.region)
            guard let found, place.tenant.id == op.tenant.id || found.authentication.user.tenant == op.tenant.id,
                let (explanation, account) = try place.explanation(of: found)
            else { return nil }
            let instant = question.at ?? account.homeNow
            var verdicts = explanation.verdicts(at: instant, regions: regions)
            // Of a grant resources see the access token.
            if question.kind == .grant, let grant = found.grant, let token = try place.newestAccessTokenOf(grant),
                let atResources = try place.explanation(of: token)?.explanation.verdicts(at: instant, regions: regions, on: [.cae])
            {
                verdicts = verdicts.map { verdict in
                    verdict.plane == .cae ? atResources.first { $0.region == verdict.region } ?? verdict : verdict
                }
            }
            return Explanation.Answer(
                grant: found.grant, session: found.session, user: account.user, authTime: found.authentication.place.at,
                at: instant, verdicts: verdicts, history: try op.history(of: found))
        }
    }
}

/// What was asked about, as it stands in the store.
struct Explained {
    let subject: Explanation.Subject
    let authentication: Authentication
    let grant: Grant?
    let session: GUID?

    init(_ subject: Explanation.Subject, of grant: Grant) {
        self.subject = subject
        self.grant = grant
        authentication = grant.authentication
        session = grant.session
    }

    init(_ token: Event.AccessToken, of grant: Grant) {
        self.init(.accessToken(end: token.endsAt, grant, isEvaluated: token.isEvaluated), of: grant)
    }

    init(_ session: BrowserSession) {
        subject = .session(session)
        grant = nil
        authentication = session.authentication
        self.session = session.id
    }
}

extension Operation {
    /// - Parameter claims: what an access token says whose signature is Lapse's.
    fileprivate func find(_ question: Explanation.Question, _ claims: AccessTokenClaims?) throws -> Explained? {
        switch question.kind {
        case .refreshToken: try refreshToken(question.text)
        case .session: try session(question.text)
        case .accessToken: try accessToken(claims)
        case .grant: try GUID(question.text).flatMap { try tx.grant($0) }.flatMap { try newestOf($0) }
        }
    }

    /// A grant by its newest refresh token; without one, by its newest access token. Nil: it has none, or the log has forgotten it.
    func newestOf(_ grant: Grant) throws -> Explained? {
        if let token = try tx.newestRefreshToken(of: grant.id) { return Explained(.refreshToken(token, grant), of: grant) }
        return try newestAccessTokenOf(grant)
    }

    func newestAccessTokenOf(_ grant: Grant) throws -> Explained? {
        try tx.newestAccessToken(of: grant).map { Explained($0.token, of: grant) }
    }

    /// What was found with everything that speaks for it and against it, on the clock of the user's home.
    ///
    /// - Returns: nil when nothing is known of its user any more.
    func explanation(of found: Explained) throws -> (explanation: Explanation, account: AccountFacts)? {
        guard let account = try wholeAccount(of: found) else { return nil }
        let client = try found.grant.flatMap { try self.client(of: $0) }
        let explanation = Explanation(
            of: found.subject, account: account, isKnownInTenant: try tx.user(of: account.user.home, in: tenant.id) != nil,
            client: client, app: try client.flatMap { try facts(of: $0) },
            tenantNow: found.grant == nil ? try now(in: account.home.id) : now, policy: try policy(of: found, account.user))
        return (explanation, account)
    }

    private func refreshToken(_ text: String) throws -> Explained? {
        guard let origin = RefreshToken.origin(of: text),
            let token = try tx.refreshToken(SecretHash(of: text), of: origin.grant, issuedAt: origin.issuedAt),
            let grant = try tx.grant(origin.grant)
        else { return nil }
        return Explained(.refreshToken(token, grant), of: grant)
    }

    private func accessToken(_ claims: AccessTokenClaims?) throws -> Explained? {
        guard let claims, let grant = try claims.grant.flatMap({ try tx.grant($0) }) else { return nil }
        let isEvaluated = try tx.user(grant.user).map { ResourceAccess.isEvaluated(claims, of: $0) } ?? claims.declaresCP1
        return Explained(.accessToken(end: claims.expiresAt, grant, isEvaluated: isEvaluated), of: grant)
    }

    /// A session by its id, or the newest that a browser with this cookie has in the tenant.
    private func session(_ text: String) throws -> Explained? {
        let hash = SecretHash(of: text)
        let named = try GUID(text).flatMap { try tx.session($0) }.map { [$0] }
        let sessions = try named ?? BrowserSession.Cookie.allCases.flatMap { try tx.sessions(browsers: [$0: hash]) }
        let own = try sessions.filter { try tx.user(of: $0.authentication.user, in: tenant.id) != nil }
        // The newest that is not signed out, else the newest.
        let live = own.filter { $0.endedAt == nil }
        let newest = (live.isEmpty ? own : live).max { $0.authentication.place.sequence < $1.authentication.place.sequence }
        return newest.map { Explained($0) }
    }

    /// The account with its whole history: as the tenant knows it, else as its home does.
    fileprivate func wholeAccount(of found: Explained) throws -> AccountFacts? {
        let home = found.authentication.user
        let subject = found.grant?.id ?? found.session ?? home.user
        if let account = try account(of: home, since: .epoch, subject: subject) { return account }
        guard let homeTenant = try tx.tenant(home.tenant) else { return nil }
        return try self.in(homeTenant).account(of: home, since: .epoch, subject: subject)
    }

    fileprivate func regions(named name: String?) throws -> [Region] {
        guard let name else { return model.regions }
        guard let region = model.region(named: name) else {
            throw ControlError.invalid(FieldError("region", "is not a region of \(tenant.name)"))
        }
        return [region]
    }

    fileprivate func policy(of found: Explained, _ user: User) throws -> Explanation.Policy {
        guard let grant = found.grant, let app = try app(grant.client) else { return .none }
        let scopes = try scopes(of: app)
        let resource = (try? scopes.delegated(grant.scope, several: .first, consented: nil))?.resource
        return Explanation.Policy(user: user, app: app, tenant: tenant, resource: resource ?? scopes.graph)
    }

    fileprivate func history(of found: Explained) throws -> [LoggedEvent] {
        let limit = ControlPage<LoggedEvent>.size
        var grants = [found.grant?.id].compactMap { $0 }
        if case .session(let session) = found.subject {
            grants = try tx.grants(of: found.authentication.user, tenant: nil, limit: limit)
                .filter { $0.session == session.id }.map(\.id)
        }
        return try tx.events(of: grants, since: found.authentication.place.sequence, limit: limit)
    }
}
