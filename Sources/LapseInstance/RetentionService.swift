import LapseService
import ServiceLifecycle

/// Goes through what the tenants' retention does not keep, for as long as Lapse runs.
struct RetentionService: Service {
    let retaining: Retaining

    /// How often: so long a log may be longer than it is to be.
    private static let interval = Duration.seconds(10)

    func run() async throws {
        await cancelWhenGracefulShutdown { await retaining.run(every: Self.interval) }
    }
}
