import Foundation
import LapseRules
import Testing

@testable import LapseStore

/// What a column of JSON holds, for instances that show every member and every case.
struct StoredColumn: Sendable, CustomTestStringConvertible {
    let name: String
    /// What is written, an instance a text.
    let texts: @Sendable () throws -> [String]
    /// Whether the instance of that number is read back as it was written.
    let comesBack: @Sendable (_ text: String, _ number: Int) throws -> Bool
    let read: @Sendable (JSON) throws -> Void

    init<Value: Equatable & Sendable>(
        _ name: String, _ instances: [Value], write: @escaping @Sendable (Value) throws -> JSON,
        read: @escaping @Sendable (JSON) throws -> Value
    ) {
        self.name = name
        texts = { try instances.map { try write($0).encodedText } }
        comesBack = { try read(try #require(JSON(parsing: Array($0.utf8)))) == instances[$1] }
        self.read = { _ = try read($0) }
    }

    var testDescription: String { name }

    static let id = GUID("eeeeeeee-0005-4000-8000-000000000001")!

    // The first instance has every member, the second none that may be missing; the others show the cases of each type.

    static let all = [
        StoredColumn("policies", policies, write: \.stored, read: Policies.init(stored:)),
        StoredColumn("lifetimes", [lifetimes, Lifetimes()], write: \.stored, read: Lifetimes.init(stored:)),
        StoredColumn("propagation", models, write: \.stored, read: PropagationModel.init(stored:)),
        StoredColumn("challenges", challenges, write: \.stored, read: [Challenge].init(stored:)),
        StoredColumn(
            "exposes",
            [.init(uri: "api://a", scopes: ["read", "write"], asksForCapabilities: true), .init(uri: "api://b", scopes: [])],
            write: \.stored, read: AppRegistration.ExposedAPI.init(stored:)),
        StoredColumn("fault", faults, write: \.stored) { try Fault(stored: $0, id: id, ordinal: 7) },
        StoredColumn("expectation", expectations, write: \.stored) {
            try LapseRules.Expectation(stored: $0, id: id, ordinal: 7)
        },
        StoredColumn("notes", notes) {
            try #require($0.stored)
        } read: {
            try Event.Notes(stored: $0)
        },
        StoredColumn("seed", [seed, emptySeed]) {
            try $0.stored
        } read: {
            try TenantSeed(stored: $0)
        },
    ]

    private static let tieRules = [Policies.TieRule.precise, .entra, .skew(.seconds(90))]

    private static let policies: [Policies] = {
        var whole = Policies()
        whole.matrix = RevocationMatrix(
            overrides: Dictionary(
                uniqueKeysWithValues: Revocation.Cause.allCases.map { ($0, Set(RevocationMatrix.Column.allCases)) }))
        whole.revokeAnswer = 204
        whole.hasSuberror = false
        whole.loopDetection = true
        whole.lifetimes = lifetimes
        whole.retention.eventRows = 9
        // Side by side, so that the longest list of cases gives the number of instances.
        let cases = (0..<Policies.mostCases).map { number in
            var policies = Policies()
            policies.tieRule = Self.tieRules[number % Self.tieRules.count]
            policies.permissions = number.case()
            policies.errorLayout = number.case()
            policies.tokenTimes = number.case()
            policies.cloud = number.case()
            return policies
        }
        return [whole, Policies()] + cases
    }()

    private static let lifetimes: Lifetimes = {
        var lifetimes = Lifetimes()
        lifetimes.accessToken = .seconds(60)
        lifetimes.caeAccessToken = .seconds(86_400)
        lifetimes.idToken = .seconds(3600)
        lifetimes.refreshTokenInactivity = .seconds(90 * 86_400)
        lifetimes.spaRefreshToken = .seconds(90_061)
        lifetimes.code = .milliseconds(1500)
        lifetimes.deviceCode = .seconds(900)
        lifetimes.session = .seconds(2)
        lifetimes.persistentSession = .longest
        lifetimes.signInFrequency = .seconds(5)
        return lifetimes
    }()

    private static let spans = Array(sequence(first: Span.fixed(.seconds(30))) { $0.next })

    private static let models: [PropagationModel] = {
        let regions = ["east", "west"].map { Region($0)! }
        var byRegion = PropagationModel(seed: 7, regions: regions, routing: .random, origin: .immediate)
        for plane in Plane.allCases { byRegion[plane] = .byRegion([regions[0]: .afterAttempts(3), regions[1]: .manual]) }
        byRegion[.cae] = .byRegion([regions[1]: .after(spans[0])])
        let delays = sequence(first: PropagationModel.Delay.immediate) { $0.next } + spans.map { .after($0) }
        let cases = delays.enumerated().map { number, delay in
            PropagationModel(
                seed: .max, routing: number.case(), origin: number.case(),
                planes: Dictionary(uniqueKeysWithValues: Plane.allCases.map { ($0, .everywhere(delay)) }))
        }
        return [byRegion, PropagationModel()] + cases
    }()

    private static let challenges: [[Challenge]] = [
        Challenge.codes.map { Challenge(code: $0, on: Set(Challenge.Occasion.allCases)) }, [],
        Challenge.Occasion.allCases.map { Challenge(code: .mfaRequired, on: [$0]) },
    ]

    private static let faults: [Fault] = {
        func fault(_ effect: FaultEffect, _ match: Fault.Match = .init()) -> Fault {
            Fault(id: id, ordinal: 7, match: match, effect: effect)
        }
        var match = Fault.Match()
        match.endpoint = .token
        match.flow = .refresh
        match.client = "App-1"
        match.user = id
        match.region = Region("east")
        let whole = Fault(
            id: id, ordinal: 7, name: "one \"in\" four", match: match,
            effect: .init(.refuse(.grantRevoked, suberror: "bad_token", claims: #"{"a":1}"#), latency: spans[0]), times: 3,
            probability: 0.25)
        let always = Fault(id: id, ordinal: 7, effect: .init(.delay, latency: spans[0]), probability: 1)
        let effects = Array(sequence(first: FaultEffect.Kind.refuse(.grantRevoked, suberror: nil, claims: nil)) { $0.next })
        return [whole, fault(.init(effects[0])), always] + effects.dropFirst().map { fault(.init($0, latency: spans[0])) }
            + spans.map { fault(.init(.delay, latency: $0)) }
            + [
                fault(.init(.refuse(.grantRevoked, suberror: "", claims: nil))), fault(.init(.fail(status: 500, retryAfter: nil))),
                fault(.init(.refuse(nil, suberror: nil, claims: nil), words: .init(error: "invalid_grant"))),
                fault(
                    .init(
                        .refuse(.grantRevoked, suberror: nil, claims: nil),
                        words: .init(description: "gone", members: [.init(name: "retry", value: [1, .null])]))),
            ] + FaultEffect.ResponseFault.allCases.map { fault(.init(.response($0))) }
            + FaultEffect.KeyTrouble.allCases.map { fault(.init(.keys($0))) }
            + FaultEffect.ChallengeVariant.allCases.map { fault(.init(.challenge(claims: "{}", variant: $0))) }
            + Fault.Endpoint.allCases.map { endpoint in fault(.init(effects[1]), .with { $0.endpoint = endpoint }) }
            + AppRegistration.Flow.allCases.map { flow in fault(.init(effects[1]), .with { $0.flow = flow }) }
    }()

    private static let expectations: [LapseRules.Expectation] =
        [
            .init(
                id: id, ordinal: 7, name: "comes back", client: "App-1", user: id, after: .revoke, reauthorizesWithin: .seconds(5),
                recoversWithin: .seconds(60), retriesAtMost: 2, carriesClaims: false),
            .init(id: id, ordinal: 7, after: .revoke, carriesClaims: true),
        ] + LapseRules.Expectation.Occasion.allCases.map { .init(id: id, ordinal: 7, after: $0, retriesAtMost: 0) }

    private static let notes: [Event.Notes] = {
        var whole = Event.Notes()
        whole.prompt = "none"
        whole.answersChallenge = true
        whole.demandsClaims = true
        whole.fault = id
        whole.endpoint = .token
        whole.status = 429
        whole.responseFault = .cut
        whole.retryAfter = .seconds(60)
        var demand = Event.Notes()
        demand.demandsClaims = true
        let cases = (0..<max(Fault.Endpoint.allCases.count, FaultEffect.ResponseFault.allCases.count)).map { number in
            var notes = Event.Notes()
            notes.endpoint = number.case()
            notes.responseFault = number.case()
            return notes
        }
        return [whole, demand] + cases
    }()

    private static let seed: TenantSeed = {
        let tenant = Tenant(
            id: id, name: "Contoso", domains: ["contoso.example", "contoso.test"], clock: TenantClock(mode: .frozen, ticks: 5),
            propagation: models[0], policies: policies[0], isSandbox: true)
        var member = User(
            id: id, tenant: id, userPrincipalName: "adele@contoso.example", displayName: "Adele", givenName: "A", surname: "V",
            mail: "a@contoso.example", passwordHash: User.hash(password: "p", of: id), accountEnabled: false,
            roles: DirectoryRole.allCases, createdAt: Tenant.birth)
        member.challenges = challenges[2]
        member.withdrawnConsents = ["app"]
        member.consents = ["app": ["Mail.Read", "api://lapse-lab/access_as_user"]]
        member.mustChangePassword = true
        member.profile = ["jobTitle": "Judge", "businessPhones": ["1"]]
        let guest = User(
            id: Tenant.noID, tenant: id, userPrincipalName: "guest@contoso.example", displayName: "Guest", passwordHash: nil,
            guestOf: .init(tenant: Tenant.noID, user: id), createdAt: Tenant.birth)
        var app = AppRegistration(
            id: "app", name: "App", kind: .confidential, secretHashes: [AppRegistration.hash(secret: "s", of: "app")],
            redirectURIs: ["http://localhost"], spaRedirectURIs: ["http://localhost/spa"], logoutURL: "http://localhost/out",
            flows: Set(AppRegistration.Flow.allCases), delegatedPermissions: ["User.Read"],
            applicationPermissions: ["User.Read.All"],
            exposes: .init(uri: "api://a", scopes: ["read"]), accessTokenVersion: 1, isFamilyMember: true, lifetimes: lifetimes)
        app.challenges = challenges[0]
        app.registration = 7
        app.signInAudience = .myOrg
        app.issuesIDTokens = true
        app.secretEnds = [AppRegistration.hash(secret: "s", of: "app"): Tenant.birth]
        app.certificates = [certificate]
        (app.optionalClaims.idToken, app.optionalClaims.accessToken) = ([.session, .authTime], [.session])
        var principal = ServicePrincipal(of: "app", in: id)
        (principal.isEnabled, principal.isDeleted, principal.requiresAssignment) = (false, true, true)
        principal.assigned = [id]
        principal.consents = ["Mail.Read", "api://a/read"]
        let apps =
            [app] + AppRegistration.Kind.allCases.map { AppRegistration(id: ClientID($0.rawValue), name: "", kind: $0, flows: []) }
        // A seed's faults are numbered by their place.
        let fault = Fault(id: id, ordinal: 1, effect: faults[1].effect)
        return TenantSeed(tenant: tenant, users: [member, guest], apps: apps, faults: [fault], principals: [principal])
    }()

    /// Ends before its own end.
    private static let certificate = AppCertificate(
        pem: """
            -----BEGIN CERTIFICATE-----
            MIIDCzCCAfOgAwIBAgIUOLWT9QOCNWTKHso430LUaJTarBwwDQYJKoZIhvcNAQEL
            BQAwFDESMBAGA1UEAwwJTGFwc2UgV2ViMCAXDTI2MTEyOTE0NTYyNFoYDzIxMjYx
            MTA1MTQ1NjI0WjAUMRIwEAYDVQQDDAlMYXBzZSBXZWIwggEiMA0GCSqGSIb3DQEB
            AQUAA4IBDwAwggEKAoIBAQCuOLyW9GDRCj+L8HMsIzmI8C9VlrTcGCgBAkggbya2
            bKWBGwU8+Ja5EWRTL3kK/IYD4kNu5n2H8OoGRTfsSP2rAutypYD4akDSrhI8uxG7
            2R/s3c8Vr5zkAXawL94TE3cl88BRE7861HIKHVroWrXgw27DvunuK9XCg0RC9JN4
            eR7knRqkwttfKgfre1oYLkKYPZdHRRtvmB8etUzXfYz0MQsz2m9hGKBzDdlhaA0r
            RZU0qPGsgKmlzMsLvBT+ZmjAutof4fHPaupWBTyQk32WRlwYYX2rceJQviY8qz4D
            joXiKxhXFmim7CKOwHCvfJTFjaEHK2cywrGcaOy1hNzDAgMBAAGjUzBRMB0GA1Ud
            DgQWBBSPusYNYU/MtZecsS2b4foX1CQVcjAfBgNVHSMEGDAWgBSPusYNYU/MtZec
            sS2b4foX1CQVcjAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQB+
            vqHOOU67Tv0FhaaVBxP8e3mI9LwPeMjrlMeQ0a7W9H04rpNwPmzEoG/vAqTpdb6r
            aejwwWI1o+zeJE8bHbjT2qsmWhvE5IHxJjDD+DUaoDVfYUopA06tAoHH1bnyoE78
            u5SQR7HCMU96rvyelwYG5FS0PKEqGllECEk/6S/n55xTyjCKHH6XO60RsvEoZYtg
            6Hd33mFsnmrUTW7N9t578VX6LZ++vs6dR5fsmg9LQsIZpCN5mcxhTt08UqUBr6Pa
            DMX1VEwYLYUEtqdHWG435UDake+WKSb7aTu7eEGQ37rcKS4EgCQ2oVmQI3XgmcZK
            Qb8HRfKu/fZCEQKKEKCB
            -----END CERTIFICATE-----
            """, endsAt: Timestamp("2030-01-01T00:00:00Z")!)!

    private static let emptySeed = TenantSeed(tenant: Tenant(id: id, name: "Empty", domains: []), users: [], apps: [])
}

extension Int {
    /// That case, counted around and around.
    fileprivate func `case`<Case: CaseIterable>() -> Case where Case.AllCases == [Case] {
        Case.allCases[self % Case.allCases.count]
    }
}

extension Policies {
    fileprivate static let mostCases = [
        Edition.allCases.count, ErrorLayout.allCases.count, TokenTimes.allCases.count, Cloud.allCases.count,
    ].max()!
}

extension Fault.Match {
    fileprivate static func with(_ change: (inout Self) -> Void) -> Self {
        var match = Self()
        change(&match)
        return match
    }
}

// One of each case, one after the other: a new one has to take its place here before the tests compile.

extension Span {
    fileprivate var next: Span? {
        switch self {
        case .fixed: .uniform(shortest: .zero, longest: .seconds(90))
        case .uniform: .lognormal(median: .seconds(30), p95: .milliseconds(90_500))
        case .lognormal: nil
        }
    }
}

extension PropagationModel.Delay {
    fileprivate var next: PropagationModel.Delay? {
        switch self {
        case .immediate: .manual
        case .manual: .afterAttempts(1)
        case .afterAttempts: .after(.fixed(.zero))
        case .after: nil
        }
    }
}

extension FaultEffect.Kind {
    fileprivate var next: FaultEffect.Kind? {
        switch self {
        case .refuse: .fail(status: 429, retryAfter: .seconds(60))
        case .fail: .challenge(claims: "{}")
        case .challenge: .response(.cut)
        case .response: .keys(.stale)
        case .keys: .delay
        case .delay: nil
        }
    }
}

@Suite("The form in which values are stored")
struct StoredFormTests {
    private static let goldens = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appendingPathComponent("../Golden/stored").standardizedFileURL
    private static let golden = goldens.appendingPathComponent("schema-\(Store.schemaVersion)")

    /// `UPDATE_GOLDEN=1` writes what is missing and changes nothing that is there: a form that changes takes a new version of the schema
    /// with a step to it, and goldens of that version. Who adds an instance alone deletes the file first.
    @Test("What is stored is what the schema's version says, byte for byte, and comes back", arguments: StoredColumn.all)
    func form(column: StoredColumn) throws {
        let file = Self.golden.appendingPathComponent("\(column.name).json")
        let texts = try column.texts()
        let isMissing = !FileManager.default.fileExists(atPath: file.path)
        if isMissing, ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try FileManager.default.createDirectory(at: Self.golden, withIntermediateDirectories: true)
            try Data("[\n\(texts.joined(separator: ",\n"))\n]\n".utf8).write(to: file)
        }
        var lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        #expect((lines.removeFirst(), lines.removeLast(), lines.removeLast()) == ("[", "", "]"))
        let stored = lines.map { $0.hasSuffix(",") ? String($0.dropLast()) : String($0) }
        #expect(texts == stored)
        for (number, text) in stored.enumerated() { #expect(try column.comesBack(text, number), "\(text)") }
    }

    @Test("The goldens are those of this schema, one for each column, and of no other")
    func version() throws {
        #expect(try FileManager.default.contentsOfDirectory(atPath: Self.goldens.path) == ["schema-\(Store.schemaVersion)"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: Self.golden.path).sorted()
                == StoredColumn.all.map { "\($0.name).json" }.sorted())
    }

    @Test("A member that is never written is refused, at every depth", arguments: StoredColumn.all)
    func unknown(column: StoredColumn) throws {
        for damaged in try #require(JSON(parsing: Array(column.texts()[0].utf8))).withMember("unknown") {
            #expect(throws: FieldError.self, "\(damaged.encodedText)") { try column.read(damaged) }
        }
    }

    /// Members that are left out where there is nothing to say.
    private static let optional: [String: Set<String>] = [
        "lifetimes": [
            "accessToken", "caeAccessToken", "idToken", "refreshTokenInactivity", "spaRefreshToken", "code", "deviceCode",
            "session",
            "persistentSession", "signInFrequency",
        ],
        "fault": ["name", "times", "probability"],
        "expectation": [
            "name", "client", "user", "reauthorizesWithin", "recoversWithin", "retriesAtMost", "carriesClaims",
        ],
        "notes": [
            "prompt", "answersChallenge", "demandsClaims", "fault", "endpoint", "status", "answer", "retryAfter",
        ],
    ]

    @Test("A member that is always written must be there", arguments: StoredColumn.all)
    func missing(column: StoredColumn) throws {
        for (member, rest) in try #require(JSON(parsing: Array(column.texts()[0].utf8))).withoutMember() {
            if Self.optional[column.name]?.contains(member) == true {
                #expect(throws: Never.self, "\(member)") { try column.read(rest) }
            } else {
                #expect(throws: FieldError.self, "\(member)") { try column.read(rest) }
            }
        }
    }

    @Test(
        "What no value can be is refused, whatever would come of it later",
        arguments: [
            ("policies", "revokeAnswer", "70000"), ("policies", "tieRule", #""later""#),
            ("policies", "revocationMatrix", #"{"adminRevoke":["cookie"]}"#), ("policies", "lifetimes", #"{"code":"5 s"}"#),
            ("propagation", "regions", "[]"), ("propagation", "regions", #"["east","west","east"]"#),
            ("propagation", "regions", #"["East","west"]"#), ("propagation", "planes", #"{"refresh":"immediate"}"#),
            ("fault", "effect", "{}"), ("fault", "effect", #"{"code":1}"#), ("fault", "effect", #"{"status":70000}"#),
            ("fault", "effect", #"{"status":500,"answer":"cut"}"#), ("fault", "effect", #"{"keys":"lost"}"#),
            ("fault", "effect", #"{"latency":{"uniform":["PT2S","PT1S"]}}"#),
            ("fault", "effect", #"{"latency":{"uniform":["PT2S"]}}"#), ("fault", "effect", #"{"latency":{}}"#),
            ("fault", "effect", #"{"latency":{"lognormal":{"median":"PT0S","p95":"PT1S"}}}"#),
            ("fault", "effect", #"{"latency":{"lognormal":{"median":"PT2S","p95":"PT1S"}}}"#),
            ("fault", "effect", #"{"latency":{"lognormal":{"median":"PT2S"}}}"#),
            ("fault", "effect", #"{"latency":{"fixed":"PT1S","uniform":["PT1S","PT2S"]}}"#), ("fault", "probability", "0"),
            ("fault", "probability", "1.5"), ("fault", "match", #"{"grantType":"implicit"}"#),
            ("fault", "match", #"{"user":"adele"}"#), ("fault", "match", #"{"region":"North Sea"}"#),
            ("expectation", "after", #""lunch""#), ("notes", "answer", #""lost""#), ("notes", "retryAfter", #""P1M""#),
        ])
    func impossible(name: String, member: String, text: String) throws {
        let column = try #require(StoredColumn.all.first { $0.name == name })
        let value = try #require(JSON(parsing: Array(text.utf8)))
        let others = try #require(JSON(parsing: Array(column.texts()[0].utf8))).withoutMember().first { $0.member == member }
        let damaged = try #require(others).rest.followed(by: .object([.init(name: member, value: value)]))
        let error = #expect(throws: FieldError.self, "\(damaged.encodedText)") { try column.read(damaged) }
        #expect(error?.field.isEmpty == false)
    }

    @Test("A row of a seed has all of its columns")
    func columns() throws {
        let seed = try #require(StoredColumn.all.first { $0.name == "seed" })
        for damaged in try #require(JSON(parsing: Array(seed.texts()[0].utf8))).withoutMembers() {
            #expect(throws: (any Error).self, "\(damaged.encodedText)") { try seed.read(damaged) }
        }
    }

    @Test(
        "A row that nobody wrote is refused, and the program goes on",
        arguments: [
            "UPDATE tenants SET policies = '{'", "UPDATE tenants SET domains = '[1]'", "UPDATE tenants SET id = 'contoso'",
            "UPDATE users SET roles = 'none'", #"UPDATE users SET roles = '["Emperor"]'"#, "UPDATE users SET profile = '[]'",
            "UPDATE users SET challenges = '{}'", #"UPDATE apps SET flows = '["implicit"]'"#,
            "UPDATE apps SET secret_hashes = '[\"00\"]'", "UPDATE apps SET exposes = '{}'", "UPDATE tenants SET seed = '{}'",
        ])
    func rows(statement: String) throws {
        let store = try Store.inMemory(machineClock: { Tenant.birth })
        let tenant = BuiltInLab.seed[0].tenant.id
        try store.write { try $0.insert(BuiltInLab.seed[0]) }
        func look(_ tx: StoreTransaction) throws {
            _ = try tx.tenants()
            _ = try tx.users(in: tenant, limit: 100)
            _ = try tx.apps(in: tenant, limit: 100)
            _ = try tx.seed(of: tenant)
        }
        try store.read(look)
        #expect(throws: (any Error).self) {
            try store.write { tx throws in
                try ForeignDatabase.execute("PRAGMA defer_foreign_keys = ON", in: tx)
                try ForeignDatabase.execute(statement, in: tx)
                do { try look(tx) } catch is ForeignDatabase.Refusal { Issue.record("SQLite refused it: \(statement)") }
            }
        }
    }

    @Test("A value of another kind is refused, wherever it stands", arguments: StoredColumn.all)
    func otherKind(column: StoredColumn) throws {
        for text in try column.texts() {
            for damaged in try #require(JSON(parsing: Array(text.utf8))).withOtherKind() {
                #expect("\(damaged.encodedText)") {
                    try column.read(damaged)
                } throws: { error in
                    // A row of a seed is read by GRDB, which has errors of its own.
                    error is FieldError || column.name == "seed"
                }
            }
        }
    }
}

extension JSON {
    /// The members of the object, each with the object without it.
    fileprivate func withoutMember() -> [(member: String, rest: JSON)] {
        guard case .object(let members) = self else { return [] }
        return members.map { member in (member.name, .object(members.filter { $0.name != member.name })) }
    }

    /// This value without one of the members of the objects that are in it.
    fileprivate func withoutMembers() -> [JSON] { withoutMember().map(\.rest) + changed { $0.withoutMembers() } }

    /// This value with a further member, in each object that is in it.
    fileprivate func withMember(_ name: String) -> [JSON] {
        let here = if case .object = self { [followed(by: .object([.init(name: name, value: 1)]))] } else { [JSON]() }
        return here + changed { $0.withMember(name) }
    }

    /// This value with an object that fits nowhere in the place of each value that is in it.
    fileprivate func withOtherKind() -> [JSON] {
        [["unknown": true]] + changed { $0.withOtherKind() }
    }

    /// This value with one of its elements or members changed, in every way.
    private func changed(_ change: (JSON) -> [JSON]) -> [JSON] {
        switch self {
        case .array(let elements):
            elements.indices.flatMap { index in
                change(elements[index]).map { .array(elements[..<index] + [$0] + elements[(index + 1)...]) }
            }
        case .object(let members):
            members.indices.flatMap { index in
                change(members[index].value).map { value in
                    .object(members[..<index] + [.init(name: members[index].name, value: value)] + members[(index + 1)...])
                }
            }
        default: []
        }
    }
}
