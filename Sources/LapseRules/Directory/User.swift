/// A user object of one tenant: a member with a password, or a guest who signs in at home.
package struct User: Equatable, Sendable {
    /// Where a guest is a member: the account that its credentials, revocations and state belong to.
    package struct Home: Hashable, Sendable {
        package let tenant: GUID
        package let user: GUID

        package init(tenant: GUID, user: GUID) {
            self.tenant = tenant
            self.user = user
        }
    }

    package private(set) var id: GUID
    package private(set) var tenant: GUID
    package var userPrincipalName: String
    package var displayName: String
    package var givenName: String?
    package var surname: String?
    package var mail: String?
    /// Nil: the user has no password here (guests).
    package private(set) var passwordHash: SecretHash?
    /// The user id that salts the hash: another's when the password came from a template.
    package private(set) var passwordSalt: GUID
    /// As Graph shows it. What is in effect is the history of ``StateChange``.
    package var accountEnabled: Bool
    package var roles: [DirectoryRole]
    /// The refusals that are switched on for the user.
    package var challenges: [Challenge] = []
    /// The clients that the user, or an administrator, has taken consent from.
    package var withdrawnConsents: [ClientID] = []
    /// What the user consented to beside a client's registration, Graph's permissions by short name, others as `uri/scope`.
    package var consents: [ClientID: Set<String>] = [:]
    /// Nil: a member.
    package let guestOf: Home?
    package let createdAt: Timestamp
    /// Whether the password only serves to choose another one at the next sign-in.
    package var mustChangePassword = false
    /// What Graph keeps of the user besides, by property: see ``User/profileTexts``.
    package var profile: [String: JSON] = [:]

    package init(
        id: GUID, tenant: GUID, userPrincipalName: String, displayName: String, givenName: String? = nil, surname: String? = nil,
        mail: String? = nil, passwordHash: SecretHash?, passwordSalt: GUID? = nil, accountEnabled: Bool = true,
        roles: [DirectoryRole] = [], guestOf: Home? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.tenant = tenant
        self.userPrincipalName = userPrincipalName
        self.displayName = displayName
        self.givenName = givenName
        self.surname = surname
        self.mail = mail
        self.passwordHash = passwordHash
        self.passwordSalt = passwordSalt ?? id
        self.accountEnabled = accountEnabled
        self.roles = roles
        self.guestOf = guestOf
        self.createdAt = createdAt
    }

    /// The account whose credentials and revocations count: a guest's is at home.
    package var home: Home { guestOf ?? Home(tenant: tenant, user: id) }

    package var isGuest: Bool { guestOf != nil }

    /// The same user in another tenant, under the names that it has there: a copy, so that what a user comes to have later comes along.
    func moved(to tenant: GUID, id: GUID, userPrincipalName: String, mail: String?) -> User {
        var user = self
        (user.id, user.tenant, user.userPrincipalName, user.mail) = (id, tenant, userPrincipalName, mail)
        return user
    }

    /// The salted hash under which a password of the user with this id is kept.
    package static func hash(password: String, of user: GUID) -> SecretHash { SecretHash(of: password, salt: user.description) }

    package mutating func set(password: String) {
        passwordSalt = id
        passwordHash = Self.hash(password: password, of: id)
    }

    /// Takes a password in place of the former: it does not have to be changed, and has not expired.
    package mutating func replace(password: String) {
        set(password: password)
        mustChangePassword = false
        challenges.removeAll { $0.code == .passwordExpired }
    }

    /// Takes a password that is known by its hash.
    ///
    /// - Parameter salt: the user id that salts it.
    mutating func set(passwordHash: SecretHash, salt: GUID) {
        passwordSalt = salt
        self.passwordHash = passwordHash
    }

    /// Whether a challenge says so at the sign-in page.
    var isPasswordExpired: Bool { challenges.contains { $0.code == .passwordExpired && $0.on.contains(.authorize) } }

    package func hasPassword(_ password: String) -> Bool { passwordHash == Self.hash(password: password, of: passwordSalt) }
}

/// Directory roles that Lapse tells apart, by display name, with the template ids that tokens carry in `wids`.
///
/// Entra: permissions-reference.md of Microsoft Entra built-in roles.
package enum DirectoryRole: String, CaseIterable, Sendable {
    case globalAdministrator = "Global Administrator"
    case userAdministrator = "User Administrator"
    case privilegedAuthenticationAdministrator = "Privileged Authentication Administrator"
    case authenticationAdministrator = "Authentication Administrator"
    case privilegedRoleAdministrator = "Privileged Role Administrator"
    case passwordAdministrator = "Password Administrator"
    case helpdeskAdministrator = "Helpdesk Administrator"
    case applicationAdministrator = "Application Administrator"
    case cloudApplicationAdministrator = "Cloud Application Administrator"
    case groupsAdministrator = "Groups Administrator"
    case guestInviter = "Guest Inviter"
    case directoryReaders = "Directory Readers"
    case messageCenterReader = "Message Center Reader"
    case reportsReader = "Reports Reader"
    case usageSummaryReportsReader = "Usage Summary Reports Reader"
    case securityReader = "Security Reader"

    package var templateID: String {
        switch self {
        case .globalAdministrator: "62e90394-69f5-4237-9190-012177145e10"
        case .userAdministrator: "fe930be7-5e62-47db-91af-98c3a49a38b1"
        case .privilegedAuthenticationAdministrator: "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
        case .authenticationAdministrator: "c4e39bd9-1100-46d3-8c65-fb160da0071f"
        case .privilegedRoleAdministrator: "e8611ab8-c189-46e8-94e1-60213ab1f814"
        case .passwordAdministrator: "966707d0-3269-4727-9be2-8c3a10f19b9d"
        case .helpdeskAdministrator: "729827e3-9c14-49f7-bb1b-9608f156bbb8"
        case .applicationAdministrator: "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
        case .cloudApplicationAdministrator: "158c047a-c907-4556-b7ef-446551a6b5f7"
        case .groupsAdministrator: "fdd7a751-b60b-444a-984c-02652fe8fa1c"
        case .guestInviter: "95e79109-95c0-4d8e-aee3-d01accf2d47b"
        case .directoryReaders: "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
        case .messageCenterReader: "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b"
        case .reportsReader: "4a5d8f65-41da-4de4-8968-e035b65339cf"
        case .usageSummaryReportsReader: "75934031-6c7e-415a-99d7-48dbd49e875e"
        case .securityReader: "5d6b6bb7-de71-4623-b4af-96380a352509"
        }
    }

    /// Whether the role may reset the password of a user who has those roles, and revoke that user's sign-ins.
    ///
    /// Entra: privileged-roles-permissions.md, "Who can reset passwords": the table is also that of invalidating refresh tokens.
    package func mayReset(userWith roles: [DirectoryRole]) -> Bool {
        switch self {
        case .globalAdministrator, .privilegedAuthenticationAdministrator: true
        case .passwordAdministrator: Self.plain.isSuperset(of: roles)
        case .helpdeskAdministrator: Self.readers.union([self]).isSuperset(of: roles)
        case .authenticationAdministrator: Self.readers.union([self]).isSuperset(of: roles)
        case .userAdministrator: Self.readers.union([.groupsAdministrator, .helpdeskAdministrator, self]).isSuperset(of: roles)
        default: false
        }
    }

    /// The roles whose holders every administrator of that table reaches, and those that all but one reach.
    private static let plain: Set<DirectoryRole> = [.directoryReaders, .guestInviter, .passwordAdministrator]
    private static let readers = plain.union([.messageCenterReader, .reportsReader, .usageSummaryReportsReader])

    /// Whether the role may change what is sensitive about a user who has those roles: enable, disable, delete, restore.
    ///
    /// Entra: privileged-roles-permissions.md, "Who can perform sensitive actions": the same rows, and four of the columns.
    func mayChangeSensitively(userWith roles: [DirectoryRole]) -> Bool {
        switch self {
        case .passwordAdministrator, .helpdeskAdministrator: false
        default: mayReset(userWith: roles)
        }
    }

    /// Entra: authentication-list-methods, the roles.
    var mayReadMethods: Bool {
        [.globalAdministrator, .authenticationAdministrator, .privilegedAuthenticationAdministrator].contains(self)
    }

    /// Entra: serviceprincipal-update, application-update, the least roles.
    package var mayWriteApps: Bool {
        [.globalAdministrator, .applicationAdministrator, .cloudApplicationAdministrator].contains(self)
    }

    /// Entra: signin-list, the least roles.
    package var mayReadAuditLogs: Bool { [.globalAdministrator, .reportsReader, .securityReader].contains(self) }

    /// Entra: the roles that may create, change and delete users. Others who may reset passwords change nothing else.
    package var mayWriteUsers: Bool { self == .globalAdministrator || self == .userAdministrator }
}
