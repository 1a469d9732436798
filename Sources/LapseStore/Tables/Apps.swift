import GRDB
import LapseRules

extension AppRegistration {
    init(row: Row) throws {
        try self.init(
            id: row.decode(forColumn: "id"), name: row.decode(forColumn: "name"), kind: row.decode(forColumn: "kind"),
            secretHashes: row.list("secret_hashes") { $0.text.flatMap(SecretHash.init(hexadecimal:)) },
            redirectURIs: row.list("redirect_uris", \.text), spaRedirectURIs: row.list("spa_redirect_uris", \.text),
            logoutURL: row.decode(forColumn: "logout_url"), flows: Set(row.list("flows") { $0.word() }),
            delegatedPermissions: row.list("delegated_permissions", \.text),
            applicationPermissions: row.list("application_permissions", \.text),
            exposes: row.decode(JSON?.self, forColumn: "exposes").map(ExposedAPI.init(stored:)),
            accessTokenVersion: row.decode(forColumn: "access_token_version"),
            isFamilyMember: row.decode(forColumn: "is_family_member"),
            lifetimes: Lifetimes(stored: row.decode(forColumn: "lifetimes")))
        challenges = try [Challenge](stored: row.decode(forColumn: "challenges"))
        registration = try row.decode(forColumn: "registration")
        signInAudience = try row.decode(forColumn: "sign_in_audience")
        issuesIDTokens = try row.decode(forColumn: "issues_id_tokens")
        secretEnds = try [SecretHash: Timestamp](stored: row.decode(forColumn: "secret_ends"))
        certificates = try row.list("certificates", AppCertificate.init(stored:))
        let claims: JSON = try row.decode(forColumn: "optional_claims")
        optionalClaims = try OptionalClaims(claims, path: "optional_claims")
    }
}

/// An app as it is registered in a tenant.
struct AppRow: PersistableRecord {
    static let databaseTableName = "apps"

    let app: AppRegistration
    let tenant: GUID

    func encode(to container: inout PersistenceContainer) {
        container["tenant"] = tenant
        container["id"] = app.id
        container["name"] = app.name
        container["kind"] = app.kind
        container["secret_hashes"] = JSON(app.secretHashes.map(\.hexadecimal))
        container["redirect_uris"] = JSON(app.redirectURIs)
        container["spa_redirect_uris"] = JSON(app.spaRedirectURIs)
        container["logout_url"] = app.logoutURL
        container["flows"] = JSON(AppRegistration.Flow.allCases.filter(app.flows.contains).map(\.rawValue))
        container["delegated_permissions"] = JSON(app.delegatedPermissions)
        container["application_permissions"] = JSON(app.applicationPermissions)
        container["exposes"] = app.exposes?.stored
        container["access_token_version"] = app.accessTokenVersion
        container["is_family_member"] = app.isFamilyMember
        container["lifetimes"] = app.lifetimes.stored
        container["challenges"] = app.challenges.stored
        container["registration"] = app.registration
        container["sign_in_audience"] = app.signInAudience
        container["issues_id_tokens"] = app.issuesIDTokens
        container["secret_ends"] = app.secretEnds.stored
        container["certificates"] = JSON.array(app.certificates.map(\.stored))
        container["optional_claims"] = app.optionalClaims == AppRegistration.OptionalClaims() ? [:] : app.optionalClaims.json
    }
}

extension StoreTransaction {
    /// The registration a tenant knows under this client id: its own, else another tenant's (all apps are multi-tenant, but for
    /// those of sandboxes), else one of Microsoft's. A nil tenant stands for `common` and its like, which know all.
    package func app(_ id: ClientID, in tenant: GUID?) throws -> AppRegistration? {
        try cached(DirectoryCache.AppKey(tenant: tenant, client: id), in: \.apps) {
            let own = try tenant.flatMap { try row("SELECT * FROM apps WHERE tenant = ? AND id = ?", [$0, id]) }
            // Every sandbox may have registered the id: none of them is looked through for another tenant's.
            let others =
                try own
                ?? row(
                    """
                    SELECT apps.* FROM tenants CROSS JOIN apps ON apps.tenant = tenants.id AND apps.id = ?1
                    WHERE tenants.is_sandbox = 0 AND (?2 IS NULL OR sign_in_audience <> 'AzureADMyOrg') ORDER BY apps.rowid LIMIT 1
                    """, [id, tenant])
            let found = try others ?? (tenant == nil ? row("SELECT * FROM apps WHERE id = ? ORDER BY rowid LIMIT 1", [id]) : nil)
            return try found.map { try AppRegistration(row: $0) } ?? FirstPartyApps.all.first { $0.id == id }
        }
    }

    /// The APIs besides Graph that a tenant's scopes may name.
    package func resources(in tenant: GUID) throws -> [ResourceAPI] {
        try cached(tenant, in: \.resources) {
            try rows("SELECT * FROM (\(Self.visible)) WHERE exposes IS NOT NULL ORDER BY tenant <> ?1, place", [tenant])
                .compactMap { ResourceAPI(try AppRegistration(row: $0)) }
        }
    }

    package func apps(in tenant: GUID, after id: ClientID? = nil, limit: Int) throws -> [AppRegistration] {
        try rows("SELECT * FROM apps WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?", [tenant, id?.description ?? "", limit])
            .map { try AppRegistration(row: $0) }
    }

    /// Every registration that the tenant's users may meet, with the tenant it is registered in, by id; its own before others'.
    package func visibleApps(in tenant: GUID) throws -> [(app: AppRegistration, owner: GUID)] {
        try rows("SELECT * FROM (\(Self.visible)) ORDER BY id, tenant <> ?1, place", [tenant])
            .map { (try AppRegistration(row: $0), $0["tenant"]) }
    }

    /// The apps of tenant ?1, and those of the others that are no sandboxes; their places are their order.
    private static let visible = """
        SELECT *, rowid AS place FROM apps WHERE tenant = ?1
        UNION ALL
        SELECT apps.*, apps.rowid FROM tenants CROSS JOIN apps ON apps.tenant = tenants.id
        WHERE tenants.is_sandbox = 0 AND tenants.id <> ?1 AND sign_in_audience <> 'AzureADMyOrg'
        """

    /// The tenant's own registration.
    package func ownApp(_ id: ClientID, of tenant: GUID) throws -> AppRegistration? {
        try row("SELECT * FROM apps WHERE tenant = ? AND id = ?", [tenant, id]).map { try AppRegistration(row: $0) }
    }

    package func insert(_ app: AppRegistration, in tenant: GUID) throws {
        directoryChanged()
        try AppRow(app: app, tenant: tenant).insert(db)
        try insertAddresses(of: app, in: tenant)
    }

    package func update(_ app: AppRegistration, in tenant: GUID) throws {
        directoryChanged()
        try AppRow(app: app, tenant: tenant).update(db)
        try run("DELETE FROM redirect_addresses WHERE tenant = ? AND app = ?", [tenant, app.id])
        try insertAddresses(of: app, in: tenant)
    }

    private func insertAddresses(of app: AppRegistration, in tenant: GUID) throws {
        for address in Set((app.redirectURIs + app.spaRedirectURIs).map(RedirectURI.address)) {
            try run("INSERT INTO redirect_addresses (address, tenant, app) VALUES (?, ?, ?)", [address, tenant, app.id])
        }
    }

    /// Whether any app has the URI among its redirect URIs.
    package func isRegistered(redirectURI uri: String) throws -> Bool {
        try row("SELECT 1 FROM redirect_addresses WHERE address = ? LIMIT 1", [RedirectURI.address(of: uri)]) != nil
    }

    package func deleteApp(_ id: ClientID, of tenant: GUID) throws {
        directoryChanged()
        try run("DELETE FROM apps WHERE tenant = ? AND id = ?", [tenant, id])
    }
}
