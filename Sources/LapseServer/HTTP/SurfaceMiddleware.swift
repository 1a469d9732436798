import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import NIOCore
import NIOHTTP1
import NIOSSL

/// Gives every request its trace and every answer its region, lets browsers of other origins use what they may, and
/// answers what no handler answered in the form of its surface.
struct SurfaceMiddleware: RouterMiddleware {
    let site: Site
    /// What the route is declared to be; nil for requests without a route, whose path says it.
    var declared: Surface?

    func handle(
        _ request: Request, context: LapseContext, next: (Request, LapseContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.trace = site.trace(request)
        let surface = declared ?? Surface(path: request.uri.path)
        let log = site.log.flatMap { $0.tells(surface, method: request.method.rawValue, path: request.uri.path) ? $0 : nil }
        let isKept = surface.isWorthKeeping(request.uri.path)
        guard log != nil || isKept else { return try await answer(request, on: surface, context, next) }
        let note = RequestNote()
        if isKept { context.trace.note = note }
        return try await RequestNote.$current.withValue(note) {
            try await telling(log, request, note) {
                guard isKept else { return try await answer(request, on: surface, context, next) }
                return try await kept(request, on: surface, context, note, next)
            }
        }
    }

    private func telling(
        _ log: ServerLog?, _ request: Request, _ note: RequestNote, _ answer: () async throws -> Response
    ) async throws -> Response {
        guard let log else { return try await answer() }
        let (at, began) = (site.systemTime(), ContinuousClock.now)
        let response = try await answer()
        log.tell(
            AnsweredRequest(
                at: at, method: request.method.rawValue, path: request.uri.path, status: response.status.code, error: note.error,
                region: response.headers[.lapseRegion], event: response.headers[.lapseEvent].flatMap { Int64($0) } ?? note.event,
                duration: ContinuousClock.now - began))
        return response
    }

    private func kept(
        _ request: Request, on surface: Surface, _ context: LapseContext, _ note: RequestNote,
        _ next: (Request, LapseContext) async throws -> Response
    ) async throws -> Response {
        var request = request
        let beginning = site.exchanges.begin()
        // The token endpoint reads what it can use, and puts it down.
        if surface != .token { try await site.exchanges.open(&request, note) }
        let response = try await answer(request, on: surface, context, next)
        if note.subject.tenant == nil, let tenant = tenant(of: request, on: surface) {
            note.put(tenant: tenant, client: nil, user: nil)
        }
        return site.exchanges.keep(request, response, note, origin: context.trace.origin, since: beginning)
    }

    /// The tenant that the path of a request to the authority names: of one that no operation decided.
    private func tenant(of request: Request, on surface: Surface) -> GUID? {
        guard ![.graph, .management].contains(surface), let name = request.uri.path.split(separator: "/").first else { return nil }
        let tenant = TenantName(FormParameters.decodePath(String(name)) ?? String(name))
        return tenant.flatMap { try? site.authority.tenantID(of: $0) }
    }

    private func answer(
        _ request: Request, on surface: Surface, _ context: LapseContext,
        _ next: (Request, LapseContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        if request.method == .options, surface.isForBrowsersElsewhere {
            response = CrossOriginAccess.preflight(request)
        } else {
            do {
                response = try await next(request, context)
            } catch let error where Self.isOfConnection(error) {
                // What is no HTTP is answered, and the connection closed, by the server below; who hangs up is answered by nobody.
                throw error
            } catch {
                // What a fault was to do to the answer is undone with the transaction that decided it.
                _ = site.authority.responseFaults.take(context.trace.requestID)
                response = answer(error, to: request, on: surface, context)
            }
        }
        // RFC 9110 section 9.3.2: without a route too, for which the router makes no HEAD.
        if request.method == .head { response = response.createHeadResponse() }
        if surface.isForBrowsersElsewhere { CrossOriginAccess.open(&response, to: request) }
        // Looked for where it stands, at the end: to ask for a field by name makes an index of all first.
        if !response.headers.reversed().contains(where: { $0.name == .lapseRegion }) {
            response.headers[.lapseRegion] = Region.local.description
        }
        guard let due = site.authority.responseFaults.take(context.trace.requestID) else { return response }
        // What is sent then is seen when it is sent.
        RequestNote.current?.answer = nil
        return await due.apply(response, on: context.channel)
    }

    /// Whether the error is the client's connection, met while the request was read.
    private static func isOfConnection(_ error: any Error) -> Bool {
        error is HTTPParserError || error is NIOSSLError || error is IOError || error is ChannelError
    }

    /// What a handler left: a path that is not there, a body that is too large, a store that takes nothing, or a broken one.
    private func answer(_ error: any Error, to request: Request, on surface: Surface, _ context: LapseContext) -> Response {
        let kind: Unanswered
        switch error {
        case let error as HTTPError where error.status == .notFound: kind = .notFound
        case let error as HTTPError where error.status.code < 500: kind = .unreadable
        case is NIOTooManyBytesError: kind = .tooLarge
        case let error as StoreUnavailable:
            site.unavailable.tell(error, path: request.uri.path, now: site.systemTime(), site.logger)
            kind = .unavailable
        default:
            site.logger.error("A request failed: \(error)", metadata: ["path": "\(request.uri.path)"])
            kind = .broken
        }
        let now = site.systemTime()
        switch surface {
        case .token, .metadata: return TokenResponder(site: site).answer(kind, now: now, request, context.trace)
        case .page: return PageResponder(site: site).answer(kind, now: now, in: request.words, context.trace)
        case .graph: return GraphResponder(site: site).answer(kind, path: request.uri.path, now: now, context.trace)
        case .management: return ManagementResponder(site: site).answer(kind, path: request.uri.path, context.trace)
        case .control: return ControlResponder.answer(kind)
        }
    }
}

/// Why no handler answered.
enum Unanswered {
    case notFound, unreadable, tooLarge, broken
    /// The database takes nothing at present, and the request is undone: the client may send it again.
    case unavailable

    /// After what time a client may hope that a full disk has room again, or that another program has let go of the database.
    static let pause = Duration.seconds(5)
}

/// The parts of Lapse, each with a form of its own for errors.
enum Surface: CaseIterable {
    case token, metadata, page, graph, management, control

    /// The surface of a path that has no route, or none for the method. A path with a route has the surface of that route here too: a test
    /// compares them.
    init(path: String) {
        let segments = (path.hasCapitals ? path.lowercased() : path).parts(between: "/")
        switch segments.first {
        case "v1.0", "beta", "oidc": self = .graph
        case "tenants", "subscriptions": self = .management
        case "_lapse":
            switch segments.dropFirst().first {
            case "api": self = .control
            case "resource": self = .graph
            default: self = .page
            }
        default:
            switch segments.last {
            case "token", "devicecode": self = .token
            case "openid-configuration", "keys", "instance": self = .metadata
            default: self = segments.dropFirst().first == "userrealm" ? .metadata : .page
            }
        }
    }

    /// Whether the path is one of those that take a POST alone.
    static func isPostEndpoint(_ path: String) -> Bool {
        let segments = path.lowercased().split(separator: "/")
        guard let last = segments.last, ["token", "devicecode"].contains(last) else { return false }
        return EndpointVersion.allCases.contains { segments.dropFirst().dropLast().joined(separator: "/") == $0.path }
    }

    /// Whether a request here is one that an app or a browser makes of the authority, Graph or Azure Resource Manager.
    func isWorthKeeping(_ path: String) -> Bool { self != .control && (self != .page || !path.hasPrefix("/_lapse")) }

    /// Entra: metadata, token endpoint, Graph and Azure Resource Manager are open to scripts of any origin; pages and the control API are not.
    var isForBrowsersElsewhere: Bool {
        switch self {
        case .token, .metadata, .graph, .management: true
        case .page, .control: false
        }
    }
}

/// Cross-origin access (CORS) for the surfaces that single-page apps use.
///
/// Written here, because each surface has its own rule: Hummingbird's `CORSMiddleware` has one for all.
enum CrossOriginAccess {
    private static let exposed =
        "WWW-Authenticate, request-id, client-request-id, x-ms-request-id, x-lapse-region, x-lapse-event, x-lapse-fault, Retry-After, Location"

    static func preflight(_ request: Request) -> Response {
        var response = Response(status: .noContent)
        response.headers[.accessControlAllowMethods] = "GET, POST, PATCH, PUT, DELETE, OPTIONS"
        // What the browser asks for is what it may send: the surface ignores what it does not know.
        response.headers[.accessControlAllowHeaders] = request.headers[.accessControlRequestHeaders] ?? "*"
        response.headers[.accessControlMaxAge] = "600"
        return response
    }

    static func open(_ response: inout Response, to request: Request) {
        response.headers.append(HTTPField(name: .accessControlAllowOrigin, value: "*"))
        if request.headers[.origin] != nil { response.headers[.exposeHeaders] = exposed }
    }
}
