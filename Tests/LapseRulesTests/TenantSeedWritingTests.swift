import Testing

@testable import LapseRules

private let (one, two) = ("11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222")
private let (ann, bob) = ("aaaaaaaa-0001-4000-8000-000000000001", "aaaaaaaa-0001-4000-8000-000000000002")
private let hash = String(repeating: "a1", count: 32)

private func parsed(_ text: String) throws -> JSON { try #require(JSON(parsing: Array(text.utf8))) }

/// Every member that a seed may have, none with its default.
private let full = #"""
    {"tenants":[
      {"id":"\#(one)","name":"One","domains":["one.example","uno.example"],"sandbox":true,
       "propagation":{"seed":7,"regions":["east","west"],"routing":"random","origin":"immediate",
         "planes":{"refresh":{"fixed":"PT3M"},"session":{"east":"manual"},"cae":{"afterAttempts":2},"directory":"immediate"}},
       "policies":{"tieRule":"entra","revocationMatrix":{"passwordChange":["passwordToken"]},"revokeAnswer":204,"permissions":"2019",
         "errorLayout":"2021","suberror":false,"loopDetection":true,"tokenTimes":"wall","cloud":"china","lifetimes":{"code":"PT1M"}},
       "users":[
        {"id":"\#(ann)","userPrincipalName":"Ann@one.example","displayName":"Ann","givenName":"A","surname":"Lee","mail":"a@x",
         "password":{"sha256":"\#(hash)","salt":"\#(bob)"},"mustChangePassword":true,"accountEnabled":false,
         "roles":["Security Reader"],"challenges":[{"code":50076,"on":["refresh"]}],"withdrawnConsents":["app"],"consents":[{"client":"app","scopes":["Mail.Read"]}],
         "city":"Quito","companyName":"c","country":"Ecuador","department":"d","employeeId":"7","jobTitle":"j","mailNickname":"n",
         "mobilePhone":"+1","officeLocation":"o","postalCode":"p","preferredLanguage":"es","state":"s","streetAddress":"sa",
         "usageLocation":"EC","businessPhones":["+2"]},
        {"id":"\#(bob)","userPrincipalName":"bob@one.example","home":{"tenant":"\#(two)","user":"aaaaaaaa-0001-4000-8000-000000000009"}}],
       "apps":[
        {"id":"app","name":"App","kind":"confidential","secrets":["lapse-web-secret",{"sha256":"\#(hash)"}],
         "redirectUris":["http://localhost/cb"],"spaRedirectUris":["http://localhost/spa"],"logoutUrl":"https://x/out","flows":["code"],
         "delegated":["User.Read"],"application":["User.Read.All"],"exposes":{"uri":"api://app","scopes":["use"],"xms_cc":true},
         "accessTokenVersion":1,"foci":true,"lifetimes":{"accessToken":"PT2M"},"challenges":[{"code":7000222,"on":["authorize"]}]}],
       "faults":[
        {"name":"f","match":{"endpoint":"token","grantType":"refresh_token","client":"app","user":"\#(ann)","region":"west"},
         "effect":{"code":50173,"suberror":null,"claims":"{}","latency":{"fixed":"PT1S"}},"times":2,"probability":0.5},
        {"match":{},"effect":{"status":503,"retryAfter":"PT10S"}},{"match":{},"effect":{"challenge":"{}"}},
        {"match":{},"effect":{"answer":"cut"}},{"match":{},"effect":{"keys":"stale"}}]},
      {"id":"\#(two)","name":"Two","domains":["two.example"],"propagation":"documented",
       "users":[{"id":"aaaaaaaa-0001-4000-8000-000000000009","userPrincipalName":"eve@two.example"}]}]}
    """#

@Suite("Seeds, written")
struct TenantSeedWritingTests {
    @Test("A seed that says everything is written as it was read, and nothing of it is lost")
    func everything() throws {
        let file = try parsed(full)
        let seeds = try TenantSeed.read(file)
        let written = TenantSeed.file(seeds, withSecrets: true)
        #expect(written.normalized.encodedText == file.normalized.encodedText)
        // Ids that a file leaves out follow from what it says; those of faults are left out always.
        var again = try TenantSeed.read(written)
        for (index, seed) in seeds.enumerated() { again[index].faults = seed.faults }
        #expect(again == seeds)
    }

    @Test("What has its default is left out")
    func defaults() throws {
        let file = try parsed(
            #"{"tenants":[{"id":"\#(one)","name":"One","domains":["one.example"],"policies":{"tieRule":"precise"},"users":[],"apps":[{"id":"a","name":"A","kind":"public","flows":["refresh","code"],"accessTokenVersion":2,"lifetimes":{}}]}]}"#
        )
        let written = TenantSeed.file(try TenantSeed.read(file), withSecrets: true)
        #expect(
            written.encodedText
                == #"{"tenants":[{"id":"\#(one)","name":"One","domains":["one.example"],"apps":[{"id":"a","name":"A","kind":"public"}]}]}"#
        )
    }

    @Test("The built-in lab is read back, its passwords and secrets too, for they are no secrets", arguments: [true, false])
    func lab(withSecrets: Bool) throws {
        let written = TenantSeed.file(BuiltInLab.seed, withSecrets: withSecrets)
        #expect(try TenantSeed.read(written) == BuiltInLab.seed)
        #expect(!written.encodedText.contains("sha256"))
    }

    @Test("Without secrets neither a password nor its hash is written")
    func withoutSecrets() throws {
        let text = TenantSeed.file(try TenantSeed.read(try parsed(full)), withSecrets: false).encodedText
        #expect(!text.contains("sha256") && !text.contains(hash))
        #expect(text.contains("lapse-web-secret"))
    }

    @Test("A guest whose home is not there is left out, and so are faults that meet nobody there")
    func homeless() throws {
        var seed = try TenantSeed.read(try parsed(full))[0]
        seed.users.removeAll { $0.id == GUID(ann) }
        let written = TenantSeed.file([seed], withSecrets: true)
        let read = try TenantSeed.read(written)
        #expect(read[0].users.isEmpty)
        #expect(read[0].faults.count == seed.faults.count - 1)
    }

    @Test("A seed has the same ids whenever it is read; another one has others")
    func ids() throws {
        func users(_ name: String) throws -> [GUID] {
            try TenantSeed.read(
                try parsed(
                    #"{"tenants":[{"id":"\#(one)","name":"\#(name)","domains":["one.example"],"users":[{"userPrincipalName":"ann@one.example"},{"userPrincipalName":"bob@one.example"}]}]}"#
                ))[0].users.map(\.id)
        }
        #expect(try users("One") == users("One"))
        #expect(Set(try users("One") + users("Other")).count == 4)
        // However it was written.
        let (first, second): (JSON, JSON) = (
            ["a": 1, "b": [["c": .number(2), "d": .number(0.5)]]], ["b": [["d": .number(0.5), "c": 2]], "a": 1]
        )
        #expect(first.normalized == second.normalized)
    }

    @Test(
        "A hash that is none is named by its path",
        arguments: [
            (
                #""users":[{"userPrincipalName":"ann@one.example","password":{}}]"#,
                "users[0].password.sha256: must be a SHA-256 in 64 hexadecimal digits"
            ),
            (
                #""users":[{"userPrincipalName":"ann@one.example","password":{"sha256":"\#(hash)0"}}]"#,
                "users[0].password.sha256: must be a SHA-256 in 64 hexadecimal digits"
            ),
            (
                #""users":[{"userPrincipalName":"ann@one.example","password":{"sha256":"\#(hash)","salt":"x"}}]"#,
                "users[0].password.salt: must be a GUID"
            ),
            (
                #""users":[{"userPrincipalName":"ann@one.example","password":{"sha256":"\#(hash)","rounds":1}}]"#,
                "users[0].password.rounds: is not known"
            ),
            (
                #""users":[{"userPrincipalName":"ann@one.example","home":{"tenant":"\#(two)","user":"\#(bob)"},"password":{"sha256":"\#(hash)"}}]"#,
                "users[0].password: belongs to the guest's home tenant"
            ),
            (
                #""users":[{"userPrincipalName":"ann@one.example","businessPhones":["1","2"]}]"#,
                "users[0].businessPhones: may name one"
            ),
            (#""users":[{"userPrincipalName":"ann@one.example","city":""}]"#, "users[0].city: must not be empty"),
            (
                #""apps":[{"name":"A","kind":"confidential","secrets":["s",{"sha256":"zz"}]}]"#,
                "apps[0].secrets[1].sha256: must be a SHA-256 in 64 hexadecimal digits"
            ),
            (
                #""apps":[{"name":"A","kind":"confidential","secrets":[{"sha256":"\#(hash)","salt":"x"}]}]"#,
                "apps[0].secrets[0].salt: is not known"
            ),
            (
                #""apps":[{"name":"A","kind":"confidential","secrets":[7]}]"#,
                "apps[0].secrets[0]: must be a text that is not empty, or an object with value"
            ),
            (#""sandbox":"yes""#, "sandbox: must be true or false"),
        ])
    func mistakes(members: String, says: String) throws {
        let file = try parsed(#"{"tenants":[{"id":"\#(one)","name":"One","domains":["one.example"],\#(members)}]}"#)
        let error = #expect(throws: FieldError.self) { try TenantSeed.read(file) }
        #expect(error?.description == "tenants[0].\(says)")
    }

    @Test("A call that makes or changes one user or app takes no hashes")
    func calls() throws {
        let tenant = BuiltInLab.seed[0].tenant
        let user: JSON = ["userPrincipalName": .string("x@contoso.example"), "password": ["sha256": .string(hash)]]
        #expect(throws: FieldError("password", "must be a text (in quotes)")) {
            try User(user, tenant: tenant, newID: GUID(ann)!, createdAt: Tenant.birth)
        }
        #expect(throws: FieldError("mustChangePassword", "is not known")) {
            try User(
                ["userPrincipalName": "x@contoso.example", "mustChangePassword": true], tenant: tenant, newID: GUID(ann)!,
                createdAt: Tenant.birth)
        }
        #expect(throws: FieldError("secrets[0].value", "is required")) {
            try AppRegistration(["name": "A", "kind": "public", "secrets": [["sha256": .string(hash)]]], newID: "a")
        }
    }
}

@Suite("Names that are nearly right")
struct NearestTests {
    @Test(
        "The name that was meant",
        arguments: [
            ("https_port", "https-port"), ("HTTP-PORT", "http-port"), ("datadir", "data-dir"), ("sed", "seed"),
            ("propagaton", "propagation"), ("hots", "host"), ("colour", nil), ("", nil), ("x", nil),
        ])
    func nearest(typed: String, meant: String?) {
        #expect(["host", "https-port", "http-port", "data-dir", "seed", "propagation"].nearest(to: typed) == meant)
    }

    @Test("A key of lapse.yaml that is not known is answered with what was meant, else with the keys that there are")
    func keys() {
        #expect(throws: FieldError("lapse.yaml", "the key 'https_port' is not known; did you mean https-port?")) {
            try Settings(flags: [:], environment: [:], file: ["https_port": 1])
        }
        let keys = Settings.Option.all.map(\.name).joined(separator: ", ")
        #expect(throws: FieldError("lapse.yaml", "the key 'colour' is not known; the keys are \(keys)")) {
            try Settings(flags: [:], environment: [:], file: ["colour": 1])
        }
    }
}
