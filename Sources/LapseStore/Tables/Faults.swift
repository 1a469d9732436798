import GRDB
import LapseRules

// What goes wrong on purpose.
extension StoreTransaction {
    /// The tenant's faults, in the order in which a request is asked about them.
    package func faults(of tenant: GUID) throws -> [Fault] {
        try cached(tenant, in: \.faults) {
            try rows("SELECT * FROM faults WHERE tenant = ? ORDER BY ordinal", [tenant]).map { row in
                var fault = try Fault(stored: row.decode(forColumn: "definition"), id: row["id"], ordinal: row["ordinal"])
                (fault.asked, fault.hits) = (row["asked"], row["hits"])
                return fault
            }
        }
    }

    package func nextFaultOrdinal(in tenant: GUID) throws -> Int64 {
        try row("SELECT ifnull(max(ordinal), 0) + 1 FROM faults WHERE tenant = ?", [tenant])?[0] ?? 1
    }

    package func insert(_ fault: Fault, in tenant: GUID) throws {
        directory.forget(faultsOf: tenant)
        try run(
            "INSERT INTO faults (tenant, ordinal, id, definition, asked, hits) VALUES (?, ?, ?, ?, ?, ?)",
            [tenant, fault.ordinal, fault.id, fault.stored, fault.asked, fault.hits])
    }

    /// Keeps the counts.
    package func update(_ fault: Fault, of tenant: GUID) throws {
        directory.forget(faultsOf: tenant)
        try run("UPDATE faults SET asked = ?, hits = ? WHERE id = ?", [fault.asked, fault.hits, fault.id])
    }

    /// - Returns: whether there was one.
    package func delete(fault id: GUID, of tenant: GUID) throws -> Bool {
        directory.forget(faultsOf: tenant)
        try run("DELETE FROM faults WHERE tenant = ? AND id = ?", [tenant, id])
        return db.changesCount > 0
    }
}
