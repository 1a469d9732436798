import LapseRules
import LapseStore

/// One operation of the authority: one transaction, one instant, and the request it serves.
///
/// It begins in no tenant. What it does from ``enter(_:)`` on, it does in that tenant and on its clock.
struct Operation {
    let authority: Authority
    let tx: StoreTransaction
    /// The machine's time, read once.
    let systemTime: Timestamp
    /// Nil for a call of the control API, which leaves no request id in the log.
    let trace: RequestTrace?
    /// ``Tenant/none(_:)`` until a tenant is known, and under an alias.
    private(set) var tenant: Tenant
    /// ``systemTime`` on the tenant's clock.
    private(set) var now: Timestamp
    /// Where the request landed, or which region takes the change.
    var region = Region.local
    /// How far ahead of the present a trial looks, back where it is negative; nil: the operation is no trial. A trial uses up nothing.
    private(set) var lookahead: Duration?

    init(_ authority: Authority, _ tx: StoreTransaction, trace: RequestTrace?) {
        self.authority = authority
        self.tx = tx
        self.trace = trace
        systemTime = authority.systemTime()
        tenant = .none("")
        now = systemTime
    }

    var random: RandomSource { authority.random }
    /// How what happens in the tenant travels.
    var model: PropagationModel { authority.model(of: tenant) }

    mutating func enter(_ tenant: Tenant) throws {
        now = try now(of: tenant)
        self.tenant = tenant
    }

    /// The same operation in another tenant, on that one's clock.
    func `in`(_ other: Tenant) throws -> Operation {
        var operation = self
        try operation.enter(other)
        return operation
    }

    /// The operation as a trial, so far ahead of the present on every clock.
    func trial(ahead: Duration) throws -> Operation {
        var operation = self
        operation.lookahead = ahead
        try operation.enter(tenant)
        return operation
    }

    /// The operation's instant on the clock of a tenant, which never shows less than it has.
    func now(of tenant: Tenant) throws -> Timestamp {
        let present = tenant.isNone ? systemTime : try tx.now(of: tenant, systemTime: systemTime)
        return lookahead.map { present + $0 } ?? present
    }

    /// The same by the tenant's id; this tenant's when there is no such one.
    func now(in other: GUID) throws -> Timestamp {
        guard other != tenant.id else { return now }
        return try tx.tenant(other).map { try now(of: $0) } ?? now
    }

    /// An event of this request, in the tenant's log.
    func event(
        _ kind: Event.Kind, user: GUID? = nil, client: ClientID? = nil, grant: GUID? = nil, revocation: GUID? = nil,
        code: AADSTS? = nil
    ) -> Event {
        Event(
            tenant: tenant.id, at: now, kind: kind, user: user, client: client, grant: grant, revocation: revocation,
            region: region, code: code, requestID: trace?.requestID)
    }

    /// The refusal that the operation comes to: with its instant and, of the authority's errors, in the tenant's style.
    func refused<Failure>(_ error: Failure) -> Refused<Failure> {
        Refused(error: error, now: now, style: tenant.isNone ? .current : ErrorStyle(tenant.policies))
    }
}

extension Tenant {
    /// What `common` and its like are while nobody has signed in: no directory at all, on the machine's clock.
    static func none(_ alias: String) -> Tenant { Tenant(id: noID, name: alias, domains: []) }

    var isNone: Bool { id == Self.noID }
}
