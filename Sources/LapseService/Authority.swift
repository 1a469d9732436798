import LapseRules
import LapseStore
import Synchronization

/// What every operation throws when the database takes nothing at present. It has done nothing then.
package typealias StoreUnavailable = LapseStore.StoreUnavailable

/// How those who wait for something of a tenant are told to look again.
package typealias CommitSignal = LapseStore.CommitSignal

/// Everything that Lapse does, one operation per file in the folders beside this one. A change is one instant and one decision in one
/// transaction, which token requests under load share.
package final class Authority: Sendable {
    package let store: Store
    package let signer: TokenSigner
    package let random: RandomSource
    /// The machine's clock, read once per operation inside its transaction.
    let systemTime: @Sendable () -> Timestamp
    /// For tenants that name no model of their own.
    private let propagation: PropagationModel
    let isRegistrationOpen: Bool
    /// What faults still have to do to answers that are on their way.
    package let responseFaults = ResponseFaults()
    let gates = Gates()
    let feed = EventFeed()
    /// Who keeps something of a tenant that goes with it.
    private let keepers = Mutex<[@Sendable (GUID) -> Void]>([])
    let underWay = UnderWay()
    let spareSigners: SpareSigners
    let checkedTokens = CheckedTokens()
    /// Told of each device code, whose text is nowhere else: only its hash is stored.
    let onDeviceCode: (@Sendable (IssuedDeviceCode) -> Void)?

    package init(
        store: Store, signer: TokenSigner, random: RandomSource, systemTime: @escaping @Sendable () -> Timestamp,
        propagation: PropagationModel = PropagationModel(), isRegistrationOpen: Bool = false,
        onDeviceCode: (@Sendable (IssuedDeviceCode) -> Void)? = nil
    ) {
        self.store = store
        self.signer = signer
        self.random = random
        self.systemTime = systemTime
        self.propagation = propagation
        self.isRegistrationOpen = isRegistrationOpen
        spareSigners = SpareSigners(now: systemTime)
        self.onDeviceCode = onDeviceCode
    }

    /// What became of the seeds that a Lapse starts with.
    package enum Seeding: Equatable, Sendable {
        case applied
        /// The database was made of these very seeds: a reset returns to them.
        case appliedBefore
        /// The database has these tenants, of other seeds.
        case notApplied(there: [Tenant])
    }

    /// Adds the tenants to an empty database; does nothing to any other.
    @discardableResult
    package func seed(_ seeds: [TenantSeed]) throws -> Seeding {
        try store.write { tx in
            let there = try tx.tenants()
            guard there.isEmpty else {
                return try seeds.allSatisfy(tx.isSeed) ? .appliedBefore : .notApplied(there: there)
            }
            let op = Operation(self, tx, trace: nil)
            for seed in seeds { try op.plant(seed) }
            return .applied
        }
    }

    /// - Parameter forget: is told of each tenant that was removed or reset, after the commit.
    package func whenTenantEnds(_ forget: @escaping @Sendable (GUID) -> Void) { keepers.withLock { $0.append(forget) } }

    /// Lets go of what is kept outside of the database of a tenant that was removed or reset.
    func tellEnd(of tenant: GUID) {
        gates.openAll(of: tenant)
        feed.forget(tenant)
        for forget in keepers.withLock({ $0 }) { forget(tenant) }
    }

    func model(of tenant: Tenant) -> PropagationModel { tenant.propagation ?? propagation }

    /// Runs an endpoint's operation in one transaction. A "no" commits as a "yes" does, so that its event and what was counted on the
    /// way stay.
    func deciding<Value, Failure>(
        _ trace: RequestTrace, _ operation: (inout Operation) throws -> Result<Value, Failure>
    ) throws -> Outcome<Value, Failure> {
        try store.write { tx in try Outcome(self, tx, trace, operation) }
    }

    /// The same for requests that come in crowds: while others are under way they share transactions.
    func decidingTogether<Value: Sendable, Failure>(
        _ trace: RequestTrace, _ operation: @escaping @Sendable (inout Operation) throws -> Result<Value, Failure>
    ) async throws -> Outcome<Value, Failure> {
        let outcome = { @Sendable tx in
            // What a fault was to do to the answer when this ran before, in a transaction that was undone.
            _ = self.responseFaults.take(trace.requestID)
            return try Outcome(self, tx, trace, operation)
        }
        return try await underWay.areSeveral ? store.writeTogether(outcome) : store.write(outcome)
    }
}

/// How many requests of apps and browsers to the authority are being answered.
final class UnderWay: Sendable {
    private let count = Atomic<Int>(0)

    func begin() { count.add(1, ordering: .relaxed) }
    func end() { count.subtract(1, ordering: .relaxed) }

    var areSeveral: Bool { count.load(ordering: .relaxed) > 1 }
}
