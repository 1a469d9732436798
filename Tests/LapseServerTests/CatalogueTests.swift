import Foundation
import HTTPTypes
import LapseRules
import LapseService
import Testing

/// Every code that Lapse can answer, reached as a client or a person reaches it: by state, by policy, by history, by a mistake.
///
/// The answers are kept in `Tests/Golden/codes`, byte for byte; `UPDATE_GOLDEN=1` rewrites them.
@Suite("The catalogue")
struct CatalogueTests {
    @Test("Each code of the catalogue is reached, and answered as it was written down", arguments: AADSTS.allCases)
    func reached(code: AADSTS) async throws {
        try await Lab.run { lab async throws in
            let (how, play) = Self.scenario(code)
            let answer = try await play(lab)
            let said = Self.said(answer)
            #expect(said.contains("AADSTS\(code.rawValue):") || said.contains("AADSTS\(code.rawValue)%3A"), "\(said)")
            try Golden.compare("\(how)\n\n\(answer.status)\n\(said)", with: "codes/\(code.rawValue).txt")
        }
    }

    @Test("Every code, its grade and its way are listed in the docs")
    func listed() throws {
        let page = try String(contentsOf: Golden.folder.appendingPathComponent("../../docs/codes.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") && $0.dropFirst(2).first?.isNumber == true }
        let expected = AADSTS.allCases.map { code in
            "| \(code.rawValue) | \(code.row.source) | \(Self.scenario(code).how) |"
        }
        for row in expected {
            #expect(rows.contains { $0.hasPrefix(row) }, "\(row)")
        }
        #expect(rows.count == expected.count)
        let forced = page.components(separatedBy: "## Codes that can only be forced").last ?? ""
        let words = Set(forced.split { " ,.\n".contains($0) }.map(String.init))
        for code in AADSTS.nameable where !AADSTS.allCases.contains(code) {
            #expect(words.contains(String(code.rawValue)) && code.name.map(words.contains) ?? true, "\(code.rawValue)")
        }
    }

    /// What the client or the person reads: a JSON body, an address to go to, or the message of a page.
    private static func said(_ answer: Answer) -> String {
        if let location = answer.headers[.location] { return location }
        if let message = answer.text.firstMatch(of: /AADSTS\d+: [^<]*/), !answer.text.hasPrefix("{") { return String(message.0) }
        return answer.text
    }

    private typealias Scenario = (how: String, play: @Sendable (Lab) async throws -> Answer)

    private static let graph = "https://graph.microsoft.com"
    private static let bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

    private static func scenario(_ code: AADSTS) -> Scenario {
        switch code {
        // MARK: The service itself
        case .transientError: ("A refresh while a fault makes the service unavailable", { try await faulty($0, status: 503) })
        case .serviceIssue: ("A refresh while a fault breaks the service", { try await faulty($0, status: 500) })

        // MARK: A refresh token, or the session it came from, is dead
        case .grantRevoked:
            ("A refresh after a revoke", { lab in try await refusedRefresh(lab) { _ = try await $0.revoke() } })
        case .refreshTokenInactive:
            ("A refresh after ninety days without one", { lab in try await refusedRefresh(lab) { $0.pass(.days(90)) } })
        case .refreshTokenOfSPAExpired:
            (
                "A single-page app's refresh a day after the sign-in",
                { lab in
                    let grant = try await lab.grant(client: Lab.spa)
                    lab.pass(.days(1))
                    return try await lab.refresh(
                        grant["refresh_token"], client: Lab.spa, headers: [.origin: "http://localhost:5173"])
                }
            )
        case .signInFrequency:
            (
                "A refresh when the sign-in is older than the policy allows",
                { lab in
                    try await refusedRefresh(lab) {
                        try await $0.contoso(.put, "policies", ["lifetimes": ["signInFrequency": "PT1H"]])
                        $0.pass(.seconds(3600))
                    }
                }
            )
        case .accountDisabled:
            (
                "A refresh after the account was disabled",
                { lab in
                    try await refusedRefresh(lab) { try await $0.contoso(.patch, "users/\(Lab.adele)", ["accountEnabled": false]) }
                }
            )
        case .userNotFound:
            (
                "The password flow with a name that nobody has",
                { lab in
                    try await token(
                        lab,
                        [
                            "grant_type": "password", "client_id": Lab.native, "scope": "openid",
                            "username": "nobody@contoso.example",
                            "password": BuiltInLab.password,
                        ])
                }
            )
        case .userDeleted:
            (
                "A refresh after the user was deleted",
                { lab in try await refusedRefresh(lab) { try await $0.contoso(.delete, "users/\(Lab.adele)") } }
            )
        case .noSession:
            ("prompt=none with no session", { lab in try await lab.authorize(Lab.authorizePath(["prompt": "none"])) })
        case .sessionUnknown:
            (
                "prompt=none with the sid of a session that is not there",
                { lab in
                    let cookies = try await lab.signIn().cookies
                    return try await lab.authorize(
                        Lab.authorizePath(["prompt": "none", "sid": "99999999-0009-4000-8000-000000000009"]), cookies: cookies)
                }
            )
        case .severalSessions:
            (
                "prompt=none with two sessions and no hint",
                { lab in
                    let first = try await lab.signIn().cookies
                    let both = try await lab.signIn(
                        Lab.authorizePath(["prompt": "login"]), user: "alex@contoso.example", cookies: first
                    ).cookies
                    return try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: both)
                }
            )

        // MARK: A policy says no
        case .mfaRequired: ("A refresh under a challenge of the user", challenged(50076))
        case .mfaEnrollmentRequired: ("A refresh under a challenge of the user", challenged(50079))
        case .mfaExpired: ("A refresh under a challenge of the user", challenged(50078))
        case .accessBlocked: ("A refresh under a challenge of the user", challenged(53003))
        case .deviceNotManaged: ("A refresh under a challenge of the user", challenged(530003))
        case .passwordExpired:
            (
                "The password flow with a password that must be changed",
                { lab in
                    let admin = try await lab.grant(
                        user: "admin@contoso.example", scope: "User.ReadWrite.All Directory.AccessAsUser.All")["access_token"]
                    let changed = try await lab.send(
                        .patch, "/v1.0/users/\(Lab.adele)",
                        headers: [.authorization: "Bearer \(admin)", .contentType: "application/json"],
                        body: #"{"passwordProfile":{"password":"N3w-secret!","forceChangePasswordNextSignIn":true}}"#)
                    #expect(changed.status == 204)
                    return try await password(lab, "N3w-secret!")
                }
            )
        case .accountLocked:
            (
                "The right password after ten wrong ones",
                { lab in
                    for _ in 1...10 { _ = try await password(lab, "wrong") }
                    return try await password(lab)
                }
            )
        case .notConsented:
            (
                "A refresh after the user's consent was taken away",
                { lab in
                    try await refusedRefresh(lab) { try await $0.contoso(.delete, "consents/\(Lab.adele)/\(Lab.native)") }
                }
            )
        case .declined:
            (
                "The consent page answered with no",
                { lab in
                    let path = Lab.authorizePath(["prompt": "consent"])
                    return try await lab.form(path, ["step": "decline"], headers: [.cookie: try await lab.signIn().cookies])
                }
            )
        case .administratorsOnly:
            (
                "Everybody's consent, asked of somebody who is no administrator",
                { lab in
                    let path = "/contoso.example/adminconsent?client_id=\(Lab.native)"
                    return try await lab.authorize(path, cookies: try await lab.signIn().cookies)
                }
            )
        case .clientLoop:
            (
                "The fifteenth identical refresh within five minutes, with loopDetection",
                { lab in
                    try await lab.contoso(.put, "policies", ["loopDetection": true])
                    let token = try await lab.grant()["refresh_token"]
                    for _ in 1...14 { #expect(try await lab.refresh(token).status == 200) }
                    return try await lab.refresh(token)
                }
            )

        // MARK: Who signs in
        case .wrongPassword: ("The password flow with a wrong password", { lab in try await password(lab, "wrong") })
        case .guestNotFound:
            (
                "A refresh at a tenant where the user is not a guest",
                { lab in try await lab.refresh(try await lab.grant()["refresh_token"], at: "fabrikam.example") }
            )

        // MARK: Codes and device codes
        case .codeRedeemed:
            (
                "A code for the second time",
                { lab in
                    let code = try await newCode(lab)
                    _ = try await lab.redeem(code: code)
                    return try await lab.redeem(code: code)
                }
            )
        case .codeExpired:
            (
                "A code after ten minutes",
                { lab in
                    let code = try await newCode(lab)
                    lab.pass(.seconds(600))
                    return try await lab.redeem(code: code)
                }
            )
        case .codeForOtherRedirect:
            (
                "A code with another redirect URI than it was asked for",
                { lab in try await lab.redeem(code: try await newCode(lab), redirect: "http://localhost/callback") }
            )
        case .redirectNotRepeated:
            (
                "A code without the redirect URI that it was asked for with",
                { lab in
                    try await token(
                        lab, ["grant_type": "authorization_code", "client_id": Lab.native, "code": try await newCode(lab)])
                }
            )
        case .codeForOtherAuthority:
            (
                "A code of common at its user's tenant",
                { lab in
                    try await lab.redeem(
                        code: try await newCode(lab, at: Lab.authorizePath().replacing("/contoso.example/", with: "/common/")))
                }
            )
        case .missingVerifier:
            (
                "A code with a challenge, redeemed without a verifier",
                { lab in try await lab.redeem(code: try await newCode(lab, plain)) }
            )
        case .wrongVerifier:
            (
                "A code with a challenge, redeemed with another verifier",
                { lab in try await lab.redeem(code: try await newCode(lab, plain), verifier: String(repeating: "w", count: 43)) }
            )
        case .badChallenge:
            (
                "Authorize with a challenge of the wrong size",
                { lab in
                    try await lab.authorize(
                        Lab.authorizePath(["code_challenge": "short", "code_challenge_method": "plain"]))
                }
            )
        case .badChallengeMethod:
            (
                "Authorize with an unknown challenge method",
                { lab in
                    try await lab.authorize(
                        Lab.authorizePath([
                            "code_challenge": String(repeating: "v", count: 43), "code_challenge_method": "S512",
                        ]))
                }
            )
        case .spaNeedsPKCE:
            (
                "A single-page app's code without a challenge",
                { lab in
                    let path = Lab.authorizePath(client: Lab.spa, redirect: "http://localhost:5173/")
                    return try await lab.redeem(
                        code: try await newCode(lab, at: path), client: Lab.spa, redirect: "http://localhost:5173/",
                        origin: "http://localhost:5173")
                }
            )
        case .crossOriginNotSPA:
            (
                "A native app's refresh with an Origin header",
                { lab in
                    try await lab.refresh(try await lab.grant()["refresh_token"], headers: [.origin: "http://localhost:5173"])
                }
            )
        case .spaNotCrossOrigin:
            (
                "A single-page app's refresh without an Origin header",
                { lab in try await lab.refresh(try await lab.grant(client: Lab.spa)["refresh_token"], client: Lab.spa) }
            )
        case .devicePending: ("A poll before the person has signed in", { lab in try await poll(lab, try await deviceCode(lab)) })
        case .deviceCodeExpired:
            (
                "A poll after fifteen minutes",
                { lab in
                    let code = try await deviceCode(lab)
                    lab.pass(.seconds(900))
                    return try await poll(lab, code)
                }
            )
        case .deviceCodeUnknown: ("A poll with a code that was never issued", { lab in try await poll(lab, "unknown") })

        // MARK: A client that signs
        case .jwtMalformed: ("A client assertion that is no JWT", { lab in try await asserting(lab, "a.b.c") })
        case .keyUnsupported:
            (
                "A client assertion with an algorithm that no certificate has",
                { lab in try await asserting(lab, unsigned(["alg": "HS256", "x5t": .string(thumbprint)])) }
            )
        case .certificateUnknown:
            (
                "A client assertion by a certificate that the app does not have",
                { lab in try await asserting(lab, unsigned(["alg": "RS256", "x5t": .string(thumbprint)])) }
            )
        case .assertionSubject:
            ("A client assertion by one about another", { lab in try await asserting(lab, signed(lab, ["iss": "another"])) })
        case .assertionOfOtherClient:
            (
                "A client assertion of another client",
                { lab in try await asserting(lab, signed(lab, ["iss": .string(Lab.web), "sub": .string(Lab.web)])) }
            )
        case .clientAssertionAudience:
            (
                "A client assertion for another authority",
                { lab in try await asserting(lab, signed(lab, ["aud": "https://idp.example"])) }
            )
        case .clientAssertionTime:
            (
                "A client assertion whose time is over",
                { lab in try await asserting(lab, signed(lab, ["exp": .integer((Lab.start - .seconds(3600)).secondsSinceEpoch)])) }
            )

        // MARK: On behalf of a user
        case .assertionSignature: ("On-behalf-of with no token of Lapse's", { lab in try await onBehalf(lab, of: "a.b.c") })
        case .assertionAudience:
            (
                "On-behalf-of with a token for another API",
                { lab in try await onBehalf(lab, of: try await lab.grant()["access_token"]) }
            )
        case .assertionExpired:
            (
                "On-behalf-of with a token that has ended",
                { lab in
                    let token = try await lab.grant(scope: "openid api://lapse-lab/access_as_user")["access_token"]
                    lab.pass(.seconds(7200))
                    return try await onBehalf(lab, of: token)
                }
            )

        // MARK: The client
        case .appNotFound:
            (
                "A refresh by a client id that nobody registered",
                { lab in try await lab.refresh(try await lab.grant()["refresh_token"], client: "nobody") }
            )
        case .wrongSecret: ("Client credentials with a wrong secret", { lab in try await daemon(lab, secret: "wrong") })
        case .missingSecret: ("Client credentials without a secret", { lab in try await daemon(lab, secret: nil) })
        case .secretExpired:
            (
                "Client credentials with a secret that a challenge calls expired",
                { lab in
                    try await lab.contoso(.patch, "apps/\(Lab.daemon)", ["challenges": [["code": 7_000_222]]])
                    return try await daemon(lab)
                }
            )
        case .appDisabled:
            (
                "A refresh after the app was disabled",
                { lab in try await refusedRefresh(lab) { try await $0.contoso(.patch, "apps/\(Lab.native)", ["enabled": false]) } }
            )
        case .notAssigned:
            (
                "A refresh by a user who is not assigned to an app that wants it",
                { lab in
                    try await refusedRefresh(lab) {
                        let assigned: JSON = ["assignmentRequired": true, "assigned": ["alex@contoso.example"]]
                        try await $0.contoso(.patch, "apps/\(Lab.native)", assigned)
                    }
                }
            )
        case .singleTenantApp:
            (
                "An app of one tenant at common",
                { lab in
                    try await lab.contoso(.patch, "apps/\(Lab.native)", ["signInAudience": "AzureADMyOrg"])
                    return try await lab.authorize(Lab.authorizePath().replacing("/contoso.example/", with: "/common/"))
                }
            )
        case .publicClientWithSecret:
            (
                "A public client's refresh with a secret",
                { lab in try await lab.refresh(try await lab.grant()["refresh_token"], secret: "any") }
            )
        case .invalidGrantValue:
            (
                "Another client's refresh token",
                { lab in
                    let token = try await lab.grant()["refresh_token"]
                    return try await lab.refresh(token, client: Lab.web, secret: "lapse-web-secret")
                }
            )
        case .malformed: ("A refresh token that cannot be one", { lab in try await lab.refresh("garbage") })
        case .redirectMismatch:
            (
                "Authorize with a redirect URI that is not registered",
                { lab in try await lab.authorize(Lab.authorizePath(redirect: "http://localhost/elsewhere")) }
            )

        // MARK: What is asked for
        case .invalidScope:
            ("A refresh for a resource without a scope", { lab in try await refreshFor(lab, "https://graph.microsoft.com/") })
        case .scopeUnknown:
            ("A refresh for a scope that Graph does not have", { lab in try await refreshFor(lab, "User.Fly") })
        case .scopeMissing:
            (
                "A code for scopes of two resources, redeemed without a scope",
                { lab in
                    let path = Lab.authorizePath(scope: "User.Read api://lapse-lab/access_as_user")
                    return try await lab.redeem(code: try await newCode(lab, at: path))
                }
            )
        case .resourceNotOfScope:
            (
                "A refresh with the resource parameter of another API than its scope's",
                { lab in
                    let token = try await lab.grant()["refresh_token"]
                    return try await Self.token(
                        lab,
                        [
                            "grant_type": "refresh_token", "client_id": Lab.native, "refresh_token": token, "scope": "User.Read",
                            "resource": "https://mcp.example/mcp",
                        ])
                }
            )
        case .forItself:
            (
                "A refresh of an app for its own API, by another name than its client id",
                { lab in
                    let own: JSON = [
                        "id": "own-api", "name": "Own API", "kind": "public", "redirectUris": ["http://localhost/cb"],
                        "delegated": ["api://own-api/work"], "exposes": ["uri": "api://own-api", "scopes": ["work"]],
                    ]
                    try await lab.contoso(.post, "apps", own)
                    let grant = try await lab.grant(client: "own-api", scope: "openid offline_access api://own-api/work")
                    return try await lab.refresh(grant["refresh_token"], client: "own-api")
                }
            )
        case .resourceNotFound:
            ("A refresh for a resource that nobody registered", { lab in try await refreshFor(lab, "api://nobody/use") })
        case .severalResources:
            (
                "A refresh for two resources at once",
                { lab in try await refreshFor(lab, "User.Read api://lapse-lab/access_as_user") }
            )
        case .scopeNotDefault:
            ("Client credentials for a single scope", { lab in try await daemon(lab, scope: graph + "/User.Read.All") })
        case .tokenNotEnabled:
            (
                "Authorize for an access token",
                { lab in
                    try await lab.authorize(Lab.authorizePath().replacing("response_type=code", with: "response_type=token"))
                }
            )
        case .promptUnsupported:
            ("Authorize with a prompt that is none", { lab in try await lab.authorize(Lab.authorizePath(["prompt": "silent"])) })
        case .redirectNotAbsolute:
            (
                "Authorize with a redirect URI that is no absolute URI",
                { lab in try await lab.authorize(Lab.authorizePath(redirect: "/auth/callback")) }
            )
        case .noRedirectRegistered:
            (
                "Authorize by an app that has no redirect URI",
                { lab in
                    try await lab.contoso(.patch, "apps/\(Lab.native)", ["redirectUris": []])
                    return try await lab.authorize(Lab.authorizePath())
                }
            )
        case .notForConsumers:
            (
                "Authorize at consumers, which is for personal accounts",
                { lab in try await lab.authorize(Lab.authorizePath().replacing("/contoso.example/", with: "/consumers/")) }
            )
        case .responseTypeNotEnabled:
            (
                "Authorize for an id token",
                { lab in
                    try await lab.authorize(
                        Lab.authorizePath().replacing("response_type=code", with: "response_type=id_token"))
                }
            )
        case .unsupportedGrantType:
            ("A grant type that nobody knows", { lab in try await token(lab, ["grant_type": "magic", "client_id": Lab.native]) })
        case .missingParameter:
            (
                "A refresh without a refresh token",
                { lab in try await token(lab, ["grant_type": "refresh_token", "client_id": Lab.native]) }
            )
        case .duplicateParameter:
            (
                "A parameter that comes twice",
                { lab in try await token(lab, ["grant_type": "refresh_token", "grant_type": "refresh_token"]) }
            )
        case .wrongMethod: ("The token endpoint asked with GET", { lab in try await lab.send(.get, "/common/oauth2/v2.0/token") })
        case .tenantNotFound:
            ("A tenant that is not there", { lab in try await lab.refresh("x", at: "nowhere.example") })
        case .tenantMalformed: ("A tenant that can be none", { lab in try await lab.refresh("x", at: "nowhere") })
        case .noTenantNamed: ("Client credentials over common", { lab in try await daemon(lab, at: "common") })
        case .notOverCommon:
            (
                "The password flow over common",
                { lab in
                    try await token(
                        lab,
                        [
                            "grant_type": "password", "client_id": Lab.native, "scope": "openid",
                            "username": "adele@contoso.example",
                            "password": BuiltInLab.password,
                        ], at: "common")
                }
            )
        case .unknownInstance:
            (
                "Instance discovery for a host that is not Lapse's",
                { lab in
                    try await lab.send(
                        .get,
                        "/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2Fevil.example%2Fcommon%2Foauth2%2Fv2.0%2Fauthorize"
                    )
                }
            )
        default: preconditionFailure("nothing leads to \(code.rawValue)")
        }
    }

    // MARK: The steps

    /// Signs in, lets something happen, and refreshes.
    private static func refusedRefresh(_ lab: Lab, after event: (Lab) async throws -> Void) async throws -> Answer {
        let grant = try await lab.grant()
        try await event(lab)
        return try await lab.refresh(grant["refresh_token"])
    }

    private static func challenged(_ code: Int64) -> @Sendable (Lab) async throws -> Answer {
        { lab in
            try await refusedRefresh(lab) {
                try await $0.contoso(.patch, "users/\(Lab.adele)", ["challenges": [["code": .integer(code)]]])
            }
        }
    }

    private static func refreshFor(_ lab: Lab, _ scope: String) async throws -> Answer {
        try await lab.refresh(try await lab.grant()["refresh_token"], scope: scope)
    }

    private static func token(
        _ lab: Lab, _ form: KeyValuePairs<String, String>, at tenant: String = "contoso.example"
    ) async throws -> Answer {
        try await lab.form("/\(tenant)/oauth2/v2.0/token", form)
    }

    private static func faulty(_ lab: Lab, status: Int64) async throws -> Answer {
        let grant = try await lab.grant()
        try await lab.contoso(.post, "faults", ["match": ["endpoint": "token"], "effect": ["status": .integer(status)]])
        return try await lab.refresh(grant["refresh_token"])
    }

    private static func password(_ lab: Lab, _ password: String = BuiltInLab.password) async throws -> Answer {
        try await token(
            lab,
            [
                "grant_type": "password", "client_id": Lab.native, "scope": "openid", "username": "adele@contoso.example",
                "password": password,
            ])
    }

    private static func daemon(
        _ lab: Lab, secret: String? = "lapse-daemon-secret", scope: String = graph + "/.default",
        at tenant: String = "contoso.example"
    ) async throws -> Answer {
        var form = Lab.encoded(["grant_type": "client_credentials", "client_id": Lab.daemon, "scope": scope])
        if let secret { form += "&" + Lab.encoded(["client_secret": secret]) }
        return try await lab.send(
            .post, "/\(tenant)/oauth2/v2.0/token", headers: [.contentType: "application/x-www-form-urlencoded"], body: form)
    }

    /// Of twenty bytes, as SHA-1 makes.
    private static let thumbprint = Base64URL.encode(Array(1...20))

    private static func claims(_ changes: [JSON.Member] = []) -> JSON {
        ([
            "aud": "https://localhost/contoso.example/oauth2/v2.0/token", "iss": .string(Lab.daemon), "sub": .string(Lab.daemon),
            "jti": "1", "exp": .integer((Lab.start + .seconds(600)).secondsSinceEpoch),
        ] as JSON).replacing(changes)
    }

    private static func unsigned(_ header: JSON) -> String {
        [header.encoded, claims().encoded, [0]].map { Base64URL.encode($0) }.joined(separator: ".")
    }

    /// An assertion of the daemon by a certificate that it then has.
    private static func signed(_ lab: Lab, _ changes: KeyValuePairs<String, JSON> = [:]) async throws -> String {
        let identity = try LocalCertificateAuthority.makeSigningIdentity(now: Lab.start)
        try await lab.contoso(.patch, "apps/\(Lab.daemon)", ["certificates": [.string(identity.certificatePEM)]])
        return try TokenSigner(SigningKey(identity)).sign(
            claims(changes.map { JSON.Member(name: $0.key, value: $0.value) }).encoded)
    }

    private static func asserting(_ lab: Lab, _ assertion: String) async throws -> Answer {
        try await token(
            lab,
            [
                "grant_type": "client_credentials", "client_id": Lab.daemon, "scope": graph + "/.default",
                "client_assertion": assertion,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ])
    }

    private static func onBehalf(_ lab: Lab, of assertion: String) async throws -> Answer {
        try await token(
            lab,
            [
                "grant_type": bearer, "client_id": Lab.api, "client_secret": "lapse-api-secret-01", "assertion": assertion,
                "requested_token_use": "on_behalf_of", "scope": "User.Read",
            ])
    }

    private static let plain: KeyValuePairs = [
        "code_challenge": String(repeating: "v", count: 43), "code_challenge_method": "plain",
    ]

    private static func newCode(_ lab: Lab, _ more: KeyValuePairs<String, String> = [:]) async throws -> String {
        try await newCode(lab, at: Lab.authorizePath(more))
    }

    private static func newCode(_ lab: Lab, at path: String) async throws -> String {
        try #require(try await lab.signIn(path).redirect?["code"])
    }

    private static func deviceCode(_ lab: Lab) async throws -> String {
        try await lab.form("/contoso.example/oauth2/v2.0/devicecode", ["client_id": Lab.native, "scope": "openid"])["device_code"]
    }

    private static func poll(_ lab: Lab, _ code: String) async throws -> Answer {
        try await token(lab, ["grant_type": "device_code", "client_id": Lab.native, "device_code": code])
    }
}

extension Duration {
    static func days(_ number: Int64) -> Duration { .seconds(number * 86_400) }
}
