import Foundation
import HTTPTypes
import LapseRules
import LapseService
import Synchronization
import Testing

@testable import LapseServer
@testable import LapseStore

@Suite("What retention deletes, and what it leaves")
struct RetentionTests {
    private static let day = Duration.seconds(86_400)

    /// Sets contoso's retention, and nothing else.
    private func retain(_ retention: JSON, in lab: Lab) async throws {
        try await lab.contoso(.put, "policies", ["retention": retention])
    }

    private func events(_ lab: Lab) async throws -> [JSON] {
        try await lab.contoso(.get, "events").json["items"]?.elements ?? []
    }

    private func stored(_ table: String, _ lab: Lab) throws -> Int {
        try lab.authority.store.read { try $0.numbers("SELECT count(*) FROM \(table)") { _ in }?.first.map(Int.init) ?? -1 }
    }

    @Test("Of events the newest stay: so many, and none that is older; what a tenant keeps for ever stays")
    func events() async throws {
        try await Lab.run { lab in
            let retaining = Retaining(lab.authority)
            try await retain(["events": ["rows": 10, "age": .null]], in: lab)
            for _ in 0..<30 { _ = try await lab.grant() }
            let before = try await events(lab)
            try await retaining.pass()
            #expect(try await events(lab) == before.suffix(10))
            // Others' events stand between a tenant's own.
            for round in 0..<6 {
                _ = try await lab.grant()
                if round == 3 { _ = try await lab.grant(user: "nestor@fabrikam.example", tenant: "fabrikam.example") }
            }
            try await retaining.pass()
            #expect(try await events(lab).count == 10)
            #expect(try await lab.control(.get, "tenants/fabrikam.example/events").json["items"]?.elements.isEmpty == false)
            // By age, on the machine's clock: the tenant's may say what it likes.
            try await retain(["events": ["rows": .null, "age": "P2D"]], in: lab)
            try await lab.contoso(.post, "clock/advance", ["by": "P300D"])
            let young = try await events(lab)
            try await retaining.pass()
            #expect(try await events(lab) == young)
            lab.pass(Self.day * 3)
            _ = try await lab.grant()
            try await retaining.pass()
            #expect(try await events(lab).count == 1)
            try await retain(.null, in: lab)
            lab.pass(Self.day * 3000)
            _ = try await lab.grant()
            try await retaining.pass()
            #expect(try await events(lab).count >= 2)
        }
    }

    @Test("Very many events of others between a tenant's own are passed over, and stay")
    func others() async throws {
        try await Lab.run { lab in
            try await retain(["events": ["rows": 2, "age": .null]], in: lab)
            _ = try await lab.grant()
            let store = lab.authority.store
            try store.write { tx in
                for _ in 0..<10_000 { try tx.append(Event(tenant: BuiltInLab.fabrikam, at: Lab.start, kind: .tokenRefreshed)) }
            }
            for _ in 0..<3 { _ = try await lab.grant() }
            let before = try await events(lab)
            try await Retaining(lab.authority).pass()
            #expect(try await events(lab) == before.suffix(2))
            try await lab.contoso(.post, "reset")
            #expect(try await events(lab).compactMap { $0["type"]?.text } == ["tenantReset"])
            let left = try store.read { try $0.eventCount(of: BuiltInLab.fabrikam, after: 0) }
            #expect(left >= 10_000)
        }
    }

    @Test("An id of an event that is deleted is not used again, though nothing newer is in the log")
    func identifiers() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("lapse-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let last = Mutex<Int64>(0)
        try await Lab.run(database: path) { lab in
            for tenant in ["contoso.example", "fabrikam.example"] {
                let answer = try await lab.control(
                    .put, "tenants/\(tenant)/policies", ["retention": ["events": ["age": "PT1S"]]])
                #expect(answer.status == 200)
            }
            _ = try await lab.grant()
            lab.pass(.seconds(60))
            try await Retaining(lab.authority).pass()
            #expect(try stored("events", lab) == 0)
            let id = try lab.authority.store.read { try $0.lastEventID() }
            last.withLock { $0 = id }
            try lab.authority.store.close()
        }
        try await Lab.run(database: path) { lab in
            let id = try lab.authority.store.read { try $0.lastEventID() }
            #expect(id >= last.withLock { $0 })
            try lab.authority.store.close()
        }
    }

    @Test(
        "A refresh token that is deleted is refused as it was, and its grant still says how many there were and when the last ended"
    )
    func tokens() async throws {
        try await Lab.run { lab in
            let retaining = Retaining(lab.authority)
            try await retain(["tokens": ["age": "P1D"]], in: lab)
            var tokens: [String] = []
            for client in [Lab.native, Lab.spa] {
                let headers = client == Lab.spa ? [.origin: "http://localhost:3000"] : [:] as HTTPFields
                var token = try await lab.grant(client: client)["refresh_token"]
                for _ in 0..<5 {
                    tokens.append(token)
                    try await lab.contoso(.post, "clock/advance", ["by": "PT1M"])
                    token = try await lab.refresh(token, client: client, headers: headers)["refresh_token"]
                }
                tokens.append(token)
            }
            func answers() async throws -> [String] {
                var answers: [String] = []
                for (index, token) in tokens.enumerated() {
                    let isSPA = index >= 6
                    let answer = try await lab.refresh(
                        token, client: isSPA ? Lab.spa : Lab.native, headers: isSPA ? [.origin: "http://localhost:3000"] : [:])
                    answers.append("\(answer.status) \(answer["error_description"].components(separatedBy: " Trace ID")[0])")
                }
                return answers
            }
            func grants() async throws -> [JSON?] {
                try await lab.contoso(.get, "users/adele@contoso.example/grants").json["items"]?.elements.flatMap {
                    [$0["refreshTokens"], $0["refreshExpiresAt"], $0["alive"]]
                } ?? []
            }
            try await lab.contoso(.put, "clock", ["mode": "frozen", "now": "2026-09-01T00:00:00Z"])
            let (before, known) = (try await answers(), try await grants())
            #expect(before.allSatisfy { $0.contains("AADSTS700082") || $0.contains("AADSTS700084") }, "\(before)")
            // They have ended, and are young.
            try await retaining.pass()
            #expect(try stored("refresh_tokens", lab) == 12)
            lab.pass(Self.day * 2)
            _ = try await lab.grant(user: "alex@contoso.example")
            try await retaining.pass()
            #expect(try stored("refresh_tokens", lab) == 3, "the last of each")
            #expect(try await answers() == before)
            #expect(try await grants() == known)
            // What was never issued is as unknown as before.
            let unknown = RefreshToken.newText(for: RandomSource.seeded(3).guid(), at: Lab.start, .seeded(4))
            #expect(try await lab.refresh(unknown).code == 70000)

            let refused = try await lab.control(
                .put, "tenants/contoso.example/clock", ["now": "2026-03-01T13:00:00Z"])
            #expect(refused.status == 409)
            #expect(refused.text.contains("retention.tokens"))
            #expect(try await lab.contoso(.get, "clock")["now"].hasPrefix("2026-09-01"))
            try await lab.contoso(.put, "clock", ["now": "2026-08-31T00:00:00Z"])
            try await lab.contoso(.post, "reset")
            try await lab.contoso(.put, "clock", ["mode": "frozen", "now": "2026-03-01T13:00:00Z"])
        }
    }

    @Test("Codes that are deleted are refused as they were: redeemed, expired, a device's")
    func codes() async throws {
        try await Lab.run { lab in
            let retaining = Retaining(lab.authority)
            try await retain(["tokens": ["age": "P1D"]], in: lab)
            func code() async throws -> String { try #require(try await lab.signIn().redirect?["code"]) }
            let (redeemed, expired) = (try await code(), try await code())
            #expect(try await lab.redeem(code: redeemed).status == 200)
            let device = try await lab.form(
                "/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": "openid"])["device_code"]
            try await lab.contoso(.put, "clock", ["mode": "frozen", "now": "2026-09-01T00:00:00Z"])
            let pending = try await code()
            func poll(_ client: String) async throws -> Int? {
                try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    ["grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": client, "device_code": device]
                ).code
            }
            func answers() async throws -> [Int?] {
                [
                    try await lab.redeem(code: redeemed).code, try await lab.redeem(code: expired).code,
                    try await lab.redeem(code: redeemed, client: Lab.spa).code,
                    try await lab.redeem(code: expired, client: Lab.spa).code,
                    try await poll(Lab.native), try await poll(Lab.spa),
                ]
            }
            let before = try await answers()
            #expect(before.prefix(2) == [54005, 70008])
            lab.pass(Self.day * 2)
            _ = try await lab.grant(user: "alex@contoso.example")
            try await retaining.pass()
            #expect(try stored("authorization_codes", lab) == 1, "the clock that stands keeps the last one alive")
            #expect(try stored("device_codes", lab) == 0)
            #expect(try await answers() == before)
            #expect(try await lab.redeem(code: pending).status == 200)
        }
    }

    @Test(
        "A tenant that has much goes in slices, and nothing of it is left; a reset of it is a reset; the file and its log shrink again"
    )
    func slices() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("lapse-\(UUID())").path
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        @Sendable func size(_ suffix: String = "") -> Int {
            (try? FileManager.default.attributesOfItem(atPath: path + suffix)[.size] as? Int) ?? 0
        }
        try await Lab.run(database: path) { lab in
            let store = lab.authority.store
            _ = try await lab.grant(user: "nestor@fabrikam.example", tenant: "fabrikam.example")
            func rows() throws -> [Int] {
                try ["refresh_tokens", "grants", "sessions", "revocations", "arrivals", "events"].map { try stored($0, lab) }
            }
            let others = try rows()
            try await lab.delay("PT5M")
            let grant = try await lab.grant()
            for _ in 0..<300 { _ = try await lab.revoke() }
            // So many tokens and events as a test would need hours for.
            let token = try #require(RefreshToken.origin(of: grant["refresh_token"]))
            try store.write { tx in
                for number in 1...30_000 {
                    try tx.insert(
                        RefreshToken(
                            hash: SecretHash(of: "\(number)"), grant: token.grant, issuedAt: Lab.start + .seconds(Int64(number)),
                            expiresAt: Lab.start + .seconds(Int64(number) + 1000)))
                    try tx.append(Event(tenant: BuiltInLab.contoso, at: Lab.start, kind: .tokenRefreshed, grant: token.grant))
                }
            }
            store.cutLog()
            let large = size()
            #expect(large > 8 << 20)
            try await lab.contoso(.post, "reset")
            // Only the event that tells of it.
            #expect(try rows() == others.dropLast() + [others[5] + 1])
            #expect(try await lab.refresh(grant["refresh_token"]).code == 70000)
            #expect(try await lab.grant().status == 201)
            try await Retaining(lab.authority).pass()
            #expect(size() < large / 2, "\(size()) of \(large)")
            #expect(size("-wal") == 0)
            try store.close()
        }
    }

    /// How many histories: more when somebody asks.
    private static let histories = ProcessInfo.processInfo.environment["LAPSE_HISTORIES"].flatMap(Int.init) ?? 40

    @Test("A store that forgets gives the same answers as one that keeps all, in random histories with long clocks")
    func property() async throws {
        try await Lab.run { keeping in
            try await Lab.run { forgetting in
                let retaining = Retaining(forgetting.authority)
                var deleted = 0
                for seed in 0..<Self.histories {
                    var history = History(labs: [keeping, forgetting], random: .seeded(UInt64(seed)), number: seed)
                    try await history.begin()
                    for _ in 0..<14 {
                        try await history.step()
                        deleted += try await retaining.pass()
                    }
                    try await history.end()
                }
                #expect(deleted > Self.histories, "much was deleted")
            }
        }
    }
}

/// The same requests to several labs of the same randomness, each in a tenant of its own; their answers must be the same.
private struct History {
    let labs: [Lab]
    let random: RandomSource
    let tenant: String
    private var tokens: [String] = []
    private var codes: [String] = []

    init(labs: [Lab], random: RandomSource, number: Int) {
        self.labs = labs
        self.random = random
        tenant = "history-\(number).example"
    }

    private static let app = "history-app"
    private var user: String { "user@\(tenant)" }

    mutating func begin() async throws {
        let models: [JSON] = [
            "instant", "documented", ["planes": ["refresh": ["fixed": "PT5M"]]], ["planes": ["refresh": ["afterAttempts": 2]]],
            ["regions": ["a", "b"], "planes": ["refresh": ["uniform": ["PT0S", "P1D"]]]],
        ]
        let model = models[random.integer(in: 0...models.count - 1)]
        let kept: JSON = ["retention": .null]
        let short: JSON = ["retention": ["events": ["rows": 3, "age": "PT1H"], "tokens": ["age": "PT1H"]]]
        for (index, lab) in labs.enumerated() {
            let seed: JSON = [
                "name": "History", "domains": [.string(tenant)], "propagation": model, "policies": index == 0 ? kept : short,
                "users": [["userPrincipalName": .string(user), "displayName": "U", "password": "History!1"]],
                "apps": [
                    [
                        "id": .string(Self.app), "name": "History", "kind": "public", "redirectUris": ["http://localhost"],
                        "delegated": ["User.Read"], "lifetimes": ["code": "PT10M", "refreshTokenInactivity": "P2D"],
                    ]
                ],
            ]
            let made = try await lab.control(.post, "tenants", seed)
            #expect(made.status == 201, "\(made.text)")
        }
    }

    /// Sends it to all, and compares what they say.
    private func same(_ send: (Lab) async throws -> Answer) async throws -> Answer {
        let first = try await send(labs[0])
        for lab in labs.dropFirst() {
            let other = try await send(lab)
            #expect(other.status == first.status && other.text == first.text, "\(first.text)\n\(other.text)")
        }
        return first
    }

    private func control(_ path: String, _ body: JSON) async throws {
        _ = try await same { try await $0.control(.post, "tenants/\(tenant)/\(path)", body) }
    }

    private mutating func refresh(_ token: String) async throws {
        let answer = try await same { try await $0.refresh(token, client: Self.app, at: tenant) }
        if answer.status == 200 { tokens.append(answer["refresh_token"]) }
    }

    private func any(_ list: [String]) -> String? { list.isEmpty ? nil : list[random.integer(in: 0...list.count - 1)] }

    mutating func step() async throws {
        switch random.integer(in: 0...11) {
        case 0:
            let answer = try await same {
                try await $0.grant(user: user, client: Self.app, scope: "offline_access User.Read", tenant: tenant)
            }
            tokens.append(answer["refresh_token"])
        case 1:
            let path = Lab.authorizePath(
                client: Self.app, redirect: "http://localhost", tenant: tenant, scope: "offline_access User.Read")
            let answer = try await same { try await $0.signIn(path, user: user, password: "History!1") }
            if let code = answer.redirect?["code"] { codes.append(code) }
        case 2...4: if let token = any(tokens) { try await refresh(token) }
        case 5, 6:
            guard let code = any(codes) else { return }
            let answer = try await same {
                try await $0.form(
                    "/\(tenant)/oauth2/v2.0/token",
                    [
                        "grant_type": "authorization_code", "client_id": Self.app, "code": code, "redirect_uri": "http://localhost",
                    ])
            }
            if answer.status == 200 { tokens.append(answer["refresh_token"]) }
        case 7: try await control("revocations", ["user": .string(user), "cause": "adminRevoke"])
        case 8, 9:
            let spans = ["PT1M", "PT20M", "PT12H", "P1D", "P3D", "P100D"]
            try await control("clock/advance", ["by": .string(spans[random.integer(in: 0...spans.count - 1)])])
        default:
            let spans: [Int64] = [60, 1800, 7200, 100_000]
            let span = spans[random.integer(in: 0...spans.count - 1)]
            for lab in labs { lab.pass(.seconds(span)) }
        }
    }

    /// Everything that was ever issued, once more.
    mutating func end() async throws {
        for token in tokens { try await refresh(token) }
        for code in codes {
            _ = try await same {
                try await $0.form(
                    "/\(tenant)/oauth2/v2.0/token",
                    ["grant_type": "authorization_code", "client_id": Self.app, "code": code, "redirect_uri": "http://localhost"])
            }
        }
        _ = try await same { try await $0.control(.get, "tenants/\(tenant)/users/\(user)/grants") }
        for lab in labs { _ = try await lab.control(.delete, "tenants/\(tenant)") }
    }
}
