import HTTPTypes
import LapseRules
import Testing

/// Three regions that take turns.
private let threeRegions: JSON = [
    "regions": ["east", "west", "north"], "routing": "round-robin",
    "planes": ["refresh": ["east": ["fixed": "PT1M"], "west": ["fixed": "PT2M"], "north": ["fixed": "PT3M"]]],
]

extension Answer {
    var region: String? { headers[HTTPField.Name("x-lapse-region")!] }
}

@Suite("Regions, routing, holding and releasing")
struct ConsistencyTests {
    @Test("Between the first and the last region's instant a token is accepted and refused in turn")
    func flapping() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", threeRegions)
            let token = try await lab.grant()["refresh_token"]
            _ = try await lab.revoke()
            var seen: [[Int]] = []
            for _ in 0..<4 {
                var turn: [Int] = []
                for region in ["east", "west", "north"] {
                    let answer = try await lab.refresh(token)
                    #expect(answer.region == region)
                    turn.append(answer.code ?? 0)
                }
                seen.append(turn)
                lab.pass(.seconds(60))
            }
            #expect(seen == [[0, 0, 0], [50173, 0, 0], [50173, 50173, 0], [50173, 50173, 50173]])
        }
    }

    @Test("A request that names its region lands there and moves no turn; a region that is not there is refused")
    func namedRegion() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", threeRegions)
            let grant = try await lab.grant()
            let region = HTTPField.Name("x-lapse-region")!
            func refresh(_ name: String?) async throws -> Answer {
                try await lab.form(
                    "/contoso.example/oauth2/v2.0/token",
                    ["grant_type": "refresh_token", "client_id": Lab.native, "refresh_token": grant["refresh_token"]],
                    headers: name.map { [region: $0] } ?? [:])
            }
            #expect(try await refresh("north").region == "north")
            #expect(try await refresh(nil).region == "east")
            let unknown = try await refresh("south")
            #expect((unknown.status, unknown["error"]) == (400, "invalid_request"))
            #expect(try await refresh(nil).region == "west")
            let graph = try await lab.send(
                .get, "/v1.0/me", headers: [.authorization: "Bearer \(grant["access_token"])", region: "south"])
            #expect(graph.status == 400)
            let control = try await lab.send(
                .post, "/_lapse/api/tenants/contoso.example/revocations",
                headers: [.contentType: "application/json", region: "south"],
                body: #"{"user":"adele@contoso.example","cause":"adminRevoke"}"#)
            #expect((control.status, control.json["error"]?["field"]) == (400, "x-lapse-region"))
            // A new model begins with its first region again.
            try await lab.contoso(.put, "propagation", threeRegions)
            #expect(try await refresh(nil).region == "east")
        }
    }

    @Test("What is held takes effect when it is released: one plane, one region, then all")
    func holdAndRelease() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(
                .put, "propagation", ["regions": ["east", "west"], "planes": ["refresh": "manual", "session": "manual"]])
            let token = try await lab.grant()["refresh_token"]
            let revocation = try await lab.revoke()
            let path = "revocations/\(revocation["id"])"
            func effective(_ answer: Answer, _ plane: String, _ region: String) -> Bool? {
                answer.json["planes"]?[plane]?[region]?["effective"]?.flag
            }
            lab.pass(.seconds(86_400))
            #expect(try await lab.refresh(token).status == 200)
            #expect(revocation.json["planes"]?["refresh"]?["west"]?["held"]?.flag == true)
            let first = try await lab.contoso(.post, "\(path)/release", ["plane": "session", "region": "west"])
            #expect(effective(first, "session", "west") == true)
            #expect(effective(first, "session", "east") == false)
            #expect(try await lab.refresh(token).status == 200)
            let all = try await lab.contoso(.post, "\(path)/release")
            #expect(effective(all, "refresh", "east") == true && effective(all, "session", "east") == true)
            #expect(try await lab.refresh(token).code == 50173)
            #expect(try await lab.contoso(.get, "events?type=revocationReleased").items.count == 2)
            #expect(try await lab.control(.post, "tenants/contoso.example/\(path)/release", ["region": "south"]).status == 400)
        }
    }

    @Test("A held state change is released by the id that its event names")
    func heldState() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", ["planes": ["refresh": "manual"]])
            let token = try await lab.grant()["refresh_token"]
            try await lab.contoso(.patch, "users/adele@contoso.example", ["accountEnabled": false])
            #expect(try await lab.refresh(token).status == 200)
            let event = try await lab.contoso(.get, "events?type=accountDisabled").items.first
            let id = try #require(event?["revocation"]?.text)
            let change = try await lab.contoso(.get, "revocations/\(id)")
            #expect((change["cause"], change.json["stamp"]) == ("disable", .null))
            #expect(try await lab.contoso(.get, "revocations").items.count == 0, "a state change is no revocation")
            try await lab.contoso(.post, "revocations/\(id)/release")
            #expect(try await lab.refresh(token).code == 50057)
        }
    }

    @Test("The first requests of each grant pass, and only those that reach the rule count")
    func attempts() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(
                .put, "propagation", ["planes": ["refresh": ["afterAttempts": 2], "session": ["afterAttempts": 1]]])
            let (first, second) = (try await lab.grant(), try await lab.grant())
            _ = try await lab.revoke()
            func left(_ grant: Answer) async throws -> JSON? {
                let explained = try await lab.contoso(.post, "explain", ["refresh_token": .string(grant["refresh_token"])])
                return explained.json["verdicts"]?.elements.first?["attemptsLeft"]
            }
            #expect(try await left(first) == 2)
            // Another client's request never reaches the rule.
            #expect(try await lab.refresh(first["refresh_token"], client: Lab.spa).status == 400)
            #expect(try await left(first) == 2)
            #expect(try await lab.refresh(first["refresh_token"]).status == 200)
            #expect(try await left(first) == 1)
            #expect(try await lab.refresh(first["refresh_token"], scope: "api://nowhere/x").status == 400)
            #expect(try await left(first) == 0, "a request that fails behind the rule has used its attempt")
            #expect(try await lab.refresh(first["refresh_token"]).code == 50173)
            #expect(try await left(second) == 2)
            let cookie = try #require(first.json["cookies"]?["ESTSAUTH"]?.text)
            func silent() async throws -> Bool {
                let query = Lab.encoded([
                    "client_id": Lab.native, "response_type": "code", "redirect_uri": "http://localhost/cb", "scope": "openid",
                    "prompt": "none",
                ])
                let answer = try await lab.send(
                    .get, "/contoso.example/oauth2/v2.0/authorize?\(query)", headers: [.cookie: "ESTSAUTH=\(cookie)"])
                return answer.headers[.location]?.contains("code=") == true
            }
            #expect(try await silent())
            #expect(try await !silent())
        }
    }

    @Test("Graph in a region that lags shows the old stamp and the old state")
    func directoryLag() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(
                .put, "propagation", ["regions": ["east", "west"], "planes": ["directory": ["west": ["fixed": "PT5M"]]]])
            let token = try await lab.grant(user: "admin@contoso.example", scope: "User.ReadWrite.All")["access_token"]
            func profile(_ region: String) async throws -> Answer {
                try await lab.send(
                    .get,
                    "/v1.0/users/adele@contoso.example?$select=accountEnabled,signInSessionsValidFromDateTime",
                    headers: [.authorization: "Bearer \(token)", HTTPField.Name("x-lapse-region")!: region])
            }
            _ = try await lab.revoke()
            try await lab.contoso(.patch, "users/adele@contoso.example", ["accountEnabled": false])
            let (east, west) = (try await profile("east"), try await profile("west"))
            #expect(east["signInSessionsValidFromDateTime"] == "2026-03-01T12:00:00Z")
            #expect(east.json["accountEnabled"]?.flag == false)
            #expect(west["signInSessionsValidFromDateTime"] == "2020-01-01T00:00:00Z")
            #expect(west.json["accountEnabled"]?.flag == true)
            try await lab.contoso(.delete, "users/adele@contoso.example")
            #expect(try await profile("east").status == 404)
            #expect(try await profile("west").status == 200)
            lab.pass(.seconds(300))
            #expect(try await profile("west").status == 404)
        }
    }

    @Test("A clock advances until something happens, and says what did; with nothing ahead it stays")
    func until() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.put, "propagation", threeRegions)
            _ = try await lab.grant()
            _ = try await lab.revoke()
            let next = try await lab.contoso(.post, "clock/advance", ["until": "next-event"])
            #expect(next["now"] == "2026-03-01T12:01:00.1234567Z")
            #expect(next.json["tookEffect"]?.elements.count == 1)
            #expect(next.json["tookEffect"]?.elements.first?["region"] == "east")
            let rest = try await lab.contoso(.post, "clock/advance", ["until": "propagation"])
            #expect(rest["now"] == "2026-03-01T12:03:00.1234567Z")
            #expect(rest.json["tookEffect"]?.elements.count == 2)
            let done = try await lab.control(.post, "tenants/contoso.example/clock/advance", ["until": "propagation"])
            #expect((done.status, done.json["error"]?["field"]) == (409, "until"))
            #expect(try await lab.contoso(.get, "clock")["now"] == "2026-03-01T12:03:00.1234567Z")
            let expiry = try await lab.contoso(.post, "clock/advance", ["until": "refresh-token-expiry"])
            #expect(expiry["now"] == "2026-05-30T12:00:00.1234567Z")
            #expect(expiry.json["tookEffect"]?.elements.count == 2, "the session of a day, the token of ninety")
        }
    }

    @Test("Explaining counts nothing, writes nothing, and knows what Lapse never issued")
    func explain() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            let before = try await lab.contoso(.get, "events").text
            for kind in ["refresh_token", "access_token"] {
                let known = try await lab.contoso(.post, "explain", [kind: .string(grant[kind])])
                #expect(known.json["known"]?.flag == true && known["user"] == Lab.adele && known["grant"] == grant["grant"])
                #expect(known.json["verdicts"]?.elements.count == 4)
                #expect(known.json["history"]?.elements.first?["type"] == "signedIn")
            }
            let cookie = try #require(grant.json["cookies"]?["ESTSAUTH"]?.text)
            let session = try await lab.contoso(.post, "explain", ["session": .string(cookie)])
            #expect(session.json["known"]?.flag == true)
            #expect(try await lab.contoso(.post, "explain", ["session": .string(session["session"])]).json["known"]?.flag == true)
            for kind in ["refresh_token", "session", "access_token"] {
                let unknown = try await lab.contoso(.post, "explain", [kind: "1.Anever"])
                #expect(unknown.json["known"]?.flag == false && !unknown["reason"].isEmpty)
            }
            // Another tenant's token is as unknown as one that never was.
            let elsewhere = try await lab.control(
                .post, "tenants/fabrikam.example/explain", ["refresh_token": .string(grant["refresh_token"])])
            #expect(elsewhere.json["known"]?.flag == false)
            #expect(try await lab.contoso(.get, "events").text == before)
        }
    }

    @Test("Each answer of the token endpoint, authorize and Graph names the event it wrote")
    func eventHeader() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            for token in [grant["refresh_token"], grant["refresh_token"] + "x"] {
                let answer = try await lab.refresh(token)
                let last = try await lab.contoso(.get, "events").items.last
                #expect(answer.headers[HTTPField.Name("x-lapse-event")!] == last?["id"]?.int.map { String($0) })
            }
            let revoked = try await lab.send(
                .post, "/v1.0/me/revokeSignInSessions", headers: [.authorization: "Bearer \(grant["access_token"])"])
            let last = try await lab.contoso(.get, "events?type=revoked").items.last
            #expect(revoked.headers[HTTPField.Name("x-lapse-event")!] == last?["id"]?.int.map { String($0) })
        }
    }

    @Test("A sandbox has the template's users, apps, passwords and secrets under names of its own, and goes without a trace")
    func sandbox() async throws {
        try await Lab.run { lab async throws in
            let made = try await lab.control(.post, "tenants", ["template": "contoso"])
            #expect(made.status == 201)
            let domain = try #require(made.json["domains"]?.elements.first?.text)
            #expect(domain.hasPrefix("sbx-") && domain.hasSuffix(".contoso.example"))
            #expect(made.json["users"]?.elements.count == 3, "without the guest")
            #expect(made.json["users"]?.elements.first?["password"] == "Passw0rd!")
            let signedIn = try await lab.form(
                "/\(domain)/oauth2/v2.0/token",
                [
                    "grant_type": "password", "client_id": Lab.native, "username": "adele@\(domain)", "password": "Passw0rd!",
                    "scope": "openid offline_access",
                ])
            #expect(signedIn.status == 200, "\(signedIn.text)")
            let daemon = try await lab.form(
                "/\(domain)/oauth2/v2.0/token",
                [
                    "grant_type": "client_credentials", "client_id": Lab.daemon, "client_secret": "lapse-daemon-secret",
                    "scope": "https://graph.microsoft.com/.default",
                ])
            #expect(daemon.status == 200, "\(daemon.text)")
            #expect(try await lab.refresh(signedIn["refresh_token"]).status == 400, "not at Contoso")
            let seen = try await lab.contoso(.get, "events").items
            #expect(seen.map { $0["type"] } == ["refreshRefused"])
            #expect(seen.first?["user"] == .null && seen.first?["grant"] == .null, "whose token it was is the sandbox's own")
            #expect(try await lab.control(.delete, "tenants/\(domain)").status == 204)
            #expect(try await lab.control(.get, "tenants/\(domain)/clock").status == 404)
            #expect(try await lab.control(.get, "tenants").items.count == 2)
        }
    }

    @Test("A sandbox's apps are nobody else's")
    func sandboxApps() async throws {
        try await Lab.run { lab async throws in
            let app: JSON = ["id": "own-app", "name": "Own", "kind": "public", "flows": ["password"], "delegated": ["User.Read"]]
            let made = try await lab.control(.post, "tenants", ["apps": [app]])
            let domain = try #require(made.json["domains"]?.elements.first?.text)
            #expect(domain.hasSuffix(".lapse.example"))
            func status(at tenant: String) async throws -> Int? {
                try await lab.form(
                    "/\(tenant)/oauth2/v2.0/token",
                    ["grant_type": "password", "client_id": "own-app", "username": "a@b.c", "password": "x", "scope": "openid"]
                ).code
            }
            #expect(try await status(at: "contoso.example") == 700016)
            #expect(try await status(at: domain) == 50034)
        }
    }

    @Test("What is taken cannot be made again")
    func taken() async throws {
        try await Lab.run { lab async throws in
            for (body, field) in [
                (["id": .string("\(BuiltInLab.contoso)")], "id"), (["domains": ["contoso.example"]], "domains"),
                (
                    ["domains": ["new.example"], "users": [["id": .string(Lab.adele), "userPrincipalName": "a@new.example"]]],
                    "users[0].id"
                ),
            ] as [(JSON, String)] {
                let refused = try await lab.control(.post, "tenants", body)
                #expect((refused.status, refused.json["error"]?["field"]) == (409, .string(field)))
            }
            #expect(try await lab.control(.post, "tenants", ["template": "nowhere"]).status == 400)
            #expect(try await lab.control(.get, "tenants").items.count == 2)
        }
    }
}
