import LapseRules
import LapseStore

/// What the person at `/devicelogin` did.
package enum DeviceStep: Sendable {
    case entered(code: String)
    case step(code: String, BrowserStep)
}

/// What the person at `/devicelogin` sees next.
package enum DeviceAnswer: Sendable {
    /// The page that asks for the code; true when the last one was wrong.
    case enterCode(isWrong: Bool)
    case signIn(SignInPageFacts, code: String)
    case pick([SignInDecision.Candidate], appName: String, code: String)
    case approved(appName: String)
    case declined(appName: String)
}

extension Authority {
    /// One step of the approval of a device's sign-in. Approving takes a credential, or a click on an account whose session is
    /// judged then; a cookie alone approves nothing.
    ///
    /// - Returns: what the browser sees, and the cookies to set whatever it is.
    package func approveDevice(
        _ step: DeviceStep, cookies: BrowserCookies, trace: RequestTrace
    ) throws -> Outcome<(answer: DeviceAnswer, cookies: BrowserCookies), EntraError> {
        try deciding(trace) { op in
            let (typed, browserStep): (String, BrowserStep)
            switch step {
            case .entered(let code): (typed, browserStep) = (code, .arrived)
            case .step(let code, let step): (typed, browserStep) = (code, step)
            }
            let userCode = DeviceCode.normalized(userCode: typed)
            guard let code = try op.tx.deviceCode(userCode: SecretHash(of: userCode)) else {
                return .success((.enterCode(isWrong: true), [:]))
            }
            try op.enter(try code.tenant.flatMap { try op.tx.tenant($0) } ?? .none(TenantName.Alias.organizations.rawValue))
            var browser = BrowserRequest(op, cookies: cookies)
            let (home, user) = try browser.account(of: browserStep, hint: nil)
            op.region = try op.in(home).routeToAuthority(client: code.client, user: user)
            browser.op.region = op.region
            guard code.state == .pending, op.now < code.expiresAt, let app = try op.app(code.client) else {
                return .success((.enterCode(isWrong: true), [:]))
            }
            return .success((try browser.approve(code, userCode: userCode, app: app, browserStep), browser.setCookies))
        }
    }
}

extension BrowserRequest {
    fileprivate mutating func approve(
        _ code: DeviceCode, userCode: String, app: AppRegistration, _ step: BrowserStep
    ) throws -> DeviceAnswer {
        let directory = op.tenant.name
        func signInPage(_ userName: String?, _ error: EntraError? = nil) -> DeviceAnswer {
            .signIn(SignInPageFacts(appName: app.name, directory: directory, userName: userName, error: error), code: userCode)
        }
        let chosen: GUID
        switch step {
        case .arrived:
            let usable = try judgedSessions(for: app).filter { $0.refusal == nil }.map(\.candidate)
            return usable.isEmpty
                ? signInPage(nil) : .pick(usable, appName: app.name, code: userCode)
        case .otherAccount: return signInPage(nil)
        case .declined:
            try op.tx.update(deviceCode: code.hash, state: .declined)
            if !op.tenant.isNone { try op.tx.append(op.event(.deviceCodeDeclined, client: app.id)) }
            return .declined(appName: app.name)
        case .signIn(let userName, let credential, let newPassword, let staySignedIn):
            let attempt = try attempt(userName, credential, newPassword: newPassword)
            switch try signIn(attempt, for: app, staySignedIn: staySignedIn) {
            case .success(let session): chosen = session.id
            case .failure(let refusal): return signInPage(userName, refusal.error)
            }
        case .picked(let id), .consented(let id): chosen = id
        }
        guard let judged = try judgedSessions(for: app).first(where: { $0.candidate.session.id == chosen }) else {
            return signInPage(nil)
        }
        let candidate = judged.candidate
        guard judged.refusal == nil else { return signInPage(candidate.account.user.userPrincipalName, judged.word) }
        if let error = try refusal(of: app, for: candidate) { return signInPage(candidate.account.user.userPrincipalName, error) }
        let scopes = try op.scopes(of: app)
        let scope = try? scopes.delegated(code.scope, several: .first, consented: nil)
        if let error = candidate.challenge(for: app, resource: scope?.resource ?? scopes.graph) {
            return signInPage(candidate.account.user.userPrincipalName, error)
        }
        try approve(code, for: candidate, app, consenting: scope?.dynamic ?? [])
        return .approved(appName: app.name)
    }

    /// Makes the grant that the device will redeem.
    ///
    /// - Parameter scopes: what the app is not registered for.
    private func approve(
        _ code: DeviceCode, for candidate: SignInDecision.Candidate, _ app: AppRegistration, consenting scopes: [String]
    ) throws {
        let user = candidate.account.user
        let own = try op.in(try op.tx.tenant(user.tenant) ?? candidate.account.home)
        let grant = Grant(
            id: op.random.guid(), tenant: own.tenant.id, user: user.id, client: app.id,
            clientClass: app.clientClass(on: nil), scope: code.scope,
            authentication: candidate.session.authentication, session: candidate.session.id, createdAt: own.now,
            declaresCP1: code.declaresCP1, registration: app.registration)
        if !scopes.isEmpty { try own.giveConsent(of: user, to: app.id, for: scopes) }
        try op.tx.append(own.event(.deviceCodeApproved, user: user.id, client: app.id, grant: grant.id))
        try op.tx.insert(grant)
        try op.tx.update(deviceCode: code.hash, state: .approved, grant: grant.id)
        try use(candidate)
    }

    private mutating func judgedSessions(for app: AppRegistration) throws -> [SignInDecision.Judged] {
        let candidates = try candidates()
        try count(candidates)
        return candidates.map { candidate in
            let stale = candidate.isStale(for: app) ? Refusal(error: AADSTS.noSession.error()) : nil
            return SignInDecision.Judged(candidate, candidate.refusal(in: op.region) ?? stale)
        }
    }
}
