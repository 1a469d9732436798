import HTTPTypes
import LapseRules
import LapseService
import NIOCore
import Synchronization

/// The last requests to the authority and to Graph with their answers, for whoever looks at them, now or later. They are in memory alone.
///
/// What is kept are references to what a request and its answer have anyway, so that a request is not held up; secrets are masked when somebody reads. Each
/// tenant has a bound of its own, so that one does not push out another's; beyond the bound of all, whoever has most loses its oldest.
package final class ExchangeLog: Sendable {
    struct Exchange: Sendable {
        var id: Int64 = 0
        /// When it was answered, on the machine's clock.
        let at: Timestamp
        let began: Beginning
        let method: String
        /// Path and query.
        let target: String
        /// Under which the client reached Lapse.
        let origin: String
        private let answered: HTTPResponse.Status
        let request: Message
        var response: Message
        var subject = RequestSubject()
        /// The error that the answer says.
        var error: ErrorName?
        /// The last event that was put down of it.
        var lastEvent: Int64?
        /// How long until the answer was there.
        let waited: Duration
        /// How long from then until it was sent, or its connection ended; nil: that is still ahead.
        var sending: Duration?

        var status: Int { answered.code }
        /// The words behind the status.
        var reason: String { answered.reasonPhrase }
        var endpoint: ExchangeEndpoint? { ExchangeEndpoint(path: String(target.prefix { $0 != "?" && $0 != "#" })) }
        var region: String? { response.headers[.lapseRegion] }
        var event: Int64? { response.headers[.lapseEvent].flatMap { Int64($0) } ?? lastEvent }

        /// The code that it was refused with.
        var code: AADSTS? { subject.code ?? (status < 400 ? nil : error?.aadsts) }

        fileprivate var bytes: Int { Self.bytes(of: request) + Self.bytes(of: response) + target.utf8.count }

        private static func bytes(of message: Message) -> Int {
            let headers = message.headers.count * bytesOfHeader
            if case .kept(let body) = message.body { return headers + body.count }
            return headers
        }

        /// What one comes to, roughly: they are not looked through for it.
        private static let bytesOfHeader = 64

        fileprivate init(
            at: Timestamp, began: Beginning, method: String, target: String, origin: String, answered: HTTPResponse.Status,
            request: Message, response: Message, waited: Duration
        ) {
            (self.at, self.began, self.method, self.target, self.origin) = (at, began, method, target, origin)
            (self.answered, self.request, self.response, self.waited) = (answered, request, response, waited)
        }

        /// Whether its body is there, or will not be soon: a fault may hold it back.
        fileprivate var isSettled: Bool {
            sending != nil || began.instant.duration(to: .now) - waited > ExchangeLog.sending
        }
    }

    /// When a request came.
    struct Beginning: Sendable {
        /// On the machine's clock.
        let at: Timestamp
        let instant: ContinuousClock.Instant
    }

    struct Message: Sendable {
        let headers: HTTPFields
        var body: Body
    }

    enum Body: Sendable {
        case none
        /// The whole body.
        case kept([UInt8])
        /// Of one that is too large, or of a type that is not shown; nil where nobody has counted.
        case left(bytes: Int?)
    }

    /// The bounds of what is kept. A single exchange is kept whatever its size, which the bounds of a request limit.
    struct Capacity: Sendable {
        var ofTenant = 200
        var ofAll = 2_000
        var bytesOfTenant = 2 * 1024 * 1024
        var bytesOfAll = 8 * 1024 * 1024
    }

    /// What is kept of one exchange: a place in a list is a reference, which is moved at little cost.
    private final class Kept {
        var exchange: Exchange
        var bytes: Int

        init(_ exchange: Exchange) { (self.exchange, bytes) = (exchange, exchange.bytes) }
    }

    /// Those of one tenant, oldest first.
    private struct Group {
        var exchanges: [Kept] = []
        var bytes = 0

        func exceeds(_ capacity: Capacity) -> Bool {
            exchanges.count > 1 && (exchanges.count > capacity.ofTenant || bytes > capacity.bytesOfTenant)
        }
    }

    private struct State {
        /// By tenant; nil: those of which no tenant is known.
        var groups: [GUID?: Group] = [:]
        /// Of all groups.
        var (count, bytes) = (0, 0)
        var next: Int64 = 1
        /// How many wait at this moment.
        var waiting = 0

        mutating func add(_ exchange: Exchange, to capacity: Capacity) {
            let (kept, tenant) = (Kept(exchange), exchange.subject.tenant)
            groups[tenant, default: Group()].exchanges.append(kept)
            grow(kept.bytes, tenant)
            count += 1
            trim(tenant, to: capacity)
        }

        mutating func grow(_ more: Int, _ tenant: GUID?) {
            groups[tenant]?.bytes += more
            bytes += more
        }

        mutating func trim(_ tenant: GUID?, to capacity: Capacity) {
            while groups[tenant].map({ $0.exceeds(capacity) }) ?? false { removeOldest(of: tenant) }
            while count > capacity.ofAll { removeOldest { $0.exchanges.count } }
            while groups.count > 1, bytes > capacity.bytesOfAll { removeOldest(\.bytes) }
        }

        /// Removes the oldest of whoever has most.
        private mutating func removeOldest(_ most: (Group) -> Int) {
            guard let tenant = groups.max(by: { most($0.value) < most($1.value) })?.key else { return }
            removeOldest(of: tenant)
        }

        private mutating func removeOldest(of tenant: GUID?) {
            guard let kept = groups[tenant]?.exchanges.removeFirst() else { return }
            grow(-kept.bytes, tenant)
            count -= 1
            if groups[tenant]?.exchanges.isEmpty == true { groups[tenant] = nil }
        }

        mutating func remove(_ tenant: GUID) {
            guard let group = groups.removeValue(forKey: tenant) else { return }
            count -= group.exchanges.count
            bytes -= group.bytes
        }
    }

    /// How many of all tenants a look shows.
    private static let mostShown = 100
    /// How long an answer takes to be sent at most, unless a fault holds it back.
    fileprivate static let sending = Duration.milliseconds(200)
    static let longestBody = 16_384

    private let state = Mutex(State())
    private let news = CommitSignal()
    private let capacity: Capacity
    private let systemTime: @Sendable () -> Timestamp
    private let log: ServerLog?

    /// - Parameters:
    ///   - systemTime: the machine's clock.
    ///   - log: is told each exchange when it tells them.
    package convenience init(systemTime: @escaping @Sendable () -> Timestamp, toldTo log: ServerLog? = nil) {
        self.init(capacity: Capacity(), systemTime: systemTime, toldTo: log)
    }

    init(capacity: Capacity, systemTime: @escaping @Sendable () -> Timestamp, toldTo log: ServerLog? = nil) {
        self.capacity = capacity
        self.systemTime = systemTime
        self.log = log.flatMap { $0.tellsExchanges ? $0 : nil }
    }

    /// How many are kept.
    var count: Int { state.withLock { $0.count } }

    /// How many wait at this moment.
    var waiting: Int { state.withLock { $0.waiting } }

    /// Forgets those of a tenant.
    package func forget(_ tenant: GUID) { state.withLock { $0.remove(tenant) } }
}

// MARK: Looking

extension ExchangeLog {
    /// Which exchanges of a tenant somebody asked for; nil asks nothing.
    struct Filter: Sendable {
        let tenant: GUID
        var client: ClientID?
        var user: GUID?
        var endpoint: ExchangeEndpoint?

        fileprivate func fits(_ exchange: Exchange) -> Bool {
            (client == nil || client == exchange.subject.client) && (user == nil || user == exchange.subject.user)
                && (endpoint == nil || endpoint == exchange.endpoint)
        }
    }

    /// The newest of all tenants, the newest first: a hundred at most.
    ///
    /// - Parameter id: only what came after it.
    func newest(after id: Int64) -> [Exchange] {
        let found: [Exchange] = state.withLock { state in
            state.groups.values.flatMap { $0.exchanges.map(\.exchange).filter { $0.id > id } }
        }
        return Array(found.sorted { $0.id > $1.id }.prefix(Self.mostShown))
    }

    /// Those of one tenant, the oldest first.
    ///
    /// - Parameters:
    ///   - id: only what came after it.
    ///   - time: how long to wait, by the machine's time, while there is none.
    func exchanges(_ filter: Filter, after id: Int64, waiting time: Duration?) async -> [Exchange] {
        state.withLock { $0.waiting += 1 }
        defer { state.withLock { $0.waiting -= 1 } }
        return await news.until(.now + (time ?? .zero), of: filter.tenant) {
            // Copied while nobody writes: what is kept changes when its answer is sent.
            let new: [Exchange] = state.withLock { state in
                (state.groups[filter.tenant]?.exchanges ?? []).map(\.exchange).filter { $0.id > id }
            }
            let found = new.filter(filter.fits)
            // Those whose bodies are on their way are shown with their bodies, and what came after them then.
            let settled = Array(found.prefix { $0.isSettled })
            return settled.isEmpty ? .waiting([], recheck: found.isEmpty ? nil : Self.sending) : .done(settled)
        }
    }
}

// MARK: Keeping

extension ExchangeLog {
    /// A request comes.
    func begin() -> Beginning { Beginning(at: systemTime(), instant: .now) }

    /// The exchange that was just answered.
    func exchange(
        _ beginning: Beginning, method: String, target: String, origin: String, status: HTTPResponse.Status, request: Message,
        response: Message
    ) -> Exchange {
        Exchange(
            at: systemTime(), began: beginning, method: method, target: target, origin: origin, answered: status,
            request: request, response: response, waited: beginning.instant.duration(to: .now))
    }

    /// - Returns: its id.
    func add(_ exchange: Exchange) -> Int64 {
        let added = state.withLock { state in
            var added = exchange
            added.id = state.next
            state.next += 1
            state.add(added, to: capacity)
            return added
        }
        if let tenant = added.subject.tenant { news.signal(for: tenant) }
        if added.sending != nil { log?.tell(added) }
        return added.id
    }

    /// The answer is sent.
    func complete(_ id: Int64, of tenant: GUID?, body: Body) {
        // Copied only for who is told it: it holds many references.
        let (isNew, told): (Bool, Exchange?) = state.withLock { state in
            guard let kept = state.groups[tenant]?.exchanges.last(where: { $0.exchange.id == id }), kept.exchange.sending == nil
            else {
                return (false, nil)
            }
            kept.exchange.response.body = body
            kept.exchange.sending = kept.exchange.began.instant.duration(to: .now) - kept.exchange.waited
            let more = kept.exchange.bytes - kept.bytes
            kept.bytes += more
            state.grow(more, tenant)
            state.trim(tenant, to: capacity)
            return (true, log == nil ? nil : kept.exchange)
        }
        if isNew, let tenant { news.signal(for: tenant) }
        if let told { log?.tell(told) }
    }
}
