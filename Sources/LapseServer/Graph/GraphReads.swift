import Hummingbird
import LapseRules
import LapseService

// Graph's calls that read.
extension GraphEndpoint {
    // MARK: Users

    func readUser(_ user: GraphRequest.User, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: call.users)
        let outcome = try site.authority.readUser(user, query, token: token, trace: trace)
        return responder.answer(outcome, trace) { profile, routed in
            let context: JSON = ["@odata.context": "\(call.metadata(routed))#users\(query.contextSuffix)/$entity"]
            return responder.answer(context.followed(by: query.shown(profile.json)), trace: trace)
        }
    }

    func listUsers(_ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: call.users, isEventual: call.isEventual)
        return responder.answer(try site.authority.listUsers(query, token: token, trace: trace), trace) {
            list($0, "users", "#users\(query.contextSuffix)", query, call, trace, $1)
        }
    }

    func countUsers(_ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        guard call.isEventual else { throw GraphError.needsConsistencyLevel }
        let query = try GraphQuery(call.query.adding("$count", "true"), of: call.users, isEventual: true)
        return responder.answer(try site.authority.listUsers(query, token: token, trace: trace), trace) { page, _ in
            count(page.count ?? 0, trace)
        }
    }

    func listDeletedUsers(_ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: call.users, isEventual: call.isEventual)
        guard query.isPlain else {
            throw GraphError.badRequest("Lapse: deleted users are listed only by $select, $top and $skiptoken.")
        }
        return try responder.answer(try site.authority.listDeletedUsers(token: token, trace: trace), trace) { users, routed in
            let (shown, next) = try query.part(of: users)
            let page = GraphPage(objects: shown.map { deleted($0, query) }, next: next, count: nil)
            return list(
                page, "directory/deletedItems/microsoft.graph.user", "#users\(query.contextSuffix)", query, call, trace, routed)
        }
    }

    func readDeletedUser(_ id: String, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: call.users)
        return responder.answer(try site.authority.readDeletedUser(id, token: token, trace: trace), trace) { user, routed in
            let context: JSON = [
                "@odata.context": "\(call.metadata(routed))#directoryObjects/$entity", "@odata.type": "#microsoft.graph.user",
            ]
            return responder.answer(context.followed(by: deleted(user, query)), trace: trace)
        }
    }

    private func deleted(_ user: DeletedUser, _ query: GraphQuery) -> JSON {
        guard case .object(let members) = query.shown(user.profile.json) else { return [:] }
        // It is sent unasked.
        return .object(
            members.filter { $0.name != "deletedDateTime" }
                + [.init(name: "deletedDateTime", value: .string(user.deletedAt.wholeSecondText))])
    }

    // MARK: Apps

    func readApp(
        _ collection: AppEntries.Collection, _ key: AppEntries.Key, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace
    ) throws -> Response {
        let query = try GraphQuery(call.query, of: collection.query)
        return responder.answer(try site.authority.readApp(collection, key, token: token, trace: trace), trace) { entry, routed in
            let context: JSON = [
                "@odata.context": "\(call.metadata(routed))#\(collection.rawValue)\(query.contextSuffix)/$entity"
            ]
            return responder.answer(context.followed(by: query.shown(entry)), trace: trace)
        }
    }

    func listApps(
        _ collection: AppEntries.Collection, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace
    ) throws -> Response {
        let query = try GraphQuery(call.query, of: collection.query, isEventual: call.isEventual)
        return responder.answer(try site.authority.listApps(collection, query, token: token, trace: trace), trace) {
            list($0, collection.rawValue, "#\(collection.rawValue)\(query.contextSuffix)", query, call, trace, $1)
        }
    }

    func countApps(
        _ collection: AppEntries.Collection, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace
    ) throws -> Response {
        guard call.isEventual else { throw GraphError.needsConsistencyLevel }
        let query = try GraphQuery(call.query, of: collection.query, isEventual: true)
        return responder.answer(try site.authority.countApps(collection, query, token: token, trace: trace), trace) { number, _ in
            count(number, trace)
        }
    }

    func listAssignments(
        of key: AppEntries.Key, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace
    ) throws -> Response {
        let options = try GraphListOptions(call.query)
        return responder.answer(try site.authority.listAssignments(of: key, token: token, trace: trace), trace) { entries, routed in
            let body: JSON = .object([
                "@odata.context": .string("\(call.metadata(routed))#appRoleAssignments"),
                "@odata.count": options.wantsCount ? .integer(Int64(entries.count)) : nil, "value": .array(options.shown(entries)),
            ])
            return responder.answer(body, trace: trace)
        }
    }

    // MARK: Around a user

    func listCollection(
        _ name: UserCollections.Name, of user: GraphRequest.User, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace
    ) throws -> Response {
        let options = try GraphListOptions(call.query)
        let outcome = try site.authority.listCollection(name, of: user, token: token, trace: trace)
        return responder.answer(outcome, trace) { found, routed in
            let body: JSON = .object([
                "@odata.context": .string("\(call.metadata(routed))\(name.context(of: found.user))"),
                "@odata.count": options.wantsCount ? .integer(Int64(found.entries.count)) : nil,
                "value": .array(options.shown(found.entries)),
            ])
            return responder.answer(body, trace: trace)
        }
    }

    func readManager(of user: GraphRequest.User, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response
    {
        let query = try GraphQuery(call.query, of: call.users)
        return responder.answer(try site.authority.readManager(of: user, token: token, trace: trace), trace) { profile, routed in
            let context: JSON = [
                "@odata.context": "\(call.metadata(routed))#directoryObjects/$entity", "@odata.type": "#microsoft.graph.user",
            ]
            return responder.answer(context.followed(by: query.shown(profile.json)), trace: trace)
        }
    }

    // MARK: Logs

    func listDirectoryAudits(_ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: .directoryAudits)
        return responder.answer(try site.authority.directoryAudits(query, token: token, trace: trace), trace) {
            list($0, "auditLogs/directoryAudits", "#auditLogs/directoryAudits", query, call, trace, $1)
        }
    }

    func listSignIns(_ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: call.version == "beta" ? .signInsInBeta : .signIns)
        return responder.answer(try site.authority.signIns(query, token: token, trace: trace), trace) {
            list($0, "auditLogs/signIns", "#auditLogs/signIns", query, call, trace, $1)
        }
    }

    // MARK: What collections have in common

    private func count(_ number: Int, _ trace: RequestTrace) -> Response {
        var response = responder.answer(.null, trace: trace)
        response.headers[.contentType] = "text/plain"
        response.body = .init(byteBuffer: ByteBuffer(string: String(number)))
        return response
    }

    /// A part of a collection, with the address of the next.
    private func list(
        _ page: GraphPage, _ path: String, _ context: String, _ query: GraphQuery, _ call: GraphCall, _ trace: RequestTrace,
        _ routed: Routed
    ) -> Response {
        let next = page.next.map { token -> JSON in
            // As Graph writes its own links.
            let options = query.asked.encoded(without: ["$skiptoken"]).replacing("%24", with: "$").replacing("%2C", with: ",")
            let start = options.isEmpty ? "" : options + "&"
            return .string(
                "\(site.graphOrigin(trace))/\(call.version)/\(path)?\(start)$skiptoken=\(Base64URL.encode(Array(token.utf8)))")
        }
        let body = JSON.object([
            "@odata.context": "\(call.metadata(routed))\(context)",
            "@odata.count": query.wantsCount ? page.count.map { .integer(Int64($0)) } : nil, "@odata.nextLink": next,
            "value": .array(page.objects),
        ])
        return responder.answer(body, trace: trace)
    }
}
