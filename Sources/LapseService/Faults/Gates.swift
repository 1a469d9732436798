import LapseRules
import LapseStore
import Synchronization

/// A point at which requests of a tenant wait for one another, so that a race is played on purpose.
package enum Gate: String, CaseIterable, Sendable {
    /// A token request has arrived and is not yet decided.
    case beforeDecision = "redeem.beforeDecision"
    /// A token request was granted and stored, and is not yet answered.
    case afterCommit = "redeem.afterCommit"
    /// A revocation is stored and not yet answered.
    case afterRevoke = "revoke.afterCommit"
}

/// A gate of a tenant.
package struct TenantGate: Hashable, Sendable {
    package let gate: Gate
    let tenant: GUID
}

/// A gate as it stands.
package struct GateStatus: Sendable {
    package let gate: Gate
    package let isClosed: Bool
    /// How many requests wait there.
    package let waiting: Int
}

/// Keeps the gates. All are open unless somebody closed one; no transaction is open at any of them, so that everything else goes on.
final class Gates: Sendable {
    /// Nobody waits longer, in the machine's time: a gate that was forgotten stops nothing for good.
    static let longestWait = Duration.seconds(60)

    private struct State {
        var closed: Set<TenantGate> = []
        var waiting: [TenantGate: Int] = [:]

        func status(_ gate: TenantGate) -> GateStatus {
            GateStatus(gate: gate.gate, isClosed: closed.contains(gate), waiting: waiting[gate] ?? 0)
        }
    }

    private let state = Mutex(State())
    /// So that nobody asks for the lock while all are open.
    private let isAnyClosed = Atomic<Bool>(false)
    private let changes = CommitSignal()

    /// - Returns: the gate, with those who waited there at that moment.
    @discardableResult
    func set(_ gate: TenantGate, isClosed: Bool) -> GateStatus {
        let status = state.withLock { state in
            if isClosed { state.closed.insert(gate) } else { state.closed.remove(gate) }
            isAnyClosed.store(!state.closed.isEmpty, ordering: .releasing)
            return state.status(gate)
        }
        changes.signal(for: gate.tenant)
        return status
    }

    func openAll(of tenant: GUID) { for gate in Gate.allCases { set(TenantGate(gate: gate, tenant: tenant), isClosed: false) } }

    func status(_ gate: TenantGate) -> GateStatus { state.withLock { $0.status(gate) } }

    /// Returns at once while the gate is open, else when it opens, when ``longestWait`` is over, or when the task is cancelled.
    func pass(_ gate: Gate, of tenant: GUID) async {
        guard areInUse else { return }
        let place = TenantGate(gate: gate, tenant: tenant)
        let deadline = ContinuousClock.now + Self.longestWait
        state.withLock { $0.waiting[place, default: 0] += 1 }
        defer {
            state.withLock { state in
                let left = (state.waiting[place] ?? 1) - 1
                state.waiting[place] = left > 0 ? left : nil
            }
        }
        await changes.until(deadline, of: tenant) { state.withLock { $0.closed.contains(place) } ? .waiting(()) : .done(()) }
    }

    /// Whether anybody closed one anywhere.
    var areInUse: Bool { isAnyClosed.load(ordering: .acquiring) }
}

extension Authority {
    /// Holds a token request at its gate. Its tenant is looked for as the decision will: by the path, under an alias by what the
    /// request brings.
    func waitToBeDecided(_ request: TokenRequest, at name: TenantName, assertion: UserAssertion?) async {
        guard gates.areInUse else { return }
        let tenant = try? store.read { tx in
            try tx.tenant(named: name)?.id
                ?? Operation(self, tx, trace: nil).locate(request, at: name, assertion: assertion).tenant
        }
        if let tenant { await gates.pass(.beforeDecision, of: tenant) }
    }
}
