import Hummingbird
import LapseRules
import LapseService

/// The control call on what people see of apps.
struct VisitCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) { routes.post("tenants/{tenant}/visits", use: create) }

    func create(_ request: Request, _ context: LapseContext) async throws -> Response {
        let visit = try await request.control(as: NewVisit.init(_:))
        let event = try authority.showPage(visit, in: try context.parameter("tenant"))
        return ControlResponder.answer(event.fullJSON, status: .created)
    }
}
