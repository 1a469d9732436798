import LapseRules
import LapseStore

/// A profile as Graph shows it.
package struct GraphProfile: Sendable {
    package let user: User
    /// The cut-off as `signInSessionsValidFromDateTime` shows it, in whole seconds.
    package let stamp: Timestamp
    /// When the password became what it is; nil: the user has none here.
    let passwordAt: Timestamp?
    /// Nil: there is none, or nobody asked.
    let manager: JSON?
    /// Nil: nobody asked.
    var activity: JSON?

    /// With every property that Graph may show, and the manager.
    package var json: JSON {
        user.graphJSON(stamp: stamp, passwordAt: passwordAt)
            .replacing(activity.map { [.init(name: "signInActivity", value: $0)] } ?? []).adding(["manager": manager])
    }
}

/// A part of a collection.
package struct GraphPage: Sendable {
    package let objects: [JSON]
    /// Where the next part begins, in clear; nil at the end.
    package let next: String?
    /// How many objects there are on all pages; nil when they were not counted.
    package let count: Int?

    package init(objects: [JSON], next: String?, count: Int?) {
        self.objects = objects
        self.next = next
        self.count = count
    }
}

extension AdmittedRequest {
    /// A user's profile.
    ///
    /// - Throws: `GraphError` where there is no such user, and where the caller may not read it.
    func read(_ target: GraphRequest.User, _ query: GraphQuery) throws -> GraphProfile {
        let user = try find(target)
        // As for the manager's own address.
        guard caller.mayRead(user), !query.expandsManager || caller.mayRead(nil) else { throw GraphError.denied }
        return try profiles(of: [user], query)[0]
    }
}

// What Graph, userinfo and the lab's API tell the owner of a token.
extension Authority {
    /// `GET /me` and `GET /users/{id}`.
    package func readUser(
        _ target: GraphRequest.User, _ query: GraphQuery, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<GraphProfile, GraphError> {
        try admitting(token, to: .graph, trace) { try $0.read(target, query) }
    }

    /// `GET /users`: the page that the query asks for, by user principal name where it names no order.
    package func listUsers(
        _ query: GraphQuery, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<GraphPage, GraphError> {
        try admittingReader(token, to: .graph, trace) { request in
            guard request.caller.mayRead(nil) else { throw GraphError.denied }
            guard query.isPlain else {
                let users = try request.users(after: nil, atLeast: .max)
                let chosen = query.chosen(
                    of: try request.profiles(of: users, query).map(\.json))
                let (objects, next) = try query.page(of: chosen)
                return GraphPage(objects: objects, next: next, count: chosen.count)
            }
            let users = try request.users(after: query.skipToken, atLeast: query.top + 1)
            let page = users.prefix(query.top)
            return GraphPage(
                objects: try request.profiles(of: Array(page), query).map { query.shown($0.json) },
                next: users.count > query.top ? page.last?.userPrincipalName : nil, count: nil)
        }
    }

    /// The OpenID userinfo claims; `sub` is the id token's.
    package func userInfo(token: BearerToken, trace: RequestTrace) throws -> Outcome<JSON, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            let claims = request.claims
            guard let user = request.caller.user, claims.scopes.contains("openid") else { throw GraphError.denied }
            return JSON.object([
                "sub": .string(TokenPlan.pairwiseSubject(user: user.id, client: claims.client)),
                "name": .string(user.displayName), "family_name": user.surname.map(JSON.string),
                "given_name": user.givenName.map(JSON.string),
                "email": claims.scopes.contains("email") ? user.mail.map(JSON.string) : nil,
            ])
        }
    }

    /// The lab's own API tells its caller who it is.
    package func callLabAPI(token: BearerToken, trace: RequestTrace) throws -> Outcome<JSON, GraphError> {
        try admitting(token, to: .labAPI, trace) { request in
            let (claims, user) = (request.claims, request.caller.user)
            return [
                "tenant": .string(request.op.tenant.id.description), "client": .string(claims.client.description),
                "user": JSON(user?.id.description), "userPrincipalName": JSON(user?.userPrincipalName),
                "scopes": JSON(claims.scopes.sorted()), "roles": JSON(claims.roles.sorted()),
                "capable": .bool(claims.declaresCP1), "expiresAt": JSON(claims.expiresAt), "now": JSON(request.op.now),
            ]
        }
    }
}
