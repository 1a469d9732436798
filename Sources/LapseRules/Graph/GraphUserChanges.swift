/// The body of a POST or PATCH of a user, read as Graph reads it. Entra: user-post-users, user-update.
package struct GraphUserChanges: Sendable {
    /// What needs a permission of its own.
    package enum Sensitive: CaseIterable, Sendable { case accountEnabled, password }

    private let members: [JSON.Member]
    package private(set) var newPassword: String?
    /// Whether the user has to choose another password at the next sign-in; nil: not said.
    package private(set) var mustChangePassword: Bool?

    /// What the body must name to make a user.
    private static let required = ["accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName"]
    private static let passwordLength = 8...256

    /// - Throws: `GraphError` in Graph's words for a property.
    package init(_ body: JSON, isNew: Bool) throws(GraphError) {
        guard case .object(let members) = body else { throw .unreadable }
        // Annotations such as @odata.type are for clients.
        self.members = members.filter { !$0.name.contains("@") }
        if isNew {
            for name in Self.required where body[name] ?? .null == .null { throw .missingProperty(name) }
        }
        guard let profile = body["passwordProfile"], profile != .null else { return }
        guard case .object = profile else { throw .invalidProperty("passwordProfile") }
        mustChangePassword = try Self.flag("forceChangePasswordNextSignIn", in: profile)
        if let value = profile["password"], value != .null {
            guard let password = value.text else { throw .invalidProperty("password") }
            try Self.check(password)
            newPassword = password
        } else if isNew {
            throw .missingProperty("password")
        }
    }

    /// - Throws: `GraphError` for a password that is too short or too long.
    package static func check(_ password: String) throws(GraphError) {
        guard passwordLength.contains(password.count) else { throw .weakPassword }
    }

    /// What of it is sensitive.
    package var sensitive: Set<Sensitive> {
        var found: Set<Sensitive> = []
        for member in members {
            if member.name == "accountEnabled" { found.insert(.accountEnabled) }
            if member.name == "passwordProfile" { found.insert(.password) }
        }
        return found
    }

    /// Whether users may change it themselves. Assumption: not what they are known by.
    var isSelfService: Bool {
        members.allSatisfy {
            !["accountEnabled", "passwordProfile", "userPrincipalName", "mail", "employeeId"].contains($0.name)
        }
    }

    /// Whether nothing else is changed.
    var isSensitiveAlone: Bool {
        !members.isEmpty && members.allSatisfy { ["accountEnabled", "passwordProfile"].contains($0.name) }
    }

    /// The user with the changes.
    package func applied(to user: User, tenant: Tenant) throws(GraphError) -> User {
        var user = user
        for member in members {
            let (name, value) = (member.name, member.value)
            switch name {
            case "accountEnabled":
                guard case .bool(let flag) = value else { throw .invalidProperty(name) }
                user.accountEnabled = flag
            case "displayName":
                guard let text = try Self.text(name, value) else { throw .invalidProperty(name) }
                user.displayName = text
            case "givenName": user.givenName = try Self.text(name, value)
            case "surname": user.surname = try Self.text(name, value)
            case "mail": user.mail = try Self.text(name, value)
            case "userPrincipalName":
                guard let text = try Self.text(name, value) else { throw .invalidProperty(name) }
                user.userPrincipalName = try Self.userPrincipalName(text, tenant: tenant)
            case "businessPhones":
                guard case .array(let phones) = value, phones.count <= 1, phones.allSatisfy({ $0.text != nil }) else {
                    throw .invalidProperty(name)
                }
                user.profile[name] = value
            case "passwordProfile": break
            case let name where User.profileTexts.contains(name):
                user.profile[name] = try Self.text(name, value).map(JSON.string)
            default: throw .unknownUserProperty(name)
            }
        }
        if let newPassword { user.set(password: newPassword) }
        if let mustChangePassword { user.mustChangePassword = mustChangePassword }
        return user
    }

    private static func userPrincipalName(_ text: String, tenant: Tenant) throws(GraphError) -> String {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        // Entra: the characters of a user principal name.
        let isPlain = parts[0].utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || Array("'.-_!#^~".utf8).contains($0)
        }
        guard parts.count == 2, !parts[0].isEmpty, isPlain, text.utf8.count <= 256 else {
            throw .invalidProperty("userPrincipalName")
        }
        guard tenant.domains.contains(parts[1].lowercased()) else { throw .unverifiedDomain }
        return text
    }

    private static func text(_ name: String, _ value: JSON) throws(GraphError) -> String? {
        if value == .null { return nil }
        guard let text = value.text, !text.isEmpty, text.utf8.count <= 1024 else { throw .invalidProperty(name) }
        return text
    }

    private static func flag(_ name: String, in object: JSON) throws(GraphError) -> Bool? {
        switch object[name] {
        case nil, .null: nil
        case .bool(let flag): flag
        default: throw .invalidProperty(name)
        }
    }
}

extension User {
    /// Properties of a user that Lapse keeps and shows, and that decide nothing. Entra: resources/user.
    static let profileTexts = [
        "city", "companyName", "country", "department", "employeeId", "jobTitle", "mailNickname", "mobilePhone", "officeLocation",
        "postalCode", "preferredLanguage", "state", "streetAddress", "usageLocation",
    ]
}

extension GraphError {
    /// Entra: the directory's words.
    static func missingProperty(_ name: String) -> GraphError {
        .badRequest("A value is required for property '\(name)' of resource 'User'.")
    }

    static func invalidProperty(_ name: String) -> GraphError {
        .badRequest("Invalid value specified for property '\(name.prefix(100))' of resource 'User'.")
    }

    static func unknownUserProperty(_ name: String) -> GraphError {
        .badRequest("Lapse: the property '\(name.prefix(100))' of a user is not kept here and cannot be set.")
    }

    static let unverifiedDomain = GraphError.badRequest(
        "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization."
    )
    static let weakPassword = GraphError.badRequest(
        "The specified password does not comply with password complexity requirements. Please provide a different password.")
    /// Assumption: the text for a wrong current password was not seen on the wire.
    package static let wrongCurrentPassword = GraphError.badRequest("The specified current password is incorrect.")
    package static let nameTaken = GraphError.badRequest(
        "Another object with the same value for property userPrincipalName already exists.")
    package static let foreignAccount = GraphError.badRequest(
        "Lapse: a guest signs in at home; its account and password are changed there.")
}
