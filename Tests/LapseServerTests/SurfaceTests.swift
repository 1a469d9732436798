import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LapseRules
import LapseService
import Logging
import NIOCore
import Synchronization
import Testing

@testable import LapseServer

/// In which form a request is answered that no handler answers.
@Suite("Surfaces")
struct SurfaceTests {
    /// How an answer looks, whatever it says.
    enum Form { case entra, page, graph, management, control }

    private static func form(of surface: Surface) -> Form {
        switch surface {
        case .token, .metadata: .entra
        case .page: .page
        case .graph: .graph
        case .management: .management
        case .control: .control
        }
    }

    /// Nil for one that has no form of Lapse's.
    private static func form(of answer: Answer) -> Form? {
        let type = answer.headers[.contentType] ?? ""
        if type.hasPrefix("text/html") { return .page }
        guard type.hasPrefix("application/json"), let error = answer.json["error"] else { return nil }
        if error.text != nil { return answer.headers[.xMSServer] == nil ? nil : .entra }
        if error["innerError"] != nil { return .graph }
        if answer.headers[.xMSCorrelationRequestID] != nil { return .management }
        return error["code"] != nil && error["field"] != nil ? .control : nil
    }

    private static func site(_ lab: Lab) -> Site {
        Site(
            authority: lab.authority, scheme: .https, certificatePEM: "", version: "test", systemTime: { Lab.start },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A path of the route.
    private static func path(_ route: SurfaceRouter.Route) -> String {
        "\(route.path)".replacing("{tenant}", with: "contoso.example").replacing("**", with: "me").replacing(
            /\{[a-z]+\}/, with: "x")
    }

    @Test("The prefix of every route leads to the surface that the route declares")
    func prefixes() async throws {
        try await Lab.run { lab async throws in
            let routes = LapseServer.routes(Self.site(lab), []).routes
            #expect(Set(routes.map(\.surface)) == Set(Surface.allCases))
            for route in routes {
                let path = Self.path(route)
                #expect(Surface(path: path) == route.surface, "\(path)")
                #expect(Surface(path: path.uppercased()) == route.surface, "\(path)")
            }
        }
    }

    @Test("The paths that take a POST alone, and say so, are those of the token surface")
    func postEndpoints() async throws {
        try await Lab.run { lab async throws in
            for (path, routes) in Dictionary(grouping: LapseServer.routes(Self.site(lab), []).routes, by: Self.path) {
                let isToken = routes.contains { $0.surface == .token }
                #expect(Surface.isPostEndpoint(path) == isToken, "\(path)")
                if isToken { #expect(routes.map(\.method) == [.post], "\(path)") }
            }
        }
    }

    @Test(
        "Every path is answered in the form of its surface when the method is wrong, and open to other origins when the surface is")
    func wrongMethods() async throws {
        try await Lab.run { lab async throws in
            for route in LapseServer.routes(Self.site(lab), []).routes {
                let path = Self.path(route)
                let answer = try await lab.send(try #require(.init("PROPFIND")), path)
                #expect(answer.status == ([.token, .graph].contains(route.surface) ? 400 : 404), "\(path)")
                #expect(Self.form(of: answer) == Self.form(of: route.surface), "\(path)")
                #expect((answer.headers[.accessControlAllowOrigin] == "*") == route.surface.isForBrowsersElsewhere, "\(path)")
                let preflight = try await lab.send(.options, path)
                #expect(preflight.status == (route.surface.isForBrowsersElsewhere ? 204 : answer.status), "\(path)")
            }
        }
    }

    @Test("An answer to HEAD has no body, with a route and without, and the length that it would have")
    func head() async throws {
        try await Lab.run { lab async throws in
            let routes = LapseServer.routes(Self.site(lab), []).routes
            let read = Set(routes.filter { $0.method == .get }.map(Self.path))
            // As long a name, in case the answer says it.
            let other = try #require(HTTPRequest.Method("LINK"))
            for path in Set(routes.map(Self.path) + ["/nothing", "/v1.0", "/tenants/none", "/_lapse/none", "/_lapse/api/none"]) {
                let answer = try await lab.send(.head, path)
                #expect(answer.text == "", "\(path)")
                #expect(answer.headers[.contentLength] != nil, "\(path)")
                guard !read.contains(path) else { continue }
                let whole = try await lab.send(other, path)
                #expect(answer.status == whole.status, "\(path)")
                #expect(answer.headers[.contentLength] == String(whole.text.utf8.count), "\(path)")
                #expect(answer.headers[.contentType] == whole.headers[.contentType], "\(path)")
            }
            for path in ["/contoso.example/v2.0/.well-known/openid-configuration", "/_lapse", "/_lapse/api/health"] {
                let (answer, whole) = (try await lab.send(.head, path), try await lab.send(.get, path))
                #expect(answer.text == "" && answer.headers[.contentLength] == String(whole.text.utf8.count), "\(path)")
            }
        }
    }

    @Test(
        "A path that is not there is answered in the form of its prefix",
        arguments: [
            ("/contoso.example/oauth2/v3.0/token", Form.entra), ("/devicecode", .entra),
            ("/contoso.example/v3.0/.well-known/openid-configuration", .entra), ("/contoso.example/discovery/v3.0/keys", .entra),
            ("/contoso.example/userrealm", .entra), ("/none", .page), ("/none/none", .page),
            ("/contoso.example/oauth2/v3.0/authorize", .page),
            ("/_lapse/none", .page), ("/v1.0", .graph), ("/v1.0/none", .graph), ("/beta/none/none", .graph),
            ("/OIDC//none", .graph),
            ("/tenants/none", .management), ("/subscriptions/none", .management), ("/_lapse/api", .control),
            ("/_lapse/api/none", .control),
        ])
    func unknownPaths(_ path: String, _ form: Form) async throws {
        try await Lab.run { lab async throws in
            let answer = try await lab.send(.get, path)
            // Graph looks at the token before the address.
            let isBelowVersion = form == .graph && path.contains("none") && !path.contains("OIDC")
            #expect(answer.status == (isBelowVersion ? 401 : form == .graph ? 400 : 404))
            #expect(Self.form(of: answer) == form)
        }
    }

    @Test(
        "A body that is too large is answered in the form of its surface",
        arguments: [
            ("/contoso.example/oauth2/v2.0/token", Form.entra), ("/contoso.example/oauth2/devicecode", .entra),
            (Lab.authorizePath(), .page), ("/devicelogin", .page), ("/v1.0/$batch", .graph), ("/beta/users", .graph),
            ("/_lapse/api/tenants", .control),
        ])
    func tooLarge(_ path: String, _ form: Form) async throws {
        try await Lab.run { lab async throws in
            var headers: HTTPFields = [
                .contentType: form == .entra || form == .page ? "application/x-www-form-urlencoded" : "application/json"
            ]
            if form == .graph { headers[.authorization] = "Bearer \(try await lab.grant()["access_token"])" }
            let answer = try await lab.send(.post, path, headers: headers, body: String(repeating: "a", count: Bounds.body + 1))
            #expect(answer.status == 413)
            #expect(Self.form(of: answer) == form)
        }
    }

    private struct Broken: Error {}

    @Test(
        "What a handler leaves is answered in the form that its route declares, whatever the path looks like",
        arguments: Surface.allCases)
    func thrown(_ surface: Surface) async throws {
        try await Lab.run { lab async throws in
            let router = SurfaceRouter(site: Self.site(lab), options: [])
            let group = router.group(surface)
            group.get("unreadable") { _, _ -> Response in throw HTTPError(.badRequest) }
            group.get("large") { _, _ -> Response in throw NIOTooManyBytesError(maxBytes: 1) }
            group.get("broken") { _, _ -> Response in throw Broken() }
            group.get("full") { _, _ -> Response in throw StoreUnavailable.full("database or disk is full") }
            group.get("busy") { _, _ -> Response in throw StoreUnavailable.busy }
            try await Application(router: router).test(.router) { client in
                for (path, status) in [
                    ("/unreadable", 400), ("/large", 413), ("/broken", 500), ("/full", 503), ("/busy", 503),
                ] {
                    let answer = try await client.execute(uri: path, method: .get) { Answer($0) }
                    #expect(answer.status == status, "\(path)")
                    #expect(Self.form(of: answer) == Self.form(of: surface), "\(path): \(answer.text)")
                    #expect((answer.headers[.accessControlAllowOrigin] == "*") == surface.isForBrowsersElsewhere, "\(path)")
                }
            }
        }
    }

    @Test("A database that takes nothing is a 503 of each surface's own words, after which the client may try again")
    func unavailable() async throws {
        try await Lab.run { lab async throws in
            for surface in Surface.allCases {
                let router = SurfaceRouter(site: Self.site(lab), options: [])
                router.group(surface).get("full") { _, _ -> Response in throw StoreUnavailable.full("database or disk is full") }
                try await Application(router: router).test(.router) { client in
                    let answer = try await client.execute(uri: "/full", method: .get) { Answer($0) }
                    #expect(answer.headers[.retryAfter] == "5")
                    switch surface {
                    case .token, .metadata:
                        #expect((answer["error"], answer.code) == ("temporarily_unavailable", 90033))
                    case .page: #expect(answer.text.contains("AADSTS90033"))
                    case .graph, .management: #expect(answer.json["error"]?["code"] == "serviceNotAvailable")
                    case .control: #expect(answer.json["error"]?["code"] == "unavailable")
                    }
                }
            }
        }
    }

    @Test("A database that takes nothing is one line a minute in the log, with how many were left out")
    func oneLine() async throws {
        let (lines, clock) = (Lines(), WallClock(Lab.start))
        try await Lab.run { lab async throws in
            let site = Site(
                authority: lab.authority, scheme: .https, certificatePEM: "", version: "test", systemTime: { clock.now },
                logger: Logger(label: "test") { _ in lines })
            let router = SurfaceRouter(site: site, options: [])
            router.group(.token).get("busy") { _, _ -> Response in throw StoreUnavailable.busy }
            try await Application(router: router).test(.router) { client in
                for _ in 0..<5 {
                    for _ in 0..<3 { try await client.execute(uri: "/busy", method: .get) { _ in } }
                    clock.advance(by: .seconds(25))
                }
            }
        }
        #expect(lines.all.count == 2)
        #expect(lines.all.map { $0.contains("another program holds the database") } == [true, true])
        #expect(lines.all.last?.contains("8 more") == true)
    }
}

@Suite("Where error_uri leads")
struct CodePageTests {
    @Test("Each code has its page, in the reader's language", arguments: ["en", "es-MX", "pt-BR", "pt-PT"])
    func languages(language: String) async throws {
        try await Lab.run { lab in
            for code in AADSTS.allCases {
                let page = try await lab.send(.get, "/error?code=\(code.rawValue)", headers: [.acceptLanguage: language])
                #expect(page.status == 200)
                #expect(page.text.contains("<html lang=\"\(language.prefix(2))"), "\(code.rawValue)")
                #expect(page.text.contains("<dd>\(code.row.error)</dd>"))
                #expect(!page.text.contains("{") && !page.text.contains("lapse-advice\"></p>"), "\(code.rawValue): \(page.text)")
            }
            #expect(try await lab.send(.get, "/error?code=1").status == 404)
        }
    }

    @Test("It tells name, suberror and what a good app does")
    func revoked() async throws {
        try await Lab.run { lab in
            let page = try await lab.send(.get, "/error?code=50173", headers: [.acceptLanguage: "es"]).text
            for part in ["FreshTokenNeeded", "bad_token", "invalid_grant", "Descarta el token"] {
                #expect(page.contains(part), "\(part)")
            }
        }
    }
}

/// What was logged.
private final class Lines: LogHandler, Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func log(event: LogEvent) { texts.withLock { $0.append("\(event.message)") } }

    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    var logLevel: Logger.Level {
        get { .error }
        set {}
    }
}
