/// An API that access tokens are made for.
package struct ResourceAPI: Equatable, Sendable {
    package let id: ClientID
    package let name: String
    /// The names under which a scope may ask for it: application ID URI and client id.
    let names: [String]
    /// The prefix of its scopes in answers.
    let uri: String
    /// Nil: any permission that a client is registered for (Graph has hundreds).
    let scopes: [String]?
    /// The `aud` of its tokens.
    package let audience: String
    package let tokenVersion: Int64
    package let asksForCapabilities: Bool

    /// Microsoft Graph.
    package static func graph(of cloud: Cloud) -> ResourceAPI { microsoft[cloud]![0] }

    /// Azure Resource Manager, once under each of its names: a token's audience is the name it was asked for.
    package static func management(of cloud: Cloud) -> [ResourceAPI] { Array(microsoft[cloud]!.dropFirst()) }

    /// Microsoft's own APIs in a cloud, Graph first. Entra: their tokens are of version 1.
    static func microsoft(in cloud: Cloud) -> [ResourceAPI] { microsoft[cloud]! }

    private static let microsoft = Dictionary(
        uniqueKeysWithValues: Cloud.allCases.map { cloud in
            let graph = microsoft(FirstPartyApps.graph, "https://\(cloud.graphHost)", scopes: nil)
            let management = cloud.managementHosts.map {
                microsoft(FirstPartyApps.management, "https://\($0)", scopes: ["user_impersonation"])
            }
            return (cloud, [graph] + management)
        })

    private static func microsoft(_ app: AppRegistration, _ uri: String, scopes: [String]?) -> ResourceAPI {
        ResourceAPI(
            id: app.id, name: app.name, names: [uri, app.id.description], uri: uri, scopes: scopes, audience: uri, tokenVersion: 1,
            asksForCapabilities: true)
    }

    init(
        id: ClientID, name: String, names: [String], uri: String, scopes: [String]?, audience: String, tokenVersion: Int64,
        asksForCapabilities: Bool
    ) {
        self.id = id
        self.name = name
        self.names = names
        self.uri = uri
        self.scopes = scopes
        self.audience = audience
        self.tokenVersion = tokenVersion
        self.asksForCapabilities = asksForCapabilities
    }

    /// Nil when the app exposes no API.
    package init?(_ app: AppRegistration) {
        guard let api = app.exposes else { return nil }
        self.init(
            id: app.id, name: app.name, names: [api.uri, app.id.description], uri: api.uri, scopes: api.scopes,
            // Entra: access-tokens.md, a version 1 token names the URI, a version 2 token the client id.
            audience: app.accessTokenVersion == 2 ? app.id.description : api.uri, tokenVersion: app.accessTokenVersion,
            asksForCapabilities: api.asksForCapabilities)
    }

    package func isNamed(_ uri: String) -> Bool { names.contains(uri) }

    package var isGraph: Bool { id == FirstPartyApps.graph.id }
}

/// What a request was granted: OpenID scopes and the permissions at one resource.
package struct GrantedScope: Equatable, Sendable {
    static let openIDScopes = ["email", "openid", "profile"]

    /// Whether the word is of OpenID Connect: a permission of no resource.
    static func isReserved(_ word: String) -> Bool { openIDScopes.contains(word) || word == "offline_access" }

    package let resource: ResourceAPI
    /// In the order that Entra prints: email, openid, profile.
    package let openID: [String]
    package let isOffline: Bool
    /// Short names of delegated permissions, such as `User.Read`.
    package let permissions: [String]
    /// The permissions as the client spelled them, long or short.
    let spelled: [String]

    /// What the token answer prints: never `offline_access`.
    package var text: String { (openID + spelled).joined(separator: " ") }

    /// What the grant keeps: the whole, to be asked for again on a refresh that names no scope.
    package var grantText: String { (openID + (isOffline ? ["offline_access"] : []) + spelled).joined(separator: " ") }

    /// The `scp` claim. Entra: Graph's tokens carry the OpenID scopes too, for userinfo.
    package var claim: String { ((resource.isGraph ? openID : []) + permissions).joined(separator: " ") }

    package func has(openID scope: String) -> Bool { openID.contains(scope) }
}

/// Reads the `scope` of a request against what the client is registered for.
package struct ScopePolicy: Sendable {
    let app: AppRegistration
    private let microsoft: [ResourceAPI]
    /// The APIs of the directory besides Microsoft's.
    private let own: [ResourceAPI]
    private let directory: String
    /// What a scope means that names no resource.
    package let graph: ResourceAPI

    /// - Parameter resources: the APIs of the directory besides Graph.
    package init(app: AppRegistration, resources: [ResourceAPI], tenant: Tenant) {
        self.app = app
        graph = .graph(of: tenant.cloud)
        // Under an alias the cloud is not known yet.
        microsoft =
            tenant.id == Tenant.noID
            ? Cloud.allCases.flatMap(ResourceAPI.microsoft(in:)) : ResourceAPI.microsoft(in: tenant.cloud)
        own = resources
        directory = tenant.name
    }

    /// The delegated scopes that the text asks for.
    ///
    /// - Parameter mayNameSeveralResources: at authorize, where consent for several is asked at once; the first is granted.
    /// - Throws: `EntraError`: 70011 for what is no scope, 500011 for an unknown resource, 28000 for two resources,
    ///   65001 for a permission the client is not registered for.
    package func delegated(_ text: String, mayNameSeveralResources: Bool = false) throws(EntraError) -> GrantedScope {
        var openID: [String] = []
        var isOffline = false
        var resource: ResourceAPI?
        var permissions: [String] = []
        var spelled: [String] = []
        for word in text.parts(between: " ").map(String.init) {
            if word.isSame(as: "offline_access") {
                isOffline = true
                continue
            }
            if let name = GrantedScope.openIDScopes.first(where: word.isSame) {
                openID.append(name)
                continue
            }
            let (api, name, isLong) = try split(word, of: text)
            if let first = resource, first.id != api.id {
                guard mayNameSeveralResources else { throw AADSTS.severalResources.error(["scope": text]) }
                continue
            }
            resource = api
            if name.isSame(as: ".default") {
                let all = registered(at: api)
                permissions += all
                spelled += all.map { "\(api.uri)/\($0)" } + [word]
            } else {
                let permission = try permission(name, at: api, word: word)
                permissions.append(permission)
                spelled.append(isLong ? "\(api.uri)/\(permission)" : permission)
            }
        }
        guard resource != nil || !openID.isEmpty || isOffline else {
            throw AADSTS.invalidScope.error(["scope": text])
        }
        return GrantedScope(
            resource: resource ?? graph, openID: GrantedScope.openIDScopes.filter(openID.contains), isOffline: isOffline,
            permissions: permissions.uniqued(), spelled: spelled.uniqued())
    }

    /// The resource of an application's own request, which has to ask for `{resource}/.default`.
    package func application(_ text: String) throws(EntraError) -> ResourceAPI {
        let words = text.parts(between: " ").map(String.init)
        guard words.count == 1 else { throw AADSTS.invalidScope.error(["scope": text]) }
        guard words[0].lowercased().hasSuffix("/.default") else { throw AADSTS.scopeNotDefault.error(["scope": words[0]]) }
        return try split(words[0], of: text).api
    }

    /// The resource, the scope's short name and whether it was spelled with its resource.
    private func split(_ word: String, of text: String) throws(EntraError) -> (api: ResourceAPI, name: String, isLong: Bool) {
        guard word.utf8.count <= 512 else { throw AADSTS.invalidScope.error(["scope": word]) }
        guard let slash = word.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (graph, word, false) }
        let name = String(word[word.index(after: slash)...])
        // `https://resource//.default` names the resource `https://resource/`.
        let prefix = String(word[..<slash]).trimming { $0 == "/" }
        guard !name.isEmpty, !prefix.isEmpty else { throw AADSTS.invalidScope.error(["scope": text]) }
        func isNamed(_ api: ResourceAPI) -> Bool { api.names.contains(where: prefix.isSame) }
        guard let api = microsoft.first(where: isNamed) ?? own.first(where: isNamed) else {
            throw AADSTS.resourceNotFound.error(["resource": prefix, "directory": directory])
        }
        return (api, name, true)
    }

    /// The registered spelling of a permission, which Entra compares without case.
    private func permission(_ name: String, at api: ResourceAPI, word: String) throws(EntraError) -> String {
        func matches(_ other: String) -> Bool { other.isSame(as: name) }
        // The usual case, without a list of all that is registered.
        if api.isGraph, let entry = app.delegatedPermissions.first(where: matches), !GrantedScope.isReserved(entry) { return entry }
        if app.isOpen {
            if let known = (api.scopes ?? Array(Permission.known)).first(where: matches) { return known }
        } else if let registered = registered(at: api).first(where: matches) {
            return registered
        }
        guard (api.scopes ?? Array(Permission.known)).contains(where: matches), !app.isOpen else {
            throw AADSTS.invalidScope.error(["scope": word])
        }
        throw .notConsented(app)
    }

    /// The OpenID scopes that the client is registered for.
    var openID: [String] { app.delegatedPermissions.filter(GrantedScope.isReserved) }

    /// What the client is registered for, by resource.
    var registeredByResource: [(resource: ResourceAPI, permissions: [String])] {
        var seen: Set<ClientID> = []
        return (microsoft + own).compactMap { api in
            // A resource may have several names.
            let permissions = registered(at: api)
            return permissions.isEmpty || !seen.insert(api.id).inserted ? nil : (api, permissions)
        }
    }

    /// What the client is registered for at this resource, by short names.
    private func registered(at api: ResourceAPI) -> [String] {
        if app.isOpen { return api.scopes ?? ["User.Read"] }
        return app.delegatedPermissions.compactMap { entry in
            guard let slash = entry.utf8.lastIndex(of: UInt8(ascii: "/")) else {
                return api.isGraph && !GrantedScope.isReserved(entry) ? entry : nil
            }
            return api.names.contains(String(entry[..<slash])) ? String(entry[entry.index(after: slash)...]) : nil
        }
    }
}

extension String {
    /// Whether the word is one of those that the text names between blanks.
    func hasWord(_ word: String) -> Bool {
        utf8.split(separator: UInt8(ascii: " ")).contains { $0.elementsEqual(word.utf8) }
    }

    /// The parts that are not empty, found byte by byte: ``split(separator:)`` looks for whole characters.
    ///
    /// - Parameter separator: of ASCII.
    package func parts(between separator: Unicode.Scalar) -> [Substring] {
        utf8.split(separator: UInt8(ascii: separator)).map(Substring.init)
    }

    /// Equal but for the case of ASCII letters, as Entra compares scopes and resources.
    func isSame(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return zip(utf8, other.utf8).allSatisfy { $0 == $1 || ($0 ^ $1 == 0x20 && (97...122).contains($0 | 0x20)) }
    }
}

extension Collection where Element: Hashable {
    func uniqued() -> [Element] {
        guard count > 1 else { return Array(self) }
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
