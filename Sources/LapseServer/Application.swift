import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import LapseService
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#endif

/// The HTTP server of one scheme, for tests to run in memory and for ``Listener`` to run on a port.
///
/// What goes wrong with single connections is not logged: clients hang up as they like. Failed requests are, by ``SurfaceMiddleware``.
package func buildApplication(
    _ site: Site, server: HTTPServerBuilder = .http1(), address: BindAddress = .hostname("127.0.0.1", port: 0),
    connections: Int = ConnectionBound.standard,
    onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
) -> some ApplicationProtocol {
    Application(
        responder: EndpointResponder(site), server: server,
        configuration: .init(
            address: address,
            availableConnectionsDelegate: MaximumAvailableConnections(
                connections, logger: Logger(label: "connections") { _ in SwiftLogNoOpLogHandler() })),
        onServerRunning: onServerRunning, eventLoopGroupProvider: .shared(EventLoops.group),
        logger: Logger(label: "connections") { _ in SwiftLogNoOpLogHandler() })
}

/// The threads that move bytes. Signing takes the time, and it has the cores to itself: one loop in four keeps up with it, and
/// the fewer loops, the more connections each wake-up serves.
private enum EventLoops {
    static let group = {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, System.coreCount / 4))
        for loop in group.makeIterator() { loop.execute { yieldToSignatures() } }
        return group
    }()

    /// For the thread it runs on: bytes that arrive while all cores sign do not interrupt a signature. They wait for their turn, and
    /// each turn then moves more of them.
    private static func yieldToSignatures() {
        #if canImport(Glibc)
            // sched(7): SCHED_BATCH, and SCHED_RESET_ON_FORK, for threads that this one starts may be there to sign. The Glibc module has
            // no names for them.
            let batch: Int32 = 3 | 0x4000_0000
            var parameters = sched_param()
            // Where it is not allowed, nothing changes.
            _ = sched_setscheduler(0, batch, &parameters)
        #endif
    }
}

/// One port that Lapse listens on.
package struct Listener: Sendable {
    package let site: Site
    package let host: String
    package let port: Int
    /// Nil: plain HTTP.
    package let identity: LocalCertificateAuthority.Identity?
    /// How long a client may take for a request, for its next one, and for taking more of an answer.
    package let patience: Duration

    package init(
        site: Site, host: String, port: Int, identity: LocalCertificateAuthority.Identity?, patience: Duration = .seconds(60)
    ) {
        self.site = site
        self.host = host
        self.port = port
        self.identity = identity
        self.patience = patience
    }

    /// The service to run, which tells the port it got.
    package func service(onListening: @escaping @Sendable (Int) async -> Void) throws -> any Service {
        let patience = TimeAmount(patience)
        var server = HTTPServerBuilder { responder in
            // Without its own timer: it does not see the bytes of half a head.
            var configuration = HTTP1Channel.Configuration(idleTimeout: nil)
            configuration.httpDecoder = .init(
                maxHeaderFieldSize: Bounds.header, maxHeaderListSize: Bounds.header, maxHeaderFieldCount: Bounds.headers)
            return WatchedChannel(http: HTTP1Channel(responder: responder, configuration: configuration), patience: patience)
        }
        if let identity {
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(identity.certificatePEM.utf8)).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.privateKeyPEM.utf8), format: .pem)))
            tls.minimumTLSVersion = .tlsv12
            // Those of TLS 1.2 with authenticated encryption, for the key that the server has. TLS 1.3 has no others.
            tls.cipherSuiteValues = [
                .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            ]
            tls.applicationProtocols = ["http/1.1"]
            // How long a stopping Lapse waits for a client to say goodbye.
            tls.shutdownTimeout = .milliseconds(200)
            server = try .tls(server, tlsConfiguration: tls)
        }
        let application = buildApplication(site, server: server, address: .hostname(host, port: port)) { channel in
            try? await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.addHandler(AcceptPause(), position: .first)
            }.get()
            await onListening(channel.localAddress?.port ?? port)
        }
        return ExplainingService(wrapped: application, address: "\(site.scheme.rawValue) port \(port) of \(host)")
    }
}
