/// Is this grant or session still believed? The rule at the centre of Lapse, for every door.
///
/// A grant or session is refused on plane P in region R at instant t when a revocation that touches it exists with
/// `authTime` before the revocation's instant and `propagation(revocation, P, R) <= t`.
public enum RevocationRule {
    /// What is judged: when the user last gave a credential for it, and its column of the matrix.
    public struct Subject: Sendable {
        public let authenticated: Place
        public let column: RevocationMatrix.Column

        public init(authenticated: Place, column: RevocationMatrix.Column) {
            self.authenticated = authenticated
            self.column = column
        }
    }

    /// Nil when no revocation refuses the subject, else the one with the latest cut-off among those that do.
    ///
    /// Each revocation counts on its own: a later one, not yet believed, hides no earlier one.
    public static func refusal(
        of subject: Subject, by revocations: [Revocation], from standpoint: Standpoint, tieRule: Policies.TieRule
    ) -> Revocation? {
        revocations
            .filter { revocation in
                RevocationMatrix.touches(revocation.cause, subject.column)
                    && isBefore(subject.authenticated, revocation, tieRule)
                    && revocation.propagation.isBelieved(from: standpoint)
            }
            .max { $0.place < $1.place }
    }

    private static func isBefore(_ authenticated: Place, _ revocation: Revocation, _ tieRule: Policies.TieRule) -> Bool {
        switch tieRule {
        case .precise: authenticated < revocation.place
        // Entra: recorded traffic, a grant made about a second around the revoke still worked.
        case .entra: authenticated.at < revocation.stamp
        }
    }
}

/// What the authority believes of an account, apart from cut-offs.
public enum AccountState: Equatable, Sendable {
    case active, disabled, deleted

    /// The state after all changes that are believed from the standpoint, in their order. Deleting outweighs disabling.
    public static func believed(of changes: [StateChange], from standpoint: Standpoint) -> AccountState {
        var isEnabled = true
        var isDeleted = false
        for change in changes.sorted(by: { $0.place < $1.place }) where change.propagation.isBelieved(from: standpoint) {
            switch change.kind {
            case .disable: isEnabled = false
            case .enable: isEnabled = true
            case .delete: isDeleted = true
            case .restore: isDeleted = false
            }
        }
        return isDeleted ? .deleted : isEnabled ? .active : .disabled
    }
}

/// Everything that can speak against an account: the facts of every verdict.
public struct AccountHistory: Sendable {
    public let revocations: [Revocation]
    public let stateChanges: [StateChange]

    public init(revocations: [Revocation], stateChanges: [StateChange]) {
        self.revocations = revocations
        self.stateChanges = stateChanges
    }

    /// Entra's order: does the user exist, is the account enabled, was the grant revoked. Nil: accepted.
    public func refusal(
        of subject: RevocationRule.Subject, user: User, directory: String, from standpoint: Standpoint, tieRule: Policies.TieRule
    ) -> Refusal? {
        if let error = stateRefusal(of: user, directory: directory, from: standpoint) {
            return Refusal(error: error, revocation: nil)
        }
        guard
            let revocation = RevocationRule.refusal(of: subject, by: revocations, from: standpoint, tieRule: tieRule)
        else { return nil }
        let error: EntraError =
            switch standpoint.plane {
            case .refresh: .revoked(authTime: subject.authenticated.at, cutOff: revocation.stamp)
            // Assumption: a revoked cookie answers as no cookie does; the code at Entra is unconfirmed.
            case .session: AADSTS.noSession.error()
            }
        return Refusal(error: error, revocation: revocation.id)
    }

    /// Every door's check of the account itself, fresh sign-ins included. Nil: the account may be used.
    public func stateRefusal(of user: User, directory: String, from standpoint: Standpoint) -> EntraError? {
        switch AccountState.believed(of: stateChanges, from: standpoint) {
        case .active: nil
        case .disabled: AADSTS.accountDisabled.error()
        case .deleted: .noSuchUser(directory: directory)
        }
    }
}

/// A "no" with what decided it.
public struct Refusal: Error, Equatable, Sendable {
    public let error: EntraError
    /// The revocation that refused, nil for every other reason.
    public let revocation: GUID?

    public init(error: EntraError, revocation: GUID? = nil) {
        self.error = error
        self.revocation = revocation
    }
}
