import Testing

@testable import LapseRules

@Suite("Who may do what at Graph")
struct GraphCallerTests {
    /// What Graph is asked for. Others are Adele, who has no role.
    enum Operation: String, CaseIterable, Sendable {
        case revokeOwn, revokeOthers, readOwn, readOthers, readAnybody, readApps, readServicePrincipals, readConsents
        case create, updateOwn, updateOthers, enableOthers, setPassword, enableAndSetPassword, updateAndEnable
        case delete, readAuditLogs, invite, changeOwnPassword, resetOwnPassword, resetPassword
        case writeApps, assign, readOwnMethods, readMethods

        func isAllowed(_ caller: GraphCaller, others: User = World.adele) -> Bool {
            let own = caller.user ?? others
            func may(_ target: User, _ body: JSON) -> Bool {
                guard let changes = try? GraphUserChanges(body, isNew: false) else { return false }
                return caller.mayUpdate(target, changes)
            }
            let password: JSON = ["password": "An0ther-secret!"]
            return switch self {
            case .revokeOwn: caller.mayRevoke(own, by: .newest)
            case .revokeOthers: caller.mayRevoke(others, by: .newest)
            case .readOwn: caller.mayRead(own)
            case .readOthers: caller.mayRead(others)
            case .readAnybody: caller.mayRead(User?.none)
            case .readApps: caller.mayRead(AppEntries.Collection.applications)
            case .readServicePrincipals: caller.mayRead(AppEntries.Collection.servicePrincipals)
            case .readConsents: caller.mayRead(AppEntries.Collection.consents)
            case .create: caller.mayCreateUsers
            case .updateOwn: may(own, ["jobTitle": "Diver"])
            case .updateOthers: may(others, ["jobTitle": "Diver"])
            case .enableOthers: may(others, ["accountEnabled": true])
            case .setPassword: may(others, ["passwordProfile": password])
            case .enableAndSetPassword: may(others, ["accountEnabled": true, "passwordProfile": password])
            case .updateAndEnable: may(others, ["jobTitle": "Diver", "accountEnabled": true])
            case .delete: caller.mayDelete(others)
            case .readAuditLogs: caller.mayReadAuditLogs
            case .invite: caller.mayInvite
            case .changeOwnPassword: caller.mayChangeOwnPassword
            case .resetOwnPassword: caller.mayResetPassword(of: own)
            case .resetPassword: caller.mayResetPassword(of: others)
            case .writeApps: caller.mayWriteApps
            case .assign: caller.mayAssign
            case .readOwnMethods: caller.mayReadMethods(of: own)
            case .readMethods: caller.mayReadMethods(of: others)
            }
        }
    }

    /// Microsoft's tables of permissions, written out again: which single ones are enough for a Global Administrator, and which
    /// for an application.
    static let permissions: [(operation: Operation, delegated: Set<String>, application: Set<String>)] = [
        (
            .revokeOwn,
            ["User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"],
            ["User.RevokeSessions.All"]
        ),
        (
            .revokeOthers, ["User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"],
            ["User.RevokeSessions.All"]
        ),
        (
            .readOwn,
            [
                "User.Read", "User.ReadWrite", "User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All",
                "Directory.ReadWrite.All", "Directory.AccessAsUser.All",
            ],
            ["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
        ),
        (
            .readOthers,
            [
                "User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All",
                "Directory.AccessAsUser.All",
            ],
            ["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
        ),
        (
            .readAnybody,
            [
                "User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All",
                "Directory.AccessAsUser.All",
            ],
            ["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
        ),
        (
            .readApps,
            [
                "Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All",
                "Directory.AccessAsUser.All",
            ], ["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
        ),
        (
            .readServicePrincipals,
            [
                "Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All",
                "Directory.AccessAsUser.All",
            ], ["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
        ),
        (
            .readConsents,
            [
                "DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All",
                "Directory.ReadWrite.All", "Directory.AccessAsUser.All",
            ],
            [
                "DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All",
                "Directory.ReadWrite.All",
            ]
        ),
        (
            .create, ["User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"],
            ["User.ReadWrite.All", "Directory.ReadWrite.All"]
        ),
        (
            .updateOwn, ["User.ReadWrite", "User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"],
            ["User.ReadWrite.All", "Directory.ReadWrite.All"]
        ),
        (
            .updateOthers, ["User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"],
            ["User.ReadWrite.All", "Directory.ReadWrite.All"]
        ),
        (
            .enableOthers, ["User.EnableDisableAccount.All", "User.ReadWrite.All", "Directory.AccessAsUser.All"],
            ["User.EnableDisableAccount.All", "User.ReadWrite.All"]
        ),
        (
            .setPassword, ["User-PasswordProfile.ReadWrite.All", "Directory.AccessAsUser.All"],
            ["User-PasswordProfile.ReadWrite.All"]
        ),
        (.enableAndSetPassword, ["Directory.AccessAsUser.All"], []),
        (.updateAndEnable, ["User.ReadWrite.All", "Directory.AccessAsUser.All"], ["User.ReadWrite.All"]),
        (
            .delete, ["User.DeleteRestore.All", "User.ReadWrite.All", "Directory.AccessAsUser.All"],
            ["User.DeleteRestore.All", "User.ReadWrite.All"]
        ),
        (.readAuditLogs, ["AuditLog.Read.All"], ["AuditLog.Read.All"]),
        (
            .invite, ["User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"],
            ["User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"]
        ),
        (.changeOwnPassword, ["Directory.AccessAsUser.All"], []),
        (.resetOwnPassword, [], []),
        (.resetPassword, ["UserAuthenticationMethod.ReadWrite.All"], []),
        (
            .writeApps, ["Application.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"],
            ["Application.ReadWrite.All", "Directory.ReadWrite.All"]
        ),
        (.assign, ["AppRoleAssignment.ReadWrite.All", "Directory.AccessAsUser.All"], ["AppRoleAssignment.ReadWrite.All"]),
        (
            .readOwnMethods, ["UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"],
            ["UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"]
        ),
        (
            .readMethods, ["UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"],
            ["UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"]
        ),
    ]

    @Test("Each permission opens what Microsoft's tables say, and nothing else", arguments: permissions)
    func permission(operation: Operation, delegated: Set<String>, application: Set<String>) {
        for permission in Permission.known {
            #expect(
                operation.isAllowed(GraphCaller(user: World.admin, permissions: [permission])) == delegated.contains(permission),
                "\(permission)")
            #expect(
                operation.isAllowed(GraphCaller(user: nil, permissions: [permission])) == application.contains(permission),
                "\(permission)")
        }
        #expect(!operation.isAllowed(GraphCaller(user: World.admin, permissions: ["Mail.Read"])))
        #expect(!operation.isAllowed(GraphCaller(user: nil, permissions: [])))
    }

    @Test("The permissions that Lapse knows: those of the tables, and no other")
    func known() {
        let tables = Self.permissions.reduce(into: Set<String>()) { $0.formUnion($1.delegated.union($1.application)) }
        #expect(Permission.known == tables)
    }

    @Test("The table has a row for each operation")
    func complete() { #expect(Self.permissions.map(\.operation) == Operation.allCases) }

    /// What users may do without a role, with every permission there is.
    private static let withoutRole: Set<Operation> = [
        .revokeOwn, .readOwn, .readOthers, .readAnybody, .readApps, .readServicePrincipals, .readConsents, .updateOwn, .invite,
        .changeOwnPassword, .readOwnMethods,
    ]
    private static let everything = Set(Operation.allCases).subtracting([.resetOwnPassword])
    private static let passwords: Set<Operation> = [.revokeOthers, .setPassword, .resetPassword]
    private static let sensitive: Set<Operation> = [.enableOthers, .enableAndSetPassword, .delete]

    /// What each role opens besides.
    static let roles: [(DirectoryRole?, Set<Operation>)] = [
        (nil, withoutRole), (.globalAdministrator, everything),
        (.userAdministrator, everything.subtracting([.readAuditLogs, .writeApps, .assign, .readMethods])),
        (.privilegedAuthenticationAdministrator, withoutRole.union(passwords).union(sensitive).union([.readMethods])),
        (.authenticationAdministrator, withoutRole.union(passwords).union(sensitive).union([.readMethods])),
        (.privilegedRoleAdministrator, withoutRole),
        (.passwordAdministrator, withoutRole.union(passwords)), (.helpdeskAdministrator, withoutRole.union(passwords)),
        (.applicationAdministrator, withoutRole.union([.writeApps, .assign])),
        (.cloudApplicationAdministrator, withoutRole.union([.writeApps, .assign])), (.groupsAdministrator, withoutRole),
        (.guestInviter, withoutRole), (.directoryReaders, withoutRole),
        (.messageCenterReader, withoutRole), (.reportsReader, withoutRole.union([.readAuditLogs])),
        (.usageSummaryReportsReader, withoutRole),
        (.securityReader, withoutRole.union([.readAuditLogs])),
    ]

    @Test("With every permission a user may do what the role is for", arguments: roles)
    func role(role: DirectoryRole?, expected: Set<Operation>) {
        let caller = GraphCaller(user: World.alex.with(\.roles, role.map { [$0] } ?? []), permissions: Permission.known)
        for operation in Operation.allCases {
            #expect(operation.isAllowed(caller) == expected.contains(operation), "\(operation)")
        }
    }

    @Test("The table has a row for each role")
    func allRoles() { #expect(Self.roles.compactMap(\.0) == DirectoryRole.allCases) }

    @Test("Of several roles the strongest counts")
    func several() {
        let caller = GraphCaller(
            user: World.alex.with(\.roles, [.directoryReaders, .helpdeskAdministrator, .securityReader]),
            permissions: Permission.known)
        #expect(Operation.setPassword.isAllowed(caller))
        #expect(Operation.revokeOthers.isAllowed(caller))
        #expect(Operation.readAuditLogs.isAllowed(caller))
        #expect(!Operation.updateOthers.isAllowed(caller))
    }

    /// Microsoft's table "Who can reset passwords", written out again: who reaches a user with the role.
    private static let password = DirectoryRole.passwordAdministrator, helpdesk = DirectoryRole.helpdeskAdministrator
    private static let authentication = DirectoryRole.authenticationAdministrator, users = DirectoryRole.userAdministrator
    private static let strongest: Set<DirectoryRole> = [.privilegedAuthenticationAdministrator, .globalAdministrator]
    static let targets: [(role: DirectoryRole?, resetBy: Set<DirectoryRole>)] = [
        (nil, strongest.union([password, helpdesk, authentication, users])),
        (.authenticationAdministrator, strongest.union([authentication])),
        (.directoryReaders, strongest.union([password, helpdesk, authentication, users])), (.globalAdministrator, strongest),
        (.groupsAdministrator, strongest.union([users])),
        (.guestInviter, strongest.union([password, helpdesk, authentication, users])),
        (.helpdeskAdministrator, strongest.union([helpdesk, users])),
        (.messageCenterReader, strongest.union([helpdesk, authentication, users])),
        (.passwordAdministrator, strongest.union([password, helpdesk, authentication, users])),
        (.privilegedAuthenticationAdministrator, strongest), (.privilegedRoleAdministrator, strongest),
        (.reportsReader, strongest.union([helpdesk, authentication, users])), (.userAdministrator, strongest.union([users])),
        (.usageSummaryReportsReader, strongest.union([helpdesk, authentication, users])), (.securityReader, strongest),
        (.applicationAdministrator, strongest), (.cloudApplicationAdministrator, strongest),
    ]

    @Test(
        "Who reaches an administrator follows from the roles of both, for revokes, passwords and accounts alike", arguments: targets
    )
    func target(role: DirectoryRole?, resetBy: Set<DirectoryRole>) {
        let target = World.adele.with(\.roles, role.map { [$0] } ?? [])
        for acting in DirectoryRole.allCases {
            let caller = GraphCaller(user: World.alex.with(\.roles, [acting]), permissions: Permission.known)
            for operation in [Operation.revokeOthers, .setPassword, .resetPassword] {
                #expect(operation.isAllowed(caller, others: target) == resetBy.contains(acting), "\(acting): \(operation)")
            }
            // Its columns without the two administrators of passwords: "Who can perform sensitive actions".
            let isSensitive = resetBy.subtracting([Self.password, Self.helpdesk]).contains(acting)
            for operation in [Operation.enableOthers, .enableAndSetPassword, .delete] {
                #expect(operation.isAllowed(caller, others: target) == isSensitive, "\(acting): \(operation)")
            }
            let mayWrite = [.globalAdministrator, Self.users].contains(acting)
            #expect(Operation.updateAndEnable.isAllowed(caller, others: target) == (isSensitive && mayWrite))
            #expect(Operation.updateOthers.isAllowed(caller, others: target) == mayWrite, "what is not sensitive")
        }
    }

    @Test("The table of targets has a row for each role")
    func allTargets() { #expect(Set(Self.targets.compactMap(\.role)) == Set(DirectoryRole.allCases)) }

    @Test("Of several roles of the target the strongest counts")
    func severalTargets() {
        let target = World.adele.with(\.roles, [.directoryReaders, .privilegedRoleAdministrator])
        for (role, isAllowed) in [(DirectoryRole.helpdeskAdministrator, false), (.globalAdministrator, true)] {
            let caller = GraphCaller(user: World.alex.with(\.roles, [role]), permissions: Permission.known)
            #expect(Operation.revokeOthers.isAllowed(caller, others: target) == isAllowed)
        }
    }

    @Test("An application changes nothing sensitive about an administrator, and revokes anybody")
    func applications() {
        for (roles, isTouchable) in [([], true), ([.directoryReaders], true), ([.helpdeskAdministrator], false)]
            as [([DirectoryRole], Bool)]
        {
            let (caller, target) = (GraphCaller(user: nil, permissions: Permission.known), World.adele.with(\.roles, roles))
            for operation in [Operation.enableOthers, .setPassword, .enableAndSetPassword, .updateAndEnable, .delete] {
                #expect(operation.isAllowed(caller, others: target) == isTouchable, "\(operation)")
            }
            #expect(Operation.updateOthers.isAllowed(caller, others: target))
            #expect(Operation.revokeOthers.isAllowed(caller, others: target))
        }
    }

    /// What users may change of themselves, with the permission for it and no role.
    static let ownChanges: [(body: JSON, isAllowed: Bool)] = [
        (["jobTitle": "Diver"], true), (["displayName": "A", "city": "Ulm"], true),
        (["userPrincipalName": "x@contoso.example"], false),
        (["mail": "x@contoso.example"], false), (["employeeId": "1"], false), (["accountEnabled": true], false),
        (["passwordProfile": ["password": "An0ther-secret!"]], false), (["jobTitle": "Diver", "mail": "x@contoso.example"], false),
        ([:], true),
    ]

    @Test("Users change of themselves what they are not known by", arguments: ownChanges)
    func own(body: JSON, isAllowed: Bool) throws {
        let changes = try GraphUserChanges(body, isNew: false)
        let caller = GraphCaller(user: World.adele, permissions: ["User.ReadWrite"])
        #expect(caller.mayUpdate(World.adele, changes) == isAllowed)
        #expect(!caller.mayUpdate(World.alex, changes))
        #expect(!GraphCaller(user: World.adele, permissions: ["User.Read"]).mayUpdate(World.adele, changes))
        // The administrator may all of it.
        #expect(GraphCaller(user: World.admin, permissions: Permission.known).mayUpdate(World.adele, changes))
    }

    @Test("Users who change themselves need a permission and no role")
    func selfService() throws {
        let changes = try GraphUserChanges(["jobTitle": "Diver"], isNew: false)
        for permission in ["User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"] {
            #expect(GraphCaller(user: World.adele, permissions: [permission]).mayUpdate(World.adele, changes), "\(permission)")
        }
    }
}
