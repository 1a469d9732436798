import Testing

@testable import LapseRules

@Suite("A request at authorize")
struct AuthorizeRequestTests {
    /// A request of the native app.
    struct Facts: Sendable {
        var app: AppRegistration? = World.native
        var members = [
            "response_type": "code", "redirect_uri": "http://localhost/cb", "scope": "openid User.Read", "state": "s t",
            "response_mode": "fragment",
        ]
        var version = EndpointVersion.v2

        func target() throws(EntraError) -> (AppRegistration, AuthorizeRequest.Target) {
            try AuthorizeRequest.target(World.form(members), app: app, client: "asked-for", directory: "Contoso")
        }

        func request() throws(EntraError) -> AuthorizeRequest {
            let (app, target) = try target()
            var around = Surroundings()
            around.app = app
            return try AuthorizeRequest(
                World.form(members), app: app, target: target, scopes: around.context.scopes, version: version)
        }

        func targetError() -> EntraError? {
            do throws(EntraError) {
                _ = try target()
                return nil
            } catch { return error }
        }

        func error() -> EntraError? {
            do throws(EntraError) {
                _ = try request()
                return nil
            } catch { return error }
        }
    }

    typealias Case = Row<Facts, Verdict>

    /// What is wrong before it is known where answers may go, in the order in which it is said: a page shows it.
    static let onAPage: [Case] = [
        Case("not registered", .refused(.appNotFound, "unauthorized_client")) { $0.app = nil },
        Case("no redirect URI", .refused(.missingParameter, "invalid_request")) { $0.members["redirect_uri"] = nil },
        Case("a redirect URI of nobody's", .refused(.redirectMismatch, "invalid_request")) {
            $0.members["redirect_uri"] = $0.members["redirect_uri"].map { _ in "https://elsewhere.example/" }
        },
    ]

    /// What is wrong behind it, in the order in which it is said: the redirect URI hears it.
    static let redirected: [Case] = [
        Case("another response type", .refused(.responseTypeNotEnabled, "unsupported_response_type")) {
            $0.members["response_type"] = "id_token"
        },
        Case("no such response mode", .refusedInOwnWords("invalid_request")) { $0.members["response_mode"] = "pigeon" },
        Case("an app that has no sign-ins", .refusedInOwnWords("unauthorized_client")) { $0.app?.flows = [.device] },
        Case("no scope", .refused(.missingParameter, "invalid_request")) { $0.members["scope"] = nil },
        Case("no such challenge method", .refused(.badChallengeMethod, "invalid_request")) {
            $0.members["code_challenge"] = "x"
            $0.members["code_challenge_method"] = "S512"
        },
        Case("no such prompt", .refused(.promptUnsupported, "invalid_request")) { $0.members["prompt"] = "please" },
        Case("no such age", .refusedInOwnWords("invalid_request")) { $0.members["max_age"] = "old" },
        Case("claims that are none", .refusedInOwnWords("invalid_request")) { $0.members["claims"] = "[]" },
    ]

    static let targets: [Case] = [
        Case("all is well", .accepted) { _ in },
        Case("an API without a redirect URI is no app", .refused(.appNotFound, "unauthorized_client")) { $0.app = World.api },
        Case("an API with one is", .accepted) { $0.app = World.api.with(\.redirectURIs, ["http://localhost/cb"]) },
        Case("an app without a redirect URI", .refused(.noRedirectRegistered, "invalid_request")) { $0.app = World.daemon },
        Case("a redirect URI that is a path", .refused(.redirectNotAbsolute, "invalid_request")) {
            $0.members["redirect_uri"] = "/auth/callback"
        },
        Case("a redirect URI that is a word", .refused(.redirectNotAbsolute, "invalid_request")) {
            $0.members["redirect_uri"] = "undefined"
        },
        Case(".default beside another resource's permission", .refused(.invalidScope, "invalid_scope")) {
            $0.members["scope"] = "https://graph.microsoft.com/.default api://lapse-lab/access_as_user"
        },
        Case(".default beside OpenID scopes", .accepted) {
            $0.members["scope"] = "openid https://graph.microsoft.com/.default profile"
        },
        Case("open registration, on this machine", .accepted) { $0.app = .open("asked-for") },
        Case("open registration, elsewhere", .refused(.redirectMismatch, "invalid_request")) {
            $0.app = .open("asked-for")
            $0.members["redirect_uri"] = "https://elsewhere.example/"
        },
        Case("whatever is wrong behind it", .accepted) { $0.members = ["redirect_uri": "http://localhost/cb"] },
    ]

    @Test("Whether it is known where answers go", arguments: onAPage + targets)
    func target(row: Case) {
        var facts = Facts()
        row.change(&facts)
        #expect(Verdict(facts.targetError()) == row.expected)
    }

    static let others: [Case] = [
        Case("all is well", .accepted) { _ in },
        Case("no response type", .refused(.missingParameter, "invalid_request")) { $0.members["response_type"] = nil },
        Case("no such scope", .refused(.scopeUnknown, "invalid_client")) { $0.members["scope"] = "Nothing.Real" },
        Case("two resources are asked for at once", .accepted) {
            $0.members["scope"] = "User.Read api://lapse-lab/access_as_user"
        },
        Case("version 1 may leave its resource to the code", .accepted) {
            ($0.version, $0.members["scope"]) = (.v1, nil)
        },
        Case("version 1 names one resource", .refusedInOwnWords("invalid_resource")) {
            $0.version = .v1
            $0.members["resource"] = "api://lapse-lab api://other"
        },
        Case("a challenge of the wrong size", .refused(.badChallenge, "invalid_request")) {
            $0.members["code_challenge"] = "x"
        },
        Case("an age below nothing", .refusedInOwnWords("invalid_request")) { $0.members["max_age"] = "-1" },
        Case("an age of nothing", .accepted) { $0.members["max_age"] = "0" },
        Case("an age of a hundred years", .accepted) { $0.members["max_age"] = "3153600000" },
        Case("an age beyond", .refusedInOwnWords("invalid_request")) { $0.members["max_age"] = "3153600001" },
        Case("an access token", .refused(.tokenNotEnabled, "unsupported_response_type")) { $0.members["response_type"] = "token" },
        Case("two prompts", .refused(.promptUnsupported, "invalid_request")) { $0.members["prompt"] = "login consent" },
        Case("a resource that is not the scope's", .refused(.resourceNotOfScope, "invalid_target")) {
            $0.members["resource"] = "https://mcp.example/mcp"
        },
        Case("the resource of the scope, by its URI", .accepted) { $0.members["resource"] = "https://graph.microsoft.com/" },
        Case("a permission that the app is not registered for", .accepted) { $0.members["scope"] = "Mail.Read" },
        Case("consent by an administrator is of version 1", .refused(.promptUnsupported, "invalid_request")) {
            $0.members["prompt"] = "admin_consent"
        },
    ]

    @Test("What the redirect URI hears", arguments: redirected + others)
    func verdict(row: Case) {
        var facts = Facts()
        row.change(&facts)
        #expect(facts.targetError() == nil)
        #expect(Verdict(facts.error()) == row.expected)
    }

    @Test("Of two things that are wrong the first is said", arguments: World.pairs(onAPage + redirected))
    func order(first: Case, second: Case) {
        var (one, both) = (Facts(), Facts())
        first.change(&one)
        first.change(&both)
        second.change(&both)
        // The texts tell Lapse's own refusals apart.
        #expect(one.error() != nil)
        #expect(one.error() == both.error())
    }

    @Test(
        "The text names what was wrong, cut where it is long",
        arguments: [
            Row("not registered", "Application with identifier 'asked-for' was not found in the directory 'Contoso'.") {
                $0.app = nil
            },
            Row("an API", "Application with identifier 'asked-for' was not found in the directory 'Contoso'.") {
                $0.app = World.api
            },
            Row("no redirect URI", "parameter: 'redirect_uri'") { $0.members["redirect_uri"] = nil },
            Row(
                "another redirect URI",
                "The redirect URI 'http://localhost/CB' specified in the request does not match the redirect URIs configured for the application 'bbbbbbbb-0002-4000-8000-000000000001'."
            ) { $0.members["redirect_uri"] = "http://localhost/CB" },
            Row("no response type", "parameter: 'response_type'") { $0.members["response_type"] = nil },
            Row("another response type", "response_type 'id_token code' is not enabled") {
                $0.members["response_type"] = "id_token code"
            },
            Row("another response mode", "The response_mode '\(String(repeating: "x", count: 50))' is none of") {
                $0.members["response_mode"] = String(repeating: "x", count: 51)
            },
            Row("an app that has no sign-ins", "'bbbbbbbb-0002-4000-8000-000000000001' is not registered for the flow 'code'.") {
                $0.app?.flows = []
            },
            Row("no scope", "parameter: 'scope'") { $0.members["scope"] = nil },
            Row("no such age", "The max_age '\(String(repeating: "9", count: 50))' is not a number") {
                $0.members["max_age"] = String(repeating: "9", count: 51)
            },
        ] as [Row<Facts, String>])
    func text(row: Row<Facts, String>) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(try #require(facts.error()?.text).contains(row.expected))
    }

    @Test("All that is read")
    func members() throws {
        var facts = Facts()
        facts.members.merge([
            "prompt": "login", "login_hint": "adele", "domain_hint": "contoso.example", "sid": World.session.description,
            "nonce": "n-1", "max_age": "60", "client_info": "1", "claims": World.challengeAnswer,
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
        ]) { $1 }
        let request = try facts.request()
        #expect(request.app == World.native)
        #expect(request.target.redirectURI == "http://localhost/cb")
        #expect(request.target.state == "s t")
        #expect(request.target.responseMode == .fragment)
        #expect(request.scope.text == "openid User.Read")
        #expect(request.prompt == .login)
        #expect(request.loginHint == "adele")
        #expect(request.domainHint == "contoso.example")
        #expect(request.sessionID == World.session)
        #expect(request.nonce == "n-1")
        #expect(request.maxAge == .seconds(60))
        #expect(request.wantsClientInfo)
        #expect(request.claims.answersChallenge)
        #expect(
            request.challenge == PKCE.Challenge(value: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", method: .s256))
    }

    @Test("All that may be left out")
    func nothing() throws {
        let request = try Facts(members: [
            "response_type": "code", "redirect_uri": "http://localhost/cb", "scope": "openid",
        ]).request()
        #expect(request.target.state == nil)
        #expect(request.target.responseMode == .query)
        #expect(request.prompt == nil)
        #expect(request.loginHint == nil)
        #expect(request.domainHint == nil)
        #expect(request.sessionID == nil)
        #expect(request.nonce == nil)
        #expect(request.maxAge == nil)
        #expect(!request.wantsClientInfo)
        #expect(request.claims == .none)
        #expect(request.challenge == nil)
    }

    @Test("Of two resources the first is granted; version 1 asks for what an id token needs")
    func scope() throws {
        var facts = Facts()
        facts.members["scope"] = "api://lapse-lab/access_as_user User.Read"
        #expect(try facts.request().scope.text == "api://lapse-lab/access_as_user")
        (facts.version, facts.members["scope"]) = (.v1, nil)
        let scope = try facts.request().scope
        #expect(scope.openID == ["email", "openid", "profile"])
        #expect(scope.isOffline)
    }

    @Test(
        "Prompts, in the words of the endpoint",
        arguments: [
            ("none", EndpointVersion.v2, AuthorizeRequest.Prompt?.some(.silent)), ("login", .v2, .login),
            ("consent", .v2, .consent), ("select_account", .v2, .selectAccount), ("create", .v2, .login),
            ("admin_consent", .v1, .consent), ("none", .v1, .silent), ("create", .v1, .login),
        ])
    func prompt(text: String, version: EndpointVersion, expected: AuthorizeRequest.Prompt?) throws {
        var facts = Facts()
        (facts.members["prompt"], facts.version) = (text, version)
        #expect(try facts.request().prompt == expected)
    }

    @Test(
        "The platform is the redirect URI's; an unknown mode is answered by query",
        arguments: [
            (World.native, "http://localhost/cb", "query", RedirectURI.Platform.web, AuthorizeRequest.ResponseMode.query),
            (World.spa, "http://localhost:5173/", "fragment", .spa, .fragment),
            (World.web, "https://localhost:3000/auth/callback", "form_post", .web, .formPost),
            (.open("x"), "http://localhost/", "pigeon", .web, .query),
        ])
    func platform(
        app: AppRegistration, uri: String, mode: String, platform: RedirectURI.Platform,
        expected: AuthorizeRequest.ResponseMode
    ) throws {
        var facts = Facts(app: app)
        (facts.members["redirect_uri"], facts.members["response_mode"]) = (uri, mode)
        let (found, target) = try facts.target()
        #expect(found == app)
        #expect(target.redirectURI == uri)
        #expect(target.platform == platform)
        #expect(target.responseMode == expected)
    }

    private func target(
        _ uri: String, _ mode: AuthorizeRequest.ResponseMode, state: String?
    ) -> AuthorizeRequest.Target {
        AuthorizeRequest.Target(redirectURI: uri, platform: .web, responseMode: mode, state: state)
    }

    @Test(
        "Where the browser is sent",
        arguments: [
            (
                "http://localhost", AuthorizeRequest.ResponseMode.query, String?.some("s t"),
                "http://localhost/?code=a%2Bb&state=s%20t"
            ),
            ("http://localhost?x=1", .query, nil, "http://localhost/?x=1&code=a%2Bb"),
            ("http://localhost", .fragment, "s", "http://localhost/#code=a%2Bb&state=s"),
            ("http://localhost?x=1", .fragment, "s", "http://localhost/?x=1#code=a%2Bb&state=s"),
            ("http://localhost", .formPost, "s", "http://localhost/?code=a%2Bb&state=s"),
            ("http://localhost:7071", .query, nil, "http://localhost:7071/?code=a%2Bb"),
            ("http://localhost/cb", .query, nil, "http://localhost/cb?code=a%2Bb"),
            ("msal.app://auth", .query, nil, "msal.app://auth/?code=a%2Bb"), ("urn:app:cb", .query, nil, "urn:app:cb?code=a%2Bb"),
        ])
    func location(uri: String, mode: AuthorizeRequest.ResponseMode, state: String?, expected: String) {
        #expect(target(uri, mode, state: state).location(FormAnswer(["code": "a+b", "session": nil])) == expected)
    }

    @Test("What a form post carries: the members with the state, in order")
    func formPost() {
        let answer = FormAnswer(["code": "a+b", "client_info": "c"])
        let members = answer.members(for: target("http://localhost", .formPost, state: "s"))
        #expect(members.map(\.name) == ["code", "client_info", "state"])
        #expect(members.map(\.value) == ["a+b", "c", "s"])
        #expect(answer.members(for: target("http://localhost", .formPost, state: nil)).count == 2)
        #expect(answer == FormAnswer(["code": "a+b", "client_info": "c", "state": nil]))
        #expect(answer != FormAnswer(["client_info": "c", "code": "a+b"]))
    }

    @Test("An error as the redirect URI hears it: its name, text and page")
    func answer() {
        let trace = ErrorTrace(traceID: World.grant, correlationID: "c", now: World.now)
        let answer = AADSTS.declined.error().answer(trace, origin: "https://login.example")
        #expect(answer.members.map(\.name) == ["error", "error_description", "error_uri"])
        #expect(answer.members[0].value == "access_denied")
        #expect(answer.members[1].value.hasPrefix("AADSTS65004: User declined to consent to access the app. Trace ID: "))
        #expect(answer.members[2].value == "https://login.example/error?code=65004")
        let own = EntraError.lapse("invalid_request", "x").answer(trace, origin: "https://login.example")
        #expect(own.members.map(\.name) == ["error", "error_description"])
    }
}
