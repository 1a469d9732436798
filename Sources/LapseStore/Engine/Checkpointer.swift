import Dispatch
import GRDB
import GRDBSQLite
import Synchronization

/// Brings what the write-ahead log holds into the database file, beside the writer and on a connection of its own: writing back
/// and waiting for the disk takes milliseconds, and no request should.
final class Checkpointer: Sendable {
    private struct State {
        var operations = 0
        var isRunning = false
        var pages = 0
    }

    /// How many operations begin a checkpoint: a redeem writes two pages, fewer when it shares its transaction.
    private static let interval = 1000
    /// Under a load that never pauses the log cannot begin anew by itself. Each time it has this many pages (8 MiB) the writer waits. Most
    /// of it is in the database by then; and a log that stays short is written over in memory, where a growing one costs the
    /// kernel a new page each time.
    private static let fullLog = 4096

    /// What the log keeps of its room when it begins anew: 16 MiB, in bytes.
    static let longestLog = 16 << 20

    /// A log of this many pages (64 MiB) is worth a little waiting: there was somebody to read it each time.
    private static let overfullLog = 32_768
    private static let waitForReaders = Duration.milliseconds(20)

    private let connection: DatabaseQueue
    /// How long the writer's connection otherwise waits.
    private let patience: Duration
    private let background = DispatchQueue(label: "checkpoint", qos: .utility)
    private let state = Mutex(State())

    init(path: String, configuration: Configuration, patience: Duration) throws {
        self.patience = patience
        connection = try DatabaseQueue(path: path, configuration: configuration)
    }

    var isLogFull: Bool { state.withLock { $0.pages >= Self.fullLog } }

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
                state.pages = pages.flatMap { $0 } ?? 0
            }
        }
    }

    /// Brings in the rest on the writer's own connection, so that the log begins anew.
    ///
    /// One that fails, on a full disk, while another checkpoint runs or while somebody reads the log, is no trouble of whoever writes: the log
    /// keeps everything, and has room or has none. The next one in the background says whether to try again.
    func empty(_ db: Database) {
        let pages = state.withLock { state in
            defer { state.pages = 0 }
            return state.pages
        }
        let wait = pages >= Self.overfullLog ? Self.waitForReaders : .zero
        sqlite3_busy_timeout(db.sqliteConnection, Int32(wait / .milliseconds(1)))
        defer { sqlite3_busy_timeout(db.sqliteConnection, Int32(patience / .milliseconds(1))) }
        _ = try? Int.fetchOne(db, sql: "PRAGMA wal_checkpoint(RESTART)")
    }

    /// Brings in everything, and makes the log an empty file, where nobody is in the way.
    func cut() {
        background.sync {
            _ = try? connection.writeWithoutTransaction { db in
                // Most of it while others write: the second one stops them.
                _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(PASSIVE)")
                sqlite3_busy_timeout(db.sqliteConnection, 0)
                defer { sqlite3_busy_timeout(db.sqliteConnection, Int32(patience / .milliseconds(1))) }
                _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
        }
    }

    /// Waits for a running checkpoint.
    func close() throws {
        background.sync {}
        try connection.close()
    }
}
