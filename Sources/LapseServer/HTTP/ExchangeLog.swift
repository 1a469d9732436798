import HTTPTypes
import LapseRules
import LapseService
import NIOCore
import Synchronization

/// The last requests to the authority and to Graph with their answers, for whoever looks at them. While nobody does, nothing is kept
/// and nothing is spent; what an earlier one saw is forgotten when the next begins to look, or with the next request.
///
/// What is kept is as it went by, so that a request is not held up; secrets are masked when somebody reads. Each tenant has a bound of
/// its own, so that one does not push out another's; beyond the bound of all, whoever has most loses its oldest.
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
        let status: Int
        /// The words behind the status.
        let reason: String
        let request: Message
        var response: Message
        var subject = RequestSubject()
        /// The error that the answer says.
        var error: ErrorName?
        var endpoint: ExchangeEndpoint?
        var region: String?
        var event: Int64?
        /// How long until the answer was there.
        let waited: Duration
        /// How long from then until it was sent, or its connection ended; nil: that is still ahead.
        var sending: Duration?

        /// The code that it was refused with.
        var code: AADSTS? { subject.code ?? (status < 400 ? nil : error?.aadsts) }

        fileprivate var bytes: Int {
            Self.bytes(of: request) + Self.bytes(of: response) + target.utf8.count + (subject.client?.description.utf8.count ?? 0)
        }

        private static func bytes(of message: Message) -> Int {
            let headers = message.headers.reduce(0) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count }
            if case .kept(let buffer) = message.body { return headers + buffer.readableBytes }
            return headers
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
        case kept(ByteBuffer)
        /// Of one that is too large, or of a type that is not shown; nil where nobody has counted.
        case left(bytes: Int?)
    }

    /// The bounds of what is kept. A single exchange is kept whatever its size, which the bounds of a request limit.
    struct Capacity: Sendable {
        var ofTenant = 200
        var ofAll = 2_000
        var bytesOfTenant = 4 * 1024 * 1024
        var bytesOfAll = 32 * 1024 * 1024
    }

    /// Those of one tenant, oldest first.
    private struct Group {
        var exchanges: [Exchange] = []
        var bytes = 0

        mutating func add(_ exchange: Exchange) {
            exchanges.append(exchange)
            bytes += exchange.bytes
        }

        mutating func removeOldest() { bytes -= exchanges.removeFirst().bytes }
    }

    private struct State {
        /// By tenant; nil: those of which no tenant is known.
        var groups: [GUID?: Group] = [:]
        var next: Int64 = 1
        /// How many look at this moment.
        var lookers = 0

        mutating func add(_ exchange: Exchange) {
            groups[exchange.subject.tenant, default: Group()].add(exchange)
        }

        mutating func trim(_ tenant: GUID?, to capacity: Capacity) {
            while let group = groups[tenant], group.exchanges.count > 1,
                group.exchanges.count > capacity.ofTenant || group.bytes > capacity.bytesOfTenant
            {
                groups[tenant]?.removeOldest()
            }
            while groups.values.reduce(0, { $0 + $1.exchanges.count }) > capacity.ofAll { removeOldest { $0.exchanges.count } }
            while groups.count > 1, groups.values.reduce(0, { $0 + $1.bytes }) > capacity.bytesOfAll { removeOldest(\.bytes) }
        }

        /// Removes the oldest of whoever has most.
        private mutating func removeOldest(_ most: (Group) -> Int) {
            guard let tenant = groups.max(by: { most($0.value) < most($1.value) })?.key else { return }
            groups[tenant]?.removeOldest()
            if groups[tenant]?.exchanges.isEmpty == true { groups[tenant] = nil }
        }
    }

    /// How many of all tenants a look shows.
    private static let mostShown = 100
    /// How long somebody is taken to go on looking.
    private static let attention = Duration.seconds(10)
    /// How long an answer takes to be sent at most, unless a fault holds it back.
    fileprivate static let sending = Duration.milliseconds(200)
    static let longestBody = 16_384

    private let state = Mutex(State())
    /// Until when somebody looks, in ticks of the machine's clock.
    private let watchedUntil = Atomic<Int64>(0)
    private let news = CommitSignal()
    private let capacity: Capacity
    private let systemTime: @Sendable () -> Timestamp
    /// Which looks for ever.
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

    var isWatched: Bool {
        if log != nil { return true }
        // Every request asks, and the log is seldom watched: one atomic read decides.
        let until = watchedUntil.load(ordering: .relaxed)
        guard until > 0 else { return false }
        guard until <= systemTime().ticks else { return true }
        // Nobody looks any more: what was kept has secrets in it.
        if watchedUntil.compareExchange(expected: until, desired: 0, ordering: .relaxed).exchanged { forget() }
        return false
    }

    /// How many are kept.
    var count: Int { state.withLock { $0.groups.values.reduce(0) { $0 + $1.exchanges.count } } }

    /// How many look at this moment.
    var lookers: Int { state.withLock { $0.lookers } }

    private func forget() { state.withLock { $0.groups.removeAll() } }

    /// Forgets those of a tenant.
    package func forget(_ tenant: GUID) { state.withLock { $0.groups[tenant] = nil } }
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

    /// What came in while somebody looked, of all tenants, the newest first: a hundred at most.
    ///
    /// - Parameter id: only what came after it.
    func watch(after id: Int64) -> [Exchange] {
        beginToLook()
        defer { endToLook() }
        let found = state.withLock { state in state.groups.values.flatMap { $0.exchanges.filter { $0.id > id } } }
        return Array(found.sorted { $0.id > $1.id }.prefix(Self.mostShown))
    }

    /// What came in while somebody looked, of one tenant, the oldest first.
    ///
    /// - Parameters:
    ///   - id: only what came after it.
    ///   - time: how long to wait, by the machine's time, while there is none.
    func watch(_ filter: Filter, after id: Int64, waiting time: Duration?) async -> [Exchange] {
        beginToLook()
        defer { endToLook() }
        return await news.until(.now + (time ?? .zero), of: filter.tenant) {
            let found = state.withLock { state in
                (state.groups[filter.tenant]?.exchanges ?? []).filter { $0.id > id && filter.fits($0) }
            }
            // Those whose bodies are on their way are shown with their bodies, and what came after them then.
            let settled = Array(found.prefix { $0.isSettled })
            return settled.isEmpty ? .waiting([], recheck: found.isEmpty ? nil : Self.sending) : .done(settled)
        }
    }

    private func beginToLook() {
        if !isWatched { forget() }
        state.withLock { state in
            state.lookers += 1
            watchedUntil.store(.max, ordering: .relaxed)
        }
    }

    private func endToLook() {
        state.withLock { state in
            state.lookers -= 1
            if state.lookers == 0 { watchedUntil.store((systemTime() + Self.attention).ticks, ordering: .relaxed) }
        }
    }
}

// MARK: Keeping

extension ExchangeLog {
    /// A request comes.
    func begin() -> Beginning { Beginning(at: systemTime(), instant: .now) }

    /// The exchange that was just answered.
    func exchange(
        _ beginning: Beginning, method: String, target: String, origin: String, status: Int, reason: String, request: Message,
        response: Message
    ) -> Exchange {
        Exchange(
            at: systemTime(), began: beginning, method: method, target: target, origin: origin, status: status, reason: reason,
            request: request, response: response, waited: beginning.instant.duration(to: .now))
    }

    /// - Returns: its id.
    func add(_ exchange: Exchange) -> Int64 {
        let id = state.withLock { state in
            var exchange = exchange
            exchange.id = state.next
            state.next += 1
            state.add(exchange)
            state.trim(exchange.subject.tenant, to: capacity)
            return exchange.id
        }
        if let tenant = exchange.subject.tenant { news.signal(for: tenant) }
        return id
    }

    /// The answer is sent.
    func complete(_ id: Int64, of tenant: GUID?, body: Body) {
        let complete: Exchange? = state.withLock { state in
            guard var group = state.groups.removeValue(forKey: tenant) else { return nil }
            defer { state.groups[tenant] = group }
            guard let index = group.exchanges.lastIndex(where: { $0.id == id }), group.exchanges[index].sending == nil else {
                return nil
            }
            group.bytes -= group.exchanges[index].bytes
            group.exchanges[index].response.body = body
            group.exchanges[index].sending = group.exchanges[index].began.instant.duration(to: .now) - group.exchanges[index].waited
            group.bytes += group.exchanges[index].bytes
            return group.exchanges[index]
        }
        guard let complete else { return }
        state.withLock { $0.trim(tenant, to: capacity) }
        if let tenant { news.signal(for: tenant) }
        log?.tell(complete)
    }
}
