import HTTPTypes
import LapseRules
import Testing

@Suite("The control API")
struct ControlTests {
    @Test("Health, and tenants by name")
    func tenants() async throws {
        try await Lab.run { lab async throws in
            #expect(try await lab.control(.get, "health").text == #"{"status":"ok","version":"test"}"#)
            let tenants = try await lab.control(.get, "tenants")
            #expect(tenants.items.compactMap { $0["name"]?.text } == ["Contoso", "Fabrikam"])
            #expect(tenants.json["next"] == .null)
            #expect(try await lab.control(.get, "tenants/nowhere.example/clock").status == 404)
        }
    }

    @Test("Users: made, read, changed, deleted; the password is shown only by the call that sets it")
    func users() async throws {
        try await Lab.run { lab async throws in
            let made = try await lab.contoso(
                .post, "users", ["userPrincipalName": "new@contoso.example", "displayName": "New", "password": "s3cret!"])
            #expect(made.status == 201)
            #expect(made["password"] == "s3cret!")
            #expect(made["createdDateTime"] == "2026-03-01T12:00:00Z")
            let id = made["id"]
            #expect(try await lab.contoso(.get, "users/\(id)").json["password"] == nil)
            #expect(try await lab.signIn(user: "new@contoso.example", password: "s3cret!").redirect?["code"] != nil)
            let grant = try await lab.grant(user: "new@contoso.example")
            let changed = try await lab.contoso(.patch, "users/\(id)", ["displayName": "Newer", "password": "other"])
            #expect(changed["displayName"] == "Newer")
            #expect(try await lab.refresh(grant["refresh_token"]).code == 50173, "a new password is an administrator's reset")
            #expect(try await lab.contoso(.get, "revocations").items.first?["cause"]?.text == "adminResetEntra")
            #expect(try await lab.contoso(.delete, "users/\(id)").status == 204)
            #expect(try await lab.control(.get, "tenants/contoso.example/users/\(id)").status == 404)
            #expect(
                try await lab.contoso(.post, "users", ["userPrincipalName": "new@contoso.example"]).status == 201,
                "the name is free again")
        }
    }

    @Test("Apps: made with secrets shown once, changed, deleted; a deleted app's tokens are refused")
    func apps() async throws {
        try await Lab.run { lab async throws in
            let made = try await lab.contoso(
                .post, "apps",
                [
                    "name": "Mine", "kind": "confidential", "secrets": ["long-enough-secret"],
                    "redirectUris": ["http://localhost/cb"], "delegated": ["User.Read"],
                ])
            #expect(made.status == 201)
            #expect(made.json["secrets"] == ["long-enough-secret"])
            let id = made["id"]
            #expect(try await lab.contoso(.get, "apps/\(id)").json["secrets"] == nil)
            let grant = try await lab.grant(client: id, scope: "openid offline_access User.Read")
            #expect(try await lab.refresh(grant["refresh_token"], client: id, secret: "long-enough-secret").status == 200)
            try await lab.contoso(.patch, "apps/\(id)", ["secrets": ["another-secret-01"]])
            #expect(try await lab.refresh(grant["refresh_token"], client: id, secret: "long-enough-secret").code == 7_000_215)
            #expect(try await lab.contoso(.delete, "apps/\(id)").status == 204)
            #expect(try await lab.refresh(grant["refresh_token"], client: id, secret: "another-secret-01").code == 700_016)
        }
    }

    @Test(
        "A mistake is named by its field, and nothing changes",
        arguments: [
            (HTTPRequest.Method.put, "clock", #"{"mode":"stopped"}"#, "mode"), (.put, "clock", #"{"now":"yesterday"}"#, "now"),
            (.put, "clock", #"{"now":"2019-01-01T00:00:00Z"}"#, "now"), (.post, "clock/advance", #"{"by":"-PT5M"}"#, "by"),
            (.post, "clock/advance", #"{}"#, "by"), (.put, "policies", #"{"tieRule":"none"}"#, "tieRule"),
            (.put, "policies", #"{"revokeAnswer":201}"#, "revokeAnswer"),
            (.put, "policies", #"{"lifetimes":{"accessToken":"PT0S"}}"#, "lifetimes.accessToken"),
            (.put, "propagation", #"{"planes":{"refresh":{"fixed":"3 minutes"}}}"#, "planes.refresh.fixed"),
            (.post, "revocations", #"{"user":"adele@contoso.example"}"#, "cause"),
            (.post, "revocations", #"{"user":"adele@contoso.example","cause":"whim"}"#, "cause"),
            (.post, "revocations", #"{"user":"adele@contoso.example","cause":"userRevoke","newPassword":"x"}"#, "newPassword"),
            (.post, "revocations", ##"{"user":"nestor_fabrikam.example#EXT#@contoso.example","cause":"adminRevoke"}"##, "user"),
            (.post, "grants", #"{"user":"adele@contoso.example","client_id":"x","scope":"openid"}"#, "client_id"),
            (
                .post, "grants",
                #"{"user":"adele@contoso.example","client_id":"bbbbbbbb-0002-4000-8000-000000000001","scope":"bogus"}"#, "scope"
            ),
            (
                .post, "grants",
                #"{"user":"adele@contoso.example","client_id":"bbbbbbbb-0002-4000-8000-000000000001","scope":"openid","authTime":"2030-01-01T00:00:00Z"}"#,
                "authTime"
            ),
            (.post, "users", #"{"userPrincipalName":"x@elsewhere.example"}"#, "userPrincipalName"),
            (.post, "users", #"{"userPrincipalName":"adele@contoso.example"}"#, "userPrincipalName"),
            (.post, "apps", #"{"name":"x","kind":"web"}"#, "kind"),
            (.patch, "users/adele@contoso.example", #"{"nickname":"x"}"#, "nickname"),
            (.patch, "users/adele@contoso.example", #"{"id":"x"}"#, "id"),
        ])
    func mistakes(method: HTTPRequest.Method, path: String, body: String, field: String) async throws {
        try await Lab.run { lab async throws in
            let answer = try await lab.send(
                method, "/_lapse/api/tenants/contoso.example/\(path)", headers: [.contentType: "application/json"], body: body)
            #expect((400..<500).contains(answer.status))
            #expect(answer.json["error"]?["field"]?.text == field, "\(answer.text)")
            #expect(answer.json["error"]?["message"]?.text?.isEmpty == false)
            #expect(try await lab.contoso(.get, "events").items.isEmpty)
        }
    }

    @Test(
        "Of several mistakes the first is named: what needs no tenant, then tenant, user, region, body",
        arguments: [
            // Read before a tenant is looked for.
            (HTTPRequest.Method.put, "nowhere.example/clock", nil, "{}", "400 -"),
            (.post, "nowhere.example/clock/advance", nil, "{}", "400 by"),
            (.put, "nowhere.example/propagation", nil, #"{"x":1}"#, "400 x"),
            (.put, "nowhere.example/policies", nil, #"{"x":1}"#, "400 x"),
            // Read in the tenant.
            (.post, "nowhere.example/users", "mars", "{}", "404 -"),
            (.post, "contoso.example/users", "mars", "{}", "400 x-lapse-region"),
            (.post, "contoso.example/users", nil, "{}", "400 userPrincipalName"),
            (.patch, "nowhere.example/users/nobody", "mars", #"{"x":1}"#, "404 -"),
            (.patch, "contoso.example/users/nobody", "mars", #"{"x":1}"#, "404 -"),
            (.patch, "contoso.example/users/adele@contoso.example", "mars", #"{"x":1}"#, "400 x-lapse-region"),
            (
                .patch, "contoso.example/users/adele@contoso.example", nil,
                #"{"userPrincipalName":"alex@contoso.example","x":1}"#, "400 x"
            ),
            (.delete, "contoso.example/users/nobody", "mars", nil, "404 -"),
            (.delete, "contoso.example/users/adele@contoso.example", "mars", nil, "400 x-lapse-region"),
            (.post, "nowhere.example/apps", nil, "{}", "404 -"), (.post, "contoso.example/apps", nil, "{}", "400 kind"),
            (.patch, "contoso.example/apps/nothing", nil, #"{"x":1}"#, "404 -"),
            // Sign-ins: body, tenant, user, app, instant, region, scope.
            (.post, "nowhere.example/grants", nil, "{}", "400 user"),
            (.post, "nowhere.example/grants", nil, #"{"user":"nobody","client_id":"x","scope":"y"}"#, "404 -"),
            (.post, "contoso.example/grants", "mars", #"{"user":"nobody","client_id":"x","scope":"y"}"#, "404 -"),
            (
                .post, "contoso.example/grants", "mars", #"{"user":"adele@contoso.example","client_id":"x","scope":"y"}"#,
                "400 client_id"
            ),
            (
                .post, "contoso.example/grants", "mars",
                #"{"user":"adele@contoso.example","client_id":"\#(Lab.native)","scope":"y","authTime":"2030-01-01T00:00:00Z"}"#,
                "400 authTime"
            ),
            (
                .post, "contoso.example/grants", "mars",
                #"{"user":"adele@contoso.example","client_id":"\#(Lab.native)","scope":"y"}"#, "400 x-lapse-region"
            ),
            (.post, "nowhere.example/tokens/forge", nil, #"{"user":"nobody","client_id":"x","scope":"y","z":1}"#, "400 z"),
            (.post, "nowhere.example/tokens/forge", nil, #"{"user":"nobody","client_id":"x","scope":"y"}"#, "400 defect"),
            (
                .post, "contoso.example/tokens/forge", nil,
                #"{"user":"adele@contoso.example","client_id":"x","scope":"y","defect":"issuer"}"#, "400 client_id"
            ),
            (.get, "nowhere.example/users/nobody/grants?after=x", nil, nil, "404 -"),
            (.get, "contoso.example/users/nobody/sessions?after=x", nil, nil, "404 -"),
            (.get, "contoso.example/users/adele@contoso.example/sessions?after=x", nil, nil, "400 after"),
            // Revocations: body, tenant, user or id, region.
            (
                .post, "nowhere.example/revocations", nil,
                #"{"user":"nobody","cause":"userRevoke","newPassword":"x","z":1}"#, "400 newPassword"
            ),
            (.post, "nowhere.example/revocations", "mars", #"{"user":"nobody","cause":"userRevoke"}"#, "404 -"),
            (
                .post, "contoso.example/revocations", "mars",
                ##"{"user":"nestor_fabrikam.example#EXT#@contoso.example","cause":"userRevoke"}"##, "400 x-lapse-region"
            ),
            (.get, "nowhere.example/revocations?after=x", nil, nil, "400 after"),
            (.get, "nowhere.example/revocations/x?wait=x", nil, nil, "400 wait"),
            (.get, "nowhere.example/revocations/x?wait=PT1S", nil, nil, "404 -"),
            (.post, "nowhere.example/revocations/x/release", nil, #"{"region":"a b"}"#, "400 region"),
            (.post, "contoso.example/revocations/x/release", nil, #"{"region":"mars"}"#, "404 -"),
            (.post, "nowhere.example/propagation/release", nil, #"{"region":"mars"}"#, "404 -"),
            (.post, "nowhere.example/explain", nil, #"{"session":"x","access_token":"y"}"#, "400 -"),
            (.post, "nowhere.example/explain", nil, #"{"session":"x","region":"mars"}"#, "404 -"),
            (.post, "contoso.example/explain", nil, #"{"session":"x","region":"mars"}"#, "400 region"),
            (.post, "nowhere.example/faults", nil, #"{"match":{"user":"nobody"}}"#, "404 -"),
            (.post, "contoso.example/faults", nil, #"{"match":{"user":"nobody"},"x":1}"#, "400 match.user"),
            (.post, "contoso.example/faults", nil, #"{"match":{"user":"nobody","x":1}}"#, "400 match.user"),
            (.post, "contoso.example/faults", nil, #"{"match":{"region":"mars"},"effect":{"status":503},"x":1}"#, "400 x"),
            (.post, "nowhere.example/expectations", nil, #"{"user":"nobody"}"#, "404 -"),
            (.post, "contoso.example/expectations", nil, #"{"user":"nobody"}"#, "400 user"),
            (.get, "nowhere.example/expectations/x?wait=1", nil, nil, "400 wait"),
            (.get, "contoso.example/expectations/x?wait=PT0S", nil, nil, "404 -"),
            (.put, "nowhere.example/gates/redeem.afterCommit", nil, "{}", "404 -"),
            (.put, "contoso.example/gates/door", nil, "{}", "404 -"),
            (.put, "contoso.example/gates/redeem.afterCommit", nil, "{}", "400 closed"),
            (.get, "nowhere.example/events?type=slept&after=x", nil, nil, "400 type"),
            (.get, "nowhere.example/events?after=x", nil, nil, "404 -"),
            (.get, "contoso.example/events?user=nobody&after=x", nil, nil, "404 -"),
            (.get, "contoso.example/events?detail=x&after=x", nil, nil, "400 after"),
            // Exchanges: endpoint, number, time, tenant, user.
            (.get, "nowhere.example/exchanges?endpoint=..&after=-1", nil, nil, "400 endpoint"),
            (.get, "nowhere.example/exchanges?after=-1&wait=1y", nil, nil, "400 after"),
            (.get, "nowhere.example/exchanges.har?wait=1y", nil, nil, "400 wait"),
            (.get, "nowhere.example/exchanges?user=nobody&wait=PT1S", nil, nil, "404 -"),
            (.get, "contoso.example/exchanges?user=nobody&wait=PT1S", nil, nil, "404 -"),
            (.get, "contoso.example/exchanges?user=adele&user=alex", nil, nil, "400 user"),
            (.get, "contoso.example/exchanges?wait=PT61S", nil, nil, "400 wait"),
        ] as [(HTTPRequest.Method, String, String?, String?, String)])
    func firstMistake(
        method: HTTPRequest.Method, path: String, region: String?, body: String?, refusal: String
    ) async throws {
        try await Lab.run { lab async throws in
            var headers: HTTPFields = body == nil ? [:] : [.contentType: "application/json"]
            headers[.init("x-lapse-region")!] = region
            let answer = try await lab.send(method, "/_lapse/api/tenants/\(path)", headers: headers, body: body)
            #expect("\(answer.status) \(answer.json["error"]?["field"]?.text ?? "-")" == refusal, "\(answer.text)")
        }
    }

    @Test("Grants and sessions: alive, or dead and why")
    func listings() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.grant(method: "non-password")
            let path = "users/adele@contoso.example"
            let alive = try await lab.contoso(.get, "\(path)/grants").items[0]
            #expect(alive["alive"]?.flag == true)
            #expect(alive["method"]?.text == "non-password")
            let change = try await lab.revoke(cause: "passwordChange")
            #expect(try await lab.contoso(.get, "\(path)/grants").items[0]["alive"]?.flag == true, "no password was used")
            let revoke = try await lab.revoke()
            #expect(change["id"] != revoke["id"])
            let dead = try await lab.contoso(.get, "\(path)/grants").items[0]
            #expect(dead["alive"]?.flag == false)
            #expect(dead["code"]?.int == 50173)
            #expect(dead["revocation"]?.text == revoke["id"])
            let session = try await lab.contoso(.get, "\(path)/sessions").items[0]
            #expect(session["alive"]?.flag == false)
            #expect(session["revocation"]?.text == revoke["id"])
        }
    }

    @Test("What a dead grant or session died of: a revocation, else the removed guest, the sign-out, the end")
    func reasons() async throws {
        try await Lab.run { lab async throws in
            func reasons(_ list: String, of user: String = "contoso.example/users/adele@contoso.example") async throws -> [String?]
            {
                try await lab.control(.get, "tenants/\(user)/\(list)").items.map { $0["reason"]?.text }
            }
            _ = try await lab.grant(scope: "User.Read")
            let signedOut = try await lab.grant()
            let cookie = try #require(signedOut.json["cookies"]?["ESTSAUTH"]?.text)
            _ = try await lab.authorize(
                "/contoso.example/oauth2/v2.0/logout?logout_hint=adele%40contoso.example", cookies: "ESTSAUTH=\(cookie)")
            #expect(try await reasons("grants") == [nil, "The grant has no refresh token."])
            #expect(try await reasons("sessions") == ["The user signed out.", nil])

            lab.pass(.seconds(100 * 86_400))
            #expect(try await reasons("grants") == ["The last refresh token has expired.", "The grant has no refresh token."])
            #expect(try await reasons("sessions") == ["The user signed out.", "The session has expired."])

            let guest = "nestor_fabrikam.example#EXT#@contoso.example"
            let member = "fabrikam.example/users/nestor@fabrikam.example"
            _ = try await lab.grant(user: guest)
            _ = try await lab.grant(user: guest, scope: "User.Read")
            #expect(try await reasons("grants", of: member) == ["The grant has no refresh token.", nil])
            try await lab.contoso(.delete, "users/\(guest.replacing("#", with: "%23"))")
            #expect(
                try await reasons("grants", of: member)
                    == ["The grant has no refresh token.", "The user has no account in this tenant any more."])
            #expect(try await reasons("sessions", of: member) == [nil, nil], "they are the home account's")

            _ = try await lab.revoke()
            let refusals = try await reasons("grants")
            #expect(refusals.count == 2 && refusals.allSatisfy { $0?.hasPrefix("AADSTS50173") == true }, "\(refusals)")
            #expect(
                try await reasons("sessions")
                    == ["The session was revoked after this sign-in.", "The session was revoked after this sign-in."])
        }
    }

    @Test("Grants and sessions in parts, the newest first; a stranger is no cursor", arguments: ["grants", "sessions"])
    func parts(list: String) async throws {
        try await Lab.run { lab async throws in
            for _ in 0..<100 { _ = try await lab.grant() }
            let path = "users/adele@contoso.example/\(list)"
            #expect(try await lab.contoso(.get, path).json["next"] == .null, "a hundred are one part")
            _ = try await lab.grant()
            let first = try await lab.contoso(.get, path)
            let cursor = first["next"]
            let second = try await lab.contoso(.get, "\(path)?after=\(cursor)")
            #expect(first.items.count == 100 && second.items.count == 1)
            #expect(Set((first.items + second.items).map { $0["id"]?.text }).count == 101)
            #expect(second.json["next"] == .null)
            let newest = try await lab.grant().json
            let grants = try await lab.contoso(.get, "users/adele@contoso.example/grants").items
            #expect(grants[0]["id"] == newest["grant"])
            let ids = try await lab.contoso(.get, path).items.map { $0["id"]?.text }
            #expect(Array(ids.dropFirst()) == first.items.dropLast().map { $0["id"]?.text }, "the order stays")

            for stranger in ["x", "00000000-0000-4000-8000-000000000000"] {
                let answer = try await lab.send(.get, "/_lapse/api/tenants/contoso.example/\(path)?after=\(stranger)")
                #expect(answer.status == 400)
                #expect(answer.json["error"]?["field"]?.text == "after", "\(answer.text)")
            }
            let others = try await lab.send(
                .get, "/_lapse/api/tenants/contoso.example/users/admin@contoso.example/\(list)?after=\(cursor)")
            #expect(others.status == 400)
        }
    }

    @Test("A grant may be as old as wanted: one older than a revocation is dead from birth")
    func oldGrant() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.revoke()
            let answer = try await lab.contoso(
                .post, "grants",
                [
                    "user": "adele@contoso.example", "client_id": .string(Lab.native), "scope": "openid offline_access",
                    "authTime": "2026-02-01T00:00:00Z",
                ])
            let refused = try await lab.refresh(answer["refresh_token"])
            #expect(refused["error_description"].contains("The grant was issued on '2026-02-01T00:00:00.0000000Z'"))
        }
    }

    @Test("Events: filtered by type and user, page by page, in order")
    func events() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            for _ in 0..<120 { _ = try await lab.refresh(grant["refresh_token"]) }
            let first = try await lab.contoso(.get, "events")
            #expect(first.items.count == 100)
            let second = try await lab.contoso(.get, "events?after=\(first["next"])")
            #expect(second.items.count == 21)
            #expect(second.json["next"] == .null)
            let ids = (first.items + second.items).compactMap { $0["id"]?.int }
            #expect(ids == Array(1...121))
            #expect(try await lab.contoso(.get, "events?type=signedIn").items.count == 1)
            #expect(try await lab.contoso(.get, "events?user=alex@contoso.example").items.isEmpty)
            #expect(try await lab.control(.get, "tenants/contoso.example/events?type=nothing").status == 400)
        }
    }

    @Test("A reset takes everything back to the seed; tokens from before it are unknown")
    func reset() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            try await lab.contoso(.put, "clock", ["mode": "frozen", "now": "2030-01-01T00:00:00Z"])
            try await lab.contoso(.patch, "users/adele@contoso.example", ["displayName": "Other"])
            try await lab.delay("PT3M")
            try await lab.contoso(.post, "reset")
            #expect(try await lab.refresh(grant["refresh_token"]).code == 70000)
            let me = try await lab.send(.get, "/v1.0/me", headers: [.authorization: "Bearer \(grant["access_token"])"])
            #expect(me.status == 401)
            #expect(try await lab.contoso(.get, "users/adele@contoso.example")["displayName"] == "Adele Vance")
            #expect(try await lab.contoso(.get, "clock").text == #"{"now":"2026-03-01T12:00:00.1234567Z","mode":"running"}"#)
            #expect(try await lab.contoso(.get, "propagation").json["planes"]?["refresh"]?.text == "immediate")
            #expect(
                try await lab.contoso(.get, "events").items.compactMap { $0["type"]?.text } == ["tenantReset", "refreshRefused"])
        }
    }

    @Test("The answer of a revoke is 200 with a body, or 204 by policy")
    func revokeAnswer() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            let headers: HTTPFields = [.authorization: "Bearer \(grant["access_token"])"]
            #expect(
                try await lab.send(.post, "/beta/me/invalidateAllRefreshTokens", headers: headers).text
                    == #"{"@odata.context":"https://graph.microsoft.com/beta/$metadata#Edm.Boolean","value":true}"#)
            try await lab.contoso(.put, "policies", ["revokeAnswer": 204])
            let nothing = try await lab.send(.post, "/v1.0/me/revokeSignInSessions", headers: headers)
            #expect(nothing.status == 204 && nothing.text.isEmpty)
            #expect(try await lab.contoso(.get, "revocations").items.count == 2)
        }
    }

    @Test("A control token is wanted when one is set, and compared whole")
    func controlToken() async throws {
        try await Lab.run(controlToken: "open-sesame") { lab async throws in
            #expect(try await lab.control(.get, "health").status == 401)
            for (token, status) in [("open-sesame", 200), ("open-sesam", 401), ("", 401)] {
                let answer = try await lab.send(.get, "/_lapse/api/health", headers: [.authorization: "Bearer \(token)"])
                #expect(answer.status == status)
            }
        }
    }

    @Test("Pages of other origins may neither read nor steer")
    func foreignOrigin() async throws {
        try await Lab.run { lab async throws in
            let answer = try await lab.send(
                .post, "/_lapse/api/tenants/contoso.example/reset", headers: [.origin: "https://evil.example"])
            #expect(answer.status == 403)
            #expect(answer.headers[.accessControlAllowOrigin] == nil)
            let plain = try await lab.send(
                .put, "/_lapse/api/tenants/contoso.example/clock", headers: [.contentType: "text/plain"],
                body: #"{"mode":"frozen"}"#)
            #expect(plain.status == 400)
        }
    }

    @Test(
        "A body is taken as JSON alone, and a request that calls itself something else is not, with a body or without",
        arguments: [
            (nil, 200), ("application/json", 200), ("APPLICATION/JSON", 200), ("application/json; charset=utf-8", 200),
            ("application/json ;charset=utf-8", 200), ("application/jsonp", 400), ("application/json-patch+json", 400),
            ("text/plain", 400), ("application/x-www-form-urlencoded", 400), ("application/json, text/plain", 400),
        ] as [(String?, Int)])
    func onlyJSON(type: String?, status: Int) async throws {
        try await Lab.run { lab async throws in
            let headers: HTTPFields = type.map { [.contentType: $0] } ?? [:]
            let path = "/_lapse/api/tenants/contoso.example"
            #expect(try await lab.send(.post, path + "/reset", headers: headers).status == status)
            // Calls that take no body, too.
            let consent = path + "/consents/adele@contoso.example/\(Lab.native)"
            #expect(try await lab.send(.put, consent, headers: headers).status == status)
            let withdrawn = try await lab.send(.delete, consent, headers: headers)
            #expect(withdrawn.status == (status == 200 ? 204 : status))
            #expect(try await lab.send(.get, path + "/clock", headers: headers).status == 200)
            if type != nil {
                let set = try await lab.send(.put, path + "/clock", headers: headers, body: #"{"mode":"frozen"}"#)
                #expect(set.status == status)
            }
        }
    }

    @Test("A form is one when its type says so as a whole")
    func onlyForms() async throws {
        try await Lab.run { lab async throws in
            for (type, code) in [
                ("application/x-www-form-urlencoded", 900_144), ("application/x-www-form-urlencoded;charset=utf-8", 900_144),
            ] {
                let answer = try await lab.send(
                    .post, "/contoso.example/oauth2/v2.0/token", headers: [.contentType: type], body: "grant_type=refresh_token")
                #expect(answer.code == code && answer["error_description"].contains("client_id"), "\(type)")
            }
            let other = try await lab.send(
                .post, "/contoso.example/oauth2/v2.0/token", headers: [.contentType: "application/x-www-form-urlencodedx"],
                body: "grant_type=refresh_token")
            #expect(other["error_description"].contains("grant_type"))
        }
    }
}

@Suite("Microsoft Graph")
struct GraphTests {
    private func bearer(_ grant: Answer) -> HTTPFields { [.authorization: "bearer \(grant["access_token"])"] }

    @Test("Reading users: oneself, by id or name, a list in pages; what was not selected is not shown")
    func users() async throws {
        try await Lab.run { lab async throws in
            let admin = bearer(
                try await lab.grant(user: "admin@contoso.example", scope: "openid User.ReadWrite.All User.RevokeSessions.All"))
            let adele = try await lab.send(.get, "/v1.0/users/adele@contoso.example", headers: admin)
            #expect(adele["id"] == Lab.adele)
            #expect(adele.json["signInSessionsValidFromDateTime"] == nil)
            #expect(
                try await lab.send(.get, "/v1.0/users/\(Lab.adele)?$select=id,signInSessionsValidFromDateTime", headers: admin)[
                    "signInSessionsValidFromDateTime"] == "2020-01-01T00:00:00Z")
            let page = try await lab.send(.get, "/v1.0/users?$select=userPrincipalName&$top=3", headers: admin)
            guard case .array(let first)? = page.json["value"] else { return #expect(Bool(false)) }
            #expect(first.count == 3)
            let next = try #require(page.json["@odata.nextLink"]?.text)
            #expect(next.hasPrefix("https://localhost/v1.0/users?$select=userPrincipalName&$top=3&$skiptoken="))
            let last = try await lab.send(.get, String(next.dropFirst("https://localhost".count)), headers: admin)
            guard case .array(let rest)? = last.json["value"] else { return #expect(Bool(false)) }
            #expect(rest.count == 1 && last.json["@odata.nextLink"] == nil)
            let unknown = try await lab.send(.get, "/v1.0/users/nobody@contoso.example", headers: admin)
            #expect(unknown.status == 404 && unknown.json["error"]?["code"]?.text == "Request_ResourceNotFound")
            #expect(try await lab.send(.get, "/v1.0/users?$filter=x", headers: admin).status == 400)
            #expect(try await lab.send(.get, "/v1.0/me?$select=shoeSize", headers: admin).status == 400)
        }
    }

    @Test("Without permission or role a call is denied; garbage, wrong audience and no token are 401")
    func denied() async throws {
        try await Lab.run { lab async throws in
            let poor = bearer(try await lab.grant(scope: "openid User.Read"))
            for path in ["/v1.0/me/revokeSignInSessions", "/v1.0/users/admin@contoso.example/revokeSignInSessions"] {
                let answer = try await lab.send(.post, path, headers: poor)
                #expect(answer.status == 403)
                #expect(answer.json["error"]?["code"]?.text == "Authorization_RequestDenied")
            }
            #expect(try await lab.send(.get, "/v1.0/users", headers: poor).status == 403)
            let noRole = bearer(try await lab.grant())
            #expect(
                try await lab.send(.post, "/v1.0/users/alex@contoso.example/revokeSignInSessions", headers: noRole).status == 403)
            let api = bearer(try await lab.grant(scope: "api://lapse-lab/access_as_user"))
            for (headers, message) in [
                ([:], "Access token is empty."),
                ([.authorization: "Bearer x.y"], "CompactToken parsing failed with error code: 80049217"),
                (api, "Access token validation failure. Invalid audience."),
            ] as [(HTTPFields, String)] {
                let answer = try await lab.send(.get, "/v1.0/me", headers: headers)
                #expect(answer.status == 401)
                #expect(answer.json["error"]?["message"]?.text == message)
                #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Bearer realm=\"\"") == true)
            }
        }
    }

    @Test("An application revokes and reads with its own token, and has no /me")
    func application() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            let token = try await lab.form(
                "/contoso.example/oauth2/v2.0/token",
                [
                    "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                    "scope": "https://graph.microsoft.com/.default",
                ])
            #expect(
                try await lab.send(
                    .post, "/v1.0/users('adele@contoso.example')/microsoft.graph.revokeSignInSessions", headers: bearer(token)
                ).status == 200)
            #expect(try await lab.refresh(grant["refresh_token"]).code == 50173)
            let revocation = try await lab.contoso(.get, "revocations").items[0]
            #expect(revocation["cause"]?.text == "adminRevoke")
            #expect(revocation["actor"]?.text == Lab.daemon)
            #expect(try await lab.send(.get, "/v1.0/me", headers: bearer(token)).status == 400)
        }
    }

    @Test("userinfo says who the id token says")
    func userInfo() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant(scope: "openid profile email offline_access User.Read")
            let info = try await lab.send(.get, "/oidc/userinfo", headers: bearer(grant))
            let payload = try #require(Base64URL.decode(grant["id_token"].split(separator: ".")[1]).flatMap { JSON(parsing: $0) })
            #expect(info["sub"] == payload["sub"]?.text)
            #expect(info["email"] == "adele@contoso.example")
            #expect(
                try await lab.send(.get, "/oidc/userinfo", headers: bearer(try await lab.grant(scope: "User.Read"))).status == 403)
        }
    }
}
