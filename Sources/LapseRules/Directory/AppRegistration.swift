/// An app registration: a client, a resource, or both.
package struct AppRegistration: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable { case `public`, confidential, spa, resource }

    /// The flows that an app may be registered for.
    package enum Flow: String, CaseIterable, Sendable {
        case code, refresh, device, password, clientCredentials, onBehalfOf

        static func defaults(for kind: Kind) -> Set<Flow> {
            switch kind {
            case .public, .spa: [.code, .refresh]
            case .confidential: [.code, .refresh, .clientCredentials, .onBehalfOf]
            case .resource: []
            }
        }
    }

    /// Whose accounts may sign in to the app.
    package enum Audience: String, CaseIterable, Sendable {
        case multipleOrgs = "AzureADMultipleOrgs"
        case myOrg = "AzureADMyOrg"
    }

    /// The API that a resource offers.
    package struct ExposedAPI: Equatable, Sendable {
        /// The application ID URI, such as `api://lapse-lab`.
        package var uri: String
        package var scopes: [String]
        /// Whether its tokens carry `xms_cc`, the optional claim with which an API asks for the client's capabilities.
        package var asksForCapabilities: Bool

        package init(uri: String, scopes: [String], asksForCapabilities: Bool = false) {
            self.uri = uri
            self.scopes = scopes
            self.asksForCapabilities = asksForCapabilities
        }

        init(_ value: JSON, path: String) throws(FieldError) {
            var reader = try ObjectReader(value, path: path)
            self.init(
                uri: try reader.required("uri"), scopes: try reader.strings("scopes") ?? [],
                asksForCapabilities: try reader.bool("xms_cc") ?? false)
            try reader.finish()
        }

        package var json: JSON { ["uri": .string(uri), "scopes": JSON(scopes), "xms_cc": .bool(asksForCapabilities)] }
    }

    /// Claims that tokens have only where an app asks for them. Entra: optional-claims-reference.md.
    package struct OptionalClaims: Equatable, Sendable {
        package enum Claim: String, CaseIterable, Sendable {
            /// The session, as sign-out frames and `session_state` name it.
            case session = "sid"
            /// When the user signed in.
            case authTime = "auth_time"
        }

        /// In id tokens for the app as a client.
        package var idToken: Set<Claim> = []
        /// In access tokens for the app as a resource.
        package var accessToken: Set<Claim> = []

        package init() {}

        package init(_ value: JSON, path: String) throws(FieldError) {
            var reader = try ObjectReader(value, path: path)
            idToken = Set(try reader.choices("idToken", of: Claim.self) ?? [])
            accessToken = Set(try reader.choices("accessToken", of: Claim.self) ?? [])
            try reader.finish()
        }

        package var json: JSON { ["idToken": Self.list(idToken), "accessToken": Self.list(accessToken)] }

        private static func list(_ claims: Set<Claim>) -> JSON { JSON(Claim.allCases.filter(claims.contains).map(\.rawValue)) }
    }

    package let id: ClientID
    package var name: String
    package var kind: Kind
    package var secretHashes: [SecretHash]
    package var redirectURIs: [String]
    package var spaRedirectURIs: [String]
    package var logoutURL: String?
    package var flows: Set<Flow>
    /// Delegated permissions, Graph's by short name, others as `uri/scope`.
    package var delegatedPermissions: [String]
    /// Application permissions at Graph.
    package var applicationPermissions: [String]
    package var exposes: ExposedAPI?
    /// The format of access tokens for this resource.
    package var accessTokenVersion: Int64
    package static let accessTokenVersions: ClosedRange<Int64> = 1...2
    /// Whether the app belongs to Microsoft's family of client ids: its refresh tokens serve the whole family.
    package var isFamilyMember: Bool
    package var lifetimes: Lifetimes
    /// The refusals that are switched on for the app.
    package var challenges: [Challenge] = []
    package var signInAudience = Audience.multipleOrgs
    /// Whether the authorize endpoint gives the app id tokens: `enableIdTokenIssuance`.
    package var issuesIDTokens = false
    /// When those of the secrets end that do; the others never.
    package var secretEnds: [SecretHash: Timestamp] = [:]
    /// With which the app may sign assertions in a secret's place.
    package var certificates: [AppCertificate] = []
    package var optionalClaims = OptionalClaims()
    /// Which registration of its client id this is: the event that made it. 0: it came with its tenant's seed, is Microsoft's, or open
    /// registration's. An id that was deleted and registered again is another app.
    package var registration: Int64 = 0
    /// Whether this is no registration but open registration's stand-in; never stored.
    package let isOpen: Bool

    package init(
        id: ClientID, name: String, kind: Kind, secretHashes: [SecretHash] = [], redirectURIs: [String] = [],
        spaRedirectURIs: [String] = [], logoutURL: String? = nil, flows: Set<Flow>? = nil, delegatedPermissions: [String] = [],
        applicationPermissions: [String] = [], exposes: ExposedAPI? = nil, accessTokenVersion: Int64 = 2,
        isFamilyMember: Bool = false,
        lifetimes: Lifetimes = Lifetimes(), isOpen: Bool = false
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.secretHashes = secretHashes
        self.redirectURIs = redirectURIs
        self.spaRedirectURIs = spaRedirectURIs
        self.logoutURL = logoutURL
        self.flows = flows ?? Flow.defaults(for: kind)
        self.delegatedPermissions = delegatedPermissions
        self.applicationPermissions = applicationPermissions
        self.exposes = exposes
        self.accessTokenVersion = accessTokenVersion
        self.isFamilyMember = isFamilyMember
        self.lifetimes = lifetimes
        self.isOpen = isOpen
    }

    /// Whether its users may come by this part of the address. Every app here is for accounts of organizations.
    ///
    /// - Throws: `EntraError`: 9002332 at `consumers`, 50194 for an app of one tenant at the other aliases.
    package func check(isFor name: TenantName) throws(EntraError) {
        guard case .alias(let alias) = name else { return }
        guard alias == .consumers || signInAudience == .myOrg else { return }
        let code: AADSTS = alias == .consumers ? .notForConsumers : .singleTenantApp
        throw code.error(["app": id.description, "name": self.name])
    }

    package static func hash(secret: String, of app: ClientID) -> SecretHash { SecretHash(of: secret, salt: app.description) }

    /// Whether the app is registered for the flow. On-behalf-of gives refresh tokens too (Entra: v2-oauth2-on-behalf-of-flow.md),
    /// so who may use it may redeem them.
    func mayUse(_ flow: Flow) -> Bool { flows.contains(flow) || (flow == .refresh && flows.contains(.onBehalfOf)) }

    /// What kind of client a grant makes of the app.
    ///
    /// - Parameter platform: the platform of the redirect URI that it came by; nil: by none.
    package func clientClass(on platform: RedirectURI.Platform?) -> ClientClass {
        if platform == .spa { return .spa }
        return isConfidential ? .confidential : .public
    }

    /// What kind of client it is where no redirect URI says so.
    package var clientClass: ClientClass { clientClass(on: kind == .spa ? .spa : nil) }

    /// Whether the client has to prove who it is at the token endpoint.
    package var isConfidential: Bool { kind == .confidential || kind == .resource }
}

/// Which of an app's registered redirect URIs did a request name?
package enum RedirectURI {
    package enum Platform: Sendable { case web, spa }

    /// The platform under which the app registered this redirect URI, nil when it did not.
    ///
    /// Exact to the character, but for `http://localhost` and `http://127.0.0.1` the port is ignored (RFC 8252 section 7.3).
    package static func platform(of uri: String, in app: AppRegistration) -> Platform? {
        if app.spaRedirectURIs.contains(where: { matches(uri, $0) }) { return .spa }
        if app.redirectURIs.contains(where: { matches(uri, $0) }) { return app.kind == .spa ? .spa : .web }
        return nil
    }

    /// The URI with a slash behind its host where it has no path. Entra: seen with `http://localhost:7071`.
    package static func withPath(_ uri: String) -> String {
        guard let start = uri.range(of: "://")?.upperBound else { return uri }
        let rest = uri.utf8[start...]
        guard let end = rest.firstIndex(where: { "/?#".utf8.contains($0) }) else { return uri + "/" }
        return rest[end] == UInt8(ascii: "/") ? uri : uri[..<end] + "/" + uri[end...]
    }

    static func matches(_ uri: String, _ registered: String) -> Bool {
        uri == registered || address(of: uri) == address(of: registered)
    }

    /// The URI as URIs are compared: of `http` on this machine without the port.
    package static func address(of uri: String) -> String { withoutLoopbackPort(uri) ?? uri }

    /// Whether the URI is one of this machine, as open registration takes it.
    package static func isLoopback(_ uri: String) -> Bool {
        withoutLoopbackPort(uri) != nil
            || ["https://localhost", "https://127.0.0.1", "http://[::1]", "https://[::1]"].contains { origin in
                withoutPort(uri, of: origin) != nil
            }
    }

    /// The URI without its port when it is `http` on this machine by name or IPv4 address; nil for others.
    private static func withoutLoopbackPort(_ uri: String) -> String? {
        withoutPort(uri, of: "http://localhost") ?? withoutPort(uri, of: "http://127.0.0.1")
    }

    /// Nil for a URI of another origin, and for what stands there without being a port.
    private static func withoutPort(_ uri: String, of origin: String) -> String? {
        guard uri.hasPrefix(origin) else { return nil }
        var rest = uri.dropFirst(origin.count)
        if rest.first == ":" {
            let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard digits.utf8.isPort else { return nil }
            rest = rest[digits.endIndex...]
        }
        guard rest.isEmpty || rest.first == "/" || rest.first == "?" else { return nil }
        return origin + rest
    }
}

extension Substring.UTF8View {
    /// Whether these are the digits of a port as URLs have it: 1 to 65535, without zeros in front.
    package var isPort: Bool {
        var port = 0
        for digit in self {
            guard (48...57).contains(digit), port > 0 || digit > 48, port < 6554 else { return false }
            port = port * 10 + Int(digit) - 48
        }
        return (1...65_535).contains(port)
    }
}
