/// Microsoft's own applications, which are in every tenant.
package enum FirstPartyApps {
    package static let graph = resource("00000003-0000-0000-c000-000000000000", name: "Microsoft Graph")
    /// Azure Resource Manager.
    package static let management = resource(
        "797f4846-ba00-4fd7-bac1-dafb8fe92e9c", name: "Windows Azure Service Management API")

    /// Of services that Lapse has no endpoints of: tokens for them are for those who write clients and fakes.
    package static let exchange = resource("00000002-0000-0ff1-ce00-000000000000", name: "Office 365 Exchange Online")
    package static let keyVault = resource("cfa8b339-82a2-471a-a3c9-0fc0be7a4093", name: "Azure Key Vault")
    package static let storage = resource("e406a681-f3d4-42a8-90b6-c2b029497af1", name: "Azure Storage")
    package static let database = resource("022907d3-0f1b-48f7-badc-1ba6abab6d66", name: "Azure SQL Database")
    package static let devOps = resource("499b84ac-1321-427f-aa17-267ca6975798", name: "Azure DevOps")

    /// Where native apps let a sign-in end: Entra: the default redirect URI of MSAL's desktop apps.
    package static let nativeClient = "https://\(Cloud.global.authorityHost)/common/oauth2/nativeclient"

    /// Entra: secureworks' family-of-client-ids research lists both command lines and Visual Studio in family 1.
    package static let all: [AppRegistration] = [
        tool("04b07795-8ddb-461a-bbee-02f9e1bf7b46", name: "Microsoft Azure CLI", isFamilyMember: true),
        tool("1950a258-227b-4e31-a9cf-717495945fc2", name: "Microsoft Azure PowerShell", isFamilyMember: true),
        tool(
            "14d82eec-204b-4c2f-b7e8-296a70dab67e", name: "Microsoft Graph Command Line Tools",
            redirectURIs: ["http://localhost", nativeClient]),
        tool(
            "872cd9fa-d31f-45e0-9eab-6e460a02d1f1", name: "Visual Studio",
            redirectURIs: ["http://localhost", "urn:ietf:wg:oauth:2.0:oob"], isFamilyMember: true),
        tool(
            "aebc6443-996d-45c2-90f0-388ff96faa56", name: "Visual Studio Code",
            redirectURIs: ["http://localhost", "http://127.0.0.1", "https://vscode.dev/redirect"]),
        graph, management, exchange, keyVault, storage, database, devOps,
    ]

    private static func resource(_ id: ClientID, name: String) -> AppRegistration {
        AppRegistration(id: id, name: name, kind: .resource)
    }

    private static func tool(
        _ id: ClientID, name: String, redirectURIs: [String] = ["http://localhost"], isFamilyMember: Bool = false
    ) -> AppRegistration {
        AppRegistration(
            id: id, name: name, kind: .public, redirectURIs: redirectURIs, flows: [.code, .refresh, .device, .password],
            delegatedPermissions: BuiltInLab.delegatedPermissions
                + [management, keyVault, storage, database, devOps].map { "\($0.id)/user_impersonation" },
            isFamilyMember: isFamilyMember)
    }
}

extension AppRegistration {
    /// The registration that open registration makes up for a client id that nobody registered: it takes any secret and any
    /// loopback redirect URI.
    package static func open(_ id: ClientID) -> AppRegistration {
        AppRegistration(
            id: id, name: "Open registration", kind: .public, flows: [.code, .refresh, .device, .password], isOpen: true)
    }
}
