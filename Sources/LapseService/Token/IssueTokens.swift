import LapseRules
import LapseStore

/// One grant type's part of a token request, loaded and ready to be decided.
struct PreparedGrant {
    /// The tenant of what was presented: where a request to `common` belongs.
    var tenant: GUID?
    /// The class of the grant that is redeemed; nil when there is none yet.
    var grantClass: ClientClass?
    /// Whom the event is about, before anything is decided.
    var user: GUID?
    var grant: GUID?
    /// Whose passed requests count: the grant, or the account that signs in freshly.
    var subject: GUID?
    /// The fingerprint of a refresh token, for the log.
    var presented: String?
    let accepted: Event.Kind
    let refused: Event.Kind
    let decide: (TokenContext) throws -> TokenDecision
}

/// What came of a token request, with the region it landed in.
package struct TokenAnswer: Sendable {
    package let body: JSON
    package let landing: Landing
}

extension Authority {
    /// Answers a token request: prepare, find tenant and client, decide, write, commit, sign.
    ///
    /// - Throws: ``Refused`` for every "no"; anything else means that the storage or the signer is broken.
    package func answer(_ request: TokenRequest, at name: TenantName, trace: RequestTrace) async throws -> TokenAnswer {
        underWay.begin()
        defer { underWay.end() }
        let assertion = try await checkedAssertion(of: request)
        await waitToBeDecided(request, at: name)
        let ((issue, trouble), landing) = try await decidingTogether {
            (tx, landing) throws -> (TokenIssue, FaultEffect.KeyTrouble?) in
            // What a fault was to do to the answer when this ran before, in a transaction that was undone.
            _ = responseFaults.take(trace.requestID)
            let wall = wall()
            let prepared = try prepare(request, at: name, assertion: assertion, tx, wall: wall)
            let tenant = try tenant(name, orOf: prepared.tenant, tx, wall: wall)
            let now = tenant.clock.now(wall: wall)
            let region = try self.landing(
                trace, in: tenant, client: request.client.id, user: prepared.user, isCounted: true, now: now, tx)
            landing.region = region
            let app = try app(request.client.id, in: tenant, tx)
            // A fault sees no user or grant of another tenant.
            let isOwn = prepared.tenant == tenant.id
            let subject = Fault.Subject(
                .token, flow: request.flow, client: request.client.id, user: isOwn ? prepared.user : nil, region: region,
                grant: isOwn ? prepared.grant : nil, presented: isOwn ? prepared.presented : nil)
            let fault = try inject(subject, in: tenant, now: now, trace, tx)
            let decision: TokenDecision
            if let refusal = try fault.flatMap({ try forced($0, on: subject, app, in: tenant, now: now, tx) }) {
                // An outage refuses nobody: the fault's own event says it all.
                guard refusal.status < 429 else { throw Refused(refusal, now: now, in: tenant) }
                decision = .refuse(Refusal(error: refusal))
            } else if let refusal = ClientAuthentication.refusal(
                of: request.client, as: app, for: request.flow, grantClass: prepared.grantClass, directory: tenant.name)
            {
                decision = .refuse(Refusal(error: refusal))
            } else if let refusal = try loopRefusal(of: request, in: tenant, now: now, tx) {
                // Counted only for clients that are who they say they are: nobody else can lock one out.
                decision = .refuse(Refusal(error: refusal))
            } else {
                let context = TokenContext(
                    tenant: tenant, app: app!, resources: try tx.resources(in: tenant.id), region: region, now: now, wall: wall,
                    random: random)
                decision = try prepared.decide(context)
            }
            try apply(decision, of: prepared, for: request, tenant: tenant, now: now, region: region, trace, tx)
            switch decision {
            case .refuse(let refusal): throw Refused(refusal.error, now: now, in: tenant)
            case .issue(let issue):
                if case .keys(let trouble) = fault?.kind { return (issue, trouble) }
                return (issue, nil)
            }
        }
        await gates.pass(.afterCommit, of: issue.plan.tenant.id)
        return TokenAnswer(body: try await sign(issue.plan, keys: trouble, trace: trace), landing: landing)
    }

    /// What a fault answers in place of the decision; nil: it lets the request be decided.
    private func forced(
        _ effect: FaultEffect, on subject: Fault.Subject, _ app: AppRegistration?, in tenant: Tenant, now: Timestamp,
        _ tx: StoreTransaction
    ) throws -> EntraError? {
        effect.refusal(
            FaultContext(
                tenant: tenant, app: app, user: try subject.user.flatMap { try tx.user($0) },
                authTime: try subject.grant.flatMap { try tx.grant($0) }?.authentication.place.at, now: now))
    }

    private func loopRefusal(of request: TokenRequest, in tenant: Tenant, now: Timestamp, _ tx: StoreTransaction) throws
        -> EntraError?
    {
        guard tenant.policies.loopDetection, !tenant.isNone, request.flow != .device else { return nil }
        let repeated = try tx.countTokenRequest(request.fingerprint, in: tenant.id, at: now, window: ClientLoop.window)
        return ClientLoop.refusal(of: request, repeated: repeated)
    }

    func prepare(
        _ request: TokenRequest, at name: TenantName, assertion: AccessTokenClaims?, _ tx: StoreTransaction, wall: Timestamp
    ) throws -> PreparedGrant {
        switch request.grant {
        case .refreshToken(let text): try prepareRefresh(text, request, at: name, tx, wall: wall)
        case .authorizationCode(let code, let redirectURI, let verifier):
            try prepareCode(code, redirectURI: redirectURI, verifier: verifier, request, tx, wall: wall)
        case .deviceCode(let code): try prepareDeviceCode(code, request, tx, wall: wall)
        case .password(let userName, let password):
            try preparePassword(userName, password, request, at: name, tx, wall: wall)
        case .clientCredentials: try prepareClientCredentials(request, at: name, wall: wall)
        case .onBehalfOf: try prepareOnBehalfOf(assertion, request, tx, wall: wall)
        }
    }

    /// Writes what was decided. The event comes first: a new sign-in is placed in the order of events by its id.
    private func apply(
        _ decision: TokenDecision, of prepared: PreparedGrant, for request: TokenRequest, tenant: Tenant, now: Timestamp,
        region: Region, _ trace: RequestTrace, _ tx: StoreTransaction
    ) throws {
        guard !tenant.isNone else { return }
        if let subject = prepared.subject ?? prepared.grant { try tx.count(decision.attempts, of: subject) }
        var event = Event(
            tenant: tenant.id, at: now, kind: prepared.refused, user: prepared.user, client: request.client.id,
            grant: prepared.grant, region: region, requestID: trace.requestID)
        event.presented = prepared.presented
        event.notes.answersChallenge = request.claims.carriesDemand
        switch decision {
        case .refuse(let refusal):
            // A device that polls too early is no refusal that anybody wants to read about.
            guard refusal.error.code != .devicePending else { return }
            event.code = refusal.error.code
            event.notes.demandsClaims = refusal.error.claims != nil
            event.revocation = refusal.revocation
            // What is presented may belong to another tenant: nothing of that one shows here, unless it is a guest's.
            if prepared.tenant != tenant.id {
                let home = try prepared.grant.flatMap { try tx.grant($0) }?.authentication.user
                event.user = try home.flatMap { try tx.user(of: $0, in: tenant.id) }?.id
                if event.user == nil { (event.grant, event.revocation, event.presented) = (nil, nil, nil) }
            }
            try tx.append(event)
        case .issue(let issue):
            event.kind = prepared.accepted
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

    /// Signs what was stored; runs after the commit, on whichever core is free.
    ///
    /// - Parameter trouble: what a fault does to the keys.
    func sign(_ plan: TokenPlan, keys trouble: FaultEffect.KeyTrouble?, trace: RequestTrace) async throws -> JSON {
        let signer =
            switch trouble {
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
        return plan.answer(accessToken: accessToken, idToken: idToken)
    }
}
