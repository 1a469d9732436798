import Hummingbird
import LapseRules
import LapseService

/// The control calls on a tenant as a whole.
struct TenantCalls {
    let authority: Authority

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.listTenants().json)
    }

    func create(_ request: Request, _ context: LapseContext) async throws -> Response {
        ControlResponder.answer(try authority.createTenant(try await request.control()), status: .created)
    }

    func delete(_ request: Request, _ context: LapseContext) throws -> Response {
        try authority.deleteTenant(try context.parameter("tenant"))
        return Response(status: .noContent)
    }

    func reset(_ request: Request, _ context: LapseContext) async throws -> Response {
        _ = try await request.control()
        return ControlResponder.answer(try authority.resetTenant(try context.parameter("tenant")))
    }

    func clock(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.clock(of: try context.parameter("tenant")))
    }

    func setClock(_ request: Request, _ context: LapseContext) async throws -> Response {
        ControlResponder.answer(try authority.setClock(of: try context.parameter("tenant"), try await request.control()))
    }

    func advanceClock(_ request: Request, _ context: LapseContext) async throws -> Response {
        ControlResponder.answer(try authority.advanceClock(of: try context.parameter("tenant"), try await request.control()))
    }

    func propagation(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.propagation(of: try context.parameter("tenant")))
    }

    func setPropagation(_ request: Request, _ context: LapseContext) async throws -> Response {
        ControlResponder.answer(
            try authority.setPropagation(
                of: try context.parameter("tenant"), try await request.control(mayBeName: true)))
    }

    func releaseAll(_ request: Request, _ context: LapseContext) async throws -> Response {
        let tenant = try context.parameter("tenant")
        return ControlResponder.answer(try authority.releaseAll(of: tenant, try await request.control()).json)
    }

    func policies(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.policies(of: try context.parameter("tenant")))
    }

    func setPolicies(_ request: Request, _ context: LapseContext) async throws -> Response {
        ControlResponder.answer(try authority.setPolicies(of: try context.parameter("tenant"), try await request.control()))
    }
}
