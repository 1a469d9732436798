import HTTPTypes
import LapseRules
import Testing

/// What happened to a user, along the clock: as data and as a picture.
@Suite("The timeline")
struct TimelineTests {
    /// Adele signs in twice, is revoked, is refused where it is in effect, and signs in again.
    private func story(_ lab: Lab) async throws {
        try await lab.contoso(
            .put, "propagation",
            [
                "regions": ["eastus", "westeurope"],
                "planes": ["refresh": ["eastus": ["fixed": "PT1M"], "westeurope": ["fixed": "PT5M"]], "session": "manual"],
            ])
        let first = try await lab.grant()["refresh_token"]
        lab.pass(.seconds(60))
        _ = try await lab.grant(client: Lab.spa, method: "non-password")
        _ = try await lab.refresh(first, headers: [.init("x-lapse-region")!: "eastus"])
        lab.pass(.seconds(60))
        _ = try await lab.revoke()
        lab.pass(.seconds(120))
        _ = try await lab.refresh(first, headers: [.init("x-lapse-region")!: "eastus"])
        _ = try await lab.refresh(first, headers: [.init("x-lapse-region")!: "westeurope"])
        _ = try await lab.grant()
    }

    @Test("Rows of sessions and grants: what lives where, what happened, and since when nothing takes it any more")
    func data() async throws {
        try await Lab.run { lab async throws in
            try await story(lab)
            func rows(_ kind: String) async throws -> [JSON] {
                try await lab.contoso(.get, "users/\(Lab.adele)/timeline").json["rows"]?.elements.filter {
                    $0["kind"]?.text == kind
                } ?? []
            }
            let grants = try await rows("grant")
            #expect(grants.map { $0["clientName"]?.text } == ["Lapse Native", "Lapse SPA", "Lapse Native"])
            let oldest = grants[2]
            #expect(oldest["verdicts"]?.elements.map { $0["accepted"]?.flag } == [false, true])
            #expect(oldest["deadSince"] == .null)
            #expect(oldest["refreshTokens"]?.int == 3)
            #expect(oldest["accessTokens"]?.elements.count == 3)
            #expect(
                oldest["marks"]?.elements.map { $0["type"]?.text } == [
                    "signedIn", "tokenRefreshed", "refreshRefused", "tokenRefreshed",
                ])
            // Both die when the last region has learned of it, to the tick.
            lab.pass(.seconds(180))
            let revokedAt = Lab.start + .seconds(120)
            #expect(
                try await rows("grant").map { $0["deadSince"] } == [.null]
                    + Array(
                        repeating: JSON.string((revokedAt + .seconds(300)).description), count: 2))
            // The plane of sessions is held.
            #expect(try await rows("session").map { $0["deadSince"] } == [.null, .null, .null])
            let timeline = try await lab.contoso(.get, "users/\(Lab.adele)/timeline").json
            #expect(timeline["revocations"]?.elements.map { $0["at"]?.text } == [revokedAt.description])
            #expect(timeline["rowsLeftOut"]?.int == 0)
        }
    }

    @Test("A later revocation postpones no death, and a disabling is as old as it is in effect")
    func since() async throws {
        try await Lab.run { lab async throws in
            func deadSince() async throws -> String? {
                try await lab.contoso(.get, "users/\(Lab.adele)/timeline").json["rows"]?.elements.last?["deadSince"]?.text
            }
            _ = try await lab.grant()
            lab.pass(.seconds(60))
            _ = try await lab.revoke()
            let first = (Lab.start + .seconds(60)).description
            #expect(try await deadSince() == first)
            lab.pass(.seconds(60))
            _ = try await lab.revoke()
            #expect(try await deadSince() == first)
            lab.pass(.seconds(60))
            #expect(try await deadSince() == first)

            _ = try await lab.grant(user: "alex@contoso.example")
            try await lab.contoso(.patch, "users/alex@contoso.example", ["accountEnabled": false])
            let disabled = (Lab.start + .seconds(180)).description
            lab.pass(.seconds(600))
            let alex = try await lab.contoso(.get, "users/alex@contoso.example/timeline").json["rows"]?.elements ?? []
            #expect(alex.map { $0["deadSince"]?.text } == [disabled, disabled])
        }
    }

    @Test("Of a client that takes claims challenges the access token dies too; refused browsers are told of")
    func evaluated() async throws {
        try await Lab.run { lab async throws in
            let grant = try await lab.grant()
            _ = try await lab.refresh(grant["refresh_token"], claims: #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)
            let cookies = try await lab.signIn().cookies
            _ = try await lab.revoke()
            _ = try await lab.authorize(Lab.authorizePath(["prompt": "none"]), cookies: cookies)
            let timeline = try await lab.contoso(.get, "users/\(Lab.adele)/timeline").json
            let tokens = timeline["rows"]?.elements.first { $0["id"]?.text == grant["grant"] }?["accessTokens"]?.elements ?? []
            #expect(tokens.map { $0["evaluated"]?.flag } == [false, true])
            #expect(tokens.map { $0["deadSince"] } == [.null, .string(Lab.start.description)])
            #expect(timeline["attempts"]?.elements.map { $0["type"]?.text } == ["silentSignInRefused"])
            let picture = try await lab.contoso(.get, "users/\(Lab.adele)/timeline?picture=true").json["picture"]?.text ?? ""
            #expect(picture.contains("Refused sign-ins") && picture.contains(", whatever is revoked."))
            #expect(picture.contains("an access token: resources refuse it since"))
        }
    }

    @Test("Each line says what was done, where there is room: revoked, reset, disabled and enabled differ")
    func cuts() async throws {
        try await Lab.run { lab async throws in
            _ = try await lab.grant()
            func labels() async throws -> [String] {
                let picture = try await lab.contoso(.get, "users/\(Lab.adele)/timeline.svg").text
                return picture.matches(of: #/y="40"[^>]*>([^<]+)</#).map { String($0.1) }
            }
            func later() async throws { _ = try await lab.contoso(.post, "clock/advance", ["by": "PT10M"]) }
            try await later()
            _ = try await lab.revoke()
            try await later()
            _ = try await lab.contoso(.patch, "users/\(Lab.adele)", ["accountEnabled": false])
            try await later()
            _ = try await lab.contoso(.patch, "users/\(Lab.adele)", ["accountEnabled": true])
            try await later()
            _ = try await lab.contoso(
                .post, "revocations", ["user": .string(Lab.adele), "cause": "adminResetEntra"])
            try await later()
            #expect(try await labels() == ["revoked", "disabled", "enabled", "password reset", "now"])
            // At once after another there is no room.
            _ = try await lab.revoke()
            #expect(try await labels() == ["revoked", "disabled", "enabled", "password reset", "now"])
        }
    }

    @Test("Of many access tokens the picture begins with the first, in one bar")
    func manyAccessTokens() async throws {
        try await Lab.run { lab async throws in
            var token = try await lab.grant()["refresh_token"]
            for _ in 0..<30 {
                _ = try await lab.contoso(.post, "clock/advance", ["by": "PT2M"])
                token = try #require(try await lab.refresh(token).json["refresh_token"]?.text)
            }
            let timeline = try await lab.contoso(.get, "users/\(Lab.adele)/timeline?picture=true").json
            let row = try #require(timeline["rows"]?.elements.first { $0["kind"]?.text == "grant" })
            #expect(row["accessTokens"]?.elements.count == 31)
            let picture = try #require(timeline["picture"]?.text)
            // Its sign-in is the left edge of the picture, at 230.
            let earlier = picture.split(separator: "<g ").filter { $0.contains("the access tokens of before") }
            #expect(earlier.count == 1 && earlier.allSatisfy { $0.contains("x=\"230\"") })
            #expect(picture.split(separator: "<g ").count { $0.contains("class=\"token\"") } == 21)
        }
    }

    @Test("A guest's marks stand on the clock of its home")
    func guest() async throws {
        try await Lab.run { lab async throws in
            let guest = "nestor_fabrikam.example#EXT#@contoso.example"
            try await lab.contoso(.post, "clock/advance", ["by": "PT1H"])
            _ = try await lab.grant(user: guest)
            let name = "aaaaaaaa-0001-4000-8000-000000000005"
            let row = try await lab.contoso(.get, "users/\(name)/timeline").json["rows"]?.elements.last
            #expect(row?["marks"]?.elements.first?["at"]?.text == Lab.start.description)
            #expect(row?["from"]?.text == Lab.start.description)
        }
    }

    @Test("The picture of it, to the character")
    func picture() async throws {
        try await Lab.run { lab async throws in
            try await story(lab)
            let answer = try await lab.contoso(.get, "users/\(Lab.adele)/timeline.svg")
            #expect(answer.headers[.contentType] == "image/svg+xml")
            try Golden.compare(answer.text, with: "timeline.svg")
            let empty = try await lab.contoso(.get, "users/alex@contoso.example/timeline.svg")
            #expect(empty.text.contains("Nothing has happened yet."))
            #expect(try await lab.control(.get, "tenants/contoso.example/users/nobody/timeline.svg").status == 404)
        }
    }

    @Test("Where some regions refuse the bar is hatched, and what is held goes on to the end of the picture")
    func mixed() async throws {
        try await Lab.run { lab async throws in
            func bars(_ look: String) async throws -> [(from: Double, to: Double)] {
                let picture = try await lab.contoso(.get, "users/\(Lab.adele)/timeline.svg").text
                let found = picture.matches(of: #/class="([a-z]+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/#)
                return found.filter { $0.output.1 == look }.compactMap { match in
                    Double(match.output.2).flatMap { from in Double(match.output.3).map { (from, from + $0) } }
                }
            }
            let planes: JSON = ["refresh": ["a": ["fixed": "PT1M"], "b": "manual"]]
            try await lab.contoso(.put, "propagation", ["regions": ["a", "b"], "planes": planes])
            _ = try await lab.grant()
            try await lab.contoso(.post, "clock/advance", ["by": "PT1H"])
            _ = try await lab.revoke()
            #expect(try await bars("mixed").isEmpty)
            try await lab.contoso(.post, "clock/advance", ["by": "PT2M"])
            let mixed = try await bars("mixed")
            #expect(mixed.map(\.to) == [940])
            #expect(try await bars("waiting").map(\.to).max() == 940)
            // From where the first region refuses.
            #expect(try await bars("alive").last?.to == mixed.first?.from)
            try await lab.contoso(.post, "propagation/release", [:])
            #expect(try await bars("mixed").count == 1)
            // The session was refused at once, the grant is now.
            #expect(try await bars("dead").count == 2)
        }
    }

    @Test("What a name says shows as text; more rows than can be shown are counted")
    func bounds() async throws {
        try await Lab.run { lab async throws in
            try await lab.contoso(.patch, "apps/\(Lab.native)", ["name": "</text><script>alert(1)</script>&\"'"])
            for _ in 1...32 { _ = try await lab.grant() }
            let timeline = try await lab.contoso(.get, "users/\(Lab.adele)/timeline").json
            #expect(timeline["rows"]?.elements.count == 60)
            #expect(timeline["rowsLeftOut"]?.int == 4)
            let picture = try await lab.contoso(.get, "users/\(Lab.adele)/timeline.svg").text
            #expect(!picture.contains("<script"))
            #expect(picture.contains("&lt;/text&gt;&lt;script"))
            #expect(picture.contains("4 are left out"))
        }
    }
}
