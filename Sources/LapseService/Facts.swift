import LapseRules
import LapseStore

// What operations load before they decide: the same few questions to the store, asked everywhere in the same words.

extension StoreTransaction {
    /// The tenant that a path names; nil when there is none. Aliases name no tenant: see ``Authority/tenant(_:orOf:_:wall:)``.
    func tenant(named name: TenantName) throws -> Tenant? {
        switch name {
        case .alias: nil
        case .id(let id): try tenant(id)
        case .domain(let domain): try tenant(domain: domain)
        }
    }

    /// The account's user object in a tenant with all that speaks against a sign-in since `authTime`; nil when it has none there.
    ///
    /// - Parameter subject: the grant or session to judge, whose passed requests count; the account itself for a fresh sign-in.
    func account(
        of home: User.Home, in tenant: GUID, since authTime: Timestamp, subject: GUID, wall: Timestamp
    ) throws -> AccountFacts? {
        // A guest whose home has forgotten it signs in nowhere.
        guard let user = try user(of: home, in: tenant), let homeTenant = try self.tenant(home.tenant),
            try !user.isGuest || self.user(home.user) != nil
        else { return nil }
        let history = try history(of: home, since: authTime)
        return AccountFacts(
            user: user, history: history, attempts: history.countsAttempts ? try attempts(of: subject) : [:], home: homeTenant,
            homeNow: homeTenant.clock.now(wall: wall))
    }

    func account(of grant: Grant, in tenant: GUID, wall: Timestamp) throws -> AccountFacts? {
        let authentication = grant.authentication
        return try account(
            of: authentication.user, in: tenant, since: authentication.place.at, subject: grant.id, wall: wall)
    }

    func account(of session: BrowserSession, in tenant: GUID, wall: Timestamp) throws -> AccountFacts? {
        let authentication = session.authentication
        return try account(
            of: authentication.user, in: tenant, since: authentication.place.at, subject: session.id, wall: wall)
    }

    /// What a user name and a credential come to in a tenant; nil stands for the tenant of the user's domain.
    func attempt(userName: String, _ credential: Credential, in tenant: Tenant?, wall: Timestamp) throws -> SignInAttempt {
        func outcome() throws -> SignInAttempt.Outcome {
            let domain = userName.split(separator: "@").last.map(String.init) ?? ""
            guard userName.contains("@"), let named = try self.tenant(domain: domain),
                let found = try user(userName, in: named.id) ?? deletedUser(userName, in: named.id),
                let member = try user(found.home.user)
            else { return .unknownUser }
            let account = try account(
                of: member.home, in: tenant?.id ?? member.tenant, since: member.createdAt, subject: member.id, wall: wall)
            if case .password(let password) = credential {
                guard let home = try self.tenant(member.tenant),
                    try !lockout(of: member.id).isLocked(at: home.clock.now(wall: wall))
                else { return .locked(member.home, account) }
                guard member.hasPassword(password) else { return .wrongPassword(member.home) }
            }
            guard let account else { return .noGuestAccount(member.home) }
            return credential.method == .password && member.mustChangePassword ? .mustChange(account) : .known(account)
        }
        return SignInAttempt(userName: userName, method: credential.method, outcome: try outcome())
    }

    /// Counts a wrong password towards the account's lock-out; a right one begins anew.
    func countPasswords(_ attempt: SignInAttempt, wall: Timestamp) throws {
        switch attempt.outcome {
        case .unknownUser, .locked, .mustChange, .noGuestAccount: break
        case .wrongPassword(let home):
            guard let tenant = try self.tenant(home.tenant) else { return }
            let now = tenant.clock.now(wall: wall)
            let lockout = try lockout(of: home.user).afterFailure(at: now)
            try set(lockout, of: home.user)
            if lockout.isLocked(at: now) {
                try append(Event(tenant: home.tenant, at: now, kind: .accountLocked, user: home.user, code: .accountLocked))
            }
        case .known(let account): if attempt.method == .password { try set(.none, of: account.user.home.user) }
        }
    }
}

extension Tenant {
    /// What `common` and its like are while nobody has signed in: no directory at all, on the machine's clock.
    static func none(_ alias: String) -> Tenant { Tenant(id: noID, name: alias, domains: []) }

    var isNone: Bool { id == Self.noID }
}

extension Authority {
    /// The tenant a request is for: the one its path names, else, under an alias, the one of the grant or user it brings.
    ///
    /// - Throws: ``Refused`` when the path names a tenant that is not there.
    func tenant(_ name: TenantName, orOf other: GUID?, _ tx: StoreTransaction, wall: Timestamp) throws -> Tenant {
        if case .alias(let alias) = name {
            guard alias != .consumers, let other, let tenant = try tx.tenant(other) else { return .none(alias.rawValue) }
            return tenant
        }
        guard let tenant = try tx.tenant(named: name) else {
            throw Refused(AADSTS.tenantNotFound.error(["tenant": name.text]), now: wall)
        }
        return tenant
    }

    /// The registration of a client in a tenant, or open registration's stand-in.
    func app(_ id: ClientID, in tenant: Tenant, _ tx: StoreTransaction) throws -> AppRegistration? {
        try tx.app(id, in: tenant.isNone ? nil : tenant.id) ?? (isRegistrationOpen ? .open(id) : nil)
    }

    /// The region that a request lands in: the one it asks for, else by its tenant's routing.
    ///
    /// - Parameter isCounted: whether the request moves round-robin on, as those to token, authorize, userinfo and Graph do.
    /// - Throws: ``UnknownRegion`` when it asks for one that the tenant does not have.
    func region(
        _ trace: RequestTrace, in tenant: Tenant, client: ClientID?, user: GUID?, isCounted: Bool, _ tx: StoreTransaction
    ) throws -> Region {
        let model = model(of: tenant)
        if let name = trace.region {
            // Under an alias nothing is judged before somebody has signed in: any name will do.
            if tenant.isNone, let region = Region(name) { return region }
            guard let region = model.regions.first(where: { $0.description == name }) else { throw UnknownRegion(name: name) }
            return region
        }
        guard model.countsRequests, !tenant.isNone else { return model.region(of: client, user: user, number: 0) }
        let number = try isCounted ? tx.countRequest(in: tenant.id) : tx.countedRequests(in: tenant.id)
        return model.region(of: client, user: user, number: number)
    }

    /// The region that a request of the authority lands in.
    ///
    /// - Throws: ``Refused`` when it asks for one that the tenant does not have.
    func landing(
        _ trace: RequestTrace, in tenant: Tenant, client: ClientID?, user: GUID?, isCounted: Bool = false, now: Timestamp,
        _ tx: StoreTransaction
    ) throws -> Region {
        do {
            return try region(trace, in: tenant, client: client, user: user, isCounted: isCounted, tx)
        } catch let error as UnknownRegion {
            throw Refused(.lapse("invalid_request", error.message), now: now)
        }
    }
}

/// A request asked for a region that its tenant does not have.
struct UnknownRegion: Error {
    let name: String

    var message: String { "The header x-lapse-region names '\(name.prefix(50))', which is no region of this tenant." }
}
