import HTTPTypes
import Hummingbird
import LapseRules
import LapseService

/// `/v1.0/…`, `/beta/…` and userinfo.
struct GraphEndpoint {
    static let versions = ["v1.0", "beta"]
    static let methods: [HTTPRequest.Method] = [.get, .post, .patch, .put, .delete]

    let site: Site

    var voice: GraphVoice { GraphVoice(site: site) }

    func respond(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await voice.speaking(context) {
            let segments = request.uri.path.split(separator: "/")
            let version = segments[0].lowercased()
            let asked = try GraphRequest(
                method: request.method.rawValue, path: segments.dropFirst().joined(separator: "/"), isBeta: version == "beta")
            let token = try await site.authority.graphToken(Self.bearer(request))
            var body = JSON.null
            if case .change(let change) = asked, change.takesBody { body = try await request.graphBody() }
            return try answer(asked, version: version, query: try request.query(), body, token: token, context.trace)
        }
    }

    private func answer(
        _ asked: GraphRequest, version: String, query: FormParameters, _ body: JSON, token: GraphToken, _ trace: RequestTrace
    ) throws -> Response {
        func metadata(_ landing: Landing) -> String { landing.cloud.metadata(version) }
        switch asked {
        case .revokeSignInSessions(let user), .invalidateAllRefreshTokens(let user):
            let (status, landing) = try site.authority.revokeSignInSessions(of: user.target, token: token, trace: trace)
            guard status == 200 else { return voice.answerNothing(trace: trace).landed(landing) }
            var response = voice.answer(["@odata.context": "\(metadata(landing))#Edm.Boolean", "value": true], trace: trace)
            response.headers[.location] = "https://\(landing.cloud.graphHost)"
            return response.landed(landing)
        case .user(let user):
            let query = try GraphQuery(query)
            let (profile, landing) = try site.authority.readUser(user.target, token: token, trace: trace)
            let body = JSON.object(
                [.init(name: "@odata.context", value: "\(metadata(landing))#users\(query.contextSuffix)/$entity")]
                    + query.members(of: profile.user, stamp: profile.stamp))
            return voice.answer(body, trace: trace).landed(landing)
        case .users:
            let query = try GraphQuery(query)
            let ((page, next), landing) = try site.authority.listUsers(
                after: query.skipToken, limit: query.top, token: token, trace: trace)
            let body = JSON.object([
                "@odata.context": "\(metadata(landing))#users\(query.contextSuffix)",
                "@odata.nextLink": next.map { .string(nextLink(version, query, after: $0, trace)) },
                "value": .array(page.map { .object(query.members(of: $0.user, stamp: $0.stamp)) }),
            ])
            return voice.answer(body, trace: trace).landed(landing)
        case .deletedUsers:
            let query = try GraphQuery(query)
            let (users, landing) = try site.authority.listDeletedUsers(token: token, trace: trace)
            let body = JSON.object([
                "@odata.context": "\(metadata(landing))#users\(query.contextSuffix)",
                "value": .array(users.prefix(query.top).map { deleted($0, query) }),
            ])
            return voice.answer(body, trace: trace).landed(landing)
        case .deletedUser(let id):
            let query = try GraphQuery(query)
            let (user, landing) = try site.authority.readDeletedUser(id, token: token, trace: trace)
            let context: JSON = [
                "@odata.context": "\(metadata(landing))#directoryObjects/$entity", "@odata.type": "#microsoft.graph.user",
            ]
            return voice.answer(context.followed(by: deleted(user, query)), trace: trace).landed(landing)
        case .change(let change): return try answer(change, version: version, body, token: token, trace)
        }
    }

    private func nextLink(_ version: String, _ query: GraphQuery, after name: String, _ trace: RequestTrace) -> String {
        let select = query.select.map { "&$select=" + $0.joined(separator: ",") } ?? ""
        let token = Base64URL.encode(Array(name.utf8))
        return "\(site.graphOrigin(trace))/\(version)/users?$top=\(query.top)\(select)&$skiptoken=\(token)"
    }

    func userInfo(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await voice.speaking(context) {
            let token = try await site.authority.graphToken(Self.bearer(request))
            let (info, landing) = try site.authority.userInfo(token: token, trace: context.trace)
            return voice.answer(info, trace: context.trace).landed(landing)
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
