import LapseRules
import LapseStore

// What operations load before they decide: the same few questions to the store, asked everywhere in the same words.

extension StoreTransaction {
    /// The tenant that a path names; nil when there is none. Aliases name no tenant: see ``Operation/enter(_:orOf:)``.
    func tenant(named name: TenantName) throws -> Tenant? {
        switch name {
        case .alias: nil
        case .id(let id): try tenant(id)
        case .domain(let domain): try tenant(domain: domain)
        }
    }

    /// The tenant of a user name, by the domain behind its last `@`; nil when no tenant has it.
    func tenant(ofUserName userName: String) throws -> Tenant? {
        guard let domain = UserName.domain(of: userName) else { return nil }
        return try tenant(domain: domain)
    }
}

// MARK: Where the operation is

extension Operation {
    /// Enters the tenant a request is for: the one its path names, else, under an alias, the one of the grant or user it brings.
    ///
    /// - Throws: `EntraError` when the path names a tenant that is not there.
    mutating func enter(_ name: TenantName, orOf other: GUID? = nil) throws {
        if case .alias(let alias) = name {
            let found = alias == .consumers ? nil : try other.flatMap { try tx.tenant($0) }
            return try enter(found ?? .none(alias.rawValue))
        }
        guard let found = try tx.tenant(named: name) else { throw AADSTS.tenantNotFound.error(["tenant": name.text]) }
        try enter(found)
    }

    /// The region that a request to the tenant lands in: the one it asks for, else by the tenant's routing.
    ///
    /// - Parameter isCounted: whether the request moves round-robin on, as those to token, authorize, userinfo and Graph do.
    /// - Throws: ``UnknownRegion`` when it asks for one that the tenant does not have.
    func route(client: ClientID?, user: GUID?, isCounted: Bool = false) throws -> Region {
        let model = model
        if let name = trace?.region {
            // Under an alias nothing is judged before somebody has signed in: any name will do.
            if tenant.isNone, let region = Region(name) { return region }
            guard let region = model.region(named: name) else { throw UnknownRegion(name: name) }
            return region
        }
        guard model.countsRequests, !tenant.isNone else { return model.region(of: client, user: user, number: 0) }
        let number = try isCounted ? tx.countRequest(in: tenant.id) : tx.countedRequests(in: tenant.id)
        return model.region(of: client, user: user, number: number)
    }

    /// ``route(client:user:isCounted:)`` for a request to the authority.
    ///
    /// - Throws: `EntraError` when it asks for a region that the tenant does not have.
    func routeToAuthority(client: ClientID?, user: GUID?, isCounted: Bool = false) throws -> Region {
        do {
            return try route(client: client, user: user, isCounted: isCounted)
        } catch let error as UnknownRegion {
            throw EntraError.lapse("invalid_request", error.message)
        }
    }
}

/// A request asked for a region that its tenant does not have.
struct UnknownRegion: Error {
    let name: String

    var message: String { "The header x-lapse-region names '\(name.prefix(50))', which is not a region of this tenant." }
}

// MARK: Who it is about

extension Operation {
    /// The registration of a client in the tenant, or open registration's stand-in.
    func app(_ id: ClientID) throws -> AppRegistration? {
        try tx.app(id, in: tenant.isNone ? nil : tenant.id) ?? (authority.isRegistrationOpen ? .open(id) : nil)
    }

    /// What may be asked for in the tenant by the app.
    func scopes(of app: AppRegistration) throws -> ScopePolicy {
        ScopePolicy(app: app, resources: try tx.resources(in: tenant.id), tenant: tenant)
    }

    /// The surroundings of a decision about tokens for the app.
    func context(of app: AppRegistration) throws -> TokenContext {
        try context(of: app, as: tenant.isNone ? nil : tx.servicePrincipal(of: app.id, in: tenant.id))
    }

    /// The same for an app whose service principal the operation has loaded; nil: there is none.
    func context(of app: AppRegistration, as principal: ServicePrincipal?) throws -> TokenContext {
        TokenContext(
            tenant: tenant, app: app, resources: try tx.resources(in: tenant.id), region: region, now: now, systemTime: systemTime,
            random: random, everybodysConsents: principal?.consents ?? [])
    }

    /// The account's user object in the tenant with all that speaks against a sign-in since `authTime`; nil when it has none there.
    ///
    /// - Parameter subject: the grant or session to judge, whose passed requests count; the account itself for a fresh sign-in.
    func account(of home: User.Home, since authTime: Timestamp, subject: GUID) throws -> AccountFacts? {
        // A guest whose home has forgotten it signs in nowhere.
        guard let user = try tx.user(of: home, in: tenant.id), let homeTenant = try tx.tenant(home.tenant),
            try !user.isGuest || tx.user(home.user) != nil
        else { return nil }
        let history = try tx.history(of: home, since: authTime)
        return AccountFacts(
            user: user, history: history, attempts: history.countsAttempts ? try tx.attempts(of: subject) : [:], home: homeTenant,
            homeNow: try now(of: homeTenant))
    }

    /// The grant's account as the tenant knows it; nil when it has none there, or another object than the one that was granted.
    func account(of grant: Grant) throws -> AccountFacts? {
        let authentication = grant.authentication
        let account = try account(of: authentication.user, since: authentication.place.at, subject: grant.id)
        return account.flatMap { grant.isOf($0.user) ? $0 : nil }
    }

    /// The app that the grant was made to, as the grant's tenant knows it now; nil when it knows none by that client id.
    ///
    /// - Parameter app: one that the operation has loaded for its tenant.
    func client(of grant: Grant, knowing app: AppRegistration? = nil) throws -> AppRegistration? {
        if let app, app.id == grant.client, tenant.id == grant.tenant { return app }
        return try tx.tenant(grant.tenant).flatMap { try self.in($0).app(grant.client) }
    }

    func account(of session: BrowserSession) throws -> AccountFacts? {
        let authentication = session.authentication
        return try account(of: authentication.user, since: authentication.place.at, subject: session.id)
    }

    /// What a user name and a credential come to in the tenant; under an alias, in the tenant of the user's domain.
    func attempt(userName: String, _ credential: Credential) throws -> SignInAttempt {
        func outcome() throws -> SignInAttempt.Outcome {
            guard let named = try tx.tenant(ofUserName: userName),
                let found = try tx.user(userName, in: named.id) ?? tx.deletedUser(userName, in: named.id),
                let member = try tx.user(found.home.user)
            else { return .unknownUser }
            let place = tenant.isNone ? try tx.tenant(member.tenant).map { try self.in($0) } : self
            let account = try place?.account(of: member.home, since: member.createdAt, subject: member.id)
            if case .password(let password) = credential {
                guard let home = try tx.tenant(member.tenant),
                    try !tx.lockout(of: member.id).isLocked(at: now(of: home))
                else { return .locked(member.home, account) }
                guard member.hasPassword(password) else { return .wrongPassword(member.home) }
            }
            guard let account else { return .noGuestAccount(member.home) }
            return credential.method == .password && member.mustChangePassword ? .mustChange(account) : .known(account)
        }
        return SignInAttempt(userName: userName, method: credential.method, outcome: try outcome())
    }

    /// Counts a wrong password towards the account's lock-out; a right one begins anew.
    func countPasswords(_ attempt: SignInAttempt) throws {
        switch attempt.outcome {
        case .unknownUser, .locked, .mustChange, .noGuestAccount: break
        case .wrongPassword(let home):
            guard let homeTenant = try tx.tenant(home.tenant) else { return }
            let now = try now(of: homeTenant)
            let lockout = try tx.lockout(of: home.user).afterFailure(at: now)
            try tx.set(lockout, of: home.user)
            if lockout.isLocked(at: now) {
                try tx.append(Event(tenant: home.tenant, at: now, kind: .accountLocked, user: home.user, code: .accountLocked))
            }
        case .known(let account): if attempt.method == .password { try tx.set(.none, of: account.user.home.user) }
        }
    }
}
