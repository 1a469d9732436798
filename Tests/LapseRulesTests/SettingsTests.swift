import LapseRules
import Testing

private let none: JSON = [:]

@Suite("Settings and seed files")
struct SettingsTests {
    @Test("A flag wins over the environment, the environment over the file, the file over the default")
    func precedence() throws {
        let file: JSON = ["https-port": 1, "http-port": 2, "data-dir": "file"]
        let settings = try Settings(
            flags: ["https-port": "3"], environment: ["LAPSE_HTTPS_PORT": "4", "LAPSE_HTTP_PORT": "5"], file: file)
        #expect(settings.httpsPort == .number(3))
        #expect(settings.httpPort == .number(5))
        #expect(settings.dataDirectory == "file")
        #expect(settings.host == "127.0.0.1")
    }

    @Test(
        "What cannot be is refused with the name of its origin",
        arguments: [
            (["https-port": "70000"], [:], none, "--https-port"),
            ([:], ["LAPSE_HTTP_PORT": "x"], none, "LAPSE_HTTP_PORT"),
            ([:], [:], ["https-prt": 1] as JSON, "lapse.yaml"), ([:], [:], ["ephemeral": "maybe"] as JSON, "lapse.yaml: ephemeral"),
            (["host": "0.0.0.0"], [:], none, "--host"), (["host": "127.0.0.example"], [:], none, "--host"),
            (["propagation": "{"], [:], none, "--propagation"),
            (["propagation": "fast"], [:], none, "--propagation"),
            (["public-url": "localhost"], [:], none, "--public-url"),
            (["https-port": "off", "http-port": "off"], [:], none, "--http-port"),
            (["control-token": "short"], [:], none, "--control-token"),
            (["tls-name": "10.0.0.1"], [:], none, "--tls-name"), (["tls-name": "a b"], [:], none, "--tls-name"),
            (["tls-name": "*.example.com"], [:], none, "--tls-name"), ([:], ["LAPSE_TLS_NAME": "a,,b_"], none, "LAPSE_TLS_NAME"),
            ([:], [:], ["tls-name": ["a", 1]] as JSON, "lapse.yaml: tls-name"),
        ] as [([String: String], [String: String], JSON, String)])
    func refused(flags: [String: String], environment: [String: String], file: JSON, origin: String) {
        do throws(FieldError) {
            _ = try Settings(flags: flags, environment: environment, file: file)
            #expect(Bool(false), "was taken")
        } catch {
            #expect(error.field == origin)
        }
    }

    @Test(
        "Loopback is localhost and the addresses that never leave the machine",
        arguments: [
            ("localhost", true), ("::1", true), ("127.0.0.1", true), ("127.255.0.9", true), ("127.1", false), ("128.0.0.1", false),
            ("127.0.0.example", false), ("127.0.0.256", false), ("127.0.0.1.", false), ("localhost.example", false), ("", false),
        ])
    func loopback(_ host: String, _ isLoopback: Bool) { #expect(Settings.isLoopback(host) == isLoopback) }

    @Test("Ports, flags and models in every spelling")
    func spellings() throws {
        let settings = try Settings(
            flags: ["host": "0.0.0.0", "control-token": "long-enough", "propagation": #"{"planes":{"refresh":{"fixed":"PT3M"}}}"#],
            environment: ["LAPSE_EPHEMERAL": "1"], file: ["http-port": false, "public-url": "https://Lapse.example:8443/"])
        #expect(settings.httpPort == .off)
        #expect(settings.isEphemeral)
        #expect(settings.publicURL == "https://lapse.example:8443")
        #expect(settings.propagation[.refresh] == .everywhere(.after(.fixed(.seconds(180)))))
        #expect(settings.tlsNames == [])
        let names = ["lapse", "login.microsoftonline.com"]
        #expect(try Settings(flags: ["tls-name": "Login.microsoftonline.com,lapse,localhost"], environment: [:]).tlsNames == names)
        #expect(try Settings(flags: [:], environment: [:], file: ["tls-name": JSON(names)]).tlsNames == names)
    }

    @Test("A default in the help is the default")
    func defaults() throws {
        let stated = Settings.Option.all.filter { $0.defaultText != nil }
        #expect(stated.map(\.name) == ["host", "https-port", "http-port", "data-dir", "propagation", "back-channel", "log-format"])
        for option in stated {
            #expect(try Settings(flags: [option.name: option.defaultText!], environment: [:]) == Settings(), "\(option.name)")
            #expect(option.help.hasSuffix("(default: \(option.defaultText!))."))
        }
    }

    /// A value of each option that is not its default: as a text, and as lapse.yaml may have it.
    private static let values: [String: (text: String, inFile: JSON)] = [
        "host": ("localhost", "localhost"), "control-token": ("long-enough", "long-enough"), "https-port": ("1", 1),
        "http-port": ("off", false), "data-dir": ("elsewhere", "elsewhere"), "ephemeral": ("true", true),
        "seed": ("lab.yaml", "lab.yaml"),
        "propagation": ("observed", "observed"), "ready-file": ("ready.json", "ready.json"),
        "public-url": ("https://lapse.example", "https://lapse.example"),
        "back-channel": ("request", "request"), "graph-url": ("https://graph.example", "https://graph.example"),
        "tls-name": ("lapse,login.microsoftonline.com", ["lapse", "login.microsoftonline.com"]), "open-registration": ("1", true),
        "log-level": ("debug", "debug"), "log-format": ("json", "json"),
    ]

    @Test(
        "Flag, environment and lapse.yaml set the same thing, and each option another", arguments: Settings.Option.all.map(\.name))
    func oneOption(name: String) throws {
        let option = try #require(Settings.Option.all.first { $0.name == name })
        let value = try #require(Self.values[name])
        let set = try Settings(flags: [name: value.text], environment: [:])
        #expect(set != Settings())
        #expect(try Settings(flags: [:], environment: [option.variable: value.text]) == set)
        #expect(try Settings(flags: [:], environment: [:], file: .object([.init(name: name, value: value.inFile)])) == set)
        for (other, value) in Self.values where other != name {
            #expect(try Settings(flags: [other: value.text], environment: [:]) != set, "\(other)")
        }
    }

    private static let seed: JSON = [
        "tenants": [
            [
                "id": "11111111-aaaa-4aaa-8aaa-111111111111", "name": "One", "domains": ["One.example"], "propagation": "instant",
                "policies": ["tieRule": "entra", "lifetimes": ["accessToken": "PT2M"]],
                "users": [
                    [
                        "id": "aaaaaaaa-0001-4000-8000-000000000001", "userPrincipalName": "ann@one.example", "password": "secret",
                        "roles": ["User Administrator"], "accountEnabled": false,
                    ]
                ],
                "apps": [
                    [
                        "id": "X", "name": "App", "kind": "confidential", "secrets": ["s3cret"],
                        "redirectUris": ["http://localhost/cb"], "lifetimes": ["session": "P1D"],
                    ],
                    ["name": "API", "kind": "resource", "exposes": ["uri": "api://one", "scopes": ["use"], "xms_cc": true]],
                ],
            ],
            [
                "id": "22222222-bbbb-4bbb-8bbb-222222222222", "name": "Two", "domains": ["two.example"],
                "users": [
                    [
                        "userPrincipalName": "ann_one.example#EXT#@two.example",
                        "home": ["tenant": "11111111-aaaa-4aaa-8aaa-111111111111", "user": "aaaaaaaa-0001-4000-8000-000000000001"],
                    ]
                ],
            ],
        ]
    ]

    @Test("A seed file is read whole")
    func seed() throws {
        let seeds = try TenantSeed.read(Self.seed)
        #expect(seeds.map(\.tenant.domains) == [["one.example"], ["two.example"]])
        #expect(seeds[0].tenant.policies.tieRule == .entra)
        let ann = seeds[0].users[0]
        #expect(ann.displayName == "ann@one.example")
        #expect(ann.hasPassword("secret"))
        #expect(!ann.accountEnabled)
        #expect(seeds[0].apps[0].flows == [.code, .refresh, .clientCredentials, .onBehalfOf])
        #expect(seeds[1].users[0].home == ann.home)
        #expect(seeds[1].users[0].passwordHash == nil)
    }

    @Test(
        "A mistake in a seed file is named by its path",
        arguments: [
            (#"{}"#, "tenants"), (#"{"tenants":[{"name":"x"}]}"#, "tenants[0].domains"),
            (
                #"{"tenants":[{"id":"11111111-aaaa-4aaa-8aaa-111111111111","name":"x","domains":["x.example"],"user":[]}]}"#,
                "tenants[0].user"
            ),
            (
                #"{"tenants":[{"id":"11111111-aaaa-4aaa-8aaa-111111111111","name":"x","domains":["x.example"],"users":[{"userPrincipalName":"a@y.example"}]}]}"#,
                "tenants[0].users[0].userPrincipalName"
            ),
            (
                #"{"tenants":[{"id":"11111111-aaaa-4aaa-8aaa-111111111111","name":"x","domains":["x.example"],"users":[{"userPrincipalName":"a@x.example","roles":["King"]}]}]}"#,
                "tenants[0].users[0].roles[0]"
            ),
            (
                #"{"tenants":[{"id":"11111111-aaaa-4aaa-8aaa-111111111111","name":"x","domains":["x.example"],"users":[{"userPrincipalName":"a@x.example"},{"userPrincipalName":"A@x.example"}]}]}"#,
                "tenants[0].users[1].userPrincipalName"
            ),
            (
                #"{"tenants":[{"id":"11111111-aaaa-4aaa-8aaa-111111111111","name":"x","domains":["x.example"],"apps":[{"name":"a","kind":"web"}]}]}"#,
                "tenants[0].apps[0].kind"
            ),
            (
                #"{"tenants":[{"id":"11111111-aaaa-4aaa-8aaa-111111111111","name":"x","domains":["x.example"],"apps":[{"name":"a","kind":"spa","redirectUris":["nowhere"]}]}]}"#,
                "tenants[0].apps[0].redirectUris[0]"
            ),
        ])
    func mistakes(text: String, field: String) throws {
        let value = try #require(JSON(parsing: Array(text.utf8)))
        do throws(FieldError) {
            _ = try TenantSeed.read(value)
            #expect(Bool(false), "was taken")
        } catch {
            #expect(error.field == field)
        }
    }
}
