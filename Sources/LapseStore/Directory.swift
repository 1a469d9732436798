import GRDB
import LapseRules

// Tenants, users and apps.

extension Tenant: FetchableRecord {
    public init(row: Row) throws {
        let propagation: JSON? = row["propagation"]
        self.init(
            id: row["id"], name: row["name"], domains: (row["domains"] as JSON).texts,
            clock: TenantClock(mode: row["clock_mode"], ticks: row["clock_ticks"]),
            propagation: try propagation.map { try PropagationModel($0) }, policies: try Policies(row["policies"]),
            isSandbox: row["is_sandbox"])
    }
}

extension User: FetchableRecord {
    public init(row: Row) throws {
        let homeTenant: GUID? = row["home_tenant"]
        let homeUser: GUID? = row["home_user"]
        self.init(
            id: row["id"], tenant: row["tenant"], userPrincipalName: row["user_principal_name"], displayName: row["display_name"],
            givenName: row["given_name"], surname: row["surname"], mail: row["mail"], passwordHash: row["password_hash"],
            passwordSalt: row["password_salt"], accountEnabled: row["account_enabled"],
            roles: (row["roles"] as JSON).texts.compactMap(DirectoryRole.init(rawValue:)),
            guestOf: homeTenant.flatMap { tenant in homeUser.map { Home(tenant: tenant, user: $0) } },
            createdAt: row["created_at"])
        challenges = try Challenge.list(stored: row["challenges"])
        mustChangePassword = row["must_change_password"]
        if case .object(let members) = row["profile"] as JSON {
            profile = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        }
        withdrawnConsents = (row["withdrawn_consents"] as JSON).texts.map { ClientID($0) }
    }
}

extension AppRegistration: FetchableRecord {
    public init(row: Row) throws {
        self.init(
            id: row["id"], name: row["name"], kind: row["kind"],
            secretHashes: (row["secret_hashes"] as JSON).texts.compactMap(SecretHash.init(hexadecimal:)),
            redirectURIs: (row["redirect_uris"] as JSON).texts, spaRedirectURIs: (row["spa_redirect_uris"] as JSON).texts,
            logoutURL: row["logout_url"], flows: Set((row["flows"] as JSON).texts.compactMap(Flow.init(rawValue:))),
            delegated: (row["delegated"] as JSON).texts, application: (row["application"] as JSON).texts,
            exposes: try (row["exposes"] as JSON?).map { try ExposedAPI($0, path: "exposes") },
            accessTokenVersion: row["access_token_version"], isFamilyMember: row["is_family_member"],
            lifetimes: try Lifetimes(row["lifetimes"], path: "lifetimes"))
        challenges = try Challenge.list(stored: row["challenges"])
    }
}

extension StoreTransaction {
    // MARK: Tenants

    public func tenants() throws -> [Tenant] { try rows("SELECT * FROM tenants ORDER BY name, id").map { try Tenant(row: $0) } }

    public func tenant(_ id: GUID) throws -> Tenant? {
        try cached(id, in: \.tenants) { try row("SELECT * FROM tenants WHERE id = ?", [id]).map { try Tenant(row: $0) } }
    }

    /// The tenant that has verified the domain.
    public func tenant(domain: String) throws -> Tenant? {
        let id = try row(
            "SELECT id FROM tenants WHERE EXISTS (SELECT 1 FROM json_each(domains) WHERE value = ?)", [domain.lowercased()])
        return try (id?["id"] as GUID?).flatMap { try tenant($0) }
    }

    /// Adds the tenant with its users and apps, and keeps them as what a reset returns to.
    public func insert(_ seed: TenantSeed) throws {
        try insertTenant(seed.tenant, seed: seed.json)
        for user in seed.users { try insert(user) }
        for app in seed.apps { try insert(app, in: seed.tenant.id) }
        for fault in seed.faults { try insert(fault, in: seed.tenant.id) }
    }

    private func insertTenant(_ tenant: Tenant, seed: JSON) throws {
        changed()
        try run(
            """
            INSERT INTO tenants
                (id, name, domains, clock_mode, clock_ticks, propagation, policies, seed, is_sandbox, first_event)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                tenant.id, tenant.name, JSON(tenant.domains), tenant.clock.mode, tenant.clock.ticks, tenant.propagation?.json,
                tenant.policies.json, seed, tenant.isSandbox, nextEventID(),
            ])
    }

    /// The directory that a reset brings back.
    public func seed(of tenant: GUID) throws -> TenantSeed? {
        try row("SELECT seed FROM tenants WHERE id = ?", [tenant]).map { try TenantSeed(stored: $0["seed"]) }
    }

    /// Deletes the tenant with all that is in it, and what accounts of it hold elsewhere.
    ///
    /// - Parameter keepingGuests: leaves its members' guest objects in other tenants, for a tenant that comes back.
    public func delete(tenant: GUID, keepingGuests: Bool) throws {
        changed()
        eventIDs.touch(tenant)
        for table in ["revocations", "state_changes"] {
            for dependent in ["arrivals", "attempts"] {
                try run(
                    "DELETE FROM \(dependent) WHERE sequence IN (SELECT sequence FROM \(table) WHERE home_tenant = ?)", [tenant])
            }
        }
        try run("DELETE FROM grants WHERE home_tenant = ?", [tenant])
        if !keepingGuests { try run("DELETE FROM users WHERE home_tenant = ?", [tenant]) }
        // The ids of the events that go are not used again.
        try run("UPDATE meta SET last_event = ?", [nextEventID() - 1])
        try run("DELETE FROM events WHERE tenant = ?1 AND id >= (SELECT first_event FROM tenants WHERE id = ?1)", [tenant])
        try run("DELETE FROM tenants WHERE id = ?", [tenant])
    }

    public func update(_ tenant: Tenant) throws {
        changed()
        try run(
            "UPDATE tenants SET clock_mode = ?, clock_ticks = ?, propagation = ?, policies = ? WHERE id = ?",
            [tenant.clock.mode, tenant.clock.ticks, tenant.propagation?.json, tenant.policies.json, tenant.id])
    }

    /// Whether a tenant has the id or one of the domains.
    public func isTaken(tenantID: GUID, domains: [String]) throws -> (id: Bool, domain: String?) {
        (try tenant(tenantID) != nil, try domains.first { try tenant(domain: $0) != nil })
    }

    // MARK: Users

    /// The user, deleted or not.
    public func user(_ id: GUID) throws -> User? {
        try cached(id, in: \.users) { try row("SELECT * FROM users WHERE id = ?", [id]).map { try User(row: $0) } }
    }

    /// The user of the tenant who is not deleted, by id or user principal name.
    public func user(_ name: String, in tenant: GUID) throws -> User? {
        let found =
            try GUID(name).flatMap {
                try row("SELECT * FROM users WHERE tenant = ? AND id = ? AND deleted_at IS NULL", [tenant, $0])
            }
            ?? row("SELECT * FROM users WHERE tenant = ? AND user_principal_name = ? AND deleted_at IS NULL", [tenant, name])
        return try found.map { try User(row: $0) }
    }

    /// The member of that name or id who was deleted last: until the deletion is believed, the name still signs in.
    public func deletedUser(_ name: String, in tenant: GUID) throws -> User? {
        try row(
            """
            SELECT * FROM users WHERE tenant = ?1 AND (user_principal_name = ?2 OR id = lower(?2)) AND deleted_at IS NOT NULL
                AND home_user IS NULL
            ORDER BY deleted_at DESC LIMIT 1
            """, [tenant, name]
        ).map { try User(row: $0) }
    }

    /// The account's user object in a tenant: the member itself at home, its guest elsewhere; nil when there is none.
    public func user(of home: User.Home, in tenant: GUID) throws -> User? {
        if home.tenant == tenant { return try user(home.user) }
        return try row(
            "SELECT * FROM users WHERE tenant = ? AND home_tenant = ? AND home_user = ? AND deleted_at IS NULL",
            [tenant, home.tenant, home.user]
        ).map { try User(row: $0) }
    }

    /// The tenants that an account of this home has a user object in, its home first.
    public func tenants(of home: User.Home) throws -> [Tenant] {
        try rows(
            """
            SELECT * FROM tenants WHERE id = ?1 OR id IN
                (SELECT tenant FROM users WHERE home_tenant = ?1 AND home_user = ?2 AND deleted_at IS NULL)
            ORDER BY id <> ?1, rowid
            """, [home.tenant, home.user]
        ).map { try Tenant(row: $0) }
    }

    /// The clients that some user of the tenant took the consent from.
    public func clientsWithoutConsent(in tenant: GUID) throws -> Set<ClientID> {
        let lists = try rows("SELECT withdrawn_consents FROM users WHERE tenant = ? AND withdrawn_consents <> '[]'", [tenant])
        return Set(lists.flatMap { ($0["withdrawn_consents"] as JSON).texts.map { ClientID($0) } })
    }

    /// The tenant's users by name, after the one of that name.
    ///
    /// - Parameter withDeleted: those too whom the directory has forgotten already.
    public func users(in tenant: GUID, after name: String? = nil, limit: Int, withDeleted: Bool = false) throws -> [User] {
        try rows(
            """
            SELECT * FROM users WHERE tenant = ?1 AND (?4 OR deleted_at IS NULL) AND user_principal_name > ?2
            ORDER BY user_principal_name, deleted_at IS NOT NULL, deleted_at DESC LIMIT ?3
            """, [tenant, name ?? "", limit, withDeleted]
        ).map { try User(row: $0) }
    }

    /// The tenant's deleted members and guests who can still be restored, the last first.
    ///
    /// - Parameter since: those deleted before are gone for good.
    /// - Parameter id: that one alone; nil: all.
    public func deletedUsers(in tenant: GUID, since: Timestamp, id: GUID? = nil, limit: Int) throws -> [(
        user: User, deletedAt: Timestamp
    )] {
        try rows(
            """
            SELECT * FROM users WHERE tenant = ?1 AND deleted_at >= ?2 AND NOT is_purged AND (?3 IS NULL OR id = ?3)
            ORDER BY deleted_at DESC, id LIMIT ?4
            """, [tenant, since, id, limit]
        ).map { (try User(row: $0), $0["deleted_at"]) }
    }

    /// Forgets guests elsewhere whose members the tenant does not have any more.
    public func deleteOrphanedGuests(of tenant: GUID) throws {
        changed()
        try run(
            "DELETE FROM users WHERE home_tenant = ?1 AND home_user NOT IN (SELECT id FROM users WHERE tenant = ?1)", [tenant])
    }

    /// The user is in the directory again.
    public func markRestored(_ user: GUID) throws {
        changed()
        try run("UPDATE users SET deleted_at = NULL WHERE id = ?", [user])
    }

    /// The user can not be restored any more. Its history stays: tokens outlive it.
    public func purge(_ user: GUID) throws {
        changed()
        try run("UPDATE users SET is_purged = 1 WHERE id = ?", [user])
    }

    public func isDeleted(_ user: GUID) throws -> Bool {
        try row("SELECT 1 FROM users WHERE id = ? AND deleted_at IS NOT NULL", [user]) != nil
    }

    public func insert(_ user: User) throws {
        changed()
        try run(
            """
            INSERT INTO users (id, tenant, user_principal_name, display_name, given_name, surname, mail, password_hash,
                password_salt, account_enabled, roles, challenges, withdrawn_consents, must_change_password, profile,
                home_tenant, home_user, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                user.id, user.tenant, user.userPrincipalName, user.displayName, user.givenName, user.surname, user.mail,
                user.passwordHash, user.passwordSalt, user.accountEnabled, JSON(user.roles.map(\.rawValue)),
                JSON.array(user.challenges.map(\.json)), JSON(user.withdrawnConsents.map(\.description)), user.mustChangePassword,
                user.profileJSON, user.guestOf?.tenant,
                user.guestOf?.user, user.createdAt,
            ])
    }

    public func update(_ user: User) throws {
        changed()
        try run(
            """
            UPDATE users SET user_principal_name = ?, display_name = ?, given_name = ?, surname = ?, mail = ?,
                password_hash = ?, password_salt = ?, account_enabled = ?, roles = ?, challenges = ?, withdrawn_consents = ?,
                must_change_password = ?, profile = ?
            WHERE id = ?
            """,
            [
                user.userPrincipalName, user.displayName, user.givenName, user.surname, user.mail, user.passwordHash,
                user.passwordSalt, user.accountEnabled, JSON(user.roles.map(\.rawValue)),
                JSON.array(user.challenges.map(\.json)), JSON(user.withdrawnConsents.map(\.description)), user.mustChangePassword,
                user.profileJSON, user.id,
            ])
    }

    /// The directory shows the user no more; the authority believes it when the state change arrives.
    public func markDeleted(_ user: GUID, at: Timestamp) throws {
        changed()
        try run("UPDATE users SET deleted_at = ? WHERE id = ?", [at, user])
    }

    /// Whether a user of any tenant, deleted or not, has the id, or one who is not deleted has the name.
    public func isTaken(userID: GUID, userPrincipalName: String) throws -> (id: Bool, name: Bool) {
        (
            try row("SELECT 1 FROM users WHERE id = ?", [userID]) != nil,
            try row(
                "SELECT 1 FROM users WHERE user_principal_name = ? AND id <> ? AND deleted_at IS NULL", [userPrincipalName, userID])
                != nil
        )
    }

    // MARK: Apps

    /// The registration a tenant knows under this client id: its own, else another tenant's (all apps are multi-tenant, but for
    /// those of sandboxes), else one of Microsoft's. A nil tenant stands for `common` and its like, which know all.
    public func app(_ id: ClientID, in tenant: GUID?) throws -> AppRegistration? {
        try cached(DirectoryCache.AppKey(tenant: tenant, client: id), in: \.apps) {
            let found = try row(
                """
                SELECT apps.* FROM apps JOIN tenants ON tenants.id = tenant
                WHERE apps.id = ?1 AND (?2 IS NULL OR tenant = ?2 OR NOT is_sandbox)
                ORDER BY tenant = ?2 DESC, is_sandbox, apps.rowid LIMIT 1
                """, [id, tenant])
            return try found.map { try AppRegistration(row: $0) } ?? FirstPartyApps.all.first { $0.id == id }
        }
    }

    /// The APIs besides Graph that a tenant's scopes may name.
    public func resources(in tenant: GUID) throws -> [ResourceAPI] {
        try cached(tenant, in: \.resources) {
            try rows(
                """
                SELECT apps.* FROM apps JOIN tenants ON tenants.id = tenant
                WHERE exposes IS NOT NULL AND (tenant = ?1 OR NOT is_sandbox) ORDER BY tenant <> ?1, apps.rowid
                """, [tenant]
            )
            .compactMap { ResourceAPI(try AppRegistration(row: $0)) }
        }
    }

    public func apps(in tenant: GUID, after id: ClientID? = nil, limit: Int) throws -> [AppRegistration] {
        try rows("SELECT * FROM apps WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?", [tenant, id?.description ?? "", limit])
            .map { try AppRegistration(row: $0) }
    }

    /// Every registration that the tenant's users may meet, with the tenant it is registered in, by id; its own before others'.
    public func visibleApps(in tenant: GUID) throws -> [(app: AppRegistration, owner: GUID)] {
        try rows(
            """
            SELECT apps.* FROM apps JOIN tenants ON tenants.id = tenant
            WHERE tenant = ?1 OR NOT is_sandbox ORDER BY apps.id, tenant <> ?1, apps.rowid
            """, [tenant]
        )
        .map { (try AppRegistration(row: $0), $0["tenant"]) }
    }

    /// The tenant's own registration.
    public func ownApp(_ id: ClientID, of tenant: GUID) throws -> AppRegistration? {
        try row("SELECT * FROM apps WHERE tenant = ? AND id = ?", [tenant, id]).map { try AppRegistration(row: $0) }
    }

    public func insert(_ app: AppRegistration, in tenant: GUID) throws {
        changed()
        try run(
            """
            INSERT INTO apps (name, kind, secret_hashes, redirect_uris, spa_redirect_uris, logout_url, flows, delegated,
                application, exposes, access_token_version, is_family_member, lifetimes, challenges, tenant,
                id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, app.columns + [tenant, app.id])
    }

    public func update(_ app: AppRegistration, in tenant: GUID) throws {
        changed()
        try run(
            """
            UPDATE apps SET name = ?, kind = ?, secret_hashes = ?, redirect_uris = ?, spa_redirect_uris = ?, logout_url = ?,
                flows = ?, delegated = ?, application = ?, exposes = ?, access_token_version = ?, is_family_member = ?,
                lifetimes = ?, challenges = ? WHERE tenant = ? AND id = ?
            """, app.columns + [tenant, app.id])
    }

    /// Whether any app has the URI among its redirect URIs.
    public func isRegistered(redirectURI uri: String) throws -> Bool {
        try rows("SELECT * FROM apps").contains { RedirectURI.platform(of: uri, in: try AppRegistration(row: $0)) != nil }
    }

    public func deleteApp(_ id: ClientID, of tenant: GUID) throws {
        changed()
        try run("DELETE FROM apps WHERE tenant = ? AND id = ?", [tenant, id])
    }

    // MARK: Cache

    private func changed() { directory?.clear() }
}

extension AppRegistration {
    fileprivate var columns: StatementArguments {
        [
            name, kind, JSON(secretHashes.map(\.hexadecimal)), JSON(redirectURIs), JSON(spaRedirectURIs), logoutURL,
            JSON(Flow.allCases.filter(flows.contains).map(\.rawValue)), JSON(delegated), JSON(application), exposes?.json,
            accessTokenVersion, isFamilyMember, lifetimes.json, JSON.array(challenges.map(\.json)),
        ]
    }
}

extension User {
    fileprivate var profileJSON: JSON {
        .object(profile.sorted { $0.key < $1.key }.map { JSON.Member(name: $0.key, value: $0.value) })
    }
}
