import Hummingbird
import LapsePages
import LapseRules
import LapseService

/// All endpoints of Lapse, in lower case, each in the group of its surface. Paths ignore case and doubled slashes. A path that is not here is
/// 404 in the form of the surface that its prefix has.
func routes(_ site: Site, _ options: RouterOptions = .caseInsensitive) -> SurfaceRouter {
    let router = SurfaceRouter(site: site, options: [options, .autoGenerateHeadEndpoints])
    let documents = router.group(.metadata)
    let tokens = router.group(.token)
    let pages = router.group(.page)
    let resources = router.group(.graph)

    // The authority. `{tenant}` is a GUID, a domain, common, organizations or consumers.
    let metadata = MetadataEndpoint(site: site)
    documents.get("{tenant}/v2.0/.well-known/openid-configuration", use: metadata.configuration(.v2))
    documents.get("{tenant}/.well-known/openid-configuration", use: metadata.configuration(.v1))
    documents.get("{tenant}/discovery/v2.0/keys", use: metadata.keys(.v2))
    documents.get("{tenant}/discovery/keys", use: metadata.keys(.v1))
    documents.get("{tenant}/discovery/instance", use: metadata.instance)
    documents.get("{tenant}/userrealm/{user}", use: metadata.userRealm)
    let logout = LogoutEndpoint(site: site)
    for version in EndpointVersion.allCases {
        for purpose in [AuthorizePurpose.signIn, .adminConsent] {
            let authorize = AuthorizeEndpoint(site: site, version: version, purpose: purpose)
            pages.get("{tenant}/\(authorize.path)", use: authorize.get)
            pages.post("{tenant}/\(authorize.path)", use: authorize.post)
        }
        let token = TokenEndpoint(site: site, version: version)
        tokens.post("{tenant}/\(version.path)/token", use: token.token)
        tokens.post("{tenant}/\(version.path)/devicecode", use: token.deviceCode)
        pages.get("{tenant}/\(version.path)/logout", use: logout.get)
        pages.post("{tenant}/\(version.path)/logout", use: logout.post)
    }
    // Where native apps without a listener of their own let a sign-in end: they, or the person, read the address.
    pages.get("{tenant}/oauth2/nativeclient") { _, _ in
        Response(
            status: .ok, headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: "<!DOCTYPE html><title>Lapse</title>")))
    }
    let device = DeviceLoginEndpoint(site: site)
    pages.get("devicelogin", use: device.get)
    pages.post("devicelogin", use: device.post)
    pages.get("error", use: PageResponder(site: site).explain)

    // Microsoft Graph: GraphRequest reads the rest of the path.
    let graph = GraphEndpoint(site: site)
    for version in GraphEndpoint.versions {
        for method in GraphEndpoint.methods {
            resources.on("\(version)/**", method: method, use: graph.respond)
        }
    }
    resources.get("oidc/userinfo", use: graph.userInfo)
    resources.post("oidc/userinfo", use: graph.userInfo)

    // Azure Resource Manager, as far as a sign-in goes.
    let management = ManagementEndpoint(site: site)
    router.group(.management).get("tenants", use: management.tenants)
    router.group(.management).get("subscriptions", use: management.subscriptions)

    // The lab's own.
    let labAPI = LabAPIEndpoint(site: site)
    for method in GraphEndpoint.methods {
        resources.on("_lapse/resource/**", method: method, use: labAPI.respond)
        resources.on("_lapse/resource", method: method, use: labAPI.respond)
    }
    let dashboard = Dashboard(site: site)
    pages.get("", use: dashboard.start)
    pages.get("_lapse", use: dashboard.page)
    pages.get("_lapse/app", use: dashboard.app)
    pages.get("_lapse/lab", use: dashboard.labs)
    pages.get("_lapse/class", use: dashboard.classroom)
    pages.get("_lapse/dashboard.css") { _, _ in Site.asset(PageAssets.dashboardStyle, type: "text/css; charset=utf-8") }
    for (name, script) in PageAssets.dashboardScripts {
        pages.get("_lapse/\(name)") { _, _ in Site.asset(script, type: "text/javascript; charset=utf-8") }
    }
    pages.get("_lapse/ca.pem", use: site.certificate)
    pages.get("_lapse/site.css") { _, _ in Site.asset(PageAssets.css, type: "text/css; charset=utf-8") }
    pages.get("_lapse/submit.js") { _, _ in Site.asset(PageAssets.submitScript, type: "text/javascript; charset=utf-8") }
    let control = router.group(.control).group("_lapse/api").add(middleware: ControlGate(site: site))
    control.get("health", use: site.health)
    control.get("status", use: site.tellStatus)
    control.get("openapi.json") { _, _ in try ControlResponder.description() }
    // The control API: each resource of a tenant has its paths in its file.
    TenantCalls(authority: site.authority).add(to: control)
    ClockCalls(authority: site.authority).add(to: control)
    PropagationCalls(authority: site.authority).add(to: control)
    EventCalls(authority: site.authority).add(to: control)
    ExchangeCalls(site: site).add(to: control)
    UserCalls(authority: site.authority).add(to: control)
    ConsentCalls(authority: site.authority).add(to: control)
    AppCalls(authority: site.authority).add(to: control)
    GrantCalls(authority: site.authority).add(to: control)
    SessionCalls(authority: site.authority).add(to: control)
    TimelineCalls(authority: site.authority).add(to: control)
    RevocationCalls(authority: site.authority).add(to: control)
    ExplainCalls(authority: site.authority).add(to: control)
    LabCalls(site: site).add(to: control)
    ClassCalls(site: site).add(to: control)
    FaultCalls(authority: site.authority).add(to: control)
    GateCalls(authority: site.authority).add(to: control)
    ForgeTokenCalls(authority: site.authority).add(to: control)
    ReportCalls(authority: site.authority, version: site.version).add(to: control)
    VisitCalls(authority: site.authority).add(to: control)
    ExpectationCalls(authority: site.authority).add(to: control)
    return router
}

/// Finds the endpoint of a request. Paths without capital letters, as most are, are compared as they stand: to compare without regard to case
/// costs the router as much as SQLite takes for the statements of a redeem.
struct EndpointResponder: HTTPResponder {
    private let asWritten: RouterResponder<LapseContext>
    private let inAnyCase: RouterResponder<LapseContext>

    init(_ site: Site) {
        asWritten = routes(site, []).buildResponder()
        inAnyCase = routes(site).buildResponder()
    }

    func respond(to request: Request, context: LapseContext) async throws -> Response {
        try await (request.uri.path.hasCapitals ? inAnyCase : asWritten).respond(to: request, context: context)
    }
}
