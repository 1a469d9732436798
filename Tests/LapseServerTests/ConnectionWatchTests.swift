import HTTPTypes
import LapseRules
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import LapseServer

/// How long a client may take, and that requests and answers stay in step.
@Suite("Connections")
struct ConnectionWatchTests {
    /// A connection whose time only the test moves.
    private final class Connection {
        private let channel: EmbeddedChannel
        private(set) var failures: [HTTPParserError] = []

        init() throws {
            channel = EmbeddedChannel()
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandlers([
                HTTPResponseEncoder(), ByteToMessageHandler(HTTPRequestDecoder()), ConnectionWatch(patience: .seconds(60)),
            ])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        var isOpen: Bool { channel.isActive }

        /// What was sent since this was asked last.
        var sent: String {
            get throws {
                var text = ""
                while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
                return text
            }
        }

        /// The requests that went on to be answered since this was asked last.
        var requests: Int {
            get throws {
                var heads = 0
                while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                    if case .head = part { heads += 1 }
                }
                return heads
            }
        }

        func receive(_ text: String) throws {
            do { try channel.writeInbound(ByteBuffer(string: text)) } catch let error as HTTPParserError { failures.append(error) }
        }

        func pass(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

        /// A byte every five seconds.
        func trickle(_ text: String) throws {
            for byte in text where isOpen {
                try receive(String(byte))
                pass(5)
            }
        }

        func beginAnswer(_ status: HTTPResponseStatus = .ok) throws {
            try channel.writeOutbound(
                HTTPServerResponsePart.head(.init(version: .http1_1, status: status, headers: ["content-length": "2"])))
        }

        func endAnswer() throws {
            try channel.writeOutbound(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "ok"))))
            try channel.writeOutbound(HTTPServerResponsePart.end(nil))
        }

        func answer(_ status: HTTPResponseStatus = .ok) throws {
            try beginAnswer(status)
            try endAnswer()
        }

        func setWritable(_ isWritable: Bool) {
            channel.isWritable = isWritable
            channel.pipeline.fireChannelWritabilityChanged()
        }
    }

    private static let get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    private static let post = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
    private static let late = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

    @Test(
        "A request that is not whole a minute after its first byte is answered with 408, however its bytes come",
        arguments: [
            ("", get), (post, String(repeating: "a", count: 100)), ("POST / HTTP/1.1\r\n", "Host: localhost\r\n\r\n"),
            (
                "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
                String(repeating: "1\r\na\r\n", count: 20)
            ),
        ])
    func late(atOnce: String, slowly: String) throws {
        let connection = try Connection()
        if !atOnce.isEmpty { try connection.receive(atOnce) }
        try connection.trickle(String(slowly.prefix(11)))
        #expect(connection.isOpen)
        #expect(try connection.sent == "")
        try connection.trickle(String(slowly.dropFirst(11)))
        #expect(!connection.isOpen)
        #expect(try connection.sent == Self.late)
    }

    @Test("Head and body together have a minute")
    func together() throws {
        let connection = try Connection()
        try connection.trickle(String(Self.post.prefix(6)))
        try connection.receive(String(Self.post.dropFirst(6)))
        try connection.trickle("aaaaa")
        #expect(connection.isOpen)
        try connection.trickle("a")
        #expect(try connection.sent == Self.late)
        #expect(!connection.isOpen)
    }

    @Test("The minute begins with the first byte, and silence before it has a minute of its own")
    func silence() throws {
        let connection = try Connection()
        connection.pass(59)
        try connection.receive("GET / HTTP/1.1\r\n")
        connection.pass(59)
        try connection.receive("Host: localhost\r\n\r\n")
        #expect(connection.isOpen)
        try connection.answer()
        #expect(try connection.sent.hasPrefix("HTTP/1.1 200"))
        connection.pass(59)
        #expect(connection.isOpen)
        connection.pass(1)
        #expect(!connection.isOpen)
        #expect(try connection.sent == "")
    }

    @Test("What Lapse takes for an answer does not count")
    func waits() throws {
        let connection = try Connection()
        try connection.receive(Self.get)
        connection.pass(600)
        #expect(connection.isOpen)
        try connection.beginAnswer()
        connection.pass(600)
        #expect(connection.isOpen)
        try connection.endAnswer()
        #expect(try connection.sent.hasSuffix("ok"))
        connection.pass(60)
        #expect(!connection.isOpen)
    }

    @Test(
        "A late request behind one that is still answered waits for that answer, and may yet become whole",
        arguments: [true, false])
    func pipelined(becomesWhole: Bool) throws {
        let connection = try Connection()
        try connection.receive(Self.get)
        try connection.receive("GET / HTTP/1.1\r\n")
        connection.pass(90)
        #expect(connection.isOpen)
        #expect(try connection.sent == "")
        if becomesWhole { try connection.receive("Host: localhost\r\n\r\n") }
        try connection.answer()
        let sent = try connection.sent
        #expect(sent.hasPrefix("HTTP/1.1 200"))
        #expect(sent.hasSuffix(Self.late) == !becomesWhole)
        #expect(connection.isOpen == becomesWhole)
    }

    @Test("A request that has its answer, or a part of it, gets no second one when it is late", arguments: [true, false])
    func answered(isWhole: Bool) throws {
        let connection = try Connection()
        try connection.receive(Self.post)
        try connection.beginAnswer(.notFound)
        if isWhole { try connection.endAnswer() }
        #expect(try connection.sent.hasPrefix("HTTP/1.1 404"))
        try connection.trickle(String(repeating: "a", count: 12))
        #expect(!connection.isOpen)
        #expect(try connection.sent == "")
    }

    @Test("A client that takes no more of an answer for a minute is left")
    func stalled() throws {
        let connection = try Connection()
        try connection.receive(Self.get)
        try connection.beginAnswer()
        for _ in 1...3 {
            connection.setWritable(false)
            connection.pass(59)
            connection.setWritable(true)
        }
        #expect(connection.isOpen)
        connection.setWritable(false)
        connection.pass(60)
        #expect(!connection.isOpen)
    }

    @Test(
        "A request of HTTP/1.1 names its host once, one of HTTP/1.0 at most once",
        arguments: [
            ("1.1", ["Host: localhost"], true), ("1.1", [], false), ("1.1", ["Host: localhost", "Host: localhost"], false),
            ("1.1", ["Host: localhost", "hOST: evil.example"], false), ("1.1", ["Hosts: localhost"], false),
            ("1.1", ["Host:"], true), ("1.0", [], true), ("1.0", ["host: localhost"], true),
            ("1.0", ["Host: localhost", "Host: localhost"], false),
        ])
    func hosts(version: String, lines: [String], isTaken: Bool) throws {
        let connection = try Connection()
        try connection.receive((["GET / HTTP/\(version)", "Accept: */*"] + lines + ["", ""]).joined(separator: "\r\n"))
        #expect(try connection.requests == (isTaken ? 1 : 0))
        #expect(connection.failures == (isTaken ? [] : [.invalidHeaderToken]))
        // Nothing behind what is refused is taken.
        if !isTaken {
            try connection.receive(Self.get)
            #expect(try connection.requests == 0)
        }
    }

    @Test(
        "The answer to a request that asks to close, or is of HTTP/1.0, says so, and none before it",
        arguments: [
            ("1.1", "Connection: close\r\n"), ("1.1", "Connection: Close\r\n"), ("1.1", "Connection: foo, CLOSE\r\n"), ("1.0", ""),
            ("1.0", "Connection: close\r\n"), ("1.0", "Connection: keep-alive\r\n"),
        ])
    func close(version: String, option: String) throws {
        let connection = try Connection()
        try connection.receive(Self.get + "GET / HTTP/\(version)\r\nHost: localhost\r\n\(option)\r\n")
        try connection.answer()
        #expect(try !connection.sent.contains("close"))
        try connection.answer()
        #expect(try connection.sent.contains("\r\nconnection: close\r\n"))
    }

    @Test("A port has what descriptors there are, without those that Lapse needs for itself, and never more than a lab needs")
    func bounds() {
        for (descriptors, connections) in [(0, 8), (64, 8), (256, 96), (1024, 480), (20_000, 4096), (Int.max, 4096)] {
            #expect(ConnectionBound.of(descriptors: descriptors) == connections)
        }
    }

    @Test("On a port, a request that stays half is answered with 408 when the listener's patience ends, and the connection closed")
    func listener() async throws {
        try await Lab.run { lab async throws in
            let site = Site(
                authority: lab.authority, scheme: .http, certificatePEM: "", version: "test", systemTime: { Lab.start },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let listener = Listener(site: site, host: "127.0.0.1", port: 0, identity: nil, patience: .seconds(5))
            let form =
                "POST /contoso.example/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n"
            let (ports, announce) = AsyncStream<Int>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group async throws in
                group.addTask { try? await listener.service { announce.yield($0) }.run() }
                for await port in ports {
                    async let head = Self.answer(to: "GET / HTTP/1.1\r\nHost: localhost\r\n", port: port)
                    async let body = Self.answer(to: form + "grant_type=", port: port)
                    #expect(try await [head, body] == [Self.late, Self.late])
                    break
                }
                group.cancelAll()
            }
        }
    }

    /// All that comes until the other side closes the connection.
    private static func answer(to text: String, port: Int) async throws -> String {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(
            host: "127.0.0.1", port: port
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        let answer = Mutex("")
        // It ends by an error when the other side closes first.
        try? await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            for try await part in inbound { answer.withLock { $0 += String(buffer: part) } }
        }
        return answer.withLock { $0 }
    }
}
