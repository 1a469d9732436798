import GRDB
import LapseRules

extension User {
    init(row: Row) throws {
        let homeTenant: GUID? = try row.decode(forColumn: "home_tenant")
        let homeUser: GUID? = try row.decode(forColumn: "home_user")
        try self.init(
            id: row.decode(forColumn: "id"), tenant: row.decode(forColumn: "tenant"),
            userPrincipalName: row.decode(forColumn: "user_principal_name"), displayName: row.decode(forColumn: "display_name"),
            givenName: row.decode(forColumn: "given_name"), surname: row.decode(forColumn: "surname"),
            mail: row.decode(forColumn: "mail"), passwordHash: row.decode(forColumn: "password_hash"),
            passwordSalt: row.decode(forColumn: "password_salt"), accountEnabled: row.decode(forColumn: "account_enabled"),
            roles: row.list("roles") { $0.word() },
            guestOf: homeTenant.flatMap { tenant in homeUser.map { Home(tenant: tenant, user: $0) } },
            createdAt: row.decode(forColumn: "created_at"))
        challenges = try [Challenge](stored: row.decode(forColumn: "challenges"))
        mustChangePassword = try row.decode(forColumn: "must_change_password")
        guard case .object(let members) = try row.decode(JSON.self, forColumn: "profile") else {
            throw FieldError("profile", "holds what is no object")
        }
        profile = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        withdrawnConsents = try row.list("withdrawn_consents") { $0.text.map { ClientID($0) } }
        consents = try [ClientID: Set<String>](stored: row.decode(forColumn: "consents"))
    }
}

extension User: PersistableRecord {
    package static let databaseTableName = "users"

    package func encode(to container: inout PersistenceContainer) {
        container["id"] = id
        container["tenant"] = tenant
        container["user_principal_name"] = userPrincipalName
        container["display_name"] = displayName
        container["given_name"] = givenName
        container["surname"] = surname
        container["mail"] = mail
        container["password_hash"] = passwordHash
        container["password_salt"] = passwordSalt
        container["account_enabled"] = accountEnabled
        container["roles"] = JSON(roles.map(\.rawValue))
        container["challenges"] = challenges.stored
        container["withdrawn_consents"] = JSON(withdrawnConsents.map(\.description))
        container["consents"] = consents.stored
        container["must_change_password"] = mustChangePassword
        container["profile"] = JSON.object(profile.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) })
        container["home_tenant"] = guestOf?.tenant
        container["home_user"] = guestOf?.user
        container["created_at"] = createdAt
    }
}

extension StoreTransaction {
    /// The user, deleted or not.
    package func user(_ id: GUID) throws -> User? {
        try cached(id, in: \.users) { try row("SELECT * FROM users WHERE id = ?", [id]).map { try User(row: $0) } }
    }

    /// The user of the tenant who is not deleted, by id or user principal name.
    package func user(_ name: String, in tenant: GUID) throws -> User? {
        if let id = GUID(name), let user = try presentUser(id), user.tenant == tenant { return user }
        return try row("SELECT * FROM users WHERE tenant = ? AND user_principal_name = ? AND deleted_at IS NULL", [tenant, name])
            .map { try User(row: $0) }
    }

    private func presentUser(_ id: GUID) throws -> User? {
        try cached(id, in: \.presentUsers) {
            try row("SELECT * FROM users WHERE id = ? AND deleted_at IS NULL", [id]).map { try User(row: $0) }
        }
    }

    /// The users of the tenant who consented to something beside an app's registration.
    package func usersWithConsents(in tenant: GUID) throws -> [User] {
        try rows("SELECT * FROM users WHERE tenant = ? AND consents <> '{}' AND deleted_at IS NULL ORDER BY id", [tenant])
            .map { try User(row: $0) }
    }

    /// The users of the tenant whose user principal name has this before its @, by name; without those who are deleted.
    ///
    /// - Parameter name: without an @, in any case.
    package func users(named name: String, in tenant: GUID, limit: Int) throws -> [User] {
        // In the order of NOCASE nothing but an @ stands between an @ and a [.
        try rows(
            """
            SELECT * FROM users WHERE tenant = ?1 AND user_principal_name >= ?2 || '@' AND user_principal_name < ?2 || '['
                AND deleted_at IS NULL
            ORDER BY user_principal_name LIMIT ?3
            """, [tenant, name, limit]
        ).map { try User(row: $0) }
    }

    /// The member of that name or id who was deleted last: until the deletion takes effect, the name still signs in.
    package func deletedUser(_ name: String, in tenant: GUID) throws -> User? {
        try row(
            """
            SELECT * FROM users WHERE tenant = ?1 AND (user_principal_name = ?2 OR id = lower(?2)) AND deleted_at IS NOT NULL
                AND home_user IS NULL
            ORDER BY deleted_at DESC LIMIT 1
            """, [tenant, name]
        ).map { try User(row: $0) }
    }

    /// The account's user object in a tenant: the member itself at home, its guest elsewhere; nil when there is none.
    package func user(of home: User.Home, in tenant: GUID) throws -> User? {
        if home.tenant == tenant { return try user(home.user) }
        return try row(
            "SELECT * FROM users WHERE tenant = ? AND home_tenant = ? AND home_user = ? AND deleted_at IS NULL",
            [tenant, home.tenant, home.user]
        ).map { try User(row: $0) }
    }

    /// The tenants that an account of this home has a user object in, its home first.
    package func tenants(of home: User.Home) throws -> [Tenant] {
        try rows(
            """
            SELECT \(Self.tenantColumns) FROM tenants WHERE id = ?1 OR id IN
                (SELECT tenant FROM users WHERE home_tenant = ?1 AND home_user = ?2 AND deleted_at IS NULL)
            ORDER BY id <> ?1, rowid
            """, [home.tenant, home.user]
        ).map { try Tenant(row: $0) }
    }

    /// Those who took their consent to the client back.
    package func users(withoutConsentTo client: ClientID, in tenant: GUID) throws -> [User] {
        try rows("SELECT * FROM users WHERE tenant = ? AND withdrawn_consents <> '[]' AND deleted_at IS NULL ORDER BY id", [tenant])
            .map { try User(row: $0) }.filter { $0.withdrawnConsents.contains(client) }
    }

    /// The clients that some user of the tenant took the consent from.
    package func clientsWithoutConsent(in tenant: GUID) throws -> Set<ClientID> {
        let lists = try rows("SELECT withdrawn_consents FROM users WHERE tenant = ? AND withdrawn_consents <> '[]'", [tenant])
        return Set(try lists.flatMap { try $0.list("withdrawn_consents") { $0.text.map { ClientID($0) } } })
    }

    /// The tenant's users by name, after the one of that name.
    ///
    /// - Parameter withDeleted: those too whom the directory has forgotten already.
    package func users(in tenant: GUID, after name: String? = nil, limit: Int, withDeleted: Bool = false) throws -> [User] {
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
    package func deletedUsers(in tenant: GUID, since: Timestamp, id: GUID? = nil, limit: Int) throws -> [(
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
    package func deleteOrphanedGuests(of tenant: GUID) throws {
        directoryChanged()
        try run(
            "DELETE FROM users WHERE home_tenant = ?1 AND home_user NOT IN (SELECT id FROM users WHERE tenant = ?1)", [tenant])
    }

    /// The user is in the directory again.
    package func markRestored(_ user: GUID) throws {
        directoryChanged()
        try run("UPDATE users SET deleted_at = NULL WHERE id = ?", [user])
    }

    /// The user can not be restored any more. Its history stays: tokens outlive it.
    package func purge(_ user: GUID) throws {
        directoryChanged()
        try run("UPDATE users SET is_purged = 1 WHERE id = ?", [user])
    }

    package func isDeleted(_ user: GUID) throws -> Bool {
        try row("SELECT 1 FROM users WHERE id = ? AND deleted_at IS NOT NULL", [user]) != nil
    }

    package func insert(_ user: User) throws {
        directoryChanged()
        try user.insert(db)
    }

    package func update(_ user: User) throws {
        directoryChanged()
        try user.update(db)
    }

    /// The directory shows the user no more; for the authority it takes effect with the state change.
    package func markDeleted(_ user: GUID, at: Timestamp) throws {
        directoryChanged()
        try run("UPDATE users SET deleted_at = ? WHERE id = ?", [at, user])
    }

    /// Whether a user of any tenant, deleted or not, has the id, or one who is not deleted has the name.
    package func isTaken(userID: GUID, userPrincipalName: String) throws -> (id: Bool, name: Bool) {
        (
            try row("SELECT 1 FROM users WHERE id = ?", [userID]) != nil,
            try row(
                "SELECT 1 FROM users WHERE user_principal_name = ? AND id <> ? AND deleted_at IS NULL", [userPrincipalName, userID])
                != nil
        )
    }
}
