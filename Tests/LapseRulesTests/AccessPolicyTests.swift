import Testing

@testable import LapseRules

@Suite("What policies refuse although nothing was revoked")
struct AccessPolicyTests {
    private static let all: Set<Challenge.Occasion> = [.refresh, .authorize]
    private static let graph = ResourceAPI.graph(of: .global)

    struct Facts: Sendable {
        var user: [Challenge] = []
        var app: [Challenge] = []
        var occasion = Challenge.Occasion.refresh

        func error() -> EntraError? {
            AccessPolicy.challenge(
                on: occasion, user: World.adele.with(\.challenges, user), app: World.native.with(\.challenges, app),
                resource: graph)
        }
    }

    @Test(
        "Which challenge is made, of the user's and the app's",
        arguments: [
            Row("none", nil) { _ in }, Row("the user's", .mfaRequired) { $0.user = [.init(code: .mfaRequired, on: all)] },
            Row("the app's", .mfaRequired) { $0.app = [.init(code: .mfaRequired, on: all)] },
            Row("another occasion's", nil) { $0.user = [.init(code: .mfaRequired, on: [.authorize])] },
            Row("the occasion's own", .mfaRequired) {
                ($0.user, $0.occasion) = ([.init(code: .mfaRequired, on: [.authorize])], .authorize)
            },
            Row("another occasion's, of the app", nil) {
                ($0.app, $0.occasion) = ([.init(code: .mfaRequired, on: [.refresh])], .authorize)
            },
            Row("the earlier in the catalogue's order, though it is the app's", .mfaRequired) {
                $0.user = [.init(code: .deviceNotManaged, on: all)]
                $0.app = [.init(code: .mfaRequired, on: all)]
            },
            Row("the earlier in the catalogue's order, though it was set later", .accountLocked) {
                $0.user = [.init(code: .notConsented, on: all), .init(code: .accountLocked, on: all)]
            },
            Row("the later, where the earlier is another occasion's", .notConsented) {
                $0.user = [.init(code: .notConsented, on: all), .init(code: .accountLocked, on: [.authorize])]
            },
            Row("an expired secret is met elsewhere", nil) { $0.app = [.init(code: .secretExpired, on: all)] },
            Row("an expired secret hides no other", .accessBlocked) {
                $0.app = [.init(code: .secretExpired, on: all), .init(code: .accessBlocked, on: all)]
            },
        ] as [Row<Facts, AADSTS?>])
    func challenge(row: Row<Facts, AADSTS?>) {
        var facts = Facts()
        row.change(&facts)
        #expect(facts.error()?.code == row.expected)
    }

    @Test("The order in which challenges are made")
    func order() {
        #expect(
            Challenge.codes == [
                .secretExpired, .accountLocked, .passwordExpired, .mfaRequired, .mfaEnrollmentRequired, .mfaExpired,
                .accessBlocked, .deviceNotManaged, .notConsented,
            ])
    }

    struct Made: Sendable {
        let code: AADSTS
        let suberror: String?
        let hasDemand: Bool
        let text: String

        init(_ code: AADSTS, _ suberror: String?, demand: Bool, _ text: String) {
            self.code = code
            self.suberror = suberror
            hasDemand = demand
            self.text = text
        }
    }

    private static let because =
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must"

    /// As they were recorded, or as the catalogue assumes them.
    static let made = [
        Made(
            .accountLocked, nil, demand: false,
            "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."),
        Made(.passwordExpired, "user_password_expired", demand: false, "Password is expired."),
        Made(
            .mfaRequired, "basic_action", demand: true,
            "\(because) use multi-factor authentication to access '00000003-0000-0000-c000-000000000000'."),
        Made(
            .mfaEnrollmentRequired, "basic_action", demand: true,
            "\(because) enroll in multi-factor authentication to access '00000003-0000-0000-c000-000000000000'."),
        Made(
            .mfaExpired, "basic_action", demand: false,
            "Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication to access '00000003-0000-0000-c000-000000000000'."
        ),
        Made(
            .accessBlocked, "message_only", demand: true,
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."),
        Made(.deviceNotManaged, "message_only", demand: false, "Your device is required to be managed to access this resource."),
        Made(
            .notConsented, "consent_required", demand: false,
            "The user or administrator has not consented to use the application with ID 'bbbbbbbb-0002-4000-8000-000000000001' named 'Lapse Native'. Send an interactive authorization request for this user and resource."
        ),
    ]

    @Test("Each challenge: its text, what clients branch on, what they hand back", arguments: made)
    func text(made: Made) throws {
        let error = try #require(Facts(user: [.init(code: made.code, on: Self.all)]).error())
        #expect(error.error == "invalid_grant")
        #expect(error.status == 400)
        #expect(error.suberror == made.suberror)
        #expect(error.text == made.text)
        let demand = #"{"access_token":{"capolids":{"essential":true,"values":["cccccccc-0003-4000-8000-000000000001"]}}}"#
        #expect(error.claims == (made.hasDemand ? demand : nil))
    }

    @Test("Every challenge but the secret's is among them")
    func complete() { #expect([.secretExpired] + Self.made.map(\.code) == Challenge.codes) }

    private static let authentication = GrantSample().authentication

    @Test(
        "A sign-in is too old from the end of the policy's time on",
        arguments: [
            (Duration?.none, World.systemTime, false), (.seconds(3600), World.now - Timestamp.tick, false),
            (.seconds(3600), World.now, true), (.seconds(3600), World.now + Timestamp.tick, true),
            (.seconds(1), World.signedInAt, false),
        ])
    func frequency(frequency: Duration?, now: Timestamp, isRefused: Bool) {
        let refusal = AccessPolicy.refusal(of: Self.authentication, within: frequency, now: now)
        #expect(refusal?.code == (isRefused ? .signInFrequency : nil))
        #expect(refusal?.suberror == (isRefused ? "token_expired" : nil))
    }

    @Test("Consent is withdrawn from the app that it was withdrawn from")
    func consent() {
        func code(_ withdrawn: [ClientID]) -> AADSTS? {
            AccessPolicy.consentRefusal(user: World.adele.with(\.withdrawnConsents, withdrawn), app: World.native)?.code
        }
        #expect(code([]) == nil)
        #expect(code([World.web.id]) == nil)
        #expect(code([World.web.id, World.native.id]) == .notConsented)
    }

    static let written: [(value: JSON, challenge: Challenge)] = [
        (["code": 50076, "on": ["refresh"]], Challenge(code: .mfaRequired, on: [.refresh])),
        (["code": 50076, "on": ["authorize"]], Challenge(code: .mfaRequired, on: [.authorize])),
        (["code": 53003, "on": ["refresh", "authorize"]], Challenge(code: .accessBlocked, on: all)),
        (["code": 7_000_222, "on": ["authorize"]], Challenge(code: .secretExpired, on: [.authorize])),
    ]

    @Test("Challenges are read as the control API writes them", arguments: written)
    func reading(value: JSON, challenge: Challenge) throws {
        var reader = try ObjectReader(["challenges": [value]])
        #expect(try Challenge.list(&reader, ofApp: true) == [challenge])
        #expect(challenge.json == value)
    }

    @Test("A challenge that names no occasion is made on all")
    func occasions() throws {
        var reader = try ObjectReader(["challenges": [["code": 50076]]])
        #expect(try Challenge.list(&reader, ofApp: true) == [Challenge(code: .mfaRequired, on: Self.all)])
    }

    static let refused: [(value: JSON, ofApp: Bool, field: String)] = [
        (["code": 50], false, "challenges[0].code"), (["code": 50], true, "challenges[0].code"),
        (["code": 7_000_222], false, "challenges[0].code"), (["on": ["refresh"]], true, "challenges[0].code"),
        (["code": 50076, "on": []], true, "challenges[0].on"),
        (["code": 50076, "on": ["refresh", "sometimes"]], true, "challenges[0].on[1]"),
        (["code": 50076, "why": "x"], true, "challenges[0].why"), ("50076", true, "challenges[0]"),
    ]

    @Test("What could never be made is refused with its field", arguments: refused)
    func impossible(value: JSON, ofApp: Bool, field: String) throws {
        var reader = try ObjectReader(["challenges": [value]])
        let error = #expect(throws: FieldError.self) { try Challenge.list(&reader, ofApp: ofApp) }
        #expect(error?.field == field)
    }

    @Test("The app's list may name its secret, a list that is missing is none")
    func lists() throws {
        var reader = try ObjectReader(["challenges": [["code": 7_000_222]]])
        #expect(try Challenge.list(&reader, ofApp: true)?.map(\.code) == [.secretExpired])
        var empty = try ObjectReader([:])
        #expect(try Challenge.list(&empty, ofApp: true) == nil)
    }
}
