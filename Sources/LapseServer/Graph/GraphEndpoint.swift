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

    init(method: String, version: String, path: String, query: FormParameters, isEventual: Bool) {
        (self.method, self.version, self.path, self.isEventual) = (method, version, path, isEventual)
        self.query = version == "beta" ? GraphQuery.withDollars(query) : query
    }

    var asked: GraphRequest {
        get throws(GraphError) { try GraphRequest(method: method, path: path, isBeta: version == "beta") }
    }

    /// What may be asked of users in this version.
    var users: GraphQuery.Collection { version == "beta" ? .usersInBeta : .users }

    /// What the `@odata.context` of an answer begins with.
    func metadata(_ routed: Routed) -> String { routed.cloud.metadata(version) }
}

/// `/v1.0/…`, `/beta/…` and userinfo.
struct GraphEndpoint {
    static let versions = ["v1.0", "beta"]
    static let methods: [HTTPRequest.Method] = [.get, .post, .patch, .put, .delete]

    let site: Site

    var responder: GraphResponder { GraphResponder(site: site) }

    func respond(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(context.trace) {
            let segments = request.uri.path.split(separator: "/")
            let version = segments[0].lowercased()
            let token = { try await site.authority.bearerToken(request.bearerToken) }
            if segments.count == 2, segments[1].lowercased() == "$batch" || segments[1].lowercased() == "%24batch" {
                guard request.method == .post else { throw GraphError.wrongMethod(request.method.rawValue) }
                let (known, body) = (try await token(), try await request.graphBody())
                return try await answer(try GraphBatch(body), version: version, token: known, context.trace)
            }
            let call = GraphCall(
                method: request.method.rawValue, version: version, path: segments.dropFirst().joined(separator: "/"),
                query: try request.query(), isEventual: request.headers[.consistencyLevel]?.lowercased() == "eventual")
            // It describes Graph to everybody, where it is served.
            if call.path.lowercased().hasSuffix("$metadata") { _ = try call.asked }
            return try await answer(call, token: try await token(), context.trace) { try await request.graphBody() }
        }
    }

    /// Answers one call, of a request or of a part of a batch. What cannot be served is told only to whom the token lets in.
    func answer(
        _ call: GraphCall, token: BearerToken, _ trace: RequestTrace, body: () async throws -> JSON
    ) async throws -> Response {
        do {
            return try await serve(call, token: token, trace, body: body)
        } catch let error as GraphError {
            return responder.answer(try site.authority.refuse(error, token, trace), trace) { never, _ in never }
        }
    }

    private func serve(
        _ call: GraphCall, token: BearerToken, _ trace: RequestTrace, body: () async throws -> JSON
    ) async throws -> Response {
        switch try call.asked {
        case .revokeSignInSessions(let user), .invalidateAllRefreshTokens(let user):
            try await revokeSignInSessions(of: user, call, token, trace)
        case .user(let user): try readUser(user, call, token, trace)
        case .userCollection(let user, let name):
            try await ReadingThreads.run { try listCollection(name, of: user, call, token, trace) }
        case .manager(let user): try readManager(of: user, call, token, trace)
        case .assignments(let key): try await ReadingThreads.run { try listAssignments(of: key, call, token, trace) }
        case .users: try await ReadingThreads.run { try listUsers(call, token, trace) }
        case .userCount: try await ReadingThreads.run { try countUsers(call, token, trace) }
        case .directoryAudits: try await ReadingThreads.run { try listDirectoryAudits(call, token, trace) }
        case .signIns: try await ReadingThreads.run { try listSignIns(call, token, trace) }
        case .deletedUsers: try await ReadingThreads.run { try listDeletedUsers(call, token, trace) }
        case .deletedUser(let id): try readDeletedUser(id, call, token, trace)
        case .apps(let collection): try await ReadingThreads.run { try listApps(collection, call, token, trace) }
        case .appCount(let collection): try await ReadingThreads.run { try countApps(collection, call, token, trace) }
        case .app(let collection, let key): try readApp(collection, key, call, token, trace)
        case .change(let change):
            try answer(change, version: call.version, change.takesBody ? await body() : .null, token: token, trace)
        }
    }

    private func revokeSignInSessions(
        of user: GraphRequest.User, _ call: GraphCall, _ token: BearerToken, _ trace: RequestTrace
    ) async throws -> Response {
        let outcome = try await site.authority.revokeSignInSessions(of: user, token: token, trace: trace)
        return responder.answer(outcome, trace) { status, routed in
            guard status == 200 else { return responder.answerNothing(trace: trace) }
            var response = responder.answer(
                ["@odata.context": "\(call.metadata(routed))#Edm.Boolean", "value": true], trace: trace)
            response.headers[.location] = "https://\(routed.cloud.graphHost)"
            return response
        }
    }

    func userInfo(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(context.trace) {
            let token = try await site.authority.bearerToken(request.bearerToken)
            let outcome = try site.authority.userInfo(token: token, trace: context.trace)
            return responder.answer(outcome, context.trace) { info, _ in responder.answer(info, trace: context.trace) }
        }
    }
}
