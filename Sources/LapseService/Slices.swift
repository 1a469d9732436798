import LapseRules
import LapseStore

/// Deletes much beside the traffic: in transactions that take some milliseconds, with a pause after each in which others have their turn.
struct Slices {
    /// How long one is to take, on the machine's clock.
    private static let aim = Duration.milliseconds(3)
    private static let sizes = 16...4096

    let store: Store
    /// How long the pause is, by the time that a slice has taken.
    private let pause: Int

    init(_ store: Store, pause: Int) { (self.store, self.pause) = (store, pause) }

    /// - Parameter delete: deletes from at most so many rows.
    /// - Returns: how many rows went.
    func run(
        isolation: isolated (any _Concurrency.Actor)? = #isolation,
        _ delete: (StoreTransaction, _ limit: Int) throws -> DeletedSlice
    ) async throws -> Int {
        // As many as have taken about that long.
        var (rows, size) = (0, 64)
        while true {
            // As many operations as rows: the log is brought into the database as often as for redeems, and does not grow long.
            let (slice, taken) = try store.write(operations: size) { tx in
                let began = ContinuousClock.now
                return (try delete(tx, size), began.duration(to: .now))
            }
            rows += slice.rows
            if slice.isLast { return rows }
            size =
                taken > Self.aim
                ? max(size / 2, Self.sizes.lowerBound) : taken < Self.aim / 2 ? min(size * 2, Self.sizes.upperBound) : size
            try await Task.sleep(for: max(taken * pause, .milliseconds(1)))
        }
    }
}
