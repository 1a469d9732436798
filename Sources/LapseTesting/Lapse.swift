internal import LapseClient
internal import LapseInstance
internal import LapseRules
internal import LapseService
internal import Synchronization

public import struct Foundation.URL

/// The Lapse of this process: an identity provider on two free ports of this machine, which is started when it is first asked for and ends
/// with the process.
///
/// Its temporary folder is removed when the process exits. The process's signals stay as they are.
public final class Lapse: Sendable {
    /// Its origin, with a certificate of the CA in ``caFile``.
    public let https: URL
    /// The same Lapse without TLS.
    public let http: URL
    /// The path of the CA's certificate, in PEM.
    public let caFile: String

    let control: ControlCalls
    private let instance: Instance
    private let appEnvironment: AppEnvironment
    /// What it last said about itself.
    private let log: LogTail

    /// Detached: it belongs to no test, whoever is the first to ask.
    private static let starting = Task.detached { try await Lapse() }

    /// The one Lapse of this process; the first to ask starts it.
    ///
    /// - Throws: ``LapseError`` when it cannot start.
    public static var shared: Lapse {
        get async throws { try await starting.value }
    }

    private init() async throws {
        let log = LogTail()
        do {
            var settings = Settings()
            settings.isEphemeral = true
            (settings.httpsPort, settings.httpPort) = (.number(0), .number(0))
            let instance = try await Instance(settings, log: log.output, in: .foreign)
            let addresses = try await Self.serve(instance)
            (self.log, self.instance) = (log, instance)
            guard let https = addresses.https.flatMap(URL.init(string:)), let http = addresses.http.flatMap(URL.init(string:))
            else {
                throw LapseError("Lapse listens on no port")
            }
            (self.https, self.http) = (https, http)
            caFile = instance.folder.path(of: .authority)
            appEnvironment = try AppEnvironment(addresses, instance.folder)
            control = try ControlCalls(http: http, https: https, caFile: caFile)
        } catch let error as LapseError {
            throw error
        } catch {
            throw LapseError("Lapse does not start: \(error)")
        }
    }

    /// Lets it listen until the process ends.
    ///
    /// - Returns: where, as soon as it does.
    private static func serve(_ instance: Instance) async throws -> Instance.Addresses {
        let (ready, announce) = AsyncThrowingStream<Instance.Addresses, any Error>.makeStream()
        Task.detached {
            do {
                try await instance.serve { announce.yield($0) }
                announce.finish()
            } catch {
                announce.finish(throwing: error)
            }
        }
        for try await addresses in ready { return addresses }
        throw LapseError("Lapse ended before it listened")
    }

    /// Makes a sandbox: a tenant of its own with a frozen clock. Whoever makes it removes it (``LapseTenant/remove()``);
    /// ``withSandbox(_:propagation:_:)`` does both.
    ///
    /// - Parameters:
    ///   - template: the tenant that it is made like, by name, domain or id; or a tenant as in a seed file, whose id, name and domains may
    ///     be left out.
    ///   - propagation: how revocations arrive: a preset's name, or a model; nil: the template's.
    /// - Throws: ``LapseError`` for a template or model that does not do.
    public func sandbox(_ template: LapseJSON = "contoso", propagation: LapseJSON? = nil) async throws -> LapseTenant {
        var body = template.string.map { ["template": .string($0)] } ?? template.value
        if let propagation { body = body.adding(["propagation": propagation.value]) }
        let tenant = LapseTenant(try await control.send("POST", "tenants", body: body), lapse: self)
        do {
            try await tenant.call("PUT", "clock", ["mode": "frozen"])
            return tenant.beginning(after: newestEvents(of: tenant, most: 1).events.last?.id ?? 0)
        } catch {
            try? await tenant.removeWhateverHappens()
            throw error
        }
    }

    /// Does something in a sandbox, which is ``LapseTenant/current`` meanwhile and is removed afterwards.
    ///
    /// - Throws: ``LapseError`` as ``sandbox(_:propagation:)`` does; what `body` throws.
    public func withSandbox<Value>(
        _ template: LapseJSON = "contoso", propagation: LapseJSON? = nil, _ body: (LapseTenant) async throws -> Value
    ) async throws -> Value {
        let tenant = try await sandbox(template, propagation: propagation)
        let result: Result<Value, any Error>
        do {
            result = .success(try await LapseTenant.$scoped.withValue(tenant) { try await body(tenant) })
        } catch {
            result = .failure(error)
        }
        // What the body says counts more than what its end meets.
        if case .failure = result { try? await tenant.removeWhateverHappens() } else { try await tenant.removeWhateverHappens() }
        return try result.get()
    }

    // MARK: What its tenants ask

    func environment(of domain: String) -> [String: String] { appEnvironment.variables(domain: domain) }

    /// The log of a tenant, read without waiting for anything: an issue is told while its test goes on.
    ///
    /// - Returns: the newest events since the sandbox was ready, oldest first, and how many there are.
    func newestEvents(of tenant: LapseTenant, most: Int) -> (events: [LoggedEvent], count: Int) {
        var (events, count, after): ([LoggedEvent], Int, Int64?) = ([], 0, tenant.beginning)
        guard let filter = try? instance.authority.eventFilter(kind: nil, user: nil, in: tenant.id) else { return ([], 0) }
        repeat {
            guard let page = try? instance.authority.listEvents(filter, after: after) else { break }
            count += page.items.count
            events = (events + page.items).suffix(most)
            after = page.next.flatMap { Int64($0) }
        } while after != nil
        return (events, count)
    }

    /// What Lapse last complained of.
    var complaints: [String] { log.lines }
}

/// The last lines of a log.
private final class LogTail: Sendable {
    private static let most = 20
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock(\.self) }

    var output: Instance.LogOutput {
        Instance.LogOutput(isTerminal: false, isColoured: false) { [self] text in
            kept.withLock { $0 = ($0 + [text]).suffix(Self.most) }
        }
    }
}
