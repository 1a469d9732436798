import Testing

@testable import LapseRules

private let id = GUID("dddddddd-0004-4000-8000-000000000001")!
private let adele = GUID("aaaaaaaa-0001-4000-8000-000000000001")!
private let (east, west) = (Region("east")!, Region("west")!)

/// The fault of that JSON; the only user is Adele.
private func fault(_ text: String, ordinal: Int64 = 1) throws -> Fault {
    try Fault(try #require(JSON(parsing: Array(text.utf8))), id: id, ordinal: ordinal) { $0 == "adele" ? adele : nil }
}

private func effect(_ text: String) throws -> FaultEffect {
    try FaultEffect(try #require(JSON(parsing: Array(text.utf8))), path: "effect")
}

@Suite("Which requests a fault meets")
struct FaultMatchTests {
    private static let refresh = Fault.Subject(.token, flow: .refresh, client: "app", user: adele, region: east)
    private static let graph = Fault.Subject(.graph, client: "app", user: adele, region: west)
    private static let nobody = Fault.Subject(.token, flow: .clientCredentials, client: "daemon", region: east)

    @Test(
        "What the match names has to agree, what it leaves out need not",
        arguments: [
            (#"{}"#, [true, true, true]), (#"{"endpoint":"token"}"#, [true, false, true]),
            (#"{"endpoint":"graph"}"#, [false, true, false]), (#"{"endpoint":"keys"}"#, [false, false, false]),
            (#"{"grantType":"refresh_token"}"#, [true, false, false]),
            (#"{"grantType":"client_credentials"}"#, [false, false, true]),
            (#"{"client":"APP"}"#, [true, true, false]), (#"{"client":"other"}"#, [false, false, false]),
            (#"{"user":"adele"}"#, [true, true, false]), (#"{"region":"east"}"#, [true, false, true]),
            (#"{"region":"west","client":"app"}"#, [false, true, false]),
            (
                #"{"endpoint":"token","grantType":"refresh_token","client":"app","user":"adele","region":"east"}"#,
                [true, false, false]
            ),
            (
                #"{"endpoint":"token","grantType":"refresh_token","client":"app","user":"adele","region":"west"}"#,
                [false, false, false]
            ),
        ])
    func match(text: String, meets: [Bool]) throws {
        let fault = try fault(#"{"match":\#(text),"effect":{"status":503}}"#)
        #expect([Self.refresh, Self.graph, Self.nobody].map(fault.meets) == meets)
    }

    @Test(
        "An effect meets nothing at an endpoint where it cannot be played",
        arguments: [
            (#"{"code":50173}"#, "token authorize devicecode"), (#"{"challenge":"{}"}"#, "graph resource"),
            (#"{"keys":"stale"}"#, "keys"), (#"{"keys":"wrong"}"#, "keys"), (#"{"keys":"unknownKid"}"#, "token"),
            (#"{"keys":"rolledOver"}"#, "token keys"),
            (#"{"status":429}"#, "token authorize devicecode keys discovery graph resource"),
            (#"{"answer":"cut"}"#, "token authorize devicecode keys discovery graph resource"),
            (#"{"latency":{"fixed":"PT1S"}}"#, "token authorize devicecode keys discovery graph resource"),
        ])
    func reach(text: String, endpoints: String) throws {
        let fault = try fault(#"{"effect":\#(text)}"#)
        let met = Fault.Endpoint.allCases.filter { fault.meets(.init($0, region: east)) }
        #expect(met.map(\.rawValue).joined(separator: " ") == endpoints)
        for endpoint in Fault.Endpoint.allCases {
            let named = #"{"match":{"endpoint":"\#(endpoint.rawValue)"},"effect":\#(text)}"#
            if met.contains(endpoint) {
                #expect(try self.endpoint(of: named) == endpoint)
            } else {
                #expect(throws: FieldError("match.endpoint", "is not one where this effect can be played")) {
                    try self.endpoint(of: named)
                }
            }
        }
    }

    private func endpoint(of text: String) throws -> Fault.Endpoint? { try fault(text).match.endpoint }
}

@Suite("How often a fault hits")
struct FaultHitTests {
    private static let subject = Fault.Subject(.token, flow: .refresh, region: .local)

    /// So many questions in a row, each with the counts that the one before it left.
    private func play(_ faults: [Fault], times: Int, seed: Int64 = 1) -> (hits: [String?], faults: [Fault]) {
        var faults = faults
        var hits: [String?] = []
        for _ in 0..<times {
            let (hit, changed) = Fault.hit(Self.subject, of: faults, seed: seed)
            hits.append(hit?.name)
            for fault in changed { faults[faults.firstIndex { $0.ordinal == fault.ordinal }!] = fault }
        }
        return (hits, faults)
    }

    @Test("A fault hits as often as it may, and then the next one in order plays")
    func order() throws {
        let faults = [
            try fault(#"{"name":"a","effect":{"status":503},"times":2}"#, ordinal: 1),
            try fault(#"{"name":"b","effect":{"status":429},"times":1}"#, ordinal: 2),
        ]
        let (hits, after) = play(faults, times: 4)
        #expect(hits == ["a", "a", "b", nil])
        #expect(after.map(\.hits) == [2, 1])
        #expect(after.map(\.asked) == [2, 1], "a spent fault is asked no more")
        #expect(after.map(\.left) == [0, 0])
    }

    @Test("Without a number of times it hits for ever")
    func endless() throws {
        let (hits, after) = play([try fault(#"{"name":"a","effect":{"status":503}}"#)], times: 50)
        #expect(hits.allSatisfy { $0 == "a" })
        #expect(after[0].left == nil)
        #expect(after[0].hits == 50)
    }

    @Test("A request that meets no fault changes no count")
    func unmet() throws {
        let (hit, changed) = Fault.hit(
            .init(.graph, region: .local), of: [try fault(#"{"match":{"endpoint":"token"},"effect":{"status":503}}"#)], seed: 1)
        #expect(hit == nil)
        #expect(changed.isEmpty)
    }

    @Test(
        "A probability hits its share of 2,000 requests, within four standard deviations", arguments: [0.1, 0.5, 0.9])
    func share(probability: Double) throws {
        let (hits, after) = play([try fault(#"{"name":"a","effect":{"status":503},"probability":\#(probability)}"#)], times: 2000)
        let count = Double(hits.count { $0 == "a" })
        #expect(abs(count - 2000 * probability) < 4 * (2000 * probability * (1 - probability)).squareRoot())
        #expect(after[0].asked == 2000)
        #expect(Double(after[0].hits) == count)
    }

    @Test("Chance depends on seed, ordinal and count alone, and who was spared is asked of the next fault")
    func chance() throws {
        let rare = try fault(#"{"name":"a","effect":{"status":503},"probability":0.5}"#, ordinal: 1)
        let other = try fault(#"{"name":"b","effect":{"status":503}}"#, ordinal: 2)
        let (hits, after) = play([rare, other], times: 40)
        #expect(hits == play([rare, other], times: 40).hits)
        #expect(hits != play([rare, other], times: 40, seed: 2).hits)
        #expect(Set(hits) == ["a", "b"])
        #expect(after[0].asked == 40)
        #expect(after[1].asked == after[0].asked - after[0].hits)
        let later = try fault(#"{"name":"a","effect":{"status":503},"probability":0.5}"#, ordinal: 3)
        #expect(hits != play([later, other], times: 40).hits)
    }

    @Test("A probability of one hits always")
    func certain() throws {
        #expect(
            play([try fault(#"{"name":"a","effect":{"status":503},"probability":1}"#)], times: 100).hits.allSatisfy { $0 == "a" })
    }

    @Test(
        "The latency of each form stays in its bounds, and differs from hit to hit where chance has a say",
        arguments: [
            (#"{"fixed":"PT2S"}"#, 2.0, 2.0), (#"{"uniform":["PT1S","PT3S"]}"#, 1, 3),
            (#"{"lognormal":{"median":"PT10S","p95":"PT2M"}}"#, 0, 120),
        ])
    func latency(text: String, shortest: Double, longest: Double) throws {
        var fault = try fault(#"{"effect":{"latency":\#(text)}}"#)
        var seconds: [Double] = []
        for hit in 1...200 {
            fault.hits = Int64(hit)
            seconds.append(Double(try #require(fault.effect.latency(of: fault, seed: 1)).ticks) / 1e7)
        }
        #expect(seconds.allSatisfy { (shortest...longest).contains($0) })
        #expect((Set(seconds).count > 1) == (shortest < longest))
        // One in twenty of them would be longer than the longest, and is cut.
        if text.contains("lognormal") { #expect(seconds.max() == longest) }
    }

    @Test("Nothing is held back where no latency is named")
    func prompt() throws {
        let fault = try fault(#"{"effect":{"status":503}}"#)
        #expect(fault.effect.latency(of: fault, seed: 1) == nil)
    }
}

@Suite("Reading faults")
struct FaultReadingTests {
    @Test(
        "Each effect is read",
        arguments: [
            (#"{"code":50173}"#, .refuse(.grantRevoked, suberror: nil, claims: nil)),
            (#"{"error":"invalid_grant"}"#, .refuse(nil, suberror: nil, claims: nil)),
            (#"{"challenge":"{}","variant":"twoHeaders"}"#, .challenge(claims: "{}", variant: .twoHeaders)),
            (
                #"{"code":50076,"suberror":"basic_action","claims":"{}"}"#,
                .refuse(.mfaRequired, suberror: "basic_action", claims: "{}")
            ),
            (#"{"code":50173,"suberror":null}"#, .refuse(.grantRevoked, suberror: "", claims: nil)),
            (#"{"status":500}"#, .fail(status: 500, retryAfter: nil)),
            (#"{"status":503}"#, .fail(status: 503, retryAfter: nil)),
            (#"{"status":503,"retryAfter":"PT5S"}"#, .fail(status: 503, retryAfter: .seconds(5))),
            (#"{"status":429,"retryAfter":"PT1M"}"#, .fail(status: 429, retryAfter: .seconds(60))),
            (#"{"challenge":"{\"access_token\":{}}"}"#, .challenge(claims: #"{"access_token":{}}"#)),
            (#"{"answer":"cut"}"#, .response(.cut)), (#"{"answer":"malformed"}"#, .response(.malformed)),
            (#"{"answer":"closed"}"#, .response(.closed)), (#"{"answer":"silent"}"#, .response(.silent)),
            (#"{"answer":"dropped"}"#, .response(.dropped)), (#"{"keys":"stale"}"#, .keys(.stale)),
            (#"{"keys":"wrong"}"#, .keys(.wrong)),
            (#"{"keys":"unknownKid"}"#, .keys(.unknownKid)), (#"{"keys":"rolledOver"}"#, .keys(.rolledOver)),
            (#"{"latency":{"fixed":"PT2M"}}"#, .delay),
            (#"{"status":500,"latency":{"uniform":["PT1S","PT2S"]}}"#, .fail(status: 500, retryAfter: nil)),
        ] as [(String, FaultEffect.Kind)])
    func effects(text: String, kind: FaultEffect.Kind) throws {
        #expect(try effect(text).kind == kind)
    }

    @Test("A throttled client is told to wait a minute where nothing else is said")
    func throttled() throws {
        #expect(try effect(#"{"status":429}"#).kind == .fail(status: 429, retryAfter: .seconds(60)))
    }

    @Test(
        "An effect that cannot be is refused by its field, in a sentence",
        arguments: [
            ("{}", "effect: must have one of code, error, status, challenge, answer, keys; or only latency"),
            (#"{"latency":null}"#, "effect: must have one of code, error, status, challenge, answer, keys; or only latency"),
            (
                #"{"code":50173,"status":503}"#,
                "effect: must have one of code, error, status, challenge, answer, keys; or only latency"
            ),
            ("[]", "effect: must be an object"),
            (#"{"code":50174}"#, "effect.code: must be the number of a code that docs/codes.md lists"),
            (#"{"code":null}"#, "effect.code: must be the number of a code that docs/codes.md lists"),
            (#"{"code":-1}"#, "effect.code: must be a whole number from 0 to 2147483647"),
            (#"{"code":50173,"claims":"x"}"#, "effect.claims: must be a JSON object as text"),
            (#"{"code":50173,"claims":"[]"}"#, "effect.claims: must be a JSON object as text"),
            (#"{"code":50173,"suberror":7}"#, "effect.suberror: must be a text (in quotes)"),
            (#"{"code":50173,"retryAfter":"PT1S"}"#, "effect.retryAfter: is not known"),
            (#"{"error":""}"#, "effect.error: must not be empty"),
            (#"{"error":"é"}"#, "effect.error: must be printable ASCII without quotes and backslashes"),
            (#"{"error":"a\"b"}"#, "effect.error: must be printable ASCII without quotes and backslashes"),
            (
                #"{"error_description":"x"}"#,
                "effect: must have one of code, error, status, challenge, answer, keys; or only latency"
            ),
            (#"{"status":503,"error":"x"}"#, "effect.error: is not known"),
            (#"{"code":50173,"members":[]}"#, "effect.members: must be an object of at most 20 members"),
            (#"{"code":50173,"variant":"padded"}"#, "effect.variant: is not known"),
            (
                #"{"challenge":"{}","variant":"loud"}"#,
                "effect.variant: must be one of: padded, severalInOne, twoHeaders, otherCase"
            ),
            (#"{"status":502}"#, "effect.status: must be one of: 429, 500, 503"),
            (#"{"status":null}"#, "effect.status: must be one of: 429, 500, 503"),
            (#"{"status":404}"#, "effect.status: must be one of: 429, 500, 503"),
            (#"{"status":500,"retryAfter":"PT1S"}"#, "effect.retryAfter: is for 429 and 503"),
            (#"{"challenge":"x"}"#, "effect.challenge: must be a JSON object as text"),
            (#"{"challenge":null}"#, "effect.challenge: must be a JSON object as text"),
            (#"{"answer":"lost"}"#, "effect.answer: must be one of: cut, malformed, closed, silent, dropped"),
            (#"{"answer":null}"#, "effect.answer: must be a text"), (#"{"keys":null}"#, "effect.keys: must be a text"),
            (#"{"keys":"old"}"#, "effect.keys: must be one of: stale, wrong, unknownKid, rolledOver"),
            (#"{"latency":"immediate"}"#, "effect.latency: must be an object with one of fixed, uniform, lognormal"),
            (#"{"latency":"manual"}"#, "effect.latency: must be an object with one of fixed, uniform, lognormal"),
            (#"{"latency":5}"#, "effect.latency: must be an object with one of fixed, uniform, lognormal"),
            (#"{"latency":{"afterAttempts":3}}"#, "effect.latency: must be an object with one of fixed, uniform, lognormal"),
            (#"{"latency":{"fixed":"PT2M1S"}}"#, "effect.latency: must not exceed PT2M"),
            (#"{"latency":{"uniform":["PT1S","PT3M"]}}"#, "effect.latency: must not exceed PT2M"),
            (#"{"latency":{"lognormal":{"median":"PT1S","p95":"PT3M"}}}"#, "effect.latency: must not exceed PT2M"),
            (#"{"latency":{"uniform":["PT2S","PT1S"]}}"#, "effect.latency.uniform: must name the shorter duration first"),
        ])
    func effectMistakes(text: String, says: String) throws {
        let error = #expect(throws: FieldError.self) { try effect(text) }
        #expect(error?.description == says)
    }

    @Test(
        "A fault that cannot be is refused by its field, in a sentence",
        arguments: [
            ("{}", "effect: is required"), (#"{"effect":{"status":503},"time":1}"#, "time: is not known"),
            (#"{"effect":{"status":503},"times":0}"#, "times: must be a whole number from 1 to 1000000"),
            (#"{"effect":{"status":503},"probability":0}"#, "probability: must be a number above 0, at most 1"),
            (#"{"effect":{"status":503},"probability":1.5}"#, "probability: must be a number above 0, at most 1"),
            (#"{"effect":{"status":503},"probability":"x"}"#, "probability: must be a number above 0, at most 1"),
            (#"{"effect":{"status":503},"name":""}"#, "name: must not be empty"),
            (#"{"effect":{"status":503},"match":{"client":""}}"#, "match.client: must not be empty"),
            (
                #"{"effect":{"status":503},"match":{"endpoint":"logout"}}"#,
                "match.endpoint: must be one of: token, authorize, devicecode, keys, discovery, graph, resource"
            ),
            (
                #"{"effect":{"status":503},"match":{"grantType":"implicit"}}"#,
                "match.grantType: must be one of: authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:device_code, password, client_credentials, urn:ietf:params:oauth:grant-type:jwt-bearer"
            ),
            (#"{"effect":{"status":503},"match":{"user":"bob"}}"#, "match.user: names no user of this tenant"),
            (#"{"effect":{"status":503},"match":{"region":"North Sea"}}"#, "match.region: is not the name of a region"),
            (#"{"effect":{"status":503},"match":{"clients":[]}}"#, "match.clients: is not known"),
            (
                #"{"effect":{"status":503},"match":{"endpoint":"graph","grantType":"password"}}"#,
                "match.grantType: is only for the endpoint token"
            ),
            (
                #"{"effect":{"code":50173},"match":{"endpoint":"graph"}}"#,
                "match.endpoint: is not one where this effect can be played"
            ),
        ])
    func mistakes(text: String, says: String) throws {
        let error = #expect(throws: FieldError.self) { try fault(text) }
        #expect(error?.description == says)
    }

    @Test("A fault is read with all that it may say")
    func whole() throws {
        let read = try fault(
            #"{"name":"n","match":{"endpoint":"token","grantType":"password","client":"app","user":"adele","region":"east"},"effect":{"code":50173},"times":3,"probability":0.25}"#
        )
        var match = Fault.Match()
        (match.endpoint, match.flow, match.client, match.user, match.region) = (.token, .password, "app", adele, east)
        #expect(
            read
                == Fault(
                    id: id, ordinal: 1, name: "n", match: match,
                    effect: FaultEffect(.refuse(.grantRevoked, suberror: nil, claims: nil)), times: 3, probability: 0.25))
    }

    @Test(
        "Each grant type names its flow, the device code's in both spellings",
        arguments: [
            ("authorization_code", AppRegistration.Flow.code), ("refresh_token", .refresh), ("device_code", .device),
            ("urn:ietf:params:oauth:grant-type:device_code", .device), ("password", .password),
            ("client_credentials", .clientCredentials), ("urn:ietf:params:oauth:grant-type:jwt-bearer", .onBehalfOf),
        ])
    func flows(type: String, flow: AppRegistration.Flow) throws {
        #expect(try fault(#"{"match":{"grantType":"\#(type)"},"effect":{"status":503}}"#).match.flow == flow)
    }
}
