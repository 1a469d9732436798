import Dispatch
import GRDB
import Synchronization

/// Brings what the write-ahead log holds into the database file, beside the writer and on a connection of its own: writing back
/// and waiting for the disk takes milliseconds, and no request should.
final class Checkpointer: Sendable {
    private struct State {
        var operations = 0
        var isRunning = false
        var isLogFull = false
    }

    /// How many operations begin a checkpoint: a redeem writes two pages, fewer when it shares its transaction.
    private static let interval = 1000
    /// Under a load that never pauses the log cannot begin anew by itself. Each time it has this many pages (8 MiB) the writer waits. Most
    /// of it is in the database by then; and a log that stays short is written over in memory, where a growing one costs the
    /// kernel a new page each time.
    private static let fullLog = 4096

    private let connection: DatabaseQueue
    private let background = DispatchQueue(label: "checkpoint", qos: .utility)
    private let state = Mutex(State())

    init(path: String, configuration: Configuration) throws {
        connection = try DatabaseQueue(path: path, configuration: configuration)
    }

    var isLogFull: Bool { state.withLock { $0.isLogFull } }

    /// Counts what was committed; every so many operations begin a checkpoint in the background.
    func committed(_ operations: Int) {
        let isDue = state.withLock { state in
            state.operations += operations
            guard state.operations >= Self.interval, !state.isRunning else { return false }
            state.operations = 0
            state.isRunning = true
            return true
        }
        guard isDue else { return }
        background.async { [self] in
            // A checkpoint that fails leaves everything in the log: nothing is lost, the next one tries again.
            let pages = try? connection.writeWithoutTransaction { db in
                try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(PASSIVE)").map { $0[1] as Int }
            }
            state.withLock { state in
                state.isRunning = false
                state.isLogFull = (pages.flatMap { $0 } ?? 0) >= Self.fullLog
            }
        }
    }

    /// Brings in the rest on the writer's own connection, so that the log begins anew.
    ///
    /// One that fails, on a full disk, is no trouble of whoever writes: the log keeps everything, and has room or has none. The next
    /// one in the background says whether to try again.
    func empty(_ db: Database) {
        // Busy while a background checkpoint runs: then the next write asks again.
        let isBusy = try? Int.fetchOne(db, sql: "PRAGMA wal_checkpoint(RESTART)") != 0
        if isBusy != true { state.withLock { $0.isLogFull = false } }
    }

    /// Waits for a running checkpoint.
    func close() throws {
        background.sync {}
        try connection.close()
    }
}
