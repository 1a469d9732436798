import LapseRules
import Testing

private func form(_ text: String) throws -> FormParameters { try FormParameters(Array(text.utf8)) }

@Suite("Requests to the token endpoint")
struct TokenRequestTests {
    @Test("Both spellings of the device code grant, and MSAL Python's two names for the code")
    func deviceCode() throws {
        for text in [
            "grant_type=device_code&client_id=a&device_code=d", "grant_type=device_code&client_id=a&code=d",
            "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=a&code=d&device_code=d",
        ] {
            guard case .deviceCode("d") = try TokenRequest(form: form(text), authorization: nil, origin: nil).grant else {
                return #expect(Bool(false), "\(text)")
            }
        }
    }

    @Test(
        "What is missing is named",
        arguments: [
            ("", "grant_type"), ("grant_type=refresh_token", "client_id"),
            ("grant_type=refresh_token&client_id=a", "refresh_token"),
            ("grant_type=password&client_id=a&username=u", "password"),
            ("grant_type=device_code&client_id=a", "device_code"),
            ("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id=a&assertion=x", "requested_token_use"),
        ])
    func missing(text: String, name: String) {
        #expect(throws: EntraError.missing(name)) { try TokenRequest(form: try form(text), authorization: nil, origin: nil) }
    }

    /// `id:secret`, base64.
    private static let basic = "Basic aWQ6c2VjJTJCcmV0"

    @Test("HTTP Basic: id and secret are percent-decoded, the scheme in any case, an empty secret is none")
    func basic() throws {
        let client = try PresentedClient(form: .empty, authorization: Self.basic)
        #expect(client.id == "id")
        #expect(client.secret == "sec+ret")
        #expect(try PresentedClient(form: .empty, authorization: "bAsIc aWQ6").secret == nil)
        #expect(
            try PresentedClient(form: form("client_id=id&client_secret=sec%2Bret"), authorization: Self.basic).secret == "sec+ret")
        #expect(try PresentedClient(form: form("client_secret=body"), authorization: "Basic aWQ6").secret == "body")
        #expect(throws: EntraError.unreadable) { try PresentedClient(form: form("client_secret=other"), authorization: Self.basic) }
        #expect(throws: EntraError.unreadable) { try PresentedClient(form: .empty, authorization: "Basic %%%") }
        #expect(throws: EntraError.missing("client_id")) { try PresentedClient(form: .empty, authorization: "Bearer x") }
    }

    private func app(_ kind: AppRegistration.Kind, secret: String? = nil) -> AppRegistration {
        AppRegistration(
            id: "app", name: "App", kind: kind, secretHashes: secret.map { [AppRegistration.hash(secret: $0, of: "app")] } ?? [])
    }

    @Test("Who has to prove who it is")
    func authentication() throws {
        func code(
            _ kind: AppRegistration.Kind, _ presented: String?, flow: AppRegistration.Flow = .code, grantClass: ClientClass? = nil
        ) throws -> AADSTS? {
            let client = try PresentedClient(
                form: form("client_id=app" + (presented.map { "&client_secret=\($0)" } ?? "")), authorization: nil)
            return ClientAuthentication.decide(
                client, as: app(kind, secret: "right"), for: flow, grantClass: grantClass, in: World.surroundings
            ).refusal?.code
        }
        #expect(try code(.public, nil) == nil)
        #expect(try code(.public, "right") == .publicClientWithSecret)
        #expect(try code(.confidential, "right") == nil)
        #expect(try code(.confidential, "wrong") == .wrongSecret)
        #expect(try code(.confidential, nil) == .missingSecret)
        #expect(try code(.confidential, nil, grantClass: .spa) == nil)
        let unregistered = ClientAuthentication.decide(
            try PresentedClient(form: form("client_id=app"), authorization: nil), as: nil, for: .code, in: World.surroundings
        ).refusal
        #expect(unregistered?.code == .appNotFound)
        let flow = ClientAuthentication.decide(
            try PresentedClient(form: form("client_id=app"), authorization: nil), as: app(.public), for: .device,
            in: World.surroundings
        ).refusal
        #expect(flow?.code == nil)
        #expect(flow?.text.hasPrefix("Lapse: ") == true)
    }

    @Test("PKCE, with the example of RFC 7636")
    func pkce() throws {
        let challenge = try #require(
            try PKCE.Challenge(form("code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256")))
        #expect(challenge.method == .s256)
        #expect(throws: AADSTS.badChallenge.error()) { try PKCE.Challenge(form("code_challenge=short&code_challenge_method=S256")) }
        #expect(throws: AADSTS.badChallengeMethod.error()) {
            try PKCE.Challenge(form("code_challenge=x&code_challenge_method=S512"))
        }
        #expect(try PKCE.Challenge(form("a=b")) == nil)
    }
}

@Suite("Requests to authorize")
struct ResponseTypeTests {
    @Test("A code is all that can be asked for", arguments: ["code id_token", "id_token", "codes", "Code"])
    func refused(type: String) throws {
        let (lab, app) = (BuiltInLab.seed[0], BuiltInLab.seed[0].apps[0])
        let parameters = try form(
            "redirect_uri=http://localhost/cb&scope=openid&response_type=\(FormParameters.encode(type))")
        let (_, target) = try AuthorizeRequest.target(parameters, app: app, client: app.id, directory: "Contoso")
        #expect(throws: AADSTS.responseTypeNotEnabled.error(["type": type])) {
            try AuthorizeRequest(
                parameters, app: app, target: target, scopes: ScopePolicy(app: app, resources: [], tenant: lab.tenant))
        }
    }
}

@Suite("Scopes")
struct ScopeTests {
    private let lab = BuiltInLab.seed[0]

    private func policy(_ name: String = "Lapse Native") -> ScopePolicy {
        ScopePolicy(
            app: lab.apps.first { $0.name == name }!, resources: lab.apps.compactMap { ResourceAPI($0) }, tenant: lab.tenant)
    }

    @Test(
        "What is granted, and how it is printed",
        arguments: [
            ("User.Read", "https://graph.microsoft.com", "User.Read", "User.Read"),
            ("user.read openid", "https://graph.microsoft.com", "openid User.Read", "openid User.Read"),
            (
                "profile openid email offline_access https://graph.microsoft.com/User.Read", "https://graph.microsoft.com",
                "email openid profile https://graph.microsoft.com/User.Read", "email openid profile User.Read"
            ),
            ("openid offline_access", "https://graph.microsoft.com", "openid", "openid"),
            (
                "api://lapse-lab/access_as_user openid", "bbbbbbbb-0002-4000-8000-000000000005",
                "openid api://lapse-lab/access_as_user", "access_as_user"
            ),
            (
                "api://lapse-lab/.default", "bbbbbbbb-0002-4000-8000-000000000005",
                "api://lapse-lab/access_as_user api://lapse-lab/.default", "access_as_user"
            ),
            (
                "https://graph.microsoft.com//.default", "https://graph.microsoft.com",
                "https://graph.microsoft.com/User.Read https://graph.microsoft.com/User.RevokeSessions.All https://graph.microsoft.com/User.ReadWrite.All https://graph.microsoft.com/Directory.AccessAsUser.All https://graph.microsoft.com//.default",
                "User.Read User.RevokeSessions.All User.ReadWrite.All Directory.AccessAsUser.All"
            ),
            (
                "00000003-0000-0000-c000-000000000000/User.Read", "https://graph.microsoft.com",
                "https://graph.microsoft.com/User.Read", "User.Read"
            ),
        ])
    func granted(text: String, audience: String, printed: String, claim: String) throws {
        let scope = try policy().delegated(text)
        #expect(scope.resource.audience == audience)
        #expect(scope.text == printed)
        #expect(scope.claim == claim)
    }

    @Test(
        "What is refused, with its code",
        arguments: [
            ("", AADSTS.invalidScope), ("Nothing.Real", .scopeUnknown), ("Directory.ReadWrite.All", .notConsented),
            ("https://elsewhere.example/x", .resourceNotFound), ("api://lapse-lab/other", .scopeUnknown), ("/", .invalidScope),
            ("User.Read api://lapse-lab/access_as_user", .severalResources),
        ])
    func refused(text: String, code: AADSTS) {
        do throws(EntraError) {
            _ = try policy().delegated(text)
            #expect(Bool(false), "\(text) was granted")
        } catch {
            #expect(error.code == code)
        }
    }

    @Test("At authorize several resources may be named; the first is granted, and the grant keeps the others")
    func several() throws {
        let scope = try policy().delegated("User.Read api://lapse-lab/access_as_user", several: .asked)
        #expect(scope.text == "User.Read")
        #expect(scope.grantText == "User.Read api://lapse-lab/access_as_user")
        #expect(try policy().delegated("User.Read api://lapse-lab/access_as_user", several: .first).grantText == "User.Read")
    }

    @Test("An application asks for .default")
    func application() throws {
        #expect(try policy("Lapse Daemon").application("https://graph.microsoft.com/.default").isGraph)
        #expect(throws: AADSTS.scopeNotDefault.error(["scope": "User.Read"])) {
            try policy("Lapse Daemon").application("User.Read")
        }
    }
}

@Suite("Redirect URIs")
struct RedirectURITests {
    private let native = BuiltInLab.seed[0].apps[0]
    private let web = BuiltInLab.seed[0].apps[1]
    private let spa = BuiltInLab.seed[0].apps[2]

    @Test("Exact, but for the port of http loopback")
    func matching() {
        for uri in [
            "http://localhost", "http://localhost:1234", "http://localhost:1234/cb", "http://localhost/callback",
            "http://localhost:65535/cb",
        ] {
            #expect(RedirectURI.platform(of: uri, in: native) == .web, "\(uri)")
        }
        for uri in [
            "http://localhost/CB", "http://localhost/cb/", "http://localhost.evil.example/cb",
            "http://localhost:1234@evil.example/cb",
            "http://localhost:/cb", "http://localhost:123456/cb", "https://localhost/cb", "http://127.0.0.1/cb",
            "http://localhost/cb?x=1",
            "http://localhost:12ab/cb", "", "http://localhost:99999/cb", "http://localhost:65536/cb", "http://localhost:0/cb",
            "http://localhost:080/cb",
        ] {
            #expect(RedirectURI.platform(of: uri, in: native) == nil, "\(uri)")
        }
        #expect(RedirectURI.platform(of: "https://localhost:3000/auth/callback", in: web) == .web)
        #expect(RedirectURI.platform(of: "https://localhost:3001/auth/callback", in: web) == nil)
        #expect(RedirectURI.platform(of: "http://localhost:5173/", in: spa) == .spa)
    }

    @Test("Open registration takes loopback addresses alone")
    func loopback() {
        for uri in ["http://localhost:1/x", "http://127.0.0.1/", "https://localhost", "http://[::1]:8080/cb"] {
            #expect(RedirectURI.isLoopback(uri), "\(uri)")
        }
        for uri in [
            "http://localhost.evil.example", "https://evil.example", "http://[::1]evil", "javascript:alert(1)",
            "https://localhost:x@evil.example/", "http://[::1]:1@evil.example/", "https://127.0.0.1:99999/", "https://localhost:/",
            "http://[::1]:0/",
        ] {
            #expect(!RedirectURI.isLoopback(uri), "\(uri)")
        }
    }
}

@Suite("Addresses of Graph")
struct GraphRequestTests {
    @Test(
        "Every spelling of an address",
        arguments: [
            ("me", GraphRequest.user(.me)), ("ME", .user(.me)), ("users", .users),
            ("users/a%40b.example", .user(.named("a@b.example"))),
            ("me/revokeSignInSessions", .revokeSignInSessions(.me)), ("me//revokesigninsessions", .revokeSignInSessions(.me)),
            ("me/microsoft.graph.revokeSignInSessions", .revokeSignInSessions(.me)),
            ("users/x/microsoft.graph.revokeSignInSessions", .revokeSignInSessions(.named("x"))),
            ("users('a%23EXT%23@b.example')/revokeSignInSessions", .revokeSignInSessions(.named("a#EXT#@b.example"))),
            ("users('it''s')", .user(.named("it's"))), ("users/a+b@c.example", .user(.named("a+b@c.example"))),
            ("users/x/invalidateAllRefreshTokens", .invalidateAllRefreshTokens(.named("x"))),
        ])
    func addresses(path: String, asked: GraphRequest) throws {
        let isAction = path.lowercased().contains("invalidate") || path.lowercased().contains("revoke")
        #expect(try GraphRequest(method: isAction ? "POST" : "GET", path: path, isBeta: true) == asked)
    }

    @Test(
        "Each method of an address; any other is a 405",
        arguments: [
            ("users", ["GET": GraphRequest.users, "POST": .change(.createUser)]),
            (
                "users/x",
                [
                    "GET": .user(.named("x")), "PATCH": .change(.updateUser(.named("x"))),
                    "DELETE": .change(.deleteUser(.named("x"))),
                ]
            ),
            ("me", ["GET": .user(.me), "PATCH": .change(.updateUser(.me))]),
            ("me/changePassword", ["POST": .change(.changePassword)]),
            (
                "users/x/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword",
                ["POST": .change(.resetPassword(.named("x")))]
            ),
            ("directory/deletedItems/microsoft.graph.user", ["GET": .deletedUsers]),
            (
                "directory/deletedItems/aaaaaaaa-0001-4000-8000-000000000001",
                [
                    "GET": .deletedUser("aaaaaaaa-0001-4000-8000-000000000001"),
                    "DELETE": .change(.purgeUser("aaaaaaaa-0001-4000-8000-000000000001")),
                ]
            ),
            ("directory/deletedItems/x/restore", ["POST": .change(.restoreUser("x"))]),
            ("invitations", ["POST": .change(.invite)]),
        ] as [(String, [String: GraphRequest])])
    func methods(path: String, expected: [String: GraphRequest]) {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let asked = Result { () throws(GraphError) in try GraphRequest(method: method, path: path, isBeta: false) }
            switch asked {
            case .success(let request): #expect(request == expected[method], "\(method)")
            case .failure(let error):
                #expect(expected[method] == nil, "\(method)")
                #expect(error.status == 405)
            }
        }
    }

    @Test(
        "The old action is beta's alone, and what is not there is a 400",
        arguments: ["me/invalidateAllRefreshTokens", "groups", "", "me/x", "users/x/revokeSignInSessions/y"])
    func unknown(path: String) {
        do throws(GraphError) {
            _ = try GraphRequest(method: "GET", path: path, isBeta: false)
            #expect(Bool(false))
        } catch {
            #expect((error.status, error.code) == (400, "BadRequest"))
        }
    }

    @Test(
        "Who may revoke, by each edition's table of permissions",
        arguments: [
            // Own by delegation, another's as an administrator, an application.
            ("User.RevokeSessions.All", Policies.Edition.newest, true, true, true),
            ("User.ReadWrite.All", .newest, true, true, false), ("Directory.ReadWrite.All", .newest, true, true, false),
            ("Directory.AccessAsUser.All", .newest, true, false, false), ("User.ReadWrite", .newest, false, false, false),
            ("User.RevokeSessions.All", .beta2023, false, false, false), ("User.ReadWrite.All", .beta2023, true, true, false),
            ("Directory.ReadWrite.All", .beta2023, true, true, false), ("User.ReadWrite", .beta2023, false, false, false),
            ("Directory.AccessAsUser.All", .beta2023, false, false, false),
            ("User.ReadWrite", .v1of2019, true, true, false), ("Directory.ReadWrite.All", .v1of2019, true, true, true),
            ("Directory.AccessAsUser.All", .v1of2019, true, true, true),
            ("User.RevokeSessions.All", .v1of2019, false, false, false), ("User.ReadWrite.All", .v1of2019, false, false, false),
        ])
    func editions(permission: String, edition: Policies.Edition, own: Bool, others: Bool, application: Bool) {
        let (adele, admin) = (BuiltInLab.seed[0].users[0], BuiltInLab.seed[0].users[2])
        func may(_ caller: User?, _ target: User) -> Bool {
            GraphCaller(user: caller, permissions: [permission]).mayRevoke(target, by: edition)
        }
        #expect(may(adele, adele) == own)
        #expect(may(admin, adele) == others)
        #expect(!may(adele, admin))
        #expect(may(nil, adele) == application)
    }

    @Test("Who may revoke whom, by the newest edition")
    func permissions() {
        let adele = BuiltInLab.seed[0].users[0]
        let admin = BuiltInLab.seed[0].users[2]
        func may(_ caller: User?, _ permission: String, _ target: User) -> Bool {
            GraphCaller(user: caller, permissions: [permission]).mayRevoke(target, by: .newest)
        }
        #expect(may(adele, "User.RevokeSessions.All", adele))
        #expect(may(adele, "User.ReadWrite.All", adele))
        #expect(may(adele, "Directory.AccessAsUser.All", adele))
        #expect(!may(adele, "User.Read", adele))
        #expect(!may(adele, "User.RevokeSessions.All", admin), "no role")
        #expect(may(admin, "User.RevokeSessions.All", adele))
        #expect(!may(admin, "Directory.AccessAsUser.All", adele))
        #expect(may(nil, "User.RevokeSessions.All", adele))
        #expect(!may(nil, "User.ReadWrite.All", adele), "applications have no higher permission")
    }
}

@Suite("Errors")
struct ErrorTests {
    private let trace = ErrorTrace(
        traceID: GUID("11111111-2222-4333-8444-555555555555")!, correlationID: "66666666-7777-4888-8999-aaaaaaaaaaaa",
        now: Timestamp("2021-10-29T17:16:31.5Z")!)

    @Test("50173 as it was recorded, byte for byte")
    func recorded() {
        let error = EntraError.revoked(
            authTime: Timestamp("2021-10-29T17:15:58.1234567Z")!, cutOff: Timestamp("2021-10-29T17:16:00Z")!)
        #expect(
            error.json(trace, origin: "https://login.microsoftonline.com").encodedText
                == #"{"error":"invalid_grant","error_description":"AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '2021-10-29T17:15:58.1234567Z' and the TokensValidFrom date (before which tokens are not valid) for this user is '2021-10-29T17:16:00.0000000Z'. Trace ID: 11111111-2222-4333-8444-555555555555 Correlation ID: 66666666-7777-4888-8999-aaaaaaaaaaaa Timestamp: 2021-10-29 17:16:31Z","error_codes":[50173],"timestamp":"2021-10-29 17:16:31Z","trace_id":"11111111-2222-4333-8444-555555555555","correlation_id":"66666666-7777-4888-8999-aaaaaaaaaaaa","error_uri":"https://login.microsoftonline.com/error?code=50173","suberror":"bad_token"}"#
        )
    }

    @Test("Each row of the catalogue: prefix, number and error_uri agree", arguments: AADSTS.allCases)
    func catalogue(code: AADSTS) {
        let json = code.error().json(trace, origin: "https://localhost")
        #expect(json["error_description"]?.text?.hasPrefix("AADSTS\(code.rawValue): ") == true)
        #expect(json["error_codes"] == .array([.integer(Int64(code.rawValue))]))
        // Recorded without one.
        let hasURI = ![.mfaExpired, .signInFrequency, .transientError, .spaNotCrossOrigin].contains(code)
        #expect(json["error_uri"]?.text == (hasURI ? "https://localhost/error?code=\(code.rawValue)" : nil))
        #expect(json["error"]?.text?.wholeMatch(of: /[a-z_]+/) != nil)
    }

    @Test("What a caller sent is cut before it is repeated")
    func bounded() {
        let error = AADSTS.appNotFound.error(["app": String(repeating: "x", count: 10_000), "directory": "Contoso"])
        #expect(error.text.utf8.count < 600)
    }

    @Test("Graph's envelope")
    func graph() {
        #expect(
            GraphError.denied.json(trace).encodedText
                == #"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation.","innerError":{"date":"2021-10-29T17:16:31","request-id":"11111111-2222-4333-8444-555555555555","client-request-id":"66666666-7777-4888-8999-aaaaaaaaaaaa"}}}"#
        )
    }
}
