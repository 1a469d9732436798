/// The query options of a read.
public struct GraphQuery: Equatable, Sendable {
    /// The properties that Graph sends unasked. Entra: user-get.
    public static let defaults = [
        "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
        "preferredLanguage", "surname", "userPrincipalName",
    ]
    private static let onRequest =
        User.profileTexts.filter { !defaults.contains($0) } + [
            "accountEnabled", "createdDateTime", "refreshTokensValidFromDateTime", "signInSessionsValidFromDateTime", "userType",
        ]

    /// Nil: the default set.
    public let select: [String]?
    public let top: Int
    public let skipToken: String?

    /// Without any option.
    public static let all = GraphQuery(select: nil, top: 100, skipToken: nil)

    private init(select: [String]?, top: Int, skipToken: String?) {
        self.select = select
        self.top = top
        self.skipToken = skipToken
    }

    /// - Throws: `GraphError` for an option that Lapse does not have, or an unknown property.
    public init(_ parameters: FormParameters) throws(GraphError) {
        for name in parameters.names where name.hasPrefix("$") && !["$select", "$top", "$skiptoken"].contains(name.lowercased()) {
            throw .badRequest("Lapse: the query option '\(name.prefix(50))' is not supported.")
        }
        select = try parameters["$select"].map { text throws(GraphError) in
            var names: [String] = []
            for word in text.split(separator: ",") {
                let asked = word.trimming { $0 == " " }
                guard let known = (Self.defaults + Self.onRequest).first(where: { $0.lowercased() == asked.lowercased() }) else {
                    throw .unknownProperty(asked)
                }
                names.append(known)
            }
            return names.uniqued()
        }
        if let text = parameters["$top"] {
            guard let number = Int(text), (1...999).contains(number) else {
                throw .badRequest("Invalid page size specified: '\(text.prefix(20))'. Must be between 1 and 999 inclusive.")
            }
            top = number
        } else {
            top = 100
        }
        if let token = parameters["$skiptoken"] {
            guard let bytes = Base64URL.decode(token) else { throw .badRequest("The skip token is not one of Lapse's.") }
            skipToken = String(decoding: bytes, as: UTF8.self)
        } else {
            skipToken = nil
        }
    }

    /// The part of `@odata.context` that names what was selected.
    public var contextSuffix: String { select.map { "(" + $0.joined(separator: ",") + ")" } ?? "" }

    /// The user's members that the query asks for.
    ///
    /// - Parameter stamp: the cut-off in whole seconds.
    public func members(of user: User, stamp: Timestamp) -> [JSON.Member] {
        (select ?? Self.defaults).map { .init(name: $0, value: Self.value($0, of: user, stamp: stamp)) }
    }

    private static func value(_ property: String, of user: User, stamp: Timestamp) -> JSON {
        switch property {
        case "accountEnabled": .bool(user.accountEnabled)
        case "businessPhones": user.profile[property] ?? []
        case "createdDateTime": .string(user.createdAt.wholeSecondText)
        case "displayName": .string(user.displayName)
        case "givenName": JSON(user.givenName)
        case "id": .string(user.id.description)
        case "mail": JSON(user.mail)
        case "refreshTokensValidFromDateTime", "signInSessionsValidFromDateTime": .string(stamp.wholeSecondText)
        case "surname": JSON(user.surname)
        case "userPrincipalName": .string(user.userPrincipalName)
        case "userType": user.isGuest ? "Guest" : "Member"
        default: user.profile[property] ?? .null
        }
    }
}

extension GraphError {
    /// Entra: what Graph says to a `$select` of a property that a user does not have.
    static func unknownProperty(_ name: String) -> GraphError {
        GraphError(
            400, "BadRequest",
            "Parsing OData Select and Expand failed: Could not find a property named '\(name.prefix(100))' on type 'microsoft.graph.user'."
        )
    }
}
