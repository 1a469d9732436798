import LapseRules
import LapseStore

// What operations load before they decide: the same few questions to the store, asked everywhere in the same words.

extension StoreTransaction {
    /// The tenant that a path names; nil when there is none. Aliases name no tenant: see ``Authority/tenant(_:orOf:_:)``.
    func tenant(named name: TenantName) throws -> Tenant? {
        switch name {
        case .alias: nil
        case .id(let id): try tenant(id)
        case .domain(let domain): try tenant(domain: domain)
        }
    }

    /// The account's user object in a tenant with all that speaks against a sign-in since `authTime`; nil when it has none there.
    func account(of home: User.Home, in tenant: GUID, since authTime: Timestamp, wall: Timestamp) throws -> AccountFacts? {
        guard let user = try user(of: home, in: tenant), let homeTenant = try self.tenant(home.tenant) else { return nil }
        return AccountFacts(
            user: user, history: try history(of: home, since: authTime), home: homeTenant, homeNow: homeTenant.clock.now(wall: wall)
        )
    }

    func account(of grant: Grant, in tenant: GUID, wall: Timestamp) throws -> AccountFacts? {
        try account(of: grant.authentication.user, in: tenant, since: grant.authentication.place.at, wall: wall)
    }

    /// What a user name and a password come to in a tenant; nil stands for the tenant of the user's domain.
    func attempt(userName: String, password: String, in tenant: Tenant?, wall: Timestamp) throws -> SignInAttempt {
        func outcome() throws -> SignInAttempt.Outcome {
            let domain = userName.split(separator: "@").last.map(String.init) ?? ""
            guard userName.contains("@"), let named = try self.tenant(domain: domain),
                let found = try user(userName, in: named.id) ?? deletedUser(userName, in: named.id),
                let member = try user(found.home.user)
            else { return .unknownUser }
            guard let expected = member.passwordHash, expected == User.hash(password: password, of: member.id) else {
                return .wrongPassword
            }
            guard
                let account = try account(
                    of: member.home, in: tenant?.id ?? member.tenant, since: member.createdAt, wall: wall)
            else { return .noGuestAccount(member.home) }
            return .known(account)
        }
        return SignInAttempt(userName: userName, outcome: try outcome())
    }
}

extension Tenant {
    /// What `common` and its like are while nobody has signed in: no directory at all, on the machine's clock.
    static func none(_ alias: String) -> Tenant { Tenant(id: noID, name: alias, domains: []) }

    static let noID = GUID(bytes: ArraySlice([UInt8](repeating: 0, count: 16)))

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

    /// The region that a request lands in.
    ///
    /// - Throws: ``UnknownRegion`` when it asks for one that the tenant does not have.
    func region(_ trace: RequestTrace, in tenant: Tenant) throws(UnknownRegion) -> Region {
        let regions = model(of: tenant).regions
        guard let name = trace.region else { return regions[0] }
        guard let region = regions.first(where: { $0.description == name }) else { throw UnknownRegion(name: name) }
        return region
    }

    /// The region that a request of the authority lands in.
    ///
    /// - Throws: ``Refused`` when it asks for one that the tenant does not have.
    func landing(_ trace: RequestTrace, in tenant: Tenant, now: Timestamp) throws -> Region {
        do throws(UnknownRegion) {
            return try region(trace, in: tenant)
        } catch {
            throw Refused(.lapse("invalid_request", error.message), now: now)
        }
    }
}

/// A request asked for a region that its tenant does not have.
struct UnknownRegion: Error {
    let name: String

    var message: String { "The header x-lapse-region names '\(name.prefix(50))', which is no region of this tenant." }
}
