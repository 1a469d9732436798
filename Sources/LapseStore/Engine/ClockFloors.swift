import GRDB
import LapseRules
import Synchronization

/// The least that the clock of each tenant shows, in memory and in the table `clock_floors`.
final class ClockFloors: Sendable {
    fileprivate struct State {
        var floors: [GUID: ClockFloor] = [:]
        /// Tenants whose clock was read by a reader, which cannot store anything.
        var unstored: Set<GUID> = []
        /// What the present transaction has cleared; nil: there was none.
        var cleared: [GUID: ClockFloor?] = [:]
        /// How often clocks were set: counted when that is written and when it is committed or undone.
        var settings: UInt64 = 0
    }

    private let state: Mutex<State>

    init(_ db: Database) throws {
        let rows = try Row.fetchAll(db, sql: "SELECT tenant, ticks FROM clock_floors")
        state = Mutex(
            State(
                floors: Dictionary(
                    uniqueKeysWithValues: try rows.map { row in
                        let tenant: GUID = try row.decode(forColumn: "tenant")
                        return (tenant, ClockFloor(stored: Timestamp(ticks: try row.decode(forColumn: "ticks"))))
                    })))
    }

    /// How often clocks were set so far. A reader asks before it begins.
    var settings: UInt64 { state.withLock { $0.settings } }

    /// What the tenant's clock shows, and what has to be stored first; nil: nothing.
    ///
    /// - Parameter settings: of a reader, when it began; nil for the writer. A reader may know a clock as it was before somebody set it:
    ///   the new one is not to follow that.
    func show(_ instant: Timestamp, of tenant: GUID, since settings: UInt64?) -> (now: Timestamp, toStore: Timestamp?) {
        state.withLock { state in
            if let settings, settings != state.settings || state.cleared[tenant] != nil {
                return (max(instant, state.floors[tenant]?.shown ?? instant), nil)
            }
            let now = state.floors[tenant, default: ClockFloor(stored: nil)].show(instant)
            return (now, state.floors[tenant]?.toStore)
        }
    }

    func stored(_ instant: Timestamp, of tenant: GUID) {
        state.withLock { $0.floors[tenant]?.set(stored: instant) }
    }

    /// A person sets the clock, or the tenant goes, if the transaction is committed.
    func clear(_ tenant: GUID) {
        state.withLock { state in
            let floor = state.floors.removeValue(forKey: tenant)
            if state.cleared[tenant] == nil { state.cleared[tenant] = .some(floor) }
            state.unstored.remove(tenant)
            state.settings += 1
        }
    }

    func committed() { state.withLock { $0.endClearing() } }

    /// A transaction was undone, and with it what it stored and cleared.
    func undone() {
        state.withLock { state in
            state.floors.merge(state.cleared.compactMapValues { $0 }) { $1 }
            state.endClearing()
            for tenant in state.floors.keys { state.floors[tenant]?.set(stored: nil) }
        }
    }

    func leaveUnstored(_ tenant: GUID) { state.withLock { _ = $0.unstored.insert(tenant) } }

    /// What readers have left to be stored.
    func takeUnstored() -> [(tenant: GUID, instant: Timestamp)] {
        state.withLock { state in
            guard !state.unstored.isEmpty else { return [] }
            defer { state.unstored.removeAll() }
            return state.unstored.compactMap { tenant in state.floors[tenant]?.toStore.map { (tenant, $0) } }
        }
    }

    /// What each clock has shown, for a store that closes: the next run goes on from there.
    var shown: [(tenant: GUID, instant: Timestamp)] { state.withLock { $0.floors.map { ($0.key, $0.value.shown) } } }
}

extension ClockFloors.State {
    fileprivate mutating func endClearing() {
        guard !cleared.isEmpty else { return }
        cleared = [:]
        settings += 1
    }
}

extension StoreTransaction {
    /// The instant of a tenant: its clock's, and never less than it has shown, whatever the machine's clock does.
    package func now(of tenant: Tenant, systemTime: Timestamp) throws -> Timestamp {
        let instant = tenant.clock.now(systemTime: systemTime)
        guard tenant.clock.mode == .running else { return instant }
        let (now, toStore) = clockFloors.show(instant, of: tenant.id, since: reading?.clockSettings)
        guard let toStore else { return now }
        if reading != nil { clockFloors.leaveUnstored(tenant.id) } else { try store(clockFloor: toStore, of: tenant.id) }
        return now
    }

    func store(clockFloor instant: Timestamp, of tenant: GUID) throws {
        // A tenant that is made in this transaction, or that is none, has no row yet.
        try run(
            """
            INSERT INTO clock_floors (tenant, ticks) SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM tenants WHERE id = ?1)
            ON CONFLICT (tenant) DO UPDATE SET ticks = excluded.ticks
            """
        ) {
            $0.add(tenant)
            $0.add(instant)
        }
        clockFloors.stored(instant, of: tenant)
    }

    /// Lets the tenant's clock show less than it has: a person sets it.
    package func clearClockFloor(of tenant: GUID) throws {
        try run("DELETE FROM clock_floors WHERE tenant = ?", [tenant])
        clockFloors.clear(tenant)
    }
}
