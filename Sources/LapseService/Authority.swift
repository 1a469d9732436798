import LapseRules
import LapseStore
import Logging

/// Everything that Lapse does, one operation per file beside this one. An operation is one transaction, one instant, one decision.
///
/// - Token endpoint: ``answer(_:at:trace:)`` with one preparation per grant type, ``issueDeviceCode(_:at:trace:)``
/// - Browser: ``authorize(_:at:step:cookies:trace:)``, ``approveDevice(_:cookies:trace:)``,
///   ``signOut(cookies:hint:redirectURI:trace:)``
/// - Graph: ``graphToken(_:)``, ``revokeSignInSessions(of:token:trace:)``, ``readUser(_:token:trace:)``,
///   ``listUsers(after:limit:token:trace:)``, ``userInfo(token:trace:)``
/// - Metadata: ``tenantID(of:)``, ``managedDomain(of:)``
/// - Control: `Control….swift`, for tenants, clock, propagation, policies, users, apps, revocations, grants, sessions, events
public struct Authority: Sendable {
    public let store: Store
    public let signer: TokenSigner
    public let random: RandomSource
    /// The machine's clock, read once per operation inside its transaction.
    let wall: @Sendable () -> Timestamp
    /// For tenants that name no model of their own.
    let propagation: PropagationModel
    let isRegistrationOpen: Bool

    public init(
        store: Store, signer: TokenSigner, random: RandomSource, wall: @escaping @Sendable () -> Timestamp,
        propagation: PropagationModel = PropagationModel(), isRegistrationOpen: Bool = false
    ) {
        self.store = store
        self.signer = signer
        self.random = random
        self.wall = wall
        self.propagation = propagation
        self.isRegistrationOpen = isRegistrationOpen
    }

    /// Adds the tenants to an empty database; does nothing to any other.
    public func seed(_ seeds: [TenantSeed]) throws {
        try store.write { tx in
            guard try tx.tenants().isEmpty else { return }
            for seed in seeds { try plant(seed, tx) }
        }
    }

    /// Adds a tenant; users who are disabled from the start are believed so from its birth.
    func plant(_ seed: TenantSeed, _ tx: StoreTransaction) throws {
        try tx.insert(seed)
        try disableSeeded(seed, tx)
    }

    func disableSeeded(_ seed: TenantSeed, _ tx: StoreTransaction) throws {
        for user in seed.users where !user.accountEnabled && !user.isGuest {
            let event = Event(tenant: user.tenant, at: user.createdAt, kind: .accountDisabled, user: user.id)
            let place = Place(at: user.createdAt, sequence: try tx.append(event))
            let known = model(of: seed.tenant).regions.flatMap { region in
                Plane.allCases.map { Propagation.Arrival(plane: $0, region: region, visibleAt: user.createdAt) }
            }
            try tx.insert(StateChange(user: user.home, kind: .disable, place: place, propagation: Propagation(known)))
        }
    }

    func model(of tenant: Tenant) -> PropagationModel { tenant.propagation ?? propagation }
}

/// What an operation is told about the request it serves.
public struct RequestTrace: Sendable {
    /// The answer's `x-ms-request-id` or `request-id`.
    public let requestID: GUID
    public let correlationID: String
    /// `https://host:port` under which the client reached Lapse: the origin of its issuer.
    public let origin: String
    /// The region that the request asked to land in; nil: by routing.
    public let region: String?

    public init(requestID: GUID, correlationID: String, origin: String, region: String?) {
        self.requestID = requestID
        self.correlationID = correlationID
        self.origin = origin
        self.region = region
    }
}

/// A refusal of the authority, after its transaction was committed: the event that tells of it stays.
public struct Refused: Error, Sendable {
    public let error: EntraError
    /// The instant on the tenant's clock, for the error's timestamp.
    public let now: Timestamp
    public let region: Region

    init(_ error: EntraError, now: Timestamp, region: Region = .local) {
        self.error = error
        self.now = now
        self.region = region
    }
}

/// A refusal of Graph.
public struct GraphRefused: Error, Sendable {
    public let error: GraphError
    public let now: Timestamp
    public let region: Region

    init(_ error: GraphError, now: Timestamp, region: Region = .local) {
        self.error = error
        self.now = now
        self.region = region
    }
}

/// A refusal of the control API.
public enum ControlError: Error, Sendable {
    case notFound(String)
    case conflict(FieldError)
    case invalid(FieldError)
}
