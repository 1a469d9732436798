/// What does a request to Microsoft Graph ask for? The method and the address after the version, read once.
package enum GraphRequest: Equatable, Sendable {
    package enum User: Equatable, Sendable {
        case me
        /// An object id or user principal name.
        case named(String)
    }

    case users
    case userCount
    case user(User)
    case userCollection(User, UserCollections.Name)
    case manager(User)
    case revokeSignInSessions(User)
    /// The old name, in beta alone.
    case invalidateAllRefreshTokens(User)
    case deletedUsers
    case deletedUser(String)
    case directoryAudits
    case signIns
    case apps(AppEntries.Collection)
    case appCount(AppEntries.Collection)
    case app(AppEntries.Collection, AppEntries.Key)
    case assignments(AppEntries.Key)
    case change(DirectoryChange)

    /// What changes users, besides their sign-ins.
    package enum DirectoryChange: Equatable, Sendable {
        case createUser
        case updateUser(User)
        case deleteUser(User)
        case changePassword
        case resetPassword(User)
        case restoreUser(String)
        case purgeUser(String)
        case invite
        case updateApplication(AppEntries.Key)
        case addPassword(AppEntries.Key)
        case removePassword(AppEntries.Key)
        case createServicePrincipal
        case updateServicePrincipal(AppEntries.Key)
        case deleteServicePrincipal(AppEntries.Key)
        case assign(AppEntries.Key)
        case unassign(AppEntries.Key, String)

        package var takesBody: Bool {
            switch self {
            case .createUser, .updateUser, .changePassword, .resetPassword, .invite, .updateApplication, .addPassword,
                .removePassword, .createServicePrincipal, .updateServicePrincipal, .assign:
                true
            case .deleteUser, .restoreUser, .purgeUser, .deleteServicePrincipal, .unassign: false
            }
        }
    }

    /// - Parameter path: the percent-encoded path behind `/v1.0` or `/beta`.
    /// - Throws: `GraphError` for a path that Lapse does not have, in Graph's words for an unknown segment, and for a method that
    ///   the path does not take.
    package init(method: String, path: String, isBeta: Bool) throws(GraphError) {
        var segments: [String] = []
        for part in path.split(separator: "/") {
            guard let segment = FormParameters.decodePath(String(part)) else { throw .unreadable }
            segments += Self.splittingKey(segment)
        }
        let asked = try Self.methods(of: segments, isBeta: isBeta)
        guard let request = asked[method] else { throw .wrongMethod(method) }
        self = request
    }

    /// What the address takes, by method.
    private static func methods(of segments: [String], isBeta: Bool) throws(GraphError) -> [String: GraphRequest] {
        let rest = Array(segments.dropFirst())
        switch segments.first?.lowercased() {
        case "me": return try methods(of: .me, Array(rest), isBeta: isBeta)
        case "users":
            guard let key = rest.first else { return ["GET": .users, "POST": .change(.createUser)] }
            if key == "$count", rest.count == 1 { return ["GET": .userCount] }
            return try methods(of: .named(key), Array(rest.dropFirst()), isBeta: isBeta)
        case "auditlogs" where rest.count == 1:
            switch rest[0].lowercased() {
            case "directoryaudits": return ["GET": .directoryAudits]
            case "signins": return ["GET": .signIns]
            default: throw .unknownPath(rest[0])
            }
        case "invitations" where rest.isEmpty: return ["POST": .change(.invite)]
        case "directory" where rest.first?.lowercased() == "deleteditems":
            return try deletedItems(Array(rest.dropFirst()))
        case let other:
            guard let collection = other.flatMap(AppEntries.Collection.init(segment:)) else {
                throw .unknownPath(rest.isEmpty ? other ?? "" : rest[0])
            }
            return try methods(of: collection, rest)
        }
    }

    private static func methods(
        of collection: AppEntries.Collection, _ rest: [String]
    ) throws(GraphError) -> [String: GraphRequest] {
        guard let first = rest.first else {
            let list: [String: GraphRequest] = ["GET": .apps(collection)]
            return collection == .servicePrincipals
                ? list.merging(["POST": .change(.createServicePrincipal)]) { $1 } : list
        }
        if first == "$count", rest.count == 1, collection != .consents { return ["GET": .appCount(collection)] }
        let key = AppEntries.Key(first)
        guard rest.count > 1 else {
            let read: [String: GraphRequest] = ["GET": .app(collection, key)]
            return switch collection {
            case .applications: read.merging(["PATCH": .change(.updateApplication(key))]) { $1 }
            case .servicePrincipals:
                read.merging(["PATCH": .change(.updateServicePrincipal(key)), "DELETE": .change(.deleteServicePrincipal(key))]) {
                    $1
                }
            case .consents: read
            }
        }
        switch (collection, plain(rest[1])) {
        case (.applications, "addpassword") where rest.count == 2: return ["POST": .change(.addPassword(key))]
        case (.applications, "removepassword") where rest.count == 2: return ["POST": .change(.removePassword(key))]
        case (.servicePrincipals, "approleassignedto") where rest.count == 2:
            return ["GET": .assignments(key), "POST": .change(.assign(key))]
        case (.servicePrincipals, "approleassignedto") where rest.count == 3: return ["DELETE": .change(.unassign(key, rest[2]))]
        default: throw .unknownPath(rest[1])
        }
    }

    private static func methods(
        of user: User, _ rest: [String], isBeta: Bool
    ) throws(GraphError) -> [String: GraphRequest] {
        guard let action = rest.first else {
            var methods: [String: GraphRequest] = ["GET": .user(user), "PATCH": .change(.updateUser(user))]
            if user != .me { methods["DELETE"] = .change(.deleteUser(user)) }
            return methods
        }
        if rest.count == 4, rest[0].lowercased() == "authentication", rest[1].lowercased() == "methods",
            rest[2].lowercased() == passwordMethod, plain(rest[3]) == "resetpassword"
        {
            return ["POST": .change(.resetPassword(user))]
        }
        if let name = UserCollections.Name(rest) { return ["GET": .userCollection(user, name)] }
        guard rest.count == 1 else { throw .unknownPath(rest[1]) }
        switch plain(action) {
        case "manager": return ["GET": .manager(user)]
        case "revokesigninsessions": return ["POST": .revokeSignInSessions(user)]
        case "invalidateallrefreshtokens" where isBeta: return ["POST": .invalidateAllRefreshTokens(user)]
        case "changepassword" where user == .me: return ["POST": .change(.changePassword)]
        default: throw .unknownPath(action)
        }
    }

    private static func deletedItems(_ rest: [String]) throws(GraphError) -> [String: GraphRequest] {
        switch rest.count {
        case 1 where plain(rest[0]) == "user": return ["GET": .deletedUsers]
        case 1 where GUID(rest[0]) != nil: return ["GET": .deletedUser(rest[0]), "DELETE": .change(.purgeUser(rest[0]))]
        case 2 where plain(rest[1]) == "restore": return ["POST": .change(.restoreUser(rest[0]))]
        default: throw .unknownPath(rest.last ?? "deletedItems")
        }
    }

    /// The password, as one of a user's authentication methods: it has the same id for every user.
    /// Entra: authenticationmethod-resetpassword.
    static let passwordMethod = "28c10230-6103-485e-b985-444c60001490"

    /// Clients may qualify an action or a type with its namespace, or with that one's alias as Graph's SDKs do.
    private static func plain(_ name: String) -> String {
        let name = name.lowercased()
        for namespace in ["microsoft.graph.", "graph."] where name.hasPrefix(namespace) {
            return String(name.dropFirst(namespace.count))
        }
        return name
    }

    /// `users('adele@contoso.example')` is `users/adele@contoso.example`; `applications(appId='…')` keeps the key's name.
    private static func splittingKey(_ segment: String) -> [String] {
        guard segment.hasSuffix("')"), let open = segment.firstIndex(of: "(") else { return [segment] }
        guard segment[open...].hasPrefix("('") else {
            return [String(segment[..<open]), String(segment[segment.index(after: open)...].dropLast())]
        }
        let key = segment[segment.index(open, offsetBy: 2)...].dropLast(2)
        return [String(segment[..<open]), String(key.replacing("''", with: "'"))]
    }
}
