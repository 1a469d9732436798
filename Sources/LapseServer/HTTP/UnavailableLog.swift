import LapseRules
import LapseService
import Logging
import Synchronization

/// Tells the log that the database takes nothing: at once, and while it goes on in one line a minute that counts the requests.
package final class UnavailableLog: Sendable {
    private struct State {
        var toldAt: Timestamp?
        var leftOut = 0
    }

    private static let interval = Duration.seconds(60)

    private let state = Mutex(State())

    package init() {}

    func tell(_ error: StoreUnavailable, path: String, now: Timestamp, _ logger: Logger) {
        let leftOut: Int? = state.withLock { state in
            // A machine's clock that was set back silences nothing.
            if let toldAt = state.toldAt, now >= toldAt, now - toldAt < Self.interval {
                state.leftOut += 1
                return nil
            }
            defer { state = State(toldAt: now) }
            return state.leftOut
        }
        guard let leftOut else { return }
        logger.error(
            "A request was answered with 503: \(error); \(leftOut) more since the last such line",
            metadata: ["path": "\(path)"])
    }
}
