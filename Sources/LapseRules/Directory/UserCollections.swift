/// What stands around a user in the directory and decides nothing: groups and roles, devices, licences, methods to sign in with, a manager.
///
/// It is part of ``User/profile``, as the seed file and the control API give it, each entry with an id.
package enum UserCollections {
    /// The members of a user object that are lists.
    static let lists = ["memberOf", "devices", "licences", "authenticationMethods"]
    static let members = lists + ["manager"]

    /// The kinds of methods, by the name in seed files, with Graph's type. Entra: resources/authenticationmethods-overview.
    private static let methods: [(name: String, type: String)] = [
        ("phone", "phoneAuthenticationMethod"), ("microsoftAuthenticator", "microsoftAuthenticatorAuthenticationMethod"),
        ("fido2", "fido2AuthenticationMethod"), ("softwareOath", "softwareOathAuthenticationMethod"),
        ("email", "emailAuthenticationMethod"), ("windowsHelloForBusiness", "windowsHelloForBusinessAuthenticationMethod"),
    ]

    /// Their names.
    package static let methodNames = methods.map(\.name)

    /// What a user may be a member of.
    package enum MembershipKind: String, CaseIterable, Sendable { case group, role }

    /// The collections of a user that Graph lists.
    package enum Name: String, CaseIterable, Sendable {
        case memberOf, transitiveMemberOf, ownedObjects, ownedDevices, registeredDevices, licenseDetails, appRoleAssignments
        case oauth2PermissionGrants
        case authenticationMethods = "authentication/methods"

        /// By what stands behind the user in an address, in any case.
        init?(_ segments: [String]) {
            let path = segments.joined(separator: "/")
            guard let known = Self.allCases.first(where: { $0.rawValue.isSame(as: path) }) else { return nil }
            self = known
        }

        /// Behind the version's metadata document in `@odata.context`.
        package func context(of user: GUID) -> String {
            switch self {
            case .memberOf, .transitiveMemberOf, .ownedObjects, .ownedDevices, .registeredDevices: "#directoryObjects"
            case .licenseDetails, .authenticationMethods: "#users('\(user)')/\(rawValue)"
            case .appRoleAssignments, .oauth2PermissionGrants: "#\(rawValue)"
            }
        }
    }

    /// Reads the members of a user object that are given.
    static func apply(_ reader: inout ObjectReader, to profile: inout [String: JSON], of user: GUID) throws(FieldError) {
        for name in lists where reader.has(name) {
            let path = reader.field(name)
            var entries: [JSON] = []
            for (index, value) in (try reader.array(name) ?? []).enumerated() {
                entries.append(try entry(value, of: name, path: "\(path)[\(index)]", user: user))
            }
            profile[name] = entries.isEmpty ? nil : .array(entries)
        }
        if reader.has("manager") { profile["manager"] = try reader.string("manager").map(JSON.string) }
    }

    private static func entry(_ value: JSON, of name: String, path: String, user: GUID) throws(FieldError) -> JSON {
        guard name == "memberOf" || name == "devices" else {
            guard let text = value.text, !text.isEmpty, text.utf8.count <= 256 else {
                throw FieldError(path, "must be a text that is not empty")
            }
            guard name == "licences" || methods.contains(where: { $0.name == text }) else {
                throw FieldError(path, "must be one of \(methodNames.joined(separator: ", "))")
            }
            return .string(text)
        }
        var reader = try ObjectReader(value, path: path)
        let displayName = try reader.required("displayName")
        let given = try reader.guid("id")
        let (member, origin): (JSON.Member, String)
        if name == "devices" {
            member = .init(name: "accountEnabled", value: .bool(try reader.bool("accountEnabled") ?? true))
            origin = "device \(user) \(displayName)"
        } else {
            let kind = try reader.choice("kind", of: MembershipKind.self) ?? .group
            member = .init(name: "kind", value: .string(kind.rawValue))
            // Whoever is in a group of that name is in the same one.
            origin = "\(kind.rawValue) \(displayName)"
        }
        try reader.finish()
        return .object([
            .init(name: "id", value: .string((given ?? GUID.derived(from: origin)).description)),
            .init(name: "displayName", value: .string(displayName)), member,
        ])
    }

    // MARK: As Graph shows them

    /// The entries of a collection that follow from the user alone.
    package static func entries(_ name: Name, of user: User) -> [JSON] {
        switch name {
        case .memberOf, .transitiveMemberOf:
            return user.roles.map { role($0, of: user) } + kept("memberOf", of: user).map(membership)
        case .ownedDevices, .registeredDevices: return kept("devices", of: user).map(device)
        case .licenseDetails:
            return kept("licences", of: user).compactMap(\.text).map { part in
                [
                    "id": .string(Base64URL.encode(GUID.derived(from: "licence \(user.id) \(part)").bytes)),
                    "skuId": .string(skuID(part)), "skuPartNumber": .string(part), "servicePlans": [],
                ]
            }
        case .authenticationMethods:
            let password: JSON = [
                "@odata.type": "#microsoft.graph.passwordAuthenticationMethod", "id": .string(GraphRequest.passwordMethod),
                "password": .null, "createdDateTime": .string(user.createdAt.wholeSecondText),
            ]
            return (user.isGuest ? [] : [password])
                + kept("authenticationMethods", of: user).compactMap(\.text).enumerated().map { index, method in
                    let type = methods.first { $0.name == method }?.type ?? method
                    return [
                        "@odata.type": .string("#microsoft.graph.\(type)"),
                        "id": .string(GUID.derived(from: "method \(index) \(user.id) \(method)").description),
                    ]
                }
        // What others grant is looked up; nobody owns anything here.
        case .ownedObjects, .appRoleAssignments, .oauth2PermissionGrants: return []
        }
    }

    /// The id of a user's assignment to an app.
    package static func assignmentID(of user: GUID, to principal: ServicePrincipal) -> String {
        Base64URL.encode(user.bytes + principal.id.bytes)
    }

    /// Entra: resources/approleassignment.md, an assignment without a role of its own.
    package static func assignment(of user: User, to principal: ServicePrincipal, app: AppRegistration) -> JSON {
        [
            "id": .string(assignmentID(of: user.id, to: principal)), "deletedDateTime": .null,
            "appRoleId": .string(Tenant.noID.description), "createdDateTime": .string(user.createdAt.wholeSecondText),
            "principalDisplayName": .string(user.displayName), "principalId": .string(user.id.description), "principalType": "User",
            "resourceDisplayName": .string(app.name), "resourceId": .string(principal.id.description),
        ]
    }

    /// `assignedLicenses` of a user.
    static func assignedLicenses(of user: User) -> JSON {
        .array(kept("licences", of: user).compactMap(\.text).map { ["disabledPlans": [], "skuId": .string(skuID($0))] })
    }

    private static func kept(_ name: String, of user: User) -> [JSON] {
        guard case .array(let entries) = user.profile[name] else { return [] }
        return entries
    }

    private static func skuID(_ part: String) -> String { GUID.derived(from: "sku \(part)").description }

    private static func role(_ role: DirectoryRole, of user: User) -> JSON {
        [
            "@odata.type": "#microsoft.graph.directoryRole",
            "id": .string(GUID.derived(from: "role \(user.tenant) \(role.templateID)").description), "deletedDateTime": .null,
            "description": .null, "displayName": .string(role.rawValue), "roleTemplateId": .string(role.templateID),
        ]
    }

    private static func membership(_ entry: JSON) -> JSON {
        let isRole = entry["kind"]?.text == MembershipKind.role.rawValue
        let common: JSON = [
            "@odata.type": isRole ? "#microsoft.graph.directoryRole" : "#microsoft.graph.group", "id": entry["id"] ?? .null,
            "deletedDateTime": .null, "description": .null, "displayName": entry["displayName"] ?? .null,
        ]
        return isRole
            ? common.adding(["roleTemplateId": .null])
            : common.adding(["groupTypes": [], "mail": .null, "mailEnabled": false, "securityEnabled": true])
    }

    private static func device(_ entry: JSON) -> JSON {
        [
            "@odata.type": "#microsoft.graph.device", "id": entry["id"] ?? .null, "deletedDateTime": .null,
            "accountEnabled": entry["accountEnabled"] ?? true, "deviceId": entry["id"] ?? .null,
            "displayName": entry["displayName"] ?? .null, "operatingSystem": .null, "isCompliant": .null, "isManaged": .null,
            "trustType": .null,
        ]
    }
}

extension User {
    /// What stands around the user, as the seed file and the control API give it.
    package var collectionsJSON: JSON {
        .object(UserCollections.members.compactMap { name in profile[name].map { JSON.Member(name: name, value: $0) } })
    }
}
