import GRDB
import LapseRules

/// One transaction of the ``Store``: queries and writes by subject, in extensions beside this file.
package struct StoreTransaction {
    let db: Database
    /// Nil while reading: the cache belongs to the writer, whose order it follows.
    let directory: DirectoryCache?
    let eventIDs: EventIDs
    let clockFloors: ClockFloors
    let machineClock: @Sendable () -> Timestamp

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

    /// Empties the writer's cache: a write to tenants, users or apps may change what any entry holds.
    func directoryChanged() { directory?.clear() }

    /// The writer's cached value, loaded when it is not there; a reader always loads.
    func cached<Key: Hashable, Value: Sendable>(
        _ key: Key, in field: WritableKeyPath<DirectoryCache.Entries, [Key: Value]>, load: () throws -> Value
    ) throws -> Value {
        guard let directory else { return try load() }
        return try directory.value(key, in: field, load: load)
    }
}
