import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import NIOCore
import Synchronization

/// How a request and its answer come into the log while they go by.
extension ExchangeLog {
    /// Makes the request's body readable twice, where it is short and may be shown; the answer is the handler's business all the same.
    func open(_ request: inout Request, _ note: RequestNote) async throws {
        guard let length = request.headers[.contentLength].flatMap({ Int($0) }), length > 0, length <= Bounds.body,
            BodyType(request.headers) != nil
        else { return }
        let body = try await request.body.collect(upTo: Bounds.body)
        request.body = .init(buffer: body)
        note.body = Array(buffer: body)
    }

    /// Keeps the exchange: with references to what is there anyway. Whoever reads it makes of them what is shown.
    ///
    /// - Parameter note: what was put down of the request.
    func keep(
        _ request: Request, _ response: Response, _ note: RequestNote, origin: String, since beginning: Beginning
    ) -> Response {
        var exchange = exchange(
            beginning, method: request.method.rawValue, target: request.uri.description, origin: origin, status: response.status,
            request: Message(headers: request.headers, body: Self.body(of: request, note)),
            response: Message(headers: response.headers, body: .none))
        exchange.subject = note.subject
        exchange.error = note.error
        exchange.lastEvent = note.event
        let length = response.body.contentLength
        switch length {
        case _ where request.method == .head, 0: exchange.sending = .zero
        case let length? where note.answer?.count == length:
            exchange.response.body = note.answer.map(Body.kept) ?? .none
            exchange.sending = .zero
        case let length? where BodyType(response.headers) == nil && response.headers[.lapseFault] == nil:
            exchange.response.body = .left(bytes: length)
            exchange.sending = .zero
        default: return seen(add(exchange), of: exchange.subject.tenant, response, length)
        }
        _ = add(exchange)
        return response
    }

    private static func body(of request: Request, _ note: RequestNote) -> Body {
        if let body = note.body { return body.isEmpty ? .none : .kept(body) }
        let length = request.headers[.contentLength].flatMap { Int($0) }
        return length == 0 || (length == nil && request.headers[.transferEncoding] == nil) ? .none : .left(bytes: length)
    }

    /// The answer with a body that comes into the log while it is sent.
    private func seen(_ id: Int64, of tenant: GUID?, _ response: Response, _ length: Int?) -> Response {
        var seen = response
        let (inner, whole) = (response.body, Kept(isShown: BodyType(response.headers) != nil))
        seen.body = .init(contentLength: length) { writer in
            // Whoever has read the last byte finds it in the log.
            let sent = { @Sendable in self.complete(id, of: tenant, body: whole.body) }
            defer { sent() }
            try await inner.write(TeeWriter(next: writer, kept: whole, length: length, sent: sent))
        }
        return seen
    }

    /// What went by, up to a bound.
    private final class Kept: Sendable {
        private struct State {
            var buffer: ByteBuffer? = ByteBuffer()
            var bytes = 0
        }

        private let state: Mutex<State>

        init(isShown: Bool) { state = Mutex(State(buffer: isShown ? ByteBuffer() : nil)) }

        /// - Returns: how many bytes that are in all.
        func take(_ part: ByteBuffer) -> Int {
            state.withLock { state in
                state.bytes += part.readableBytes
                // A part of a body cannot be read.
                if state.bytes > Bounds.body { state.buffer = nil }
                state.buffer?.writeImmutableBuffer(part)
                return state.bytes
            }
        }

        var body: Body {
            state.withLock { state in
                if state.bytes == 0 { return .none }
                return state.buffer.map { .kept(Array(buffer: $0)) } ?? .left(bytes: state.bytes)
            }
        }
    }

    private struct TeeWriter: ResponseBodyWriter {
        var next: any ResponseBodyWriter
        let kept: Kept
        /// Of the whole body; nil: only its end tells.
        let length: Int?
        let sent: @Sendable () -> Void

        mutating func write(_ buffer: ByteBuffer) async throws {
            if kept.take(buffer) == length { sent() }
            try await next.write(buffer)
        }

        consuming func finish(_ trailers: HTTPFields?) async throws {
            sent()
            try await next.finish(trailers)
        }
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
