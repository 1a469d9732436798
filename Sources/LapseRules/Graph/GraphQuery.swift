/// The query options of a read: what Graph's collections understand.
package struct GraphQuery: Equatable, Sendable {
    /// What a collection offers.
    package struct Collection: Equatable, Sendable {
        /// The properties that are sent unasked, and those that are sent only when they are selected.
        let defaults: [String]
        let onRequest: [String]
        let isSearchable: Bool
        let page: Int
        /// What an object of it is called.
        let type: String

        var all: [String] { defaults + onRequest }

        /// Entra: user-list.
        package static let users = Collection(
            defaults: [
                "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
                "preferredLanguage", "surname", "userPrincipalName",
            ],
            onRequest: User.profileTexts.filter {
                !["jobTitle", "mobilePhone", "officeLocation", "preferredLanguage"].contains($0)
            }
                + [
                    "accountEnabled", "assignedLicenses", "createdDateTime", "creationType", "deletedDateTime", "externalUserState",
                    "externalUserStateChangeDateTime", "identities", "lastPasswordChangeDateTime", "onPremisesImmutableId",
                    "onPremisesLastSyncDateTime", "onPremisesSyncEnabled", "otherMails", "passwordPolicies", "proxyAddresses",
                    "signInActivity", "signInSessionsValidFromDateTime", "userType",
                ], isSearchable: true, page: 100, type: "user")
        /// Entra: user.md of beta, which has the older name of the stamp too.
        package static let usersInBeta = Collection(
            defaults: users.defaults, onRequest: users.onRequest + ["refreshTokensValidFromDateTime"], isSearchable: true,
            page: users.page, type: users.type)
        /// Entra: directoryaudit-list.
        package static let directoryAudits = Collection(
            defaults: [
                "id", "category", "correlationId", "result", "resultReason", "activityDisplayName", "activityDateTime",
                "loggedByService", "operationType", "initiatedBy", "targetResources", "additionalDetails",
            ], onRequest: [], isSearchable: false, page: 1000, type: "directoryAudit")
        /// Entra: signin-list.
        package static let signIns = Collection(
            defaults: [
                "id", "createdDateTime", "userDisplayName", "userPrincipalName", "userId", "appId", "appDisplayName", "ipAddress",
                "clientAppUsed", "correlationId", "conditionalAccessStatus", "isInteractive", "riskDetail",
                "riskLevelAggregated", "riskLevelDuringSignIn", "riskState", "riskEventTypes", "riskEventTypes_v2",
                "resourceDisplayName", "resourceId", "status", "deviceDetail", "location", "appliedConditionalAccessPolicies",
            ], onRequest: [], isSearchable: false, page: 1000, type: "signIn")
        /// Entra: signin.md of beta.
        package static let signInsInBeta = Collection(
            defaults: signIns.defaults + ["signInEventTypes"], onRequest: [], isSearchable: false, page: signIns.page,
            type: signIns.type)
        /// What has no properties of its own.
        static let mixed = Collection(defaults: ["id"], onRequest: [], isSearchable: false, page: 999, type: "directoryObject")
        /// Entra: application-list, of what Lapse knows.
        package static let applications = Collection(
            defaults: [
                "id", "appId", "displayName", "identifierUris", "publisherDomain", "signInAudience", "isFallbackPublicClient",
                "api", "keyCredentials", "passwordCredentials", "publicClient", "spa", "web",
            ], onRequest: [], isSearchable: true, page: 100, type: "application")
        /// Entra: serviceprincipal-list, of what Lapse knows.
        package static let servicePrincipals = Collection(
            defaults: [
                "id", "accountEnabled", "appDisplayName", "appId", "appOwnerOrganizationId", "appRoleAssignmentRequired",
                "displayName", "logoutUrl", "replyUrls", "servicePrincipalNames", "servicePrincipalType", "signInAudience", "tags",
                "oauth2PermissionScopes",
            ], onRequest: [], isSearchable: true, page: 100, type: "servicePrincipal")
        /// Entra: oauth2permissiongrant-list.
        package static let consents = Collection(
            defaults: ["clientId", "consentType", "id", "principalId", "resourceId", "scope"], onRequest: [], isSearchable: false,
            page: 100, type: "oAuth2PermissionGrant")
    }

    private static let options = ["$expand", "$select", "$top", "$skiptoken", "$filter", "$orderby", "$count", "$search"]
    private static let longestPage = 999

    /// Nil: the default set.
    package let select: [String]?
    package let top: Int
    package let skipToken: String?
    package let filter: GraphFilter?
    package let order: (property: String, isDescending: Bool)?
    package let wantsCount: Bool
    package let search: GraphSearch?
    /// The properties of the manager that `$expand` asks for; nil: it does not.
    private let manager: [String]?
    /// Whether users come with their managers.
    package var expandsManager: Bool { manager != nil }
    /// Whether users come with their last sign-ins.
    package var wantsActivity: Bool { select?.contains("signInActivity") == true }
    private let collection: Collection
    /// The options as they were asked.
    package let asked: FormParameters

    /// Without any option.
    package static let all = GraphQuery(.users)

    private init(_ collection: Collection) {
        (select, top, skipToken, filter, order, wantsCount, search) = (nil, collection.page, nil, nil, nil, false, nil)
        manager = nil
        self.collection = collection
        asked = .empty
    }

    /// - Parameter isEventual: whether the request has the header `ConsistencyLevel: eventual`.
    /// - Throws: `GraphError` for an option that Lapse does not have, or an unknown property.
    package init(_ parameters: FormParameters, of collection: Collection, isEventual: Bool = false) throws(GraphError) {
        self.collection = collection
        asked = parameters
        var given: [String: String] = [:]
        for name in parameters.names {
            guard name.hasPrefix("$") else { continue }
            guard Self.options.contains(name.lowercased()) else {
                throw .badRequest("Lapse: the query option '\(name.prefix(50))' is not supported.")
            }
            given[name.lowercased()] = parameters[name]
        }
        let properties = collection.all
        select = try given["$select"].map { text throws(GraphError) in
            var names: [String] = []
            for word in text.split(separator: ",", omittingEmptySubsequences: false) {
                names.append(try Self.property(word, of: collection))
            }
            return names.uniqued()
        }
        if let text = given["$top"] {
            guard let number = Int(text), (1...Self.longestPage).contains(number) else {
                throw GraphError(
                    400, "Request_UnsupportedQuery",
                    "Invalid page size specified: '\(text.prefix(20))'. Must be between 1 and 999 inclusive.")
            }
            top = number
        } else {
            top = collection.page
        }
        if let token = given["$skiptoken"] {
            guard let bytes = Base64URL.decode(token) else { throw .badRequest("The skip token is not one of Lapse's.") }
            skipToken = String(decoding: bytes, as: UTF8.self)
        } else {
            skipToken = nil
        }
        filter = try given["$filter"].map { text throws(GraphError) in try GraphFilter(text, properties: Set(properties)) }
        order = try given["$orderby"].map { text throws(GraphError) in
            let words = text.split(separator: " ")
            guard (1...2).contains(words.count), words.count == 1 || ["asc", "desc"].contains(words[1].lowercased()) else {
                throw .badRequest("Lapse: $orderby takes one property, and asc or desc.")
            }
            return (try Self.property(words[0], of: collection), words.last?.lowercased() == "desc")
        }
        switch given["$count"]?.lowercased() {
        case nil, "false": wantsCount = false
        case "true": wantsCount = true
        default: throw .badRequest("Invalid value for $count: it must be true or false.")
        }
        search = try given["$search"].map { text throws(GraphError) in
            guard collection.isSearchable else { throw .badRequest("Lapse: this collection cannot be searched.") }
            return try GraphSearch(text, properties: properties)
        }
        manager = try given["$expand"].map { text throws(GraphError) in try Self.manager(text, of: collection) }
        let isAdvanced =
            search != nil || (collection.isSearchable && (filter?.isAdvanced == true || (filter != nil && order != nil)))
        guard !isAdvanced || isEventual else { throw .needsConsistencyLevel }
    }

    /// The options under their names, as the version beta takes them without the dollar, too. Entra: query-parameters.md.
    package static func withDollars(_ parameters: FormParameters) -> FormParameters {
        parameters.renamed { name in options.contains("$" + name.lowercased()) ? "$" + name : name }
    }

    /// Entra: user-list-manager.
    private static func manager(_ text: String, of collection: Collection) throws(GraphError) -> [String] {
        guard collection.type == "user", let match = text.wholeMatch(of: /manager(\(\$select=([A-Za-z, ]+)\))?/.ignoresCase())
        else {
            throw .badRequest("Lapse: $expand takes the manager of a user, such as manager($select=id,displayName).")
        }
        guard let words = match.2 else { return Collection.users.defaults }
        var names: [String] = []
        for word in words.split(separator: ",", omittingEmptySubsequences: false) {
            names.append(try property(word, of: collection))
        }
        return names.uniqued()
    }

    private static func property(_ word: some StringProtocol, of collection: Collection) throws(GraphError) -> String {
        let asked = word.trimming { $0 == " " }
        guard let known = collection.all.first(where: { $0.isSame(as: asked) }) else {
            throw .unknownProperty(asked, of: collection.type)
        }
        return known
    }

    package static func == (lhs: GraphQuery, rhs: GraphQuery) -> Bool {
        lhs.select == rhs.select && lhs.top == rhs.top && lhs.skipToken == rhs.skipToken && lhs.filter == rhs.filter
            && lhs.order?.property == rhs.order?.property && lhs.order?.isDescending == rhs.order?.isDescending
            && lhs.wantsCount == rhs.wantsCount && lhs.search == rhs.search && lhs.manager == rhs.manager
            && lhs.collection == rhs.collection
    }

    /// Whether nothing but a part of the whole is asked for, in its own order.
    package var isPlain: Bool { filter == nil && order == nil && search == nil && !wantsCount }

    /// The part of `@odata.context` that names what was selected.
    package var contextSuffix: String { select.map { "(" + $0.joined(separator: ",") + ")" } ?? "" }

    /// What the query asks for of an object that has every property.
    package func shown(_ object: JSON) -> JSON {
        var members = (select ?? collection.defaults).map { JSON.Member(name: $0, value: object[$0] ?? .null) }
        if let manager, let managing = object["manager"] {
            let properties = manager.map { JSON.Member(name: $0, value: managing[$0] ?? .null) }
            members.append(
                .init(name: "manager", value: .object([.init(name: "@odata.type", value: "#microsoft.graph.user")] + properties)))
        }
        return .object(members)
    }

    /// The objects that the query asks for, in its order, and how many they are on all pages.
    package func chosen(of objects: [JSON]) -> [JSON] {
        var chosen = objects.filter { object in filter?.matches(object) ?? true && search?.matches(object) ?? true }
        if let order {
            chosen = chosen.enumerated().sorted { first, second in
                let (left, right) = (first.element[order.property] ?? .null, second.element[order.property] ?? .null)
                let comparison = GraphFilter.order(left, right) ?? (left == .null ? -1 : 1)
                guard comparison != 0 else { return first.offset < second.offset }
                return (comparison < 0) != order.isDescending
            }.map(\.element)
        }
        return chosen
    }

    /// One page of the chosen objects, and where the next one begins; nil at the end.
    package func page(of chosen: [JSON]) throws(GraphError) -> (objects: [JSON], next: String?) {
        let (part, next) = try part(of: chosen)
        return (part.map(shown), next)
    }

    /// The same of anything that is listed.
    package func part<Element>(of chosen: [Element]) throws(GraphError) -> (part: [Element], next: String?) {
        guard let start = skipToken.map({ Int($0) }) ?? 0, (0...max(0, chosen.count)).contains(start) else {
            throw .badRequest("The skip token is not one of Lapse's.")
        }
        let end = min(start + top, chosen.count)
        return (Array(chosen[start..<end]), end < chosen.count ? String(end) : nil)
    }
}

/// A `$search`: `"property:words"` in quotes, joined by AND and OR.
package struct GraphSearch: Equatable, Sendable {
    /// Any of these, each of which has to have all of its own.
    private let alternatives: [[Term]]

    private struct Term: Equatable {
        let property: String
        let words: [String]
    }

    init(_ text: String, properties: [String]) throws(GraphError) {
        guard text.utf8.count <= 1024 else { throw .invalidSearch }
        var alternatives: [[Term]] = [[]]
        var rest = text.trimming { $0 == " " }[...]
        while true {
            guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else { throw .invalidSearch }
            let parts = rest[rest.index(after: rest.startIndex)..<end].split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let property = properties.first(where: { $0.isSame(as: String(parts[0])) }) else {
                throw .invalidSearch
            }
            let words = parts[1].lowercased().split(separator: " ").map(String.init)
            guard !words.isEmpty else { throw .invalidSearch }
            alternatives[alternatives.count - 1].append(Term(property: property, words: words))
            rest = rest[rest.index(after: end)...].drop { $0 == " " }
            if rest.isEmpty { break }
            if rest.hasPrefix("AND ") {
                rest = rest.dropFirst(4)
            } else if rest.hasPrefix("OR ") {
                rest = rest.dropFirst(3)
                alternatives.append([])
            } else {
                throw .invalidSearch
            }
            rest = rest.drop { $0 == " " }
        }
        self.alternatives = alternatives
    }

    /// Whether the words begin words of the property. Entra: search-query-parameter, for directory objects.
    func matches(_ object: JSON) -> Bool {
        alternatives.contains { terms in
            terms.allSatisfy { term in
                let text = object[term.property]?.text?.lowercased() ?? ""
                let tokens = text.split { !$0.isLetter && !$0.isNumber }.map(String.init) + [text]
                return term.words.allSatisfy { word in tokens.contains { $0.hasPrefix(word) } }
            }
        }
    }
}

extension User {
    /// The user with every property that Graph may show.
    ///
    /// - Parameters:
    ///   - stamp: the cut-off in whole seconds.
    ///   - passwordAt: when the password became what it is; nil: the user has none here.
    package func graphJSON(stamp: Timestamp, passwordAt: Timestamp?) -> JSON {
        let properties = GraphQuery.Collection.usersInBeta.all
        return .object(properties.map { .init(name: $0, value: graphValue($0, stamp: stamp, passwordAt: passwordAt)) })
    }

    private func graphValue(_ property: String, stamp: Timestamp, passwordAt: Timestamp?) -> JSON {
        switch property {
        case "accountEnabled": .bool(accountEnabled)
        case "assignedLicenses": UserCollections.assignedLicenses(of: self)
        case "businessPhones": profile[property] ?? []
        case "creationType": isGuest ? "Invitation" : .null
        case "externalUserState": isGuest ? "Accepted" : .null
        case "externalUserStateChangeDateTime": isGuest ? .string(createdAt.wholeSecondText) : .null
        case "identities":
            [
                [
                    "signInType": "userPrincipalName", "issuer": .string(String(userPrincipalName.drop { $0 != "@" }.dropFirst())),
                    "issuerAssignedId": .string(userPrincipalName),
                ]
            ]
        case "lastPasswordChangeDateTime": JSON(passwordAt?.wholeSecondText)
        // Lapse keeps no second mailbox, and no directory of the premises.
        case "otherMails": []
        case "proxyAddresses": .array(mail.map { [.string("SMTP:\($0)")] } ?? [])
        case "createdDateTime": .string(createdAt.wholeSecondText)
        case "displayName": .string(displayName)
        case "givenName": JSON(givenName)
        case "id": .string(id.description)
        case "mail": JSON(mail)
        case "refreshTokensValidFromDateTime", "signInSessionsValidFromDateTime": .string(stamp.wholeSecondText)
        case "surname": JSON(surname)
        case "userPrincipalName": .string(userPrincipalName)
        case "userType": isGuest ? "Guest" : "Member"
        default: profile[property] ?? .null
        }
    }
}

extension GraphError {
    /// Entra: what Graph says to a `$select` of a property that an object does not have.
    static func unknownProperty(_ name: String, of type: String) -> GraphError {
        GraphError(
            400, "BadRequest",
            "Parsing OData Select and Expand failed: Could not find a property named '\(name.prefix(100))' on type 'microsoft.graph.\(type)'."
        )
    }

    static let invalidSearch = GraphError.badRequest(
        "Invalid $search: it must be \"property:words\" in double quotes, joined by AND or OR.")
}

/// The options of a short list of objects of several types: all of it is one page.
package struct GraphListOptions: Sendable {
    private let select: [String]?
    private let top: Int
    package let wantsCount: Bool

    /// - Throws: `GraphError` for an option that such a list does not take.
    package init(_ parameters: FormParameters) throws(GraphError) {
        let query = try GraphQuery(parameters.without(["$select"]), of: .mixed)
        guard query.filter == nil, query.order == nil, query.search == nil, query.skipToken == nil else {
            throw .badRequest("Lapse: this list takes $select, $top and $count.")
        }
        (top, wantsCount) = (query.top, query.wantsCount)
        select = parameters["$select"].map { $0.split(separator: ",").map { $0.trimming { $0 == " " } } }
    }

    package func shown(_ entries: [JSON]) -> [JSON] {
        entries.prefix(top).map { entry in
            guard let select, case .object(let members) = entry else { return entry }
            return .object(
                members.filter { member in member.name.hasPrefix("@") || select.contains { member.name.isSame(as: $0) } })
        }
    }
}
