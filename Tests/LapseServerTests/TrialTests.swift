import Foundation
import HTTPTypes
import LapseRules
import Testing

@testable import LapseServer

/// What an endpoint would answer, asked without the token or cookie.
@Suite("A trial")
struct TrialTests {
    private static let path = "tenants/contoso.example"

    private func trial(
        _ lab: Lab, grant id: String, _ endpoint: String = "token", at: String? = nil, region: String? = nil
    ) async throws -> Answer {
        let question: JSON = ["endpoint": .string(endpoint)]
        return try await lab.control(
            .post, "\(Self.path)/grants/\(id)/try", question.adding(["at": at.map(JSON.string), "region": region.map(JSON.string)]))
    }

    @Test("A refresh that would be granted shows what the app would read, without a token, and issues none")
    func granted() async throws {
        try await Lab.run { lab in
            let grant = try await lab.grant()
            let said = try await trial(lab, grant: grant["grant"])
            #expect(said.status == 200, "\(said.text)")
            #expect(said.json["status"] == 200)
            #expect(said.json["body"]?["token_type"] == "Bearer")
            for secret in ["access_token", "refresh_token", "id_token"] { #expect(said.json["body"]?[secret] == nil) }
            #expect(said.json["verdict"]?["plane"] == "refresh")
            #expect(said.json["verdict"]?["accepted"]?.flag == true)
            let grants = try await lab.contoso(.get, "users/\(Lab.adele)/grants")
            #expect(grants.items.map { $0["refreshTokens"] } == [1])
            let events = try await lab.contoso(.get, "events").items
            let last = try #require(events.last)
            #expect(last["type"] == "trial")
            #expect(last["grant"]?.text == grant["grant"])
            #expect(last["code"] == .null)
        }
    }

    @Test("A trial of a later instant is refused as the endpoint will refuse it then")
    func later() async throws {
        try await Lab.run { lab in
            let grant = try await lab.grant()
            try await lab.delay("PT3M")
            _ = try await lab.revoke()
            let now = try await trial(lab, grant: grant["grant"])
            #expect(now.json["status"] == 200)
            let changes = try #require(now.json["verdict"]?["changesAt"]?.text)
            let then = try await trial(lab, grant: grant["grant"], at: changes)
            #expect(then.json["status"] == 400)
            #expect(then.json["body"]?["error_codes"] == [50173])
            // The clock has not moved.
            #expect(try await trial(lab, grant: grant["grant"]).json["status"] == 200)
            try await lab.contoso(.post, "clock/advance", ["by": "PT3M"])
            let real = try await lab.refresh(grant["refresh_token"])
            #expect(real.code == 50173)
            #expect(Self.plain(real.json) == Self.plain(then.json["body"] ?? .null))
        }
    }

    @Test("A trial moves no turn on and counts no attempt, however often somebody tries")
    func usesNothingUp() async throws {
        try await Lab.run { lab in
            let model: JSON = ["regions": ["a", "b"], "routing": "round-robin", "planes": ["refresh": ["afterAttempts": 1]]]
            try await lab.contoso(.put, "propagation", model)
            let grant = try await lab.grant()
            _ = try await lab.revoke()
            for _ in 0..<3 { #expect(try await trial(lab, grant: grant["grant"]).json["verdict"]?["attemptsLeft"] == 1) }
            #expect(try await lab.refresh(grant["refresh_token"]).headers[.lapseRegion] == "a")
            #expect(try await trial(lab, grant: grant["grant"], region: "a").json["body"]?["error_codes"] == [50173])
            #expect(try await trial(lab, grant: grant["grant"], region: "b").json["status"] == 200)
            #expect(try await lab.refresh(grant["refresh_token"]).headers[.lapseRegion] == "b")
        }
    }

    @Test("A trial of an app with a secret looks at all but the secret")
    func confidential() async throws {
        try await Lab.run { lab in
            let grant = try await lab.grant(client: Lab.web)
            #expect(try await trial(lab, grant: grant["grant"]).json["status"] == 200)
            try await lab.contoso(.patch, "apps/\(Lab.web)", ["flows": ["code"]])
            let said = try await trial(lab, grant: grant["grant"]).json["body"] ?? .null
            let real = try await lab.refresh(grant["refresh_token"], client: Lab.web, secret: "lapse-web-secret")
            #expect(real.status == 400)
            #expect(said["error"] == "unauthorized_client")
            #expect(Self.plain(real.json) == Self.plain(said))
        }
    }

    @Test(
        "A trial of any instant is answered", arguments: ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
    func instants(at: String) async throws {
        try await Lab.run { lab in
            let grant = try await lab.grant()
            for endpoint in ["token", "graph"] {
                let said = try await trial(lab, grant: grant["grant"], endpoint, at: at)
                #expect([200, 400].contains(said.status), "\(said.text)")
            }
        }
    }

    @Test("A trial meets the fault that comes next, and leaves it")
    func faults() async throws {
        try await Lab.run { lab in
            let grant = try await lab.grant()
            try await lab.contoso(.post, "faults", ["match": ["endpoint": "token"], "effect": ["code": 50076], "times": 1])
            for _ in 0..<2 { #expect(try await trial(lab, grant: grant["grant"]).json["body"]?["error_codes"] == [50076]) }
            #expect(try await lab.refresh(grant["refresh_token"]).code == 50076)
            #expect(try await trial(lab, grant: grant["grant"]).json["status"] == 200)
        }
    }

    @Test(
        "What cannot be tried is refused by its field",
        arguments: [
            ("grants", #"{"endpoint":"authorize"}"#, "endpoint"), ("grants", #"{"endpoint":"keys"}"#, "endpoint"),
            ("grants", "{}", "endpoint"), ("grants", #"{"endpoint":"token","region":"nowhere"}"#, "region"),
            ("grants", #"{"endpoint":"token","at":"yesterday"}"#, "at"), ("sessions", #"{"endpoint":"token"}"#, "endpoint"),
        ])
    func refused(kind: String, body: String, field: String) async throws {
        try await Lab.run { lab in
            let grant = try await lab.grant()
            let session = try #require(try await lab.contoso(.get, "users/\(Lab.adele)/sessions").items.first?["id"]?.text)
            let id = kind == "grants" ? grant["grant"] : session
            let body = try #require(JSON(parsing: Array(body.utf8)))
            let before = try await lab.contoso(.get, "events").items.count
            let answer = try await lab.control(.post, "\(Self.path)/\(kind)/\(id)/try", body)
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.json["error"]?["field"]?.text == field)
            for unknown in ["nothing", Lab.adele] {
                #expect(try await lab.control(.post, "\(Self.path)/\(kind)/\(unknown)/try", ["endpoint": "token"]).status == 404)
            }
            #expect(try await lab.contoso(.get, "events").items.count == before)
        }
    }

    /// How many steps: more when somebody asks.
    private static let steps = ProcessInfo.processInfo.environment["LAPSE_STEPS"].flatMap(Int.init) ?? 60

    @Test("Trials, and the verdicts that explain gives of a grant or session, say what the endpoints say, in random histories")
    func property() async throws {
        try await Lab.run { lab in
            var met: Set<String> = []
            for seed in 0..<(Self.steps / 20) {
                var history = TriedHistory(lab: lab, random: .seeded(UInt64(seed)), number: seed)
                try await history.begin()
                for _ in 0..<20 { try await history.step() }
                met.formUnion(history.met)
            }
            #expect(
                met.isSuperset(of: ["token 200", "token 400", "graph 200", "graph 401", "authorize accepted", "authorize refused"]),
                "\(met)")
        }
    }

    /// An error without what differs from request to request; of an answer with tokens what a refresh grants.
    fileprivate static func plain(_ body: JSON) -> [String] {
        if body["token_type"] != nil { return [body["scope"]?.text ?? "", body["token_type"]?.text ?? ""] }
        let text = (body["error_description"]?.text ?? "").split(separator: " Trace ID:").first.map(String.init) ?? ""
        return [body["error"]?.text ?? "", text, body["suberror"]?.text ?? "", body["claims"]?.text ?? ""]
    }
}

/// A user's sign-ins of an app that understands claims challenges, and what happens to them. After each step all that is held is tried, and
/// then sent.
private struct TriedHistory {
    let lab: Lab
    let random: RandomSource
    let tenant: String
    private var held: [Held] = []
    /// What endpoints answered.
    private(set) var met: Set<String> = []

    private struct Held {
        let grant: String
        let session: String
        var refreshToken: String
        var accessToken: String
        let cookie: String
    }

    private static let app = "trial-app"
    private static let regions = ["a", "b"]
    private var user: String { "user@\(tenant)" }

    init(lab: Lab, random: RandomSource, number: Int) {
        self.lab = lab
        self.random = random
        tenant = "trial-\(number).example"
    }

    mutating func begin() async throws {
        let planes: [JSON] = [
            [:], ["refresh": ["fixed": "PT5M"]], ["cae": ["fixed": "PT1M"], "session": ["fixed": "PT7M"]],
            [
                "refresh": ["uniform": ["PT0S", "PT1H"]], "cae": ["uniform": ["PT0S", "PT1H"]],
                "session": ["uniform": ["PT0S", "PT1H"]],
            ],
            ["refresh": ["a": "manual", "b": "immediate"], "session": "manual"],
        ]
        let seed: JSON = [
            "name": "Trial", "domains": [.string(tenant)],
            "propagation": ["regions": ["a", "b"], "planes": planes[random.integer(in: 0...planes.count - 1)]],
            "users": [["userPrincipalName": .string(user), "displayName": "U", "password": "History!1"]],
            "apps": [
                [
                    "id": .string(Self.app), "name": "Trial", "kind": "public", "redirectUris": ["http://localhost"],
                    "delegated": ["User.Read"], "lifetimes": ["refreshTokenInactivity": "P2D"],
                ]
            ],
        ]
        let made = try await lab.control(.post, "tenants", seed)
        #expect(made.status == 201, "\(made.text)")
        try await signIn()
    }

    private mutating func signIn() async throws {
        let path = Lab.authorizePath(
            client: Self.app, redirect: "http://localhost", tenant: tenant, scope: "openid offline_access User.Read",
            ["claims": #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#])
        let page = try await lab.signIn(path, user: user, password: "History!1")
        guard let code = page.redirect?["code"] else { return }
        let tokens = try await lab.form(
            "/\(tenant)/oauth2/v2.0/token",
            [
                "grant_type": "authorization_code", "client_id": Self.app, "code": code, "redirect_uri": "http://localhost",
                "claims": #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#,
            ])
        guard tokens.status == 200 else { return }
        let grants = try await lab.control(.get, "tenants/\(tenant)/users/\(user)/grants").items
        let grant = try #require(grants.first)
        held.append(
            Held(
                grant: grant["id"]?.text ?? "", session: grant["session"]?.text ?? "", refreshToken: tokens["refresh_token"],
                accessToken: tokens["access_token"], cookie: page.cookies))
    }

    private func control(_ method: HTTPRequest.Method, _ path: String, _ body: JSON? = nil) async throws {
        _ = try await lab.control(method, "tenants/\(tenant)/\(path)", body)
    }

    mutating func step() async throws {
        switch random.integer(in: 0...13) {
        case 0...2: try await signIn()
        case 3, 4: try await control(.post, "revocations", ["user": .string(user), "cause": "adminRevoke"])
        case 5:
            try await control(
                .post, "revocations", ["user": .string(user), "cause": "userPasswordChange", "newPassword": "History!1"])
        case 6: try await control(.patch, "users/\(user)", ["accountEnabled": false])
        case 7, 8: try await control(.patch, "users/\(user)", ["accountEnabled": true])
        case 9: try await control(.patch, "apps/\(Self.app)", ["enabled": .bool(random.integer(in: 0...2) > 0)])
        case 10: try await control(random.integer(in: 0...1) == 0 ? .put : .delete, "consents/\(user)/\(Self.app)")
        case 11: try await control(.post, "propagation/release", [:])
        default:
            let spans = ["PT1M", "PT6M", "PT40M", "P1D"]
            try await control(.post, "clock/advance", ["by": .string(spans[random.integer(in: 0...spans.count - 1)])])
        }
        for index in held.indices.suffix(3) {
            for region in Self.regions { try await compare(index, region) }
        }
    }

    private func tried(_ kind: String, _ id: String, _ endpoint: String, _ region: String) async throws -> JSON {
        let answer = try await lab.control(
            .post, "tenants/\(tenant)/\(kind)s/\(id)/try", ["endpoint": .string(endpoint), "region": .string(region)])
        #expect(answer.status == 200, "\(answer.text)")
        let explained = try await lab.control(.post, "tenants/\(tenant)/explain", [kind: .string(id), "region": .string(region)])
        let verdict = answer.json["verdict"] ?? .null
        #expect(explained.json["verdicts"]?.elements.contains(verdict) == true, "\(verdict) \(explained.text)")
        return answer.json
    }

    private func same(_ trial: JSON, _ real: (status: Int, body: JSON), _ what: String) {
        let comment = Comment(
            "\(what) in \(tenant): tried \(trial.encodedText), was answered \(real.status) \(real.body.encodedText)")
        #expect(trial["status"]?.int == Int64(real.status), comment)
        #expect(TrialTests.plain(trial["body"] ?? .null) == TrialTests.plain(real.body), comment)
    }

    private mutating func compare(_ index: Int, _ region: String) async throws {
        let mine = held[index]
        let landing: HTTPFields = [.lapseRegion: region]
        let graph = try await tried("grant", mine.grant, "graph", region)
        var headers = landing
        headers[.authorization] = "Bearer \(mine.accessToken)"
        let me = try await lab.send(.get, "/v1.0/me", headers: headers)
        met.insert("graph \(me.status)")
        #expect(graph["status"]?.int == Int64(me.status), "\(graph.encodedText) \(me.text)")
        #expect(graph["body"]?["error"]?["code"] == me.json["error"]?["code"], "\(graph.encodedText) \(me.text)")
        #expect(graph["body"]?["id"] == me.json["id"])
        #expect((graph["verdict"]?["accepted"]?.flag == true) == (me.status == 200), "\(graph.encodedText) \(me.text)")

        let silent = try await tried("session", mine.session, "authorize", region)
        let path = Lab.authorizePath(
            client: Self.app, redirect: "http://localhost", tenant: tenant, scope: "openid profile offline_access",
            ["prompt": "none"])
        headers = landing
        headers[.cookie] = mine.cookie
        let page = try await lab.send(.get, path, headers: headers)
        if let redirect = page.redirect {
            met.insert("authorize \(redirect["code"] == nil ? "refused" : "accepted")")
            #expect(silent["verdict"]?["accepted"]?.flag == true || redirect["code"] == nil, "\(silent.encodedText)")
            same(
                silent,
                (page.status, ["error": JSON(redirect["error"]), "error_description": JSON(redirect["error_description"])]),
                "authorize")
        } else {
            #expect(silent["status"]?.int == Int64(page.status), "\(silent.encodedText) \(page.status) \(page.text.prefix(300))")
        }

        let refresh = try await tried("grant", mine.grant, "token", region)
        let answer = try await lab.refresh(
            mine.refreshToken, client: Self.app, at: tenant, headers: landing,
            claims: #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)
        met.insert("token \(answer.status)")
        same(refresh, (answer.status, answer.json), "token")
        #expect((refresh["verdict"]?["accepted"]?.flag == true) == (answer.status == 200), "\(refresh.encodedText) \(answer.text)")
        if answer.status == 200 {
            held[index].refreshToken = answer["refresh_token"]
            held[index].accessToken = answer["access_token"]
        }
    }
}
