import LapseRules
import LapseStore

// The control API's calls on a tenant's clock.
extension Authority {
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func clock(of name: String) throws -> ClockReading { try looking(at: name) { $0.clock } }

    /// Sets mode and instant; what is nil stays as it is.
    ///
    /// - Throws: ``ControlError`` for a tenant that is not there, and, a conflict, for an instant at which tokens or codes were usable that
    ///   retention has deleted.
    package func setClock(mode: TenantClock.Mode?, now: Timestamp?, of name: String) throws -> ClockReading {
        try moveClock(of: name) { op in op.tenant.clock.setting(mode: mode, now: now ?? op.now, systemTime: op.systemTime) }.clock
    }

    /// Moves the clock forward.
    ///
    /// - Throws: ``ControlError`` for a tenant that is not there, and, a conflict, for an `until` that has nothing ahead of it.
    package func advanceClock(_ advance: ClockAdvance, of name: String) throws -> AdvancedClock {
        try moveClock(of: name) { op in
            switch advance {
            case .by(let duration): return op.tenant.clock.setting(mode: nil, now: op.now + duration, systemTime: op.systemTime)
            case .until(let target):
                guard let instant = try op.instant(of: target) else {
                    throw ControlError.conflict(FieldError("until", "has nothing ahead of it"))
                }
                return op.tenant.clock.setting(mode: nil, now: instant, systemTime: op.systemTime)
            }
        }
    }

    /// An answer tells no more effects than this.
    private static let mostEffects = 10_000

    private func moveClock(of name: String, _ move: (Operation) throws -> TenantClock) throws -> AdvancedClock {
        try changing(name) { op in
            let clock = try move(op)
            let shown = clock.now(systemTime: op.systemTime)
            if let pruned = try op.tx.prunedThrough(of: op.tenant.id), shown < pruned {
                throw ControlError.conflict(
                    FieldError(
                        "now",
                        "is before \(pruned): tokens and codes that had ended by then are deleted (policy retention.tokens), and would be "
                            + "usable again"))
            }
            let moved = try op.moved(to: clock)
            let effects =
                moved.now > op.now
                ? try op.tx.effects(in: op.tenant.id, after: op.now, through: moved.now, limit: Self.mostEffects) : []
            return AdvancedClock(clock: moved.clock, effects: effects)
        }
    }
}

/// A tenant's clock as an operation found it, or left it.
package struct ClockReading: Sendable {
    package let mode: TenantClock.Mode
    package let now: Timestamp
}

/// How far a clock is moved forward.
package enum ClockAdvance: Sendable {
    case by(Duration)
    case until(Target)

    package enum Target: String, CaseIterable, Sendable {
        /// The next instant at which anything takes effect.
        case nextEvent = "next-event"
        /// The instant from which everything whose instant is known is in effect everywhere.
        case propagation
        case refreshTokenExpiry = "refresh-token-expiry"
    }
}

/// A clock that was moved forward, and what took effect on the way.
package struct AdvancedClock: Sendable {
    package let clock: ClockReading
    package let effects: [ClockEffect]
}

extension Operation {
    var clock: ClockReading { ClockReading(mode: tenant.clock.mode, now: now) }

    /// The operation on another clock of its tenant, which goes by it from then on.
    func moved(to clock: TenantClock) throws -> Operation {
        var tenant = tenant
        tenant.clock = clock
        try tx.clearClockFloor(of: tenant.id)
        try update(to: tenant, .clockChanged)
        return try self.in(tenant)
    }

    /// Nil when the target has nothing ahead of it.
    fileprivate func instant(of target: ClockAdvance.Target) throws -> Timestamp? {
        switch target {
        case .nextEvent: try tx.nextEffect(in: tenant.id, after: now)
        case .propagation: try tx.endOfPropagation(in: tenant.id, after: now)
        case .refreshTokenExpiry: try tx.nextRefreshTokenExpiry(in: tenant.id, after: now)
        }
    }
}
