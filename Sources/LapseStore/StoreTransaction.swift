import GRDB
import LapseRules

/// One transaction of the ``Store``: queries and writes by subject, in extensions beside this file.
package struct StoreTransaction {
    let db: Database
    /// The writer's, which follows its order; a reader's lives as long as its transaction.
    let directory: DirectoryCache
    let eventIDs: EventIDs
    let clockFloors: ClockFloors
    let machineClock: @Sendable () -> Timestamp
    /// Nil for a writer.
    var reading: Reading?

    /// What a reader knows besides what it reads.
    struct Reading {
        /// How often clocks had been set before its state of the database.
        let clockSettings: UInt64
    }

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

    /// Empties what the cache has of the directory: a write to tenants, users or apps may change what any entry holds.
    func directoryChanged() { directory.clearDirectory() }

    /// The cached value, loaded when it is not there.
    func cached<Key: Hashable, Value: Sendable>(
        _ key: Key, in field: WritableKeyPath<DirectoryCache.Entries, [Key: Value]>, load: () throws -> Value
    ) throws -> Value {
        try directory.value(key, in: field, load: load)
    }
}
