import LapseRules
import Synchronization

/// Tells those who wait that something of a tenant was committed. A signal costs next to nothing while nobody waits.
package final class CommitSignal: Sendable {
    private struct State {
        var signals: [GUID: UInt64] = [:]
        var nextWaiter: UInt64 = 0
        var waiting: [GUID: [UInt64: CheckedContinuation<Void, Never>]] = [:]
    }

    /// What somebody saw who waits for something.
    package enum Look<Value> {
        /// What was waited for.
        case done(Value)
        /// Not yet, and what there is instead.
        ///
        /// - Parameter recheck: to look again after that time of the machine at the latest, signal or not.
        case waiting(Value, recheck: Duration? = nil)
    }

    private let state = Mutex(State())

    package init() {}

    /// How many there were for the tenant.
    package func signals(for tenant: GUID) -> UInt64 { state.withLock { $0.signals[tenant] ?? 0 } }

    package func signal(for tenant: GUID) {
        let waiting = state.withLock { state in
            state.signals[tenant, default: 0] += 1
            return state.waiting.removeValue(forKey: tenant)
        }
        for waiter in waiting?.values ?? [:].values { waiter.resume() }
    }

    /// Looks at once and after every signal for the tenant, until what is waited for is there, the deadline is over, or the task is
    /// cancelled. A signal while it looks is not missed: it looks again.
    ///
    /// - Parameter pause: how long it leaves be between two looks at least, where a look costs much.
    /// - Returns: what the last look saw.
    package func until<Value>(
        _ deadline: ContinuousClock.Instant, of tenant: GUID, pause: Duration = .zero, _ look: () throws -> Look<Value>
    ) async rethrows -> Value {
        while true {
            let seen = signals(for: tenant)
            switch try look() {
            case .done(let value): return value
            case .waiting(let value, let recheck):
                var left = deadline - ContinuousClock.now
                guard left > .zero, !Task.isCancelled else { return value }
                if pause > .zero {
                    try? await Task.sleep(for: min(left, pause))
                    left = deadline - ContinuousClock.now
                }
                await wait(for: tenant, after: seen, atMost: min(left, recheck ?? left))
            }
        }
    }

    /// Returns at once when there was a signal for the tenant since, else with the next, when the time of the machine is over, or
    /// when the task is cancelled.
    private func wait(for tenant: GUID, after seen: UInt64, atMost time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(for: tenant, after: seen) }
            group.addTask { try? await Task.sleep(for: time) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(for tenant: GUID, after seen: UInt64) async {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    guard state.signals[tenant] ?? 0 == seen, !Task.isCancelled else { return true }
                    state.waiting[tenant, default: [:]][waiter] = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting[tenant]?.removeValue(forKey: waiter) }?.resume()
        }
    }
}
