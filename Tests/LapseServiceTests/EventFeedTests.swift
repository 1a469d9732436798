import LapseRules
import LapseStore
import Synchronization
import Testing

@testable import LapseService

@Suite("What many readers of a tenant's events are told")
struct EventFeedTests {
    private static let now = Timestamp("2026-03-01T12:00:00Z")!
    private static let signer = Task {
        try TokenSigner(SigningKey(try LocalCertificateAuthority.makeSigningIdentity(now: now)))
    }
    private static let users = [1, 2].map { GUID("aaaaaaaa-0001-4000-8000-00000000000\($0)")! }

    private func authority(onStatement: (@Sendable (String) -> Void)? = nil) async throws -> Authority {
        let authority = Authority(
            store: try .inMemory(machineClock: { Self.now }, onStatement: onStatement), signer: try await Self.signer.value,
            random: .seeded(5), systemTime: { Self.now })
        try authority.seed(BuiltInLab.seed)
        return authority
    }

    private func append(_ number: Int, _ authority: Authority, in tenant: GUID = BuiltInLab.contoso) throws {
        let kinds = [Event.Kind.tokenRefreshed, .refreshRefused, .revoked]
        try authority.store.write { tx in
            for place in 0..<number {
                _ = try tx.append(
                    Event(tenant: tenant, at: Self.now, kind: kinds[place % 3], user: Self.users[place % 2]))
            }
        }
    }

    /// Reads until so many events have come.
    private func read(_ filter: EventFilter, after id: Int64, _ number: Int, _ authority: Authority) async throws -> [Int64] {
        var (cursor, seen) = (StreamCursor(event: id, effects: nil), [Int64]())
        while seen.count < number {
            let news = try #require(try await authority.nextNews(filter, after: cursor, pause: .seconds(60)))
            seen += news.events.map(\.logged.id)
            cursor = news.cursor
        }
        return seen
    }

    @Test("Each reader is told every event that fits, once and in order, wherever it begins and however fast they come")
    func everything() async throws {
        let authority = try await authority()
        try append(50, authority)
        let begin = try authority.endOfLog()
        let filters = [
            EventFilter(tenant: BuiltInLab.contoso, kind: nil, user: nil),
            EventFilter(tenant: BuiltInLab.contoso, kind: .revoked, user: nil),
            EventFilter(tenant: BuiltInLab.contoso, kind: nil, user: Self.users[1]),
            EventFilter(tenant: BuiltInLab.fabrikam, kind: nil, user: nil),
        ]
        // 60 bursts of 150 events, of which one reader is told half and one a third, beside another tenant's.
        let (bursts, size) = (60, 150)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (filter, number) in zip(filters, [size * bursts, size / 3 * bursts, size / 2 * bursts, 3 * bursts]) {
                for start in [begin, begin - 30] {
                    group.addTask {
                        let known = try authority.store.read { tx in
                            try tx.events(in: filter.tenant, after: start, kind: filter.kind, user: filter.user, limit: .max)
                        }.filter { $0.id <= begin }
                        let told = try await read(filter, after: start, known.count + number, authority)
                        let log = try authority.store.read { tx in
                            try tx.events(in: filter.tenant, after: start, kind: filter.kind, user: filter.user, limit: .max)
                        }
                        #expect(told == log.map(\.id))
                    }
                }
            }
            for _ in 0..<bursts {
                try append(size, authority)
                try append(3, authority, in: BuiltInLab.fabrikam)
                await Task.yield()
            }
            try await group.waitForAll()
        }
    }

    @Test("However many read, the log is looked into once")
    func shared() async throws {
        let looks = Mutex(0)
        let authority = try await authority { statement in
            if statement.hasPrefix("SELECT * FROM events") { looks.withLock { $0 += 1 } }
        }
        let begin = try authority.endOfLog()
        let filter = EventFilter(tenant: BuiltInLab.contoso, kind: nil, user: nil)
        try await withThrowingTaskGroup(of: [Int64].self) { group in
            for _ in 0..<40 { group.addTask { try await read(filter, after: begin, 1, authority) } }
            try append(1, authority)
            for try await told in group { #expect(told == [begin + 1]) }
        }
        // Once before it was there, and once for it.
        #expect(looks.withLock { $0 } <= 3)
    }

    @Test("A reader who is told of a tenant that is reset hears only of what comes after, and of one that is removed nothing")
    func gone() async throws {
        let authority = try await authority()
        let filter = EventFilter(tenant: BuiltInLab.contoso, kind: nil, user: nil)
        try append(5, authority)
        let begin = try authority.endOfLog()
        try append(1, authority)
        _ = try await read(filter, after: begin, 1, authority)
        try append(5, authority)
        _ = try await authority.resetTenant("contoso.example")
        let told = try await authority.nextNews(filter, after: StreamCursor(event: begin, effects: nil), pause: .zero)
        #expect(told?.events.map(\.logged.event.kind) == [.tenantReset])
        try await authority.deleteTenant("contoso.example")
        let none = try await authority.nextNews(filter, after: StreamCursor(event: begin, effects: nil), pause: .zero)
        #expect(none == nil)
    }
}
