import HTTPTypes
import Hummingbird
import LapseRules
import NIOCore
import Synchronization

/// The last requests to the authority and to Graph with their answers, for whoever looks at them. While nobody does, nothing is kept
/// and nothing is spent; what an earlier one saw is forgotten when the next begins to look.
package final class ExchangeLog: Sendable {
    struct Exchange: Sendable {
        var id: Int64 = 0
        let at: Timestamp
        let method: String
        let path: String
        let status: Int
        /// Headers and body, secrets masked.
        let request: String
        var response: String

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
    private let systemTime: @Sendable () -> Timestamp

    /// - Parameter systemTime: the machine's clock.
    package init(systemTime: @escaping @Sendable () -> Timestamp) { self.systemTime = systemTime }

    var isWatched: Bool {
        // Every request asks, and the log is seldom watched: one atomic read decides.
        let until = watchedUntil.load(ordering: .relaxed)
        return until > 0 && until > systemTime().ticks
    }

    /// What came in while somebody looked, the newest first.
    ///
    /// - Parameter id: only what came after it.
    func watch(after id: Int64) -> [Exchange] {
        if !isWatched { state.withLock { $0.exchanges.removeAll() } }
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

    private func complete(_ id: Int64, body: String) {
        state.withLock { state in
            guard let index = state.exchanges.firstIndex(where: { $0.id == id }) else { return }
            state.exchanges[index].response += body
        }
    }
}

extension ExchangeLog {
    /// Makes the request's body readable twice, where it is short; the answer is the handler's business all the same.
    ///
    /// - Returns: what to show of it.
    func open(_ request: inout Request) async throws -> String {
        guard let length = request.headers[.contentLength].flatMap({ Int($0) }), (1...Bounds.body).contains(length) else {
            return request.headers[.contentLength] == nil ? "" : "\n\n(a body that is not shown)"
        }
        let body = try await request.body.collect(upTo: Bounds.body)
        request.body = .init(buffer: body)
        return shown(String(buffer: body), type: request.headers[.contentType])
    }

    /// Keeps the exchange, whose body follows when it is sent.
    func keep(_ request: Request, body: String, _ response: Response) -> Response {
        let id = add(
            Exchange(
                at: systemTime(), method: request.method.rawValue, path: Masking.masked(request.uri.description),
                status: response.status.code, request: Self.text(request.headers) + body, response: Self.text(response.headers)))
        var kept = response
        let (inner, type) = (response.body, response.headers[.contentType])
        kept.body = .init(contentLength: response.body.contentLength) { writer in
            let tee = TeeWriter(next: writer, kept: Kept())
            try await inner.write(tee)
            self.complete(id, body: self.shown(tee.kept.text, type: type))
        }
        return kept
    }

    private func shown(_ body: String, type: String?) -> String {
        guard !body.isEmpty else { return "" }
        let isForm = type?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true
        // Masked before it is cut: half a secret is no secret that the mask knows.
        return "\n\n" + (isForm ? Masking.form(body) : Masking.masked(body)).prefix(Self.longestBody)
    }

    private static func text(_ headers: HTTPFields) -> String {
        headers.map { "\($0.name.rawName): \(Masking.header($0))" }.joined(separator: "\n")
    }

    /// What went by, up to a bound.
    private final class Kept: Sendable {
        private let buffer = Mutex(ByteBuffer())

        func take(_ part: ByteBuffer) {
            buffer.withLock { buffer in
                var part = part
                let room = Bounds.body - buffer.readableBytes
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

    private static let names: Set<String> = [
        "password", "passwd", "newpasswd", "currentpassword", "newpassword", "client_secret", "secret", "refresh_token",
        "access_token", "id_token", "id_token_hint", "code", "device_code", "user_code", "otc", "assertion", "client_assertion",
        "code_verifier", "session",
    ]

    static func header(_ field: HTTPField) -> String {
        switch field.name {
        case .authorization:
            // Whoever forgets the scheme writes a secret in its place.
            guard let header = AuthorizationHeader(field.value), ["bearer", "basic"].contains(header.scheme.lowercased()) else {
                return mask
            }
            return "\(header.scheme) \(mask)"
        case .cookie: return field.value.split(separator: ";").map(cookie).joined(separator: ";")
        case .setCookie:
            let parts = field.value.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
            return cookie(parts[0]) + (parts.count > 1 ? ";" + parts[1] : "")
        default: return field.value.contains("=") || field.value.contains("eyJ") ? masked(field.value) : field.value
        }
    }

    private static func cookie(_ text: Substring) -> String { text.contains("=") ? text.prefix { $0 != "=" } + "=" + mask : mask }

    /// A form's parameters: a value reaches to the next `&`, whatever is in it.
    static func form(_ text: String) -> String {
        text.split(separator: "&", omittingEmptySubsequences: false).map { pair in
            guard let equals = pair.firstIndex(of: "=") else { return String(pair) }
            let name = FormParameters.decodePath(pair[..<equals].replacing("+", with: " ")) ?? String(pair[..<equals])
            return isSecret(name) ? pair[...equals] + mask : masked(String(pair))
        }.joined(separator: "&")
    }

    private static func isSecret(_ name: String) -> Bool { names.contains(name.lowercased()) }

    /// JSON, pages, addresses.
    static func masked(_ text: String) -> String {
        text
            // Of an address, in a page or by itself.
            .replacing(/([?&#;]|^)([A-Za-z_%0-9]+)=([^&\s"<]*)/) { match in
                isSecret(FormParameters.decodePath(match.2) ?? "") ? "\(match.1)\(match.2)=\(mask)" : String(match.0)
            }
            .replacing(/"([A-Za-z_]+)"\s*:\s*"(?:[^"\\]|\\.)*"/) { match in
                isSecret(String(match.1)) ? "\"\(match.1)\":\"\(mask)\"" : String(match.0)
            }
            .replacing(/name="([A-Za-z_]+)"\s+value="[^"]*"/) { match in
                isSecret(String(match.1)) ? "name=\"\(match.1)\" value=\"\(mask)\"" : String(match.0)
            }
            .replacing(/eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){0,2}/, with: "eyJ\(mask)")
            .replacing(/enter the code [A-Z0-9]{9}/, with: "enter the code \(mask)")
            .replacing(/1\.A[A-Za-z0-9_-]{20,}/, with: "1.A\(mask)")
    }
}
