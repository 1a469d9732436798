import LapseRules
import LapseStore

/// A grant that a call of the control API asks for.
package struct NewGrant: Sendable {
    package let signIn: DirectSignIn
    /// When the user gave the credential, on the home tenant's clock; nil: now.
    package let authTime: Timestamp?
    package let method: SignInMethod
    /// Whether the client says that it understands claims challenges (`cp1`).
    package let declaresCP1: Bool

    package init(
        _ signIn: DirectSignIn, authTime: Timestamp? = nil, method: SignInMethod = .password, declaresCP1: Bool = false
    ) {
        self.signIn = signIn
        self.authTime = authTime
        self.method = method
        self.declaresCP1 = declaresCP1
    }
}

/// What a browser and a client hold after a sign-in.
package struct SignedIn: Sendable {
    package let grant: GUID
    package let tokens: SignedTokens
    /// The value of the browser's cookie, which ends with the browser.
    package let cookie: String
}

/// A grant and what became of it.
package struct GrantStatus: Sendable {
    package let grant: Grant
    /// How many refresh tokens it has.
    package let refreshTokens: Int
    /// When the last of them ends, on the clock of the grant's tenant; nil when there is none.
    package let refreshExpiresAt: Timestamp?
    package let liveness: Liveness
}

// The control API's calls on grants.
extension Authority {
    /// Signs a user in without a browser.
    ///
    /// - Throws: ``ControlError``: not found for the tenant or the user; invalid for `client_id`, for a `user` whose home is gone,
    ///   for `authTime`, `x-lapse-region` and `scope`.
    package func createGrant(_ new: NewGrant, in name: String, trace: RequestTrace) async throws -> SignedIn {
        let cookie = random.token(bytes: 32)
        let issued = try changing(name) { try $0.signIn(new, cookie: cookie, trace).issued }
        let tokens = try await sign(GrantedTokens(plan: issued.plan, trouble: nil), trace: trace)
        return SignedIn(grant: issued.grant.id, tokens: tokens, cookie: cookie)
    }

    /// The user's grants in this tenant, newest first. For a member, those in other tenants too.
    ///
    /// - Parameter cursor: the `next` of the part before.
    /// - Throws: ``ControlError``: not found for the tenant or the user; invalid for `after` when it is no cursor of this list.
    package func listGrants(of userName: String, after cursor: String?, in name: String) throws -> ControlPage<GrantStatus> {
        try looking(at: name) { op in
            let user = try op.requireUserEvenDeleted(userName)
            return try ControlPage(
                ofSignInsOf: user, after: cursor, find: op.tx.grant,
                load: {
                    try op.tx.grants(of: user.home, tenant: user.isGuest ? op.tenant.id : nil, after: $0, limit: $1)
                }, item: op.status)
        }
    }
}

extension Operation {
    /// Writes a sign-in without a browser, and what it gives. Throws as ``Authority/createGrant(_:in:trace:)`` does.
    func signIn(
        _ new: NewGrant, cookie: String, _ trace: RequestTrace
    ) throws -> (issued: ScopedSignIn.Issued, session: GUID) {
        let user = try requireUser(new.signIn.user)
        let app = try requireApp(new.signIn.client, of: tenant.name)
        let account = try requireAccount(of: user, since: new.authTime ?? now)
        let authTime = new.authTime ?? account.homeNow
        guard authTime >= Tenant.birth, authTime <= account.homeNow else {
            throw ControlError.invalid(FieldError("authTime", "must lie between the tenant's birth and its now"))
        }
        let op = try taken(in: trace.region)
        let scoped = try op.scoped(new.signIn, user: user, app: app)
        if !scoped.scope.dynamic.isEmpty { try op.giveConsent(of: user, to: app.id, for: scoped.scope.dynamic) }
        let place = Place(at: authTime, sequence: op.tx.nextEventID())
        let authentication = Authentication(user: user.home, place: place, method: new.method)
        let session = op.session(of: authentication, account: account, cookie: cookie)
        let issued = scoped.issue(authentication, session: session.id, declaresCP1: new.declaresCP1)
        try op.write(issued, session, requestID: trace.requestID)
        return (issued, session.id)
    }

    fileprivate func requireAccount(of user: User, since authTime: Timestamp) throws -> AccountFacts {
        guard let account = try account(of: user.home, since: authTime, subject: user.home.user) else {
            throw ControlError.invalid(FieldError("user", "has no home account any more"))
        }
        return account
    }

    fileprivate func session(of authentication: Authentication, account: AccountFacts, cookie: String) -> BrowserSession {
        let lifetime = EffectiveLifetimes(tenant: account.home, app: nil).session(persistent: false)
        return BrowserSession(
            id: random.guid(), browser: SecretHash(of: cookie), authentication: authentication, isPersistent: false,
            lastUsedAt: account.homeNow, expiresAt: account.homeNow + lifetime)
    }

    fileprivate func write(_ issued: ScopedSignIn.Issued, _ session: BrowserSession, requestID: GUID) throws {
        var event = event(
            .signedIn, user: issued.grant.user, client: issued.grant.client, grant: issued.grant.id)
        event.requestID = requestID
        event.accessToken = issued.plan.accessToken
        try tx.append(event)
        try tx.insert(session)
        try tx.insert(issued.grant)
        if let token = issued.refreshToken { try tx.insert(token) }
    }

    fileprivate func status(of grant: Grant) throws -> GrantStatus {
        let (count, lastExpiresAt) = try tx.refreshTokens(of: grant.id)
        let place = try tx.tenant(grant.tenant).map { try self.in($0) }
        let account = try place?.account(of: grant)
        let refusal = account.flatMap { place?.refusalEverywhere(of: grant.subject, on: .refresh, $0) }
        let end: String? =
            if count == 0 {
                "The grant has no refresh token."
            } else if let reason = grant.reasonWithoutApp(try client(of: grant)) {
                reason
            } else if let place, let refusal = try client(of: grant).flatMap({ try place.refusalEverywhere(of: $0) }) {
                refusal.message
            } else if account == nil {
                "The user has no account in this tenant any more."
            } else if let lastExpiresAt, lastExpiresAt <= place?.now ?? systemTime {
                "The last refresh token has expired."
            } else {
                nil
            }
        return GrantStatus(
            grant: grant, refreshTokens: count, refreshExpiresAt: lastExpiresAt,
            liveness: Liveness(refusal, reason: refusal?.error.message ?? end))
    }
}
