import Testing

@testable import LapseRules

private let trace = GUID("11111111-2222-4333-8444-555555555555")!

private func errorTrace(_ change: (inout Policies) -> Void = { _ in }, at version: EndpointVersion = .v2) -> ErrorTrace {
    var policies = Policies()
    change(&policies)
    return ErrorTrace(
        traceID: trace, correlationID: "request", now: Timestamp("2021-10-29T17:16:31.5Z")!, style: ErrorStyle(policies).at(version)
    )
}

@Suite("Errors of the authority as JSON")
struct EntraErrorJSONTests {
    private func members(_ error: EntraError, _ trace: ErrorTrace = errorTrace()) -> JSON { error.json(trace, origin: "https://o") }

    @Test(
        "The parts of the description stand apart as the tenant's layout says",
        arguments: [(Policies.ErrorLayout.current, " "), (.of2021, "\r\n")])
    func layout(layout: Policies.ErrorLayout, separator: String) {
        let text = AADSTS.devicePending.error().description(errorTrace { $0.errorLayout = layout })
        #expect(
            text
                == [
                    "AADSTS70016: OAuth 2.0 device flow error. Authorization is pending. Continue polling.", "Trace ID: \(trace)",
                    "Correlation ID: request", "Timestamp: 2021-10-29 17:16:31Z",
                ].joined(separator: separator))
    }

    @Test(
        "What a good app does follows from the OAuth error, and from claims",
        arguments: [
            (50173, ErrorAdvice.signInAgain), (700082, .signInAgain), (50057, .signInAgain), (65001, .signInAgain),
            (50076, .signInWithClaims), (50079, .signInWithClaims), (53003, .signInWithClaims), (50058, .showPage),
            (65004, .showPage),
            (90033, .waitAndRetry), (70016, .goOnAsking), (700016, .changeRequest), (50011, .changeRequest),
            (7_000_215, .changeRequest),
        ])
    func advice(number: Int, advice: ErrorAdvice) throws { #expect(try #require(AADSTS(rawValue: number)).advice == advice) }

    @Test("The text of a code for everybody has no placeholder")
    func generalText() {
        #expect(AADSTS.grantRevoked.generalText.contains("was issued on '…' and the TokensValidFrom date"))
        for code in AADSTS.nameable { #expect(!code.generalText.contains("{"), "\(code.rawValue)") }
    }

    @Test("A suberror shows at the newer endpoint, unless the tenant wants none")
    func suberror() {
        let error = AADSTS.grantRevoked.error()
        #expect(members(error)["suberror"] == "bad_token")
        #expect(members(error, errorTrace(at: .v1))["suberror"] == nil)
        #expect(members(error, errorTrace { $0.hasSuberror = false })["suberror"] == nil)
        #expect(members(AADSTS.accountDisabled.error())["suberror"] == nil)
    }

    @Test(
        "What version 1 calls an error",
        arguments: [
            (AADSTS.signInFrequency, "invalid_grant", "interaction_required"),
            (.mfaRequired, "invalid_grant", "interaction_required"),
            (.mfaExpired, "invalid_grant", "interaction_required"),
            (.mfaEnrollmentRequired, "invalid_grant", "interaction_required"),
            (.accessBlocked, "invalid_grant", "interaction_required"), (.deviceNotManaged, "invalid_grant", "interaction_required"),
            (.deviceCodeExpired, "expired_token", "code_expired"), (.grantRevoked, "invalid_grant", "invalid_grant"),
            (.missingParameter, "invalid_request", "invalid_request"),
        ])
    func versions(code: AADSTS, second: String, first: String) {
        #expect(members(code.error())["error"]?.text == second)
        #expect(members(code.error(), errorTrace(at: .v1))["error"]?.text == first)
    }

    @Test("What Lapse refuses in its own words has no number, no prefix and no address")
    func own() {
        let json = members(.lapse("invalid_request", "No.", status: 400))
        #expect(json["error_codes"] == [])
        #expect(json["error_description"]?.text?.hasPrefix("Lapse: No. Trace ID: ") == true)
        #expect(json["error_uri"] == nil)
        #expect(members(.lapse("x", "No.").with(error: "y"), errorTrace(at: .v1))["error"] == "y")
    }

    @Test("Claims are handed on as they are, behind everything else")
    func claims() {
        let json = members(AADSTS.mfaRequired.error().with(claims: #"{"a":1}"#))
        #expect(json["claims"] == #"{"a":1}"#)
        guard case .object(let members) = json else { return #expect(Bool(false)) }
        #expect(
            members.map(\.name) == [
                "error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri", "suberror",
                "claims",
            ])
    }

    @Test("A refusal under another name or status keeps the rest; an empty suberror takes it away")
    func with() {
        let error = AADSTS.mfaRequired.error().with(claims: "{}", retryAfter: .seconds(5))
        let other = error.with(error: "interaction_required", status: 403, suberror: "x")
        #expect((other.code, other.error, other.status, other.suberror) == (.mfaRequired, "interaction_required", 403, "x"))
        #expect((other.claims, other.retryAfter, other.text) == ("{}", .seconds(5), error.text))
        #expect(error.with(suberror: "").suberror == nil)
        #expect(error.with().suberror == "basic_action")
        #expect(error.with() == error)
    }

    @Test("At the redirect URI an error says its name, description and address")
    func redirect() {
        let answer = AADSTS.noSession.error().answer(errorTrace(), origin: "https://o")
        #expect(answer.members.map(\.name) == ["error", "error_description", "error_uri"])
        #expect(answer.members.map(\.value).last == "https://o/error?code=50058")
        #expect(EntraError.lapse("x", "No.").answer(errorTrace(), origin: "https://o").members.count == 2)
    }

    @Test(
        "A placeholder is filled in, and what is longer than 200 bytes is cut",
        arguments: [(200, "x"), (201, "…"), (10_000, "…")])
    func filled(length: Int, last: String) {
        let text = AADSTS.missingParameter.error(["parameter": String(repeating: "x", count: length)]).text
        #expect(text.hasSuffix("\(last)'."))
        #expect(text.count { $0 == "x" } == 200)
    }
}

@Suite("Errors of the resources as JSON")
struct ResourceErrorJSONTests {
    @Test(
        "Graph's errors have its statuses and codes",
        arguments: [
            (GraphError.emptyToken, 401, "InvalidAuthenticationToken", "Access token is empty."),
            (.expiredToken, 401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
            (.noSignedInUser, 400, "BadRequest", "/me request is only valid with delegated authentication flow."),
            (
                .notFound("x"), 404, "Request_ResourceNotFound",
                "Resource 'x' does not exist or one of its queried reference-property objects are not present."
            ),
            (.unknownPath("groups"), 400, "BadRequest", "Resource not found for the segment 'groups'."),
            (.badRequest("No."), 400, "Request_BadRequest", "No."),
            (
                .wrongMethod("PUT"), 405, "Request_BadRequest",
                "Specified HTTP method PUT is not allowed for the request target."
            ),
            (.failing(status: 429, retryAfter: nil), 429, "TooManyRequests", "Please retry again later."),
            (.failing(status: 500, retryAfter: .seconds(5)), 500, "generalException", "General exception while processing."),
        ] as [(GraphError, Int, String, String)])
    func graph(error: GraphError, status: Int, code: String, message: String) {
        #expect(error.status == status)
        let json = error.json(errorTrace())["error"]
        #expect(json?["code"]?.text == code)
        #expect(json?["message"]?.text == message)
        #expect(json?["innerError"]?["date"] == "2021-10-29T17:16:31")
    }

    @Test("What a caller sent is cut before it is repeated")
    func bounded() {
        let long = String(repeating: "x", count: 10_000)
        for error in [GraphError.notFound(long), .unknownPath(long)] { #expect(error.message.count { $0 == "x" } <= 210) }
        #expect(ManagementError.unknownPath(long).message.utf8.count < 300)
    }

    @Test("A challenge demands a token that is no older than the instant")
    func challenge() {
        let error = GraphError.challenge(at: Timestamp(secondsSinceEpoch: 1_600_000_000))
        #expect((error.status, error.code) == (401, "InvalidAuthenticationToken"))
        #expect(error.claims == #"{"access_token":{"nbf":{"essential":true, "value":"1600000000"}}}"#)
    }

    @Test(
        "Azure Resource Manager says the same in its own words",
        arguments: [
            (GraphError.challenge(claims: "{}"), 401, "AuthenticationFailed", "User session has been revoked"),
            (
                .emptyToken, 401, "AuthenticationFailed",
                "The authentication failed because of missing 'Authorization' header."
            ),
            (.expiredToken, 401, "ExpiredAuthenticationToken", "The access token is expired."),
            (
                .wrongAudience, 401, "InvalidAuthenticationTokenAudience",
                "The access token has been obtained for wrong audience or resource."
            ),
            (.denied, 403, "AuthorizationFailed", "The client does not have authorization to perform this action."),
            (.garbageToken, 401, "InvalidAuthenticationToken", "The access token is invalid."),
            (.wrongSignature, 401, "InvalidAuthenticationToken", "The access token is invalid."),
            (.failing(status: 503, retryAfter: .seconds(9)), 503, "serviceNotAvailable", "The service is not available."),
        ] as [(GraphError, Int, String, String)])
    func management(graph: GraphError, status: Int, code: String, challenge: String) {
        let error = ManagementError(graph)
        #expect((error.status, error.code, error.challengeText) == (status, code, challenge))
        #expect((error.claims, error.retryAfter) == (graph.claims, graph.retryAfter))
        #expect(error.json == ["error": ["code": .string(code), "message": .string(error.message)]])
    }

    @Test("A path without a version, and one where nothing is")
    func paths() {
        #expect(ManagementError.missingVersion.status == 400)
        #expect(ManagementError.unknownPath("/x").json["error"]?["message"] == "Nothing is at the path '/x'.")
    }
}
