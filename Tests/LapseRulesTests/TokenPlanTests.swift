import Testing

@testable import LapseRules

@Suite("What is signed and answered")
struct TokenPlanTests {
    /// Adele's token for the native app at Graph, with a refresh token.
    struct Facts: Sendable {
        var around = Surroundings()
        var user: User? = World.adele
        var grant: GrantSample? = GrantSample()
        var scope = "openid User.Read"
        var members: [String: String]? = [:]
        var version = EndpointVersion.v2
        var nonce: String?
        var wantsAuthTime = false
        var issuesIDToken = true
        var refreshToken: String? = "1.Atext"
        var refreshTokenEnd = World.now + .seconds(120)

        func plan() throws -> TokenPlan {
            let context = around.context
            let request = try members.map { members in
                try TokenRequest(
                    form: World.form(
                        ["grant_type": "refresh_token", "client_id": "x", "refresh_token": "r"].merging(members) { $1 }
                    ), authorization: nil, origin: nil, version: version)
            }
            return TokenPlan(
                context, for: request, user: user, grant: grant?.grant, scope: try context.scopes.delegated(scope), nonce: nonce,
                wantsAuthTime: wantsAuthTime,
                issuesIDToken: issuesIDToken,
                refreshToken: refreshToken.map {
                    (
                        $0,
                        RefreshToken(
                            hash: SecretHash(of: $0), grant: World.grant, issuedAt: World.now, expiresAt: refreshTokenEnd)
                    )
                })
        }

        mutating func becomeApplication() { (user, grant, refreshToken, around.app) = (nil, nil, nil, World.daemon) }
        mutating func becomeCapable() { members?["claims"] = #"{"access_token":{"xms_cc":{"values":["cp1"]}}}"# }
    }

    typealias Answer = Row<Facts, [String]>

    private static func members(of json: JSON) -> [String] {
        guard case .object(let members) = json else { return [] }
        return members.map(\.name)
    }

    static let answers: [Answer] = [
        Answer(
            "a user's",
            ["token_type", "scope", "expires_in", "ext_expires_in", "access_token", "refresh_token", "id_token"]
        ) { _ in },
        Answer("without a refresh token", ["token_type", "scope", "expires_in", "ext_expires_in", "access_token", "id_token"]) {
            $0.refreshToken = nil
        },
        Answer(
            "a single-page app's",
            [
                "token_type", "scope", "expires_in", "ext_expires_in", "access_token", "refresh_token", "refresh_token_expires_in",
                "id_token",
            ]
        ) { $0.grant?.clientClass = .spa },
        Answer(
            "a single-page app's without a refresh token",
            ["token_type", "scope", "expires_in", "ext_expires_in", "access_token", "id_token"]
        ) {
            $0.grant?.clientClass = .spa
            $0.refreshToken = nil
        },
        Answer(
            "a family member's, with client_info",
            [
                "token_type", "scope", "expires_in", "ext_expires_in", "access_token", "refresh_token", "foci", "id_token",
                "client_info",
            ]
        ) {
            $0.around.app = World.commandLine
            $0.members?["client_info"] = "1"
        },
        Answer(
            "a family member's without a refresh token",
            ["token_type", "scope", "expires_in", "ext_expires_in", "access_token", "id_token"]
        ) {
            $0.around.app = World.commandLine
            $0.refreshToken = nil
        },
        Answer("an application's", ["token_type", "expires_in", "ext_expires_in", "access_token"]) {
            $0.becomeApplication()
            $0.members?["client_info"] = "1"
            $0.scope = "https://graph.microsoft.com/.default"
        },
        Answer(
            "a user's at version 1",
            [
                "token_type", "scope", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource", "access_token",
                "refresh_token", "id_token",
            ]
        ) { $0.version = .v1 },
        Answer(
            "a family member's at version 1, with client_info",
            [
                "token_type", "scope", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource", "access_token",
                "refresh_token", "foci", "id_token", "client_info",
            ]
        ) {
            ($0.version, $0.around.app) = (.v1, World.commandLine)
            $0.members?["client_info"] = "1"
        },
        Answer(
            "a family member's at version 1 without a refresh token",
            [
                "token_type", "scope", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource", "access_token",
                "id_token",
            ]
        ) {
            ($0.version, $0.around.app, $0.refreshToken) = (.v1, World.commandLine, nil)
        },
        Answer(
            "an application's at version 1",
            ["token_type", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource", "access_token"]
        ) {
            $0.becomeApplication()
            $0.version = .v1
            $0.scope = "https://graph.microsoft.com/.default"
        },
    ]

    @Test("Which members an answer has, in order", arguments: answers)
    func members(row: Answer) throws {
        var facts = Facts()
        row.change(&facts)
        let plan = try facts.plan()
        #expect(Self.members(of: plan.answer(accessToken: "a", idToken: plan.hasIDToken ? "i" : nil)) == row.expected)
    }

    @Test("What the members say, at version 2")
    func answer() throws {
        var facts = Facts(members: ["client_info": "1"])
        facts.grant?.clientClass = .spa
        facts.around.app.isFamilyMember = true
        facts.around.app.lifetimes.accessToken = .seconds(4000)
        let json = try facts.plan().answer(accessToken: "a", idToken: "i")
        #expect(
            json
                == .object([
                    "token_type": "Bearer", "scope": "openid User.Read", "expires_in": 4000, "ext_expires_in": 4000,
                    "access_token": "a", "refresh_token": "1.Atext", "refresh_token_expires_in": 120, "foci": "1", "id_token": "i",
                    "client_info":
                        "eyJ1aWQiOiJhYWFhYWFhYS0wMDAxLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJ1dGlkIjoiMTExMTExMTEtYWFhYS00YWFhLThhYWEtMTExMTExMTExMTExIn0",
                ]))
    }

    @Test("What the members say, at version 1: numbers are text, the scope has no OpenID, the resource is spelled as it was")
    func versionOne() throws {
        var facts = Facts(members: ["resource": "https://graph.microsoft.com/"], version: .v1, refreshToken: nil)
        facts.around.app.lifetimes.accessToken = .seconds(4000)
        let start = World.now.secondsSinceEpoch - 300
        let json = try facts.plan().answer(accessToken: "a", idToken: nil)
        #expect(
            json
                == .object([
                    "token_type": "Bearer", "scope": "User.Read", "expires_in": "4000", "ext_expires_in": "4000",
                    "expires_on": .string(String(World.now.secondsSinceEpoch + 4000)), "not_before": .string(String(start)),
                    "resource": "https://graph.microsoft.com/", "access_token": "a",
                ]))
        facts.members = [:]
        #expect(try facts.plan().answer(accessToken: "a", idToken: nil)["resource"] == "https://graph.microsoft.com")
    }

    @Test(
        "Who gets an id token",
        arguments: [
            Row("who asks with openid", true) { _ in },
            Row("who asked with openid at the sign-in", true) { $0.scope = "User.Read" },
            Row("who asks with openid now", true) { $0.grant?.scope = "User.Read" },
            Row("who never asked", false) {
                $0.scope = "User.Read"
                $0.grant?.scope = "User.Read offline_access profile"
            },
            Row("who asked for something that begins so", false) {
                $0.scope = "User.Read"
                $0.grant?.scope = "openid2"
            },
            Row("no application", false) { $0.user = nil },
            Row("nobody on behalf of a user", false) { $0.issuesIDToken = false },
            Row("a user without a grant, who asks", true) { $0.grant = nil },
        ] as [Row<Facts, Bool>])
    func idToken(row: Row<Facts, Bool>) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(try facts.plan().hasIDToken == row.expected)
    }

    @Test(
        "Who gets client_info",
        arguments: [
            Row("who asks", true) { $0.members?["client_info"] = "1" }, Row("who does not", false) { _ in },
            Row("no application", false) {
                $0.members?["client_info"] = "1"
                $0.user = nil
            },
            Row("not where no client asks", false) { $0.members = nil },
        ] as [Row<Facts, Bool>])
    func clientInfo(row: Row<Facts, Bool>) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(try facts.plan().hasClientInfo == row.expected)
    }

    @Test("client_info names a guest by its home")
    func guestInfo() throws {
        let plan = try Facts(user: World.guest).plan()
        let text = try #require(plan.clientInfo.flatMap { Base64URL.decode($0) })
        #expect(
            String(decoding: text, as: UTF8.self)
                == #"{"uid":"aaaaaaaa-0001-4000-8000-000000000004","utid":"22222222-bbbb-4bbb-8bbb-222222222222"}"#)
    }

    @Test(
        "Whose token is evaluated continuously",
        arguments: [
            Row("a client's that says it now", true) { $0.becomeCapable() },
            Row("a client's that said it at the sign-in", true) { $0.grant?.declaresCP1 = true },
            Row("a client's that never said it", false) { _ in },
            Row("a client's that answers a challenge, and does not say it", false) {
                $0.members?["claims"] = World.challengeAnswer
            },
            Row("not at an API that does not ask", false) {
                $0.grant?.declaresCP1 = true
                $0.scope = "api://lapse-lab/access_as_user"
                $0.around.resources = [
                    ResourceAPI(World.api.with(\.exposes, .init(uri: BuiltInLab.apiURI, scopes: ["access_as_user"])))!
                ]
            },
            Row("at an API that asks", true) {
                $0.grant?.declaresCP1 = true
                $0.scope = "api://lapse-lab/access_as_user"
            },
            Row("no application's", false) {
                $0.becomeApplication()
                $0.becomeCapable()
            },
            Row("where no client asks, of a grant that said it", true) {
                $0.members = nil
                $0.grant?.declaresCP1 = true
            },
        ] as [Row<Facts, Bool>])
    func capable(row: Row<Facts, Bool>) throws {
        var facts = Facts()
        row.change(&facts)
        let plan = try facts.plan()
        #expect(plan.declaresCP1 == row.expected)
        #expect(plan.accessToken.isEvaluated == row.expected)
    }

    @Test("A guest's token says so and is evaluated by nobody")
    func guest() throws {
        var facts = Facts(user: World.guest)
        facts.becomeCapable()
        let plan = try facts.plan()
        #expect(plan.declaresCP1)
        #expect(!plan.accessToken.isEvaluated)
    }

    static let lifetimes: [Row<Facts, ClosedRange<Int64>>] = [
        Row("an ordinary token: an hour to an hour and a half, by chance", 3600...5399) { _ in },
        Row("an evaluated one: twenty to twenty-eight hours, by chance", 72_000...100_800) { $0.becomeCapable() },
        Row("a guest's is never long", 3600...5399) {
            $0.user = World.guest
            $0.becomeCapable()
        },
        Row("an application's", 3599...3599) { $0.becomeApplication() },
        Row("the tenant's", 600...600) { $0.around.tenant.policies.lifetimes.accessToken = .seconds(600) },
        Row("the app's over the tenant's", 700...700) {
            $0.around.tenant.policies.lifetimes.accessToken = .seconds(600)
            $0.around.app.lifetimes.accessToken = .seconds(700)
        },
        Row("an application's that is set", 600...600) {
            $0.becomeApplication()
            $0.around.tenant.policies.lifetimes.accessToken = .seconds(600)
        },
        Row("an evaluated one's is set apart", 800...800) {
            $0.becomeCapable()
            $0.around.tenant.policies.lifetimes.accessToken = .seconds(600)
            $0.around.tenant.policies.lifetimes.caeAccessToken = .seconds(800)
        },
        Row("an ordinary one's is not an evaluated one's", 600...600) {
            $0.around.tenant.policies.lifetimes.accessToken = .seconds(600)
            $0.around.tenant.policies.lifetimes.caeAccessToken = .seconds(800)
        },
    ]

    @Test("How long an access token lives", arguments: lifetimes)
    func lifetime(row: Row<Facts, ClosedRange<Int64>>) throws {
        var seen: Set<Int64> = []
        for seed in 0..<200 {
            var facts = Facts()
            row.change(&facts)
            facts.around.random = .seeded(UInt64(seed))
            let plan = try facts.plan()
            #expect(row.expected.contains(plan.accessTokenLifetime.wholeSeconds))
            #expect(plan.accessTokenEnd == World.now + plan.accessTokenLifetime)
            #expect(plan.accessToken.endsAt == plan.accessTokenEnd)
            seen.insert(plan.accessTokenLifetime.wholeSeconds)
        }
        if row.expected.count == 1 { return #expect(seen.count == 1) }
        // By chance, over the whole of the range.
        let width = Int64(row.expected.count)
        #expect(seen.contains { $0 < row.expected.lowerBound + width / 10 })
        #expect(seen.contains { $0 > row.expected.upperBound - width / 10 })
    }

    @Test("Id tokens live an hour unless a lifetime is set")
    func idTokenLifetime() throws {
        var facts = Facts()
        #expect(try facts.plan().idTokenLifetime == .seconds(3600))
        facts.around.app.lifetimes.idToken = .seconds(60)
        #expect(try facts.plan().idTokenLifetime == .seconds(60))
    }

    @Test("Tokens print the tenant's time, the machine's by policy; their end stays the tenant's")
    func printed() throws {
        var facts = Facts()
        facts.around.app.lifetimes.accessToken = .seconds(600)
        #expect(try facts.plan().printedNow == World.now)
        facts.around.tenant.policies.tokenTimes = .wall
        let plan = try facts.plan()
        #expect(plan.printedNow == World.systemTime)
        #expect(plan.issuedAt == World.now)
        #expect(plan.accessTokenEnd == World.now + .seconds(600))
        let start = World.systemTime.secondsSinceEpoch
        #expect(plan.times == (start - 300, start + 600, start + 3600))
    }

    @Test("A single-page app's answer says when its refresh token ends, no other's does")
    func expiresIn() throws {
        #expect(try Facts().plan().refreshTokenExpiresIn == nil)
        var facts = Facts()
        facts.grant?.clientClass = .spa
        #expect(try facts.plan().refreshTokenExpiresIn == .seconds(120))
        facts.grant?.clientClass = .confidential
        #expect(try facts.plan().refreshTokenExpiresIn == nil)
    }

    @Test("What is handed on as it came")
    func handedOn() throws {
        let plan = try Facts(members: nil, nonce: "n-1", wantsAuthTime: true).plan()
        #expect(plan.version == .v2)
        #expect(plan.resource == nil)
        #expect(plan.nonce == "n-1")
        #expect(plan.wantsAuthTime)
        #expect(plan.tenant == World.contoso)
        #expect(plan.app == World.native)
        #expect(plan.refreshToken == "1.Atext")
        #expect(try Facts(version: .v1).plan().version == .v1)
    }

    /// A grant's first refresh token, as the control API and every flow makes it.
    static let firstTokens: [Row<Facts, Timestamp?>] = [
        Row("a public client's", World.now + .seconds(90 * 86_400)) { _ in },
        Row("a confidential client's, with a lifetime", World.now + .seconds(60)) {
            $0.grant?.clientClass = .confidential
            $0.around.app.lifetimes.refreshTokenInactivity = .seconds(60)
        },
        Row("a single-page app's", World.now + .seconds(86_400)) {
            $0.grant?.clientClass = .spa
            $0.around.app.lifetimes.refreshTokenInactivity = .seconds(60)
        },
        Row("a single-page app's, with a lifetime", World.now + .seconds(60)) {
            $0.grant?.clientClass = .spa
            $0.around.app.lifetimes.spaRefreshToken = .seconds(60)
        },
        Row("none for a grant that is not offline", nil) { $0.grant?.scope = "openid User.Read" },
        Row("none for a scope that only begins so", nil) { $0.grant?.scope = "offline_access2" },
    ]

    @Test("A grant's first tokens", arguments: firstTokens)
    func first(row: Row<Facts, Timestamp?>) throws {
        var facts = Facts()
        row.change(&facts)
        let context = facts.around.context
        let grant = try #require(facts.grant?.grant)
        let issue = context.issue(grant, scope: try context.scopes.delegated("User.Read"), user: World.adele)
        #expect(issue.newGrant == grant)
        #expect(issue.plan.grant == grant)
        #expect(issue.plan.user == World.adele)
        #expect(issue.spent == nil)
        #expect(issue.attempts.isEmpty)
        #expect(issue.refreshToken?.expiresAt == row.expected)
        #expect(issue.refreshToken.map { $0.issuedAt == World.now && $0.grant == World.grant } != false)
        #expect(issue.refreshToken?.hash == issue.plan.refreshToken.map { SecretHash(of: $0) })
    }
}
