import Foundation
import LapseRules
import Synchronization
import Testing

@testable import LapseStore

/// A disk that is full, and another program that holds the database.
@Suite("A database that takes nothing at present")
struct UnavailableTests {
    private static let now = Timestamp("2026-03-01T12:00:00Z")!
    private let adele = User.Home(tenant: BuiltInLab.contoso, user: GUID("aaaaaaaa-0001-4000-8000-000000000001")!)

    private func withFile(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapse-full-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.appendingPathComponent("lapse.sqlite3").path)
    }

    private func open(_ path: String) throws -> Store {
        let store = try Store(path: path, patience: .seconds(1), machineClock: { Self.now })
        try store.write { tx in
            if try tx.tenants().isEmpty { for seed in BuiltInLab.seed { try tx.insert(seed) } }
        }
        return store
    }

    /// A sign-in: a grant, its first refresh token and an event, all or none.
    private func signIn(_ number: UInt64, _ tx: StoreTransaction) throws -> Grant {
        let id = RandomSource.seeded(number).guid()
        let grant = Grant(
            id: id, tenant: BuiltInLab.contoso, user: adele.user, client: "app", clientClass: .public,
            scope: String(repeating: "openid ", count: 40),
            authentication: Authentication(user: adele, place: Place(at: Self.now, sequence: 1), method: .password), session: nil,
            createdAt: Self.now, registration: 0)
        try tx.insert(grant)
        try tx.insert(
            RefreshToken(hash: hash(id), grant: id, issuedAt: Self.now, expiresAt: Self.now + .seconds(5)))
        try tx.append(Event(tenant: BuiltInLab.contoso, at: Self.now, kind: .signedIn))
        return grant
    }

    private func hash(_ id: GUID) -> SecretHash { SecretHash(of: "\(id)") }

    private func counts(_ store: Store) throws -> (grants: Int, tokens: Int, events: Int) {
        try store.read { tx in
            (
                try ForeignDatabase.count("grants", in: tx), try ForeignDatabase.count("refresh_tokens", in: tx),
                try ForeignDatabase.count("events", in: tx)
            )
        }
    }

    @Test(
        "At every point at which the disk becomes full what was answered is kept, what was not is undone, and writing goes on with room"
    )
    func full() async throws {
        try await withFile { path in
            var store = try open(path)
            var answered: [Grant] = []
            var next: UInt64 = 1
            for room in 0..<20 {
                let limit = try store.write { tx in
                    try ForeignDatabase.limit(pages: try ForeignDatabase.pages(in: tx) + room, in: tx)
                }
                var refusals = 0
                for _ in 0..<200 where refusals < 3 {
                    do {
                        answered.append(try store.write { try signIn(next, $0) })
                    } catch let error as StoreUnavailable {
                        guard case .full = error else { throw error }
                        refusals += 1
                    }
                    next += 1
                }
                #expect(refusals == 3, "\(limit) pages were enough")
                let counts = try counts(store)
                #expect([counts.grants, counts.tokens, counts.events] == Array(repeating: answered.count, count: 3))
                _ = try store.write { try ForeignDatabase.limit(pages: 1 << 30, in: $0) }
                answered.append(try store.write { try signIn(next, $0) })
                next += 1
                if room % 5 == 4 {
                    try store.close()
                    store = try open(path)
                }
            }
            try store.read { tx throws in
                for grant in answered {
                    #expect(try tx.grant(grant.id) == grant)
                    #expect(try tx.refreshToken(hash(grant.id), of: grant.id, issuedAt: Self.now) != nil)
                }
            }
            try store.close()
        }
    }

    @Test("What a full disk undid is not remembered: no revocation counts that is not stored")
    func memory() throws {
        let store = try Store.inMemory(machineClock: { Self.now })
        try store.write { tx in for seed in BuiltInLab.seed { try tx.insert(seed) } }
        #expect(throws: StoreUnavailable.self) {
            try store.write { tx throws in
                _ = try ForeignDatabase.limit(pages: try ForeignDatabase.pages(in: tx), in: tx)
                var tenant = try #require(try tx.tenant(BuiltInLab.contoso))
                tenant.clock = TenantClock(mode: .frozen, ticks: 5)
                try tx.update(tenant)
                #expect(try tx.tenant(BuiltInLab.contoso)?.clock.mode == .frozen)
                for number in 0..<1000 { _ = try signIn(UInt64(number), tx) }
            }
        }
        #expect(try store.write { try $0.tenant(BuiltInLab.contoso)?.clock } == .real)
        #expect(try counts(store) == (0, 0, 0))
    }

    @Test("Who asks while another program holds the database is told so; of many who wait together nobody waits for the others too")
    func busy() async throws {
        try await withFile { path in
            let store = try open(path)
            let foreign = try ForeignDatabase.Hold(path)
            let told = Mutex((busy: 0, other: 0))
            let tell: @Sendable (any Error) -> Void = { error in
                told.withLock { if error as? StoreUnavailable == .busy { $0.busy += 1 } else { $0.other += 1 } }
            }
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        await withCheckedContinuation { done in
                            // Threads of their own: each stands in the store's queue.
                            Thread.detachNewThread {
                                do { _ = try store.write { try signIn(UInt64(number), $0) } } catch { tell(error) }
                                done.resume()
                            }
                        }
                    }
                    group.addTask {
                        do { _ = try await store.writeTogether { try signIn(UInt64(number + 100), $0) } } catch { tell(error) }
                    }
                }
            }
            #expect(told.withLock { $0 } == (80, 0))
            // As many as it took to get all of them into the queue; each waits a second.
            #expect(store.waitsInVain.load(ordering: .relaxed) < 20)
            #expect(try counts(store) == (0, 0, 0))
            try foreign.letGo()
            _ = try store.write { try signIn(1, $0) }
            _ = try await store.writeTogether { try signIn(2, $0) }
            #expect(try counts(store) == (2, 2, 2))
            try store.close()
        }
    }

    @Test("Whoever comes to a shared transaction while the one before it waits in vain does not wait again")
    func crowd() async throws {
        try await withFile { path in
            let store = try open(path)
            let foreign = try ForeignDatabase.Hold(path)
            let told = Mutex(0)
            let tell: @Sendable (any Error) -> Void = { error in
                if error as? StoreUnavailable == .busy { told.withLock { $0 += 1 } }
            }
            // More than four shared transactions hold.
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<UInt64(300) {
                    group.addTask {
                        do { _ = try await store.writeTogether { try signIn(number, $0) } } catch { tell(error) }
                    }
                }
            }
            #expect(told.withLock { $0 } == 300)
            // One, and one more if it began before all of them had come.
            #expect(store.waitsInVain.load(ordering: .relaxed) <= 2)
            try foreign.letGo()
            _ = try await store.writeTogether { try signIn(1, $0) }
            #expect(try counts(store).grants == 1)
            try store.close()
        }
    }

    @Test("Nobody who only reads waits for another program to let go; what the clock showed is stored when it does")
    func reading() async throws {
        try await withFile { path in
            let store = try open(path)
            let later = Self.now + .seconds(60)
            func look() throws -> Timestamp? {
                try store.read { tx in try tx.tenant(BuiltInLab.contoso).map { try tx.now(of: $0, systemTime: later) } }
            }
            func floors() throws -> Int {
                try store.read { tx in try ForeignDatabase.count("clock_floors WHERE ticks >= \(later.ticks)", in: tx) }
            }
            let foreign = try ForeignDatabase.Hold(path)
            #expect(try look() == later)
            #expect(store.waitsInVain.load(ordering: .relaxed) == 0)
            #expect(try floors() == 0)
            // A writer waits as before.
            #expect(throws: StoreUnavailable.busy) { try store.write { try signIn(1, $0) } }
            #expect(store.waitsInVain.load(ordering: .relaxed) == 1)
            try foreign.letGo()
            #expect(try look() == later)
            #expect(try floors() == 1)
            try store.close()
        }
    }

    @Test("A clock's floor that nobody wrote is damage, and does not end the program")
    func damagedFloor() async throws {
        try await withFile { path in
            let store = try open(path)
            try store.close()
            try ForeignDatabase.execute(
                "PRAGMA foreign_keys = OFF; INSERT INTO clock_floors VALUES ('contoso', 1)", at: path)
            #expect(throws: Store.OpenError.self) { try open(path) }
        }
    }

    @Test("A log that cannot be brought into the database keeps what is written")
    func checkpoint() async throws {
        try await withFile { path in
            let store = try open(path)
            // Somebody reads and does not stop: no checkpoint gets past what he sees.
            let reader = try ForeignDatabase.Hold(path, reading: true)
            for number in 0..<UInt64(1100) { _ = try store.write { try signIn(number, $0) } }
            #expect(try counts(store) == (1100, 1100, 1100))
            try reader.letGo()
            _ = try store.write { try signIn(2000, $0) }
            try store.close()
            #expect(try ForeignDatabase.dump(at: path).filter { $0.hasPrefix("grants: ") }.count == 1101)
        }
    }
}
