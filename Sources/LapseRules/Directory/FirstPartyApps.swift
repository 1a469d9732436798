/// Microsoft's own applications, which are in every tenant.
package enum FirstPartyApps {
    package static let graph = resource("00000003-0000-0000-c000-000000000000", name: "Microsoft Graph")
    /// Azure Resource Manager.
    package static let management = resource(
        "797f4846-ba00-4fd7-bac1-dafb8fe92e9c", name: "Windows Azure Service Management API")

    /// Entra: secureworks' family-of-client-ids research lists both command lines in family 1.
    package static let all: [AppRegistration] = [
        commandLine("04b07795-8ddb-461a-bbee-02f9e1bf7b46", name: "Microsoft Azure CLI"),
        commandLine("1950a258-227b-4e31-a9cf-717495945fc2", name: "Microsoft Azure PowerShell"),
        graph, management,
    ]

    private static func resource(_ id: ClientID, name: String) -> AppRegistration {
        AppRegistration(id: id, name: name, kind: .resource)
    }

    private static func commandLine(_ id: ClientID, name: String) -> AppRegistration {
        AppRegistration(
            id: id, name: name, kind: .public, redirectURIs: ["http://localhost"], flows: [.code, .refresh, .device, .password],
            delegatedPermissions: BuiltInLab.delegatedPermissions + ["\(management.id)/user_impersonation"], isFamilyMember: true)
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
