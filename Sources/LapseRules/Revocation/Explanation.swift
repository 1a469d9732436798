/// Why is this token or session accepted here, or refused, and when does that change? What the endpoints decide, in words.
///
/// Calls the functions that the endpoints call, so that the two cannot disagree.
package struct Explanation: Sendable {
    /// What is explained, with the facts that its endpoint would load.
    package enum Subject: Sendable {
        case refreshToken(RefreshToken, Grant)
        case session(BrowserSession)
        /// - Parameter end: the end of the token on the clock of the grant's tenant.
        /// - Parameter isEvaluated: whether resources evaluate the token continuously.
        case accessToken(end: Timestamp, Grant, isEvaluated: Bool)
    }

    package enum Rule: String, CaseIterable, Sendable {
        /// No revocation, in effect or on its way, touches the sign-in.
        case notRevoked
        /// One does, and takes effect later, or when it is released.
        case notYetInEffect
        /// One does, and lets some more requests pass first.
        case attemptsLeft
        /// An access token at the resources: whatever was revoked, it passes until it ends.
        case untilExpiry
        case revoked, accountDisabled, accountDeleted, expired, signedOut
        /// The user was a guest of the tenant, and the guest account was removed; if there is one again, it is another.
        case noAccount
        /// The app is not registered any more; if its client id is registered again, it is another app.
        case noApp
        /// The app is disabled in the tenant, or its service principal is deleted.
        case appDisabled, appDeleted
        /// A policy speaks against it: sign-in frequency, a challenge, consent.
        case policy

        /// Whether what it decides is accepted.
        package var accepts: Bool {
            switch self {
            case .notRevoked, .notYetInEffect, .attemptsLeft, .untilExpiry: true
            case .revoked, .accountDisabled, .accountDeleted, .expired, .signedOut, .noAccount, .noApp, .appDisabled, .appDeleted,
                .policy:
                false
            }
        }
    }

    package struct Verdict: Sendable {
        package let plane: Plane
        package let region: Region
        /// Nil when accepted, and where the refusal has no number.
        package let code: AADSTS?
        package let rule: Rule
        package let why: String
        /// What the sign-in's `authTime` is compared with: the cut-off of ``revocation``, rounded as the tie rule says.
        package let cutOff: Timestamp?
        package let revocation: GUID?
        /// On the home clock; nil when nothing that is known today changes it.
        package internal(set) var changesAt: Timestamp?
        package let attemptsLeft: Int?

        package var isAccepted: Bool { rule.accepts }
    }

    private let subject: Subject
    private let account: AccountFacts
    private let isKnownInTenant: Bool
    private let client: AppRegistration?
    private let app: AppFacts?
    /// How far the clock of the token's own tenant is ahead of the home clock: not at all, but for guests.
    private let ahead: Duration
    private let policy: Policy

    /// What policies say at the token endpoint of a refresh token.
    package struct Policy: Sendable {
        let signInFrequency: Duration?
        let refusal: EntraError?

        package static let none = Policy(signInFrequency: nil, refusal: nil)

        private init(signInFrequency: Duration?, refusal: EntraError?) {
            self.signInFrequency = signInFrequency
            self.refusal = refusal
        }

        /// - Parameter tenant: where the token is redeemed.
        package init(user: User, app: AppRegistration, tenant: Tenant, resource: ResourceAPI) {
            signInFrequency = EffectiveLifetimes(tenant: tenant, app: app).signInFrequency
            refusal =
                AccessPolicy.challenge(on: .refresh, user: user, app: app, resource: resource)
                ?? AccessPolicy.consentRefusal(user: user, app: app)
        }
    }

    /// - Parameter account: with the whole history of the account, not only since the sign-in.
    /// - Parameter isKnownInTenant: false when the account was a guest of the tenant and the guest account was removed.
    /// - Parameter client: the app that a grant was made to, as it is registered now; nil: it is not any more.
    /// - Parameter app: what may speak against that app in the grant's tenant; nil: nothing ever did.
    /// - Parameter tenantNow: the present of the tenant that the token or session was made in.
    package init(
        of subject: Subject, account: AccountFacts, isKnownInTenant: Bool = true, client: AppRegistration?, app: AppFacts? = nil,
        tenantNow: Timestamp,
        policy: Policy = .none
    ) {
        self.subject = subject
        self.account = account
        self.isKnownInTenant = isKnownInTenant
        self.client = client
        self.app = app
        self.policy = policy
        ahead = tenantNow - account.homeNow
    }

    /// The verdicts at an instant of the home clock: of each plane, and in each of every region.
    package func verdicts(at instant: Timestamp, regions: [Region], on planes: [Plane] = Plane.allCases) -> [Verdict] {
        planes.flatMap { plane in
            regions.map { region in
                let standpoint = Standpoint(plane: plane, region: region, now: instant)
                var verdict = verdict(from: standpoint)
                verdict.changesAt = change(of: verdict, from: standpoint)
                return verdict
            }
        }
    }

    /// Since when it is refused on the plane in the region, as seen at an instant; nil while it is accepted. A later revocation never
    /// postpones what an earlier one did.
    package func refusedSince(on plane: Plane, in region: Region, at instant: Timestamp) -> Timestamp? {
        guard let verdict = refusal(from: Standpoint(plane: plane, region: region, now: instant)) else { return nil }
        var instants = cutting.compactMap { $0.turningPoint(on: plane, in: region) }
        // Of the states it is the last that counts: what was enabled in between was accepted.
        if verdict.rule == .accountDisabled || verdict.rule == .accountDeleted {
            let last = account.history.stateChanges.last { [.disable, .delete].contains($0.kind) }
            instants += [last?.turningPoint(on: plane, in: region)].compactMap { $0 }
        }
        if verdict.rule == .appDisabled || verdict.rule == .appDeleted {
            let last = app?.stateChanges.last { [.disable, .delete].contains($0.kind) }
            instants += [last?.turningPoint(on: plane, in: region)].compactMap { $0.map { $0 - ahead } }
        }
        if endCounts(on: plane) { instants.append(end) }
        return instants.filter { $0 <= instant }.min() ?? instant
    }

    /// The revocations that refuse the subject once they are in effect: only what came after the sign-in can.
    private var cutting: [Revocation] {
        account.history.since(ruleSubject.authenticated.at).revocations.filter { RevocationRule.cuts($0, ruleSubject, policies) }
    }

    // MARK: One verdict

    private func verdict(from standpoint: Standpoint) -> Verdict { refusal(from: standpoint) ?? accepted(from: standpoint) }

    /// An access token that no resource evaluates.
    private func isUntilExpiry(on plane: Plane) -> Bool {
        if case .accessToken(_, _, isEvaluated: false) = subject { plane == .cae } else { false }
    }

    /// Nil: accepted.
    private func refusal(from standpoint: Standpoint) -> Verdict? {
        if case .accessToken = subject, standpoint.plane == .cae {
            // A resource looks at the end first, and its refusal then has no number.
            if let ended = ended(at: standpoint.now) { return verdict(standpoint, rule: ended.rule, why: ended.why) }
            if isUntilExpiry(on: .cae) { return nil }
        }
        if standpoint.plane == .refresh, let why = grant?.reasonWithoutApp(client) {
            return verdict(standpoint, code: codeWithoutApp, rule: .noApp, why: why)
        }
        if standpoint.plane == .refresh, let refused = refusedApp(from: standpoint) { return refused }
        guard isKnownInTenant, grant?.isOf(account.user) ?? true else {
            return verdict(
                standpoint, code: standpoint.plane == .session ? .noSession : .guestNotFound, rule: .noAccount,
                why: isKnownInTenant
                    ? "The user's account in this tenant was removed after this sign-in. The one of today is another object."
                    : "The user has no account in this tenant any more.")
        }
        let account = AccountFacts(
            user: account.user, history: account.history, attempts: account.attempts, home: account.home, homeNow: standpoint.now)
        if let refusal = account.refusal(of: ruleSubject, on: standpoint.plane, in: standpoint.region) {
            return refused(refusal, from: standpoint)
        }
        if endCounts(on: standpoint.plane), let ended = ended(at: standpoint.now) {
            return verdict(standpoint, code: ended.code, rule: ended.rule, why: ended.why)
        }
        if standpoint.plane == .refresh, let error = policyRefusal(at: standpoint.now) {
            return verdict(standpoint, code: error.code, rule: .policy, why: error.text)
        }
        return nil
    }

    /// The app is looked at first, as the token endpoint does. On the clock of the grant's tenant.
    private func refusedApp(from standpoint: Standpoint) -> Verdict? {
        guard grant != nil, let app else { return nil }
        let error = app.refusal(on: standpoint.plane, in: standpoint.region, at: standpoint.now + ahead, directory: "")
        guard let error else { return nil }
        let isDeleted = error.code != .appDisabled
        return verdict(
            standpoint, code: error.code, rule: isDeleted ? .appDeleted : .appDisabled,
            why:
                "The app \(app.app.name) is \(isDeleted ? "deleted" : "disabled") in this tenant, and \(place(standpoint)) enforces it."
        )
    }

    private func verdict(
        _ standpoint: Standpoint, code: AADSTS? = nil, rule: Rule, why: String, deciding revocation: Revocation? = nil,
        attemptsLeft: Int? = nil
    ) -> Verdict {
        Verdict(
            plane: standpoint.plane, region: standpoint.region, code: code, rule: rule, why: why,
            cutOff: revocation.map { RevocationRule.cutOff(of: $0, tieRule) }, revocation: revocation?.id,
            attemptsLeft: attemptsLeft)
    }

    private func refused(_ refusal: Refusal, from standpoint: Standpoint) -> Verdict {
        // A browser whose session is refused is told that nobody is signed in, whatever the reason.
        let code = standpoint.plane == .session ? .noSession : refusal.error.code
        guard let revocation = account.history.revocations.last(where: { $0.id == refusal.revocation }) else {
            let isDeleted = refusal.error.code != .accountDisabled
            return verdict(
                standpoint, code: code, rule: isDeleted ? .accountDeleted : .accountDisabled,
                why: "The account is \(isDeleted ? "deleted" : "disabled"), and \(place(standpoint)) enforces it.")
        }
        let left = revocation.attemptsLeft(from: standpoint, after: account.attempts)
        return verdict(
            standpoint, code: code, rule: .revoked,
            why: "\(comparison(with: revocation)), and \(place(standpoint)) enforces it\(since(revocation, standpoint)).",
            deciding: revocation, attemptsLeft: left)
    }

    private func accepted(from standpoint: Standpoint) -> Verdict {
        guard !isUntilExpiry(on: standpoint.plane) else {
            return verdict(
                standpoint, rule: .untilExpiry,
                why: "Resources take this access token until it ends at \(end), whatever was revoked meanwhile.")
        }
        // Of those that wait, the one that takes effect first decides what comes next.
        let next = cutting.min { rank($0, standpoint) < rank($1, standpoint) }
        guard let next else {
            if let coming = comingState(from: standpoint) { return coming }
            let latest = account.history.revocations.last { policies.matrix.touches($0.cause, ruleSubject.column) }
            return verdict(
                standpoint, rule: .notRevoked,
                why: latest.map { "\(comparison(with: $0)): it came later." } ?? "No revocation touches this sign-in.",
                deciding: latest)
        }
        switch next.propagation.moment(on: standpoint.plane, in: standpoint.region) {
        case .afterAttempts:
            guard let left = next.attemptsLeft(from: standpoint, after: account.attempts) else {
                return verdict(
                    standpoint, rule: .notYetInEffect,
                    why: "\(comparison(with: next)), which the clock has not reached again.", deciding: next)
            }
            return verdict(
                standpoint, rule: .attemptsLeft,
                why: "\(comparison(with: next)), but \(place(standpoint)) lets \(left) more of its requests pass.", deciding: next,
                attemptsLeft: left)
        case .at(let instant):
            return verdict(
                standpoint, rule: .notYetInEffect,
                why: "\(comparison(with: next)), but \(place(standpoint)) enforces it from \(instant) on.", deciding: next)
        case .held:
            return verdict(
                standpoint, rule: .notYetInEffect,
                why: "\(comparison(with: next)), but \(place(standpoint)) does not enforce it before it is released.",
                deciding: next)
        }
    }

    /// What is to be said of an account whose disabling or deletion has not arrived here yet; nil when none is on its way.
    private func comingState(from standpoint: Standpoint) -> Verdict? {
        let changes = account.history.stateChanges.filter { $0.isInEffect(from: standpoint, after: account.attempts) }
        // A disabling counts unless an enabling that is in effect already outdates it.
        let pending = account.history.stateChanges.filter { change in
            [.disable, .delete].contains(change.kind) && !change.isInEffect(from: standpoint, after: account.attempts)
                && AccountState.after(changes + [change]) != .active
        }
        guard let next = pending.min(by: { rank($0, standpoint) < rank($1, standpoint) }) else { return nil }
        let what = "The account was \(next.kind == .delete ? "deleted" : "disabled") at \(next.place.at), but \(place(standpoint))"
        if let left = next.attemptsLeft(from: standpoint, after: account.attempts) {
            return verdict(standpoint, rule: .attemptsLeft, why: "\(what) lets \(left) more requests pass.", attemptsLeft: left)
        }
        let when = next.turningPoint(on: standpoint.plane, in: standpoint.region)
        return verdict(
            standpoint, rule: .notYetInEffect,
            why: "\(what) \(when.map { "enforces it from \($0) on" } ?? "does not enforce it before it is released").")
    }

    /// Known instants first, then what counts requests, by how many are left, then what is held.
    private func rank(_ event: some Propagated, _ standpoint: Standpoint) -> (Int, Int64) {
        switch event.propagation.moment(on: standpoint.plane, in: standpoint.region) {
        case .at(let instant): (0, instant.ticks)
        case .afterAttempts:
            (1, event.attemptsLeft(from: standpoint, after: account.attempts).map(Int64.init) ?? .max)
        case .held: (2, 0)
        }
    }

    private func policyRefusal(at now: Timestamp) -> EntraError? {
        guard let authentication else { return nil }
        return AccessPolicy.refusal(of: authentication, within: policy.signInFrequency, now: now) ?? policy.refusal
            ?? app?.refusal(of: account.user)
    }

    // MARK: When it changes

    /// The next instant at which another answer is due.
    private func change(of verdict: Verdict, from standpoint: Standpoint) -> Timestamp? {
        // What is revoked stays revoked: then only the account's state can put another code in its place.
        func turningPoints(of events: [some Propagated]) -> [Timestamp] {
            events.compactMap { $0.turningPoint(on: standpoint.plane, in: standpoint.region) }
        }
        var instants = verdict.rule == .revoked ? [] : turningPoints(of: cutting)
        instants += turningPoints(of: account.history.stateChanges) + turningPoints(of: app?.stateChanges ?? []).map { $0 - ahead }
        instants.append(end)
        if let authentication, let frequency = policy.signInFrequency { instants.append(authentication.place.at + frequency) }
        for instant in Set(instants).sorted() where instant > standpoint.now {
            let later = self.verdict(from: Standpoint(plane: standpoint.plane, region: standpoint.region, now: instant))
            if later.isAccepted != verdict.isAccepted || later.code != verdict.code { return instant }
        }
        return nil
    }

    // MARK: The subject

    private var policies: Policies { account.home.policies }

    private var tieRule: Policies.TieRule { policies.tieRule }

    private var ruleSubject: RevocationRule.Subject {
        switch subject {
        case .refreshToken(_, let grant), .accessToken(_, let grant, _): grant.subject
        case .session(let session): session.subject
        }
    }

    private var grant: Grant? {
        switch subject {
        case .refreshToken(_, let grant), .accessToken(_, let grant, _): grant
        case .session: nil
        }
    }

    /// A refresh token is redeemed by the app itself, which has to be there first; an access token is handed in by an API.
    private var codeWithoutApp: AADSTS {
        if case .refreshToken = subject, client == nil { .appNotFound } else { .invalidGrantValue }
    }

    /// Of what the token endpoint redeems for the client itself.
    private var authentication: Authentication? {
        if case .refreshToken(_, let grant) = subject { grant.authentication } else { nil }
    }

    /// The plane on which its own end counts.
    private var endpoint: Plane {
        switch subject {
        case .refreshToken: .refresh
        case .session: .session
        case .accessToken: .cae
        }
    }

    /// An access token is also an assertion at the token endpoint, and no good there once it has ended.
    private func endCounts(on plane: Plane) -> Bool {
        if case .accessToken = subject, plane == .refresh { return true }
        return plane == endpoint
    }

    /// When it ends by itself, on the home clock.
    private var end: Timestamp {
        switch subject {
        case .refreshToken(let token, _): token.expiresAt - ahead
        case .session(let session): min(session.endedAt ?? session.expiresAt, session.expiresAt)
        case .accessToken(let end, _, _): end - ahead
        }
    }

    private func ended(at now: Timestamp) -> (code: AADSTS?, rule: Rule, why: String)? {
        switch subject {
        case .session(let session):
            if let endedAt = session.endedAt { return (.noSession, .signedOut, "The user signed out at \(endedAt).") }
            return now < end ? nil : (.noSession, .expired, "The session ended at \(end).")
        case .refreshToken(_, let grant):
            return now < end
                ? nil : (RefreshTokenGrant.expiryCode(of: grant.clientClass), .expired, "The refresh token ended at \(end).")
        case .accessToken:
            return now < end ? nil : (.assertionExpired, .expired, "The access token ended at \(end).")
        }
    }

    // MARK: In words

    private func place(_ standpoint: Standpoint) -> String { "\(standpoint.plane.rawValue) in \(standpoint.region)" }

    private func since(_ revocation: Revocation, _ standpoint: Standpoint) -> String {
        switch revocation.propagation.moment(on: standpoint.plane, in: standpoint.region) {
        case .at(let instant): " since \(instant)"
        case .afterAttempts(let number): " after \(number) requests"
        case .held: ""
        }
    }

    /// `The sign-in at … is before the cut-off at … (adminRevoke)`, and how the two were rounded.
    private func comparison(with revocation: Revocation) -> String {
        let signIn = ruleSubject.authenticated
        let cutOff = RevocationRule.cutOff(of: revocation, tieRule)
        let order: String
        switch tieRule {
        case .precise where signIn.at == cutOff:
            order =
                signIn < revocation.place ? "at the same instant as, but came before," : "at the same instant as, but came after,"
        case .precise, .entra, .skew:
            order = RevocationRule.cuts(revocation, ruleSubject, policies) ? "before" : "not before"
        }
        let rounding =
            switch tieRule {
            case .precise: "both to 100 ns"
            case .entra: "cut down to its whole second, tieRule entra"
            case .skew(let skew): "the whole second of the revoke less \(skew.iso8601), tieRule skew"
            }
        return "The sign-in at \(signIn.at) is \(order) the cut-off \(cutOff) (\(revocation.cause.rawValue); \(rounding))"
    }
}
