/// Is this grant or session still accepted? The rule at the centre of Lapse, for every endpoint.
///
/// A grant or session is refused on plane P in region R at instant t when a revocation that touches it exists with
/// `authTime` before the revocation's instant and `propagation(revocation, P, R) <= t`.
package enum RevocationRule {
    /// What is judged: when the user last gave a credential for it, and its column of the matrix.
    package struct Subject: Sendable {
        package let authenticated: Place
        package let column: RevocationMatrix.Column

        package init(authenticated: Place, column: RevocationMatrix.Column) {
            self.authenticated = authenticated
            self.column = column
        }
    }

    /// Nil when no revocation refuses the subject, else the one with the latest cut-off among those that do.
    ///
    /// Each revocation counts on its own: a later one, not yet in effect, hides no earlier one.
    ///
    /// - Parameter counts: how many requests of the subject each revocation has let pass.
    package static func refusal(
        of subject: Subject, by revocations: [Revocation], from standpoint: Standpoint, policies: Policies,
        after counts: AttemptCounts = [:]
    ) -> Revocation? {
        revocations
            .filter { cuts($0, subject, policies) && $0.isInEffect(from: standpoint, after: counts) }
            .max { $0.place < $1.place }
    }

    /// Whether the revocation refuses the subject once it is in effect.
    static func cuts(_ revocation: Revocation, _ subject: Subject, _ policies: Policies) -> Bool {
        guard policies.matrix.touches(revocation.cause, subject.column) else { return false }
        return switch policies.tieRule {
        case .precise: subject.authenticated < revocation.place
        // Entra: recorded traffic, a grant made about a second around the revoke still worked.
        case .entra, .skew: subject.authenticated.at < cutOff(of: revocation, policies.tieRule)
        }
    }

    /// The instant that the subject's `authTime` is compared with.
    static func cutOff(of revocation: Revocation, _ tieRule: Policies.TieRule) -> Timestamp {
        switch tieRule {
        case .precise: revocation.place.at
        case .entra: revocation.stamp
        case .skew(let skew): revocation.stamp - skew
        }
    }
}

/// The state of an account that is in effect, apart from cut-offs.
package enum AccountState: Equatable, Sendable {
    case active, disabled, deleted

    /// The state after all changes that are in effect from the standpoint, in their order. Deleting outweighs disabling.
    package static func inEffect(
        of changes: [StateChange], from standpoint: Standpoint, after counts: AttemptCounts = [:]
    ) -> AccountState {
        // Every redeem asks, and most accounts have no changes: nothing is filtered then.
        changes.isEmpty ? .active : after(changes.filter { $0.isInEffect(from: standpoint, after: counts) })
    }

    /// The state after these changes, all of them in effect.
    static func after(_ changes: [StateChange]) -> AccountState {
        let (isEnabled, isDeleted) = flags(after: changes)
        return isDeleted ? .deleted : isEnabled ? .active : .disabled
    }

    /// Graph's `accountEnabled`, which a deleted user keeps.
    package static func isEnabled(after changes: [StateChange], from standpoint: Standpoint) -> Bool {
        flags(after: changes.filter { $0.isInEffect(from: standpoint, after: [:]) }).isEnabled
    }

    private static func flags(after changes: [StateChange]) -> (isEnabled: Bool, isDeleted: Bool) {
        var flags = (isEnabled: true, isDeleted: false)
        for change in changes.sorted(by: { $0.place < $1.place }) {
            switch change.kind {
            case .disable: flags.isEnabled = false
            case .enable: flags.isEnabled = true
            case .delete: flags.isDeleted = true
            case .restore: flags.isDeleted = false
            }
        }
        return flags
    }
}

/// Everything that can speak against an account: the facts of every verdict.
package struct AccountHistory: Sendable {
    /// In their order.
    package let revocations: [Revocation]
    package let stateChanges: [StateChange]
    /// Whether any of it counts the requests it lets pass.
    package let countsAttempts: Bool

    package init(revocations: [Revocation], stateChanges: [StateChange]) {
        self.revocations = revocations
        self.stateChanges = stateChanges
        countsAttempts =
            revocations.contains { $0.propagation.countsAttempts } || stateChanges.contains { $0.propagation.countsAttempts }
    }

    private init(_ whole: AccountHistory, revocations: [Revocation]) {
        self.revocations = revocations
        stateChanges = whole.stateChanges
        countsAttempts = whole.countsAttempts
    }

    /// What can speak against a sign-in at the instant: the later revocations and all state changes.
    package func since(_ instant: Timestamp) -> AccountHistory {
        var (low, high) = (0, revocations.count)
        while low < high {
            let middle = (low + high) / 2
            if revocations[middle].place.at < instant { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? self : AccountHistory(self, revocations: Array(revocations[low...]))
    }

    /// The cut-off that a reader of the directory sees from the standpoint: the latest of those in effect there.
    package func latestCutOff(from standpoint: Standpoint) -> Revocation? {
        revocations.last { $0.cause.movesStamp && $0.isInEffect(from: standpoint, after: [:]) }
    }

    /// The last that came with a new password, as the standpoint knows.
    package func latestPassword(from standpoint: Standpoint) -> Revocation? {
        revocations.last { $0.cause.setsPassword && $0.isInEffect(from: standpoint, after: [:]) }
    }

    /// Every region that some of it arrives in.
    var regions: Set<Region> {
        let all: [any Propagated] = revocations + stateChanges
        return Set(all.flatMap { $0.propagation.arrivals.map(\.region) })
    }

    /// Everything that still lets a request of the subject pass from here, and counts it. The subject of a fresh sign-in is nil.
    func countedAttempts(
        of subject: RevocationRule.Subject?, from standpoint: Standpoint, policies: Policies, after counts: AttemptCounts
    ) -> [Attempt] {
        guard countsAttempts else { return [] }
        let cutting = revocations.filter { revocation in subject.map { RevocationRule.cuts(revocation, $0, policies) } ?? false }
        let all: [any Propagated] = cutting + stateChanges
        return all.compactMap { event in
            guard let left = event.attemptsLeft(from: standpoint, after: counts), left > 0 else { return nil }
            return event.attempt(at: standpoint)
        }
    }
}

/// A "no" with what decided it.
package struct Refusal: Error, Equatable, Sendable {
    package let error: EntraError
    /// The revocation that refused, nil for every other reason.
    package let revocation: GUID?
    /// What the request that is refused has used up all the same.
    package internal(set) var attempts: [Attempt] = []

    package init(error: EntraError, revocation: GUID? = nil) {
        self.error = error
        self.revocation = revocation
    }
}
