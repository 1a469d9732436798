import Testing

@testable import LapseRules

@Suite("What a client may ask for")
struct ScopePolicyTests {
    /// The native app at Contoso.
    struct Facts: Sendable {
        var around = Surroundings()
        var text = "User.Read"
        var several = ScopePolicy.Several.refused
        /// Nil: whoever signs in is asked.
        var consented: Set<String>? = []

        func scope() throws(EntraError) -> GrantedScope {
            try around.context.scopes.delegated(text, several: several, consented: consented)
        }

        func verdict() -> Verdict {
            do throws(EntraError) {
                _ = try scope()
                return .accepted
            } catch { return Verdict(error) }
        }
    }

    typealias Case = Row<Facts, Verdict>

    private static let bad = Verdict.refused(.invalidScope, "invalid_scope")
    private static let missing = Verdict.refused(.scopeUnknown, "invalid_client")
    private static let unknown = Verdict.refused(.resourceNotFound, "invalid_resource")
    private static let notConsented = Verdict.refused(.notConsented, "invalid_grant")

    static let rows: [Case] = [
        Case("a permission of Graph", .accepted) { _ in },
        Case("nothing", bad) { $0.text = "" },
        Case("blanks", bad) { $0.text = "  " },
        Case("openid alone", .accepted) { $0.text = "openid" },
        Case("offline_access alone, in any case", .accepted) { $0.text = "OFFLINE_ACCESS" },
        Case("what begins like an OpenID scope", missing) { $0.text = "openid2" },
        Case("a permission in any case", .accepted) { $0.text = "USER.READ" },
        Case("a letter that differs by the bit of the case, and is none", missing) { $0.text = "User\u{E}Read" },
        Case("no permission", missing) { $0.text = "Nothing.Real" },
        Case("a permission that the app is not registered for", notConsented) { $0.text = "Directory.ReadWrite.All" },
        Case("a permission that the app is not registered for, with its resource", notConsented) {
            $0.text = "https://graph.microsoft.com/Directory.ReadWrite.All"
        },
        Case("a permission that Lapse does not know, and the app is registered for", .accepted) {
            $0.around.app.delegatedPermissions = ["Mail.Read"]
            $0.text = "mail.read"
        },
        Case("a registered OpenID scope is no permission of Graph", missing) {
            $0.text = "https://graph.microsoft.com/openid"
        },
        Case("no resource", unknown) { $0.text = "https://elsewhere.example/User.Read" },
        Case("a resource alone", bad) { $0.text = "https://graph.microsoft.com/" },
        Case("a scope behind a slash", bad) { $0.text = "/User.Read" },
        Case("a resource in any case", .accepted) { $0.text = "HTTPS://GRAPH.microsoft.com/User.Read" },
        Case("a resource by its id", .accepted) { $0.text = "\(World.api.id)/access_as_user" },
        Case("a resource with a slash at its end", .accepted) { $0.text = "https://graph.microsoft.com//User.Read" },
        Case("another API's scope", missing) { $0.text = "api://lapse-lab/User.Read" },
        Case("an API's scope that the app is not registered for", notConsented) {
            $0.around.app.delegatedPermissions = ["User.Read"]
            $0.text = "api://lapse-lab/access_as_user"
        },
        Case("an API that the directory does not have", unknown) {
            $0.around.resources = []
            $0.text = "api://lapse-lab/access_as_user"
        },
        Case("an API of the directory by the name of one of Microsoft's", notConsented) {
            $0.around.resources = [
                ResourceAPI(World.api.with(\.exposes, .init(uri: "https://management.azure.com", scopes: ["access_as_user"])))!
            ]
            $0.text = "https://management.azure.com/user_impersonation"
        },
        Case("two resources", .refused(.severalResources, "invalid_scope")) {
            $0.text = "User.Read api://lapse-lab/access_as_user"
        },
        Case("two names of one resource", .accepted) {
            ($0.text, $0.around.app) = (
                "https://management.azure.com/user_impersonation https://management.core.windows.net/user_impersonation",
                World.commandLine
            )
        },
        Case("two resources, the second unknown", unknown) { $0.text = "User.Read https://elsewhere.example/x" },
        Case("two resources where several may be named", .accepted) {
            ($0.text, $0.several) = ("User.Read api://lapse-lab/access_as_user", .asked)
        },
        Case("two resources where several may be named, the second without such a scope", missing) {
            ($0.text, $0.several) = ("User.Read api://lapse-lab/nothing", .asked)
        },
        Case("a word of 512 bytes is looked at", unknown) { $0.text = "x/" + String(repeating: "a", count: 510) },
        Case("a longer one is not", bad) { $0.text = "x/" + String(repeating: "a", count: 511) },
        Case("Graph of another cloud", unknown) { $0.text = "https://graph.microsoft.us/User.Read" },
        Case("Graph of the tenant's cloud", .accepted) {
            $0.around.tenant.policies.cloud = .usGovernmentL4
            $0.text = "https://graph.microsoft.us/User.Read"
        },
        Case("Graph of any cloud, under an alias", .accepted) {
            $0.around.tenant = Tenant(id: Tenant.noID, name: "common", domains: [])
            $0.text = "https://graph.microsoft.us/User.Read"
        },
        Case("Resource Manager, not registered", notConsented) { $0.text = "https://management.azure.com/user_impersonation" },
        Case("Resource Manager, registered by its id", .accepted) {
            ($0.around.app, $0.text) = (World.commandLine, "https://management.azure.com/user_impersonation")
        },
        Case("Resource Manager by its older name", .accepted) {
            ($0.around.app, $0.text) = (World.commandLine, "https://management.core.windows.net/user_impersonation")
        },
        Case("no scope of Resource Manager", missing) {
            ($0.around.app, $0.text) = (World.commandLine, "https://management.azure.com/other")
        },
        Case("open registration, what Lapse knows", .accepted) {
            ($0.around.app, $0.text) = (.open("x"), "directory.readwrite.all")
        },
        Case("open registration, what Graph has and Lapse has no use for", .accepted) {
            ($0.around.app, $0.text) = (.open("x"), "mail.read")
        },
        Case("open registration, what Graph does not have", missing) { ($0.around.app, $0.text) = (.open("x"), "Mail.Reed") },
        Case("what Graph has and Lapse has no use for", notConsented) { $0.text = "Mail.Read" },
        Case("the same, where the user consented to it", .accepted) { ($0.text, $0.consented) = ("mail.read", ["Mail.Read"]) },
        Case("the same, where the user consented to something else", notConsented) {
            ($0.text, $0.consented) = ("Mail.Read", ["Files.Read"])
        },
        Case("the same, where whoever signs in is asked", .accepted) { ($0.text, $0.consented) = ("Mail.Read", nil) },
        Case("what Graph does not have, where whoever signs in is asked", missing) { ($0.text, $0.consented) = ("mailread", nil) },
        Case("a line feed is part of a name", missing) { $0.text = "User.Read\n" },
        Case("an API's scope that the user consented to", .accepted) {
            $0.around.app.delegatedPermissions = ["User.Read"]
            ($0.text, $0.consented) = ("api://lapse-lab/access_as_user", ["api://lapse-lab/access_as_user"])
        },
        Case(".default", .accepted) { $0.text = "https://graph.microsoft.com/.default openid" },
        Case(".default twice", .accepted) { $0.text = "https://graph.microsoft.com/.default https://graph.microsoft.com/.default" },
        Case(".default beside a permission of the same resource", bad) {
            $0.text = "https://graph.microsoft.com/.default User.Read"
        },
        Case(".default beside another resource's permission", .refused(.severalResources, "invalid_scope")) {
            $0.text = "https://graph.microsoft.com/.default api://lapse-lab/access_as_user"
        },
        Case("two resources that the grant has, and none chosen", .refused(.scopeMissing, "invalid_request")) {
            ($0.text, $0.several) = ("User.Read api://lapse-lab/access_as_user", .unchosen)
        },
        Case("two resources for a device", .accepted) {
            ($0.text, $0.several) = ("User.Read api://lapse-lab/access_as_user", .first)
        },
        Case("open registration, an API's scope", .accepted) {
            ($0.around.app, $0.text) = (.open("x"), "api://lapse-lab/access_as_user")
        },
        Case("open registration, no scope of the API", missing) {
            ($0.around.app, $0.text) = (.open("x"), "api://lapse-lab/other")
        },
        Case("an app that is registered for a whole name of Graph's", .accepted) {
            $0.around.app.delegatedPermissions = ["https://graph.microsoft.com/User.Read"]
        },
    ]

    @Test("What is granted and what is refused", arguments: rows)
    func verdict(row: Case) {
        var facts = Facts()
        row.change(&facts)
        #expect(facts.verdict() == row.expected)
    }

    static let texts: [Row<Facts, String>] = [
        Row(
            "what is no scope",
            "asked for scope 'Nothing.Real' that doesn't exist on the resource '00000003-0000-0000-c000-000000000000'."
        ) { $0.text = "openid Nothing.Real" },
        Row("a scope without a name", "The scope openid https://graph.microsoft.com/ is not valid.") {
            $0.text = "openid https://graph.microsoft.com/"
        },
        Row("no resource", "The resource principal named https://elsewhere.example was not found in the tenant named Contoso.") {
            $0.text = "https://elsewhere.example//User.Read"
        },
        Row("two resources", "Scope User.Read api://lapse-lab/access_as_user is not valid.") {
            $0.text = "User.Read api://lapse-lab/access_as_user"
        },
        Row("no consent", "with ID 'bbbbbbbb-0002-4000-8000-000000000001' named 'Lapse Native'.") {
            $0.text = "Directory.ReadWrite.All"
        },
    ]

    @Test("The text names what was wrong", arguments: texts)
    func text(row: Row<Facts, String>) {
        var facts = Facts()
        row.change(&facts)
        let error = #expect(throws: EntraError.self) { try facts.scope() }
        #expect(error?.text.contains(row.expected) == true)
    }

    struct Granted: Equatable, Sendable {
        let audience: String
        let text: String
        let grantText: String
        let claim: String

        init(_ audience: String, text: String, kept grantText: String, claim: String) {
            self.audience = audience
            self.text = text
            self.grantText = grantText
            self.claim = claim
        }

        init(_ scope: GrantedScope) {
            self.init(scope.resource.audience, text: scope.text, kept: scope.grantText, claim: scope.claim)
        }
    }

    private static let graph = "https://graph.microsoft.com"

    static let granted: [Row<Facts, Granted>] = [
        Row(
            "the grant keeps what the answer does not print",
            Granted(
                graph, text: "email openid profile User.Read", kept: "email openid profile offline_access User.Read",
                claim: "email openid profile User.Read")
        ) { $0.text = "offline_access User.Read profile OPENID email" },
        Row("no resource is Graph", Granted(graph, text: "openid", kept: "openid", claim: "openid")) { $0.text = "openid" },
        Row(
            "an API's claim has no OpenID",
            Granted(
                World.api.id.description, text: "openid api://lapse-lab/access_as_user",
                kept: "openid api://lapse-lab/access_as_user", claim: "access_as_user")
        ) { $0.text = "API://lapse-lab/ACCESS_as_user openid" },
        Row("twice the same is once", Granted(graph, text: "User.Read", kept: "User.Read", claim: "User.Read")) {
            $0.text = "User.Read user.read"
        },
        Row(
            "long and short are spelled as they were, and are one permission",
            Granted(
                graph, text: "User.Read https://graph.microsoft.com/User.Read",
                kept: "User.Read https://graph.microsoft.com/User.Read", claim: "User.Read")
        ) { $0.text = "User.Read https://graph.microsoft.com/user.read" },
        Row(
            "of several resources the first; the grant keeps them all",
            Granted(graph, text: "User.Read", kept: "User.Read api://lapse-lab/access_as_user", claim: "User.Read")
        ) {
            ($0.text, $0.several) = ("User.Read api://lapse-lab/access_as_user", .asked)
        },
        Row(
            "a token's audience is the name it was asked for",
            Granted(
                "https://management.core.windows.net", text: "https://management.core.windows.net/user_impersonation",
                kept: "https://management.core.windows.net/user_impersonation", claim: "user_impersonation")
        ) {
            ($0.around.app, $0.text) = (World.commandLine, "https://management.core.windows.net/user_impersonation")
        },
        Row(
            "Graph's id is Graph",
            Granted(
                graph, text: "https://graph.microsoft.com/User.Read", kept: "https://graph.microsoft.com/User.Read",
                claim: "User.Read")
        ) { $0.text = "00000003-0000-0000-c000-000000000000/User.Read" },
        Row(
            ".default is all that is registered, in any case",
            Granted(
                World.api.id.description, text: "api://lapse-lab/access_as_user api://lapse-lab/.DEFAULT",
                kept: "api://lapse-lab/access_as_user api://lapse-lab/.DEFAULT", claim: "access_as_user")
        ) { $0.text = "api://lapse-lab/.DEFAULT" },
        Row(
            ".default without a resource is Graph's",
            Granted(
                graph, text: "https://graph.microsoft.com/User.Read .default",
                kept: "https://graph.microsoft.com/User.Read .default", claim: "User.Read")
        ) {
            $0.around.app.delegatedPermissions = ["openid", "offline_access", "User.Read"]
            $0.text = ".default"
        },
        Row(
            ".default of an app that is registered for nothing there",
            Granted(World.api.id.description, text: "api://lapse-lab/.default", kept: "api://lapse-lab/.default", claim: "")
        ) {
            $0.around.app.delegatedPermissions = ["User.Read"]
            $0.text = "api://lapse-lab/.default"
        },
        Row(
            ".default of open registration",
            Granted(
                graph, text: "https://graph.microsoft.com/User.Read https://graph.microsoft.com/.default",
                kept: "https://graph.microsoft.com/User.Read https://graph.microsoft.com/.default", claim: "User.Read")
        ) { ($0.around.app, $0.text) = (.open("x"), "https://graph.microsoft.com/.default") },
        Row(
            ".default of open registration at an API: all of its scopes",
            Granted(
                World.api.id.description, text: "api://lapse-lab/access_as_user api://lapse-lab/.default",
                kept: "api://lapse-lab/access_as_user api://lapse-lab/.default", claim: "access_as_user")
        ) { ($0.around.app, $0.text) = (.open("x"), "api://lapse-lab/.default") },
    ]

    @Test("How it is printed, kept and claimed", arguments: granted)
    func printed(row: Row<Facts, Granted>) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(Granted(try facts.scope()) == row.expected)
    }

    @Test(
        "An application asks for one resource's .default",
        arguments: [
            ("https://graph.microsoft.com/.default", .accepted), ("https://graph.microsoft.com/.DEFAULT", .accepted),
            ("api://lapse-lab/.default", .accepted), ("", .refused(.scopeNotDefault, "invalid_scope")),
            ("User.Read", .refused(.scopeNotDefault, "invalid_scope")),
            (".default", .refused(.scopeNotDefault, "invalid_scope")),
            ("https://graph.microsoft.com/.default openid", .accepted),
            ("https://graph.microsoft.com/.default openid offline_access profile", .accepted),
            ("openid offline_access profile", .refused(.scopeNotDefault, "invalid_scope")),
            ("https://graph.microsoft.com/.default https://graph.microsoft.com/.default", .accepted),
            ("https://graph.microsoft.com/.default api://lapse-lab/.default", .refused(.severalResources, "invalid_scope")),
            ("https://graph.microsoft.com/.default User.Read.All", .refused(.scopeNotDefault, "invalid_scope")),
            ("api://elsewhere/.default", unknown), ("/.default", bad),
        ] as [(String, Verdict)])
    func application(text: String, expected: Verdict) {
        let scopes = Surroundings().context.scopes
        do throws(EntraError) {
            _ = try scopes.application(text)
            #expect(expected == .accepted)
        } catch { #expect(Verdict(error) == expected) }
    }

    @Test("What the consent page lists: OpenID scopes, and permissions by resource, each resource once")
    func registered() {
        let scopes = { (app: AppRegistration) in
            var around = Surroundings()
            around.app = app
            return around.context.scopes
        }
        let native = scopes(World.native)
        #expect(native.openID == ["openid", "profile", "email", "offline_access"])
        #expect(native.registeredByResource.map(\.resource.id) == [FirstPartyApps.graph.id, World.api.id])
        #expect(
            native.registeredByResource.map(\.permissions) == [
                ["User.Read", "User.RevokeSessions.All", "User.ReadWrite.All", "Directory.AccessAsUser.All"], ["access_as_user"],
            ])
        #expect(
            scopes(World.commandLine).registeredByResource.map(\.resource.id) == [
                FirstPartyApps.graph.id, FirstPartyApps.management.id, FirstPartyApps.keyVault.id, FirstPartyApps.storage.id,
                FirstPartyApps.database.id, FirstPartyApps.devOps.id, World.api.id,
            ])
        #expect(scopes(World.native.with(\.delegatedPermissions, [])).registeredByResource.isEmpty)
    }

    @Test(
        "An API's tokens name it by their version, and ask for capabilities where it does",
        arguments: [(Int64(1), true, "api://x"), (2, false, "app")])
    func api(version: Int64, asks: Bool, audience: String) throws {
        let app = AppRegistration(
            id: "app", name: "API", kind: .resource, exposes: .init(uri: "api://x", scopes: ["s"], asksForCapabilities: asks),
            accessTokenVersion: version)
        let api = try #require(ResourceAPI(app))
        #expect(api.audience == audience)
        #expect(api.tokenVersion == version)
        #expect(api.asksForCapabilities == asks)
        #expect(api.isNamed("api://x"))
        #expect(api.isNamed("app"))
        #expect(!api.isNamed("API"))
        #expect(!api.isGraph)
        #expect(ResourceAPI(World.native) == nil)
    }

    @Test("Microsoft's APIs in each cloud: Graph first, then Resource Manager under both names", arguments: Cloud.allCases)
    func microsoft(cloud: Cloud) {
        let graph = ResourceAPI.graph(of: cloud)
        #expect(graph.isGraph)
        #expect(graph.audience == "https://\(cloud.graphHost)")
        #expect(graph.tokenVersion == 1)
        #expect(graph.asksForCapabilities)
        #expect(ResourceAPI.management(of: cloud).map(\.audience) == cloud.managementHosts.map { "https://\($0)" })
        #expect(ResourceAPI.management(of: cloud).allSatisfy { !$0.isGraph && $0.id == FirstPartyApps.management.id })
    }
}
