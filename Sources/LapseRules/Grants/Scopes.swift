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
    /// What its tokens say beside the usual.
    let optionalClaims: Set<AppRegistration.OptionalClaims.Claim>

    /// Microsoft Graph.
    package static func graph(of cloud: Cloud) -> ResourceAPI { microsoft[cloud]![0] }

    /// Azure Resource Manager, once under each of its names: a token's audience is the name it was asked for.
    package static func management(of cloud: Cloud) -> [ResourceAPI] {
        microsoft[cloud]!.filter { $0.id == FirstPartyApps.management.id }
    }

    /// Microsoft's own APIs in a cloud, Graph first. Entra: their tokens are of version 1.
    static func microsoft(in cloud: Cloud) -> [ResourceAPI] { microsoft[cloud]! }

    private static let microsoft = Dictionary(
        uniqueKeysWithValues: Cloud.allCases.map { cloud in
            let graph = microsoft(FirstPartyApps.graph, "https://\(cloud.graphHost)", scopes: nil)
            let management = cloud.managementHosts.map {
                microsoft(FirstPartyApps.management, "https://\($0)", scopes: ["user_impersonation"])
            }
            // Lapse knows the names of these in the global cloud alone.
            return (cloud, [graph] + management + (cloud == .global ? others : []))
        })

    /// Entra: the resources that public tools ask tokens for. Azure DevOps goes by its id.
    private static let others: [ResourceAPI] = [
        microsoft(FirstPartyApps.exchange, "https://outlook.office.com", scopes: mailScopes, "https://outlook.office365.com"),
        microsoft(FirstPartyApps.keyVault, "https://vault.azure.net", scopes: ["user_impersonation"]),
        microsoft(FirstPartyApps.storage, "https://storage.azure.com", scopes: ["user_impersonation"]),
        microsoft(FirstPartyApps.database, "https://database.windows.net", scopes: ["user_impersonation"]),
        microsoft(
            FirstPartyApps.devOps, FirstPartyApps.devOps.id.description, scopes: ["user_impersonation"],
            "https://app.vssps.visualstudio.com"),
    ]

    private static let mailScopes = [
        "IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send", "EWS.AccessAsUser.All", "Mail.Read", "Mail.ReadWrite",
        "Mail.Send", "Calendars.Read", "Calendars.ReadWrite", "Contacts.Read", "Contacts.ReadWrite", "User.Read",
    ]

    /// - Parameter more: further names by which scopes may ask for it.
    private static func microsoft(_ app: AppRegistration, _ uri: String, scopes: [String]?, _ more: String...) -> ResourceAPI {
        ResourceAPI(
            id: app.id, name: app.name, names: [uri, app.id.description] + more, uri: uri, scopes: scopes, audience: uri,
            tokenVersion: 1, asksForCapabilities: true)
    }

    init(
        id: ClientID, name: String, names: [String], uri: String, scopes: [String]?, audience: String, tokenVersion: Int64,
        asksForCapabilities: Bool, optionalClaims: Set<AppRegistration.OptionalClaims.Claim> = []
    ) {
        self.id = id
        self.name = name
        self.names = names
        self.uri = uri
        self.scopes = scopes
        self.audience = audience
        self.tokenVersion = tokenVersion
        self.asksForCapabilities = asksForCapabilities
        self.optionalClaims = optionalClaims
    }

    /// Nil when the app exposes no API.
    package init?(_ app: AppRegistration) {
        guard let api = app.exposes else { return nil }
        self.init(
            id: app.id, name: app.name, names: [api.uri, app.id.description], uri: api.uri, scopes: api.scopes,
            // Entra: access-tokens.md, a version 1 token names the URI, a version 2 token the client id.
            audience: app.accessTokenVersion == 2 ? app.id.description : api.uri, tokenVersion: app.accessTokenVersion,
            asksForCapabilities: api.asksForCapabilities, optionalClaims: app.optionalClaims.accessToken)
    }

    package func isNamed(_ uri: String) -> Bool { names.contains(uri) }

    /// - Parameter indicator: the `resource` that a request names beside its scope (RFC 8707); nil: none.
    /// - Throws: `EntraError`: 9010010 when it is another one.
    func check(indicator: String?) throws(EntraError) {
        guard let indicator else { return }
        let named = indicator.trimming { $0 == "/" }
        guard names.contains(where: named.isSame) else { throw AADSTS.resourceNotOfScope.error() }
    }

    package var isGraph: Bool { id == FirstPartyApps.graph.id }
}

/// What a request was granted: OpenID scopes and the permissions at one resource.
package struct GrantedScope: Equatable, Sendable {
    static let openIDScopes = ["email", "openid", "profile"]

    /// Whether the word is of OpenID Connect: a permission of no resource.
    static func isReserved(_ word: String) -> Bool { openIDScopes.contains(word) || word == "offline_access" }

    /// The same whatever the case: whether a word that a client sent asks for something at a resource.
    static func isOfResource(_ word: String) -> Bool {
        !openIDScopes.contains(where: word.isSame) && !word.isSame(as: "offline_access")
    }

    package let resource: ResourceAPI
    /// In the order that Entra prints: email, openid, profile.
    package let openID: [String]
    package let isOffline: Bool
    /// Short names of delegated permissions, such as `User.Read`.
    package let permissions: [String]
    /// The permissions as the client spelled them, long or short.
    let spelled: [String]
    /// What was asked for besides at other resources, as the client spelled it.
    private(set) var others: [String] = []
    /// Those of the permissions, of all resources, that the client is not registered for: whoever signs in has to consent to them.
    package private(set) var dynamic: [String] = []

    /// What the token answer prints: never `offline_access`.
    package var text: String { (openID + spelled).joined(separator: " ") }

    /// What the grant keeps: the whole, to be asked for again on a refresh that names no scope.
    package var grantText: String { (openID + (isOffline ? ["offline_access"] : []) + spelled + others).joined(separator: " ") }

    /// Whether an app asks for its own API, and by another name than its client id.
    func isForItself(of app: AppRegistration) -> Bool { resource.id == app.id && spelled.contains { !$0.hasPrefix("\(app.id)/") } }

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

    /// What becomes of a scope that names several resources.
    package enum Several: Sendable {
        /// Consent for all is asked at once, and the grant keeps them; a token is for the first.
        case asked
        /// As ``asked``, for the first alone.
        case first
        /// 28000: the request names them.
        case refused
        /// 28003: the grant's own scope does, and the request chooses none.
        case unchosen
    }

    /// The delegated scopes that the text asks for.
    ///
    /// - Parameter consented: what the user has consented to beside the client's registration; nil: whoever signs in is asked.
    /// - Throws: `EntraError`: 70011 for what is no scope, 500011 for an unknown resource, 650053 for a permission that a resource does not
    ///   have, 65001 for one that nobody has consented to, and the code of `several`.
    package func delegated(
        _ text: String, several: Several = .refused, consented: Set<String>? = []
    ) throws(EntraError) -> GrantedScope {
        var openID: [String] = []
        var isOffline = false
        var resource: ResourceAPI?
        var permissions: [String] = []
        var spelled: [String] = []
        var (others, dynamic): ([String], [String]) = ([], [])
        var (namesDefault, namesPermission) = (false, false)
        for word in text.words {
            if word.isSame(as: "offline_access") {
                isOffline = true
                continue
            }
            if let name = GrantedScope.openIDScopes.first(where: word.isSame) {
                openID.append(name)
                continue
            }
            let (api, name, isLong) = try split(word, of: text)
            let isDefault = name.isSame(as: ".default")
            let isOther = resource.map { $0.id != api.id } ?? false
            if isOther {
                switch several {
                case .asked: break
                case .first: continue
                case .refused: throw AADSTS.severalResources.error(["scope": text])
                case .unchosen: throw AADSTS.scopeMissing.error()
                }
            }
            resource = resource ?? api
            if isDefault { namesDefault = true } else { namesPermission = true }
            // An app's own API keeps the name by which it was asked for: facts of 90009.
            let prefix = api.id == app.id && word.hasPrefix("\(app.id)/") ? app.id.description : api.uri
            guard !isDefault else {
                let all = registered(at: api)
                guard !isOther else {
                    others += all.map { "\(prefix)/\($0)" } + [word]
                    continue
                }
                permissions += all
                spelled += all.map { "\(prefix)/\($0)" } + [word]
                continue
            }
            let (permission, isRegistered) = try permission(name, at: api)
            if !isRegistered {
                let name = api.isGraph ? permission : "\(api.uri)/\(permission)"
                guard consented?.contains(name) ?? true else { throw .notConsented(app) }
                dynamic.append(name)
            }
            guard !isOther else {
                others.append("\(prefix)/\(permission)")
                continue
            }
            permissions.append(permission)
            spelled.append(isLong ? "\(prefix)/\(permission)" : permission)
        }
        // A grant's own scope names both: what `.default` stood for, and itself.
        if namesDefault, namesPermission, several == .refused || several == .asked { throw .defaultBesideOthers(text) }
        guard resource != nil || !openID.isEmpty || isOffline else {
            throw AADSTS.invalidScope.error(["scope": text])
        }
        return GrantedScope(
            resource: resource ?? graph, openID: GrantedScope.openIDScopes.filter(openID.contains), isOffline: isOffline,
            permissions: permissions.uniqued(), spelled: spelled.uniqued(), others: others.uniqued(), dynamic: dynamic.uniqued())
    }

    /// The resource of an application's own request, which has to ask for `{resource}/.default`. Entra: facts of MSAL Go, the OpenID scopes
    /// beside it are read past, and it may stand there twice.
    ///
    /// - Throws: `EntraError`: 1002012 for every other scope, 28000 for two resources, 500011 for an unknown one.
    package func application(_ text: String) throws(EntraError) -> ResourceAPI {
        let words = text.words.filter(GrantedScope.isOfResource)
        guard !words.isEmpty, words.allSatisfy({ $0.lowercased().hasSuffix("/.default") }) else {
            throw AADSTS.scopeNotDefault.error(["scope": text])
        }
        let first = try split(words[0], of: text).api
        for word in words.dropFirst() where try split(word, of: text).api.id != first.id {
            throw AADSTS.severalResources.error(["scope": text])
        }
        return first
    }

    /// Whether the text asks for all of what is registered, and by name for more. Entra: facts of 70011, the authorize endpoint shows a page.
    package static func namesDefaultBesideOthers(_ text: String) -> Bool {
        let words = text.words.filter(GrantedScope.isOfResource)
        let count = words.count { $0.lowercased().hasSuffix("/.default") }
        return count > 0 && count < words.count
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

    /// A permission as it is spelled, which Entra compares without case, and whether the client is registered for it.
    private func permission(_ name: String, at api: ResourceAPI) throws(EntraError) -> (name: String, isRegistered: Bool) {
        func matches(_ other: String) -> Bool { other.isSame(as: name) }
        // The usual case, without a list of all that is registered.
        if api.isGraph, let entry = app.delegatedPermissions.first(where: matches), !GrantedScope.isReserved(entry) {
            return (entry, true)
        }
        if !app.isOpen, let registered = registered(at: api).first(where: matches) { return (registered, true) }
        // Graph's own names are many: only whoever asks for what is not registered pays for finding one.
        guard let known = api.scopes.map({ $0.first(where: matches) }) ?? GraphPermissions.spelled(name) else {
            throw AADSTS.scopeUnknown.error(["name": app.name, "scope": name, "resource": api.id.description])
        }
        return (known, app.isOpen)
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
    /// What stands between blanks.
    var words: [String] {
        var text = self
        return text.withUTF8 { bytes in
            bytes.split(separator: UInt8(ascii: " ")).map { String(decoding: UnsafeBufferPointer(rebasing: $0), as: UTF8.self) }
        }
    }

    /// Whether the word is one of those that the text names between blanks.
    func hasWord(_ word: String) -> Bool {
        withUTF8(and: word) { text, word in
            var rest = text[...]
            while let start = rest.firstIndex(where: { $0 != UInt8(ascii: " ") }) {
                let part = rest[start...].prefix { $0 != UInt8(ascii: " ") }
                if part.elementsEqual(word) { return true }
                rest = rest[part.endIndex...]
            }
            return false
        }
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
        return withUTF8(and: other) { one, other in
            one.indices.allSatisfy { index in
                let difference = one[index] ^ other[index]
                return difference == 0 || (difference == 0x20 && (97...122).contains(one[index] | 0x20))
            }
        }
    }

    /// Both texts as bytes: to go through the characters of a text, or its bytes one by one from outside, costs many times as much.
    private func withUTF8<Result>(
        and other: String, _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        var (one, other) = (self, other)
        return one.withUTF8 { one in other.withUTF8 { other in body(one, other) } }
    }
}

extension Collection where Element: Hashable {
    package func uniqued() -> [Element] {
        // Few are compared sooner than hashed.
        guard count > 16 else {
            return reduce(into: []) { found, element in if !found.contains(element) { found.append(element) } }
        }
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
