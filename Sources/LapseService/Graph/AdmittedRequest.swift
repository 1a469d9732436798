import LapseRules
import LapseStore
import Synchronization

/// The owner of an access token at a resource, before the store was asked.
package struct BearerToken: Sendable {
    let claims: AccessTokenClaims
}

/// The last access tokens whose signature was checked and found good: an app sends the same one again and again. Which keys sign never
/// changes while Lapse runs; all else that speaks against a token is looked at each time.
final class CheckedTokens: Sendable {
    /// Beyond as many all are dropped.
    private static let most = 1_024

    private let known = Mutex<[SecretHash: BearerToken]>([:])

    subscript(_ hash: SecretHash) -> BearerToken? { known.withLock { $0[hash] } }

    func keep(_ token: BearerToken, as hash: SecretHash) {
        known.withLock {
            if $0.count >= Self.most { $0 = [:] }
            $0[hash] = token
        }
    }
}

/// The resources that Lapse itself plays.
enum ProtectedResource {
    /// Userinfo too.
    case graph
    case labAPI
    case management

    func audiences(_ op: Operation) throws -> [String] {
        switch self {
        case .graph: [ResourceAPI.graph(of: op.tenant.cloud).audience]
        case .management: ResourceAPI.management(of: op.tenant.cloud).map(\.audience)
        case .labAPI: try op.tx.resources(in: op.tenant.id).filter { $0.isNamed(BuiltInLab.apiURI) }.map(\.audience)
        }
    }
}

/// A request that a resource let in: its operation and its caller.
struct AdmittedRequest {
    let op: Operation
    let claims: AccessTokenClaims
    private(set) var caller: GraphCaller

    /// Who changes something with it, for the log.
    var actor: Actor { Actor(id: caller.user?.id.description ?? claims.client.description, client: claims.client) }

    init(_ op: Operation, _ claims: AccessTokenClaims) throws {
        (self.op, self.claims) = (op, claims)
        caller = GraphCaller(user: nil, permissions: claims.roles)
        if let id = claims.user {
            // The token outlives its user: Graph does not find who it is about.
            caller = GraphCaller(user: try find(.named(id.description)), permissions: claims.scopes)
        }
    }
}

extension Authority {
    /// Checks the signature of an access token.
    ///
    /// - Throws: `GraphError` for a missing token, garbage, or another's signature.
    package func bearerToken(_ text: String?) async throws(GraphError) -> BearerToken {
        guard let text, !text.isEmpty else { throw .emptyToken }
        guard text.utf8.contains(UInt8(ascii: ".")) else { throw .tokenWithoutDots }
        let hash = SecretHash(of: text)
        if let token = checkedTokens[hash] { return token }
        switch await check(text) {
        case .garbage: throw .garbageToken
        case .wrongSignature: throw .wrongSignature
        case .payload(let payload):
            guard let claims = AccessTokenClaims(payload) else { throw .wrongAudience }
            let token = BearerToken(claims: claims)
            checkedTokens.keep(token, as: hash)
            return token
        }
    }

    /// Refuses a request to Graph that cannot be served, to the owner of a token. Entra: facts of unmodified clients, the token is looked at
    /// before the address.
    ///
    /// - Returns: what speaks against the token, else the error.
    package func refuse(_ error: GraphError, _ token: BearerToken, _ trace: RequestTrace) throws -> Outcome<Never, GraphError> {
        try admitting(token, to: .graph, trace) { _ in throw error }
    }

    /// Runs what a resource does for the owner of a token, when it lets the token in.
    ///
    /// - Parameter work: throws `GraphError` for its own "no".
    func admitting<Value>(
        _ token: BearerToken, to resource: ProtectedResource, _ trace: RequestTrace, _ work: (AdmittedRequest) throws -> Value
    ) throws -> Outcome<Value, GraphError> {
        try deciding(trace) { op in
            try op.admit(token.claims, to: resource)
            return .success(try work(AdmittedRequest(op, token.claims)))
        }
    }

    /// The same for what only reads, and may read much: letting the token in is a short transaction of its own, and no writer waits
    /// for what comes then.
    func admittingReader<Value>(
        _ token: BearerToken, to resource: ProtectedResource, _ trace: RequestTrace, _ work: (AdmittedRequest) throws -> Value
    ) throws -> Outcome<Value, GraphError> {
        try admitting(token, to: resource, trace) { ($0.op.tenant, $0.op.region) }.flatMap { tenant, region in
            try store.read { tx in
                var op = Operation(self, tx, trace: trace)
                // As it is now: it may have changed since.
                guard let tenant = try tx.tenant(tenant.id) else { return .failure(op.refused(.wrongAudience)) }
                try op.enter(tenant)
                op.region = region
                do { return .success(try work(AdmittedRequest(op, token.claims))) } catch let error as GraphError {
                    return .failure(op.refused(error))
                }
            }
        }
    }
}

extension Operation {
    /// Lets a token in, or throws the resource's `GraphError`.
    fileprivate mutating func admit(_ claims: AccessTokenClaims, to resource: ProtectedResource) throws {
        guard let tenant = try tx.tenant(claims.tenant) else { throw GraphError.wrongAudience }
        try enter(tenant)
        do {
            region = try route(client: claims.client, user: claims.user, isCounted: resource == .graph)
        } catch let error as UnknownRegion {
            throw GraphError.badRequest(error.message)
        }
        let fault = try inject(
            Fault.Subject(
                resource == .graph ? .graph : .resource, client: claims.client, user: claims.user, region: region,
                grant: claims.grant, presented: claims.id))
        if let error = fault?.resourceError {
            if error.claims != nil { try tx.append(event(.accessChallenged, of: claims)) }
            throw error
        }
        let (decision, grant, account) = try judge(claims, at: resource)
        if let grant { try tx.count(decision.attempts, of: grant.id) }
        if let error = decision.error {
            if decision.isChallenge { try tx.append(event(.accessChallenged, of: claims, revocation: decision.revocation)) }
            throw error
        }
        if let grant, let refusal = account?.refusal(of: grant.subject, on: .refresh, in: region) {
            // The lesson of access tokens, in the log: nobody refreshes it any more, and it is still accepted.
            try tx.append(event(.accessOutlived, of: claims, revocation: refusal.revocation))
        }
    }

    /// What a resource of the tenant makes of the token in the operation's region, and what it rests on.
    func judge(
        _ claims: AccessTokenClaims, at resource: ProtectedResource
    ) throws -> (decision: ResourceAccess.Decision, grant: Grant?, account: AccountFacts?) {
        let grant = try claims.grant.flatMap { try tx.grant($0) }
        let account = try grant.flatMap { try self.account(of: $0) }
        let decision = ResourceAccess.decide(
            claims, audiences: try resource.audiences(self), knowsGrant: claims.grant == nil || grant != nil,
            evaluated: evaluated(claims, grant, account), isAppRefused: try refusesApp(of: claims), region: region, now: now,
            printedNow: tenant.policies.tokenTimes == .wall ? systemTime : now)
        return (decision, grant, account)
    }

    private func event(_ kind: Event.Kind, of claims: AccessTokenClaims, revocation: GUID? = nil) -> Event {
        var event = event(kind, user: claims.user, client: claims.client, grant: claims.grant, revocation: revocation)
        event.presented = claims.id
        return event
    }

    /// Whether the service principal of an application's own token may not be used any more, as far as the resource has learned. The request
    /// counts.
    private func refusesApp(of claims: AccessTokenClaims) throws -> Bool {
        guard claims.user == nil, claims.declaresCP1, let app = try app(claims.client), let facts = try facts(of: app),
            ResourceAccess.isEvaluated(app, at: .graph(of: tenant.cloud))
        else { return false }
        return try refusal(facts, on: .cae) != nil
    }

    /// What there is to evaluate of a token; nil for one that nobody evaluates.
    private func evaluated(
        _ claims: AccessTokenClaims, _ grant: Grant?, _ account: AccountFacts?
    ) -> ResourceAccess.Evaluated? {
        guard let grant, let account, ResourceAccess.isEvaluated(claims, of: account.user) else { return nil }
        return ResourceAccess.Evaluated(grant: grant, account: account)
    }
}

// MARK: The directory as the region that the request landed in shows it

extension AdmittedRequest {
    func find(_ target: GraphRequest.User) throws -> User {
        switch target {
        case .me:
            guard let user = caller.user else { throw GraphError.noSignedInUser }
            return user
        case .named(let name):
            if let user = try op.tx.user(name, in: op.tenant.id) { return user }
            guard let user = try op.tx.deletedUser(name, in: op.tenant.id), try shows(user) else { throw GraphError.notFound(name) }
            return user
        }
    }

    /// A user who is still in the directory, wherever the request landed.
    func member(_ target: GraphRequest.User) throws -> User {
        let user = try find(target)
        guard try !op.tx.isDeleted(user.id) else { throw GraphError.notFound(user.id.description) }
        return user
    }

    /// The users whom the region shows, by name, after the one of that name.
    ///
    /// - Parameter number: as many, when there are; whole blocks are read.
    func users(after name: String?, atLeast number: Int) throws -> [User] {
        let block = min(number, 1000)
        var users: [User] = []
        var (cursor, isAtEnd) = (name, false)
        // A region that lags still shows users who were deleted; another has forgotten them: pages fill up all the same.
        while users.count < number, !isAtEnd {
            let found = try op.tx.users(in: op.tenant.id, after: cursor, limit: block, withDeleted: true)
            users += try found.filter { try shows($0) }
            cursor = found.last?.userPrincipalName
            isAtEnd = found.count < block
        }
        return users
    }

    private var standpoint: Standpoint { Standpoint(plane: .directory, region: op.region, now: op.now) }

    /// Whether the region still, or not any more, shows the user: a deletion arrives like everything else.
    private func shows(_ user: User) throws -> Bool {
        guard try op.tx.isDeleted(user.id) else { return true }
        // A guest's object goes at once: its account at home is not touched.
        guard !user.isGuest else { return false }
        return AccountState.inEffect(of: try op.tx.history(of: user.home).stateChanges, from: standpoint) != .deleted
    }

    /// The users with all that the query asks for.
    func profiles(of users: [User], _ query: GraphQuery) throws -> [GraphProfile] {
        var activities: [GUID: SignInEntry.Activity]?
        if query.wantsActivity {
            // Entra: resources/user.md, it wants AuditLog.Read.All besides.
            guard caller.mayReadAuditLogs else { throw GraphError.denied }
            activities = try op.tx.activity(of: users.map(\.id), in: op.tenant.id, looked: Self.lookedForActivity)
        }
        return try users.map { user in
            var profile = try profile(of: user, expandingManager: query.expandsManager)
            profile.activity = activities.map { ($0[user.id] ?? SignInEntry.Activity()).json }
            return profile
        }
    }

    /// Of so many events of the log the last sign-ins are looked for: the reading holds up whoever writes.
    private static let lookedForActivity: Int64 = 20_000

    /// The user with the stamp and the state that the region knows of.
    ///
    /// - Parameter expandingManager: whether the manager comes along, as the region knows the manager.
    func profile(of user: User, expandingManager: Bool = false) throws -> GraphProfile {
        let manager = expandingManager ? try manager(of: user).map { try profile(of: $0).json } : nil
        // Assumption: a user who was never revoked shows the time of creation. A guest shows its own, whatever happens at home.
        guard !user.isGuest else {
            return GraphProfile(user: user, stamp: user.createdAt.truncatedToSecond, passwordAt: nil, manager: manager)
        }
        let history = try op.tx.history(of: user.home)
        var shown = user
        shown.accountEnabled = AccountState.isEnabled(after: history.stateChanges, from: standpoint)
        let stamp = history.latestCutOff(from: standpoint)?.stamp ?? user.createdAt.truncatedToSecond
        return GraphProfile(
            user: shown, stamp: stamp, passwordAt: history.latestPassword(from: standpoint)?.stamp ?? user.createdAt,
            manager: manager)
    }
}
