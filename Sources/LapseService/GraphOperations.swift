import LapseRules
import LapseStore

/// The owner of an access token at Graph's door, before the store was asked.
public struct GraphToken: Sendable {
    let claims: AccessTokenClaims
}

/// Which user an address of Graph means.
public enum GraphTarget: Sendable {
    case me
    /// An object id or user principal name.
    case named(String)
}

/// A profile as Graph shows it.
public struct GraphProfile: Sendable {
    public let user: User
    /// The cut-off as `signInSessionsValidFromDateTime` shows it, in whole seconds.
    public let stamp: Timestamp
}

extension Authority {
    /// Checks the signature of an access token.
    ///
    /// - Throws: ``GraphRefused`` for a missing token, garbage, or another's signature.
    public func graphToken(_ text: String?) async throws -> GraphToken {
        guard let text, !text.isEmpty else { throw GraphRefused(.emptyToken, now: wall()) }
        switch await signer.check(text) {
        case .garbage: throw GraphRefused(.garbageToken, now: wall())
        case .wrongSignature: throw GraphRefused(.wrongSignature, now: wall())
        case .payload(let payload):
            guard let claims = AccessTokenClaims(payload) else { throw GraphRefused(.wrongAudience, now: wall()) }
            return GraphToken(claims: claims)
        }
    }

    /// `POST …/revokeSignInSessions`. A guest's call changes nothing: the guest signs in at home.
    ///
    /// - Returns: the status that the tenant's policy wants, 200 or 204.
    /// - Throws: ``GraphRefused``.
    public func revokeSignInSessions(of target: GraphTarget, token: GraphToken, trace: RequestTrace) throws -> (status: Int, Region)
    {
        try store.write { tx in
            let visit = try admit(token, tx, trace: trace)
            let user = try visit.find(target, tx)
            guard visit.caller.mayRevoke(user) else { throw visit.refused(.denied) }
            let actor = visit.caller.user?.id.description ?? token.claims.client.description
            let cause: Revocation.Cause = visit.caller.user?.id == user.id ? .userRevoke : .adminRevoke
            try revoke(
                user, cause: cause, actor: actor, in: visit.tenant, now: visit.now, region: visit.region,
                requestID: trace.requestID, client: token.claims.client, tx)
            return (Int(visit.tenant.policies.revokeAnswer), visit.region)
        }
    }

    /// `GET /me` and `GET /users/{id}`.
    public func readUser(_ target: GraphTarget, token: GraphToken, trace: RequestTrace) throws -> (GraphProfile, Region) {
        try store.read { tx in
            let visit = try admit(token, tx, trace: trace)
            let user = try visit.find(target, tx)
            guard visit.caller.mayRead(user) else { throw visit.refused(.denied) }
            return (try profile(of: user, tx), visit.region)
        }
    }

    /// `GET /users`, by user principal name.
    ///
    /// - Parameter cursor: the last name of the page before.
    /// - Returns: at most `limit` users, and the cursor of the next page when there is one.
    public func listUsers(after cursor: String?, limit: Int, token: GraphToken, trace: RequestTrace) throws -> (
        page: [GraphProfile], next: String?, Region
    ) {
        try store.read { tx in
            let visit = try admit(token, tx, trace: trace)
            guard visit.caller.mayRead(nil) else { throw visit.refused(.denied) }
            let users = try tx.users(in: visit.tenant.id, after: cursor, limit: limit + 1)
            let page = try users.prefix(limit).map { try profile(of: $0, tx) }
            return (page, users.count > limit ? page.last?.user.userPrincipalName : nil, visit.region)
        }
    }

    /// The OpenID userinfo claims; `sub` is the id token's.
    public func userInfo(token: GraphToken, trace: RequestTrace) throws -> (JSON, Region) {
        try store.read { tx in
            let visit = try admit(token, tx, trace: trace)
            guard let user = visit.caller.user else { throw visit.refused(.denied) }
            guard token.claims.scopes.contains("openid") else { throw visit.refused(.denied) }
            let info = JSON.object([
                "sub": .string(TokenPlan.pairwiseSubject(user: user.id, client: token.claims.client)),
                "name": .string(user.displayName), "family_name": user.surname.map(JSON.string),
                "given_name": user.givenName.map(JSON.string),
                "email": token.claims.scopes.contains("email") ? user.mail.map(JSON.string) : nil,
            ])
            return (info, visit.region)
        }
    }

    private func profile(of user: User, _ tx: StoreTransaction) throws -> GraphProfile {
        // Assumption: a user who was never revoked shows the time of creation. A guest shows its own, whatever happens at home.
        let cutOff = user.isGuest ? nil : try tx.latestCutOff(of: user.home)
        return GraphProfile(user: user, stamp: (cutOff ?? user.createdAt).truncatedToSecond)
    }

    /// Lets a token in: its tenant, its caller, its instant.
    private func admit(_ token: GraphToken, _ tx: StoreTransaction, trace: RequestTrace) throws -> GraphVisit {
        let claims = token.claims
        let wall = wall()
        guard let tenant = try tx.tenant(claims.tenant) else { throw GraphRefused(.wrongAudience, now: wall) }
        let now = tenant.clock.now(wall: wall)
        let region: Region
        do throws(UnknownRegion) { region = try self.region(trace, in: tenant) } catch {
            throw GraphRefused(.badRequest(error.message), now: now)
        }
        let knowsGrant = try claims.grant.map { try tx.grant($0) != nil } ?? true
        if let refusal = GraphAccess.refusal(of: claims, knowsGrant: knowsGrant, now: now) {
            throw GraphRefused(refusal, now: now, region: region)
        }
        let user = try claims.user.flatMap { try tx.user($0.description, in: tenant.id) }
        // The token outlives its user: Graph does not find who it is about.
        if let id = claims.user, user == nil { throw GraphRefused(.notFound(id.description), now: now, region: region) }
        let caller = GraphCaller(user: user, permissions: user == nil ? claims.roles : claims.scopes)
        return GraphVisit(tenant: tenant, caller: caller, now: now, region: region)
    }
}

/// A request that Graph let in.
private struct GraphVisit {
    let tenant: Tenant
    let caller: GraphCaller
    let now: Timestamp
    let region: Region

    func refused(_ error: GraphError) -> GraphRefused { GraphRefused(error, now: now, region: region) }

    func find(_ target: GraphTarget, _ tx: StoreTransaction) throws -> User {
        switch target {
        case .me:
            guard let user = caller.user else { throw refused(.noSignedInUser) }
            return user
        case .named(let name):
            guard let user = try tx.user(name, in: tenant.id) else { throw refused(.notFound(name)) }
            return user
        }
    }
}
