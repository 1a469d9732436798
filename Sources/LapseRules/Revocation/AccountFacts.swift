/// A user with everything that speaks against the account: the facts for a verdict about one of its grants or sessions.
package struct AccountFacts: Sendable {
    /// The user object in the tenant at hand.
    package let user: User
    package let history: AccountHistory
    /// How many requests of the grant or session at hand have passed; of the account's fresh sign-ins, when there is none.
    package let attempts: AttemptCounts
    /// The home tenant: whose clock and tie rule the verdict follows, and its instant.
    package let home: Tenant
    package let homeNow: Timestamp

    package init(user: User, history: AccountHistory, attempts: AttemptCounts = [:], home: Tenant, homeNow: Timestamp) {
        self.user = user
        self.history = history
        self.attempts = attempts
        self.home = home
        self.homeNow = homeNow
    }

    /// Nil: accepted at this plane and region, now. Entra's order: does the user exist, is the account enabled, was the grant
    /// revoked.
    package func refusal(of subject: RevocationRule.Subject, on plane: Plane, in region: Region) -> Refusal? {
        if let error = stateRefusal(on: plane, in: region) {
            // Entra: facts of 500341, what rests on a sign-in from before the deletion. A browser's sign-in is asked for again.
            let isOfToken = plane != .session && error.code == .userNotFound
            return Refusal(error: isOfToken ? AADSTS.userDeleted.error(["tenant": home.id.description]) : error)
        }
        let standpoint = Standpoint(plane: plane, region: region, now: homeNow)
        guard
            let revocation = RevocationRule.refusal(
                of: subject, by: history.revocations, from: standpoint, policies: home.policies, after: attempts)
        else { return nil }
        let error: EntraError =
            switch plane {
            case .refresh, .cae, .directory: .revoked(authTime: subject.authenticated.at, cutOff: revocation.stamp)
            // Assumption: a revoked cookie answers as no cookie does; the code at Entra is unconfirmed.
            case .session: AADSTS.noSession.error()
            }
        return Refusal(error: error, revocation: revocation.id)
    }

    /// Whether the account itself may be used, fresh sign-ins included. Nil: yes.
    package func stateRefusal(on plane: Plane, in region: Region) -> EntraError? {
        let standpoint = Standpoint(plane: plane, region: region, now: homeNow)
        return switch AccountState.inEffect(of: history.stateChanges, from: standpoint, after: attempts) {
        case .active: nil
        case .disabled: AADSTS.accountDisabled.error()
        case .deleted: .noSuchUser(directory: home.name)
        }
    }

    /// What a request that reaches the rule here uses up. Nil stands for a fresh sign-in.
    package func attempts(of subject: RevocationRule.Subject?, on plane: Plane, in region: Region) -> [Attempt] {
        history.countedAttempts(
            of: subject, from: Standpoint(plane: plane, region: region, now: homeNow), policies: home.policies,
            after: attempts)
    }

    /// Whether continuous access evaluation refuses the subject in any region. Nil: nowhere, as for guests, whom Entra does not
    /// evaluate.
    func refusalByAnyResource(of subject: RevocationRule.Subject) -> Refusal? {
        guard !user.isGuest else { return nil }
        let refusals = history.regions.compactMap { refusal(of: subject, on: .cae, in: $0) }
        // The account's state first, else the latest cut-off that any region enforces.
        if let state = refusals.filter({ $0.revocation == nil }).max(by: { $0.error.text < $1.error.text }) { return state }
        let latest = history.revocations.last { revocation in refusals.contains { $0.revocation == revocation.id } }
        return refusals.first { $0.revocation == latest?.id }
    }

    /// ``refusal(of:on:in:)`` for an endpoint, as a throw.
    ///
    /// - Parameter used: takes what the request uses up, whatever comes of it.
    func admit(
        _ subject: RevocationRule.Subject, on plane: Plane, in region: Region, counting used: inout [Attempt]
    ) throws(Refusal) {
        used += attempts(of: subject, on: plane, in: region)
        if let refusal = refusal(of: subject, on: plane, in: region) { throw refusal }
    }
}
