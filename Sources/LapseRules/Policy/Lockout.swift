/// How often an account's password was wrong, and until when it takes none.
///
/// Entra: howto-password-smart-lockout.md, ten failures lock the account for a minute. Assumption: a minute each time; at Entra
/// later ones last longer.
package struct Lockout: Equatable, Sendable {
    static let threshold = 10
    static let duration = Duration.seconds(60)

    /// Since the last success, or since the account was locked.
    package let failures: Int
    /// On the home tenant's clock; nil: never locked.
    package let until: Timestamp?

    package init(failures: Int, until: Timestamp?) {
        self.failures = failures
        self.until = until
    }

    package static let none = Lockout(failures: 0, until: nil)

    package func isLocked(at now: Timestamp) -> Bool { until.map { now < $0 } ?? false }

    package func afterFailure(at now: Timestamp) -> Lockout {
        failures + 1 < Self.threshold
            ? Lockout(failures: failures + 1, until: until) : Lockout(failures: 0, until: now + Self.duration)
    }
}
