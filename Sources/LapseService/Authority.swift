import LapseRules
import LapseStore
import Synchronization

/// Everything that Lapse does, one operation per file beside this one. An operation is one instant and one decision in one transaction,
/// which token requests under load share.
package struct Authority: Sendable {
    package let store: Store
    package let signer: TokenSigner
    package let random: RandomSource
    /// The machine's clock, read once per operation inside its transaction.
    let wall: @Sendable () -> Timestamp
    /// For tenants that name no model of their own.
    let propagation: PropagationModel
    let isRegistrationOpen: Bool
    /// What faults still have to do to answers that are on their way.
    package let responseFaults = ResponseFaults()
    let gates = Gates()
    let underWay = UnderWay()
    let spareSigners: SpareSigners

    package init(
        store: Store, signer: TokenSigner, random: RandomSource, wall: @escaping @Sendable () -> Timestamp,
        propagation: PropagationModel = PropagationModel(), isRegistrationOpen: Bool = false
    ) {
        self.store = store
        self.signer = signer
        self.random = random
        self.wall = wall
        self.propagation = propagation
        self.isRegistrationOpen = isRegistrationOpen
        spareSigners = SpareSigners(now: wall)
    }

    /// Adds the tenants to an empty database; does nothing to any other.
    package func seed(_ seeds: [TenantSeed]) throws {
        try store.write { tx in
            guard try tx.tenants().isEmpty else { return }
            for seed in seeds { try plant(seed, tx) }
        }
    }

    /// Adds a tenant; for users who are disabled from the start that is in effect from its birth.
    func plant(_ seed: TenantSeed, _ tx: StoreTransaction) throws {
        try tx.insert(seed)
        try disableSeeded(seed, tx)
    }

    func disableSeeded(_ seed: TenantSeed, _ tx: StoreTransaction) throws {
        for user in seed.users where !user.accountEnabled && !user.isGuest { try disableFromBirth(user, of: seed.tenant, tx) }
    }

    /// The user was never enabled anywhere: nothing has to arrive.
    func disableFromBirth(_ user: User, of tenant: Tenant, _ tx: StoreTransaction) throws {
        let id = random.guid()
        let event = Event(tenant: user.tenant, at: user.createdAt, kind: .accountDisabled, user: user.id, revocation: id)
        let place = Place(at: user.createdAt, sequence: try tx.append(event))
        let known = model(of: tenant).regions.flatMap { region in
            Plane.allCases.map { Propagation.Arrival(plane: $0, region: region, moment: .at(user.createdAt)) }
        }
        let change = StateChange(id: id, user: user.home, kind: .disable, place: place, propagation: Propagation(known))
        try tx.insert(change, ordinal: try tx.nextOrdinal(in: user.tenant))
    }

    func model(of tenant: Tenant) -> PropagationModel { tenant.propagation ?? propagation }

    /// Runs an endpoint's operation in one transaction. A "no" is an outcome as a "yes" is: it commits too, so that its event and what
    /// was counted on the way stay.
    ///
    /// - Parameter operation: sets the region that the request landed in as soon as that is known.
    func deciding<Value>(_ operation: (StoreTransaction, inout Landing) throws -> Value) throws -> (Value, Landing) {
        try store.write { tx in try Decided(tx, operation) }.get()
    }

    /// The same for requests that come in crowds: while others are under way they share transactions.
    func decidingTogether<Value: Sendable>(
        _ operation: @escaping @Sendable (StoreTransaction, inout Landing) throws -> Value
    ) async throws -> (Value, Landing) {
        guard underWay.areSeveral else { return try deciding(operation) }
        return try await store.writeTogether { tx in try Decided(tx, operation) }.get()
    }
}

/// What came of an endpoint's operation, "no" included, and what the headers of the answer tell.
private struct Decided<Value> {
    private let result: Result<Value, any Error>
    private let landing: Landing

    /// - Throws: what means that the storage is broken.
    init(_ tx: StoreTransaction, _ operation: (StoreTransaction, inout Landing) throws -> Value) throws {
        var landing = Landing(region: .local)
        let first = tx.nextEventID()
        do {
            result = .success(try operation(tx, &landing))
        } catch let refused as Refused {
            result = .failure(refused)
        } catch let refused as ResourceRefused {
            result = .failure(refused)
        }
        if tx.nextEventID() > first { landing.event = tx.nextEventID() - 1 }
        self.landing = landing
    }

    func get() throws -> (Value, Landing) {
        do {
            return (try result.get(), landing)
        } catch var refused as Refused {
            refused.landing = landing
            throw refused
        } catch var refused as ResourceRefused {
            refused.landing = landing
            throw refused
        }
    }
}

extension Decided: Sendable where Value: Sendable {}

/// How many token requests are being answered.
final class UnderWay: Sendable {
    private let count = Atomic<Int>(0)

    func begin() { count.add(1, ordering: .relaxed) }
    func end() { count.subtract(1, ordering: .relaxed) }

    var areSeveral: Bool { count.load(ordering: .relaxed) > 1 }
}

/// What the headers of an answer tell about its request.
package struct Landing: Sendable {
    package internal(set) var region: Region
    /// The cloud that its tenant says it is in.
    package internal(set) var cloud = Cloud.global
    /// The event it wrote, the last of several; nil when it wrote none.
    package internal(set) var event: Int64?
}

/// What an operation is told about the request it serves.
package struct RequestTrace: Sendable {
    /// The answer's `x-ms-request-id` or `request-id`.
    package let requestID: GUID
    package let correlationID: String
    /// `https://host:port` under which the client reached Lapse: the origin of its issuer.
    package let origin: String
    /// The region that the request asked to land in; nil: by routing.
    package let region: String?

    package init(requestID: GUID, correlationID: String, origin: String, region: String?) {
        self.requestID = requestID
        self.correlationID = correlationID
        self.origin = origin
        self.region = region
    }
}

/// A refusal of the authority, after its transaction was committed: the event that tells of it stays.
package struct Refused: Error, Sendable {
    package let error: EntraError
    /// The instant on the tenant's clock, for the error's timestamp.
    package let now: Timestamp
    package let style: ErrorStyle
    package internal(set) var landing = Landing(region: .local)

    /// - Parameter tenant: whose errors look as it wants them; nil when there is none.
    init(_ error: EntraError, now: Timestamp, in tenant: Tenant? = nil) {
        self.error = error
        self.now = now
        style = tenant.map { ErrorStyle($0.policies) } ?? .current
    }
}

/// A refusal of Graph.
package struct ResourceRefused: Error, Sendable {
    package let error: GraphError
    package let now: Timestamp
    package internal(set) var landing = Landing(region: .local)

    init(_ error: GraphError, now: Timestamp) {
        self.error = error
        self.now = now
    }
}

/// A refusal of the control API.
package enum ControlError: Error, Sendable {
    case notFound(String)
    case conflict(FieldError)
    case invalid(FieldError)
}
