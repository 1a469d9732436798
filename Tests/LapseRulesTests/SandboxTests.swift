import Testing

@testable import LapseRules

private let contoso = BuiltInLab.contoso

/// A user of whom nothing is as a new user's is.
private let ann: User = {
    var ann = User(
        id: GUID("aaaaaaaa-0009-4000-8000-000000000001")!, tenant: contoso, userPrincipalName: "ann@contoso.example",
        displayName: "Ann Lee", givenName: "Ann", surname: "Lee", mail: "Ann.Lee@CONTOSO.example",
        passwordHash: User.hash(password: "secret", of: contoso), passwordSalt: contoso, accountEnabled: false,
        roles: [.securityReader], createdAt: Tenant.birth)
    ann.challenges = [Challenge(code: .mfaRequired, on: [.refresh])]
    ann.withdrawnConsents = ["app"]
    ann.consents = ["app": ["Mail.Read"]]
    ann.mustChangePassword = true
    ann.profile = ["jobTitle": "Clerk"]
    return ann
}()

private let guest = User(
    id: GUID("aaaaaaaa-0009-4000-8000-000000000002")!, tenant: contoso, userPrincipalName: "g#EXT#@contoso.example",
    displayName: "G",
    passwordHash: nil, guestOf: .init(tenant: BuiltInLab.fabrikam, user: contoso), createdAt: Tenant.birth)

private func fault(user: GUID?, hits: Int64 = 0) throws -> Fault {
    let match: JSON = user == nil ? [:] : ["user": "x"]
    let value: JSON = ["match": match, "effect": ["status": 503], "times": 3, "probability": 1, "name": "outage"]
    var fault = try Fault(value, id: contoso, ordinal: 7) { _ in user }
    (fault.asked, fault.hits) = (hits, hits)
    return fault
}

private func template(users: [User] = [ann, guest], faults: [Fault] = []) -> TenantSeed {
    var tenant = Tenant(
        id: contoso, name: "Contoso", domains: ["contoso.example", "other.example"], propagation: PropagationModel(seed: 9))
    tenant.policies.tieRule = .entra
    return TenantSeed(tenant: tenant, users: users, apps: BuiltInLab.seed[0].apps, faults: faults)
}

private func members(of user: User) -> [(name: String, text: String)] {
    Mirror(reflecting: user).children.map { ($0.label ?? "", "\($0.value)") }
}

@Suite("A tenant made for one test")
struct SandboxTests {
    @Test("A template's user comes along with everything that the seed says of it; only id, tenant and names are new")
    func whole() throws {
        let sandbox = NewSandbox(random: .seeded(1))
        let user = try #require(sandbox.seed(like: template()).users.first)
        let domain = sandbox.domain(under: "contoso.example")
        #expect((user.tenant, user.userPrincipalName, user.mail) == (sandbox.id, "ann@\(domain)", "Ann.Lee@\(domain)"))
        #expect(user.id != ann.id)
        let unlike = zip(members(of: user), members(of: ann)).filter { $0.text != $1.text }.map(\.0.name)
        #expect(unlike == ["id", "tenant", "userPrincipalName", "mail"])
        #expect(user.hasPassword("secret"))
    }

    @Test("The user of these tests has no property as a new user has it, but for what a member cannot have")
    func complete() {
        let plain = User(
            id: BuiltInLab.fabrikam, tenant: BuiltInLab.fabrikam, userPrincipalName: "", displayName: "", passwordHash: nil,
            createdAt: .epoch)
        let alike = zip(members(of: plain), members(of: ann)).filter { $0.text == $1.text }.map(\.0.name)
        #expect(alike == ["guestOf"])
    }

    @Test(
        "Names move with their domain, in any case, and stay when the domain is nobody's here",
        arguments: [
            ("ann@contoso.example", "ann@DOMAIN"), ("ann@CONTOSO.Example", "ann@DOMAIN"), ("ann@other.example", "ann@DOMAIN"),
            ("ann@elsewhere.example", "ann@elsewhere.example"), ("a@contoso.example@other.example", "a@contoso.example@DOMAIN"),
            ("ann", "ann"),
        ])
    func names(mail: String, moved: String) {
        var user = ann
        user.mail = mail
        let sandbox = NewSandbox(random: .seeded(2))
        let expected = moved.replacing("DOMAIN", with: sandbox.domain(under: "contoso.example"))
        #expect(sandbox.seed(like: template(users: [user])).users[0].mail == expected)
    }

    @Test("The tenant keeps name, policies and propagation, and has an id and one domain of its own")
    func tenant() {
        let seed = NewSandbox(random: .seeded(3)).seed(like: template())
        #expect(seed.tenant.isSandbox)
        #expect(seed.tenant.id != contoso)
        #expect((seed.tenant.name, seed.tenant.propagation?.seed, seed.tenant.policies.tieRule) == ("Contoso", 9, .entra))
        #expect(seed.tenant.domains.count == 1)
        #expect(seed.tenant.domains[0].wholeMatch(of: /sbx-[0-9a-f]{8}\.contoso\.example/) != nil)
        #expect(seed.apps == BuiltInLab.seed[0].apps)
        #expect(seed.users.count == 1, "guests stay at home")
    }

    @Test("A fault comes along fresh, and means the user who stands there for the template's")
    func faults() throws {
        let given = [try fault(user: ann.id, hits: 2), try fault(user: nil, hits: 1)]
        let seed = NewSandbox(random: .seeded(4)).seed(like: template(faults: given))
        #expect(seed.faults.map(\.match.user) == [seed.users[0].id, nil])
        for (fault, old) in zip(seed.faults, given) {
            #expect((fault.asked, fault.hits, fault.ordinal) == (0, 0, 7))
            #expect((fault.times, fault.probability, fault.name, fault.effect) == (3, 1, "outage", old.effect))
            #expect(fault.id != old.id)
        }
    }

    @Test("Two sandboxes of the same template share no id of a user and no domain")
    func apart() {
        let random = RandomSource.seeded(5)
        let (one, two) = (NewSandbox(random: random).seed(like: template()), NewSandbox(random: random).seed(like: template()))
        #expect(one.tenant.id != two.tenant.id)
        #expect(one.tenant.domains != two.tenant.domains)
        #expect(one.users[0].id != two.users[0].id)
    }

    @Test("A sandbox's own seed may leave out id, name and domains, and may give them")
    func own() throws {
        let sandbox = NewSandbox(random: .seeded(6))
        let bare = try sandbox.seed([:])
        #expect((bare.tenant.id, bare.tenant.name) == (sandbox.id, "Sandbox"))
        #expect(bare.tenant.domains == [sandbox.domain(under: "lapse.example")])
        #expect(bare.tenant.isSandbox)
        let given = try sandbox.seed(["id": .string(contoso.description), "name": "Mine", "domains": ["Mine.example"]])
        #expect((given.tenant.id, given.tenant.name, given.tenant.domains) == (contoso, "Mine", ["mine.example"]))
    }

    @Test(
        "In a seed without domains a user's name may leave out the domain, and gets the sandbox's",
        arguments: [
            ([:], "wren", "wren@DOMAIN"), (["domains": .null], "wren", "wren@DOMAIN"),
            (["domains": ["mine.example"]], "wren@mine.example", "wren@mine.example"),
        ] as [(JSON, String, String)])
    func bareNames(seed: JSON, name: String, full: String) throws {
        let sandbox = NewSandbox(random: .seeded(8))
        let user: JSON = ["userPrincipalName": .string(name), "displayName": "Wren Otter"]
        let read = try sandbox.seed(seed.adding(["users": [user]]))
        #expect(read.users.map(\.userPrincipalName) == [full.replacing("DOMAIN", with: read.tenant.domains[0])])
        #expect(read.users[0].displayName == "Wren Otter")
    }

    @Test(
        "A mistake in a sandbox's seed is named by its path",
        arguments: [
            (["name": ""], "name: is required"), (["domains": []], "domains: must name at least one domain"),
            (
                [
                    "domains": ["a.example"],
                    "users": [["userPrincipalName": "x@a.example"], ["userPrincipalName": "X@a.example"]],
                ],
                "users[1].userPrincipalName: is taken"
            ),
            (
                ["domains": ["a.example"], "users": [["userPrincipalName": "x"]]],
                "users[0].userPrincipalName: must be NAME@DOMAIN with a domain of the tenant"
            ),
            (["users": [["userPrincipalName": ""]]], "users[0].userPrincipalName: is required"),
            (["users": 3], "users: must be a list"),
        ] as [(JSON, String)])
    func mistakes(seed: JSON, says: String) throws {
        let error = #expect(throws: FieldError.self) { try NewSandbox(random: .seeded(7)).seed(seed) }
        #expect(error?.description == says)
    }
}
