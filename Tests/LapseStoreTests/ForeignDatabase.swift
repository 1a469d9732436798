import GRDB
import LapseStore

@testable import struct LapseStore.StoreTransaction

/// SQL that does not come from Lapse. In a file of its own: GRDB's names stand in the way of the test macros.
enum ForeignDatabase {
    typealias Refusal = DatabaseError

    static func execute(_ statements: String, at path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: statements) }
        try queue.close()
    }

    static func execute(_ statement: String, in tx: StoreTransaction) throws { try tx.db.execute(sql: statement) }

    static func count(_ table: String, in tx: StoreTransaction) throws -> Int {
        try Int.fetchOne(tx.db, sql: "SELECT count(*) FROM \(table)") ?? 0
    }

    static func pages(in tx: StoreTransaction) throws -> Int { try Int.fetchOne(tx.db, sql: "PRAGMA page_count") ?? 0 }

    /// Makes the database as small as a full disk would.
    ///
    /// - Returns: the most pages that it may have now.
    static func limit(pages: Int, in tx: StoreTransaction) throws -> Int {
        try Int.fetchOne(tx.db, sql: "PRAGMA max_page_count = \(pages)") ?? 0
    }

    /// Another program that holds the database: it writes, or reads, and does not end.
    final class Hold: Sendable {
        private let queue: DatabaseQueue

        init(_ path: String, reading: Bool = false) throws {
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: reading ? "BEGIN; SELECT count(*) FROM meta" : "BEGIN IMMEDIATE")
            }
        }

        func letGo() throws {
            try queue.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            try queue.close()
        }
    }

    /// Every table and index as SQLite keeps it, without comments and blanks: what two databases must share to be alike.
    static func schema(at path: String) throws -> [String] {
        try read("SELECT name || ' ' || sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", at: path).map { text in
            let lines = text.split(separator: "\n").map { line in
                line.range(of: "--").map { line[..<$0.lowerBound] } ?? line
            }
            return lines.joined().filter { !$0.isWhitespace }
        }
    }

    /// Every row of every table, in an order of its own.
    static func dump(at path: String) throws -> [String] {
        try read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", at: path).flatMap { table in
            let columns = try read("SELECT name FROM pragma_table_info('\(table)')", at: path)
            let row = columns.map { "quote(\"\($0)\")" }.joined(separator: " || ',' || ")
            return try read("SELECT '\(table): ' || \(row) AS row FROM \"\(table)\" ORDER BY row", at: path)
        }
    }

    static func number(_ query: String, at path: String) throws -> Int? {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read { try Int.fetchOne($0, sql: query) }
    }

    private static func read(_ query: String, at path: String) throws -> [String] {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read { try String.fetchAll($0, sql: query) }
    }
}
