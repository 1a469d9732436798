/// What time is it in this tenant? A tenant's own clock: the machine's with an offset, or standing still.
///
/// Moving it never jumps by accident: freezing keeps the instant, resuming goes on from it.
package struct TenantClock: Equatable, Sendable {
    package enum Mode: String, CaseIterable, Sendable { case running, frozen }

    /// Shows the machine's time, as a new tenant's clock does.
    package static let real = TenantClock(mode: .running, ticks: 0)

    package let mode: Mode
    /// Running: the offset from the machine's clock. Frozen: the instant shown. Both in 100 ns.
    package let ticks: Int64

    package init(mode: Mode, ticks: Int64) {
        self.mode = mode
        self.ticks = ticks
    }

    /// The tenant's instant while the machine's clock shows the given one.
    package func now(systemTime: Timestamp) -> Timestamp {
        switch mode {
        case .running: systemTime + Duration(ticks: ticks)
        case .frozen: Timestamp(ticks: ticks)
        }
    }

    /// The clock in the given mode and at the given instant; what is nil stays as it is.
    package func setting(mode newMode: Mode?, now newNow: Timestamp?, systemTime: Timestamp) -> TenantClock {
        let mode = newMode ?? self.mode
        let now = newNow ?? self.now(systemTime: systemTime)
        switch mode {
        case .running: return TenantClock(mode: .running, ticks: now.ticks - systemTime.ticks)
        case .frozen: return TenantClock(mode: .frozen, ticks: now.ticks)
        }
    }
}
