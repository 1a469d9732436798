import Foundation
import LapseRules
import LapseService
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS

/// What is sent to a Lapse over HTTP: by the commands and the test kit to the control API, as a browser, and as the demo's apps. A request
/// has a connection of its own, and no redirect is followed.
package struct WebClient: Sendable {
    private var tls: TLSConfiguration
    /// More than any answer of Lapse has.
    fileprivate static let mostBytes = 64 << 20
    /// How long a server may take to accept a connection.
    private let patience: TimeAmount
    /// How long it may take for TLS once it has.
    private static let patienceForTLS = TimeAmount.seconds(10)

    /// - Parameters:
    ///   - anchors: the certificates to trust; nil: those that the machine trusts.
    ///   - patience: how long a server may take to accept a connection, in whole seconds.
    package init(trusting anchors: [NIOSSLCertificate]? = nil, patience: Duration = .seconds(1)) {
        self.patience = .seconds(patience.components.seconds)
        tls = TLSConfiguration.makeClientConfiguration()
        if let anchors { tls.trustRoots = .certificates(anchors) }
        tls.applicationProtocols = ["http/1.1"]
        // How long a server may take to say goodbye once its answer is here.
        tls.shutdownTimeout = .milliseconds(200)
    }

    /// The same, which also trusts whom the machine trusts: a person's browser goes to other servers, too.
    package var trustingTheMachineToo: WebClient {
        var client = self
        if let anchors = tls.trustRoots, case .certificates(let own) = anchors {
            (client.tls.trustRoots, client.tls.additionalTrustRoots) = (.default, [.certificates(own)])
        }
        return client
    }

    /// What to trust for the CA certificates of a file: a Lapse's as well, whose constraints BoringSSL does not know.
    package static func anchors(inPEM text: String) throws -> [NIOSSLCertificate] {
        try LocalCertificateAuthority.anchors(inPEM: text).map { try NIOSSLCertificate(bytes: Array($0.utf8), format: .pem) }
    }

    /// Takes whatever certificate a server has: for asking one of this machine which CA that is.
    package static var unverified: WebClient {
        var client = WebClient()
        client.tls.certificateVerification = .none
        return client
    }

    /// - Parameter time: how long the whole answer may take.
    /// - Throws: ``BadAddress`` for what is not one of HTTP; ``Unreachable``.
    package func send(
        _ method: String, _ url: String, headers: [(String, String)] = [], body: [UInt8] = [], within time: Duration = .seconds(30)
    ) async throws -> Answer {
        try await exchange(Message(method, url, headers, body), within: .nanoseconds(time.components.seconds * 1_000_000_000)) {
            try await Answer($0, &$1)
        }
    }

    /// Sends a form as a browser does.
    package func send(_ url: String, form: [(String, String)], headers: [(String, String)] = []) async throws -> Answer {
        try await send(
            "POST", url, headers: headers + [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(FormParameters.encoded(form).utf8))
    }

    /// Reads an answer line by line as it comes, until the server ends it.
    ///
    /// - Parameter line: whether to go on after this line.
    /// - Returns: the answer. Its body is empty when it was read in lines, whole when the status is not 200.
    package func follow(
        _ url: String, headers: [(String, String)] = [], _ line: (String) async throws -> Bool
    ) async throws -> Answer {
        try await exchange(Message("GET", url, headers, []), within: nil) { head, parts in
            guard head.status == .ok else { return try await Answer(head, &parts) }
            var rest: [UInt8] = []
            while let part = try await parts.next() {
                rest += part.readableBytesView
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    guard try await line(String(decoding: rest[..<end], as: UTF8.self)) else { return Answer(head) }
                    rest.removeSubrange(...end)
                }
            }
            return Answer(head)
        }
    }
}

// MARK: A request on its connection

extension WebClient {
    /// A request, and where it goes.
    fileprivate struct Message {
        let address: URL
        let host: String
        let port: Int
        var isSecure: Bool { address.scheme?.lowercased() == "https" }
        let head: HTTPRequestHead
        let body: [UInt8]

        /// - Throws: ``BadAddress`` for what is not one of HTTP.
        init(_ method: String, _ url: String, _ headers: [(String, String)], _ body: [UInt8]) throws {
            guard let address = URL(string: url), let scheme = address.scheme?.lowercased(), ["http", "https"].contains(scheme),
                let host = address.host(percentEncoded: false), !host.isEmpty
            else { throw BadAddress(url) }
            (self.address, self.host, self.body) = (address, host, body)
            port = address.port ?? (scheme == "https" ? 443 : 80)
            let path = address.path(percentEncoded: true)
            let query = address.query(percentEncoded: true).map { "?\($0)" } ?? ""
            var fields = HTTPHeaders([("Host", (host.contains(":") ? "[\(host)]" : host) + (address.port.map { ":\($0)" } ?? ""))])
            for (name, value) in headers { fields.add(name: name, value: value) }
            fields.add(name: "Connection", value: "close")
            if !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) {
                fields.add(name: "Content-Length", value: String(body.count))
            }
            head = HTTPRequestHead(
                version: .http1_1, method: HTTPMethod(rawValue: method), uri: (path.isEmpty ? "/" : path) + query, headers: fields)
        }

        func write(to outbound: Outbound) async throws {
            try await outbound.write(.head(head))
            if !body.isEmpty { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
            try await outbound.write(.end(nil))
        }
    }

    fileprivate typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
    fileprivate typealias Wire = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// The parts of a body, one after the other.
    fileprivate struct Parts {
        fileprivate var inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator

        /// - Returns: nil at the end of the answer.
        mutating func next() async throws -> ByteBuffer? {
            switch try await inbound.next() {
            case .body(let part): return part
            case .end: return nil
            // Cut off; HTTP's decoder tells of it by an error where it can.
            case nil: throw ChannelError.inputClosed
            case .head: throw HTTPParserError.unknown
            }
        }
    }

    /// - Parameter time: nil: as long as it takes.
    /// - Throws: ``Unreachable`` in place of the library's errors; what else `read` throws.
    private func exchange(
        _ message: Message, within time: TimeAmount?, _ read: (HTTPResponseHead, inout Parts) async throws -> Answer
    ) async throws -> Answer {
        do {
            let wire = try await connect(to: message)
            let deadline = time.map { time in
                wire.channel.eventLoop.scheduleTask(in: time) {
                    wire.channel.pipeline.fireErrorCaught(TooSlow.answer)
                    wire.channel.close(promise: nil)
                }
            }
            defer { deadline?.cancel() }
            return try await wire.executeThenClose { inbound, outbound in
                // A server may answer, and end, before it has read all. What keeps a request from being sent is told by reading.
                async let sent: Void? = try? message.write(to: outbound)
                var parts = Parts(inbound: inbound.makeAsyncIterator())
                guard case .head(let head) = try await parts.inbound.next() else { throw ChannelError.inputClosed }
                let answer = try await read(head, &parts)
                // The connection ends with the answer, whatever of the request is still on its way.
                try? await wire.channel.close()
                _ = await sent
                return answer
            }
        } catch {
            try Task.checkCancellation()
            guard let unreachable = Unreachable(message.address, error) else { throw error }
            throw unreachable
        }
    }

    private func connect(to message: Message) async throws -> Wire {
        // RFC 6761, section 6.3: this machine, whatever names it has been given.
        guard message.host == "localhost" || message.host.hasSuffix(".localhost") else {
            return try await connect(to: message, at: message.host)
        }
        do { return try await connect(to: message, at: "127.0.0.1") } catch is NIOConnectionError {
            return try await connect(to: message, at: "::1")
        }
    }

    private func connect(to message: Message, at host: String) async throws -> Wire {
        let context = message.isSecure ? try NIOSSLContext(configuration: tls) : nil
        let isName = (try? SocketAddress(ipAddress: message.host, port: 0)) == nil
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(patience)
            .connect(host: host, port: message.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: isName ? message.host : nil))
                        try pipeline.addHandler(HandshakeAlarm(Self.patienceForTLS))
                    }
                    try pipeline.addHTTPClientHandlers()
                    return try Wire(wrappingChannelSynchronously: channel)
                }
            }
    }
}

/// What should be an address and is none.
package struct BadAddress: Error, CustomStringConvertible {
    package let description: String

    fileprivate init(_ text: String) { description = "'\(text)' is not an address such as http://localhost:5000/" }
}

/// What took longer than it may.
private enum TooSlow: Error { case handshake, answer }

/// Ends a connection whose TLS is not there in time.
private final class HandshakeAlarm: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let patience: TimeAmount
    private var alarm: Scheduled<Void>?

    init(_ patience: TimeAmount) { self.patience = patience }

    func channelActive(context: ChannelHandlerContext) {
        alarm = context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
            context.fireErrorCaught(TooSlow.handshake)
            context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { alarm?.cancel() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        alarm?.cancel()
        context.fireChannelInactive()
    }
}

/// Why a server gave no answer, in words: the libraries' own name their source files.
package struct Unreachable: Error, CustomStringConvertible {
    package let description: String
    /// Whether nobody accepts connections there.
    package let isSilent: Bool

    /// The same of a server that should be a Lapse.
    package func sentence(ofLapseAt server: String) -> String { isSilent ? Self.silence(of: server) : description }

    package static func silence(of server: String) -> String { "nothing answers at \(server); is `lapse serve` running there?" }

    /// - Returns: nil for an error that is not of the connection.
    fileprivate init?(_ address: URL, _ error: any Error) {
        // Only the server: what stands behind it may be a secret.
        let here =
            "cannot reach \(address.scheme ?? "")://\(address.host ?? "")" + (address.port.map { ":\($0)" } ?? "")
        switch error {
        case is NIOConnectionError: (isSilent, description) = (true, here)
        case let error as ChannelError where error.isConnectTimeout: (isSilent, description) = (true, here)
        default:
            isSilent = false
            guard let reason = Self.reason(error) else { return nil }
            description = "\(here): \(reason)"
        }
    }

    private static func reason(_ error: any Error) -> String? {
        switch error {
        case NIOSSLError.uncleanShutdown: "it ended the connection without an answer"
        case is NIOSSLExtraError: "its certificate is for other names"
        case is NIOSSLError, is BoringSSLError:
            "\(error)".contains("CERTIFICATE_VERIFY_FAILED") ? "its certificate is not trusted; --ca must name its CA" : noTLS
        case TooSlow.handshake: noTLS
        case TooSlow.answer: "it did not answer in time"
        case is NIOTooManyBytesError: "its answer is too long"
        case is IOError, is ChannelError, is HTTPParserError, is NIOHTTPDecoderError, is NIOAsyncWriterError:
            "it ended the connection without an answer"
        default: nil
        }
    }

    private static let noTLS = "it does not answer in TLS; is its address http://…?"
}

extension ChannelError {
    fileprivate var isConnectTimeout: Bool { if case .connectTimeout = self { true } else { false } }
}

/// What was answered: as it came, and read.
package struct Answer: Sendable {
    package let status: Int
    package let location: String?
    package let contentType: String?
    /// The values of `Set-Cookie`.
    package let cookies: [String]
    package let body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }
    /// The body as JSON; null when it is none.
    package var json: JSON { JSON(parsing: body) ?? .null }

    /// An answer that nobody sent.
    package init(status: Int = 200, cookies: [String]) {
        (self.status, self.cookies, location, contentType, body) = (status, cookies, nil, nil, [])
    }

    fileprivate init(_ head: HTTPResponseHead, body: [UInt8] = []) {
        status = Int(head.status.code)
        location = head.headers.first(name: "Location")
        contentType = head.headers.first(name: "Content-Type")
        cookies = head.headers["Set-Cookie"]
        self.body = body
    }

    /// - Throws: `NIOTooManyBytesError` for a body that is longer than any of Lapse's.
    fileprivate init(_ head: HTTPResponseHead, _ parts: inout WebClient.Parts) async throws {
        var body: [UInt8] = []
        while let part = try await parts.next() {
            body += part.readableBytesView
            guard body.count <= WebClient.mostBytes else { throw NIOTooManyBytesError(maxBytes: WebClient.mostBytes) }
        }
        self.init(head, body: body)
    }
}

extension FormParameters {
    /// The fields of a form or a query in this order.
    package static func encoded(_ fields: [(String, String)]) -> String {
        fields.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&")
    }
}
