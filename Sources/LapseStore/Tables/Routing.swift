import GRDB
import LapseRules

// How many requests were routed by count.
extension StoreTransaction {
    /// Counts a request of the tenant that is routed by count.
    ///
    /// - Returns: how many were counted before.
    package func countRequest(in tenant: GUID) throws -> Int64 {
        let counted = try row(
            """
            INSERT INTO routing (tenant, requests) VALUES (?, 1)
            ON CONFLICT DO UPDATE SET requests = requests + 1 RETURNING requests
            """, [tenant])
        return (counted?["requests"] ?? 1) - 1
    }

    /// How many requests of the tenant were counted.
    package func countedRequests(in tenant: GUID) throws -> Int64 {
        try row("SELECT requests FROM routing WHERE tenant = ?", [tenant])?["requests"] ?? 0
    }

    package func restartRouting(in tenant: GUID) throws { try run("DELETE FROM routing WHERE tenant = ?", [tenant]) }
}
