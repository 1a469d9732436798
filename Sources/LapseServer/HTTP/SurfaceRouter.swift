import HTTPTypes
import Hummingbird

/// A router that takes a route only with the surface that it is on.
///
/// The request of a route passes through the middleware of its surface. A request without a route (a wrong path, a wrong method, a
/// preflight) passes through one that looks at the path.
final class SurfaceRouter: HTTPResponderBuilder {
    struct Route {
        let path: RouterPath
        let method: HTTPRequest.Method
        let surface: Surface
    }

    private let site: Site
    private let router: Router<LapseContext>
    private(set) var routes: [Route] = []

    init(site: Site, options: RouterOptions) {
        self.site = site
        router = Router(context: LapseContext.self, options: options)
    }

    /// Where the routes of one surface are registered.
    func group(_ surface: Surface) -> SurfaceRoutes {
        SurfaceRoutes(
            surface: surface, router: self,
            group: router.group().add(middleware: SurfaceMiddleware(site: site, declared: surface)))
    }

    fileprivate func declare(_ path: RouterPath, _ method: HTTPRequest.Method, _ surface: Surface) {
        routes.append(Route(path: path, method: method, surface: surface))
    }

    /// To be called once, when all routes are registered.
    func buildResponder() -> RouterResponder<LapseContext> {
        // A middleware meets the routes that are registered after it: this one meets none.
        router.add(middleware: SurfaceMiddleware(site: site))
        return router.buildResponder()
    }
}

/// The routes of one surface.
struct SurfaceRoutes: RouterMethods {
    typealias Context = LapseContext

    fileprivate let surface: Surface
    fileprivate let router: SurfaceRouter
    fileprivate let group: RouterGroup<LapseContext>

    @discardableResult
    func on<Responder: HTTPResponder>(
        _ path: RouterPath, method: HTTPRequest.Method, responder: Responder
    ) -> Self where Responder.Context == LapseContext {
        router.declare(path, method, surface)
        group.on(path, method: method, responder: responder)
        return self
    }

    func add(middleware: any MiddlewareProtocol<Request, Response, LapseContext>) -> Self {
        group.add(middleware: middleware)
        return self
    }
}
