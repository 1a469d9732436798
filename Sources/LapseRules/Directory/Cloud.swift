/// The cloud that a tenant says it is in: names in tokens, metadata and Graph's answers. Addresses stay Lapse's own.
///
/// Entra: graph/deployments.md for hosts of Graph and of the authority; the rest from openid-configuration of each cloud and
/// from clients that list them.
package enum Cloud: String, CaseIterable, Sendable {
    case global
    case usGovernmentL4 = "usgov-l4"
    case usGovernmentL5 = "usgov-l5"
    case china

    /// The host of the authority.
    package var authorityHost: String {
        switch self {
        case .global: "login.microsoftonline.com"
        case .usGovernmentL4, .usGovernmentL5: "login.microsoftonline.us"
        case .china: "login.chinacloudapi.cn"
        }
    }

    /// The document that `@odata.context` points into: Microsoft's own, whatever the host.
    package func metadata(_ version: String) -> String { "https://\(graphHost)/\(version)/$metadata" }

    /// The host of Microsoft Graph: in `aud`, scopes and `@odata.context`.
    package var graphHost: String {
        switch self {
        case .global: "graph.microsoft.com"
        case .usGovernmentL4: "graph.microsoft.us"
        case .usGovernmentL5: "dod-graph.microsoft.us"
        case .china: "microsoftgraph.chinacloudapi.cn"
        }
    }

    /// The hosts of Azure Resource Manager: the newer name, and the older one that tokens are still asked for by.
    package var managementHosts: [String] {
        switch self {
        case .global: ["management.azure.com", "management.core.windows.net"]
        case .usGovernmentL4, .usGovernmentL5: ["management.usgovcloudapi.net", "management.core.usgovcloudapi.net"]
        case .china: ["management.chinacloudapi.cn", "management.core.chinacloudapi.cn"]
        }
    }

    /// The issuer of a tenant's tokens of version 1.
    package func directoryIssuer(of tenant: GUID) -> String { directoryIssuer(of: tenant.description) }

    /// The same for a tenant that is not known yet: metadata of `common` prints a placeholder.
    package func directoryIssuer(of tenant: String) -> String {
        switch self {
        case .global, .usGovernmentL4, .usGovernmentL5: "https://sts.windows.net/\(tenant)/"
        case .china: "https://sts.chinacloudapi.cn/\(tenant)/"
        }
    }

    /// `cloud_instance_name`.
    package var instanceName: String {
        switch self {
        case .global: "microsoftonline.com"
        case .usGovernmentL4, .usGovernmentL5: "microsoftonline.us"
        case .china: "partner.microsoftonline.cn"
        }
    }

    /// `cloud_graph_host_name`: the old Azure AD Graph.
    package var directoryGraphHost: String { self == .china ? "graph.chinacloudapi.cn" : "graph.windows.net" }

    /// `rbac_url`.
    package var accessControlURL: String {
        switch self {
        case .global: "https://pas.windows.net"
        case .usGovernmentL4, .usGovernmentL5: "https://pasff.usgovcloudapi.net"
        case .china: "https://pas.chinacloudapi.cn"
        }
    }

    /// `tenant_region_scope` of a tenant.
    package var regionScope: String {
        switch self {
        case .global: "NA"
        case .usGovernmentL4, .usGovernmentL5: "USG"
        case .china: "AS"
        }
    }

    /// `tenant_region_sub_scope`, where there is one.
    package var regionSubScope: String? {
        switch self {
        case .global, .china: nil
        case .usGovernmentL4: "DODCON"
        case .usGovernmentL5: "DOD"
        }
    }
}

extension Cloud {
    /// The names of one authority, as instance discovery lists them.
    package struct AuthorityNames: Sendable {
        /// `preferred_network`.
        package let network: String
        /// `preferred_cache`.
        package let cache: String
        package let aliases: [String]

        package init(network: String, cache: String, aliases: [String]) {
            self.network = network
            self.cache = cache
            self.aliases = aliases
        }
    }

    /// The authorities that instance discovery lists in every cloud. Some are of clouds that no tenant of Lapse can be in.
    ///
    /// Entra: recorded.
    package static let authorities = [
        AuthorityNames(
            network: "login.microsoftonline.com", cache: "login.windows.net",
            aliases: ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]),
        AuthorityNames(
            network: "login.partner.microsoftonline.cn", cache: "login.partner.microsoftonline.cn",
            aliases: ["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"]),
        AuthorityNames(
            network: "login.microsoftonline.de", cache: "login.microsoftonline.de", aliases: ["login.microsoftonline.de"]),
        AuthorityNames(
            network: "login.microsoftonline.us", cache: "login.microsoftonline.us",
            aliases: ["login.microsoftonline.us", "login.usgovcloudapi.net"]),
        AuthorityNames(
            network: "login-us.microsoftonline.com", cache: "login-us.microsoftonline.com",
            aliases: ["login-us.microsoftonline.com"]),
    ]
}
