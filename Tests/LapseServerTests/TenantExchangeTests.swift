import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LapseRules
import LapseService
import Logging
import NIOCore
import Testing

@testable import LapseServer

/// The exchanges of one tenant: whom they were about, filters, the wait, bounds, and the HAR file.
@Suite("Exchanges of a tenant")
struct TenantExchangeTests {
    private static let alex = "aaaaaaaa-0001-4000-8000-000000000002"

    private static func ids(_ answer: Answer) -> [Int64] { answer.items.compactMap { $0["id"]?.int } }

    @Test("An exchange tells its tenant, client, user, endpoint, code, region and event; the oldest comes first")
    func subject() async throws {
        try await Lab.run { lab async throws in
            #expect(try await lab.contoso(.get, "exchanges").json == ["items": [], "next": .null])
            let granted = try await lab.grant()
            let answer = try await lab.refresh(granted["refresh_token"])
            _ = try await lab.revoke()
            let refused = try await lab.refresh(granted["refresh_token"])
            _ = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer \(answer["access_token"])"])
            _ = try await lab.send(.get, "/contoso.example/v2.0/.well-known/openid-configuration")
            let items = try await lab.contoso(.get, "exchanges").items
            #expect(items.map { $0["endpoint"]?.text } == ["token", "token", "graph", "discovery"])
            #expect(items.map { $0["code"]?.int } == [nil, 50173, nil, nil])
            #expect(items[0]["event"]?.int == answer.headers[.lapseEvent].flatMap { Int64($0) })
            #expect(items[1]["event"]?.int == refused.headers[.lapseEvent].flatMap { Int64($0) })
            for item in items.prefix(3) {
                #expect(item["client"]?.text == Lab.native)
                #expect(item["clientName"]?.text?.isEmpty == false)
                #expect(item["user"]?.text == Lab.adele)
                #expect(item["userPrincipalName"]?.text == "adele@contoso.example")
            }
            #expect(items[3]["user"] == .null && items[3]["client"] == .null)
            for item in items {
                #expect(item["tenant"]?.text == BuiltInLab.contoso.description)
                #expect(item["region"]?.text == "local")
                #expect(
                    Set(item.members.map(\.name)) == [
                        "id", "at", "method", "path", "status", "request", "response", "tenant", "client", "clientName", "user",
                        "userPrincipalName", "endpoint", "code", "region", "event",
                    ])
            }
            // All tenants together stay as they are.
            let all = try await lab.control(.get, "exchanges").items
            #expect(all.map { $0["id"]?.int } == items.map { $0["id"]?.int }.reversed())
            #expect(all.first?.members.count == 7)
        }
    }

    @Test("Sign-ins and device codes tell of whom they were about, and with what code they were refused, under an alias too")
    func browsers() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.contoso(.get, "exchanges")
            _ = try await lab.signIn(password: "Wr0ng-secret")
            let signedIn = try await lab.signIn(Lab.authorizePath(tenant: "common"))
            _ = try await lab.send(.get, Lab.authorizePath(redirect: "http://nowhere.example/cb"))
            _ = try await lab.send(.get, Lab.authorizePath(["prompt": "none"]))
            _ = try await lab.form("/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": "openid"])
            _ = try await lab.form("/contoso.example/oauth2/v2.0/token", ["client_id": Lab.native])
            _ = try await lab.send(
                .get, "/common/oauth2/v2.0/logout?logout_hint=adele%40contoso.example", headers: [.cookie: signedIn.cookies])
            let items = try await lab.contoso(.get, "exchanges").items
            let posts = items.filter { $0["method"]?.text == "POST" && $0["endpoint"]?.text == "authorize" }
            #expect(posts.map { $0["code"]?.int } == [50126, nil], "\(items)")
            #expect(posts.map { $0["user"]?.text } == [Lab.adele, Lab.adele])
            let rest = items.drop { $0["id"]?.int != posts.last?["id"]?.int }.dropFirst()
            #expect(rest.map { $0["endpoint"]?.text } == ["authorize", "authorize", "devicecode", "token", "logout"])
            #expect(rest.map { $0["code"]?.int } == [50011, 50058, nil, 900_144, nil])
            #expect(rest.map { $0["client"]?.text } == [Lab.native, Lab.native, Lab.native, nil, nil])
            #expect(rest.last?["user"]?.text == Lab.adele)
        }
    }

    @Test("Requests that share a transaction tell each of its own client and user")
    func together() async throws {
        try await Lab.run { lab async throws in
            let adele = try await lab.grant()["refresh_token"]
            let alex = try await lab.grant(user: "alex@contoso.example")["refresh_token"]
            _ = try await lab.contoso(.get, "exchanges")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<24 {
                    group.addTask { _ = try await lab.refresh(number.isMultiple(of: 3) ? adele : alex) }
                }
                try await group.waitForAll()
            }
            let users = try await lab.contoso(.get, "exchanges").items.map { $0["user"]?.text }
            #expect(users.count { $0 == Lab.adele } == 8)
            #expect(users.count { $0 == Self.alex } == 16)
        }
    }

    @Test("Filters: client, user by id, full name or the name before the @, endpoint, and what came after")
    func filters() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.contoso(.get, "exchanges")
            let adele = try await lab.grant()
            let alex = try await lab.grant(user: "alex@contoso.example")
            _ = try await lab.refresh(adele["refresh_token"])
            _ = try await lab.refresh(alex["refresh_token"])
            _ = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer \(adele["access_token"])"])
            _ = try await lab.send(.get, "/oidc/userinfo", headers: [.authorization: "Bearer \(alex["access_token"])"])
            let ids = Self.ids(try await lab.contoso(.get, "exchanges"))
            #expect(ids.count == 4)
            func found(_ query: String) async throws -> [Int] {
                Self.ids(try await lab.contoso(.get, "exchanges?\(query)")).compactMap { ids.firstIndex(of: $0) }
            }
            for name in ["adele", "Adele", "adele@contoso.example", Lab.adele, Lab.adele.uppercased()] {
                #expect(try await found("user=\(name)") == [0, 2], "\(name)")
            }
            #expect(try await found("user=alex") == [1, 3])
            #expect(try await found("client=\(Lab.native.uppercased())") == [0, 1, 2, 3])
            #expect(try await found("client=nothing") == [])
            #expect(try await found("endpoint=token") == [0, 1])
            #expect(try await found("endpoint=userinfo") == [3])
            #expect(try await found("endpoint=graph&user=alex") == [])
            #expect(try await found("after=\(ids[1])") == [2, 3])
            #expect(try await found("after=\(Int64.max)") == [])
            #expect(try await lab.control(.get, "tenants/fabrikam.example/exchanges").items.isEmpty)
        }
    }

    @Test("A name before the @ that fits several users names them, and one that continues another is not taken for it")
    func severalUsers() async throws {
        var seeds = BuiltInLab.seed
        seeds[0].tenant.domains.append("second.example")
        try await Lab.run(seed: seeds) { lab async throws in
            for name in ["adele@second.example", "adele_x@contoso.example", "bea@second.example"] {
                try await lab.contoso(.post, "users", ["userPrincipalName": .string(name), "password": "Passw0rd!"])
            }
            let refused = try await lab.control(.get, "tenants/contoso.example/exchanges?user=adele")
            #expect(refused.status == 400)
            #expect(refused.json["error"]?["field"]?.text == "user")
            let message = refused.json["error"]?["message"]?.text ?? ""
            #expect(message.contains("adele@contoso.example, adele@second.example") && !message.contains("adele_x"), "\(message)")
            try await lab.contoso(.get, "exchanges?user=bea")
            #expect(try await lab.control(.get, "tenants/contoso.example/exchanges?user=adel").status == 404)
        }
    }

    @Test("More than a page: next leads to the rest")
    func pages() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.contoso(.get, "exchanges")
            for _ in 0..<120 { _ = try await lab.send(.get, "/contoso.example/discovery/v2.0/keys") }
            let first = try await lab.contoso(.get, "exchanges")
            let next = try #require(first.json["next"]?.text)
            let second = try await lab.contoso(.get, "exchanges?after=\(next)")
            #expect((first.items.count, second.items.count) == (100, 20))
            #expect(second.json["next"] == .null)
            #expect(Self.ids(first) + Self.ids(second) == (1...120).map { Int64($0) })
            let archive = try await lab.contoso(.get, "exchanges.har")
            #expect(archive.json["log"]?["entries"]?.elements.count == 120)
        }
    }

    // MARK: Waiting

    @Test("Who waits is answered by the first that fits, with its whole answer, and not by what does not fit")
    func waiting() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            async let awaited = lab.contoso(.get, "exchanges?endpoint=token&user=adele&wait=PT30S")
            while lab.exchanges.waiting == 0 { await Task.yield() }
            _ = try await lab.send(.get, "/contoso.example/discovery/v2.0/keys")
            _ = try await lab.send(.post, "/contoso.example/oauth2/v2.0/token")
            #expect(lab.exchanges.waiting == 1)
            _ = try await lab.refresh(token)
            let items = try await awaited.items
            #expect(items.count == 1)
            #expect(items.first?["response"]?.text?.contains(#""token_type":"Bearer""#) == true)
        }
    }

    @Test("A wait ends when its time is over, empty; what is there already is answered at once", .timeLimit(.minutes(10)))
    func waited() async throws {
        try await Lab.run { lab async throws in
            let began = ContinuousClock.now
            let empty = try await lab.contoso(.get, "exchanges?wait=PT0.2S")
            #expect(empty.json == ["items": [], "next": .null])
            #expect(ContinuousClock.now - began >= .milliseconds(200))
            _ = try await lab.send(.get, "/contoso.example/discovery/v2.0/keys")
            // Together they would wait for an hour, however slow the machine is.
            for _ in 0..<30 {
                #expect(try await lab.contoso(.get, "exchanges?wait=PT60S").items.count == 1)
                #expect(try await lab.contoso(.get, "exchanges.har?wait=PT60S").json["log"]?["entries"]?.elements.count == 1)
            }
            #expect(lab.exchanges.waiting == 0)
        }
    }

    @Test("An answer that is held back before its end is shown all the same", .timeLimit(.minutes(10)))
    func heldBack() async throws {
        let log = ExchangeLog(systemTime: { Lab.start })
        let id = log.add(Self.exchange(log, of: Self.alexandria))
        // The log waits a moment for the body, and not for as long as whoever asks.
        let found = await log.exchanges(.init(tenant: Self.alexandria), after: 0, waiting: .seconds(3600))
        #expect(found.map(\.id) == [id])
    }

    // MARK: Bounds

    private static let alexandria = GUID("44444444-dddd-4ddd-8ddd-444444444444")!
    private static let berlin = GUID("55555555-eeee-4eee-8eee-555555555555")!

    private static func exchange(_ log: ExchangeLog, of tenant: GUID?, bytes: Int = 0) -> ExchangeLog.Exchange {
        var exchange = log.exchange(
            log.begin(), method: "POST", target: "/", origin: "https://localhost", status: .ok,
            request: .init(headers: [:], body: .kept(Array(repeating: 65, count: bytes))),
            response: .init(headers: [:], body: .none))
        exchange.subject.tenant = tenant
        return exchange
    }

    private static func kept(_ log: ExchangeLog, of tenant: GUID) async -> [Int64] {
        await log.exchanges(.init(tenant: tenant), after: 0, waiting: nil).map(\.id)
    }

    private static func fill(_ log: ExchangeLog, _ tenant: GUID?, _ count: Int, bytes: Int = 0) {
        for _ in 0..<count {
            let exchange = exchange(log, of: tenant, bytes: bytes)
            log.complete(log.add(exchange), of: tenant, body: .none)
        }
    }

    @Test("A tenant loses its own oldest beyond its bound; beyond the bound of all whoever has most does")
    func bounds() async {
        let log = ExchangeLog(capacity: .init(ofTenant: 5, ofAll: 8), systemTime: { Lab.start })
        Self.fill(log, Self.alexandria, 2)
        Self.fill(log, Self.berlin, 100)
        #expect(await Self.kept(log, of: Self.alexandria) == [1, 2])
        #expect(await Self.kept(log, of: Self.berlin) == [98, 99, 100, 101, 102])
        Self.fill(log, nil, 2)
        #expect(await Self.kept(log, of: Self.alexandria) == [1, 2])
        #expect(await Self.kept(log, of: Self.berlin) == [99, 100, 101, 102])
        #expect(log.newest(after: 0).map(\.id) == [104, 103, 102, 101, 100, 99, 2, 1])
    }

    @Test("Bytes are bounded as numbers are, those of answers too; a single exchange is kept whatever its size")
    func bytes() async {
        let log = ExchangeLog(capacity: .init(bytesOfTenant: 1_000, bytesOfAll: 1_650), systemTime: { Lab.start })
        Self.fill(log, Self.alexandria, 4, bytes: 300)
        #expect(await Self.kept(log, of: Self.alexandria) == [2, 3, 4])
        Self.fill(log, Self.berlin, 3, bytes: 250)
        #expect(await Self.kept(log, of: Self.alexandria) == [3, 4])
        #expect(await Self.kept(log, of: Self.berlin) == [5, 6, 7])
        log.complete(
            log.add(Self.exchange(log, of: Self.berlin)), of: Self.berlin, body: .kept(Array(repeating: 65, count: 1_020)))
        #expect(await Self.kept(log, of: Self.berlin) == [8])
    }

    @Test("A tenant that is reset or removed has no exchanges; another keeps its own")
    func forgotten() async throws {
        try await Lab.run { lab async throws in
            func ask(_ tenant: String) async throws { _ = try await lab.send(.get, "/\(tenant)/discovery/v2.0/keys") }
            func count(_ tenant: String) async throws -> Int {
                let answer = try await lab.control(.get, "tenants/\(tenant)/exchanges")
                return answer.items.count
            }
            #expect(try await count("contoso.example") == 0)
            for tenant in ["contoso.example", "fabrikam.example"] { try await ask(tenant) }
            try await lab.contoso(.post, "reset")
            #expect(try await count("contoso.example") == 0)
            #expect(try await count("fabrikam.example") == 1)
            try await ask("contoso.example")
            #expect(try await lab.control(.post, "reset?tenant=fabrikam.example").status == 200)
            #expect(try await count("fabrikam.example") == 0)
            #expect(try await count("contoso.example") == 1)
            let made = try await lab.control(.post, "tenants", ["template": "contoso"])
            try await ask(made["id"])
            #expect(try await lab.control(.get, "exchanges").items.count == 2)
            #expect(try await lab.control(.delete, "tenants/\(made["id"])").status == 204)
            #expect(try await lab.control(.get, "exchanges").items.count == 1)
        }
    }

    // MARK: Endpoints

    @Test("Every route whose requests are kept has its endpoint, but for pages of Lapse's own")
    func endpoints() async throws {
        try await Lab.run { lab async throws in
            let site = Site(
                authority: lab.authority, scheme: .https, certificatePEM: "", version: "test", systemTime: { Lab.start },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            var found: Set<ExchangeEndpoint> = []
            for route in LapseServer.routes(site, []).routes {
                let path = "\(route.path)".replacing("{tenant}", with: "contoso.example").replacing("**", with: "me").replacing(
                    /\{[a-z]+\}/, with: "x")
                guard route.surface.isWorthKeeping(path) else { continue }
                let endpoint = ExchangeEndpoint(path: path)
                #expect(endpoint == ExchangeEndpoint(path: "/" + path.uppercased()))
                if let endpoint {
                    found.insert(endpoint)
                } else {
                    #expect(
                        [
                            "/", "/error", "/contoso.example/oauth2/nativeclient", "/contoso.example/adminconsent",
                            "/contoso.example/v2.0/adminconsent",
                        ].contains(path), "\(path)")
                }
            }
            #expect(found == Set(ExchangeEndpoint.allCases))
            for name in Fault.Endpoint.allCases { #expect(ExchangeEndpoint(rawValue: name.rawValue) != nil) }
            for path in ["/contoso.example/oauth2/v3.0/token", "/token", "/contoso.example/token", "", "/oidc/x", "/tenants/x"] {
                #expect(ExchangeEndpoint(path: path) == nil, "\(path)")
            }
        }
    }

    // MARK: HAR

    @Test("The HAR file has every member that HAR 1.2 asks for, with values of their kinds, and the requests as they were")
    func archive() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.contoso(.get, "exchanges")
            let granted = try await lab.grant()
            _ = try await lab.refresh(granted["refresh_token"], scope: "openid profile")
            let signedIn = try await lab.signIn(Lab.authorizePath(["login_hint": "adele@contoso.example"]))
            _ = try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: signedIn.cookies)
            _ = try await lab.send(
                .patch, "/v1.0/me",
                headers: [.authorization: "Bearer \(granted["access_token"])", .contentType: "application/json"],
                body: #"{"city":"Oslo"}"#)
            _ = try await lab.send(.head, "/contoso.example/discovery/v2.0/keys")
            _ = try await lab.send(
                .post, "/contoso.example/oauth2/v2.0/token", headers: [.contentType: "text/xml"], body: "<a>1234</a>")

            let file = try await lab.contoso(.get, "exchanges.har")
            let log = try #require(file.json["log"])
            #expect(log["version"]?.text == "1.2")
            #expect(log["creator"]?["name"]?.text == "Lapse" && log["creator"]?["version"]?.text == "test")
            let entries = log["entries"]?.elements ?? []
            let list = try await lab.contoso(.get, "exchanges").items
            #expect(entries.map { $0["_lapse"]?["id"]?.int } == list.map { $0["id"]?.int })
            #expect(entries.count == list.count && entries.count >= 6)
            for entry in entries { try Self.check(entry) }

            let refresh = try #require(entries.first)
            #expect(refresh["startedDateTime"]?.text == Lab.start.description)
            #expect(refresh["request"]?["url"]?.text?.hasSuffix("/contoso.example/oauth2/v2.0/token") == true)
            #expect(
                refresh["request"]?["postData"]?["params"]?.elements.map { $0["name"]?.text } == [
                    "grant_type", "client_id", "refresh_token", "scope",
                ])
            #expect(
                refresh["request"]?["postData"]?["params"]?.elements.map { $0["value"]?.text } == [
                    "refresh_token", Lab.native, "***", "openid profile",
                ])
            #expect(refresh["response"]?["content"]?["text"]?.text?.contains(#""token_type":"Bearer""#) == true)
            #expect(refresh["_lapse"]?["user"]?.text == Lab.adele)

            let authorize = try #require(entries.first { $0["request"]?["url"]?.text?.contains("login_hint") == true })
            let query = authorize["request"]?["queryString"]?.elements ?? []
            #expect(query.first { $0["name"]?.text == "state" }?["value"]?.text == "s t&te")
            let silent = try #require(entries.first { $0["request"]?["url"]?.text?.contains("prompt=none") == true })
            #expect(silent["request"]?["cookies"]?.elements.isEmpty == false)
            for cookie in silent["request"]?["cookies"]?.elements ?? [] { #expect(cookie["value"]?.text == "***") }
            #expect(silent["response"]?["redirectURL"]?.text?.contains("code=***") == true)
            let set = entries.flatMap { $0["response"]?["cookies"]?.elements ?? [] }
            #expect(set.contains { $0["name"]?.text == "ESTSAUTH" && $0["value"]?.text == "***" && $0["httpOnly"]?.flag == true })

            let patch = try #require(entries.first { $0["request"]?["method"]?.text == "PATCH" })
            #expect(patch["request"]?["postData"]?["text"]?.text == #"{"city":"Oslo"}"#)
            let xml = try #require(entries.last)
            #expect(xml["request"]?["postData"]?["text"]?.text == "")
            #expect(xml["request"]?["postData"]?["comment"]?.text == "11 bytes of text/xml, not shown")
            #expect(xml["request"]?["bodySize"]?.int == 11)
            #expect(try await lab.contoso(.get, "exchanges.har?endpoint=graph").json["log"]?["entries"]?.elements.count == 1)
        }
    }

    /// An entry against the members of the HAR 1.2 specification and their kinds.
    private static func check(_ entry: JSON) throws {
        func number(_ value: JSON?) -> Double? {
            switch value {
            case .integer(let number): Double(number)
            case .number(let number): number
            default: nil
            }
        }
        func isOfPairs(_ value: JSON?) -> Bool {
            guard case .array(let elements)? = value else { return false }
            return elements.allSatisfy { $0["name"]?.text != nil && $0["value"]?.text != nil }
        }
        #expect(entry["startedDateTime"]?.text.flatMap { Timestamp($0) } != nil)
        let timings = try #require(entry["timings"])
        let parts = try ["send", "wait", "receive"].map { try #require(number(timings[$0])) }
        #expect(parts.allSatisfy { $0 >= 0 })
        #expect(abs(try #require(number(entry["time"])) - parts.reduce(0, +)) < 0.001)
        #expect(entry["cache"] == [:])
        let (request, response) = (try #require(entry["request"]), try #require(entry["response"]))
        #expect(request["method"]?.text?.isEmpty == false)
        #expect(request["url"]?.text.flatMap { URL(string: $0) }?.host() == "localhost", "\(request)")
        #expect(response["status"]?.int != nil && response["statusText"]?.text != nil && response["redirectURL"]?.text != nil)
        #expect(isOfPairs(request["queryString"]))
        for message in [request, response] {
            #expect(message["httpVersion"]?.text == "HTTP/1.1")
            #expect(isOfPairs(message["cookies"]) && isOfPairs(message["headers"]))
            #expect(message["headersSize"]?.int == -1)
            #expect((message["bodySize"]?.int ?? -2) >= -1)
        }
        if let data = request["postData"] {
            #expect(data["mimeType"]?.text != nil)
            #expect((data["params"] == nil) != (data["text"] == nil), "one excludes the other")
            if let params = data["params"] { #expect(isOfPairs(params)) }
        }
        #expect(response["content"]?["size"]?.int != nil && response["content"]?["mimeType"]?.text != nil)
        let known: Set = ["startedDateTime", "time", "request", "response", "cache", "timings", "_lapse"]
        #expect(Set(entry.members.map(\.name)) == known)
    }

    @Test("What the list masks, the HAR file masks in every part, decoded too; a long form is cut at the same length")
    func masked() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.contoso(.get, "exchanges")
            let long = (0..<3_000).map { "p\($0)=0123456789" }.joined(separator: "&")
            let path = "/contoso.example/oauth2/v2.0/token?x=S%33cret-x&client%5Fsecret=S3cret-x"
            for body in ["client_id=S3cret-x&client_secret=S3cret-x&y=a+S%33cret-x", long] {
                _ = try await lab.send(
                    .post, path,
                    headers: [
                        .contentType: "application/x-www-form-urlencoded", .cookie: "ESTSAUTH=S3cret-x; odd",
                        .authorization: "Basic " + Data("x:S3cret-x".utf8).base64EncodedString(),
                    ], body: body)
            }
            let file = try await lab.contoso(.get, "exchanges.har")
            let entries = file.json["log"]?["entries"]?.elements ?? []
            #expect(entries.count == 2)
            #expect(!file.text.lowercased().contains("s3cret-x"), "\(file.text.prefix(3_000))")
            #expect(!(try await lab.contoso(.get, "exchanges").text.lowercased().contains("s3cret-x")))
            #expect(entries.first?["request"]?["queryString"]?.elements.map { $0["value"]?.text } == ["***", "***"])
            let data = try #require(entries.last?["request"]?["postData"])
            #expect((data["params"]?.elements.count ?? 0) > 500 && (data["params"]?.elements.count ?? 0) < 1_500)
            #expect(data["comment"]?.text == "the beginning of \(long.utf8.count) bytes")
        }
    }
}

extension JSON {
    fileprivate var members: [Member] { if case .object(let members) = self { members } else { [] } }
}
