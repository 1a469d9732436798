import Hummingbird
import LapseRules
import LapseService

/// The control call on browser sessions.
struct SessionCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/users/{id}/sessions", use: list)
        routes.post("tenants/{tenant}/sessions/{id}/try", use: trySession)
    }

    func trySession(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        let question = try await request.control(as: Trial.Question.init(_:))
        return ControlResponder.answer(try authority.trySession(id, question, in: tenant, trace: context.trace).json)
    }

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        let page = try authority.listSessions(of: id, after: try request.controlQuery("after"), in: tenant)
        return ControlResponder.answer(page.json(\.json))
    }
}

extension SessionStatus {
    var json: JSON {
        let authentication = session.authentication
        let own: JSON = [
            "id": .string(session.id.description), "authTime": JSON(authentication.place.at),
            "method": .string(authentication.method.rawValue), "persistent": .bool(session.isPersistent),
            "lastUsedAt": JSON(session.lastUsedAt), "expiresAt": JSON(session.expiresAt), "endedAt": JSON(session.endedAt),
        ]
        return own.followed(by: liveness.json)
    }
}
