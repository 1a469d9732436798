import HTTPTypes
import Hummingbird
import LapseRules
import NIOCore
import Synchronization

/// The last requests to the authority and to Graph with their answers, for whoever looks at them. While nobody does, nothing is kept
/// and nothing is spent.
final class ExchangeLog: Sendable {
    struct Exchange: Sendable {
        var id: Int64 = 0
        let at: Timestamp
        let method: String
        let path: String
        let status: Int
        /// Headers and body, secrets masked.
        let request: String
        let response: String

        var json: JSON {
            [
                "id": .integer(id), "at": JSON(at), "method": .string(method), "path": .string(path),
                "status": .integer(Int64(status)), "request": .string(request), "response": .string(response),
            ]
        }
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
    private let wall: @Sendable () -> Timestamp

    init(wall: @escaping @Sendable () -> Timestamp) { self.wall = wall }

    var isWatched: Bool {
        // Nobody looks, nearly always.
        let until = watchedUntil.load(ordering: .relaxed)
        return until > 0 && until > wall().ticks
    }

    /// What came in while somebody looked, the newest first.
    func watch() -> [Exchange] {
        watchedUntil.store((wall() + Self.attention).ticks, ordering: .relaxed)
        return state.withLock { $0.exchanges.reversed() }
    }

    func add(_ exchange: Exchange) {
        state.withLock { state in
            var exchange = exchange
            exchange.id = state.next
            state.next += 1
            state.exchanges.append(exchange)
            if state.exchanges.count > Self.capacity { state.exchanges.removeFirst() }
        }
    }
}

extension ExchangeLog {
    /// Answers the request and keeps both, as far as they are text and not too long.
    func keeping(_ request: Request, _ answer: (Request) async throws -> Response) async throws -> Response {
        let now = wall()
        var request = request
        let body = try await request.body.collect(upTo: Bounds.body)
        request.body = .init(buffer: body)
        var response = try await answer(request)
        let (head, asked) = (response, request)
        response.body = .init(contentLength: response.body.contentLength) { writer in
            let tee = TeeWriter(next: writer, kept: Kept())
            try await head.body.write(tee)
            self.add(
                Exchange(
                    at: now, method: asked.method.rawValue, path: Masking.masked(asked.uri.description), status: head.status.code,
                    request: Self.text(asked.headers, String(buffer: body)), response: Self.text(head.headers, tee.kept.text)))
        }
        return response
    }

    private static func text(_ headers: HTTPFields, _ body: String) -> String {
        let lines = headers.map { "\($0.name.rawName): \(Masking.header($0))" }.joined(separator: "\n")
        return lines + (body.isEmpty ? "" : "\n\n" + Masking.masked(String(body.prefix(longestBody))))
    }

    /// What went by, up to a bound.
    final class Kept: Sendable {
        private let buffer = Mutex(ByteBuffer())

        func take(_ part: ByteBuffer) {
            buffer.withLock { buffer in
                var part = part
                let room = ExchangeLog.longestBody - buffer.readableBytes
                if room > 0, var head = part.readSlice(length: min(room, part.readableBytes)) { buffer.writeBuffer(&head) }
            }
        }

        var text: String { buffer.withLock { String(buffer: $0) } }
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

/// Takes out of a text what only its owner may read: passwords, secrets, tokens, codes, cookies.
enum Masking {
    private static let mask = "***"

    static func header(_ field: HTTPField) -> String {
        switch field.name {
        case .authorization:
            let scheme = field.value.split(separator: " ").first.map(String.init) ?? ""
            return "\(scheme) \(mask)"
        case .cookie:
            return field.value.split(separator: ";").map { $0.prefix { $0 != "=" } + "=" + mask }.joined(separator: ";")
        case .setCookie:
            let parts = field.value.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
            return parts[0].prefix { $0 != "=" } + "=" + mask + (parts.count > 1 ? ";" + parts[1] : "")
        default: return masked(field.value)
        }
    }

    static func masked(_ text: String) -> String {
        // Built here: a Regex may not be shared between threads.
        let names =
            "password|passwd|newpasswd|currentPassword|newPassword|client_secret|secret|refresh_token|access_token|id_token|id_token_hint|code|device_code|user_code|otc|assertion|client_assertion|code_verifier|session"
        guard let parameter = try? Regex("(?i)(^|[?&#\\s])(\(names))=[^&#\\s\"'<]*"),
            let member = try? Regex("(?i)\"(\(names))\"\\s*:\\s*\"(?:[^\"\\\\]|\\\\.)*\""),
            let field = try? Regex("(?i)(name=\"(?:\(names))\"\\s+value=\")[^\"]*\"")
        else { return mask }
        return
            text
            .replacing(parameter) { "\($0.output[1].substring ?? "")\($0.output[2].substring ?? "")=\(mask)" }
            .replacing(member) { "\"\($0.output[1].substring ?? "")\":\"\(mask)\"" }
            .replacing(field) { "\($0.output[1].substring ?? "")\(mask)\"" }
            .replacing(/eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/, with: "eyJ\(mask)")
            .replacing(/enter the code [A-Z0-9]{9}/, with: "enter the code \(mask)")
            .replacing(/1\.A[A-Za-z0-9_-]{20,}/, with: "1.A\(mask)")
    }
}
