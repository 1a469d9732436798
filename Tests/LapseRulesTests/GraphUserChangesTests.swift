import Testing

@testable import LapseRules

@Suite("What Graph makes of a user's body")
struct GraphUserChangesTests {
    private static let new: JSON = [
        "accountEnabled": true, "displayName": "Wren", "mailNickname": "wren", "userPrincipalName": "wren@contoso.example",
        "passwordProfile": ["password": "An0ther-secret!"],
    ]

    /// The body of a new user without these members.
    private static func body(without names: String...) -> JSON {
        guard case .object(let members) = new else { return .null }
        return .object(members.filter { !names.contains($0.name) })
    }

    /// The body of a new user with another value of this member.
    private static func body(_ name: String, _ value: JSON) -> JSON {
        body(without: name).adding([name: value])
    }

    private static let longest = String(repeating: "x", count: 256)

    /// A body, whether it makes a user, and what is wrong with it.
    static let bodies: [(body: JSON, isNew: Bool, error: GraphError?)] = [
        (new, true, nil), (body(without: "passwordProfile"), false, nil),
        ([], true, .unreadable), (.null, false, .unreadable), ("x", false, .unreadable),
        ([:], false, nil), ([:], true, .missingProperty("accountEnabled")),
        (body(without: "accountEnabled"), true, .missingProperty("accountEnabled")),
        (body(without: "displayName"), true, .missingProperty("displayName")),
        (body(without: "mailNickname"), true, .missingProperty("mailNickname")),
        (body(without: "passwordProfile"), true, .missingProperty("passwordProfile")),
        (body(without: "userPrincipalName"), true, .missingProperty("userPrincipalName")),
        (body("displayName", .null), true, .missingProperty("displayName")),
        (body(without: "displayName", "passwordProfile").adding(["passwordProfile": "x"]), true, .missingProperty("displayName")),
        (["passwordProfile": .null], false, nil), (["passwordProfile": "x"], false, .invalidProperty("passwordProfile")),
        (["passwordProfile": [:]], false, nil), (body("passwordProfile", [:]), true, .missingProperty("password")),
        (body("passwordProfile", ["password": .null]), true, .missingProperty("password")),
        (["passwordProfile": ["password": .null]], false, nil),
        (["passwordProfile": ["password": 12_345_678]], false, .invalidProperty("password")),
        (["passwordProfile": ["password": "1234567"]], false, .weakPassword),
        (["passwordProfile": ["password": "12345678"]], false, nil),
        (["passwordProfile": ["password": .string(longest)]], false, nil),
        (["passwordProfile": ["password": .string(longest + "x")]], false, .weakPassword),
        (
            ["passwordProfile": ["forceChangePasswordNextSignIn": "yes"]], false,
            .invalidProperty("forceChangePasswordNextSignIn")
        ),
        (["passwordProfile": ["forceChangePasswordNextSignIn": .null]], false, nil),
        (
            ["passwordProfile": ["forceChangePasswordNextSignIn": 1, "password": "x"]], false,
            .invalidProperty("forceChangePasswordNextSignIn")
        ),
    ]

    @Test("What a body must have, in Graph's words", arguments: bodies)
    func reading(body: JSON, isNew: Bool, error: GraphError?) {
        do throws(GraphError) {
            _ = try GraphUserChanges(body, isNew: isNew)
            #expect(error == nil)
        } catch let thrown { #expect(thrown == error) }
    }

    @Test("Of several that are missing the first by name is said")
    func order() {
        for (first, second) in [
            ("accountEnabled", "displayName"), ("displayName", "mailNickname"), ("mailNickname", "passwordProfile"),
            ("passwordProfile", "userPrincipalName"),
        ] {
            #expect(throws: GraphError.missingProperty(first)) {
                try GraphUserChanges(Self.body(without: second, first), isNew: true)
            }
        }
    }

    @Test(
        "The password and whether it must be changed",
        arguments: [
            ([:], nil, nil), (["password": "12345678"], "12345678", nil),
            (["password": "12345678", "forceChangePasswordNextSignIn": true], "12345678", true),
            (["forceChangePasswordNextSignIn": false], nil, false),
        ] as [(JSON, String?, Bool?)])
    func password(profile: JSON, password: String?, mustChange: Bool?) throws {
        let changes = try GraphUserChanges(["passwordProfile": profile], isNew: false)
        #expect(changes.newPassword == password)
        #expect(changes.mustChangePassword == mustChange)
        let user = try changes.applied(to: World.adele, tenant: World.contoso)
        #expect(user.mustChangePassword == (mustChange ?? false))
        #expect(user.hasPassword(password ?? BuiltInLab.password))
    }

    @Test("A password that must be changed stays so until something is said of it")
    func mustChange() throws {
        let user = World.adele.with(\.mustChangePassword, true)
        let changed = { (body: JSON) in
            try GraphUserChanges(body, isNew: false).applied(to: user, tenant: World.contoso).mustChangePassword
        }
        #expect(try changed(["jobTitle": "Diver"]))
        #expect(try changed(["passwordProfile": ["password": "12345678"]]))
        #expect(try !changed(["passwordProfile": ["forceChangePasswordNextSignIn": false]]))
    }

    @Test(
        "What of it is sensitive, what is a user's own business, what is sensitive and nothing else",
        arguments: [
            ([:], [], true, false), (["jobTitle": "x"], [], true, false),
            (["accountEnabled": true], [.accountEnabled], false, true), (["passwordProfile": [:]], [.password], false, true),
            (["accountEnabled": true, "passwordProfile": [:]], [.accountEnabled, .password], false, true),
            (["accountEnabled": true, "jobTitle": "x"], [.accountEnabled], false, false),
            (["userPrincipalName": "x"], [], false, false), (["mail": "x"], [], false, false),
            (["employeeId": "x"], [], false, false),
            (["@odata.type": "x", "accountEnabled@x": true, "accountEnabled": true], [.accountEnabled], false, true),
        ] as [(JSON, Set<GraphUserChanges.Sensitive>, Bool, Bool)])
    func sensitive(body: JSON, sensitive: Set<GraphUserChanges.Sensitive>, isSelfService: Bool, isAlone: Bool) throws {
        let changes = try GraphUserChanges(body, isNew: false)
        #expect(changes.sensitive == sensitive)
        #expect(changes.isSelfService == isSelfService)
        #expect(changes.isSensitiveAlone == isAlone)
    }

    private static let long = JSON.string(String(repeating: "x", count: 1024))
    private static let tooLong = JSON.string(String(repeating: "x", count: 1025))
    /// 256 bytes with its domain.
    private static let longName = String(repeating: "x", count: 240) + "@contoso.example"

    /// A member, and what is wrong with it.
    static let members: [(name: String, value: JSON, error: GraphError?)] = [
        ("accountEnabled", true, nil), ("accountEnabled", "true", .invalidProperty("accountEnabled")),
        ("accountEnabled", .null, .invalidProperty("accountEnabled")),
        ("displayName", "Wren", nil), ("displayName", .null, .invalidProperty("displayName")),
        ("displayName", "", .invalidProperty("displayName")), ("displayName", long, nil),
        ("displayName", tooLong, .invalidProperty("displayName")), ("displayName", 1, .invalidProperty("displayName")),
        ("givenName", "W", nil), ("givenName", .null, nil), ("givenName", "", .invalidProperty("givenName")),
        ("surname", "W", nil), ("surname", .null, nil), ("surname", 1, .invalidProperty("surname")),
        ("mail", "w@x.example", nil), ("mail", .null, nil), ("mail", [], .invalidProperty("mail")),
        ("userPrincipalName", "w@contoso.example", nil), ("userPrincipalName", "W-1._'!#^~@CONTOSO.example", nil),
        ("userPrincipalName", .null, .invalidProperty("userPrincipalName")),
        ("userPrincipalName", "w", .invalidProperty("userPrincipalName")),
        ("userPrincipalName", "@contoso.example", .invalidProperty("userPrincipalName")),
        ("userPrincipalName", "w@x@contoso.example", .invalidProperty("userPrincipalName")),
        ("userPrincipalName", "w w@contoso.example", .invalidProperty("userPrincipalName")),
        ("userPrincipalName", "wé@contoso.example", .invalidProperty("userPrincipalName")),
        ("userPrincipalName", "w@elsewhere.example", .unverifiedDomain),
        ("userPrincipalName", "w w@elsewhere.example", .invalidProperty("userPrincipalName")),
        ("userPrincipalName", .string(longName), nil),
        ("userPrincipalName", .string("x" + longName), .invalidProperty("userPrincipalName")),
        ("businessPhones", [], nil), ("businessPhones", ["1"], nil),
        ("businessPhones", ["1", "2"], .invalidProperty("businessPhones")),
        ("businessPhones", [1], .invalidProperty("businessPhones")), ("businessPhones", "1", .invalidProperty("businessPhones")),
        ("jobTitle", "Diver", nil), ("jobTitle", .null, nil), ("jobTitle", "", .invalidProperty("jobTitle")),
        ("mailNickname", "w", nil), ("usageLocation", "DE", nil),
        ("@odata.type", "x", nil), ("passwordProfile", .null, nil),
        ("shoeSize", "44", .unknownUserProperty("shoeSize")), ("id", "x", .unknownUserProperty("id")),
        ("roles", [], .unknownUserProperty("roles")),
    ]

    @Test("What each member takes", arguments: members)
    func member(name: String, value: JSON, error: GraphError?) {
        do throws(GraphError) {
            let changes = try GraphUserChanges(.object([JSON.Member(name: name, value: value)]), isNew: false)
            _ = try changes.applied(to: World.adele, tenant: World.contoso)
            #expect(error == nil)
        } catch let thrown { #expect(thrown == error) }
    }

    @Test("The members in their order, the first that is wrong is said")
    func firstWrong() throws {
        let changes = try GraphUserChanges(["jobTitle": "", "shoeSize": 44], isNew: false)
        #expect(throws: GraphError.invalidProperty("jobTitle")) { try changes.applied(to: World.adele, tenant: World.contoso) }
    }

    @Test("Each member is kept where it belongs, and nothing else changes")
    func applied() throws {
        let body: JSON = [
            "accountEnabled": false, "displayName": "Wren W", "givenName": "Wren", "surname": "Wright", "mail": "w@x.example",
            "userPrincipalName": "Wren@Contoso.example", "businessPhones": ["1"], "jobTitle": "Diver", "city": "Ulm",
        ]
        let user = try GraphUserChanges(body, isNew: false).applied(to: World.adele, tenant: World.contoso)
        var expected = World.adele
        expected.accountEnabled = false
        expected.displayName = "Wren W"
        expected.givenName = "Wren"
        expected.surname = "Wright"
        expected.mail = "w@x.example"
        expected.userPrincipalName = "Wren@Contoso.example"
        expected.profile = ["businessPhones": ["1"], "jobTitle": "Diver", "city": "Ulm"]
        #expect(user == expected)
        let cleared = try GraphUserChanges(["givenName": .null, "surname": .null, "mail": .null, "jobTitle": .null], isNew: false)
            .applied(to: user, tenant: World.contoso)
        #expect(cleared.givenName == nil)
        #expect(cleared.surname == nil)
        #expect(cleared.mail == nil)
        #expect(cleared.profile == ["businessPhones": ["1"], "city": "Ulm"])
    }

    @Test(
        "Texts of a profile are kept under their names",
        arguments: [
            "city", "companyName", "country", "department", "employeeId", "jobTitle", "mailNickname", "mobilePhone",
            "officeLocation", "postalCode", "preferredLanguage", "state", "streetAddress", "usageLocation",
        ])
    func profile(name: String) throws {
        let changes = try GraphUserChanges(.object([JSON.Member(name: name, value: "x")]), isNew: false)
        #expect(try changes.applied(to: World.adele, tenant: World.contoso).profile == [name: "x"])
    }

    @Test(
        "In Graph's words",
        arguments: [
            (GraphError.missingProperty("mail"), "A value is required for property 'mail' of resource 'User'."),
            (.invalidProperty("mail"), "Invalid value specified for property 'mail' of resource 'User'."),
            (
                .invalidProperty(String(repeating: "x", count: 101)),
                "Invalid value specified for property '\(String(repeating: "x", count: 100))' of resource 'User'."
            ),
            (
                .unknownUserProperty(String(repeating: "x", count: 101)),
                "Lapse: the property '\(String(repeating: "x", count: 100))' of a user is not kept here and cannot be set."
            ),
        ])
    func words(error: GraphError, message: String) {
        #expect(error.message == message)
        #expect(error.status == 400)
        #expect(error.code == "Request_BadRequest")
    }
}
