import Foundation
import LapseRules
import LapseServer
import LapseService
import Logging
import ServiceLifecycle

/// One Lapse, put together: settings, data folder, clock and randomness, and what they make: the authority and its listeners.
package struct Instance: Sendable {
    package static let version = "0.2.0"

    package let settings: Settings
    package let authority: Authority
    package let folder: DataFolder
    /// What became of the settings' seed file, or of the built-in lab.
    package let seeding: Authority.Seeding
    private let files: DataFolder.Files
    /// Whether the CA's certificate is not the one of the last start.
    package var isCertificateReissued: Bool { files.isReissued }
    /// What was done to bring an older Lapse's database here, in one line; nil when nothing had to be.
    package var migration: String? { authority.store.migration }
    private let log: ServerLog
    private let stopSignals: StopSignals

    package typealias LogOutput = ServerLog.Output

    /// Whose process a Lapse runs in.
    package enum Host: Sendable {
        /// Lapse's own: signals stop it, and whoever made it removes a temporary folder.
        case itself
        /// Somebody else's, such as a test run's: its signals are left as they are, and a temporary folder is removed when the process exits.
        case foreign
    }

    /// The addresses after the start; nil for what is off.
    package struct Addresses: Sendable {
        package internal(set) var https: String?
        package internal(set) var http: String?
    }

    /// - Throws: ``StartError`` in one line for a folder, seed or database that cannot be used. Nothing is overwritten.
    ///
    /// - Parameters:
    ///   - output: where the log goes.
    ///   - host: whose process this is.
    ///   - onDeviceCode: told of each device code.
    package init(
        _ settings: Settings, log output: LogOutput, in host: Host = .itself,
        onDeviceCode: (@Sendable (IssuedDeviceCode) -> Void)? = nil
    ) async throws {
        self.settings = settings
        log = ServerLog(level: settings.logLevel, format: settings.logFormat, output: output, systemTime: Machine.now)
        // The seed is read first: a mistake in it must not leave a half-made folder.
        let seed = try settings.seed.map(Self.readSeed) ?? BuiltInLab.seed
        // A signal that comes from here on waits until everything is there to be stopped: none leaves a temporary folder behind.
        stopSignals = await StopSignals(in: host)
        folder =
            switch (settings.isEphemeral, host) {
            case (true, .itself): try DataFolder.temporary()
            case (true, .foreign): try DataFolder.untilExit()
            case (false, _): try DataFolder(path: settings.dataDirectory)
            }
        do {
            files = try folder.prepare(names: settings.tlsNames, now: Machine.now())
            authority = Authority(
                store: try .init(path: folder.path(of: .database), machineClock: Machine.now),
                signer: try await Self.signer(files, folder),
                random: Machine.random, systemTime: Machine.now, propagation: settings.propagation,
                isRegistrationOpen: settings.isRegistrationOpen, onDeviceCode: onDeviceCode)
            seeding = try authority.seed(seed)
            log.ask(authority)
        } catch {
            if settings.isEphemeral { folder.remove() }
            throw error as? StartError ?? StartError("\(error)")
        }
    }

    /// For the program that is a server and nothing else: it may then have as many connections as a port ever takes.
    package static func raiseDescriptors() { ConnectionBound.raiseDescriptors() }

    private static func signer(_ files: DataFolder.Files, _ folder: DataFolder) async throws -> TokenSigner {
        do { return try TokenSigner(SigningKey(files.signing)) } catch {
            throw StartError(
                "--data-dir: cannot sign with \(folder.path(of: .signingKey)), which must be an RSA key; remove it and "
                    + "\(folder.path(of: .signing)) to make new ones")
        }
    }

    /// Listens until a signal or the task's cancellation stops it.
    ///
    /// - Parameters:
    ///   - stopsAtSignals: false for whoever waits for the signals itself.
    ///   - classroom: the class that it holds; nil: none.
    ///   - onReady: called once, when every port is open.
    package func serve(
        stopsAtSignals: Bool = true, classroom: Classroom? = nil, onReady: @escaping @Sendable (Addresses) async throws -> Void
    ) async throws {
        // However it ends, the database is left closed and whole.
        defer {
            log.finish()
            try? authority.store.close()
        }
        let ready = Readiness(expected: (settings.httpsPort == .off ? 0 : 1) + (settings.httpPort == .off ? 0 : 1), then: onReady)
        var services: [any Service] = []
        let (exchanges, unavailable) = (ExchangeLog(systemTime: Machine.now, toldTo: log), UnavailableLog())
        let certificate = try ServedCertificate(files.server, of: files.authority)
        let status: @Sendable () async -> ServerStatus = { [folder] in
            let addresses = await ready.addresses
            return ServerStatus(
                https: addresses.https, http: addresses.http, dataFolder: folder.path, bytes: folder.bytes, certificate: certificate
            )
        }
        for (scheme, port) in [(Site.Scheme.https, settings.httpsPort), (.http, settings.httpPort)] {
            guard case .number(let number) = port else { continue }
            let site = Site(
                authority: authority, scheme: scheme, certificatePEM: files.authority.certificatePEM,
                publicURL: settings.publicURL, graphURL: settings.graphURL, backChannel: settings.backChannel,
                controlToken: settings.controlToken,
                exchanges: exchanges, unavailable: unavailable, log: log, version: Self.version, status: status,
                labs: BuiltInLabs.all, classroom: classroom,
                systemTime: Machine.now, logger: log.logger)
            let listener = Listener(
                site: site, host: settings.host, port: number, identity: scheme == .https ? files.server : nil)
            services.append(try listener.service { await ready.listening(scheme, port: $0) })
        }
        services.append(ready)
        services.append(RetentionService(retaining: Retaining(authority, readingOn: ReadingThreads.shared)))
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }
                + (stopsAtSignals ? [.init(service: stopSignals, successTerminationBehavior: .gracefullyShutdownGroup)] : []),
            logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
        // Connections that a client keeps open must not keep Lapse from stopping.
        configuration.maximumGracefulShutdownDuration = stopsAtSignals ? .seconds(3) : .milliseconds(200)
        do {
            // Whoever cancels this asks it to stop: Hummingbird's server must not be cancelled between binding and accepting.
            let group = ServiceGroup(configuration: configuration)
            let running = Task { try await group.run() }
            try await withTaskCancellationHandler {
                try await running.value
            } onCancel: {
                Task { await group.triggerGracefulShutdown() }
            }
        } catch let error as ListenError {
            throw StartError(error.description)
        }
    }

    /// Somebody stopped the server before the story was over.
    package struct Interrupted: Error {}

    /// Runs the story against this Lapse while it listens. The first signal cancels the story, and Lapse goes on until the last word is said.
    ///
    /// - Parameter lastWord: what is done after the story has ended at a signal. A few seconds must do.
    /// - Throws: what the story throws; ``Interrupted`` when a signal came.
    package func run(
        during story: @escaping @Sendable (Addresses) async throws -> Void, lastWord: @escaping @Sendable () async -> Void = {}
    ) async throws {
        let (ready, announce) = AsyncStream<Addresses>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await serve(stopsAtSignals: false) { addresses in
                        announce.yield(addresses)
                        announce.finish()
                    }
                } catch is CancellationError {}
            }
            group.addTask { [stopSignals] in
                for await addresses in ready {
                    do { try await stopSignals.cancelling { try await story(addresses) } } catch let error as Interrupted {
                        await Self.within(.seconds(5)) { await lastWord() }
                        throw error
                    }
                }
            }
            defer { group.cancelAll() }
            _ = try await group.next()
        }
    }

    private static func within(_ time: Duration, _ work: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await work() }
            group.addTask { try? await Task.sleep(for: time) }
            await group.next()
            group.cancelAll()
        }
    }

    private static func readSeed(_ path: String) throws -> [TenantSeed] {
        do {
            return try TenantSeed.read(try LabFile(path).content)
        } catch let error as FieldError {
            throw StartError("--seed: \(path): \(error)")
        } catch let error as StartError {
            throw StartError("--seed: \(error)")
        }
    }
}
