import LapseRules
import LapseStore

/// The owner of an access token at Graph, before the store was asked.
package struct BearerToken: Sendable {
    let claims: AccessTokenClaims
}

/// A profile as Graph shows it.
package struct GraphProfile: Sendable {
    package let user: User
    /// The cut-off as `signInSessionsValidFromDateTime` shows it, in whole seconds.
    package let stamp: Timestamp

    /// With every property that Graph may show.
    package var json: JSON { user.graphJSON(stamp: stamp) }
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

extension Authority {
    /// Checks the signature of an access token.
    ///
    /// - Throws: ``ResourceRefused`` for a missing token, garbage, or another's signature.
    package func bearerToken(_ text: String?) async throws -> BearerToken {
        guard let text, !text.isEmpty else { throw ResourceRefused(.emptyToken, now: wall()) }
        switch await check(text) {
        case .garbage: throw ResourceRefused(.garbageToken, now: wall())
        case .wrongSignature: throw ResourceRefused(.wrongSignature, now: wall())
        case .payload(let payload):
            guard let claims = AccessTokenClaims(payload) else { throw ResourceRefused(.wrongAudience, now: wall()) }
            return BearerToken(claims: claims)
        }
    }

    /// `POST …/revokeSignInSessions`. A guest's call changes nothing: the guest signs in at home.
    ///
    /// - Returns: the status that the tenant's policy wants, 200 or 204.
    /// - Throws: ``ResourceRefused``.
    package func revokeSignInSessions(of target: GraphRequest.User, token: BearerToken, trace: RequestTrace) async throws -> (
        status: Int, Landing
    ) {
        let (status, landing) = try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            let user = try visit.find(target, tx)
            guard visit.caller.mayRevoke(user, by: visit.tenant.policies.permissions) else { throw visit.refused(.denied) }
            let actor = visit.caller.user?.id.description ?? token.claims.client.description
            let cause: Revocation.Cause = visit.caller.user?.id == user.id ? .userRevoke : .adminRevoke
            try revoke(
                user, cause: cause, actor: actor, in: visit.tenant, now: visit.now, region: visit.region,
                requestID: trace.requestID, client: token.claims.client, tx)
            return Int(visit.tenant.policies.revokeAnswer)
        }
        await gates.pass(.afterRevoke, of: token.claims.tenant)
        return (status, landing)
    }

    /// `GET /me` and `GET /users/{id}`.
    package func readUser(_ target: GraphRequest.User, token: BearerToken, trace: RequestTrace) throws -> (
        GraphProfile, Landing
    ) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            let user = try visit.find(target, tx)
            guard visit.caller.mayRead(user) else { throw visit.refused(.denied) }
            return try visit.profile(of: user, tx)
        }
    }

    /// `GET /users`: the page that the query asks for, by user principal name where it names no order.
    package func listUsers(_ query: GraphQuery, token: BearerToken, trace: RequestTrace) throws -> (GraphPage, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            guard visit.caller.mayRead(nil) else { throw visit.refused(.denied) }
            guard query.isPlain else {
                let (users, _) = try visit.users(after: nil, atLeast: .max, tx)
                let chosen = query.chosen(of: try users.map { try visit.profile(of: $0, tx).json })
                let (objects, next) = try visit.reading { () throws(GraphError) in try query.page(of: chosen) }
                return GraphPage(objects: objects, next: next, count: chosen.count)
            }
            let (users, _) = try visit.users(after: query.skipToken, atLeast: query.top + 1, tx)
            let page = users.prefix(query.top)
            return GraphPage(
                objects: try page.map { query.shown(try visit.profile(of: $0, tx).json) },
                next: users.count > query.top ? page.last?.userPrincipalName : nil, count: nil)
        }
    }

    /// The OpenID userinfo claims; `sub` is the id token's.
    package func userInfo(token: BearerToken, trace: RequestTrace) throws -> (JSON, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            guard let user = visit.caller.user else { throw visit.refused(.denied) }
            guard token.claims.scopes.contains("openid") else { throw visit.refused(.denied) }
            return JSON.object([
                "sub": .string(TokenPlan.pairwiseSubject(user: user.id, client: token.claims.client)),
                "name": .string(user.displayName), "family_name": user.surname.map(JSON.string),
                "given_name": user.givenName.map(JSON.string),
                "email": token.claims.scopes.contains("email") ? user.mail.map(JSON.string) : nil,
            ])
        }
    }

    /// The lab's own API tells its caller who it is.
    package func callLabAPI(token: BearerToken, trace: RequestTrace) throws -> (JSON, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .labAPI, tx, trace: trace, &landing)
            return [
                "tenant": .string(visit.tenant.id.description), "client": .string(token.claims.client.description),
                "user": JSON(visit.caller.user?.id.description),
                "userPrincipalName": JSON(visit.caller.user?.userPrincipalName),
                "scopes": JSON(token.claims.scopes.sorted()), "roles": JSON(token.claims.roles.sorted()),
                "capable": .bool(token.claims.declaresCP1), "expiresAt": JSON(token.claims.expiresAt), "now": JSON(visit.now),
            ]
        }
    }

    /// Lets a token in: its tenant, its caller, its instant.
    func admit(
        _ token: BearerToken, to resource: ProtectedResource, _ tx: StoreTransaction, trace: RequestTrace, _ landing: inout Landing
    ) throws -> ResourceVisit {
        let claims = token.claims
        let wall = wall()
        guard let tenant = try tx.tenant(claims.tenant) else { throw ResourceRefused(.wrongAudience, now: wall) }
        landing.cloud = tenant.cloud
        let now = tenant.clock.now(wall: wall)
        do {
            landing.region = try region(
                trace, in: tenant, client: claims.client, user: claims.user, isCounted: resource == .graph, tx)
        } catch let error as UnknownRegion {
            throw ResourceRefused(.badRequest(error.message), now: now)
        }
        let fault = try inject(
            Fault.Subject(
                resource == .graph ? .graph : .resource, client: claims.client, user: claims.user, region: landing.region,
                grant: claims.grant, presented: claims.id), in: tenant, now: now, trace, tx)
        if let error = fault?.resourceError {
            if error.claims != nil { try tx.append(challenged(token, in: tenant, now: now, landing.region, trace)) }
            throw ResourceRefused(error, now: now)
        }
        let grant = try claims.grant.flatMap { try tx.grant($0) }
        let account = try grant.flatMap { try tx.account(of: $0, in: tenant.id, wall: wall) }
        let decision = ResourceAccess.decide(
            claims, audiences: try resource.audiences(in: tenant, tx), knowsGrant: claims.grant == nil || grant != nil,
            evaluated: evaluated(claims, grant, account), region: landing.region,
            now: now,
            printedNow: tenant.policies.tokenTimes == .wall ? wall : now)
        if let grant { try tx.count(decision.attempts, of: grant.id) }
        if let error = decision.error {
            if decision.isChallenge {
                var event = challenged(token, in: tenant, now: now, landing.region, trace)
                event.revocation = decision.revocation
                try tx.append(event)
            }
            throw ResourceRefused(error, now: now)
        }
        if let grant, let refusal = account?.refusal(of: grant.subject, on: .refresh, in: landing.region) {
            // The lesson of access tokens, in the log: nobody refreshes it any more, and it is still accepted.
            var event = challenged(token, in: tenant, now: now, landing.region, trace)
            (event.kind, event.revocation) = (.accessOutlived, refusal.revocation)
            try tx.append(event)
        }
        var visit = ResourceVisit(
            tenant: tenant, caller: GraphCaller(user: nil, permissions: claims.roles), now: now, region: landing.region)
        if let id = claims.user {
            // The token outlives its user: Graph does not find who it is about.
            visit.caller = GraphCaller(user: try visit.find(.named(id.description), tx), permissions: claims.scopes)
        }
        return visit
    }

    /// The event of a claims challenge.
    private func challenged(
        _ token: BearerToken, in tenant: Tenant, now: Timestamp, _ region: Region, _ trace: RequestTrace
    ) -> Event {
        var event = Event(
            tenant: tenant.id, at: now, kind: .accessChallenged, user: token.claims.user, client: token.claims.client,
            grant: token.claims.grant, region: region, requestID: trace.requestID)
        event.presented = token.claims.id
        return event
    }

    /// What there is to evaluate of a token; nil for one that nobody evaluates.
    private func evaluated(
        _ claims: AccessTokenClaims, _ grant: Grant?, _ account: AccountFacts?
    ) -> ResourceAccess.Evaluated? {
        guard let grant, let account, ResourceAccess.isEvaluated(claims, of: account.user) else { return nil }
        return ResourceAccess.Evaluated(grant: grant, account: account)
    }
}

/// The resources that Lapse itself plays.
enum ProtectedResource {
    /// Userinfo too.
    case graph
    case labAPI
    case management

    func audiences(in tenant: Tenant, _ tx: StoreTransaction) throws -> [String] {
        switch self {
        case .graph: [ResourceAPI.graph(of: tenant.cloud).audience]
        case .management: ResourceAPI.management(of: tenant.cloud).map(\.audience)
        case .labAPI: try tx.resources(in: tenant.id).filter { $0.isNamed(BuiltInLab.apiURI) }.map(\.audience)
        }
    }
}

/// A request that Graph let in, and the directory as the region it landed in shows it.
struct ResourceVisit {
    let tenant: Tenant
    var caller: GraphCaller
    let now: Timestamp
    let region: Region

    func refused(_ error: GraphError) -> ResourceRefused { ResourceRefused(error, now: now) }

    func find(_ target: GraphRequest.User, _ tx: StoreTransaction) throws -> User {
        switch target {
        case .me:
            guard let user = caller.user else { throw refused(.noSignedInUser) }
            return user
        case .named(let name):
            if let user = try tx.user(name, in: tenant.id) { return user }
            guard let user = try tx.deletedUser(name, in: tenant.id), try shows(user, tx) else { throw refused(.notFound(name)) }
            return user
        }
    }

    /// The users whom the region shows, by name, after the one of that name.
    ///
    /// - Parameter number: as many, when there are; whole blocks are read.
    func users(after name: String?, atLeast number: Int, _ tx: StoreTransaction) throws -> (users: [User], isAtEnd: Bool) {
        let block = min(number, 1000)
        var users: [User] = []
        var (cursor, isAtEnd) = (name, false)
        // A region that lags still shows users who were deleted; another has forgotten them: pages fill up all the same.
        while users.count < number, !isAtEnd {
            let found = try tx.users(in: tenant.id, after: cursor, limit: block, withDeleted: true)
            users += try found.filter { try shows($0, tx) }
            cursor = found.last?.userPrincipalName
            isAtEnd = found.count < block
        }
        return (users, isAtEnd)
    }

    private var standpoint: Standpoint { Standpoint(plane: .directory, region: region, now: now) }

    /// Whether the region still, or not any more, shows the user: a deletion arrives like everything else.
    func shows(_ user: User, _ tx: StoreTransaction) throws -> Bool {
        guard try tx.isDeleted(user.id) else { return true }
        // A guest's object goes at once: its account at home is not touched.
        guard !user.isGuest else { return false }
        return AccountState.inEffect(of: try tx.history(of: user.home).stateChanges, from: standpoint) != .deleted
    }

    /// The user with the stamp and the state that the region knows of.
    func profile(of user: User, _ tx: StoreTransaction) throws -> GraphProfile {
        // Assumption: a user who was never revoked shows the time of creation. A guest shows its own, whatever happens at home.
        guard !user.isGuest else { return GraphProfile(user: user, stamp: user.createdAt.truncatedToSecond) }
        let history = try tx.history(of: user.home)
        var shown = user
        shown.accountEnabled = AccountState.isEnabled(after: history.stateChanges, from: standpoint)
        let stamp = history.latestCutOff(from: standpoint)?.stamp ?? user.createdAt.truncatedToSecond
        return GraphProfile(user: shown, stamp: stamp)
    }
}
