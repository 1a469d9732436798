import Testing

@testable import LapseRules

@Suite("Policies of a tenant")
struct PoliciesTests {
    @Test(
        "Each policy is read, changes nothing else, and is written as it was read",
        arguments: [
            (#""tieRule":{"skew":"PT1M"}"#, { $0.tieRule = .skew(.seconds(60)) }),
            (#""tieRule":"entra""#, { $0.tieRule = .entra }), (#""revokeAnswer":204"#, { $0.revokeAnswer = 204 }),
            (#""permissions":"beta-2023""#, { $0.permissions = .beta2023 }),
            (#""permissions":"2019""#, { $0.permissions = .v1of2019 }),
            (#""errorLayout":"2021""#, { $0.errorLayout = .of2021 }), (#""suberror":false"#, { $0.hasSuberror = false }),
            (#""loopDetection":true"#, { $0.loopDetection = true }), (#""tokenTimes":"wall""#, { $0.tokenTimes = .wall }),
            (#""cloud":"usgov-l4""#, { $0.cloud = .usGovernmentL4 }), (#""cloud":"usgov-l5""#, { $0.cloud = .usGovernmentL5 }),
            (#""cloud":"china""#, { $0.cloud = .china }),
            (#""lifetimes":{"session":"PT1M"}"#, { $0.lifetimes.session = .seconds(60) }),
            (
                #""retention":{"events":{"rows":5,"age":"P30D"},"tokens":{"age":"P30D"}}"#,
                { $0.retention.eventRows = 5 }
            ),
            (
                #""retention":{"events":{"rows":1000000,"age":null},"tokens":{"age":"PT1S"}}"#,
                { ($0.retention.eventAge, $0.retention.tokenAge) = (nil, .seconds(1)) }
            ),
        ].map { ($0.0, changed($0.1)) })
    func each(member: String, policies: Policies) throws {
        let value = try #require(JSON(parsing: Array("{\(member)}".utf8)))
        #expect(try Policies(value) == policies)
        #expect(policies.json.encodedText.contains(member))
        #expect(try Policies(policies.json) == policies)
        #expect(policies != Policies())
    }

    private static func changed(_ change: (inout Policies) -> Void) -> Policies {
        var policies = Policies()
        change(&policies)
        return policies
    }

    @Test("Without a word everything is as at Entra today")
    func defaults() throws {
        #expect(try Policies([:]) == Policies())
        #expect(
            Policies().json.encodedText
                == #"{"tieRule":"precise","revocationMatrix":{},"revokeAnswer":200,"permissions":"newest","errorLayout":"current","suberror":true,"loopDetection":false,"tokenTimes":"tenant","cloud":"global","lifetimes":{},"retention":{"events":{"rows":1000000,"age":"P30D"},"tokens":{"age":"P30D"}}}"#
        )
    }

    @Test(
        "Retention: what is not said has its default, null keeps all",
        arguments: [
            ("null", nil, nil, nil), (#"{"events":null}"#, nil, nil, 30), (#"{"tokens":null}"#, 1_000_000, 30, nil),
            ("{}", 1_000_000, 30, 30), (#"{"events":{"rows":null}}"#, nil, 30, 30), (#"{"events":{"rows":7}}"#, 7, 30, 30),
            (#"{"tokens":{"age":"P1D"}}"#, 1_000_000, 30, 1),
            (#"{"events":{"age":null},"tokens":{"age":null}}"#, 1_000_000, nil, nil),
        ] as [(String, Int64?, Int64?, Int64?)])
    func retention(text: String, rows: Int64?, eventDays: Int64?, tokenDays: Int64?) throws {
        let value = try #require(JSON(parsing: Array(#"{"retention":\#(text)}"#.utf8)))
        let retention = try Policies(value).retention
        #expect(retention.eventRows == rows)
        #expect(retention.eventAge == eventDays.map { .seconds($0 * 86_400) })
        #expect(retention.tokenAge == tokenDays.map { .seconds($0 * 86_400) })
        #expect(try Policies(["retention": retention.json]).retention == retention)
    }

    @Test(
        "What is no policy is refused by its field",
        arguments: [
            (#"{"retention":7}"#, "p.retention: must be an object"),
            (#"{"retention":{"event":{}}}"#, "p.retention.event: is not known"),
            (#"{"retention":{"events":{"rows":0}}}"#, "p.retention.events.rows: must be a whole number from 1 to 1000000000000"),
            (#"{"retention":{"events":{"age":"PT0S"}}}"#, "p.retention.events.age: must be at least PT1S"),
            (#"{"retention":{"tokens":{"rows":5}}}"#, "p.retention.tokens.rows: is not known"),
            (#"{"tieRule":"late"}"#, #"p.tieRule: must be {"skew":"PT1M"} with a duration, or one of: precise, entra"#),
            (#"{"tieRule":{}}"#, "p.tieRule.skew: is missing"),
            (#"{"tieRule":{"skew":"PT0S"}}"#, "p.tieRule.skew: must be at least PT1S"),
            (#"{"tieRule":{"skew":"PT24H","by":1}}"#, "p.tieRule.by: is not known"),
            (#"{"revokeAnswer":202}"#, "p.revokeAnswer: must be 200 or 204"),
            (#"{"revokeAnswer":500}"#, "p.revokeAnswer: must be a whole number from 200 to 204"),
            (#"{"permissions":"2020"}"#, "p.permissions: must be one of: newest, beta-2023, 2019"),
            (#"{"cloud":"moon"}"#, "p.cloud: must be one of: global, usgov-l4, usgov-l5, china"),
            (#"{"suberror":"no"}"#, "p.suberror: must be true or false"), (#"{"ties":"entra"}"#, "p.ties: is not known"),
            (#"{"lifetimes":{"tea":"PT1M"}}"#, "p.lifetimes.tea: is not known"),
            (#"{"lifetimes":[]}"#, "p.lifetimes: must be an object"),
            (#"{"lifetimes":{"code":"PT0.9S"}}"#, "p.lifetimes.code: must be at least PT1S"),
            (
                #"{"revocationMatrix":{"passwordChange":["cookie"]}}"#,
                "p.revocationMatrix.passwordChange[0]: must be one of: passwordCookie, passwordToken, nonPasswordCookie, nonPasswordToken, confidentialToken"
            ),
            (#"{"revocationMatrix":{"fire":[]}}"#, "p.revocationMatrix.fire: is not known"),
        ])
    func mistakes(text: String, says: String) throws {
        let value = try #require(JSON(parsing: Array(text.utf8)))
        let error = #expect(throws: FieldError.self) { try Policies(value, path: "p") }
        #expect(error?.description == says)
    }

    @Test("A row of the matrix that is given counts in place of Microsoft's; the others stay")
    func matrix() throws {
        let policies = try Policies(["revocationMatrix": ["passwordChange": ["confidentialToken"], "adminRevoke": []]])
        for column in RevocationMatrix.Column.allCases {
            #expect(policies.matrix.touches(.passwordChange, column) == (column == .confidentialToken))
            #expect(!policies.matrix.touches(.adminRevoke, column))
            #expect(policies.matrix.touches(.userRevoke, column))
        }
        #expect(policies.json["revocationMatrix"] == ["adminRevoke": [], "passwordChange": ["confidentialToken"]])
        #expect(try Policies(policies.json) == policies)
    }
}

@Suite("Lifetimes")
struct LifetimesTests {
    /// By name, Entra's in seconds, nil where chance has a say or there is none, and what is in force.
    static let entra: [(String, Int?, @Sendable (EffectiveLifetimes) -> Duration?)] = [
        ("accessToken", nil, { $0.accessToken(random: .seeded(1)) }),
        ("caeAccessToken", nil, { $0.evaluatedAccessToken(random: .seeded(1)) }), ("idToken", 3600, { $0.idToken }),
        ("refreshTokenInactivity", 90 * 86_400, { $0.refreshTokenInactivity }), ("spaRefreshToken", 86_400, { $0.spaRefreshToken }),
        ("code", 600, { $0.code }), ("deviceCode", 900, { $0.deviceCode }), ("session", 86_400, { $0.session(persistent: false) }),
        ("persistentSession", 90 * 86_400, { $0.session(persistent: true) }), ("signInFrequency", nil, { $0.signInFrequency }),
    ]

    private func inForce(tenant: JSON = [:], app: JSON? = nil) throws -> EffectiveLifetimes {
        var contoso = BuiltInLab.seed[0].tenant
        contoso.policies.lifetimes = try Lifetimes(tenant, path: "")
        return EffectiveLifetimes(
            tenant: contoso,
            app: try app.map { AppRegistration(id: "app", name: "", kind: .public, lifetimes: try Lifetimes($0, path: "")) })
    }

    @Test("Entra's, else the tenant's, else the app's", arguments: entra)
    func each(name: String, seconds: Int?, lifetime: @Sendable (EffectiveLifetimes) -> Duration?) throws {
        if let seconds { #expect(lifetime(try inForce()) == .seconds(seconds)) }
        let (wider, own): (JSON, JSON) = (.object([name: "PT7S"]), .object([name: "PT5S"]))
        #expect(lifetime(try inForce(tenant: wider)) == .seconds(7))
        #expect(lifetime(try inForce(tenant: wider, app: [:])) == .seconds(7))
        #expect(lifetime(try inForce(tenant: wider, app: own)) == .seconds(5))
        #expect(lifetime(try inForce(tenant: [:], app: own)) == .seconds(5))
        #expect(try Lifetimes(wider, path: "").json == wider)
        for other in Self.entra where other.0 != name && other.1 != nil {
            #expect(other.2(try inForce(tenant: wider)) == .seconds(other.1!), "\(other.0) by \(name)")
        }
    }

    @Test("Every lifetime stands in the table")
    func complete() { #expect(Self.entra.map(\.0) == Lifetimes.fields.map(\.name)) }

    @Test("Access tokens live 60 to 90 minutes, evaluated ones 20 to 28 hours, by chance")
    func chance() throws {
        let lifetimes = try inForce()
        let drawn = (0..<200).map { lifetimes.accessToken(random: .seeded($0)) }
        #expect(drawn.allSatisfy { (.seconds(3600) ... .seconds(5399)).contains($0) })
        #expect(Set(drawn).count > 100)
        let long = (0..<200).map { lifetimes.evaluatedAccessToken(random: .seeded($0)) }
        #expect(long.allSatisfy { (.seconds(72_000) ... .seconds(100_800)).contains($0) })
        #expect(Set(long).count > 100)
        #expect(lifetimes.applicationToken == .seconds(3599))
        #expect(try inForce(app: ["accessToken": "PT2M"]).applicationToken == .seconds(120))
        #expect(lifetimes.signInFrequency == nil)
    }

    @Test("A setting of the app leaves the tenant's others")
    func merged() throws {
        let lifetimes = try inForce(tenant: ["code": "PT7S", "idToken": "PT8S"], app: ["code": "PT5S"])
        #expect((lifetimes.code, lifetimes.idToken) == (.seconds(5), .seconds(8)))
    }
}

@Suite("Challenges")
struct ChallengeTests {
    private func list(_ text: String, ofApp: Bool) throws -> [Challenge]? {
        var reader = try ObjectReader(try #require(JSON(parsing: Array(text.utf8))), path: "o")
        defer { #expect(!reader.has("challenges")) }
        return try Challenge.list(&reader, ofApp: ofApp)
    }

    @Test(
        "Each code can be switched on, for one occasion or both", arguments: Challenge.codes,
        [[], ["refresh"], ["authorize"], ["refresh", "authorize"]])
    func codes(code: AADSTS, occasions: [String]) throws {
        let named = JSON(occasions)
        let value: JSON = .object(["code": .integer(Int64(code.rawValue)), "on": occasions.isEmpty ? nil : named])
        let text = JSON.object(["challenges": [value]]).encodedText
        let read = try #require(try list(text, ofApp: true)?.first)
        let both = ["refresh", "authorize"]
        #expect(
            read == Challenge(code: code, on: Set((occasions.isEmpty ? both : occasions).map { Challenge.Occasion(rawValue: $0)! }))
        )
        #expect(read.json["on"] == JSON(occasions.isEmpty ? both : occasions))
        #expect(try list(JSON.object(["challenges": [read.json]]).encodedText, ofApp: true) == [read])
        if code == .secretExpired {
            #expect(throws: FieldError.self) { try list(text, ofApp: false) }
        } else {
            #expect(try list(text, ofApp: false) == [read])
        }
    }

    @Test("No list is nil, and an empty one switches all off")
    func lists() throws {
        #expect(try list("{}", ofApp: true) == nil)
        #expect(try list(#"{"challenges":null}"#, ofApp: true) == nil)
        #expect(try list(#"{"challenges":[]}"#, ofApp: true) == [])
    }

    @Test(
        "What is no challenge is refused by its field",
        arguments: [
            (#"{"challenges":{}}"#, "o.challenges: must be a list"), (#"{"challenges":[7]}"#, "o.challenges[0]: must be an object"),
            (#"{"challenges":[{}]}"#, "o.challenges[0].code: must be the number of a code that docs/codes.md lists"),
            (#"{"challenges":[{"code":50}]}"#, "o.challenges[0].code: must be the number of a code that docs/codes.md lists"),
            (#"{"challenges":[{"code":"50076"}]}"#, "o.challenges[0].code: must be a whole number from 0 to 2147483647"),
            (
                #"{"challenges":[{"code":50076},{"code":50076,"on":["refresh","sign-in"]}]}"#,
                "o.challenges[1].on[1]: must be refresh or authorize"
            ),
            (#"{"challenges":[{"code":50076,"on":[]}]}"#, "o.challenges[0].on: must name refresh, authorize or both"),
            (#"{"challenges":[{"code":50076,"off":[]}]}"#, "o.challenges[0].off: is not known"),
        ])
    func mistakes(text: String, says: String) throws {
        let error = #expect(throws: FieldError.self) { try list(text, ofApp: true) }
        #expect(error?.description == says)
    }
}
