import Hummingbird
import LapseRules
import LapseService

// Graph's calls that read.
extension GraphEndpoint {
    // MARK: Users

    func readUser(_ user: GraphRequest.User, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: call.users)
        let (profile, landing) = try site.authority.readUser(user, token: token, trace: trace)
        let context: JSON = ["@odata.context": "\(call.metadata(landing))#users\(query.contextSuffix)/$entity"]
        return responder.answer(context.followed(by: query.shown(profile.json)), trace: trace).landed(landing)
    }

    func listUsers(_ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: call.users, isEventual: call.isEventual)
        let (page, landing) = try site.authority.listUsers(query, token: token, trace: trace)
        return list(page, "users", "#users\(query.contextSuffix)", query, call, trace, landing)
    }

    func countUsers(_ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        guard call.isEventual else { throw GraphError.needsConsistencyLevel }
        let query = try GraphQuery(call.query.adding("$count", "true"), of: call.users, isEventual: true)
        let (page, landing) = try site.authority.listUsers(query, token: token, trace: trace)
        return count(page.count ?? 0, trace, landing)
    }

    func listDeletedUsers(_ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: call.users, isEventual: call.isEventual)
        guard query.isPlain else {
            throw GraphError.badRequest("Lapse: deleted users are listed by $select, $top and $skiptoken alone.")
        }
        let (deletedUsers, landing) = try site.authority.listDeletedUsers(token: token, trace: trace)
        let (shown, next) = try query.part(of: deletedUsers)
        let page = GraphPage(objects: shown.map { deleted($0, query) }, next: next, count: nil)
        return list(
            page, "directory/deletedItems/microsoft.graph.user", "#users\(query.contextSuffix)", query, call, trace, landing)
    }

    func readDeletedUser(_ id: String, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: call.users)
        let (user, landing) = try site.authority.readDeletedUser(id, token: token, trace: trace)
        let context: JSON = [
            "@odata.context": "\(call.metadata(landing))#directoryObjects/$entity", "@odata.type": "#microsoft.graph.user",
        ]
        return responder.answer(context.followed(by: deleted(user, query)), trace: trace).landed(landing)
    }

    private func deleted(_ user: (profile: GraphProfile, deletedAt: Timestamp), _ query: GraphQuery) -> JSON {
        query.shown(user.profile.json).adding(["deletedDateTime": .string(user.deletedAt.wholeSecondText)])
    }

    // MARK: Apps

    func readApp(
        _ collection: AppEntries.Collection, _ key: AppEntries.Key, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace
    ) throws -> Response {
        let query = try GraphQuery(call.query, of: collection.query)
        let (entry, landing) = try site.authority.readApp(collection, key, token: token, trace: trace)
        let context: JSON = [
            "@odata.context": "\(call.metadata(landing))#\(collection.rawValue)\(query.contextSuffix)/$entity"
        ]
        return responder.answer(context.followed(by: query.shown(entry)), trace: trace).landed(landing)
    }

    func listApps(
        _ collection: AppEntries.Collection, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace
    ) throws -> Response {
        let query = try GraphQuery(call.query, of: collection.query, isEventual: call.isEventual)
        let (page, landing) = try site.authority.listApps(collection, query, token: token, trace: trace)
        let context = "#\(collection.rawValue)\(query.contextSuffix)"
        return list(page, collection.rawValue, context, query, call, trace, landing)
    }

    func countApps(
        _ collection: AppEntries.Collection, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace
    ) throws -> Response {
        guard call.isEventual else { throw GraphError.needsConsistencyLevel }
        let query = try GraphQuery(call.query, of: collection.query, isEventual: true)
        let (number, landing) = try site.authority.countApps(collection, query, token: token, trace: trace)
        return count(number, trace, landing)
    }

    // MARK: Logs

    func listDirectoryAudits(_ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: .directoryAudits)
        let (page, landing) = try site.authority.directoryAudits(query, token: token, trace: trace)
        return list(page, "auditLogs/directoryAudits", "#auditLogs/directoryAudits", query, call, trace, landing)
    }

    func listSignIns(_ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace) throws -> Response {
        let query = try GraphQuery(call.query, of: .signIns)
        let (page, landing) = try site.authority.signIns(query, token: token, trace: trace)
        return list(page, "auditLogs/signIns", "#auditLogs/signIns", query, call, trace, landing)
    }

    // MARK: What collections have in common

    private func count(_ number: Int, _ trace: RequestTrace, _ landing: Landing) -> Response {
        var response = responder.answer(.null, trace: trace)
        response.headers[.contentType] = "text/plain"
        response.body = .init(byteBuffer: ByteBuffer(string: String(number)))
        return response.landed(landing)
    }

    /// A part of a collection, with the address of the next.
    private func list(
        _ page: GraphPage, _ path: String, _ context: String, _ query: GraphQuery, _ call: GraphCall, _ trace: RequestTrace,
        _ landing: Landing
    ) -> Response {
        let next = page.next.map { token -> JSON in
            // As Graph writes its own links.
            let options = query.asked.encoded(without: ["$skiptoken"]).replacing("%24", with: "$").replacing("%2C", with: ",")
            let start = options.isEmpty ? "" : options + "&"
            return .string(
                "\(site.graphOrigin(trace))/\(call.version)/\(path)?\(start)$skiptoken=\(Base64URL.encode(Array(token.utf8)))")
        }
        let body = JSON.object([
            "@odata.context": "\(call.metadata(landing))\(context)",
            "@odata.count": query.wantsCount ? page.count.map { .integer(Int64($0)) } : nil, "@odata.nextLink": next,
            "value": .array(page.objects),
        ])
        return responder.answer(body, trace: trace).landed(landing)
    }
}
