import Foundation
import GRDB
import LapseRules
import Synchronization

/// Where everything is remembered: one SQLite database, written by one transaction at a time, and read beside it.
///
/// A method of ``StoreTransaction`` reads or writes facts; it never says yes or no.
package final class Store: Sendable {
    /// The number of `schema.sql`: that of the last section of `migrations.sql`. Every change that an older program could not read has
    /// a section of its own.
    static let schemaVersion = Migrations.newest

    /// Why a database cannot be used, in one line.
    package struct OpenError: Error, CustomStringConvertible {
        package let description: String
    }

    private let writer: DatabaseQueue
    /// Nil in memory, where there is one connection.
    private let readers: Readers?
    private let directory = DirectoryCache()
    private let shared = SharedTransactions()
    private let eventIDs: EventIDs
    private let clockFloors: ClockFloors
    /// Stamps events; decides nothing.
    private let machineClock: @Sendable () -> Timestamp
    /// Signals for each tenant that a committed transaction wrote an event of.
    package let commits = CommitSignal()
    /// Nil in memory.
    private let checkpointer: Checkpointer?
    /// How long a writer waits for another program.
    private let patience: Duration
    /// How many writers have waited in vain for another program.
    let waitsInVain = Atomic<Int>(0)
    /// What was done to bring an older database here, in one line; nil when nothing had to be.
    package let migration: String?

    private init(
        _ writer: DatabaseQueue, readers: Readers? = nil, patience: Duration = .seconds(5), checkpointer: Checkpointer? = nil,
        migration: Migrations.Done? = nil, machineClock: @escaping @Sendable () -> Timestamp
    ) throws {
        self.writer = writer
        self.readers = readers
        self.migration = migration.map {
            "migrated from schema \($0.from) to \($0.to); a copy of it as it was is \($0.copy)"
        }
        self.machineClock = machineClock
        self.checkpointer = checkpointer
        self.patience = patience
        (eventIDs, clockFloors) = try writer.write { db in
            try Self.prepareSchema(db)
            return (try EventIDs(db), try ClockFloors(db))
        }
    }

    /// Opens the database file, makes it when there is none, migrates it when it is an older Lapse's.
    ///
    /// - Parameters:
    ///   - patience: how long a writer waits for another program that holds the database.
    ///   - machineClock: when an event is written, whatever its tenant's clock says.
    /// - Throws: ``OpenError`` for a file that cannot be read, is no database, is damaged, or has a newer schema or one
    ///   that no migration begins with. The file is left as it was.
    package convenience init(
        path: String, patience: Duration = .seconds(5), machineClock: @escaping @Sendable () -> Timestamp
    ) throws {
        // A file that reaches the process's limit of sizes is an error like a full disk, and not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        let configuration = Self.configuration(patience: patience)
        let isNew = !FileManager.default.fileExists(atPath: path)
        do {
            let version = isNew ? nil : try Self.check(path)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { db in
                // What is empty can be given back later. Said once, before there is anything: it would be written each time.
                if version == nil { try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
                try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
            }
            let migration = try version.flatMap { version in
                version < Self.schemaVersion ? try Migrations.bring(queue, at: path, from: version) : nil
            }
            var reading = configuration
            reading.readonly = true
            try self.init(
                queue, readers: Readers(path: path, configuration: reading), patience: patience,
                checkpointer: Checkpointer(path: path, configuration: configuration, patience: patience),
                migration: migration, machineClock: machineClock)
        } catch let error as CocoaError {
            throw OpenError(
                description: "cannot keep a copy of the database \(path) before migrating it: \(error.localizedDescription)")
        } catch let error as RowDecodingError {
            throw OpenError(description: "\(path) is damaged: \(error.description)")
        } catch let error as DatabaseError {
            throw OpenError(description: "cannot use the database \(path): \(error.message ?? "\(error.resultCode)")")
        }
    }

    /// A database in memory, for tests.
    ///
    /// - Parameter onStatement: hears of every statement that runs, without its arguments.
    package static func inMemory(
        machineClock: @escaping @Sendable () -> Timestamp, onStatement: (@Sendable (String) -> Void)? = nil
    ) throws -> Store {
        var configuration = configuration()
        if let onStatement {
            configuration.prepareDatabase { db in
                db.trace { if case .statement(let statement) = $0 { onStatement(statement.sql) } }
            }
        }
        return try Store(DatabaseQueue(configuration: configuration), machineClock: machineClock)
    }

    private static func configuration(patience: Duration = .seconds(5)) -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(patience / .seconds(1))
        configuration.prepareDatabase { db in
            guard !db.configuration.readonly else { return try db.execute(sql: "PRAGMA cache_size = -2048") }
            // Small pages: a redeem changes a row on two of them, and WAL writes whole pages.
            // WAL and NORMAL: an answered commit survives a killed process; the file is never left half written.
            try db.execute(
                sql: """
                    PRAGMA page_size = 2048; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;
                    PRAGMA temp_store = FILE; PRAGMA journal_size_limit = \(Checkpointer.longestLog)
                    """)
        }
        return configuration
    }

    /// Looks before anything is written: another program's database must not be switched to WAL by us.
    ///
    /// - Returns: the schema of the database; nil when it is empty.
    private static func check(_ path: String) throws -> Int? {
        // Looking at a WAL database makes two files beside it; what was not there before goes again.
        // Whoever closes it in order takes the log along.
        let wasClosed = !FileManager.default.fileExists(atPath: path + "-wal")
        let traces = ["-wal", "-shm"].map { path + $0 }.filter { !FileManager.default.fileExists(atPath: $0) }
        defer { for trace in traces { try? FileManager.default.removeItem(atPath: trace) } }
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try queue.read { db in
            guard try db.tableExists("meta"), let version = try Int.fetchOne(db, sql: "SELECT version FROM meta") else {
                let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
                guard isEmpty else { throw OpenError(description: "\(path) is the database of another program") }
                return nil
            }
            guard version == schemaVersion || Migrations.canBring(version) else {
                let age = version > schemaVersion ? "newer" : "older"
                throw OpenError(
                    description:
                        "\(path) was made by \(age) Lapse (schema \(version), this one is \(schemaVersion)); use another --data-dir"
                )
            }
            // A full look reads the whole file: behind an end without a goodbye it is worth some time, behind an orderly one little. Damage
            // that is not looked for is found when it is met.
            let size = try Int.fetchOne(db, sql: "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()") ?? 0
            guard size <= (wasClosed ? 2 << 20 : 64 << 20) else { return version }
            let answer = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
            guard answer == "ok" else { throw OpenError(description: "\(path) is damaged: \(answer ?? "no answer")") }
            return version
        }
    }

    private static func prepareSchema(_ db: Database) throws {
        guard try !db.tableExists("meta") else { return }
        try db.execute(sql: String(decoding: PackageResources.schema_sql, as: UTF8.self))
        try db.execute(sql: "INSERT INTO meta (version, last_event) VALUES (?, 0)", arguments: [schemaVersion])
    }

    /// Runs the operation in one transaction, after all that were begun before it. Whatever it throws undoes it.
    ///
    /// - Parameter operations: how many this one stands for.
    /// - Throws: ``StoreUnavailable`` for a disk that is full and a database that another program holds.
    package func write<Value>(operations: Int = 1, _ operation: (StoreTransaction) throws -> Value) throws -> Value {
        defer { checkpointer?.committed(operations) }
        let inVain = waitsInVain.load(ordering: .relaxed)
        return try transaction(operation) { db in
            // Whoever stood behind one that waited in vain has waited as long: else the last of many would wait for all of them.
            guard waitsInVain.load(ordering: .relaxed) == inVain else { throw StoreUnavailable.busy }
            if let checkpointer, checkpointer.isLogFull { checkpointer.empty(db) }
            do {
                try db.cachedStatement(sql: "BEGIN IMMEDIATE").execute()
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                waitsInVain.add(1, ordering: .relaxed)
                throw error
            }
        }
    }

    /// As ``write(operations:_:)``, at once or not at all: it waits for no other program.
    private func writeAtOnce(_ operation: (StoreTransaction) throws -> Void) throws {
        defer { checkpointer?.committed(1) }
        try transaction(operation) { db in
            try db.execute(sql: "PRAGMA busy_timeout = 0")
            defer { try? db.execute(sql: "PRAGMA busy_timeout = \(Int(patience / .milliseconds(1)))") }
            try db.cachedStatement(sql: "BEGIN IMMEDIATE").execute()
        }
    }

    /// As GRDB's own `write`, but with statements that are prepared once.
    private func transaction<Value>(
        _ operation: (StoreTransaction) throws -> Value, begin: (Database) throws -> Void
    ) throws -> Value {
        try StoreUnavailable.naming {
            try writer.writeWithoutTransaction { db in
                try begin(db)
                do {
                    let transaction = StoreTransaction(
                        db: db, directory: directory, eventIDs: eventIDs, clockFloors: clockFloors, machineClock: machineClock)
                    let value = try operation(transaction)
                    try db.cachedStatement(sql: "COMMIT").execute()
                    clockFloors.committed()
                    eventIDs.takeTouched { commits.signal(for: $0) }
                    return value
                } catch {
                    // What the operation loaded may have been its own, undone writes: it goes whatever becomes of the rollback.
                    directory.clear()
                    clockFloors.undone()
                    // SQLite has done it already after some errors, a full disk among them.
                    if db.isInsideTransaction { try db.rollback() }
                    throw error
                }
            }
        }
    }

    /// As ``write(_:)``, in a transaction that it shares with others that come before its turn: for operations that come in crowds.
    ///
    /// - Parameter operation: runs once more, in a transaction of its own, when the shared one is undone.
    package func writeTogether<Value: Sendable>(
        _ operation: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws -> Value {
        try await shared.write(to: self, operation)
    }

    /// Runs the queries on one consistent state, beside the writer: all that was committed before, and nothing of what is under way.
    ///
    /// - Throws: ``StoreUnavailable`` as ``write(operations:_:)`` does.
    package func read<Value>(_ queries: (StoreTransaction) throws -> Value) throws -> Value {
        let reading = StoreTransaction.Reading(clockSettings: clockFloors.settings)
        let value = try StoreUnavailable.naming {
            func read(_ db: Database) throws -> Value {
                try queries(
                    StoreTransaction(
                        db: db, directory: DirectoryCache(), eventIDs: eventIDs, clockFloors: clockFloors,
                        machineClock: machineClock, reading: reading))
            }
            return try readers?.read(read) ?? writer.read(read)
        }
        let unstored = clockFloors.takeUnstored()
        // Nobody waits for a disk that is full, or for another program, to be told the time.
        if !unstored.isEmpty {
            try? writeAtOnce { tx in for (tenant, instant) in unstored { try tx.store(clockFloor: instant, of: tenant) } }
        }
        return value
    }

    /// Writes what the log holds into the database and gives the log's room on the disk back, for whoever has written much. Does nothing where
    /// somebody else writes or reads at that moment, or in memory.
    package func cutLog() { checkpointer?.cut() }

    /// Waits for running transactions and closes the file. The next run's clocks go on from what this one's have shown.
    package func close() throws {
        let shown = clockFloors.shown
        if !shown.isEmpty { try? write { tx in for (tenant, instant) in shown { try tx.store(clockFloor: instant, of: tenant) } } }
        try readers?.close()
        try writer.close()
        // The last that closes brings in what the log holds and takes it along: that cannot be one that only reads.
        try checkpointer?.close()
    }
}
