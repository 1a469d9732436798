import HTTPTypes
import Hummingbird
import LapseRules
import NIOCore
import Synchronization

/// The last requests to the authority and to Graph with their answers, for whoever looks at them. While nobody does, nothing is kept
/// and nothing is spent; what an earlier one saw is forgotten when the next begins to look, or with the next request.
///
/// What is kept is as it went by, so that a request is not held up; secrets are masked when somebody reads.
package final class ExchangeLog: Sendable {
    struct Exchange: Sendable {
        var id: Int64 = 0
        let at: Timestamp
        let method: String
        /// Path and query.
        let target: String
        let status: Int
        let request: Message
        var response: Message

        var json: JSON {
            let shown = Masking.shown(self)
            return [
                "id": .integer(id), "at": JSON(at), "method": .string(method), "path": .string(shown.target),
                "status": .integer(Int64(status)), "request": .string(shown.request), "response": .string(shown.response),
            ]
        }
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

    private struct State {
        var exchanges: [Exchange] = []
        var next: Int64 = 1
    }

    private static let capacity = 100
    /// How long somebody is taken to go on looking.
    private static let attention = Duration.seconds(10)
    static let longestBody = 16_384

    private let state = Mutex(State())
    /// Until when somebody looks, in ticks of the machine's clock.
    private let watchedUntil = Atomic<Int64>(0)
    private let systemTime: @Sendable () -> Timestamp
    /// Which looks for ever.
    private let log: ServerLog?

    /// - Parameters:
    ///   - systemTime: the machine's clock.
    ///   - log: is told each exchange when it tells them.
    package init(systemTime: @escaping @Sendable () -> Timestamp, toldTo log: ServerLog? = nil) {
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
    var count: Int { state.withLock { $0.exchanges.count } }

    private func forget() { state.withLock { $0.exchanges.removeAll() } }

    /// What came in while somebody looked, the newest first.
    ///
    /// - Parameter id: only what came after it.
    func watch(after id: Int64) -> [Exchange] {
        if !isWatched { forget() }
        watchedUntil.store((systemTime() + Self.attention).ticks, ordering: .relaxed)
        return state.withLock { $0.exchanges.reversed().filter { $0.id > id } }
    }

    private func add(_ exchange: Exchange) -> Int64 {
        state.withLock { state in
            var exchange = exchange
            exchange.id = state.next
            state.next += 1
            state.exchanges.append(exchange)
            if state.exchanges.count > Self.capacity { state.exchanges.removeFirst() }
            return exchange.id
        }
    }

    private func complete(_ id: Int64, body: Body) {
        let complete: Exchange? = state.withLock { state in
            guard let index = state.exchanges.firstIndex(where: { $0.id == id }) else { return nil }
            state.exchanges[index].response.body = body
            return state.exchanges[index]
        }
        if let log, let complete { log.tell(complete) }
    }
}

extension ExchangeLog {
    /// Makes the request's body readable twice, where it is short; the answer is the handler's business all the same.
    ///
    /// - Returns: what to keep of it.
    func open(_ request: inout Request) async throws -> Body {
        guard let length = request.headers[.contentLength].flatMap({ Int($0) }), length <= Bounds.body else {
            let isAbsent = request.headers[.contentLength] == nil && request.headers[.transferEncoding] == nil
            return isAbsent ? .none : .left(bytes: nil)
        }
        guard length > 0 else { return .none }
        guard BodyType(request.headers) != nil else { return .left(bytes: length) }
        let body = try await request.body.collect(upTo: Bounds.body)
        request.body = .init(buffer: body)
        return .kept(body)
    }

    /// Keeps the exchange, whose body follows when it is sent.
    func keep(_ request: Request, body: Body, _ response: Response) -> Response {
        let id = add(
            Exchange(
                at: systemTime(), method: request.method.rawValue, target: request.uri.description, status: response.status.code,
                request: Message(headers: request.headers, body: body), response: Message(headers: response.headers, body: .none)))
        var kept = response
        let (inner, isShown) = (response.body, BodyType(response.headers) != nil)
        kept.body = .init(contentLength: response.body.contentLength) { writer in
            let tee = TeeWriter(next: writer, kept: Kept(isShown: isShown))
            try await inner.write(tee)
            self.complete(id, body: tee.kept.body)
        }
        return kept
    }

    /// What went by, up to a bound.
    private final class Kept: Sendable {
        private struct State {
            var buffer: ByteBuffer? = ByteBuffer()
            var bytes = 0
        }

        private let state: Mutex<State>

        init(isShown: Bool) { state = Mutex(State(buffer: isShown ? ByteBuffer() : nil)) }

        func take(_ part: ByteBuffer) {
            state.withLock { state in
                state.bytes += part.readableBytes
                // A part of a body cannot be read.
                if state.bytes > Bounds.body { state.buffer = nil }
                state.buffer?.writeImmutableBuffer(part)
            }
        }

        var body: Body {
            state.withLock { state in
                if state.bytes == 0 { return .none }
                return state.buffer.map { .kept($0) } ?? .left(bytes: state.bytes)
            }
        }
    }

    private struct TeeWriter: ResponseBodyWriter {
        var next: any ResponseBodyWriter
        let kept: Kept

        mutating func write(_ buffer: ByteBuffer) async throws {
            kept.take(buffer)
            try await next.write(buffer)
        }

        consuming func finish(_ trailers: HTTPFields?) async throws { try await next.finish(trailers) }
    }
}

/// The types of bodies that consist of names and values: no other is shown.
enum BodyType {
    case form, json

    init?(_ headers: HTTPFields) {
        // A handler reads one alone; a body with two types is no body that this knows.
        guard headers[values: .contentType].count == 1, let type = Self.media(headers) else { return nil }
        switch type {
        case "application/x-www-form-urlencoded": self = .form
        case "application/json": self = .json
        default: return nil
        }
    }

    /// The media type in lower case, without parameters; nil when none is named.
    static func media(_ headers: HTTPFields) -> String? {
        guard let type = headers[.contentType]?.prefix(while: { $0 != ";" }).lowercased(), !type.isEmpty else { return nil }
        return type.filter { !$0.isWhitespace }
    }
}
