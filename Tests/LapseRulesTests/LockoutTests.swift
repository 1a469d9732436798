import Testing

@testable import LapseRules

@Suite("Wrong passwords")
struct LockoutTests {
    @Test(
        "Ten failures lock the account for a minute and begin anew",
        arguments: [
            (Lockout.none, Lockout(failures: 1, until: nil)),
            (Lockout(failures: 8, until: nil), Lockout(failures: 9, until: nil)),
            (Lockout(failures: 9, until: nil), Lockout(failures: 0, until: World.now + .seconds(60))),
            (
                Lockout(failures: 8, until: World.revokedAt), Lockout(failures: 9, until: World.revokedAt)
            ),
            (
                Lockout(failures: 9, until: World.revokedAt), Lockout(failures: 0, until: World.now + .seconds(60))
            ),
        ])
    func failure(before: Lockout, after: Lockout) { #expect(before.afterFailure(at: World.now) == after) }

    @Test(
        "It is locked until then, to the tick",
        arguments: [
            (Lockout.none, false), (Lockout(failures: 9, until: nil), false),
            (Lockout(failures: 0, until: World.now + Timestamp.tick), true), (Lockout(failures: 0, until: World.now), false),
            (Lockout(failures: 0, until: World.now - Timestamp.tick), false),
        ])
    func locked(lockout: Lockout, isLocked: Bool) { #expect(lockout.isLocked(at: World.now) == isLocked) }
}
