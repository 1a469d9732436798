import GRDB
import LapseRules

// What somebody expects of apps.
extension StoreTransaction {
    /// The tenant's expectations, in the order in which they were made.
    package func expectations(of tenant: GUID) throws -> [Expectation] {
        try rows("SELECT * FROM expectations WHERE tenant = ? ORDER BY ordinal", [tenant]).map { row in
            try Expectation(stored: row.decode(forColumn: "definition"), id: row["id"], ordinal: row["ordinal"])
        }
    }

    package func nextExpectationOrdinal(in tenant: GUID) throws -> Int64 {
        try row("SELECT ifnull(max(ordinal), 0) + 1 FROM expectations WHERE tenant = ?", [tenant])?[0] ?? 1
    }

    package func insert(_ expectation: Expectation, in tenant: GUID) throws {
        try run(
            "INSERT INTO expectations (tenant, ordinal, id, definition) VALUES (?, ?, ?, ?)",
            [tenant, expectation.ordinal, expectation.id, expectation.stored])
    }

    /// - Returns: whether there was one.
    package func delete(expectation id: GUID, of tenant: GUID) throws -> Bool {
        try run("DELETE FROM expectations WHERE tenant = ? AND id = ?", [tenant, id])
        return db.changesCount > 0
    }
}
