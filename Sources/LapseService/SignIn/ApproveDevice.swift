import LapseRules
import LapseStore

/// What the person at `/devicelogin` did.
package enum DeviceStep: Sendable {
    case arrived
    case entered(code: String)
    case step(code: String, BrowserStep)
}

/// What the person at `/devicelogin` sees next.
package enum DeviceAnswer: Sendable {
    /// The page that asks for the code; true when the last one was wrong.
    case enterCode(isWrong: Bool)
    case signIn(SignInPageFacts, code: String)
    case pick(accounts: [PageAccount], appName: String, code: String)
    case approved(appName: String, BrowserCookies)
    case declined(appName: String)
}

extension Authority {
    /// One step of the approval of a device's sign-in. Approving takes a credential, or a click on an account whose session is
    /// judged then; a cookie alone approves nothing.
    package func approveDevice(_ step: DeviceStep, cookies: BrowserCookies, trace: RequestTrace) throws -> (
        DeviceAnswer, Landing
    ) {
        let (typed, browserStep): (String, BrowserStep)
        switch step {
        case .arrived: return (.enterCode(isWrong: false), Landing(region: .local))
        case .entered(let code): (typed, browserStep) = (code, .arrived)
        case .step(let code, let step): (typed, browserStep) = (code, step)
        }
        return try deciding { tx, landing in
            let wall = wall()
            var visit = Visit(cookies: cookies, trace: trace, wall: wall)
            let userCode = DeviceCode.normalized(userCode: typed)
            guard let code = try tx.deviceCode(userCode: SecretHash(of: userCode)) else {
                return .enterCode(isWrong: true)
            }
            let named = try code.tenant.flatMap { try tx.tenant($0) } ?? .none(TenantName.Alias.organizations.rawValue)
            let (home, user) = try visit.account(of: browserStep, hint: nil, in: named, tx)
            visit.region = try self.landing(
                trace, in: home, client: code.client, user: user, now: named.clock.now(wall: wall), tx)
            landing.region = visit.region
            guard code.state == .pending, named.clock.now(wall: wall) < code.expiresAt,
                let app = try app(code.client, in: named, tx)
            else { return .enterCode(isWrong: true) }
            return try approve(code, userCode: userCode, app: app, in: named, browserStep, &visit, tx)
        }
    }

    private func approve(
        _ code: DeviceCode, userCode: String, app: AppRegistration, in named: Tenant, _ step: BrowserStep, _ visit: inout Visit,
        _ tx: StoreTransaction
    ) throws -> DeviceAnswer {
        func signInPage(_ userName: String?, _ error: EntraError? = nil, asksForNewPassword: Bool = false) -> DeviceAnswer {
            .signIn(
                SignInPageFacts(
                    appName: app.name, directory: named.name, userName: userName, error: error,
                    asksForNewPassword: asksForNewPassword), code: userCode)
        }
        let chosen: GUID
        switch step {
        case .arrived:
            let usable = try usableSessions(for: app, in: named, &visit, tx)
            return usable.isEmpty
                ? signInPage(nil) : .pick(accounts: usable.map(PageAccount.init), appName: app.name, code: userCode)
        case .otherAccount: return signInPage(nil)
        case .declined:
            try tx.update(deviceCode: code.hash, state: .declined)
            if !named.isNone {
                try tx.append(
                    Event(
                        tenant: named.id, at: named.clock.now(wall: visit.wall), kind: .deviceCodeDeclined, client: app.id,
                        region: visit.region, requestID: visit.trace.requestID))
            }
            return .declined(appName: app.name)
        case .signIn(let userName, let credential, let newPassword, let staySignedIn):
            let attempt = try attempt(userName, credential, newPassword: newPassword, in: named, visit, tx)
            switch try signIn(attempt, for: app, in: named, staySignedIn: staySignedIn, &visit, tx) {
            case .success(let session): chosen = session.id
            case .failure(let refusal): return signInPage(userName, refusal.error, asksForNewPassword: attempt.mustChangePassword)
            }
        case .picked(let id), .consented(let id): chosen = id
        }
        guard let candidate = try usableSessions(for: app, in: named, &visit, tx).first(where: { $0.session.id == chosen }) else {
            return signInPage(nil)
        }
        let scopes = ScopePolicy(app: app, resources: try tx.resources(in: named.id), tenant: named)
        let resource = (try? scopes.delegated(code.scope, mayNameSeveralResources: true))?.resource
        if let error = candidate.challenge(for: app, resource: resource ?? scopes.graph) {
            return signInPage(candidate.account.user.userPrincipalName, error)
        }
        let user = candidate.account.user
        let tenant = try tx.tenant(user.tenant) ?? candidate.account.home
        let now = tenant.clock.now(wall: visit.wall)
        let grant = Grant(
            id: random.guid(), tenant: tenant.id, user: user.id, client: app.id,
            clientClass: app.clientClass(on: nil), scope: code.scope,
            authentication: candidate.session.authentication, session: candidate.session.id, createdAt: now,
            declaresCP1: code.declaresCP1)
        try tx.append(
            Event(
                tenant: tenant.id, at: now, kind: .deviceCodeApproved, user: user.id, client: app.id, grant: grant.id,
                region: visit.region, requestID: visit.trace.requestID))
        try tx.insert(grant)
        try tx.update(deviceCode: code.hash, state: .approved, grant: grant.id)
        try visit.use(candidate, tx)
        return .approved(appName: app.name, visit.setCookies)
    }

    private func usableSessions(
        for app: AppRegistration, in tenant: Tenant, _ visit: inout Visit, _ tx: StoreTransaction
    ) throws -> [SignInDecision.Candidate] {
        let candidates = try visit.candidates(in: tenant, tx)
        try visit.count(candidates, tx)
        let region = visit.region
        return candidates.filter { $0.refusal(in: region) == nil && !$0.isStale(for: app) }
    }
}
