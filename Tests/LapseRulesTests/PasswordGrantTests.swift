import Testing

@testable import LapseRules

@Suite("The user name and password at the token endpoint")
struct PasswordGrantTests {
    /// Adele's name and the right password.
    struct Facts: Sendable {
        var scope: String? = "openid offline_access User.Read"
        var version = EndpointVersion.v2
        var account = Account()
        var outcome: (@Sendable (AccountFacts) -> SignInAttempt.Outcome) = { .known($0) }
        var around = Surroundings()

        func decide() throws -> TokenDecision {
            var form = ["grant_type": "password", "client_id": "x", "username": "adele@contoso.example", "password": "p"]
            form["scope"] = scope
            return PasswordGrant.decide(
                try TokenRequest(form: World.form(form), authorization: nil, origin: nil, version: version),
                signIn: SignInAttempt(
                    userName: "adele@contoso.example", method: .password, outcome: outcome(account.facts)),
                sequence: 42, in: around.context)
        }
    }

    typealias Case = Row<Facts, Verdict>

    /// What is wrong, in the order in which it is said.
    static let defects: [Case] = [
        Case("account disabled", .refused(.accountDisabled, "invalid_grant")) { $0.account.become(.disable) },
        Case("must change the password", .refused(.passwordExpired, "invalid_grant")) { $0.outcome = { .mustChange($0) } },
        Case("no scope", .refused(.missingParameter, "invalid_request")) { $0.scope = nil },
        Case("a policy wants a second factor", .refused(.mfaRequired, "invalid_grant")) {
            $0.account.user.challenges = [Challenge(code: .mfaRequired, on: [.authorize])]
        },
        Case("consent withdrawn", .refused(.notConsented, "invalid_grant")) {
            $0.account.user.withdrawnConsents = [World.native.id]
        },
        Case("no such scope", .refused(.scopeUnknown, "invalid_client")) { $0.scope = $0.scope.map { _ in "Nothing.Real" } },
    ]

    static let others: [Case] = [
        Case("all is well", .accepted) { _ in },
        Case("nobody of that name, no scope", .refused(.userNotFound, "invalid_grant")) {
            $0.outcome = { _ in .unknownUser }
            $0.scope = nil
        },
        Case("a wrong password, and an account that is disabled", .refused(.wrongPassword, "invalid_grant")) {
            $0.outcome = { .wrongPassword($0.user.home) }
            $0.account.become(.disable)
        },
        Case("locked", .refused(.accountLocked, "invalid_grant")) { $0.outcome = { .locked($0.user.home, $0) } },
        Case("no guest account here", .refused(.guestNotFound, "invalid_grant")) {
            $0.outcome = { .noGuestAccount($0.user.home) }
        },
        Case("account deleted", .refused(.userNotFound, "invalid_grant")) { $0.account.become(.delete) },
        Case("disabled, in effect at the token endpoint alone", .refused(.accountDisabled, "invalid_grant")) {
            $0.account.become(.disable, .only(on: .refresh))
        },
        Case("disabled, in effect for sessions alone", .accepted) { $0.account.become(.disable, .only(on: .session)) },
        Case("disabled, in effect in the other region", .accepted) { $0.account.become(.disable, .only(in: World.west)) },
        Case("a revoke speaks against no fresh password", .accepted) { $0.account.revoke() },
        Case("a disabling that still lets it pass, and counts", .accepted(counting: .ofChange(on: .refresh))) {
            $0.account.become(.disable, .after(1, on: .refresh))
        },
        Case(
            "it counts, whatever is wrong behind it",
            .refused(.missingParameter, "invalid_request", counting: .ofChange(on: .refresh))
        ) {
            $0.account.become(.disable, .after(1, on: .refresh))
            $0.scope = nil
        },
        Case("a revoke that lets requests pass counts no fresh password", .accepted) {
            $0.account.revoke(.after(1, on: .refresh))
        },
        Case("a policy that is for refreshes", .accepted) {
            $0.account.user.challenges = [Challenge(code: .mfaRequired, on: [.refresh])]
        },
        Case("no sign-in is younger", .accepted) { $0.around.tenant.policies.lifetimes.signInFrequency = Timestamp.tick },
        Case("two resources", .refused(.severalResources, "invalid_scope")) {
            $0.scope = "User.Read api://lapse-lab/access_as_user"
        },
    ]

    @Test("A user name and password sign in without a browser", arguments: defects + others)
    func verdict(row: Case) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(try facts.decide().verdict == row.expected)
    }

    @Test("Of two things that are wrong the first is said", arguments: World.pairs(defects))
    func order(first: Case, second: Case) throws {
        var facts = Facts()
        first.change(&facts)
        second.change(&facts)
        #expect(try facts.decide().verdict == first.expected)
    }

    @Test(
        "What is missing goes by the endpoint's name for it",
        arguments: [(EndpointVersion.v1, "resource"), (.v2, "scope")])
    func missing(version: EndpointVersion, name: String) throws {
        var facts = Facts()
        (facts.scope, facts.version) = (nil, version)
        #expect(try facts.decide().refusal?.error == .missing(name))
    }

    @Test(
        "The new grant: a sign-in of now on the home clock, in the class of its client",
        arguments: [(World.native, ClientClass.public), (World.web, .confidential), (World.spa, .public)])
    func issue(app: AppRegistration, clientClass: ClientClass) throws {
        var facts = Facts()
        facts.around.app = app
        facts.account.homeNow = World.now - .seconds(30)
        let issue = try #require(try facts.decide().issue)
        let grant = try #require(issue.newGrant)
        #expect(grant.tenant == World.contoso.id)
        #expect(grant.user == World.adele.id)
        #expect(grant.client == app.id)
        #expect(grant.clientClass == clientClass)
        #expect(grant.scope == "openid offline_access User.Read")
        #expect(
            grant.authentication
                == Authentication(
                    user: World.adele.home, place: Place(at: World.now - .seconds(30), sequence: 42), method: .password))
        #expect(grant.session == nil)
        #expect(grant.createdAt == World.now)
        #expect(issue.plan.grant == grant)
        #expect(issue.plan.user == World.adele)
        #expect(issue.plan.hasIDToken)
        #expect(issue.spent == nil)
        #expect(issue.refreshToken?.grant == grant.id)
        #expect(issue.refreshToken?.issuedAt == World.now)
        #expect(issue.refreshToken?.hash == issue.plan.refreshToken.map { SecretHash(of: $0) })
    }

    @Test("A guest's grant is the guest's, its sign-in the home account's")
    func guest() throws {
        var facts = Facts()
        facts.account = Account(World.guest, home: World.fabrikam)
        let grant = try #require(try facts.decide().issue?.newGrant)
        #expect(grant.tenant == World.contoso.id)
        #expect(grant.user == World.guest.id)
        #expect(grant.authentication.user == World.guest.home)
    }
}

@Suite("A sign-in with a credential")
struct SignInAttemptTests {
    struct Facts: Sendable {
        var userName = "nestor@fabrikam.example"
        var method = SignInMethod.password
        var outcome = SignInAttempt.Outcome.unknownUser
        var tenant: Tenant? = World.contoso
        var plane = Plane.session

        func accept() -> (account: AccountFacts?, refusal: Refusal?, attempts: [Attempt]) {
            var attempts: [Attempt] = []
            do throws(Refusal) {
                let attempt = SignInAttempt(userName: userName, method: .password, outcome: outcome)
                return (
                    try attempt.accepted(
                        for: World.native, in: tenant, on: plane, region: World.east, counting: &attempts), nil, attempts
                )
            } catch {
                return (nil, error, attempts)
            }
        }
    }

    typealias Case = Row<Facts, Verdict>

    private static func account(_ kind: StateChange.Kind? = nil, _ arrivals: [Propagation.Arrival]? = nil) -> AccountFacts {
        var account = Account()
        if let kind { account.become(kind, arrivals) }
        return account.facts
    }

    private static func expired(on occasions: Set<Challenge.Occasion>) -> AccountFacts {
        Account(World.adele.with(\.challenges, [Challenge(code: .passwordExpired, on: occasions)])).facts
    }

    private static let home = World.adele.home

    static let rows: [Case] = [
        Case("nobody of that name", .refused(.userNotFound, "invalid_grant")) { $0.outcome = .unknownUser },
        Case("a wrong password", .refused(.wrongPassword, "invalid_grant")) { $0.outcome = .wrongPassword(home) },
        Case("no guest account here", .refused(.guestNotFound, "invalid_grant")) { $0.outcome = .noGuestAccount(home) },
        Case("known", .accepted) { $0.outcome = .known(account()) },
        Case("known, disabled", .refused(.accountDisabled, "invalid_grant")) { $0.outcome = .known(account(.disable)) },
        Case("known, deleted", .refused(.userNotFound, "invalid_grant")) { $0.outcome = .known(account(.delete)) },
        Case("known, disabled for the token endpoint alone", .accepted) {
            $0.outcome = .known(account(.disable, .only(on: .refresh)))
        },
        Case("known, disabled for the plane that asks", .refused(.accountDisabled, "invalid_grant")) {
            ($0.outcome, $0.plane) = (.known(account(.disable, .only(on: .refresh))), .refresh)
        },
        Case("known, disabled in the other region", .accepted) { $0.outcome = .known(account(.disable, .only(in: World.west))) },
        Case("known, a disabling that still lets it pass", .accepted(counting: .ofChange(on: .session))) {
            $0.outcome = .known(account(.disable, .after(1, on: .session)))
        },
        Case("locked, nothing known here", .refused(.accountLocked, "invalid_grant")) { $0.outcome = .locked(home, nil) },
        Case("locked", .refused(.accountLocked, "invalid_grant")) { $0.outcome = .locked(home, account()) },
        Case("locked, disabled", .refused(.accountDisabled, "invalid_grant")) { $0.outcome = .locked(home, account(.disable)) },
        Case("locked, deleted", .refused(.userNotFound, "invalid_grant")) { $0.outcome = .locked(home, account(.delete)) },
        Case(
            "locked, a disabling that still lets it pass",
            .refused(.accountLocked, "invalid_grant", counting: .ofChange(on: .session))
        ) { $0.outcome = .locked(home, account(.disable, .after(1, on: .session))) },
        Case("must change the password", .refused(.passwordExpired, "invalid_grant")) { $0.outcome = .mustChange(account()) },
        Case("must change the password, disabled", .refused(.accountDisabled, "invalid_grant")) {
            $0.outcome = .mustChange(account(.disable))
        },
        Case("must change the password, deleted", .refused(.userNotFound, "invalid_grant")) {
            $0.outcome = .mustChange(account(.delete))
        },
        Case(
            "must change the password, a disabling that still lets it pass",
            .refused(.passwordExpired, "invalid_grant", counting: .ofChange(on: .session))
        ) { $0.outcome = .mustChange(account(.disable, .after(1, on: .session))) },
    ]

    @Test("Whether the credential signs in", arguments: rows)
    func accepted(row: Case) {
        var facts = Facts()
        row.change(&facts)
        let result = facts.accept()
        #expect(Verdict(result.refusal, attempts: result.attempts) == row.expected)
        #expect((result.account?.user == World.adele) == (result.refusal == nil))
    }

    @Test("The same at a page, on the plane of sessions", arguments: rows)
    func onAPage(row: Case) {
        var facts = Facts()
        row.change(&facts)
        guard facts.plane == .session else { return }
        let (result, attempts) = SignInDecision.account(
            of: SignInAttempt(userName: facts.userName, method: .password, outcome: facts.outcome), for: World.native,
            in: World.contoso, region: World.east)
        switch result {
        case .success(let account):
            #expect(account.user == World.adele)
            #expect(Verdict(nil, attempts: attempts) == row.expected)
        case .failure(let refusal): #expect(Verdict(refusal, attempts: attempts) == row.expected)
        }
    }

    @Test(
        "Who is unknown is unknown to the tenant, under an alias to the domain of the name",
        arguments: [
            Row("a tenant", "the Contoso directory") { _ in },
            Row("an alias", "the fabrikam.example directory") { $0.tenant = nil },
            Row("an alias, and a name without a domain", "the nestor directory") { ($0.tenant, $0.userName) = (nil, "nestor") },
            Row("an alias, and nothing but the sign", "the @ directory") { ($0.tenant, $0.userName) = (nil, "@") },
        ] as [Row<Facts, String>])
    func directory(row: Row<Facts, String>) {
        var facts = Facts()
        row.change(&facts)
        #expect(facts.accept().refusal?.error.text.contains(row.expected) == true)
    }

    @Test(
        "Who has no guest account hears their own name, their home and the directory",
        arguments: [
            Row(
                "a tenant",
                "User account 'nestor@fabrikam.example' from identity provider 'https://sts.windows.net/11111111-aaaa-4aaa-8aaa-111111111111/' does not exist in tenant 'Contoso'"
            ) { _ in },
            Row("a tenant of another cloud", "from identity provider 'https://sts.chinacloudapi.cn/") {
                $0.tenant?.policies.cloud = .china
            },
            Row("an alias", "does not exist in tenant 'fabrikam.example' and cannot access") { $0.tenant = nil },
            Row("an alias is of the global cloud", "from identity provider 'https://sts.windows.net/") { $0.tenant = nil },
        ] as [Row<Facts, String>])
    func noGuest(row: Row<Facts, String>) {
        var facts = Facts()
        facts.outcome = .noGuestAccount(Self.home)
        row.change(&facts)
        #expect(facts.accept().refusal?.error.text.contains(row.expected) == true)
    }

    @Test(
        "Whose account the name means, and whose password is to be replaced",
        arguments: [
            Row("nobody", false) { $0.outcome = .unknownUser },
            Row("a wrong password", false) { $0.outcome = .wrongPassword(home) },
            Row("locked", false) { $0.outcome = .locked(home, nil) },
            Row("no guest account", false) { $0.outcome = .noGuestAccount(home) },
            Row("known", false) { $0.outcome = .known(account()) },
            Row("must change", true) { $0.outcome = .mustChange(account()) },
            Row("known, with a challenge", true) { $0.outcome = .known(expired(on: [.authorize])) },
            Row("known, with a challenge of refreshes alone", false) { $0.outcome = .known(expired(on: [.refresh])) },
            Row("without a password, with a challenge", false) {
                ($0.method, $0.outcome) = (.nonPassword, .known(expired(on: [.authorize])))
            },
        ] as [Row<Facts, Bool>])
    func meaning(row: Row<Facts, Bool>) {
        var facts = Facts()
        row.change(&facts)
        let attempt = SignInAttempt(userName: facts.userName, method: facts.method, outcome: facts.outcome)
        #expect((attempt.expired != nil) == row.expected)
        #expect(attempt.home == (row.description == "nobody" ? nil : Self.home))
    }

    @Test("A password is a password; the lab's security key is none")
    func methods() {
        #expect(Credential.password("p").method == .password)
        #expect(Credential.securityKey.method == .nonPassword)
    }

    @Test("A guest's fresh sign-in is the home account's, on the home clock")
    func fresh() {
        var account = Account(World.guest, home: World.fabrikam)
        account.homeNow = World.systemTime
        #expect(
            account.facts.freshAuthentication(.nonPassword, sequence: 7)
                == Authentication(
                    user: World.guest.home, place: Place(at: World.systemTime, sequence: 7), method: .nonPassword))
    }
}
