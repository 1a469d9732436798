/// Microsoft Graph's permissions that decide something in Lapse, and who may do what.
package enum Permission {
    /// The permissions that Lapse knows by name. A client's registration may list others; they open nothing here.
    package static let known: Set<String> = [
        "User.Read", "User.ReadBasic.All", "User.Read.All", "User.ReadWrite", "User.ReadWrite.All", "User.RevokeSessions.All",
        "Directory.Read.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All", "AuditLog.Read.All",
        "User.EnableDisableAccount.All", "User-PasswordProfile.ReadWrite.All", "User.DeleteRestore.All", "User.Invite.All",
        "UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All", "Application.Read.All",
        "Application.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All",
    ]

    /// Entra: the newest edition of user-revokesigninsessions, least `User.RevokeSessions.All`, higher the two others.
    static let revokeDelegated: Set = ["User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"]
    /// Entra: recorded traffic of 2021 shows that `Directory.AccessAsUser.All` is enough for one's own sign-ins.
    static let revokeOwn = revokeDelegated.union(["Directory.AccessAsUser.All"])
    /// Entra: the newest edition offers applications no higher permission.
    static let revokeApplication: Set = ["User.RevokeSessions.All"]
    /// Entra: the page of beta of 2023.
    static let revokeIn2023: Set = ["User.ReadWrite.All", "Directory.ReadWrite.All"]
    /// Entra: the page of v1.0 of 2019.
    static let revokeIn2019: Set = ["User.ReadWrite", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"]
    static let revokeApplicationIn2019: Set = ["Directory.ReadWrite.All", "Directory.AccessAsUser.All"]
    /// Entra: user-get and user-list.
    static let readUsers: Set = [
        "User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ]
    static let readOwn = readUsers.union(["User.Read", "User.ReadWrite"])
    /// Entra: user-update and user-post-users.
    static let writeUsers: Set = ["User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"]
    static let writeOwn = writeUsers.union(["User.ReadWrite"])
    /// Entra: user-update, `accountEnabled`.
    static let enableUsers: Set = ["User.EnableDisableAccount.All", "User.ReadWrite.All", "Directory.AccessAsUser.All"]
    /// Entra: user-update, `passwordProfile`.
    static let setPasswords: Set = ["User-PasswordProfile.ReadWrite.All", "Directory.AccessAsUser.All"]
    /// Entra: user-delete, directory-deleteditems-restore.
    static let deleteUsers: Set = ["User.DeleteRestore.All", "User.ReadWrite.All", "Directory.AccessAsUser.All"]
    /// Entra: user-changepassword.
    static let changeOwnPassword: Set = ["Directory.AccessAsUser.All"]
    /// Entra: authenticationmethod-resetpassword, delegated alone.
    static let resetPasswords: Set = ["UserAuthenticationMethod.ReadWrite.All"]
    /// Entra: authentication-list-methods.
    static let readMethods: Set = ["UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"]
    /// Entra: invitation-post.
    static let invite: Set = ["User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"]
    /// Entra: application-list, serviceprincipal-list.
    static let readApps: Set = [
        "Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
    ]
    /// Entra: application-update, serviceprincipal-update, serviceprincipal-delete.
    static let writeApps: Set = ["Application.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"]
    /// Entra: serviceprincipal-post-approleassignedto.
    static let assign: Set = ["AppRoleAssignment.ReadWrite.All", "Directory.AccessAsUser.All"]
    /// Entra: oauth2permissiongrant-list.
    static let readConsents: Set = [
        "DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All",
        "Directory.ReadWrite.All", "Directory.AccessAsUser.All",
    ]
    static let readUsersApplication = readUsers.subtracting(["Directory.AccessAsUser.All"])
}

/// Who calls Graph, as the access token says.
package struct GraphCaller: Sendable {
    /// Nil: an application on its own.
    package let user: User?
    package let permissions: Set<String>

    package init(user: User?, permissions: Set<String>) {
        self.user = user
        self.permissions = permissions
    }

    /// Whether the caller may revoke the target's sign-ins: its own by permission, another's by permission and role.
    ///
    /// - Parameter edition: whose table of permissions counts.
    package func mayRevoke(_ target: User, by edition: Policies.Edition) -> Bool {
        let isOwn = user?.id == target.id
        let accepted =
            switch edition {
            case .newest:
                user == nil ? Permission.revokeApplication : isOwn ? Permission.revokeOwn : Permission.revokeDelegated
            // Entra: applications were not supported.
            case .beta2023: user == nil ? [] : Permission.revokeIn2023
            case .v1of2019: user == nil ? Permission.revokeApplicationIn2019 : Permission.revokeIn2019
            }
        guard holds(accepted) else { return false }
        return isOwn || user?.roles.contains { $0.mayReset(userWith: target.roles) } ?? true
    }

    /// Whether the caller may read the target's profile; nil asks for anybody's.
    package func mayRead(_ target: User?) -> Bool {
        guard let user else { return holds(Permission.readUsersApplication) }
        return holds(target?.id == user.id ? Permission.readOwn : Permission.readUsers)
    }

    /// Whether the caller may read how the target signs in: its own by permission, another's also by role. Entra: authentication-list-methods.
    package func mayReadMethods(of target: User) -> Bool {
        guard holds(Permission.readMethods) else { return false }
        guard let user, user.id != target.id else { return true }
        return user.roles.contains { $0.mayReadMethods }
    }

    /// Whether the caller may read of the tenant's apps.
    package func mayRead(_ collection: AppEntries.Collection) -> Bool {
        let accepted =
            switch collection {
            case .applications, .servicePrincipals: Permission.readApps
            case .consents: Permission.readConsents
            }
        return holds(user == nil ? accepted.subtracting(["Directory.AccessAsUser.All"]) : accepted)
    }

    /// Whether the caller may change apps and service principals; delegated also by role.
    package var mayWriteApps: Bool { holdsToWrite(Permission.writeApps) && user?.roles.contains(where: \.mayWriteApps) ?? true }

    /// Whether the caller may assign users to apps.
    package var mayAssign: Bool { holdsToWrite(Permission.assign) && user?.roles.contains(where: \.mayWriteApps) ?? true }

    /// Whether the caller may make users; delegated also by role, as everything that follows.
    package var mayCreateUsers: Bool {
        holdsToWrite(Permission.writeUsers) && user?.roles.contains(where: \.mayWriteUsers) ?? true
    }

    /// Whether the caller may change the target as it wants to: what is sensitive takes a permission of its own.
    package func mayUpdate(_ target: User, _ changes: GraphUserChanges) -> Bool {
        if changes.isSelfService, let user, user.id == target.id { return holds(Permission.writeOwn) }
        guard changes.permissions.allSatisfy(holdsToWrite) else { return false }
        guard let user else { return changes.sensitive.isEmpty || mayChangeSensitively(target) }
        guard changes.isSensitiveAlone || user.roles.contains(where: \.mayWriteUsers) else { return false }
        if changes.sensitive.isEmpty { return true }
        // A new password alone.
        if changes.sensitive == [.password] { return user.roles.contains { $0.mayReset(userWith: target.roles) } }
        return mayChangeSensitively(target)
    }

    /// Whether the caller may delete the target, restore it, and delete it for good.
    package func mayDelete(_ target: User) -> Bool { holdsToWrite(Permission.deleteUsers) && mayChangeSensitively(target) }

    /// Whether there is anybody whom the caller may delete or restore.
    package var mayDeleteUsers: Bool {
        holdsToWrite(Permission.deleteUsers) && user?.roles.contains { $0.mayChangeSensitively(userWith: []) } ?? true
    }

    /// Entra: user-update and user-delete, what an application may not do to somebody with a role.
    private func mayChangeSensitively(_ target: User) -> Bool {
        guard let user else { return target.roles.allSatisfy { $0 == .directoryReaders } }
        return user.roles.contains { $0.mayChangeSensitively(userWith: target.roles) }
    }

    /// Entra: directoryaudit-list and signin-list; delegated also by role.
    package var mayReadAuditLogs: Bool {
        holds(["AuditLog.Read.All"]) && user?.roles.contains(where: \.mayReadAuditLogs) ?? true
    }

    package var mayInvite: Bool { holds(Permission.invite) }
    package var mayChangeOwnPassword: Bool { user != nil && holds(Permission.changeOwnPassword) }

    /// Entra: never one's own, and never an application.
    package func mayResetPassword(of target: User) -> Bool {
        guard let user, user.id != target.id else { return false }
        return holds(Permission.resetPasswords) && user.roles.contains { $0.mayReset(userWith: target.roles) }
    }

    /// `Directory.AccessAsUser.All` means nothing without a user.
    private func holdsToWrite(_ accepted: Set<String>) -> Bool {
        holds(user == nil ? accepted.subtracting(["Directory.AccessAsUser.All"]) : accepted)
    }

    private func holds(_ accepted: Set<String>) -> Bool { !permissions.isDisjoint(with: accepted) }
}

extension GraphUserChanges {
    /// One of each of these sets is needed.
    fileprivate var permissions: [Set<String>] {
        var sets: [Set<String>] = []
        if !isSensitiveAlone { sets.append(Permission.writeUsers) }
        if sensitive.contains(.accountEnabled) { sets.append(Permission.enableUsers) }
        if sensitive.contains(.password) { sets.append(Permission.setPasswords) }
        return sets
    }
}
