import Foundation
import LapseRules
import LapseServer
import LapseService
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals
import Yams

/// Why Lapse does not start, in one line.
struct StartError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// One Lapse, put together: the only place that knows the machine's clock and the machine's chance.
struct Instance {
    let settings: Settings
    let authority: Authority
    let folder: DataFolder
    private let files: DataFolder.Files
    /// Whether the CA's certificate is not the one of the last start.
    var isCertificateReissued: Bool { files.isReissued }
    private let logger: Logger

    /// The addresses after the start; nil for what is off.
    struct Addresses: Sendable {
        var https: String?
        var http: String?
    }

    /// - Throws: ``StartError`` in one line for a folder, seed or database that cannot be used. Nothing is overwritten.
    init(_ settings: Settings) async throws {
        self.settings = settings
        var logger = Logger(label: "lapse") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        self.logger = logger
        // The seed is read first: a mistake in it must not leave a half-made folder.
        let seed = try settings.seed.map(Self.readSeed) ?? BuiltInLab.seed
        folder = try settings.isEphemeral ? DataFolder.temporary() : DataFolder(path: settings.dataDirectory)
        files = try folder.prepare(names: settings.tlsNames, now: Self.wallClock())
        do {
            authority = Authority(
                store: try .init(path: folder.path(of: .database), machineClock: Self.wallClock),
                signer: try await TokenSigner(SigningKey(files.signing)),
                random: Self.systemRandom, wall: Self.wallClock, propagation: settings.propagation,
                isRegistrationOpen: settings.isRegistrationOpen)
            try authority.seed(seed)
        } catch {
            throw StartError("\(error)")
        }
    }

    /// Listens until a signal or the task's cancellation stops it.
    ///
    /// - Parameter onReady: called once, when every port is open.
    func run(stopSignals: [UnixSignal], onReady: @escaping @Sendable (Addresses) async throws -> Void) async throws {
        // However it ends, the database is left closed and whole.
        defer { try? authority.store.close() }
        let ready = Readiness(expected: (settings.httpsPort == .off ? 0 : 1) + (settings.httpPort == .off ? 0 : 1), then: onReady)
        var services: [any Service] = []
        let exchanges = ExchangeLog(wall: Self.wallClock)
        for (scheme, port) in [(Site.Scheme.https, settings.httpsPort), (.http, settings.httpPort)] {
            guard case .number(let number) = port else { continue }
            let site = Site(
                authority: authority, scheme: scheme, certificatePEM: files.authority.certificatePEM,
                publicURL: settings.publicURL, graphURL: settings.graphURL, controlToken: settings.controlToken,
                exchanges: exchanges, version: Lapse.version, wall: Self.wallClock, logger: logger)
            let listener = Listener(
                site: site, host: settings.host, port: number, identity: scheme == .https ? files.server : nil)
            services.append(try listener.service { await ready.listening(scheme, port: $0) })
        }
        services.append(ready)
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: stopSignals,
            logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
        // Connections that a client keeps open must not keep Lapse from stopping.
        configuration.maximumGracefulShutdownDuration = .seconds(3)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as ListenError {
            throw StartError(error.description)
        }
    }

    /// Somebody stopped the server before the story was over.
    struct Interrupted: Error {}

    /// Runs the story against this Lapse while it listens; whoever ends first, the story or the server, ends both.
    ///
    /// - Throws: what the story throws; ``Interrupted`` when a signal ended the server.
    func run(during story: @escaping @Sendable (Addresses) async throws -> Void) async throws {
        let (ready, announce) = AsyncStream<Addresses>.makeStream()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await run(stopSignals: [.sigint, .sigterm, .sighup]) { addresses in
                        announce.yield(addresses)
                        announce.finish()
                    }
                } catch is CancellationError {}
                return false
            }
            group.addTask {
                for await addresses in ready { try await story(addresses) }
                return true
            }
            let isToldToItsEnd = try await group.next() ?? false
            group.cancelAll()
            guard isToldToItsEnd else {
                try? await group.waitForAll()
                throw Interrupted()
            }
            try await group.waitForAll()
        }
    }

    private static func readSeed(_ path: String) throws -> [TenantSeed] {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw StartError("--seed: cannot read \(path)")
        }
        do {
            return try TenantSeed.read(try YAMLDecoder().decode(JSON.self, from: text), random: systemRandom)
        } catch let error as FieldError {
            throw StartError("--seed: \(path): \(error)")
        } catch {
            throw StartError("--seed: \(path) is no valid YAML or JSON: \(oneLine(error))")
        }
    }

    /// The first line of what a library says about a file.
    static func oneLine(_ error: any Error) -> String {
        let text =
            if case DecodingError.dataCorrupted(let context) = error, let underlying = context.underlyingError {
                "\(underlying)"
            } else { "\(error)" }
        return text.split(separator: "\n").joined(separator: " ")
    }

    // MARK: The machine's clock and chance

    @Sendable static func wallClock() -> Timestamp {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(ticks: Int64(now.tv_sec) * Timestamp.ticksPerSecond + Int64(now.tv_nsec) / 100)
    }

    private static let systemRandom: RandomSource = {
        let pool = SystemRandomPool()
        return RandomSource { pool.take($0) }
    }()
}

/// The machine's random bytes, fetched a page at a time: a request needs a handful of small ones, and each fetch is a system call.
private final class SystemRandomPool: Sendable {
    private static let size = 4096
    private let bytes = Mutex<[UInt8]>([])

    func take(_ count: Int) -> [UInt8] {
        bytes.withLock { bytes in
            if bytes.count < count {
                bytes = [UInt8](unsafeUninitializedCapacity: max(count, Self.size)) { buffer, written in
                    arc4random_buf(buffer.baseAddress!, buffer.count)
                    written = buffer.count
                }
            }
            defer { bytes.removeLast(count) }
            return Array(bytes.suffix(count))
        }
    }
}

/// Tells once when every port is open; as a service it only waits for the end.
private actor Readiness: Service {
    private var addresses = Instance.Addresses()
    private var missing: Int
    private let then: @Sendable (Instance.Addresses) async throws -> Void
    private var failure: CheckedContinuation<Void, any Error>?
    private var failed: (any Error)?

    init(expected: Int, then: @escaping @Sendable (Instance.Addresses) async throws -> Void) {
        missing = expected
        self.then = then
    }

    func listening(_ scheme: Site.Scheme, port: Int) async {
        let address = "\(scheme.rawValue)://localhost:\(port)"
        switch scheme {
        case .https: addresses.https = address
        case .http: addresses.http = address
        }
        missing -= 1
        guard missing == 0 else { return }
        do { try await then(addresses) } catch { fail(error) }
    }

    private func fail(_ error: any Error) {
        failed = error
        failure?.resume(throwing: error)
        failure = nil
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                    if let failed { continuation.resume(throwing: failed) } else { failure = continuation }
                }
            } onCancel: {
                Task { await self.end() }
            }
        } onGracefulShutdown: {
            Task { await self.end() }
        }
    }

    private func end() {
        failure?.resume()
        failure = nil
    }
}
