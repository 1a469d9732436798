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
    /// - Parameters:
    ///   - revocations: in their order.
    ///   - counts: how many requests of the subject each revocation has let pass.
    package static func refusal(
        of subject: Subject, by revocations: [Revocation], from standpoint: Standpoint, policies: Policies,
        after counts: AttemptCounts = [:]
    ) -> Revocation? {
        // From the end: mostly the last one decides, however many there were before.
        revocations.last { cuts($0, subject, policies) && $0.isInEffect(from: standpoint, after: counts) }
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
