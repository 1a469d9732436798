import HTTPTypes
import Hummingbird
import LapseRules
import LapseService

/// What a request, or a part of a batch, says.
struct GraphCall {
    let method: String
    let version: String
    /// Behind the version.
    let path: String
    let query: FormParameters
    let isEventual: Bool

    var asked: GraphRequest {
        get throws(GraphError) { try GraphRequest(method: method, path: path, isBeta: version == "beta") }
    }
}

/// `/v1.0/…`, `/beta/…` and userinfo.
struct GraphEndpoint {
    static let versions = ["v1.0", "beta"]
    static let methods: [HTTPRequest.Method] = [.get, .post, .patch, .put, .delete]

    let site: Site

    var responder: GraphResponder { GraphResponder(site: site) }

    func respond(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(context) {
            let segments = request.uri.path.split(separator: "/")
            let version = segments[0].lowercased()
            let token = { try await site.authority.bearerToken(Self.bearer(request)) }
            if segments.count == 2, segments[1].lowercased() == "$batch" || segments[1].lowercased() == "%24batch" {
                guard request.method == .post else { throw GraphError.wrongMethod(request.method.rawValue) }
                let (known, body) = (try await token(), try await request.graphBody())
                return try await answer(try GraphBatch(body), version: version, token: known, context.trace)
            }
            let call = GraphCall(
                method: request.method.rawValue, version: version, path: segments.dropFirst().joined(separator: "/"),
                query: try request.query(), isEventual: request.headers[.consistencyLevel]?.lowercased() == "eventual")
            // What is not there is not there, whoever asks.
            _ = try call.asked
            return try await answer(call, token: try await token(), context.trace) { try await request.graphBody() }
        }
    }

    /// Answers one call, of a request or of a part of a batch.
    func answer(
        _ call: GraphCall, token: BearerToken, _ trace: RequestTrace, body: () async throws -> JSON
    ) async throws -> Response {
        let asked = try call.asked
        var given = JSON.null
        if case .change(let change) = asked, change.takesBody { given = try await body() }
        return try await answer(
            asked, version: call.version, query: call.query, isEventual: call.isEventual, given, token: token, trace)
    }

    private func answer(
        _ asked: GraphRequest, version: String, query: FormParameters, isEventual: Bool, _ body: JSON, token: BearerToken,
        _ trace: RequestTrace
    ) async throws -> Response {
        func metadata(_ landing: Landing) -> String { landing.cloud.metadata(version) }
        let users: GraphQuery.Collection = version == "beta" ? .usersInBeta : .users
        switch asked {
        case .revokeSignInSessions(let user), .invalidateAllRefreshTokens(let user):
            let (status, landing) = try await site.authority.revokeSignInSessions(of: user.target, token: token, trace: trace)
            guard status == 200 else { return responder.answerNothing(trace: trace).landed(landing) }
            var response = responder.answer(["@odata.context": "\(metadata(landing))#Edm.Boolean", "value": true], trace: trace)
            response.headers[.location] = "https://\(landing.cloud.graphHost)"
            return response.landed(landing)
        case .user(let user):
            let query = try GraphQuery(query, of: users)
            let (profile, landing) = try site.authority.readUser(user.target, token: token, trace: trace)
            let context: JSON = ["@odata.context": "\(metadata(landing))#users\(query.contextSuffix)/$entity"]
            return responder.answer(context.followed(by: query.shown(profile.json)), trace: trace).landed(landing)
        case .users:
            let query = try GraphQuery(query, of: users, isEventual: isEventual)
            let (page, landing) = try site.authority.listUsers(query, token: token, trace: trace)
            return list(page, "users", "#users\(query.contextSuffix)", query, version: version, trace, landing)
        case .userCount:
            guard isEventual else { throw GraphError.needsConsistencyLevel }
            let query = try GraphQuery(query.adding("$count", "true"), of: users, isEventual: true)
            let (page, landing) = try site.authority.listUsers(query, token: token, trace: trace)
            return count(page.count ?? 0, trace, landing)
        case .directoryAudits:
            let query = try GraphQuery(query, of: .directoryAudits)
            let (page, landing) = try site.authority.directoryAudits(query, token: token, trace: trace)
            return list(page, "auditLogs/directoryAudits", "#auditLogs/directoryAudits", query, version: version, trace, landing)
        case .signIns:
            let query = try GraphQuery(query, of: .signIns)
            let (page, landing) = try site.authority.signIns(query, token: token, trace: trace)
            return list(page, "auditLogs/signIns", "#auditLogs/signIns", query, version: version, trace, landing)
        case .deletedUsers:
            let query = try GraphQuery(query, of: users, isEventual: isEventual)
            guard query.isPlain else {
                throw GraphError.badRequest("Lapse: deleted users are listed by $select, $top and $skiptoken alone.")
            }
            let (deletedUsers, landing) = try site.authority.listDeletedUsers(token: token, trace: trace)
            let (shown, next) = try query.part(of: deletedUsers)
            let page = GraphPage(objects: shown.map { deleted($0, query) }, next: next, count: nil)
            return list(
                page, "directory/deletedItems/microsoft.graph.user", "#users\(query.contextSuffix)", query, version: version, trace,
                landing)
        case .deletedUser(let id):
            let query = try GraphQuery(query, of: users)
            let (user, landing) = try site.authority.readDeletedUser(id, token: token, trace: trace)
            let context: JSON = [
                "@odata.context": "\(metadata(landing))#directoryObjects/$entity", "@odata.type": "#microsoft.graph.user",
            ]
            return responder.answer(context.followed(by: deleted(user, query)), trace: trace).landed(landing)
        case .apps(let collection):
            let query = try GraphQuery(query, of: collection.query, isEventual: isEventual)
            let (page, landing) = try site.authority.listApps(collection, query, token: token, trace: trace)
            let context = "#\(collection.rawValue)\(query.contextSuffix)"
            return list(page, collection.rawValue, context, query, version: version, trace, landing)
        case .appCount(let collection):
            guard isEventual else { throw GraphError.needsConsistencyLevel }
            let query = try GraphQuery(query, of: collection.query, isEventual: true)
            let (number, landing) = try site.authority.countApps(collection, query, token: token, trace: trace)
            return count(number, trace, landing)
        case .app(let collection, let key):
            let query = try GraphQuery(query, of: collection.query)
            let (entry, landing) = try site.authority.readApp(collection, key, token: token, trace: trace)
            let context = "\(metadata(landing))#\(collection.rawValue)\(query.contextSuffix)/$entity"
            return responder.answer((["@odata.context": .string(context)] as JSON).followed(by: query.shown(entry)), trace: trace)
                .landed(landing)
        case .change(let change): return try answer(change, version: version, body, token: token, trace)
        }
    }

    private func count(_ number: Int, _ trace: RequestTrace, _ landing: Landing) -> Response {
        var response = responder.answer(.null, trace: trace)
        response.headers[.contentType] = "text/plain"
        response.body = .init(byteBuffer: ByteBuffer(string: String(number)))
        return response.landed(landing)
    }

    /// A part of a collection, with the address of the next.
    private func list(
        _ page: GraphPage, _ path: String, _ context: String, _ query: GraphQuery, version: String, _ trace: RequestTrace,
        _ landing: Landing
    ) -> Response {
        let next = page.next.map { token -> JSON in
            // As Graph writes its own links.
            let options = query.asked.encoded(without: ["$skiptoken"]).replacing("%24", with: "$").replacing("%2C", with: ",")
            let start = options.isEmpty ? "" : options + "&"
            return .string(
                "\(site.graphOrigin(trace))/\(version)/\(path)?\(start)$skiptoken=\(Base64URL.encode(Array(token.utf8)))")
        }
        let body = JSON.object([
            "@odata.context": "\(landing.cloud.metadata(version))\(context)",
            "@odata.count": query.wantsCount ? page.count.map { .integer(Int64($0)) } : nil, "@odata.nextLink": next,
            "value": .array(page.objects),
        ])
        return responder.answer(body, trace: trace).landed(landing)
    }

    func userInfo(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(context) {
            let token = try await site.authority.bearerToken(Self.bearer(request))
            let (info, landing) = try site.authority.userInfo(token: token, trace: context.trace)
            return responder.answer(info, trace: context.trace).landed(landing)
        }
    }

    /// The token of an `Authorization: Bearer` header, the scheme in any case; nil when there is none.
    static func bearer(_ request: Request) -> String? {
        guard let parts = request.headers[.authorization]?.split(separator: " ", maxSplits: 1), parts.count == 2,
            parts[0].lowercased() == "bearer"
        else { return nil }
        return String(parts[1]).trimmingCharacters(in: .whitespaces)
    }
}

extension GraphRequest.User {
    var target: GraphTarget {
        switch self {
        case .me: .me
        case .named(let name): .named(name)
        }
    }
}

extension Cloud {
    /// The document that `@odata.context` points into: Microsoft's own, whatever the host.
    func metadata(_ version: String) -> String { "https://\(graphHost)/\(version)/$metadata" }
}
