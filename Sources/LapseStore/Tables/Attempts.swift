import GRDB
import LapseRules

// How many requests have passed in spite of a revocation that counts them.
extension StoreTransaction {
    /// How many requests of the grant, the session, or the account's fresh sign-ins have passed, by what lets them.
    package func attempts(of subject: GUID) throws -> AttemptCounts {
        try rows("SELECT sequence, plane, region, passed FROM attempts WHERE subject = ?", [subject]).reduce(into: [:]) {
            $0[Attempt(sequence: $1["sequence"], plane: $1["plane"], region: $1["region"])] = $1["passed"]
        }
    }

    /// Counts a request.
    package func count(_ attempts: [Attempt], of subject: GUID) throws {
        for attempt in attempts {
            try run(
                """
                INSERT INTO attempts (subject, sequence, plane, region, passed) VALUES (?, ?, ?, ?, 1)
                ON CONFLICT DO UPDATE SET passed = passed + 1
                """, [subject, attempt.sequence, attempt.plane, attempt.region])
        }
    }
}
