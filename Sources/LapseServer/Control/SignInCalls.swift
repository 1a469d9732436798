import Hummingbird
import LapseRules
import LapseService

/// The control calls on grants and sessions.
struct SignInCalls {
    let authority: Authority

    func createGrant(_ request: Request, _ context: LapseContext) async throws -> Response {
        let tenant = try context.parameter("tenant")
        let grant = try await authority.createGrant(try await request.control(), in: tenant, trace: context.trace)
        return ControlResponder.answer(grant, status: .created)
    }

    func grants(_ request: Request, _ context: LapseContext) throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        return ControlResponder.answer(try authority.grants(of: id, in: tenant, after: try request.controlQuery("after")).json)
    }

    func sessions(_ request: Request, _ context: LapseContext) throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        return ControlResponder.answer(try authority.sessions(of: id, in: tenant, after: try request.controlQuery("after")).json)
    }
}
