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
    onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
) -> some ApplicationProtocol {
    Application(
        responder: EndpointResponder(site), server: server, configuration: .init(address: address),
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

    package init(site: Site, host: String, port: Int, identity: LocalCertificateAuthority.Identity?) {
        self.site = site
        self.host = host
        self.port = port
        self.identity = identity
    }

    /// The service to run, which tells the port it got.
    package func service(onListening: @escaping @Sendable (Int) async -> Void) throws -> any Service {
        var configuration = HTTP1Channel.Configuration(idleTimeout: .seconds(60))
        configuration.httpDecoder = .init(
            maxHeaderFieldSize: Bounds.header, maxHeaderListSize: Bounds.header, maxHeaderFieldCount: Bounds.headers)
        var server = HTTPServerBuilder.http1(configuration: configuration)
        if let identity {
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(identity.certificatePEM.utf8)).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.privateKeyPEM.utf8), format: .pem)))
            tls.minimumTLSVersion = .tlsv12
            tls.applicationProtocols = ["http/1.1"]
            // How long a stopping Lapse waits for a client to say goodbye.
            tls.shutdownTimeout = .milliseconds(200)
            server = try .tls(server, tlsConfiguration: tls)
        }
        let application = buildApplication(site, server: server, address: .hostname(host, port: port)) { channel in
            await onListening(channel.localAddress?.port ?? port)
        }
        return ExplainingService(wrapped: application, address: "\(site.scheme.rawValue) port \(port) of \(host)")
    }
}
