/// The tenants, users and apps that a Lapse without a seed file starts with. Their ids are fixed: scripts rely on them.
package enum BuiltInLab {
    package static let contoso = GUID("11111111-aaaa-4aaa-8aaa-111111111111")!
    package static let fabrikam = GUID("22222222-bbbb-4bbb-8bbb-222222222222")!
    /// Contoso's domain.
    package static let domain = "contoso.example"
    /// A user of Contoso, and its Global Administrator.
    package static let adele = "adele@\(domain)"
    package static let admin = "admin@\(domain)"
    package static let password = "Passw0rd!"

    package static let native = ClientID("bbbbbbbb-0002-4000-8000-000000000001")
    package static let web = ClientID("bbbbbbbb-0002-4000-8000-000000000002")
    package static let spa = ClientID("bbbbbbbb-0002-4000-8000-000000000003")
    package static let daemon = ClientID("bbbbbbbb-0002-4000-8000-000000000004")
    /// The registration of the API that Lapse itself serves at `/_lapse/resource/`.
    package static let api = ClientID("bbbbbbbb-0002-4000-8000-000000000005")
    /// How people call them.
    package static let appNames = ["native": native, "web": web, "spa": spa, "daemon": daemon, "api": api]
    package static let apiURI = "api://lapse-lab"

    /// The client secrets of the lab's apps: no secrets at all, so that a sandbox may show them again.
    package static let secrets = [webSecret, daemonSecret, apiSecret]
    package static let webSecret = "lapse-web-secret"
    package static let daemonSecret = "lapse-daemon-secret"
    package static let apiSecret = "lapse-api-secret-01"

    static let delegatedPermissions = [
        "openid", "profile", "email", "offline_access", "User.Read", "User.RevokeSessions.All", "User.ReadWrite.All",
        "Directory.AccessAsUser.All", "\(apiURI)/access_as_user",
    ]

    package static let seed: [TenantSeed] = [
        TenantSeed(
            tenant: Tenant(id: contoso, name: "Contoso", domains: [domain]),
            users: [
                member(1, contoso, adele, "Adele", "Vance"),
                member(2, contoso, "alex@\(domain)", "Alex", "Wilber"),
                member(3, contoso, admin, "Ada", "Admin", roles: [.globalAdministrator]),
                User(
                    id: id(5), tenant: contoso, userPrincipalName: "nestor_fabrikam.example#EXT#@\(domain)",
                    displayName: "Nestor Wilke", mail: "nestor@fabrikam.example", passwordHash: nil,
                    guestOf: .init(tenant: fabrikam, user: id(4)), createdAt: Tenant.birth),
            ],
            apps: apps),
        TenantSeed(
            tenant: Tenant(id: fabrikam, name: "Fabrikam", domains: ["fabrikam.example"]),
            users: [member(4, fabrikam, "nestor@fabrikam.example", "Nestor", "Wilke")], apps: []),
    ]

    private static func id(_ number: Int) -> GUID { GUID("aaaaaaaa-0001-4000-8000-00000000000\(number)")! }

    private static func member(
        _ number: Int, _ tenant: GUID, _ name: String, _ givenName: String, _ surname: String, roles: [DirectoryRole] = []
    ) -> User {
        User(
            id: id(number), tenant: tenant, userPrincipalName: name, displayName: "\(givenName) \(surname)", givenName: givenName,
            surname: surname, mail: name, passwordHash: User.hash(password: password, of: id(number)), roles: roles,
            createdAt: Tenant.birth)
    }

    private static func app(
        _ id: ClientID, _ name: String, _ kind: AppRegistration.Kind, secret: String? = nil, redirectURIs: [String] = [],
        spaRedirectURIs: [String] = [], flows: Set<AppRegistration.Flow>? = nil,
        delegatedPermissions: [String] = delegatedPermissions,
        applicationPermissions: [String] = [], exposes: AppRegistration.ExposedAPI? = nil
    ) -> AppRegistration {
        AppRegistration(
            id: id, name: name, kind: kind, secretHashes: secret.map { [AppRegistration.hash(secret: $0, of: id)] } ?? [],
            redirectURIs: redirectURIs, spaRedirectURIs: spaRedirectURIs, flows: flows, delegatedPermissions: delegatedPermissions,
            applicationPermissions: applicationPermissions, exposes: exposes)
    }

    private static let apps = [
        app(
            native, "Lapse Native", .public,
            redirectURIs: ["http://localhost", "http://localhost/cb", "http://localhost/callback"],
            flows: [.code, .refresh, .device, .password]),
        app(
            web, "Lapse Web", .confidential, secret: webSecret,
            redirectURIs: [
                "http://localhost:3000/auth/callback", "https://localhost:3000/auth/callback", "http://localhost/cb",
            ]),
        app(spa, "Lapse SPA", .spa, spaRedirectURIs: ["http://localhost:5173/", "http://localhost/"]),
        app(
            daemon, "Lapse Daemon", .confidential, secret: daemonSecret,
            applicationPermissions: ["User.RevokeSessions.All", "User.Read.All", "User.ReadWrite.All", "AuditLog.Read.All"]),
        app(
            api, "Lapse API", .resource, secret: apiSecret, flows: [.onBehalfOf], delegatedPermissions: ["User.Read"],
            exposes: .init(uri: apiURI, scopes: ["access_as_user"], asksForCapabilities: true)),
    ]
}
