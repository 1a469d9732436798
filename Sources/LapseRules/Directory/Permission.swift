/// Microsoft Graph's permissions that decide something in Lapse, and who may do what.
public enum Permission {
    /// The permissions that Lapse knows by name. A client's registration may list others; they open nothing here.
    public static let known: Set<String> = [
        "User.Read", "User.ReadBasic.All", "User.Read.All", "User.ReadWrite", "User.ReadWrite.All", "User.RevokeSessions.All",
        "Directory.Read.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All", "AuditLog.Read.All",
    ]

    /// Entra: the newest edition of user-revokesigninsessions, least `User.RevokeSessions.All`, higher the two others.
    static let revokeDelegated: Set = ["User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"]
    /// Entra: recorded traffic of 2021 shows that `Directory.AccessAsUser.All` is enough for one's own sign-ins.
    static let revokeOwn = revokeDelegated.union(["Directory.AccessAsUser.All"])
    /// Entra: the newest edition offers applications no higher permission.
    static let revokeApplication: Set = ["User.RevokeSessions.All"]
    /// Entra: user-get and user-list.
    static let readUsers: Set = [
        "User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ]
    static let readOwn = readUsers.union(["User.Read", "User.ReadWrite"])
    static let readUsersApplication = readUsers.subtracting(["Directory.AccessAsUser.All"])
}

/// Who calls Graph, as the access token says.
public struct GraphCaller: Sendable {
    /// Nil: an application on its own.
    public let user: User?
    public let permissions: Set<String>

    public init(user: User?, permissions: Set<String>) {
        self.user = user
        self.permissions = permissions
    }

    /// Whether the caller may revoke the target's sign-ins: its own by permission, another's by permission and role.
    public func mayRevoke(_ target: User) -> Bool {
        guard let user else { return holds(Permission.revokeApplication) }
        if user.id == target.id { return holds(Permission.revokeOwn) }
        return holds(Permission.revokeDelegated) && user.roles.contains(where: \.mayRevokeOthers)
    }

    /// Whether the caller may read the target's profile; nil asks for anybody's.
    public func mayRead(_ target: User?) -> Bool {
        guard let user else { return holds(Permission.readUsersApplication) }
        return holds(target?.id == user.id ? Permission.readOwn : Permission.readUsers)
    }

    private func holds(_ accepted: Set<String>) -> Bool { !permissions.isDisjoint(with: accepted) }
}
