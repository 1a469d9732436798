import Foundation
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Ends the services at the first signal that asks for it: SIGINT, SIGTERM, or SIGHUP, which a terminal sends when it is closed.
///
/// A signal that comes before it runs is kept.
final class StopSignals: Service {
    private let signals: UnixSignalsSequence
    private let received = Atomic(false)

    /// Whether one has come. The server stops after that, and whoever talks to it may meet closed connections first.
    var haveCome: Bool { received.load(ordering: .acquiring) }

    init() async {
        // Who started Lapse with nohup wants it to outlive the terminal.
        signals = await UnixSignalsSequence(trapping: [.sigint, .sigterm] + (Self.isHangUpIgnored ? [] : [.sighup]))
    }

    private static var isHangUpIgnored: Bool {
        let now = signal(SIGHUP, SIG_IGN)
        signal(SIGHUP, now)
        return unsafeBitCast(now, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    func run() async {
        for await _ in signals.cancelOnGracefulShutdown() {
            received.store(true, ordering: .releasing)
            return
        }
    }
}
