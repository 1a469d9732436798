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
}
