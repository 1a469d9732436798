/// How often an account's password was wrong, and until when it takes none.
///
/// Entra: howto-password-smart-lockout.md, ten failures lock the account for a minute. Assumption: a minute each time; at Entra
/// later ones last longer.
public struct Lockout: Equatable, Sendable {
    static let threshold = 10
    static let duration = Duration.seconds(60)

    /// Since the last success, or since the account was locked.
    public let failures: Int
    /// On the home tenant's clock; nil: never locked.
    public let until: Timestamp?

    public init(failures: Int, until: Timestamp?) {
        self.failures = failures
        self.until = until
    }

    public static let none = Lockout(failures: 0, until: nil)

    public func isLocked(at now: Timestamp) -> Bool { until.map { now < $0 } ?? false }

    public func afterFailure(at now: Timestamp) -> Lockout {
        failures + 1 < Self.threshold
            ? Lockout(failures: failures + 1, until: until) : Lockout(failures: 0, until: now + Self.duration)
    }
}
