import GRDB
import GRDBSQLite
import LapseRules

// Statements whose values are bound and read by hand, without a box for each: for the three that every redeem runs. The others take
// GRDB's arguments and rows.

/// The values of one row that is looked for or written, in the order of the statement's question marks.
struct BoundValues {
    /// SQLite copies a text or blob that it is handed with this.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private let statement: OpaquePointer
    private var position: Int32 = 0
    /// Of the first value that SQLite did not take, for want of memory.
    fileprivate private(set) var failure: Int32?

    fileprivate init(_ statement: OpaquePointer) { self.statement = statement }

    // A nil value is NULL. That a statement takes so many values and so long ones is known when it is written.

    mutating func add(_ number: Int64?) {
        let place = next()
        took(number.map { sqlite3_bind_int64(statement, place, $0) } ?? sqlite3_bind_null(statement, place))
    }

    mutating func add(_ instant: Timestamp?) { add(instant?.ticks) }

    mutating func add(_ text: String?) {
        let place = next()
        guard var text else { return took(sqlite3_bind_null(statement, place)) }
        took(
            text.withUTF8 { utf8 in
                utf8.withMemoryRebound(to: CChar.self) {
                    sqlite3_bind_text(statement, place, $0.baseAddress, Int32($0.count), Self.copied)
                }
            })
    }

    mutating func add(_ id: GUID?) { add(id?.description) }

    mutating func add(_ hash: SecretHash) {
        took(sqlite3_bind_blob(statement, next(), hash.bytes, Int32(hash.bytes.count), Self.copied))
    }

    private mutating func next() -> Int32 {
        position += 1
        return position
    }

    private mutating func took(_ code: Int32) { if code != SQLITE_OK, failure == nil { failure = code } }
}

extension StoreTransaction {
    /// Runs a statement that returns no rows.
    func run(_ sql: String, binding bind: (inout BoundValues) -> Void) throws {
        let found = try step(sql, binding: bind) { _ in true }
        precondition(found == nil, "the statement returns rows")
    }

    /// The numbers in the first row; nil when there is none. The query has columns of numbers alone, none of them NULL.
    func numbers(_ sql: String, binding bind: (inout BoundValues) -> Void) throws -> [Int64]? {
        try step(sql, binding: bind) { statement in
            (0..<sqlite3_column_count(statement)).map { sqlite3_column_int64(statement, $0) }
        }
    }

    private func step<Value>(
        _ sql: String, binding bind: (inout BoundValues) -> Void, row: (OpaquePointer) -> Value
    ) throws -> Value? {
        let statement = try db.cachedStatement(sql: sql).sqliteStatement
        defer { sqlite3_reset(statement) }
        var values = BoundValues(statement)
        bind(&values)
        // What was not taken would leave the value of the last time in its place.
        switch values.failure ?? sqlite3_step(statement) {
        case SQLITE_DONE: return nil
        case SQLITE_ROW: return row(statement)
        case let code: throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage, sql: sql)
        }
    }
}
