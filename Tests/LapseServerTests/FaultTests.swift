import Foundation
import HTTPTypes
import LapseRules
import Synchronization
import Testing

/// What goes wrong on purpose. Effects that end connections are met by real sockets: `test_faults.py`.
@Suite("Faults")
struct FaultTests {
    private static let token: JSON = ["endpoint": "token"]

    private func fault(_ lab: Lab, _ match: JSON, _ effect: JSON, _ more: KeyValuePairs<String, JSON?> = [:]) async throws -> String
    {
        let body = (["match": match, "effect": effect] as JSON).adding(more)
        return try await lab.contoso(.post, "faults", body)["id"]
    }

    @Test(
        "Any code of the catalogue, with its status, text, suberror and claims, and no blank left in it", arguments: AADSTS.allCases
    )
    func codes(code: AADSTS) async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            _ = try await fault(lab, Self.token, ["code": .integer(Int64(code.rawValue))], ["times": 1])
            let answer = try await lab.refresh(grant["refresh_token"])
            #expect(answer.code == code.rawValue, "\(answer.text)")
            #expect(answer.status == code.error().status)
            #expect(answer.json["suberror"]?.text == code.error().suberror)
            let text = answer["error_description"].replacing("{EUII Hidden}", with: "").replacing("{tenant-ID}", with: "")
            #expect(!text.contains("{") && !text.contains("}"), "\(text)")
            // The fault is spent: nothing happened to the token.
            #expect(try await lab.refresh(grant["refresh_token"]).status == 200)
        }
    }

    @Test("A forced refusal may have another suberror, or none, and claims of its own")
    func wording() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            let claims = #"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#
            _ = try await fault(
                lab, Self.token, ["code": 50076, "suberror": "additional_action", "claims": .string(claims)], ["times": 1])
            _ = try await fault(lab, Self.token, ["code": 50173, "suberror": .null], ["times": 1])
            let first = try await lab.refresh(grant["refresh_token"])
            #expect(first["suberror"] == "additional_action" && first["claims"] == claims)
            let second = try await lab.refresh(grant["refresh_token"])
            #expect(second.code == 50173 && second.json["suberror"] == nil)
            let issued = Lab.start.description
            #expect(second["error_description"].contains("issued on '\(issued)'"))
        }
    }

    @Test(
        "A refusal may say its own words: error, description and members go out as they are, at authorize too, and without a code")
    func ownWords() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            let own: JSON = [
                "code": 50173, "error": "token_gone", "error_description": "Nobody knows.",
                "members": ["suberror": 7, "error_uri": .null, "retry": ["a", false]],
            ]
            let id = try await fault(lab, Self.token, own)
            #expect(try await lab.contoso(.get, "faults/\(id)").json["effect"]?.normalized == own.normalized)
            let answer = try await lab.refresh(grant["refresh_token"])
            #expect(answer.status == 400 && answer.code == 50173)
            #expect(answer["error"] == "token_gone" && answer["error_description"] == "Nobody knows.")
            #expect(answer.json["suberror"] == 7 && answer.json["error_uri"] == .null && answer.json["retry"] == ["a", false])
            let old = try await lab.form(
                "/contoso.example/oauth2/token",
                ["grant_type": "refresh_token", "client_id": Lab.native, "refresh_token": grant["refresh_token"]])
            #expect(old["error"] == "token_gone")
            try await lab.contoso(.delete, "faults")

            _ = try await fault(lab, [:], ["error": "login_please", "error_description": "Once more."])
            let unnamed = try await lab.refresh(grant["refresh_token"])
            #expect(unnamed.json["error_codes"] == [] && unnamed["error"] == "login_please" && unnamed.status == 400)
            let redirect = try await lab.authorize(Lab.authorizePath(["prompt": "none"])).redirect
            #expect(redirect?["error"] == "login_please" && redirect?["error_description"] == "Once more.")
            #expect(
                try await lab.contoso(.get, "events?type=faultHit").items.allSatisfy {
                    $0["code"] == .null || $0["code"]?.int == 50173
                })
        }
    }

    @Test("A challenge is written in each of the ways that HTTP allows, at Graph and at Azure Resource Manager")
    func variants() async throws {
        try await Lab.run { lab async throws in
            let claims = #"{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}"#
            let graph = try await lab.grant()["access_token"]
            let management = try await lab.grant(
                client: "04b07795-8ddb-461a-bbee-02f9e1bf7b46", scope: "https://management.azure.com/.default")["access_token"]
            for variant in FaultEffect.ChallengeVariant.allCases {
                try await lab.contoso(.delete, "faults")
                _ = try await fault(lab, [:], ["challenge": .string(claims), "variant": .string(variant.rawValue)])
                for (path, token) in [("/v1.0/me", graph), ("/subscriptions?api-version=2022-12-01", management)] {
                    let answer = try await lab.send(.get, path, headers: [.authorization: "Bearer \(token)"])
                    #expect(answer.status == 401)
                    let headers = answer.headers[values: .wwwAuthenticate]
                    let all = headers.joined(separator: "; ")
                    let encoded = try #require(all.firstMatch(of: /(?i)claims="([^"]+)"/)?.1)
                    let said = try #require(Data(base64Encoded: String(encoded)))
                    #expect(JSON(parsing: Array(said)) == JSON(parsing: Array(claims.utf8)))
                    switch variant {
                    case .padded: #expect(encoded.hasSuffix("=") && headers.count == 1)
                    case .severalInOne: #expect(all.hasPrefix("PoP ") && all.contains(", Bearer ") && headers.count == 1)
                    case .twoHeaders: #expect(headers.count == 2 && !headers[0].contains("claims="))
                    case .otherCase: #expect(all.hasPrefix("bearer ") && all.contains(" CLAIMS=\""))
                    }
                }
            }
        }
    }

    @Test("429 is plain text with Retry-After, 503 is 90033, 500 is server_error; Graph says it in its own envelope")
    func outages() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            for effect: JSON in [
                ["status": 429], ["status": 429, "retryAfter": "PT7.2S"], ["status": 503, "retryAfter": "PT2S"], ["status": 500],
            ] {
                _ = try await fault(lab, [:], effect, ["times": 2])
                let refused = try await lab.refresh(grant["refresh_token"])
                let graph = try await lab.send(
                    .get, "/v1.0/me", headers: [.authorization: "Bearer \(grant["access_token"])"])
                #expect(graph.status == refused.status)
                #expect(graph.headers[.retryAfter] == refused.headers[.retryAfter])
                #expect(graph.json["error"]?["innerError"] != nil)
                switch refused.status {
                case 429:
                    #expect(refused.text == "Too Many Requests" && refused.headers[.contentType] == "text/plain")
                    #expect(refused.headers[.retryAfter] == (effect["retryAfter"] == nil ? "60" : "8"))
                case 503: #expect(refused.code == 90033 && refused["error"] == "temporarily_unavailable")
                default: #expect(refused.status == 500 && refused["error"] == "server_error")
                }
                #expect(try await lab.refresh(grant["refresh_token"]).status == 200)
            }
        }
    }

    @Test("A fault meets the requests that match, and no others")
    func matching() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", ["regions": ["east", "west"]])
            let adele = try await lab.grant()["refresh_token"],
                alex = try await lab.grant(user: "alex@contoso.example")["refresh_token"]
            let web = try await lab.grant(client: Lab.web)["refresh_token"]
            let east: HTTPFields = [HTTPField.Name("x-lapse-region")!: "east"],
                west: HTTPFields = [HTTPField.Name("x-lapse-region")!: "west"]
            func statuses() async throws -> [Int] {
                var found: [Int] = []
                for (token, client, secret, region) in [
                    (adele, Lab.native, nil, east), (adele, Lab.native, nil, west), (alex, Lab.native, nil, east),
                    (web, Lab.web, "lapse-web-secret", east),
                ] {
                    found.append(try await lab.refresh(token, client: client, headers: region, secret: secret).status)
                }
                return found
            }
            for (match, expected) in [
                (["user": "adele@contoso.example"], [500, 500, 200, 500]),
                (["user": "alex@contoso.example"], [200, 200, 500, 200]), (["client": .string(Lab.web)], [200, 200, 200, 500]),
                (["region": "west"], [200, 500, 200, 200]), (["grantType": "refresh_token"], [500, 500, 500, 500]),
                (["grantType": "password"], [200, 200, 200, 200]), (["endpoint": "graph"], [200, 200, 200, 200]),
                (["user": "adele@contoso.example", "client": .string(Lab.native), "region": "east"], [500, 200, 200, 200]),
            ] as [(JSON, [Int])] {
                _ = try await fault(lab, match, ["status": 500])
                #expect(try await statuses() == expected, "\(match.encodedText)")
                #expect(try await lab.contoso(.delete, "faults").status == 204)
            }
        }
    }

    @Test("Faults that end after some hits play one after the other, and then all is well again")
    func sequence() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            let first = try await fault(lab, Self.token, ["code": 90033], ["times": 2, "name": "flaky"])
            let second = try await fault(lab, Self.token, ["code": 50173], ["times": 1, "name": "flaky"])
            var codes: [Int?] = []
            for _ in 0..<4 { codes.append(try await lab.refresh(grant["refresh_token"]).code) }
            #expect(codes == [90033, 90033, 50173, nil])
            let hits = try await lab.contoso(.get, "events?type=faultHit").items
            #expect(hits.map { $0["fault"]?.text } == [first, first, second])
            #expect(hits.map { $0["code"]?.int } == [90033, 90033, 50173])
            #expect(hits.allSatisfy { $0["user"]?.text == Lab.adele && $0["client"]?.text == Lab.native })
            let shown = try await lab.contoso(.get, "faults").items
            #expect(shown.map { $0["hits"]?.int } == [2, 1] && shown.map { $0["left"]?.int } == [0, 0])
            // By name, and one by one.
            #expect(try await lab.contoso(.delete, "faults?name=other").status == 204)
            #expect(try await lab.contoso(.get, "faults").items.count == 2)
            #expect(try await lab.contoso(.delete, "faults/\(first)").status == 204)
            #expect(try await lab.control(.delete, "tenants/contoso.example/faults/\(first)").status == 404)
            #expect(try await lab.contoso(.delete, "faults?name=flaky").status == 204)
            #expect(try await lab.contoso(.get, "faults").items.isEmpty)
        }
    }

    @Test("Each hit counts once, however many ask at once", arguments: [1, 7, 16, 40])
    func exactUnderConcurrency(times: Int64) async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            let id = try await fault(lab, Self.token, ["code": 90033], ["times": .integer(times)])
            let refused = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        var refused = 0
                        for _ in 0..<4 { refused += try await lab.refresh(token).status == 503 ? 1 : 0 }
                        return refused
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(refused == Int(min(times, 64)))
            #expect(try await lab.contoso(.get, "faults/\(id)").json["hits"]?.int == min(times, 64))
            #expect(try await lab.contoso(.get, "events?type=faultHit").items.count == Int(min(times, 64)))
        }
    }

    @Test("Chance has a seed: the same requests are hit on every machine")
    func probability() async throws {
        @Sendable func play() async throws -> String {
            let played = Played()
            try await Lab.run { lab async throws in
                let token = try await lab.grant()["refresh_token"]
                _ = try await fault(lab, Self.token, ["status": 500], ["probability": .number(0.3)])
                for _ in 0..<60 { played.add(try await lab.refresh(token).status == 500 ? "x" : ".") }
            }
            return played.text
        }
        let first = try await play()
        #expect(try await play() == first)
        #expect((8...30).contains(first.count { $0 == "x" }), "\(first)")
    }

    @Test("At authorize an app hears what it can act on, a person what a person can settle, and nobody of an outage")
    func authorize() async throws {
        try await Lab.run { lab async throws in
            let signedIn = try await lab.signIn()
            func ask(_ effect: JSON, prompt: String? = nil) async throws -> Answer {
                _ = try await fault(lab, ["endpoint": "authorize"], effect, ["times": 1])
                let path = prompt.map { Lab.authorizePath(["prompt": $0]) } ?? Lab.authorizePath()
                return try await lab.authorize(path, cookies: signedIn.cookies)
            }
            let silent = try await ask(["code": 50076], prompt: "none")
            #expect(silent.redirect?["error"] == "interaction_required")
            #expect(silent.redirect?["error_description"]?.hasPrefix("AADSTS50076") == true)
            let page = try await ask(["code": 50076])
            #expect(page.status == 200 && page.text.contains("AADSTS50076"))
            #expect(try await ask(["code": 50058]).redirect?["error"] == "login_required")
            for status: Int64 in [429, 500, 503] {
                let answer = try await ask(["status": .integer(status)])
                #expect(answer.status == Int(status) && answer.redirect == nil && answer.text.contains("<html"))
            }
            #expect(try await lab.authorize(Lab.authorizePath(), cookies: signedIn.cookies).redirect?["code"] != nil)
        }
    }

    @Test("A device code, discovery and keys have outages too")
    func others() async throws {
        try await Lab.run { lab async throws in
            for (endpoint, path) in [
                ("discovery", "/contoso.example/v2.0/.well-known/openid-configuration"),
                ("keys", "/contoso.example/discovery/v2.0/keys"), ("keys", "/contoso.example/discovery/keys"),
            ] {
                let id = try await fault(lab, ["endpoint": .string(endpoint)], ["status": 503], ["times": 1])
                let answer = try await lab.send(.get, path)
                #expect(answer.status == 503 && answer.code == 90033)
                #expect(answer.headers[.retryAfter] == nil)
                #expect(try await lab.send(.get, path).status == 200)
                #expect(try await lab.contoso(.get, "faults/\(id)").json["hits"]?.int == 1)
            }
            _ = try await fault(lab, ["endpoint": "devicecode"], ["code": 90033], ["times": 1])
            let form: KeyValuePairs = ["client_id": Lab.native, "scope": "openid"]
            #expect(try await lab.form("/contoso.example/oauth2/v2.0/devicecode", form).status == 503)
            #expect(try await lab.form("/contoso.example/oauth2/v2.0/devicecode", form).status == 200)
        }
    }

    @Test("A fault of one tenant tells nothing of another's user")
    func otherTenants() async throws {
        try await Lab.run { lab async throws in
            let made = try await lab.grant(
                user: "nestor@fabrikam.example", scope: "openid offline_access User.Read", tenant: "fabrikam.example")
            _ = try await fault(lab, Self.token, ["code": 50020], ["times": 1])
            let refused = try await lab.refresh(made["refresh_token"])
            #expect(refused.code == 50020 && !refused.text.contains("nestor"))
            let path = Lab.authorizePath(["login_hint": "nestor@fabrikam.example", "prompt": "login"])
            _ = try await fault(lab, ["endpoint": "authorize"], ["code": 50076], ["times": 1])
            #expect(try await lab.authorize(path).text.contains("AADSTS50076"))
            let events = try await lab.contoso(.get, "events?detail=true").items
            let hits = events.filter { $0["type"]?.text == "faultHit" }
            #expect(hits.count == 2)
            // The guest's own object is of this tenant; the member's is not.
            for event in events where ["faultHit", "refreshRefused"].contains(event["type"]?.text) {
                #expect(event["user"]?.text != "aaaaaaaa-0001-4000-8000-000000000004")
            }
            #expect(hits[0]["user"] == .null && hits[0]["grant"] == .null && hits[0]["presented"] == .null)
        }
    }

    @Test("A resource demands what a fault tells it to, as Graph and the lab's API do")
    func challenges() async throws {
        try await Lab.run { lab async throws in
            let claims = #"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#
            _ = try await fault(lab, [:], ["challenge": .string(claims)], ["times": 1])
            let token = try await lab.grant()["access_token"]
            let answer = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer \(token)"])
            #expect(answer.status == 401)
            let expected = Data(claims.utf8).base64EncodedString()
            #expect(answer.headers[.wwwAuthenticate]?.contains(#"claims="\#(expected)""#) == true)
            #expect(try await lab.contoso(.get, "events?type=accessChallenged").items.count == 1)
        }
    }

    @Test("Keys: stale, wrong, unknown, rolled over; Lapse itself still knows what it signed with the next key")
    func keys() async throws {
        try await Lab.run { lab async throws in
            func listed() async throws -> [JSON] {
                try await lab.send(.get, "/contoso.example/discovery/v2.0/keys").json["keys"]?.elements ?? []
            }
            func kid(_ token: String) -> String? {
                token.split(separator: ".").first.flatMap { Base64URL.decode($0) }.flatMap { JSON(parsing: $0) }?["kid"]?.text
            }
            let grant = try await lab.grant()
            let usual = try #require(try await listed().first)
            for trouble in ["stale", "wrong", "unknownKid", "rolledOver"] {
                _ = try await fault(lab, [:], ["keys": .string(trouble)])
                let refreshed = try await lab.refresh(grant["refresh_token"])
                let keys = try await listed(), names = keys.compactMap { $0["kid"]?.text }
                let signedBy = try #require(kid(refreshed["access_token"]))
                #expect(kid(refreshed["id_token"]) == signedBy)
                let me = try await lab.send(
                    .get, "/v1.0/me", headers: [.authorization: "Bearer \(refreshed["access_token"])"])
                switch trouble {
                case "stale": #expect(signedBy == usual["kid"]?.text && !names.contains(signedBy) && me.status == 200)
                case "wrong": #expect(names == [signedBy] && keys[0]["n"] != usual["n"] && keys[0]["x5c"] != usual["x5c"])
                case "unknownKid": #expect(keys == [usual] && signedBy != usual["kid"]?.text && me.status == 401)
                default: #expect(keys.first == usual && names.count == 2 && names[1] == signedBy && me.status == 200)
                }
                try await lab.contoso(.delete, "faults")
            }
            #expect(try await listed() == [usual])
        }
    }

    @Test("Forged tokens have one defect each, and no resource of Lapse takes them", arguments: TokenDefect.allCases)
    func forged(defect: TokenDefect) async throws {
        try await Lab.run { lab async throws in
            for (scope, path) in [("User.Read", "/v1.0/me"), ("api://lapse-lab/access_as_user", "/_lapse/resource/x")] {
                let genuine = try await lab.grant(scope: scope)["access_token"]
                #expect(try await lab.send(.get, path, headers: [.authorization: "Bearer \(genuine)"]).status == 200)
                let made = try await lab.contoso(
                    .post, "tokens/forge",
                    [
                        "user": "adele@contoso.example", "client_id": .string(Lab.native), "scope": .string(scope),
                        "defect": .string(defect.rawValue),
                    ])
                #expect(made.status == 201)
                let answer = try await lab.send(.get, path, headers: [.authorization: "Bearer \(made["access_token"])"])
                #expect(answer.status == 401, "\(answer.text)")
                #expect(answer.json["error"]?["code"]?.text == "InvalidAuthenticationToken")
                // One defect: all other claims but ids and what belongs to it are the genuine token's.
                let parts = genuine.split(separator: ".")
                let claims = JSON(parsing: Base64URL.decode(parts[1]) ?? []) ?? .null
                let mine: Set<String> =
                    switch defect {
                    case .audience: ["aud"]
                    case .issuer: ["iss"]
                    case .expired, .notYetValid: ["iat", "nbf", "exp"]
                    case .signature, .keyId: []
                    }
                guard case .object(let members) = made.json["claims"] else { throw CancellationError() }
                for member in members where !["uti", "aio", "exp"].contains(member.name) {
                    #expect((claims[member.name] == member.value) == !mine.contains(member.name), "\(member.name)")
                }
            }
        }
    }

    @Test("What is no fault is refused with its field, and changes nothing")
    func badInput() async throws {
        try await Lab.run { lab async throws in
            for (body, field) in [
                ([:], "effect"), (["effect": [:]], "effect"), (["effect": ["code": 1]], "effect.code"),
                (["effect": ["code": 50173, "status": 500]], "effect"), (["effect": ["status": 404]], "effect.status"),
                (["effect": ["status": 500, "retryAfter": "PT1S"]], "effect.retryAfter"),
                (["effect": ["status": 429, "retryAfter": "soon"]], "effect.retryAfter"),
                (["effect": ["answer": "lost"]], "effect.answer"), (["effect": ["keys": "none"]], "effect.keys"),
                (["effect": ["challenge": "no JSON"]], "effect.challenge"),
                (["effect": ["latency": "manual"]], "effect.latency"),
                (["effect": ["latency": ["fixed": "PT1H"]]], "effect.latency"),
                (["effect": ["latency": ["afterAttempts": 3]]], "effect.latency"), (["effect": ["latency": .null]], "effect"),
                (["effect": ["latency": [:]]], "effect.latency"), (["effect": ["status": 500], "name": ""], "name"),
                (["effect": ["status": 500], "match": ["client": ""]], "match.client"),
                (["effect": ["status": 500], "times": 0], "times"), (["effect": ["status": 500], "probability": 0], "probability"),
                (["effect": ["status": 500], "probability": .number(1.5)], "probability"),
                (["effect": ["status": 500], "match": ["endpoint": "moon"]], "match.endpoint"),
                (["effect": ["status": 500], "match": ["user": "nobody@contoso.example"]], "match.user"),
                (["effect": ["status": 500], "match": ["region": "mars"]], "match.region"),
                (["effect": ["status": 500], "match": ["grantType": "magic"]], "match.grantType"),
                (["effect": ["code": 50173], "match": ["endpoint": "graph"]], "match.endpoint"),
                (["effect": ["keys": "stale"], "match": ["endpoint": "token"]], "match.endpoint"),
                (["effect": ["status": 500], "match": ["endpoint": "graph", "grantType": "password"]], "match.grantType"),
                (["effect": ["status": 500], "color": "red"], "color"), (["effect": ["status": 500, "size": 1]], "effect.size"),
            ] as [(JSON, String)] {
                let answer = try await lab.control(.post, "tenants/contoso.example/faults", body)
                #expect(
                    answer.status == 400 && answer.json["error"]?["field"]?.text == field, "\(body.encodedText): \(answer.text)")
            }
            #expect(try await lab.contoso(.get, "faults").items.isEmpty)
            for number in 0..<100 { _ = try await fault(lab, [:], ["status": 500], ["name": .string("\(number)")]) }
            let full = try await lab.control(.post, "tenants/contoso.example/faults", ["effect": ["status": 500]])
            #expect(full.status == 409)
        }
    }

    @Test("A seed has faults, a reset brings them back unhit, and a sandbox has them for its own users")
    func seeded() async throws {
        let seed = try TenantSeed.read(
            [
                "tenants": [
                    [
                        "id": "33333333-cccc-4ccc-8ccc-333333333333", "name": "Tailspin", "domains": ["tailspin.example"],
                        "users": [["userPrincipalName": "wren@tailspin.example"]],
                        "apps": [
                            [
                                "id": .string(Lab.native), "name": "App", "kind": "public",
                                "delegated": ["openid", "offline_access", "User.Read"],
                            ]
                        ],
                        "faults": [
                            ["match": ["user": "wren@tailspin.example"], "effect": ["code": 90033], "times": 1, "name": "first"]
                        ],
                    ]
                ]
            ])
        try await Lab.run(seed: seed) { lab async throws in
            func codes(_ tenant: String) async throws -> [Int?] {
                let token = try await lab.grant(user: "wren@\(tenant)", scope: "openid offline_access User.Read", tenant: tenant)
                var codes: [Int?] = []
                for _ in 0..<2 { codes.append(try await lab.refresh(token["refresh_token"], at: tenant).code) }
                return codes
            }
            #expect(try await codes("tailspin.example") == [90033, nil])
            #expect(try await lab.control(.post, "tenants/tailspin.example/reset").status == 200)
            let faults = try await lab.control(.get, "tenants/tailspin.example/faults").items
            #expect(faults.map { $0["hits"]?.int } == [0] && faults.map { $0["name"]?.text } == ["first"])
            #expect(try await codes("tailspin.example") == [90033, nil])
            let sandbox = try await lab.control(.post, "tenants", ["template": "tailspin"])
            let domain = try #require(sandbox.json["domains"]?.elements.first?.text)
            #expect(try await codes(domain) == [90033, nil])
        }
    }

    private final class Played: Sendable {
        private let state = Mutex("")
        func add(_ text: String) { state.withLock { $0 += text } }
        var text: String { state.withLock { $0 } }
    }
}
