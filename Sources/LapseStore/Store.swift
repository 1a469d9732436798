import Foundation
import GRDB
import LapseRules
import Synchronization

/// Where everything is remembered: one SQLite database, written by one transaction at a time.
///
/// A method of ``StoreTransaction`` reads or writes facts; it never says yes or no.
public final class Store: Sendable {
    /// The number of `schema.sql`; raised with every change that an older program could not read.
    static let schemaVersion = 1

    /// Why a database cannot be used, in one line.
    public struct OpenError: Error, CustomStringConvertible {
        public let description: String
    }

    private let writer: any DatabaseWriter
    private let directory = DirectoryCache()

    private init(_ writer: any DatabaseWriter) throws {
        self.writer = writer
        try prepareSchema()
    }

    /// Opens the database file, makes it when there is none.
    ///
    /// - Throws: ``OpenError`` for a file that cannot be read, is no database, is damaged, or has another schema. The file is
    ///   left as it was.
    public convenience init(path: String) throws {
        let isNew = !FileManager.default.fileExists(atPath: path)
        do {
            if !isNew { try Self.check(path) }
            try self.init(DatabasePool(path: path, configuration: Self.configuration))
        } catch let error as DatabaseError {
            throw OpenError(description: "cannot use the database \(path): \(error.message ?? "\(error.resultCode)")")
        }
    }

    /// A database in memory, for tests.
    public static func inMemory() throws -> Store { try Store(DatabaseQueue(configuration: configuration)) }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            // WAL and NORMAL: an answered commit survives a killed process; the file is never left half written.
            try db.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY")
        }
        return configuration
    }

    /// Looks before anything is written: another program's database must not be switched to WAL by us.
    private static func check(_ path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        try queue.read { db in
            guard try db.tableExists("meta"), let version = try Int.fetchOne(db, sql: "SELECT version FROM meta") else {
                let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
                guard isEmpty else { throw OpenError(description: "\(path) is the database of another program") }
                return
            }
            guard version == schemaVersion else {
                let age = version > schemaVersion ? "newer" : "older"
                throw OpenError(
                    description:
                        "\(path) was made by \(age) Lapse (schema \(version), this one is \(schemaVersion)); use another --data-dir"
                )
            }
            let answer = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
            guard answer == "ok" else { throw OpenError(description: "\(path) is damaged: \(answer ?? "no answer")") }
        }
    }

    private func prepareSchema() throws {
        try writer.write { db in
            guard try !db.tableExists("meta") else { return }
            try db.execute(sql: String(decoding: PackageResources.schema_sql, as: UTF8.self))
            try db.execute(sql: "INSERT INTO meta (version) VALUES (?)", arguments: [Self.schemaVersion])
        }
    }

    /// Runs the operation in one transaction, after all that were begun before it. Whatever it throws undoes it.
    public func write<Value>(_ operation: (StoreTransaction) throws -> Value) throws -> Value {
        do {
            return try writer.write { db in try operation(StoreTransaction(db: db, directory: directory)) }
        } catch {
            // What the operation loaded may have been its own, undone writes.
            directory.clear()
            throw error
        }
    }

    /// Runs the queries on one consistent state, beside writers.
    public func read<Value>(_ queries: (StoreTransaction) throws -> Value) throws -> Value {
        try writer.read { db in try queries(StoreTransaction(db: db, directory: nil)) }
    }

    /// Waits for running transactions and closes the file.
    public func close() throws { try writer.close() }
}

/// One transaction of the ``Store``: queries and writes by subject, in extensions beside this file.
public struct StoreTransaction {
    let db: Database
    /// Nil while reading: the cache belongs to the writer, whose order it follows.
    let directory: DirectoryCache?

    /// Rows of a statement that is prepared once per connection.
    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

/// Tenants, users and apps that the writer has read, as they stand in the database: they change seldom and every request asks.
///
/// Only the writer uses it, so that it is never ahead of or behind a transaction. Any write to the directory empties it.
final class DirectoryCache: Sendable {
    struct Entries {
        var tenants: [GUID: Tenant?] = [:]
        var users: [GUID: User?] = [:]
        var apps: [AppKey: AppRegistration?] = [:]
        var resources: [GUID: [ResourceAPI]] = [:]
    }

    struct AppKey: Hashable {
        let tenant: GUID?
        let client: ClientID
    }

    /// Beyond this many entries of a kind all are dropped: ids that requests make up must not fill the memory.
    private static let most = 4096

    private let entries = Mutex(Entries())

    func clear() { entries.withLock { $0 = Entries() } }

    func value<Key: Hashable, Value: Sendable>(
        _ key: Key, in field: WritableKeyPath<Entries, [Key: Value]>, load: () throws -> Value
    ) rethrows -> Value {
        if let value = entries.withLock({ $0[keyPath: field][key] }) { return value }
        let value = try load()
        entries.withLock {
            if $0[keyPath: field].count >= Self.most { $0[keyPath: field] = [:] }
            $0[keyPath: field][key] = value
        }
        return value
    }
}
