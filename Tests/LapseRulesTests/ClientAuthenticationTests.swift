import Testing

@testable import LapseRules

@Suite("Who a client is")
struct ClientAuthenticationTests {
    /// The web app with its secret.
    struct Facts: Sendable {
        var app: AppRegistration? = World.web
        var secret: String? = "lapse-web-secret"
        var flow = AppRegistration.Flow.code
        var grantClass: ClientClass?

        func refusal() throws -> EntraError? {
            var form = ["client_id": World.web.id.description]
            form["client_secret"] = secret
            return ClientAuthentication.decide(
                try PresentedClient(form: World.form(form), authorization: nil), as: app, for: flow, grantClass: grantClass,
                in: World.surroundings
            ).refusal
        }

        mutating func expireSecret(_ occasions: Set<Challenge.Occasion>) {
            app?.challenges = [
                Challenge(code: .mfaRequired, on: [.refresh, .authorize]), .init(code: .secretExpired, on: occasions),
            ]
        }
    }

    typealias Case = Row<Facts, Verdict>

    /// What is wrong, in the order in which it is said.
    static let defects: [Case] = [
        Case("not registered", .refused(.appNotFound, "unauthorized_client")) { $0.app = nil },
        Case("not registered for the flow", .refusedInOwnWords("unauthorized_client")) { $0.flow = .device },
        Case("another's secret", .refused(.wrongSecret, "invalid_client")) { $0.secret = "lapse-daemon-secret" },
        Case("an expired secret", .refused(.secretExpired, "invalid_client")) { $0.expireSecret([.refresh, .authorize]) },
    ]

    static let others: [Case] = [
        Case("a confidential client with its secret", .accepted) { _ in },
        Case("without", .refused(.missingSecret, "invalid_client")) { $0.secret = nil },
        Case("without, and it has expired", .refused(.missingSecret, "invalid_client")) {
            $0.secret = nil
            $0.expireSecret([.authorize])
        },
        Case("with an empty one, which counts as none", .refused(.missingSecret, "invalid_client")) { $0.secret = "" },
        Case("with its second secret", .accepted) {
            $0.app?.secretHashes.append(AppRegistration.hash(secret: "second", of: World.web.id))
            $0.secret = "second"
        },
        Case("with its first secret of two", .accepted) {
            $0.app?.secretHashes.append(AppRegistration.hash(secret: "second", of: World.web.id))
        },
        Case("with a secret, having none", .refused(.wrongSecret, "invalid_client")) { $0.app?.secretHashes = [] },
        Case("an API with its secret", .accepted) {
            ($0.app, $0.secret, $0.flow) = (World.api, "lapse-api-secret-01", .onBehalfOf)
        },
        Case("an API without", .refused(.missingSecret, "invalid_client")) {
            ($0.app, $0.secret, $0.flow) = (World.api, nil, .onBehalfOf)
        },
        Case("an API that acts for users may refresh", .accepted) {
            ($0.app, $0.secret, $0.flow) = (World.api, "lapse-api-secret-01", .refresh)
        },
        Case("an API that acts for users may nothing else", .refusedInOwnWords("unauthorized_client")) {
            ($0.app, $0.secret, $0.flow) = (World.api, "lapse-api-secret-01", .clientCredentials)
        },
        Case("an app that may not refresh", .refusedInOwnWords("unauthorized_client")) {
            $0.app?.flows = [.code]
            $0.flow = .refresh
        },
        Case("a public client without", .accepted) { ($0.app, $0.secret) = (World.native, nil) },
        Case("a public client with one", .refused(.publicClientWithSecret, "invalid_client")) { $0.app = World.native },
        Case("a public client with one, not registered for the flow", .refusedInOwnWords("unauthorized_client")) {
            ($0.app, $0.flow) = (World.native, .onBehalfOf)
        },
        Case("a single-page app without", .accepted) { ($0.app, $0.secret) = (World.spa, nil) },
        Case("a single-page app with one", .refused(.publicClientWithSecret, "invalid_client")) { $0.app = World.spa },
        Case("open registration with one", .accepted) { $0.app = .open("anybody") },
        Case("open registration without", .accepted) { ($0.app, $0.secret) = (.open("anybody"), nil) },
        Case("open registration, and a flow for those with secrets", .refusedInOwnWords("unauthorized_client")) {
            ($0.app, $0.flow) = (.open("anybody"), .clientCredentials)
        },
        Case("a single-page app's token, whatever else the app is", .accepted) { ($0.secret, $0.grantClass) = (nil, .spa) },
        Case("a single-page app's token, and a secret", .refused(.publicClientWithSecret, "invalid_client")) {
            $0.grantClass = .spa
        },
        Case("a confidential client's token, without", .refused(.missingSecret, "invalid_client")) {
            ($0.secret, $0.grantClass) = (nil, .confidential)
        },
        Case("a secret that has expired for sign-ins", .refused(.secretExpired, "invalid_client")) {
            $0.expireSecret([.authorize])
        },
        Case("a secret that has expired for refreshes, at a sign-in", .accepted) { $0.expireSecret([.refresh]) },
        Case("a secret that has expired for refreshes", .refused(.secretExpired, "invalid_client")) {
            $0.expireSecret([.refresh])
            $0.flow = .refresh
        },
        Case("a secret that has expired for refreshes, on behalf of a user", .refused(.secretExpired, "invalid_client")) {
            $0.app?.flows = [.onBehalfOf]
            $0.expireSecret([.refresh])
            $0.flow = .onBehalfOf
        },
        Case("a secret that has expired for sign-ins, at a refresh", .accepted) {
            $0.expireSecret([.authorize])
            $0.flow = .refresh
        },
        Case("a secret that has expired for sign-ins, the application's own request", .refused(.secretExpired, "invalid_client")) {
            $0.expireSecret([.authorize])
            $0.flow = .clientCredentials
        },
        Case("another challenge of the app is not about its secret", .accepted) {
            $0.app?.challenges = [Challenge(code: .accessBlocked, on: [.refresh, .authorize])]
        },
        Case("a wrong secret where it has expired", .refused(.wrongSecret, "invalid_client")) {
            $0.secret = "wrong"
            $0.expireSecret([.authorize])
        },
    ]

    @Test("A client proves who it is, as far as its kind has to", arguments: defects + others)
    func verdict(row: Case) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(Verdict(try facts.refusal()) == row.expected)
    }

    @Test("Of two things that are wrong the first is said", arguments: World.pairs(defects))
    func order(first: Case, second: Case) throws {
        var facts = Facts()
        first.change(&facts)
        second.change(&facts)
        #expect(Verdict(try facts.refusal()) == first.expected)
    }

    @Test(
        "The text names the app, as it was asked for or as it is registered",
        arguments: [
            Row(
                "not registered",
                "Application with identifier 'bbbbbbbb-0002-4000-8000-000000000002' was not found in the directory 'Contoso'."
            ) { $0.app = nil },
            Row("not registered for the flow", "'bbbbbbbb-0002-4000-8000-000000000002' is not registered for the flow 'device'.") {
                $0.flow = .device
            },
            Row("a wrong secret", "for a secret added to app 'bbbbbbbb-0002-4000-8000-000000000002'.") { $0.secret = "wrong" },
            Row("an expired secret", "client secret keys for app 'bbbbbbbb-0002-4000-8000-000000000002' are expired.") {
                $0.expireSecret([.authorize])
            },
        ] as [Row<Facts, String>])
    func text(row: Row<Facts, String>) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(try facts.refusal()?.text.contains(row.expected) == true)
    }

    /// A header, and the id and secret in it; nil for what cannot be read.
    static let headers: [(header: String, id: ClientID?, secret: String?)] = [
        ("Basic YTpi", "a", "b"), ("Basic YTo", "a", nil), ("Basic YTo=", "a", nil),
        ("Basic  YTpi ", "a", "b"), ("Basic Pj4+OnM=", ">>>", "s"), ("Basic Pz8/OnM=", "???", "s"),
        ("Basic YSUyRmI6YyUyQmQ=", "a/b", "c+d"), ("Basic aWQ6YTpi", "id", "a:b"), ("Basic YSU6Yg==", nil, nil),
        ("Basic OmI=", nil, nil), ("Basic YWI=", nil, nil), ("Basic *", nil, nil),
    ]

    @Test("HTTP Basic, with and without what base64 ends in", arguments: headers)
    func basic(header: String, id: ClientID?, secret: String?) throws {
        guard let id else {
            #expect(throws: EntraError.unreadable) { try PresentedClient(form: .empty, authorization: header) }
            return
        }
        let client = try PresentedClient(form: .empty, authorization: header)
        #expect(client.id == id)
        #expect(client.secret == secret)
    }

    @Test("What is no HTTP Basic names no client", arguments: ["Basic", "", "Bearer YTpi"])
    func otherSchemes(header: String) throws {
        #expect(throws: EntraError.missing("client_id")) { try PresentedClient(form: .empty, authorization: header) }
        #expect(try PresentedClient(form: World.form(["client_id": "a"]), authorization: header).secret == nil)
    }

    @Test(
        "A client that fails to prove who it is hears 401",
        arguments: [AADSTS.publicClientWithSecret, .wrongSecret, .missingSecret, .secretExpired])
    func status(code: AADSTS) { #expect(code.error().status == 401) }
}
