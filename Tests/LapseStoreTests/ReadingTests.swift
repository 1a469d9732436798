import Foundation
import GRDB
import LapseRules
import Synchronization
import Testing

@testable import LapseStore

@Suite("Reading beside the writer")
struct ReadingTests {
    private static let now = Timestamp("2026-03-01T12:00:00Z")!
    private static let contoso = BuiltInLab.contoso
    private let adele = User.Home(tenant: contoso, user: GUID("aaaaaaaa-0001-4000-8000-000000000001")!)

    private func withStore(_ body: (Store) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapse-reading-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try Store(path: folder.appendingPathComponent("lapse.sqlite3").path, machineClock: { Self.now })
        try store.write { tx in for seed in BuiltInLab.seed { try tx.insert(seed) } }
        try body(store)
        try store.close()
    }

    /// Runs it on a thread of its own, and waits for it.
    private func elsewhere<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) throws -> Value {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Result<Value, any Error>?>(nil)
        Thread.detachNewThread {
            let found = Result { try work() }
            result.withLock { $0 = found }
            done.signal()
        }
        done.wait()
        return try #require(result.withLock { $0 }).get()
    }

    private func revoke(_ tx: StoreTransaction, at instant: Timestamp = now, count: Int = 1) throws {
        let event = Event(tenant: Self.contoso, at: instant, kind: .revoked, user: adele.user)
        for _ in 0..<count {
            let sequence = try tx.append(event)
            try tx.insert(
                Revocation(
                    id: RandomSource.seeded(UInt64(sequence)).guid(), user: adele, place: Place(at: instant, sequence: sequence),
                    cause: .adminRevoke, actor: nil,
                    propagation: PropagationModel().propagation(of: instant, ordinal: sequence, takenIn: .local)),
                ordinal: try tx.nextOrdinal(in: Self.contoso))
        }
    }

    @Test("A reading waits for no writer, and sees nothing of what is under way: no row, no id of an event")
    func underWay() throws {
        try withStore { store in
            let adele = adele
            let look = { @Sendable in
                try store.read { tx in
                    (revocations: try tx.history(of: adele).revocations.count, last: try tx.lastEventID())
                }
            }
            let before = try look()
            try store.write { tx in
                try revoke(tx)
                // It would wait for ever if it waited for this transaction.
                let seen = try elsewhere(look)
                #expect(seen.revocations == 0)
                #expect(seen.last == before.last)
            }
            let after = try look()
            #expect(after.revocations == 1)
            #expect(after.last == before.last + 1)
        }
    }

    @Test("A reading sees one state from its beginning to its end, whatever is committed meanwhile")
    func oneState() throws {
        try withStore { store in
            let adele = adele
            try store.read { tx in
                #expect(try tx.revocations(in: Self.contoso, after: 0, limit: 9).isEmpty)
                try elsewhere { try store.write { try revoke($0, count: 3) } }
                #expect(try tx.revocations(in: Self.contoso, after: 0, limit: 9).isEmpty)
                #expect(try tx.events(in: Self.contoso, after: 0, kind: .revoked, user: nil, limit: 9).isEmpty)
            }
            #expect(try store.read { try $0.history(of: adele).revocations.count } == 3)
        }
    }

    @Test("Whoever was answered finds it in the next reading; no reading shows half a transaction")
    func answered() async throws {
        // Each transaction writes two revocations: a reading that sees an odd number saw half of one.
        try withStore { store in
            let ends = Atomic<Bool>(false)
            let odd = Atomic<Int>(0)
            let group = DispatchGroup()
            let adele = adele
            for _ in 0..<3 {
                group.enter()
                Thread.detachNewThread {
                    while !ends.load(ordering: .relaxed) {
                        let count = try? store.read { try $0.history(of: adele).revocations.count }
                        if count.map({ $0 % 2 != 0 }) ?? true { odd.add(1, ordering: .relaxed) }
                    }
                    group.leave()
                }
            }
            for number in 1...100 {
                try store.write { try revoke($0, count: 2) }
                #expect(try store.read { try $0.history(of: adele).revocations.count } == 2 * number)
            }
            ends.store(true, ordering: .relaxed)
            group.wait()
            #expect(odd.load(ordering: .relaxed) == 0)
        }
    }

    @Test("A clock that is set back is not led on by somebody who still reads the old one")
    func settingClocks() throws {
        try withStore { store in
            let systemTime = Self.now
            let back = Duration.seconds(86_400)
            let show = { @Sendable (tx: StoreTransaction) in
                try tx.now(of: try #require(try tx.tenant(Self.contoso)), systemTime: systemTime)
            }
            try store.read { tx in
                // The state of this reading, which is as it was before.
                let old = try #require(try tx.tenant(Self.contoso))
                try elsewhere {
                    try store.write { writer in
                        var tenant = old
                        tenant.clock = old.clock.setting(mode: .running, now: systemTime - back, systemTime: systemTime)
                        try writer.clearClockFloor(of: tenant.id)
                        // Neither by a reading that begins while the clock is being set,
                        let meanwhile = try elsewhere { try store.read(show) }
                        #expect(meanwhile == systemTime)
                        try writer.update(tenant)
                    }
                }
                // nor by one that began before.
                #expect(try show(tx) == systemTime)
            }
            try store.write { tx in
                let tenant = try #require(try tx.tenant(Self.contoso))
                #expect(try tx.now(of: tenant, systemTime: systemTime) == systemTime - back)
            }
        }
    }

    @Test("A log that somebody reads is not cut, and nobody waits for the reader")
    func longReading() throws {
        try withStore { store in
            try store.read { tx in
                _ = try tx.tenants()
                // Some ten times as many pages as fill the log.
                try elsewhere {
                    for _ in 0..<40 { try store.write(operations: 1_000) { try revoke($0, count: 250) } }
                }
                #expect(try tx.revocations(in: Self.contoso, after: 0, limit: 1).isEmpty)
            }
            #expect(try store.read { try $0.history(of: adele).revocations.count } == 10_000)
        }
    }

    @Test(
        "What the writer adds to a known history is what it would load: also on clocks that are set, and from when on somebody asked"
    )
    func histories() throws {
        let store = try Store.inMemory(machineClock: { Self.now })
        try store.write { tx in for seed in BuiltInLab.seed { try tx.insert(seed) } }
        let random = RandomSource.seeded(7)
        for round in 0..<300 {
            let instant = Self.now + .seconds(Int64(random.integer(in: 0...19)))
            let since = Self.now + .seconds(Int64(random.integer(in: 0...19)))
            let known = try store.write { tx in
                switch round % 5 {
                case 0..<3: try revoke(tx, at: instant)
                case 3:
                    let sequence = try tx.append(Event(tenant: Self.contoso, at: instant, kind: .accountDisabled, user: adele.user))
                    try tx.insert(
                        StateChange(
                            id: RandomSource.seeded(UInt64(sequence)).guid(), user: adele, kind: .disable,
                            place: Place(at: instant, sequence: sequence),
                            propagation: PropagationModel().propagation(of: instant, ordinal: sequence, takenIn: .local)),
                        ordinal: try tx.nextOrdinal(in: Self.contoso))
                default: break
                }
                return try tx.history(of: adele, since: since)
            }
            #expect(known == (try store.read { try $0.history(of: adele, since: since) }))
        }
    }
}
