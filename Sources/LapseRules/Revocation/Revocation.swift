/// A place in the order of events: first by instant, then by the number under which the log keeps the event.
///
/// What happened first is first even when the clock stands still.
package struct Place: Comparable, Hashable, Sendable {
    package let at: Timestamp
    package let sequence: Int64

    package init(at: Timestamp, sequence: Int64) {
        self.at = at
        self.sequence = sequence
    }

    package static func < (lhs: Place, rhs: Place) -> Bool { (lhs.at, lhs.sequence) < (rhs.at, rhs.sequence) }
}

/// A cut-off for one user: what the user signed in for before it dies, as far as its cause reaches.
package struct Revocation: Propagated, Equatable, Sendable {
    /// Why. Which grants and sessions each cause touches is ``RevocationMatrix``.
    package enum Cause: String, CaseIterable, Sendable {
        case userRevoke, adminRevoke, passwordChange, selfServiceReset, adminResetAzurePortal, adminResetEntra, singleSignOut
        /// Cuts nothing.
        case passwordExpired

        /// Whether the cause comes with a new password.
        package var setsPassword: Bool {
            switch self {
            case .passwordChange, .selfServiceReset, .adminResetAzurePortal, .adminResetEntra: true
            case .userRevoke, .adminRevoke, .singleSignOut, .passwordExpired: false
            }
        }

        /// Whether Graph's `signInSessionsValidFromDateTime` moves.
        package var movesStamp: Bool { self != .passwordExpired }
    }

    package let id: GUID
    package let user: User.Home
    package let place: Place
    package let cause: Cause
    /// Who did it: a user id, a client id, or nil for the control API.
    package let actor: String?
    package let propagation: Propagation

    package init(id: GUID, user: User.Home, place: Place, cause: Cause, actor: String?, propagation: Propagation) {
        self.id = id
        self.user = user
        self.place = place
        self.cause = cause
        self.actor = actor
        self.propagation = propagation
    }

    /// The cut-off as Graph shows it: whole seconds.
    package var stamp: Timestamp { place.at.truncatedToSecond }
}

/// A change of an account's state: it takes effect like a revocation, but a state, not a cut-off.
package struct StateChange: Propagated, Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable { case disable, enable, delete, restore }

    package let id: GUID
    package let user: User.Home
    package let kind: Kind
    package let place: Place
    package let propagation: Propagation

    package init(id: GUID, user: User.Home, kind: Kind, place: Place, propagation: Propagation) {
        self.id = id
        self.user = user
        self.kind = kind
        self.place = place
        self.propagation = propagation
    }
}
