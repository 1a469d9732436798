import LapseRules
import LapseStore

// The control API's calls on grants and sessions.
extension Authority {
    // MARK: Grants and sessions

    /// Signs a user in without a browser: `{"user","client_id","scope","authTime"?,"method"?}`.
    ///
    /// - Returns: what a browser and a client would hold after it.
    package func createGrant(_ body: JSON, in name: String, trace: RequestTrace) async throws -> JSON {
        let (userName, clientID, scopeText, authTime, method) = try reading { () throws(FieldError) in
            var reader = try ObjectReader(body)
            let read = (
                try reader.required("user"), ClientID(try reader.required("client_id")), try reader.required("scope"),
                try reader.instant("authTime"), try reader.choice("method", of: SignInMethod.self) ?? .password
            )
            try reader.finish()
            return read
        }
        let cookie = random.token(bytes: 32)
        let (issue, grant) = try store.write { tx in
            let wall = systemTime()
            let tenant = try controlled(name, tx)
            let now = tenant.clock.now(wall: wall)
            let named = try controlledUser(userName, of: tenant, tx)
            guard let app = try operation(tx, in: tenant).app(clientID) else {
                throw ControlError.invalid(FieldError("client_id", "names no app of \(tenant.name)"))
            }
            guard
                let account = try operation(tx, in: tenant).account(
                    of: named.home, since: authTime ?? now, subject: named.home.user)
            else {
                throw ControlError.invalid(FieldError("user", "has no home account any more"))
            }
            let at = authTime ?? account.homeNow
            guard at >= Tenant.birth, at <= account.homeNow else {
                throw ControlError.invalid(FieldError("authTime", "must lie between the tenant's birth and its now"))
            }
            let region = try taking(trace, in: tenant)
            let context = TokenContext(
                tenant: tenant, app: app, resources: try tx.resources(in: tenant.id), region: region, now: now, wall: wall,
                random: random)
            let scope: GrantedScope
            do throws(EntraError) { scope = try context.scopes.delegated(scopeText) } catch {
                throw ControlError.invalid(FieldError("scope", error.message))
            }
            let sequence = tx.nextEventID()
            let authentication = Authentication(
                user: named.home, place: Place(at: at, sequence: sequence), method: method)
            let session = BrowserSession(
                id: random.guid(), browser: SecretHash(of: cookie), authentication: authentication, isPersistent: false,
                lastUsedAt: account.homeNow,
                expiresAt: account.homeNow + EffectiveLifetimes(tenant: account.home, app: nil).session(persistent: false))
            let grant = Grant(
                id: random.guid(), tenant: tenant.id, user: named.id, client: app.id,
                clientClass: app.clientClass, scope: scope.grantText,
                authentication: authentication, session: session.id, createdAt: now)
            let issue = context.issue(grant, scope: scope, user: named)
            var event = Event(
                tenant: tenant.id, at: now, kind: .signedIn, user: named.id, client: app.id, grant: grant.id, region: region,
                requestID: trace.requestID)
            event.accessToken = issue.plan.accessToken
            try tx.append(event)
            try tx.insert(session)
            try tx.insert(grant)
            if let token = issue.refreshToken { try tx.insert(token) }
            return (issue, grant)
        }
        let tokens = try await sign(GrantedTokens(plan: issue.plan, trouble: nil), trace: trace)
        return [
            "grant": .string(grant.id.description), "refresh_token": JSON(tokens.refreshToken),
            "access_token": .string(tokens.accessToken), "id_token": JSON(tokens.idToken),
            "expires_in": .integer(tokens.expiresIn.wholeSeconds),
            "cookies": .object([BrowserSession.Cookie.transient.rawValue: .string(cookie)]),
        ]
    }

    /// The user's grants in this tenant, alive or dead and why. For a member, those in other tenants too.
    package func grants(of userName: String, in name: String, after cursor: String?) throws -> ControlPage<JSON> {
        try store.read { tx in
            let wall = systemTime()
            let tenant = try controlled(name, tx)
            let user = try knownUser(userName, of: tenant, tx)
            let after = try cursor.map { text in
                let last = try GUID(text).flatMap { try tx.grant($0) }
                guard let last, last.authentication.user == user.home else { throw ControlPage<JSON>.unknownCursor }
                return last.id
            }
            return try ControlPage(
                of: try tx.grants(
                    of: user.home, tenant: user.isGuest ? tenant.id : nil, after: after, limit: ControlPage<JSON>.size + 1),
                cursor: \.id.description, item: { try grantJSON($0, tx, wall: wall) })
        }
    }

    private func grantJSON(_ grant: Grant, _ tx: StoreTransaction, wall: Timestamp) throws -> JSON {
        let authentication = grant.authentication
        let (count, lastExpiresAt) = try tx.refreshTokens(of: grant.id)
        let now = try tx.tenant(grant.tenant)?.clock.now(wall: wall) ?? wall
        let account = try tx.tenant(grant.tenant).flatMap { try operation(tx, in: $0).account(of: grant) }
        let refusal = try account.flatMap { account in
            try tx.tenant(grant.tenant).flatMap { refusalEverywhere(of: grant.subject, on: .refresh, account, in: $0) }
        }
        var reason = refusal?.error.message
        if refusal == nil, let lastExpiresAt, lastExpiresAt <= now { reason = "The last refresh token has expired." }
        if account == nil { reason = "The user has no account in this tenant any more." }
        if refusal == nil, count == 0 { reason = "The grant has no refresh token." }
        return [
            "id": .string(grant.id.description), "tenant": .string(grant.tenant.description),
            "client": .string(grant.client.description), "clientClass": .string(grant.clientClass.rawValue),
            "scope": .string(grant.scope), "authTime": JSON(authentication.place.at),
            "method": .string(authentication.method.rawValue), "session": JSON(grant.session?.description),
            "createdAt": JSON(grant.createdAt), "refreshTokens": .integer(Int64(count)),
            "refreshExpiresAt": JSON(lastExpiresAt), "alive": .bool(reason == nil),
            "code": refusal?.error.code.map { .integer(Int64($0.rawValue)) } ?? .null, "reason": JSON(reason),
            "revocation": JSON(refusal?.revocation?.description),
        ]
    }

    /// The user's browser sessions, alive or dead and why. They are the home account's: a guest's are listed too.
    package func sessions(of userName: String, in name: String, after cursor: String?) throws -> ControlPage<JSON> {
        try store.read { tx in
            let tenant = try controlled(name, tx)
            let user = try knownUser(userName, of: tenant, tx)
            let after = try cursor.map { text in
                let last = try GUID(text).flatMap { try tx.session($0) }
                guard let last, last.authentication.user == user.home else { throw ControlPage<JSON>.unknownCursor }
                return last.id
            }
            let found = try tx.sessions(of: user.home, after: after, limit: ControlPage<JSON>.size + 1)
            return try ControlPage(of: found, cursor: \.id.description) { session in
                let authentication = session.authentication
                guard let account = try operation(tx, in: tenant).account(of: session) else { return nil }
                let refusal = refusalEverywhere(of: session.subject, on: .session, account, in: tenant)
                var reason: String?
                if session.expiresAt <= account.homeNow { reason = "The session has expired." }
                if session.endedAt != nil { reason = "The user signed out." }
                if let refusal {
                    reason = refusal.revocation == nil ? refusal.error.message : "The session was revoked after this sign-in."
                }
                return [
                    "id": .string(session.id.description), "authTime": JSON(authentication.place.at),
                    "method": .string(authentication.method.rawValue), "persistent": .bool(session.isPersistent),
                    "lastUsedAt": JSON(session.lastUsedAt), "expiresAt": JSON(session.expiresAt), "endedAt": JSON(session.endedAt),
                    "alive": .bool(reason == nil), "code": refusal?.error.code.map { .integer(Int64($0.rawValue)) } ?? .null,
                    "reason": JSON(reason), "revocation": JSON(refusal?.revocation?.description),
                ]
            }
        }
    }

    /// Why no region takes the grant or session; nil when one still does. Explain tells them apart.
    private func refusalEverywhere(
        of subject: RevocationRule.Subject, on plane: Plane, _ account: AccountFacts, in tenant: Tenant
    ) -> Refusal? {
        let refusals = model(of: tenant).regions.map { account.refusal(of: subject, on: plane, in: $0) }
        return refusals.contains(nil) ? nil : refusals[0]
    }
}
