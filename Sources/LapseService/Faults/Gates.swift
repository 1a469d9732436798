import LapseRules
import LapseStore
import Synchronization

/// Points at which requests of a tenant wait for one another, so that a race is played on purpose. All are open unless somebody
/// closed one; no transaction is open at any of them, so that everything else goes on.
final class Gates: Sendable {
    enum Gate: String, CaseIterable, Sendable {
        /// A token request has arrived and is not yet decided.
        case beforeDecision = "redeem.beforeDecision"
        /// A token request was granted and stored, and is not yet answered.
        case afterCommit = "redeem.afterCommit"
        /// A revocation is stored and not yet answered.
        case afterRevoke = "revoke.afterCommit"
    }

    /// Nobody waits longer, in the machine's time: a gate that was forgotten stops nothing for good.
    static let longestWait = Duration.seconds(60)

    private struct Place: Hashable {
        let gate: Gate
        let tenant: GUID
    }

    private struct State {
        var closed: Set<Place> = []
        var waiting: [Place: Int] = [:]
    }

    private let state = Mutex(State())
    /// So that nobody asks for the lock while all are open.
    private let isAnyClosed = Atomic<Bool>(false)
    private let changes = CommitSignal()

    /// - Returns: how many waited there at that moment.
    @discardableResult
    func set(_ gate: Gate, of tenant: GUID, isClosed: Bool) -> Int {
        let waiting = state.withLock { state in
            let place = Place(gate: gate, tenant: tenant)
            if isClosed { state.closed.insert(place) } else { state.closed.remove(place) }
            isAnyClosed.store(!state.closed.isEmpty, ordering: .releasing)
            return state.waiting[place] ?? 0
        }
        changes.signal(for: tenant)
        return waiting
    }

    func openAll(of tenant: GUID) { for gate in Gate.allCases { set(gate, of: tenant, isClosed: false) } }

    func status(_ gate: Gate, of tenant: GUID) -> (isClosed: Bool, waiting: Int) {
        let place = Place(gate: gate, tenant: tenant)
        return state.withLock { ($0.closed.contains(place), $0.waiting[place] ?? 0) }
    }

    /// Returns at once while the gate is open, else when it opens, when ``longestWait`` is over, or when the task is cancelled.
    func pass(_ gate: Gate, of tenant: GUID) async {
        guard areInUse else { return }
        let place = Place(gate: gate, tenant: tenant)
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

// The control API's calls on gates.
extension Authority {
    package func listGates(of name: String) throws -> ControlPage<JSON> {
        let tenant = try store.read { tx in try controlled(name, tx).id }
        return ControlPage(
            whole: Gates.Gate.allCases.map { gate in
                let (isClosed, waiting) = gates.status(gate, of: tenant)
                return gate.json(isClosed: isClosed, waiting: waiting)
            })
    }

    /// `{"closed":true}`: closes or opens a gate.
    package func setGate(_ gateName: String, of name: String, _ body: JSON) throws -> JSON {
        let tenant = try store.read { tx in try controlled(name, tx).id }
        guard let gate = Gates.Gate(rawValue: gateName) else {
            let known = Gates.Gate.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError.notFound("There is no gate '\(gateName.prefix(100))'; there are: \(known).")
        }
        let isClosed = try reading { () throws(FieldError) in
            var reader = try ObjectReader(body)
            let value = try reader.bool("closed")
            try reader.finish()
            guard let value else { throw FieldError("closed", "is required") }
            return value
        }
        return gate.json(isClosed: isClosed, waiting: gates.set(gate, of: tenant, isClosed: isClosed))
    }

    /// Holds a token request at its gate. Its tenant is looked for as the decision will: by the path, under an alias by what the
    /// request brings.
    func waitToBeDecided(_ request: TokenRequest, at name: TenantName, assertion: AccessTokenClaims?) async {
        guard gates.areInUse else { return }
        let tenant = try? store.read { tx in
            try tx.tenant(named: name)?.id
                ?? Operation(self, tx, trace: nil).locate(request, at: name, assertion: assertion).tenant
        }
        if let tenant { await gates.pass(.beforeDecision, of: tenant) }
    }
}

extension Gates.Gate {
    fileprivate func json(isClosed: Bool, waiting: Int) -> JSON {
        ["gate": .string(rawValue), "closed": .bool(isClosed), "waiting": .integer(Int64(waiting))]
    }
}
