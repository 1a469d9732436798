import Foundation
import ServiceLifecycle
import UnixSignals

/// Ends the services at the first signal that asks for it: SIGINT, SIGTERM, or SIGHUP, which a terminal sends when it is closed.
///
/// A signal that comes before it runs is kept.
package final class StopSignals: Service {
    private let signals: UnixSignalsSequence

    /// - Parameter host: in a foreign process none is taken, and none ever comes.
    init(in host: Instance.Host = .itself) async {
        let taken: [UnixSignal] =
            switch host {
            // Who started Lapse with nohup wants it to outlive the terminal.
            case .itself: [.sigint, .sigterm] + (Self.isHangUpIgnored ? [] : [.sighup])
            case .foreign: []
            }
        signals = await UnixSignalsSequence(trapping: taken)
    }

    private static var isHangUpIgnored: Bool {
        let now = signal(SIGHUP, SIG_IGN)
        signal(SIGHUP, now)
        return unsafeBitCast(now, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Does the work of a command that has something to put away: the first signal cancels it, and is waited for until it has ended.
    ///
    /// - Throws: what the work throws; ``Instance/Interrupted`` when a signal came.
    package static func cancelling<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await StopSignals().cancelling(work)
    }

    /// The same with signals that are waited for already.
    func cancelling<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask { [signals] in
                for await _ in signals { throw Instance.Interrupted() }
                return nil
            }
            while let done = try await group.next() {
                guard let done else { continue }
                group.cancelAll()
                return done
            }
            throw CancellationError()
        }
    }

    package func run() async {
        for await _ in signals.cancelOnGracefulShutdown() { return }
        // In a foreign process no signal comes, and the sequence is at its end at once.
        try? await gracefulShutdown()
    }
}
