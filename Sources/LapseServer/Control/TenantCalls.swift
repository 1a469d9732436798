import Hummingbird
import LapseRules
import LapseService

/// The control calls on a tenant as a whole.
struct TenantCalls {
    let authority: Authority

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlVoice.answer(try authority.listTenants().json)
    }

    func reset(_ request: Request, _ context: LapseContext) async throws -> Response {
        _ = try await request.control()
        return ControlVoice.answer(try authority.resetTenant(try context.parameter("tenant")))
    }

    func clock(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlVoice.answer(try authority.clock(of: try context.parameter("tenant")))
    }

    func setClock(_ request: Request, _ context: LapseContext) async throws -> Response {
        ControlVoice.answer(try authority.setClock(of: try context.parameter("tenant"), try await request.control()))
    }

    func advanceClock(_ request: Request, _ context: LapseContext) async throws -> Response {
        ControlVoice.answer(try authority.advanceClock(of: try context.parameter("tenant"), try await request.control()))
    }

    func propagation(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlVoice.answer(try authority.propagation(of: try context.parameter("tenant")))
    }

    func setPropagation(_ request: Request, _ context: LapseContext) async throws -> Response {
        ControlVoice.answer(try authority.setPropagation(of: try context.parameter("tenant"), try await request.control()))
    }

    func policies(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlVoice.answer(try authority.policies(of: try context.parameter("tenant")))
    }

    func setPolicies(_ request: Request, _ context: LapseContext) async throws -> Response {
        ControlVoice.answer(try authority.setPolicies(of: try context.parameter("tenant"), try await request.control()))
    }

    func events(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlVoice.answer(
            try authority.events(
                of: try context.parameter("tenant"), after: try request.controlQuery("after"),
                type: try request.controlQuery("type"), user: try request.controlQuery("user")
            ).json)
    }
}
