import Hummingbird
import LapseRules
import LapseService
import ServiceLifecycle

/// The control calls on revocations, grants and sessions.
struct SignInCalls {
    let authority: Authority

    func listRevocations(_ request: Request, _ context: LapseContext) throws -> Response {
        let page = try authority.listRevocations(of: try context.parameter("tenant"), after: try request.controlQuery("after"))
        return ControlResponder.answer(page.json)
    }

    func createRevocation(_ request: Request, _ context: LapseContext) async throws -> Response {
        let revocation = try await authority.createRevocation(
            try await request.control(), in: try context.parameter("tenant"), trace: context.trace)
        return ControlResponder.answer(revocation, status: .created)
    }

    func revocation(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        guard let wait = try request.controlQuery("wait") else {
            return ControlResponder.answer(try authority.revocation(id, of: tenant))
        }
        // A stopping Lapse does not wait with them.
        return ControlResponder.answer(
            try await cancelWhenGracefulShutdown { try await authority.revocation(id, of: tenant, waiting: wait) })
    }

    func releaseRevocation(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        return ControlResponder.answer(try authority.releaseRevocation(id, of: tenant, try await request.control()))
    }

    func explain(_ request: Request, _ context: LapseContext) async throws -> Response {
        ControlResponder.answer(try await authority.explain(try await request.control(), in: try context.parameter("tenant")))
    }

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
