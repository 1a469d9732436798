import Testing

@testable import LapseRules

@Suite("Clients that ask the same again and again")
struct ClientLoopTests {
    private static func request(_ members: [String: String]) throws -> TokenRequest {
        try TokenRequest(
            form: World.form(["client_id": "app", "scope": "User.Read"].merging(members) { $1 }), authorization: nil, origin: nil)
    }

    static let refresh = ["grant_type": "refresh_token", "refresh_token": "r"]
    static let application = ["grant_type": "client_credentials"]

    @Test(
        "The fifteenth is refused, an application's own with a 429",
        arguments: [
            (refresh, 1, false, nil), (refresh, 14, false, nil), (refresh, 15, true, nil), (refresh, 16, true, nil),
            (application, 14, false, nil), (application, 15, true, .seconds(60)),
        ] as [([String: String], Int, Bool, Duration?)])
    func refusal(members: [String: String], repeated: Int, isRefused: Bool, retryAfter: Duration?) throws {
        let error = ClientLoop.refusal(of: try Self.request(members), repeated: repeated)
        #expect(error?.code == (isRefused ? .clientLoop : nil))
        #expect(error?.error == (isRefused ? "invalid_grant" : nil))
        #expect(error?.status == (isRefused ? retryAfter == nil ? 400 : 429 : nil))
        #expect(error?.retryAfter == retryAfter)
    }

    @Test("They are counted over five minutes")
    func window() { #expect(ClientLoop.window == .seconds(300)) }

    /// Requests that ask for different things.
    static let different: [[String: String]] = [
        refresh, refresh.merging(["refresh_token": "other"]) { $1 }, refresh.merging(["client_id": "other"]) { $1 },
        refresh.merging(["scope": "openid"]) { $1 }, application,
        ["grant_type": "authorization_code", "code": "r", "redirect_uri": "u"],
        ["grant_type": "authorization_code", "code": "other", "redirect_uri": "u"],
        ["grant_type": "password", "username": "u", "password": "p"],
        ["grant_type": "password", "username": "u", "password": "other"],
        ["grant_type": "password", "username": "other", "password": "p"],
        ["grant_type": "device_code", "device_code": "r"], ["grant_type": "device_code", "device_code": "other"],
        [
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "r",
            "requested_token_use": "on_behalf_of",
        ],
        [
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "other",
            "requested_token_use": "on_behalf_of",
        ],
    ]

    @Test("Another client, flow, scope or thing to redeem is another request")
    func fingerprints() throws {
        let fingerprints = try Self.different.map { try Self.request($0).fingerprint }
        #expect(Set(fingerprints).count == Self.different.count)
    }

    @Test(
        "What does not change what is asked for makes no other request",
        arguments: [
            (refresh, ["client_info": "1"]), (refresh, ["client_id": "APP"]),
            (["grant_type": "authorization_code", "code": "r", "redirect_uri": "u"], ["redirect_uri": "v", "code_verifier": "w"]),
        ] as [([String: String], [String: String])])
    func same(members: [String: String], further: [String: String]) throws {
        #expect(
            try Self.request(members).fingerprint == Self.request(members.merging(further) { $1 }).fingerprint)
    }

    @Test("A request that names no scope is another than one that does")
    func noScope() throws {
        let none = try TokenRequest(
            form: World.form(Self.refresh.merging(["client_id": "app"]) { $1 }), authorization: nil, origin: nil)
        #expect(none.fingerprint != (try Self.request(Self.refresh).fingerprint))
    }
}
