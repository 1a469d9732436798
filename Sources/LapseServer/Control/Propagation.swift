import Hummingbird
import LapseRules
import LapseService

/// The control calls on how revocations of a tenant travel.
struct PropagationCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/propagation", use: propagation)
        routes.put("tenants/{tenant}/propagation", use: set)
        routes.post("tenants/{tenant}/propagation/release", use: releaseAll)
    }

    func propagation(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.propagation(of: try context.parameter("tenant")).json)
    }

    /// A model, or the name of a preset.
    func set(_ request: Request, _ context: LapseContext) async throws -> Response {
        let model = try await request.control(mayBeName: true) { body throws(FieldError) in try PropagationModel(body) }
        try authority.setPropagation(model, of: try context.parameter("tenant"))
        return ControlResponder.answer(model.json)
    }

    func releaseAll(_ request: Request, _ context: LapseContext) async throws -> Response {
        let tenant = try context.parameter("tenant")
        let release = try await request.control(as: Release.init(_:))
        return ControlResponder.answer(try authority.releaseAll(release, of: tenant).json(\.json))
    }
}
