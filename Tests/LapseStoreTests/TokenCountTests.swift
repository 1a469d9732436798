import LapseRules
import Testing

@testable import LapseStore

@Suite("What a grant's refresh tokens come to")
struct TokenCountTests {
    private static let now = Timestamp("2026-03-01T12:00:00Z")!
    private struct Stop: Error {}

    private static let user = User.Home(tenant: BuiltInLab.contoso, user: GUID("aaaaaaaa-0001-4000-8000-000000000001")!)

    @Test("They are counted, and the latest end known, on clocks that stand, run, and are set back; a restart counts on")
    func counting() throws {
        let store = try Store.inMemory(machineClock: { Self.now })
        let grants = (1...3).map { number in
            Grant(
                id: RandomSource.seeded(UInt64(number)).guid(), tenant: BuiltInLab.contoso, user: Self.user.user, client: "app",
                clientClass: .public, scope: "openid offline_access",
                authentication: Authentication(user: Self.user, place: Place(at: Self.now, sequence: 1), method: .password),
                session: nil, createdAt: Self.now, registration: 7)
        }
        try store.write { tx in
            for seed in BuiltInLab.seed { try tx.insert(seed) }
            for grant in grants { try tx.insert(grant) }
            for grant in grants {
                let none = try tx.refreshTokens(of: grant.id)
                #expect(none.count == 0 && none.lastExpiresAt == nil)
            }
        }
        let random = RandomSource.seeded(3)
        var ends: [GUID: [Timestamp]] = [:]
        for number in 0..<300 {
            let grant = grants[random.integer(in: 0...2)].id
            // Few instants, so that many tokens share one and others come before it.
            let issuedAt = Self.now + .seconds(Int64(random.integer(in: 0...9)))
            let token = RefreshToken(
                hash: SecretHash(of: "\(number)"), grant: grant, issuedAt: issuedAt,
                expiresAt: issuedAt + .seconds(Int64(random.integer(in: 1...100))))
            ends[grant, default: []].append(token.expiresAt)
            // Now and then a transaction is undone, and the writer forgets all that it knows.
            if number % 7 == 0 {
                #expect(throws: Stop.self) {
                    try store.write { tx in
                        try tx.insert(
                            RefreshToken(hash: SecretHash(of: "undone"), grant: grant, issuedAt: issuedAt, expiresAt: .latest))
                        throw Stop()
                    }
                }
            }
            try store.write { try $0.insert(token) }
            let known = try store.write { try $0.refreshTokens(of: grant) }
            let stored = try store.read { try $0.refreshTokens(of: grant) }
            #expect(known.count == ends[grant]?.count && stored.count == ends[grant]?.count)
            #expect(known.lastExpiresAt == ends[grant]?.max() && stored.lastExpiresAt == ends[grant]?.max())
        }
    }
}
