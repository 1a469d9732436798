import LapseRules
import LapseStore

/// A token request that was granted and stored, and has still to be signed.
struct GrantedTokens: Sendable {
    let plan: TokenPlan
    /// What a fault does to the keys.
    let trouble: FaultEffect.KeyTrouble?
}

/// What was granted, stored and signed: all that the token endpoint answers.
package struct SignedTokens: Sendable {
    private let plan: TokenPlan
    package let accessToken: String
    package let idToken: String?

    init(_ plan: TokenPlan, accessToken: String, idToken: String?) {
        self.plan = plan
        self.accessToken = accessToken
        self.idToken = idToken
    }

    package var refreshToken: String? { plan.refreshToken }
    package var expiresIn: Duration { plan.accessTokenLifetime }
    /// The token endpoint's answer.
    package var answer: JSON { plan.answer(accessToken: accessToken, idToken: idToken) }
}

extension Authority {
    /// Answers a token request: decides it in one transaction, signs after the commit.
    ///
    /// - Returns: the tokens, or the refusal.
    /// - Throws: what means that the storage or the signer is broken.
    package func answer(
        _ request: TokenRequest, at name: TenantName, trace: RequestTrace
    ) async throws -> Outcome<SignedTokens, EntraError> {
        underWay.begin()
        defer { underWay.end() }
        let assertion = try await checkedAssertion(of: request)
        await waitToBeDecided(request, at: name, assertion: assertion)
        return try await decidingTogether(trace) { op in
            try op.decide(request, at: name, origins: [trace.origin, trace.backChannel], assertion: assertion)
        }.map { granted in
            await gates.pass(.afterCommit, of: granted.plan.tenant.id)
            return try await sign(granted, trace: trace)
        }
    }

    /// Signs what was stored; runs after the commit, on whichever core is free.
    func sign(_ granted: GrantedTokens, trace: RequestTrace) async throws -> SignedTokens {
        let plan = granted.plan
        let signer =
            switch granted.trouble {
            case .rolledOver: try await spareSigners.signer(.next)
            case .unknownKid: try await spareSigners.signer(.stranger)
            case .stale, .wrong, nil: self.signer
            }
        let issuer = "\(trace.origin)/\(plan.tenant.id)/v2.0"
        let isVersionOne = plan.scope.resource.tokenVersion == 1
        let accessToken = try signer.sign(plan.accessTokenPayload(issuer: issuer), namesThumbprint: isVersionOne)
        // One after the other on this core: waking a second one costs more than a signature saves, and under load it has its own.
        let idToken =
            try plan.hasIDToken
            ? plan.idTokenPayload(issuer: issuer).map {
                try signer.sign($0, namesThumbprint: plan.version == .v1)
            } : nil
        return SignedTokens(plan, accessToken: accessToken, idToken: idToken)
    }
}

extension Authority {
    /// Signs the id token that authorize gives.
    func sign(_ plan: TokenPlan, trace: RequestTrace) throws -> String? {
        try plan.idTokenPayload(issuer: "\(trace.origin)/\(plan.tenant.id)/v2.0").map {
            try signer.sign($0, namesThumbprint: false)
        }
    }
}

// The phases of a token request, inside its transaction.
extension Operation {
    /// Locates what the request brings, lets faults hit it, authenticates its client, decides, writes.
    fileprivate mutating func decide(
        _ request: TokenRequest, at name: TenantName, origins: [String], assertion: UserAssertion?
    ) throws -> Result<GrantedTokens, EntraError> {
        let presented = try locate(request, at: name, assertion: assertion)
        try enter(name, orOf: presented.tenant)
        region = try routeToAuthority(client: request.client.id, user: presented.user, isCounted: true)
        let app = try app(request.client.id)
        try app?.check(isFor: name)
        let fault = try injectFault(into: request, presented)
        let forced = try fault?.refusal(faultContext(app, presented))
        // An outage refuses nobody: the fault's own event says it all.
        if let forced, forced.status >= 429 { return .failure(forced) }
        let decision =
            try forced.map { .refuse(Refusal(error: $0)) } ?? decide(request, at: name, origins: origins, of: app, presented)
        try write(decision, for: request, presented)
        switch decision {
        case .refuse(let refusal): return .failure(refusal.error)
        case .issue(let issue): return .success(GrantedTokens(plan: issue.plan, trouble: fault?.keyTrouble))
        }
    }

    /// Finds what the request brings, and through it whom it is about.
    func locate(_ request: TokenRequest, at name: TenantName, assertion: UserAssertion?) throws -> any PresentedGrant {
        switch request.grant {
        case .refreshToken(let text): try PresentedRefreshToken(text, self)
        case .authorizationCode(let code, let redirectURI, let verifier):
            try PresentedCode(code, redirectURI: redirectURI, verifier: verifier, at: name, self)
        case .deviceCode(let code): try PresentedDeviceCode(code, self)
        case .password(let userName, let password): try PresentedPassword(userName, password, at: name, self)
        case .clientCredentials: try PresentedClientCredentials(at: name)
        case .onBehalfOf: try PresentedAssertion(assertion ?? .invalid(reason: ""), self)
        }
    }

    private func injectFault(into request: TokenRequest, _ presented: any PresentedGrant) throws -> FaultEffect? {
        // A fault sees no user or grant of another tenant.
        let isOwn = presented.tenant == tenant.id
        return try inject(
            Fault.Subject(
                .token, flow: request.flow, client: request.client.id, user: isOwn ? presented.user : nil, region: region,
                grant: isOwn ? presented.grant?.id : nil, presented: isOwn ? presented.fingerprint : nil))
    }

    /// The words of a forced refusal know nothing of another tenant's user and grant either.
    private func faultContext(_ app: AppRegistration?, _ presented: any PresentedGrant) throws -> FaultContext {
        let isOwn = presented.tenant == tenant.id
        return FaultContext(
            tenant: tenant, app: app, user: isOwn ? try presented.user.flatMap { try tx.user($0) } : nil,
            authTime: isOwn ? presented.grant?.authentication.place.at : nil, now: now)
    }

    private func decide(
        _ request: TokenRequest, at name: TenantName, origins: [String], of app: AppRegistration?, _ presented: any PresentedGrant
    ) throws -> TokenDecision {
        switch ClientAuthentication.decide(
            request.client, as: app, for: request.flow, grantClass: presented.grantClass,
            in: ClientAssertion.Surroundings(
                origins: origins, tenant: tenant, name: name, now: now, systemTime: systemTime, isSigned: RSASignature.isValid))
        {
        case .failure(let error): return .refuse(Refusal(error: error))
        case .success(let app):
            // Counted only for clients that are who they say they are: nobody else can lock one out.
            if let refusal = try refusalOfLoop(request) { return .refuse(Refusal(error: refusal)) }
            return try decide(request, by: app, presented)
        }
    }

    /// The decision about a client that has said who it is.
    func decide(_ request: TokenRequest, by app: AppRegistration, _ presented: any PresentedGrant) throws -> TokenDecision {
        guard let facts = try facts(of: app) else { return try presented.decide(request, in: context(of: app, as: nil), self) }
        if let error = try refusal(facts, on: .refresh) ?? refusalOfAnswer(request, facts) {
            return .refuse(Refusal(error: error))
        }
        let decision = try presented.decide(request, in: context(of: app, as: facts.principal), self)
        guard case .issue(let issue) = decision, let user = issue.plan.user, let error = facts.refusal(of: user) else {
            return decision
        }
        return .refuse(Refusal(error: error))
    }

    /// Why an application gets no token for a challenge; nil: it may. Whoever answers one is refused as soon as a resource of any region refuses.
    private func refusalOfAnswer(_ request: TokenRequest, _ facts: AppFacts) -> EntraError? {
        guard request.flow == .clientCredentials, request.claims.answersChallenge,
            ResourceAccess.isEvaluated(facts.app, at: .graph(of: tenant.cloud))
        else { return nil }
        return model.regions.lazy.compactMap { facts.refusal(on: .cae, in: $0, at: now, directory: tenant.name) }.first
    }

    private func refusalOfLoop(_ request: TokenRequest) throws -> EntraError? {
        guard tenant.policies.loopDetection, !tenant.isNone, request.flow != .device else { return nil }
        let repeated = try tx.countTokenRequest(request.fingerprint, in: tenant.id, at: now, window: ClientLoop.window)
        return ClientLoop.refusal(of: request, repeated: repeated)
    }

    /// Writes what was decided. The event comes first: a new sign-in is placed in the order of events by its id.
    private func write(_ decision: TokenDecision, for request: TokenRequest, _ presented: any PresentedGrant) throws {
        guard !tenant.isNone else { return }
        if let subject = presented.subject { try tx.count(decision.attempts, of: subject) }
        var event = event(presented.refused, user: presented.user, client: request.client.id, grant: presented.grant?.id)
        event.presented = presented.fingerprint
        event.notes.answersChallenge = request.claims.carriesDemand
        switch decision {
        case .refuse(let refusal):
            // A device that polls too early is no refusal that anybody wants to read about.
            guard refusal.error.code != .devicePending else { return }
            event.code = refusal.error.code
            event.notes.demandsClaims = refusal.error.claims != nil
            event.revocation = refusal.revocation
            // What is presented may belong to another tenant: nothing of that one shows here, unless it is a guest's.
            if presented.tenant != tenant.id {
                event.user = try presented.grant.flatMap { try tx.user(of: $0.authentication.user, in: tenant.id) }?.id
                if event.user == nil { (event.grant, event.revocation, event.presented) = (nil, nil, nil) }
            }
            try tx.append(event)
        case .issue(let issue):
            event.kind = presented.accepted
            event.user = issue.plan.user?.id
            event.grant = issue.plan.grant?.id
            event.accessToken = issue.plan.accessToken
            try tx.append(event)
            if let grant = issue.newGrant { try tx.insert(grant) }
            if let token = issue.refreshToken { try tx.insert(token) }
            switch issue.spent {
            case .code(let hash): try tx.markRedeemed(code: hash, at: now)
            case .deviceCode(let hash): try tx.update(deviceCode: hash, state: .redeemed)
            case nil: break
            }
        }
    }
}
