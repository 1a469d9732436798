import Testing

@testable import LapseRules

private let (one, two) = ("11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222")
private let ann = "aaaaaaaa-0001-4000-8000-000000000001"
private let tenant = Tenant(id: GUID(one)!, name: "One", domains: ["one.example", "uno.example"])

private func parsed(_ text: String) throws -> JSON { try #require(JSON(parsing: Array(text.utf8))) }

/// A seed file of one tenant with these further members.
private func file(_ members: String, domains: String = #"["one.example"]"#) -> String {
    #"{"tenants":[{"id":"\#(one)","name":"One","domains":\#(domains)\#(members.isEmpty ? "" : ",")\#(members)}]}"#
}

private func withUsers(_ users: String) -> String { file(#""users":[\#(users)]"#) }
private func withUser(_ members: String) -> String { withUsers(#"{"userPrincipalName":"ann@one.example",\#(members)}"#) }
private func withApp(_ members: String) -> String { file(#""apps":[{"name":"App","kind":"public",\#(members)}]"#) }

private func read(_ text: String) throws -> [TenantSeed] { try TenantSeed.read(try parsed(text)) }

@Suite("Seed files")
struct TenantSeedTests {
    @Test("Everything that a seed may say of a user is read")
    func user() throws {
        let text = withUsers(
            #"{"id":"\#(ann)","userPrincipalName":"Ann@ONE.example","displayName":"Ann","givenName":"A","surname":"Lee","mail":"a@x","password":"p","accountEnabled":false,"roles":["Security Reader","Global Administrator"],"challenges":[{"code":50076,"on":["refresh"]},{"code":65001}]}"#
        )
        let user = try #require(try read(text).first?.users.first)
        #expect((user.id.description, user.tenant, user.userPrincipalName) == (ann, tenant.id, "Ann@ONE.example"))
        #expect((user.displayName, user.givenName, user.surname, user.mail) == ("Ann", "A", "Lee", "a@x"))
        #expect(user.hasPassword("p") && !user.hasPassword("q"))
        #expect((user.accountEnabled, user.roles) == (false, [.securityReader, .globalAdministrator]))
        #expect(
            user.challenges == [
                Challenge(code: .mfaRequired, on: [.refresh]), Challenge(code: .notConsented, on: [.refresh, .authorize]),
            ])
        #expect(user.createdAt == Tenant.birth)
    }

    @Test("A member without a password has the lab's, and without a name is called by its user name")
    func defaults() throws {
        let user = try #require(try read(withUsers(#"{"userPrincipalName":"ann@one.example"}"#)).first?.users.first)
        #expect(user.hasPassword(BuiltInLab.password))
        #expect((user.displayName, user.accountEnabled, user.roles) == ("ann@one.example", true, []))
    }

    @Test("Everything that a seed may say of an app is read")
    func apps() throws {
        let text = file(
            #""apps":[{"id":"APP","name":"App","kind":"confidential","secrets":["s1","s2"],"redirectUris":["http://localhost/cb"],"spaRedirectUris":["custom.x+y-z:go"],"logoutUrl":"https://x/out","flows":["code","device"],"delegated":["User.Read"],"application":["User.Read.All"],"exposes":{"uri":"api://app","scopes":["use"],"xms_cc":true},"accessTokenVersion":1,"foci":true,"lifetimes":{"code":"PT1M"},"challenges":[{"code":7000222,"on":["authorize"]}]}]"#
        )
        let app = try #require(try read(text).first?.apps.first)
        #expect((app.id, app.name, app.kind) == ("app", "App", .confidential))
        #expect(app.secretHashes == ["s1", "s2"].map { AppRegistration.hash(secret: $0, of: "app") })
        #expect(
            (app.redirectURIs, app.spaRedirectURIs, app.logoutURL) == (
                ["http://localhost/cb"], ["custom.x+y-z:go"], "https://x/out"
            ))
        #expect(
            (app.flows, app.delegatedPermissions, app.applicationPermissions) == (
                [.code, .device], ["User.Read"], ["User.Read.All"]
            ))
        #expect(app.exposes == .init(uri: "api://app", scopes: ["use"], asksForCapabilities: true))
        #expect((app.accessTokenVersion, app.isFamilyMember, app.lifetimes.code) == (1, true, .seconds(60)))
        #expect(app.challenges == [Challenge(code: .secretExpired, on: [.authorize])])
    }

    @Test(
        "The flows that an app has by its kind",
        arguments: [
            ("public", "code refresh"), ("spa", "code refresh"), ("confidential", "code refresh clientCredentials onBehalfOf"),
            ("resource", ""),
        ])
    func flows(kind: String, flows: String) throws {
        let app = try #require(try read(file(#""apps":[{"name":"App","kind":"\#(kind)"}]"#)).first?.apps.first)
        #expect(AppRegistration.Flow.allCases.filter(app.flows.contains).map(\.rawValue).joined(separator: " ") == flows)
        #expect(app.isConfidential == (kind == "confidential" || kind == "resource"))
        #expect(app.accessTokenVersion == 2)
    }

    @Test("Faults come in their order, for users by name or id, and for regions of the tenant's own model")
    func faults() throws {
        let text = file(
            #""propagation":{"regions":["east","west"]},"users":[{"id":"\#(ann)","userPrincipalName":"ann@one.example"}],"faults":[{"match":{"user":"ANN@one.example","region":"west"},"effect":{"status":503}},{"match":{"user":"\#(ann)"},"effect":{"status":429}}]"#
        )
        let faults = try #require(try read(text).first?.faults)
        #expect(faults.map(\.ordinal) == [1, 2])
        #expect(faults.map(\.match.user?.description) == [ann, ann])
        #expect(Set(faults.map(\.id)).count == 2)
        // The server's model, which nobody knows here, may have such a region.
        #expect(try read(file(#""faults":[{"match":{"region":"west"},"effect":{"status":503}}]"#)).count == 1)
    }

    @Test("A guest may be at home in a tenant that comes later")
    func guests() throws {
        let text = #"""
            {"tenants":[{"id":"\#(one)","name":"One","domains":["one.example"],"users":[{"userPrincipalName":"g#EXT#@one.example",
            "home":{"tenant":"\#(two)","user":"\#(ann)"}}]},{"id":"\#(two)","name":"Two","domains":["two.example"],
            "users":[{"id":"\#(ann)","userPrincipalName":"ann@two.example"}]}]}
            """#
        let guest = try #require(try read(text).first?.users.first)
        #expect(guest.home == .init(tenant: GUID(two)!, user: GUID(ann)!))
        #expect(guest.passwordHash == nil)
    }

    @Test(
        "A mistake in a seed file is named by its path, in a sentence",
        arguments: [
            ("[]", "must be an object"), (#"{"tenants":[]}"#, "tenants: is required"),
            (#"{"tenants":{}}"#, "tenants: must be a list"),
            (#"{"tenants":[{}],"more":1}"#, "more: is not known"), (#"{"tenants":[7]}"#, "tenants[0]: must be an object"),
            (#"{"tenants":[{"id":"\#(one)"}]}"#, "tenants[0].name: is required"),
            (
                #"{"tenants":[{"id":"00000000-0000-0000-0000-000000000000","name":"x","domains":["x.example"]}]}"#,
                "tenants[0].id: is not the id of a tenant"
            ),
            (
                #"{"tenants":[{"id":"9188040d-6c67-4c5b-b112-36a304b66dad","name":"x","domains":["x.example"]}]}"#,
                "tenants[0].id: is not the id of a tenant"
            ),
            (file("", domains: "[]"), "tenants[0].domains: must name at least one domain"),
            (file("", domains: "null"), "tenants[0].domains: must name at least one domain"),
            (file("", domains: #"["one.example","one"]"#), "tenants[0].domains[1]: must be a DNS name"),
            (file("", domains: #"["one.example","ONE.example"]"#), "tenants[0].domains: names one.example, which is taken"),
            (
                #"{"tenants":[{"id":"\#(one)","name":"x","domains":["x.example"]},{"id":"\#(one)","name":"y","domains":["y.example"]}]}"#,
                "tenants[1].id: is taken"
            ),
            (
                #"{"tenants":[{"id":"\#(one)","name":"x","domains":["x.example"]},{"id":"\#(two)","name":"y","domains":["X.example"]}]}"#,
                "tenants[1].domains: names x.example, which is taken"
            ),
            (
                file(#""propagation":"fast""#),
                "tenants[0].propagation: must be a model or the name of a preset: instant, documented, observed, flapping"
            ),
            (
                file(#""policies":{"tieRule":"x"}"#),
                #"tenants[0].policies.tieRule: must be {"skew":"PT1M"} with a duration, or one of: precise, entra"#
            ),
            (withUsers("{}"), "tenants[0].users[0].userPrincipalName: is required"),
            (withUsers(#"{"userPrincipalName":null}"#), "tenants[0].users[0].userPrincipalName: is required"),
            (
                withUsers(#"{"userPrincipalName":"@one.example"}"#),
                "tenants[0].users[0].userPrincipalName: must be NAME@DOMAIN with a domain of the tenant"
            ),
            (
                withUsers(#"{"userPrincipalName":"a@b@one.example"}"#),
                "tenants[0].users[0].userPrincipalName: must be NAME@DOMAIN with a domain of the tenant"
            ),
            (
                withUsers(#"{"userPrincipalName":"a"}"#),
                "tenants[0].users[0].userPrincipalName: must be NAME@DOMAIN with a domain of the tenant"
            ),
            (
                withUsers(#"{"userPrincipalName":"\#(String(repeating: "x", count: 245))@one.example"}"#),
                "tenants[0].users[0].userPrincipalName: must be NAME@DOMAIN with a domain of the tenant"
            ),
            (
                withUsers(
                    #"{"id":"\#(ann)","userPrincipalName":"a@one.example"},{"id":"\#(ann)","userPrincipalName":"b@one.example"}"#),
                "tenants[0].users[1].id: is taken"
            ),
            (withUser(#""displayName":"""#), "tenants[0].users[0].displayName: is required"),
            (withUser(#""password":null"#), "tenants[0].users[0].password: is required"),
            (withUser(#""mail":7"#), "tenants[0].users[0].mail: must be a text (in quotes)"),
            (withUser(#""nickname":"A""#), "tenants[0].users[0].nickname: is not known"),
            (withUser(#""home":{}"#), "tenants[0].users[0].home.tenant: is required"),
            (withUser(#""home":{"tenant":"\#(two)"}"#), "tenants[0].users[0].home.user: is required"),
            (withUser(#""home":{"tenant":"\#(one)","user":"\#(ann)"}"#), "tenants[0].users[0].home.tenant: must be another tenant"),
            (withUser(#""home":{"tenant":"\#(two)","user":"\#(ann)","x":1}"#), "tenants[0].users[0].home.x: is not known"),
            (
                withUser(#""home":{"tenant":"\#(two)","user":"\#(ann)"}"#),
                "tenants[0].users[0].home: names no member of a tenant that is given here"
            ),
            (
                withUser(#""home":{"tenant":"\#(two)","user":"\#(ann)"},"password":"p""#),
                "tenants[0].users[0].password: belongs to the guest's home tenant"
            ),
            (file(#""apps":[{"name":"App"}]"#), "tenants[0].apps[0].kind: is required"),
            (file(#""apps":[{"kind":"public"}]"#), "tenants[0].apps[0].name: is required"),
            (withApp(#""id":"""#), "tenants[0].apps[0].id: must not be empty nor one of Microsoft's own"),
            (
                withApp(#""id":"00000003-0000-0000-C000-000000000000""#),
                "tenants[0].apps[0].id: must not be empty nor one of Microsoft's own"
            ),
            (withApp(#""id":"\#(String(repeating: "x", count: 129))""#), "tenants[0].apps[0].id: must be at most 128 bytes long"),
            (
                file(#""apps":[{"id":"a","name":"x","kind":"spa"},{"id":"A","name":"y","kind":"spa"}]"#),
                "tenants[0].apps[1].id: is taken"
            ),
            (
                withApp(#""redirectUris":["http://x/#f"]"#),
                "tenants[0].apps[0].redirectUris[0]: must be an absolute URI without a fragment"
            ),
            (
                withApp(#""spaRedirectUris":["a:b","http://x y"]"#),
                "tenants[0].apps[0].spaRedirectUris[1]: must be an absolute URI without a fragment"
            ),
            (
                withApp(#""flows":["code","implicit"]"#),
                "tenants[0].apps[0].flows[1]: must be one of: code, refresh, device, password, clientCredentials, onBehalfOf"
            ),
            (withApp(#""exposes":{}"#), "tenants[0].apps[0].exposes.uri: is required"),
            (withApp(#""exposes":{"uri":"x","scope":[]}"#), "tenants[0].apps[0].exposes.scope: is not known"),
            (withApp(#""accessTokenVersion":3"#), "tenants[0].apps[0].accessTokenVersion: must be a whole number from 1 to 2"),
            (withApp(#""lifetimes":{"code":"PT0.5S"}"#), "tenants[0].apps[0].lifetimes.code: must be at least PT1S"),
            (withApp(#""secret":"x""#), "tenants[0].apps[0].secret: is not known"),
            (file(#""faults":[{}]"#), "tenants[0].faults[0].effect: is required"),
            (
                file(#""faults":[{"match":{"user":"bob"},"effect":{"status":503}}]"#),
                "tenants[0].faults[0].match.user: names no user of this tenant"
            ),
            (
                file(#""propagation":"instant","faults":[{"match":{"region":"west"},"effect":{"status":503}}]"#),
                "tenants[0].faults[0].match.region: is not a region of this tenant"
            ),
            (
                file(#""faults":[\#(Array(repeating: #"{"effect":{"status":503}}"#, count: 101).joined(separator: ","))]"#),
                "tenants[0].faults: may be at most 100"
            ),
        ])
    func mistakes(text: String, says: String) throws {
        let error = #expect(throws: FieldError.self) { try read(text) }
        #expect(error?.description == says)
    }

    @Test(
        "What can be registered as a redirect URI",
        arguments: [
            ("http://localhost", true), ("custom.scheme:x", true), ("a+b-c.1:x", true), ("", false), ("nowhere", false),
            (":x", false), ("yqb1:\u{ECC}", true), ("yqb1\u{ECC}:x", false),
            ("http:", false), ("ht tp:x", false), ("http://x#f", false), ("http://x\u{7F}", false), ("h_p:x", false),
        ])
    func redirects(uri: String, isAbsolute: Bool) { #expect(RedirectURI.isAbsolute(uri) == isAbsolute) }
}

@Suite("Changes of users and apps")
struct ChangeTests {
    private let adele = BuiltInLab.seed[0].users[0]
    private let web = BuiltInLab.seed[0].apps[1]

    private func changed(_ text: String) throws -> (user: User, newPassword: String?) {
        try adele.changed(by: try parsed(text), tenant: BuiltInLab.seed[0].tenant)
    }

    @Test("A change touches what it names, and null takes away what may be missing")
    func user() throws {
        #expect(try changed("{}").user == adele)
        let (user, password) = try changed(#"{"displayName":"A","mail":null,"roles":[],"accountEnabled":false,"challenges":[]}"#)
        #expect((user.displayName, user.mail, user.accountEnabled) == ("A", nil, false))
        #expect((user.id, user.userPrincipalName, user.givenName) == (adele.id, adele.userPrincipalName, "Adele"))
        #expect(password == nil)
    }

    @Test("A new password is told apart, salted with the user's own id")
    func password() throws {
        var copied = adele
        copied = User(
            id: adele.id, tenant: adele.tenant, userPrincipalName: adele.userPrincipalName, displayName: "", passwordHash: nil,
            passwordSalt: BuiltInLab.fabrikam, createdAt: Tenant.birth)
        copied.set(password: "new")
        #expect(copied.passwordSalt == adele.id)
        #expect(copied.hasPassword("new"))
        let (user, password) = try changed(#"{"password":"new"}"#)
        #expect(password == "new")
        #expect(user.hasPassword("new") && !user.hasPassword(BuiltInLab.password))
    }

    @Test(
        "What a user cannot become",
        arguments: [
            (#"{"id":"\#(ann)"}"#, "id: cannot be changed"), (#"{"home":null}"#, "home: cannot be changed"),
            (#"{"userPrincipalName":"x@fabrikam.example"}"#, "userPrincipalName: must be NAME@DOMAIN with a domain of the tenant"),
            (#"{"displayName":null}"#, "displayName: is required"), (#"{"age":1}"#, "age: is not known"),
            (#"{"challenges":[{"code":7000222}]}"#, "challenges[0].code: is for apps: a user has no secret"),
        ])
    func userMistakes(text: String, says: String) throws {
        let error = #expect(throws: FieldError.self) { try changed(text) }
        #expect(error?.description == says)
    }

    @Test("A change of an app touches what it names")
    func app() throws {
        #expect(try web.changed(by: [:]) == web)
        let changed = try web.changed(by: ["name": "W", "kind": "public", "secrets": [], "exposes": .null, "foci": true])
        #expect((changed.name, changed.kind, changed.secretHashes.count, changed.isFamilyMember) == ("W", .public, 0, true))
        #expect((changed.flows, changed.redirectURIs) == (web.flows, web.redirectURIs))
        let api = BuiltInLab.seed[0].apps[4]
        #expect(try api.changed(by: ["exposes": .null]).exposes == nil)
        #expect(try api.changed(by: ["name": "x"]).exposes == api.exposes)
    }

    @Test(
        "What an app cannot become",
        arguments: [
            (["id": "x"], "id: cannot be changed"), (["name": ""], "name: is required"),
            (["kind": "daemon"], "kind: must be one of: public, confidential, spa, resource"),
            (["flows": "code"], "flows: must be a list"), (["colour": 1], "colour: is not known"),
        ] as [(JSON, String)])
    func appMistakes(value: JSON, says: String) {
        let error = #expect(throws: FieldError.self) { try web.changed(by: value) }
        #expect(error?.description == says)
    }
}
