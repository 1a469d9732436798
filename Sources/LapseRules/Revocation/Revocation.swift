/// A place in the order of events: first by instant, then by the number under which the log keeps the event.
///
/// What happened first is first even when the clock stands still.
public struct Place: Comparable, Hashable, Sendable {
    public let at: Timestamp
    public let sequence: Int64

    public init(at: Timestamp, sequence: Int64) {
        self.at = at
        self.sequence = sequence
    }

    public static func < (lhs: Place, rhs: Place) -> Bool { (lhs.at, lhs.sequence) < (rhs.at, rhs.sequence) }
}

/// A cut-off for one user: what the user signed in for before it dies, as far as its cause reaches.
public struct Revocation: Propagated, Equatable, Sendable {
    /// Why. Which grants and sessions each cause touches is ``RevocationMatrix``.
    public enum Cause: String, CaseIterable, Sendable {
        case userRevoke, adminRevoke, passwordChange, selfServiceReset, adminResetAzurePortal, adminResetEntra, singleSignOut
        /// Cuts nothing.
        case passwordExpired

        /// Whether the cause comes with a new password.
        public var setsPassword: Bool {
            switch self {
            case .passwordChange, .selfServiceReset, .adminResetAzurePortal, .adminResetEntra: true
            case .userRevoke, .adminRevoke, .singleSignOut, .passwordExpired: false
            }
        }

        /// Whether Graph's `signInSessionsValidFromDateTime` moves.
        public var movesStamp: Bool { self != .passwordExpired }
    }

    public let id: GUID
    public let user: User.Home
    public let place: Place
    public let cause: Cause
    /// Who did it: a user id, a client id, or nil for the control API.
    public let actor: String?
    public let propagation: Propagation

    public init(id: GUID, user: User.Home, place: Place, cause: Cause, actor: String?, propagation: Propagation) {
        self.id = id
        self.user = user
        self.place = place
        self.cause = cause
        self.actor = actor
        self.propagation = propagation
    }

    /// The cut-off as Graph shows it: whole seconds.
    public var stamp: Timestamp { place.at.truncatedToSecond }
}

/// A change of an account's state: it takes effect like a revocation, but a state, not a cut-off.
public struct StateChange: Propagated, Equatable, Sendable {
    public enum Kind: String, CaseIterable, Sendable { case disable, enable, delete, restore }

    public let id: GUID
    public let user: User.Home
    public let kind: Kind
    public let place: Place
    public let propagation: Propagation

    public init(id: GUID, user: User.Home, kind: Kind, place: Place, propagation: Propagation) {
        self.id = id
        self.user = user
        self.kind = kind
        self.place = place
        self.propagation = propagation
    }
}
