import LapseRules
import LapseService

/// The endpoint that an exchange was with: under the names that faults have, and names for those that no fault tells apart.
enum ExchangeEndpoint: String, CaseIterable, Sendable {
    case token, authorize, devicecode, keys, discovery, graph, resource
    case userinfo, logout, devicelogin, instance, userrealm

    /// The endpoint of a path; nil for a path that has none, and for pages that no app asks for.
    init?(path: String) {
        let segments = path.lowercased().split(separator: "/").map(String.init)
        switch segments.first {
        case "v1.0", "beta": self = .graph
        case "oidc" where segments.dropFirst() == ["userinfo"]: self = .userinfo
        case "tenants" where segments.count == 1, "subscriptions" where segments.count == 1: self = .resource
        case "_lapse" where segments.dropFirst().first == "resource": self = .resource
        case "devicelogin" where segments.count == 1: self = .devicelogin
        default:
            guard let endpoint = Self(belowTenant: Array(segments.dropFirst())) else { return nil }
            self = endpoint
        }
    }

    private init?(belowTenant segments: [String]) {
        switch segments.joined(separator: "/") {
        case "v2.0/.well-known/openid-configuration", ".well-known/openid-configuration": self = .discovery
        case "discovery/v2.0/keys", "discovery/keys": self = .keys
        case "discovery/instance": self = .instance
        case _ where segments.count == 2 && segments[0] == "userrealm": self = .userrealm
        default:
            guard let name = segments.last, let named = Self(rawValue: name),
                [.token, .authorize, .devicecode, .logout].contains(named),
                EndpointVersion.allCases.contains(where: { $0.path == segments.dropLast().joined(separator: "/") })
            else { return nil }
            self = named
        }
    }
}
