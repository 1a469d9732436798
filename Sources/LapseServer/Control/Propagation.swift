import Hummingbird
import LapseRules
import LapseService

/// The control calls on how revocations of a tenant travel.
struct PropagationCalls {
    let authority: Authority

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
        return ControlResponder.answer(try authority.releaseAll(of: tenant, try await request.control()).json)
    }
}
