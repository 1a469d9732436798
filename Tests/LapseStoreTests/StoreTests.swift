import Foundation
import LapseRules
import Testing

@testable import LapseStore

@Suite("The store, on real SQLite")
struct StoreTests {
    private static let now = Timestamp("2026-03-01T12:00:00Z")!
    private let lab = BuiltInLab.seed
    private let adele = User.Home(tenant: BuiltInLab.contoso, user: GUID("aaaaaaaa-0001-4000-8000-000000000001")!)

    private func store() throws -> Store {
        let store = try Store.inMemory(machineClock: { Self.now })
        try store.write { tx in for seed in lab { try tx.insert(seed) } }
        return store
    }

    private func event(_ kind: Event.Kind = .signedIn) -> Event { Event(tenant: BuiltInLab.contoso, at: Self.now, kind: kind) }

    private func revocation(_ tx: StoreTransaction, at instant: Timestamp = now, cause: Revocation.Cause = .adminRevoke) throws
        -> Revocation
    {
        let revocation = Revocation(
            id: RandomSource.seeded(UInt64(tx.nextEventID())).guid(), user: adele,
            place: Place(at: instant, sequence: try tx.append(event(.revoked))), cause: cause, actor: "me",
            propagation: PropagationModel().propagation(of: instant, ordinal: 1, takenIn: .local))
        try tx.insert(revocation, ordinal: try tx.nextOrdinal(in: BuiltInLab.contoso))
        return revocation
    }

    private func grant(_ number: UInt64 = 1) -> Grant {
        Grant(
            id: RandomSource.seeded(number).guid(), tenant: BuiltInLab.contoso, user: adele.user, client: "app",
            clientClass: .public,
            scope: "openid offline_access",
            authentication: Authentication(user: adele, place: Place(at: Self.now, sequence: 1), method: .password),
            session: nil, createdAt: Self.now, registration: 7)
    }

    @Test("What is written comes back as it was: tenants, users, apps")
    func directory() throws {
        let store = try store()
        try store.read { tx throws in
            for seed in lab {
                #expect(try tx.tenant(seed.tenant.id) == seed.tenant)
                for user in seed.users { #expect(try tx.user(user.id) == user) }
                for app in seed.apps { #expect(try tx.ownApp(app.id, of: seed.tenant.id) == app) }
            }
            #expect(try tx.user("ADELE@contoso.example", in: BuiltInLab.contoso)?.id == adele.user)
            #expect(try tx.user(adele.user.description, in: BuiltInLab.fabrikam) == nil)
            #expect(try tx.tenant(domain: "Contoso.Example")?.id == BuiltInLab.contoso)
        }
    }

    @Test("An app of one tenant is found from another, and Microsoft's from everywhere")
    func apps() throws {
        try store().write { tx throws in
            #expect(try tx.app("bbbbbbbb-0002-4000-8000-000000000001", in: BuiltInLab.fabrikam)?.name == "Lapse Native")
            #expect(try tx.app("04B07795-8ddb-461a-bbee-02f9e1bf7b46", in: nil)?.isFamilyMember == true)
            #expect(try tx.app("nobody", in: BuiltInLab.contoso) == nil)
        }
    }

    @Test("Grants, codes, refresh tokens, sessions come back as they were")
    func signIns() throws {
        let store = try store()
        let hash = SecretHash(of: "secret")
        let grant = grant()
        let token = RefreshToken(hash: hash, grant: grant.id, issuedAt: Self.now, expiresAt: Self.now + .seconds(5))
        let code = AuthorizationCode(
            hash: hash, grant: grant.id, redirectURI: "http://localhost", isForSPA: true,
            challenge: .init(value: "c", method: .s256),
            nonce: "n", wantsAuthTime: true, issuedAt: Self.now, expiresAt: Self.now)
        let device = DeviceCode(
            hash: hash, userCodeHash: SecretHash(of: "user"), client: "app", tenant: nil, scope: "openid", issuedAt: Self.now,
            expiresAt: Self.now)
        let session = BrowserSession(
            id: grant.id, browser: hash, authentication: grant.authentication, isPersistent: true, lastUsedAt: Self.now,
            expiresAt: Self.now)
        try store.write { tx throws in
            try tx.insert(grant)
            try tx.insert(token)
            try tx.insert(code)
            try tx.insert(device)
            try tx.insert(session)
        }
        try store.write { tx throws in
            #expect(try tx.grant(grant.id) == grant)
            #expect(try tx.refreshToken(hash, of: grant.id, issuedAt: Self.now) == token)
            #expect(try tx.refreshToken(hash, of: grant.id, issuedAt: Self.now + .seconds(1)) == nil)
            #expect(try tx.authorizationCode(hash, of: nil) == code)
            #expect(try tx.deviceCode(userCode: SecretHash(of: "user")) == device)
            #expect(try tx.sessions(browsers: [.persistent: hash]) == [session])
            #expect(try tx.sessions(browsers: [.transient: hash]).isEmpty, "a cookie names the sessions of its kind alone")
            try tx.markRedeemed(code: hash, at: Self.now)
            #expect(try tx.authorizationCode(hash, of: nil)?.redeemedAt == Self.now)
        }
    }

    @Test("Operations that come together share a transaction, each sees what those before it did, and all are kept")
    func together() async throws {
        let store = try store()
        let first = try store.write { $0.nextEventID() }
        let signals = store.commits.signals(for: BuiltInLab.contoso)
        let ids = try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await store.writeTogether { tx in
                        let id = try tx.append(Event(tenant: BuiltInLab.contoso, at: Self.now, kind: .tokenRefreshed))
                        let last = try tx.lastEventID()
                        #expect(last == id)
                        return id
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(ids.sorted() == Array(first..<first + 200))
        let kept = try store.read { try $0.events(in: BuiltInLab.contoso, after: first - 1, kind: nil, user: nil, limit: 1000) }
        #expect(kept.map(\.id) == ids.sorted())
        #expect(store.commits.signals(for: BuiltInLab.contoso) - signals < 200, "there is one for each commit")
    }

    @Test("One of many that throws fails alone: the others are kept, though they shared its transaction")
    func togetherWithOneThatThrows() async throws {
        struct Stop: Error {}
        let store = try store()
        let kept = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<100 {
                group.addTask {
                    try? await store.writeTogether { tx in
                        let instant = Self.now + .seconds(Int64(number))
                        try tx.append(Event(tenant: BuiltInLab.contoso, at: instant, kind: .tokenRefreshed))
                        guard number % 10 != 0 else { throw Stop() }
                        return number
                    }
                }
            }
            return await group.reduce(into: Set()) { if let number = $1 { $0.insert(number) } }
        }
        #expect(kept == Set((0..<100).filter { $0 % 10 != 0 }))
        let logged = try store.read {
            try $0.events(in: BuiltInLab.contoso, after: 0, kind: .tokenRefreshed, user: nil, limit: 1000)
        }
        #expect(Set(logged.map { Int(($0.event.at - Self.now).wholeSeconds) }) == kept)
        #expect(logged.count == 90)
    }

    @Test("An operation that throws leaves no trace, not even in what the writer keeps in memory")
    func rollback() throws {
        struct Stop: Error {}
        let store = try store()
        #expect(throws: Stop.self) {
            try store.write { tx throws in
                _ = try revocation(tx)
                var tenant = try #require(try tx.tenant(BuiltInLab.contoso))
                tenant.clock = TenantClock(mode: .frozen, ticks: 5)
                try tx.update(tenant)
                #expect(try tx.tenant(BuiltInLab.contoso)?.clock.mode == .frozen)
                #expect(try tx.history(of: adele, since: .epoch).revocations.count == 1)
                throw Stop()
            }
        }
        try store.write { tx throws in
            #expect(try tx.tenant(BuiltInLab.contoso)?.clock == .real)
            #expect(try tx.history(of: adele, since: .epoch).revocations.isEmpty)
            #expect(try tx.events(in: BuiltInLab.contoso, after: 0, kind: nil, user: nil, limit: 10).isEmpty)
        }
    }

    @Test("The history since an instant holds what is at or after it, each with its arrivals")
    func history() throws {
        let store = try store()
        let revocations = try store.write { tx throws in
            try (0..<5).map { try revocation(tx, at: Self.now + .seconds($0 * 10)) }
        }
        try store.write { tx throws in
            for (index, revocation) in revocations.enumerated() {
                #expect(try tx.history(of: adele, since: revocation.place.at).revocations == Array(revocations[index...]))
                #expect(
                    try tx.history(of: adele, since: revocation.place.at + Duration(ticks: 1)).revocations
                        == Array(revocations[(index + 1)...]))
            }
            _ = try revocation(tx, at: Self.now + .seconds(90), cause: .passwordExpired)
            #expect(try tx.history(of: adele, since: .epoch).revocations.count == 6)
        }
    }

    @Test("A reset brings back the seed, takes everything else, and never uses an event's id again")
    func reset() throws {
        let store = try store()
        let guestGrant = Grant(
            id: RandomSource.seeded(9).guid(), tenant: BuiltInLab.fabrikam, user: adele.user, client: "app", clientClass: .public,
            scope: "",
            authentication: grant().authentication, session: nil, createdAt: Self.now, registration: 0)
        let last = try store.write { tx throws in
            _ = try revocation(tx)
            try tx.insert(grant())
            try tx.insert(guestGrant)
            try tx.insert(RefreshToken(hash: SecretHash(of: "x"), grant: grant().id, issuedAt: Self.now, expiresAt: Self.now))
            try tx.markDeleted(adele.user, at: Self.now)
            var tenant = try #require(try tx.tenant(BuiltInLab.contoso))
            tenant.clock = TenantClock(mode: .frozen, ticks: 5)
            try tx.update(tenant)
            return try tx.append(event())
        }
        try store.write { tx throws in
            #expect(try tx.seed(of: BuiltInLab.contoso) == lab[0])
            try tx.delete(tenant: BuiltInLab.contoso, keepingGuests: true)
            try tx.insert(lab[0])
            #expect(try tx.tenant(BuiltInLab.contoso) == lab[0].tenant)
            #expect(try tx.user("adele@contoso.example", in: BuiltInLab.contoso) == lab[0].users[0])
            #expect(try tx.grant(grant().id) == nil)
            #expect(try tx.grant(guestGrant.id) == nil, "what the tenant's accounts hold elsewhere goes too")
            #expect(try tx.history(of: adele, since: .epoch).revocations.isEmpty)
            #expect(try tx.append(event()) == last + 1)
        }
        #expect(try store.read { try $0.seed(of: GUID("99999999-0000-4000-8000-000000000000")!) } == nil)
    }

    @Test("A clock that moves meets what takes effect on the way, in order")
    func effects() throws {
        let store = try store()
        let grant = grant()
        let effects = try store.write { tx throws in
            _ = try revocation(tx, at: Self.now + .seconds(10))
            try tx.insert(grant)
            try tx.insert(
                RefreshToken(hash: SecretHash(of: "x"), grant: grant.id, issuedAt: Self.now, expiresAt: Self.now + .seconds(5)))
            try tx.insert(
                BrowserSession(
                    id: grant.id, browser: SecretHash(of: "b"), authentication: grant.authentication, isPersistent: false,
                    lastUsedAt: Self.now, expiresAt: Self.now + .seconds(20)))
            let contoso = BuiltInLab.contoso
            #expect(try tx.effects(in: contoso, after: Self.now + .seconds(20), through: .latest, limit: 9).isEmpty)
            #expect(try tx.nextEffect(in: contoso, after: Self.now) == Self.now + .seconds(5))
            #expect(try tx.nextEffect(in: contoso, after: Self.now + .seconds(20)) == nil)
            #expect(try tx.endOfPropagation(in: contoso, after: Self.now) == Self.now + .seconds(10))
            #expect(try tx.endOfPropagation(in: contoso, after: Self.now + .seconds(10)) == nil)
            #expect(try tx.nextRefreshTokenExpiry(in: contoso, after: Self.now) == Self.now + .seconds(5))
            #expect(try tx.nextRefreshTokenExpiry(in: contoso, after: Self.now + .seconds(5)) == nil)
            return try tx.effects(in: contoso, after: Self.now, through: Self.now + .seconds(20), limit: 9)
        }
        let inEffect = Array(repeating: ClockEffect.Kind.revocationInEffect, count: 4)
        #expect(effects.map(\.type) == [.refreshTokenExpired] + inEffect + [.sessionExpired])
        #expect(effects.map { ($0.at - Self.now).wholeSeconds } == [5, 10, 10, 10, 10, 20])
        #expect(effects.map(\.plane) == [nil, .cae, .directory, .refresh, .session, nil])
    }

    // MARK: Files

    private func temporaryFile() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapse-store-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.appendingPathComponent("lapse.sqlite3").path
    }

    @Test("A file keeps everything over a restart, the order of events too")
    func restart() throws {
        let path = try temporaryFile()
        defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
        let first = try Store(path: path, machineClock: { Self.now })
        let last = try first.write { tx throws in
            for seed in lab { try tx.insert(seed) }
            return try tx.append(event())
        }
        _ = try first.read { try $0.tenants() }
        try first.close()
        #expect(!FileManager.default.fileExists(atPath: path + "-wal"), "an orderly end leaves one file")
        let second = try Store(path: path, machineClock: { Self.now })
        try second.write { tx throws in
            #expect(try tx.tenants().count == 2)
            #expect(tx.nextEventID() == last + 1)
        }
        try second.close()
    }

    @Test("A database of another program, another schema, or none is refused and left as it was")
    func foreign() throws {
        let path = try temporaryFile()
        defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
        func refused(_ part: String) throws {
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            do {
                _ = try Store(path: path, machineClock: { Self.now })
                #expect(Bool(false), "was opened")
            } catch let error as Store.OpenError {
                #expect(error.description.contains(part), "\(error)")
                #expect(!error.description.contains("\n"))
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        }
        try Data("this is no database, but it is long enough to be taken for one by its name".utf8).write(
            to: URL(fileURLWithPath: path))
        try refused("cannot use the database")
        try FileManager.default.removeItem(atPath: path)
        try ForeignDatabase.execute("CREATE TABLE notes (text TEXT)", at: path)
        try refused("another program")
        try FileManager.default.removeItem(atPath: path)
        try Store(path: path, machineClock: { Self.now }).close()
        try ForeignDatabase.execute("UPDATE meta SET version = 999; PRAGMA wal_checkpoint(TRUNCATE)", at: path)
        try refused("newer Lapse")
    }

    @Test("The schema holds what no row may break: kinds, references, one user per name")
    func constraints() throws {
        let store = try store()
        for statement in [
            "INSERT INTO grants (id, tenant, user, client, client_class, scope, home_tenant, home_user, auth_time, sequence, method, session, created_at, declares_cp1, registration) SELECT 'g', tenant, user, client, 'other', scope, home_tenant, home_user, auth_time, sequence, method, session, created_at, declares_cp1, registration FROM grants",
            "INSERT INTO refresh_tokens (hash, grant_number, issued_at, expires_at, tenant, written_at, ordinal) VALUES (x'00', 99, 1, 2, 1, 1, 1)",
            "UPDATE users SET user_principal_name = 'ADELE@contoso.example' WHERE user_principal_name LIKE 'alex%'",
            "UPDATE tenants SET clock_mode = 'backwards'",
        ] {
            #expect(throws: ForeignDatabase.Refusal.self, "\(statement)") {
                try store.write { tx throws in
                    try tx.insert(grant())
                    try ForeignDatabase.execute(statement, in: tx)
                }
            }
        }
    }
}
