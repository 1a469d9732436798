import GRDB
import LapseRules
import Synchronization

/// Counts events across tenants, from where the database left off. An id that a rolled-back transaction took stays unused.
final class EventIDs: Sendable {
    fileprivate struct State {
        var next: Int64
        /// The last event that was appended.
        var last: Event?
        /// Whose log the present transaction has changed. One is enough to remember in nearly every transaction.
        var touched: [GUID] = []
    }

    private let state: Mutex<State>

    init(_ db: Database) throws {
        state = Mutex(State(next: try Self.last(in: db) + 1))
    }

    /// The last id that is taken in the state of the database that the connection sees.
    static func last(in db: Database) throws -> Int64 {
        let sql = "SELECT max(last_event, ifnull((SELECT max(id) FROM events), 0)) FROM meta"
        return try Int64.fetchOne(db.cachedStatement(sql: sql)) ?? 0
    }

    var next: Int64 { state.withLock { $0.next } }

    var last: Event? { state.withLock { $0.last } }

    func take(for event: Event) -> Int64 {
        state.withLock { state in
            defer { state.next += 1 }
            state.last = event
            state.touch(event.tenant)
            return state.next
        }
    }

    /// Whoever waits for news of the tenant is to look again, though no event tells of it.
    func touch(_ tenant: GUID) { state.withLock { $0.touch(tenant) } }

    /// Hands over the tenants that were touched since the last time.
    func takeTouched(_ body: (GUID) -> Void) {
        let touched = state.withLock { state in
            defer { state.touched.removeAll(keepingCapacity: true) }
            return state.touched
        }
        touched.forEach(body)
    }
}

extension EventIDs.State {
    fileprivate mutating func touch(_ tenant: GUID) {
        if !touched.contains(tenant) { touched.append(tenant) }
    }
}
