import Testing

@testable import LapseRules

private let now = Timestamp("2026-03-01T12:00:00.25Z")!
private let policyClaims =
    #"{"access_token":{"capolids":{"essential":true,"values":["cccccccc-0003-4000-8000-000000000001"]}}}"#

private func effect(_ kind: FaultEffect.Kind) throws -> FaultEffect {
    let value: JSON =
        switch kind {
        case .refuse(let code, let suberror, let claims):
            .object([
                "code": code.map { .integer(Int64($0.rawValue)) }, "suberror": suberror.map { $0.isEmpty ? .null : .string($0) },
                "claims": claims.map(JSON.string),
            ])
        case .fail(let status, let wait):
            .object(["status": .integer(Int64(status)), "retryAfter": wait.map { .string($0.iso8601) }])
        case .challenge(let claims, let variant):
            .object(["challenge": .string(claims), "variant": variant.map { .string($0.rawValue) }])
        case .response(let responseFault): ["answer": .string(responseFault.rawValue)]
        case .keys(let trouble): ["keys": .string(trouble.rawValue)]
        case .delay: ["latency": ["fixed": "PT1S"]]
        }
    return try FaultEffect(value, path: "effect")
}

private func context(
    app: AppRegistration? = BuiltInLab.seed[0].apps[0], user: User? = BuiltInLab.seed[0].users[0], authTime: Timestamp? = nil,
    lifetimes: Lifetimes = Lifetimes()
) -> FaultContext {
    var tenant = BuiltInLab.seed[0].tenant
    tenant.policies.lifetimes = lifetimes
    return FaultContext(tenant: tenant, app: app, user: user, authTime: authTime, now: now)
}

@Suite("What an endpoint says when a fault hits")
struct FaultAnswersTests {
    struct Refused: Sendable {
        let kind: FaultEffect.Kind
        let code: AADSTS?
        let error: String
        let status: Int
        var suberror: String?
        var claims: String?
        var retryAfter: Duration?
    }

    static let refused = [
        Refused(
            kind: .refuse(.grantRevoked, suberror: nil, claims: nil), code: .grantRevoked, error: "invalid_grant", status: 400,
            suberror: "bad_token"),
        Refused(
            kind: .refuse(.grantRevoked, suberror: "", claims: nil), code: .grantRevoked, error: "invalid_grant", status: 400),
        Refused(
            kind: .refuse(.grantRevoked, suberror: "token_expired", claims: "{}"), code: .grantRevoked, error: "invalid_grant",
            status: 400, suberror: "token_expired", claims: "{}"),
        Refused(
            kind: .refuse(.mfaRequired, suberror: nil, claims: nil), code: .mfaRequired, error: "invalid_grant", status: 400,
            suberror: "basic_action", claims: policyClaims),
        Refused(
            kind: .refuse(.mfaEnrollmentRequired, suberror: nil, claims: nil), code: .mfaEnrollmentRequired, error: "invalid_grant",
            status: 400, suberror: "basic_action", claims: policyClaims),
        Refused(
            kind: .refuse(.accessBlocked, suberror: nil, claims: nil), code: .accessBlocked, error: "invalid_grant", status: 400,
            suberror: "message_only", claims: policyClaims),
        Refused(
            kind: .refuse(.mfaRequired, suberror: nil, claims: "{}"), code: .mfaRequired, error: "invalid_grant", status: 400,
            suberror: "basic_action", claims: "{}"),
        Refused(
            kind: .refuse(.wrongSecret, suberror: nil, claims: nil), code: .wrongSecret, error: "invalid_client", status: 401),
        Refused(
            kind: .fail(status: 429, retryAfter: .seconds(5)), code: nil, error: "temporarily_unavailable", status: 429,
            retryAfter: .seconds(5)),
        Refused(kind: .fail(status: 503, retryAfter: nil), code: .transientError, error: "temporarily_unavailable", status: 503),
        Refused(
            kind: .fail(status: 503, retryAfter: .seconds(7)), code: .transientError, error: "temporarily_unavailable", status: 503,
            retryAfter: .seconds(7)),
        Refused(kind: .fail(status: 500, retryAfter: nil), code: .serviceIssue, error: "server_error", status: 500),
        Refused(kind: .response(.closed), code: nil, error: "temporarily_unavailable", status: 503),
    ]

    @Test("The authority answers in place of its own decision", arguments: refused)
    func refusals(row: Refused) throws {
        let error = try #require(try effect(row.kind).refusal(context()))
        #expect((error.code, error.error, error.status) == (row.code, row.error, row.status))
        #expect((error.suberror, error.claims, error.retryAfter) == (row.suberror, row.claims, row.retryAfter))
    }

    @Test(
        "The authority goes on where the answer, the keys or the time alone are spoiled",
        arguments: [
            .response(.cut), .response(.malformed), .response(.silent), .response(.dropped), .challenge(claims: "{}"),
            .keys(.stale),
            .keys(.wrong), .keys(.unknownKid), .keys(.rolledOver), .delay,
        ] as [FaultEffect.Kind])
    func passes(kind: FaultEffect.Kind) throws { #expect(try effect(kind).refusal(context()) == nil) }

    @Test(
        "A resource answers in its own words, or goes on",
        arguments: [
            (.fail(status: 429, retryAfter: .seconds(5)), 429, "TooManyRequests", nil, 5),
            (.fail(status: 503, retryAfter: .seconds(6)), 503, "serviceNotAvailable", nil, 6),
            (.fail(status: 503, retryAfter: nil), 503, "serviceNotAvailable", nil, nil),
            (.fail(status: 500, retryAfter: nil), 500, "generalException", nil, nil),
            (.challenge(claims: #"{"a":1}"#), 401, "InvalidAuthenticationToken", #"{"a":1}"#, nil),
            (.response(.closed), 503, "serviceNotAvailable", nil, nil),
            (.response(.cut), nil, nil, nil, nil), (.response(.malformed), nil, nil, nil, nil),
            (.response(.silent), nil, nil, nil, nil),
            (.response(.dropped), nil, nil, nil, nil), (.refuse(.grantRevoked, suberror: nil, claims: nil), nil, nil, nil, nil),
            (.keys(.wrong), nil, nil, nil, nil), (.delay, nil, nil, nil, nil),
        ] as [(FaultEffect.Kind, Int?, String?, String?, Int?)])
    func resources(kind: FaultEffect.Kind, status: Int?, code: String?, claims: String?, wait: Int?) throws {
        let error = try effect(kind).resourceError
        #expect((error?.status, error?.code, error?.claims) == (status, code, claims))
        #expect(error?.retryAfter == wait.map { .seconds($0) })
    }

    @Test("A code that is forced leaves no placeholder, whoever asked", arguments: AADSTS.nameable)
    func whole(code: AADSTS) throws {
        for context in [context(authTime: now - .seconds(60)), context(app: nil, user: nil)] {
            let error = try #require(try effect(.refuse(code, suberror: nil, claims: nil)).refusal(context))
            // Entra itself prints these two.
            let text = error.text.replacing("{EUII Hidden}", with: "").replacing("{tenant-ID}", with: "")
            #expect(!text.contains("{") && !text.contains("}"), "\(text)")
            #expect(error.code == code)
        }
    }

    private func text(_ code: AADSTS, _ context: FaultContext) throws -> String {
        try #require(try effect(.refuse(code, suberror: nil, claims: nil)).refusal(context)).text
    }

    @Test(
        "The words of a forced refusal are the request's own",
        arguments: [
            (.grantRevoked, "issued on '2026-03-01T11:59:00.2500000Z'"), (.grantRevoked, "is '2026-03-01T12:00:00.0000000Z'"),
            (.refreshTokenInactive, "issued on 2026-03-01T11:59:00.2500000Z and was inactive for 90.00:00:00"),
            (.refreshTokenOfSPAExpired, "lifetime of 1.00:00:00,"), (.signInFrequency, "for this request is 3600."),
            (.notConsented, "'bbbbbbbb-0002-4000-8000-000000000001' named 'Lapse Native'"),
            (.guestNotFound, "'adele@contoso.example' from identity provider 'https://sts.windows.net/\(BuiltInLab.contoso)/'"),
            (.mfaRequired, "to access '00000003-0000-0000-c000-000000000000'"), (.tenantNotFound, "'\(BuiltInLab.contoso)'"),
            (.appNotFound, "in the directory 'Contoso'"), (.missingParameter, "parameter: 'refresh_token'"),
            (.invalidGrantValue, "for the input parameter 'refresh_token' or 'assertion' is"),
            (.wrongMethod, "only accepts POST requests. Received a GET"),
        ] as [(AADSTS, String)])
    func words(code: AADSTS, part: String) throws {
        let text = try text(code, context(authTime: now - .seconds(60)))
        #expect(text.contains(part), "\(text)")
    }

    @Test("Lifetimes are those in force, and the cut-off comes after the sign-in")
    func lifetimes() throws {
        var lifetimes = Lifetimes()
        lifetimes.refreshTokenInactivity = .seconds(3600)
        lifetimes.spaRefreshToken = .seconds(1800)
        lifetimes.signInFrequency = .seconds(120)
        let context = context(authTime: now, lifetimes: lifetimes)
        #expect(try text(.refreshTokenInactive, context).hasSuffix("inactive for 01:00:00."))
        #expect(try text(.refreshTokenOfSPAExpired, context).contains("lifetime of 00:30:00,"))
        #expect(try text(.signInFrequency, context).hasSuffix("is 120."))
        #expect(try text(.grantRevoked, context).contains("is '2026-03-01T12:00:01.0000000Z'"))
        #expect(try text(.grantRevoked, context).contains("issued on '2026-03-01T12:00:00.2500000Z'"))
    }

    @Test("Nobody is called somebody")
    func nobody() throws {
        #expect(try text(.notConsented, context(app: nil, user: nil)).contains("ID 'an app' named 'an app'"))
        #expect(try text(.guestNotFound, context(app: nil, user: nil)).contains("account 'a user'"))
        #expect(try text(.grantRevoked, context(app: nil, user: nil)).contains("issued on '\(now)'"))
    }

    @Test(
        "The app hears at its redirect URI what it can act on; the rest a person sees, and a silent request hears of a person",
        arguments: [
            (.noSession, true, "login_required"), (.severalSessions, true, "interaction_required"),
            (.declined, true, "access_denied"),
            (.serviceIssue, true, "server_error"), (.transientError, true, "temporarily_unavailable"),
            (.resourceNotFound, true, "invalid_resource"), (.missingParameter, true, "invalid_request"),
            (.responseTypeNotEnabled, true, "unsupported_response_type"), (.appNotFound, true, "unauthorized_client"),
            (.grantRevoked, false, "interaction_required"), (.mfaRequired, false, "interaction_required"),
            (.invalidScope, false, "interaction_required"), (.wrongSecret, false, "interaction_required"),
        ] as [(AADSTS, Bool, String)])
    func redirects(code: AADSTS, isForRedirect: Bool, silent: String) {
        let error = code.error()
        #expect(error.isForRedirect == isForRedirect)
        #expect(error.silent.error == silent)
        #expect(error.silent.code == code)
    }
}
