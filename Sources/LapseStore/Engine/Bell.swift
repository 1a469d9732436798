import LapseRules
import Synchronization

/// Tells those who wait that something of a tenant was committed. Ringing costs next to nothing while nobody waits.
public final class Bell: Sendable {
    private struct State {
        var rings: [GUID: UInt64] = [:]
        var nextWaiter: UInt64 = 0
        var waiting: [GUID: [UInt64: CheckedContinuation<Void, Never>]] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// How often it rang for the tenant: what ``wait(for:after:atMost:)`` is told, so that a ring between looking and waiting is
    /// not missed.
    public func rings(for tenant: GUID) -> UInt64 { state.withLock { $0.rings[tenant] ?? 0 } }

    public func ring(for tenant: GUID) {
        let waiting = state.withLock { state in
            state.rings[tenant, default: 0] += 1
            return state.waiting.removeValue(forKey: tenant)
        }
        for waiter in waiting?.values ?? [:].values { waiter.resume() }
    }

    /// Returns at once when it rang for the tenant since, else with the next ring, when the time of the machine is over, or when
    /// the task is cancelled.
    public func wait(for tenant: GUID, after rings: UInt64, atMost time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(for: tenant, after: rings) }
            group.addTask { try? await Task.sleep(for: time) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(for tenant: GUID, after rings: UInt64) async {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    guard state.rings[tenant] ?? 0 == rings, !Task.isCancelled else { return true }
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
