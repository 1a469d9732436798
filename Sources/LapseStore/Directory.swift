import GRDB
import LapseRules

// Tenants, users and apps.

extension Tenant: FetchableRecord {
    public init(row: Row) throws {
        let propagation: JSON? = row["propagation"]
        self.init(
            id: row["id"], name: row["name"], domains: (row["domains"] as JSON).texts,
            clock: TenantClock(mode: row["clock_mode"], ticks: row["clock_ticks"]),
            propagation: try propagation.map { try PropagationModel($0) }, policies: try Policies(row["policies"]))
    }
}

extension User: FetchableRecord {
    public init(row: Row) throws {
        let homeTenant: GUID? = row["home_tenant"]
        let homeUser: GUID? = row["home_user"]
        self.init(
            id: row["id"], tenant: row["tenant"], userPrincipalName: row["user_principal_name"], displayName: row["display_name"],
            givenName: row["given_name"], surname: row["surname"], mail: row["mail"], passwordHash: row["password_hash"],
            accountEnabled: row["account_enabled"],
            roles: (row["roles"] as JSON).texts.compactMap(DirectoryRole.init(rawValue:)),
            guestOf: homeTenant.flatMap { tenant in homeUser.map { Home(tenant: tenant, user: $0) } },
            createdAt: row["created_at"])
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
    }

    private func insertTenant(_ tenant: Tenant, seed: JSON) throws {
        changed()
        try run(
            """
            INSERT INTO tenants (id, name, domains, clock_mode, clock_ticks, propagation, policies, seed)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                tenant.id, tenant.name, JSON(tenant.domains), tenant.clock.mode, tenant.clock.ticks, tenant.propagation?.json,
                tenant.policies.json, seed,
            ])
    }

    /// Deletes all that is in the tenant, the tenant itself, and what accounts of it hold elsewhere; then adds its seed again.
    ///
    /// - Returns: the tenant as it was seeded.
    public func reset(_ tenant: GUID) throws -> TenantSeed? {
        guard let stored = try row("SELECT seed FROM tenants WHERE id = ?", [tenant]) else { return nil }
        let seed = try TenantSeed(stored: stored["seed"])
        changed()
        for table in ["revocations", "state_changes"] {
            try run("DELETE FROM arrivals WHERE sequence IN (SELECT sequence FROM \(table) WHERE home_tenant = ?)", [tenant])
        }
        try run("DELETE FROM grants WHERE home_tenant = ?", [tenant])
        // The ids of the events that go are not used again.
        try run("UPDATE meta SET last_event = ?", [nextEventID() - 1])
        try run("DELETE FROM tenants WHERE id = ?", [tenant])
        try insert(seed)
        return seed
    }

    public func update(_ tenant: Tenant) throws {
        changed()
        try run(
            "UPDATE tenants SET clock_mode = ?, clock_ticks = ?, propagation = ?, policies = ? WHERE id = ?",
            [tenant.clock.mode, tenant.clock.ticks, tenant.propagation?.json, tenant.policies.json, tenant.id])
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

    /// The member of that name who was deleted last: until the deletion is believed, the name still signs in.
    public func deletedUser(_ name: String, in tenant: GUID) throws -> User? {
        try row(
            """
            SELECT * FROM users WHERE tenant = ? AND user_principal_name = ? AND deleted_at IS NOT NULL AND home_user IS NULL
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

    /// The tenant's users who are not deleted, by name, after the one of that name.
    public func users(in tenant: GUID, after name: String? = nil, limit: Int) throws -> [User] {
        try rows(
            """
            SELECT * FROM users WHERE tenant = ? AND deleted_at IS NULL AND user_principal_name > ?
            ORDER BY user_principal_name LIMIT ?
            """, [tenant, name ?? "", limit]
        ).map { try User(row: $0) }
    }

    public func insert(_ user: User) throws {
        changed()
        try run(
            """
            INSERT INTO users (id, tenant, user_principal_name, display_name, given_name, surname, mail, password_hash,
                account_enabled, roles, home_tenant, home_user, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                user.id, user.tenant, user.userPrincipalName, user.displayName, user.givenName, user.surname, user.mail,
                user.passwordHash, user.accountEnabled, JSON(user.roles.map(\.rawValue)), user.guestOf?.tenant,
                user.guestOf?.user, user.createdAt,
            ])
    }

    public func update(_ user: User) throws {
        changed()
        try run(
            """
            UPDATE users SET user_principal_name = ?, display_name = ?, given_name = ?, surname = ?, mail = ?,
                password_hash = ?, account_enabled = ?, roles = ? WHERE id = ?
            """,
            [
                user.userPrincipalName, user.displayName, user.givenName, user.surname, user.mail, user.passwordHash,
                user.accountEnabled, JSON(user.roles.map(\.rawValue)), user.id,
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

    /// The registration a tenant knows under this client id: its own, else another tenant's (all apps are multi-tenant), else
    /// one of Microsoft's. A nil tenant stands for `common` and its like.
    public func app(_ id: ClientID, in tenant: GUID?) throws -> AppRegistration? {
        try cached(DirectoryCache.AppKey(tenant: tenant, client: id), in: \.apps) {
            let found = try row(
                "SELECT * FROM apps WHERE id = ? ORDER BY tenant <> ?, rowid LIMIT 1", [id, tenant?.description ?? ""])
            return try found.map { try AppRegistration(row: $0) } ?? FirstPartyApps.all.first { $0.id == id }
        }
    }

    /// The APIs besides Graph that a tenant's scopes may name.
    public func resources(in tenant: GUID) throws -> [ResourceAPI] {
        try cached(tenant, in: \.resources) {
            try rows("SELECT * FROM apps WHERE exposes IS NOT NULL ORDER BY tenant <> ?, rowid", [tenant])
                .compactMap { ResourceAPI(try AppRegistration(row: $0)) }
        }
    }

    public func apps(in tenant: GUID, after id: ClientID? = nil, limit: Int) throws -> [AppRegistration] {
        try rows("SELECT * FROM apps WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?", [tenant, id?.description ?? "", limit])
            .map { try AppRegistration(row: $0) }
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
                application, exposes, access_token_version, is_family_member, lifetimes, tenant, id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, app.columns + [tenant, app.id])
    }

    public func update(_ app: AppRegistration, in tenant: GUID) throws {
        changed()
        try run(
            """
            UPDATE apps SET name = ?, kind = ?, secret_hashes = ?, redirect_uris = ?, spa_redirect_uris = ?, logout_url = ?,
                flows = ?, delegated = ?, application = ?, exposes = ?, access_token_version = ?, is_family_member = ?,
                lifetimes = ? WHERE tenant = ? AND id = ?
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
            accessTokenVersion, isFamilyMember, lifetimes.json,
        ]
    }
}
