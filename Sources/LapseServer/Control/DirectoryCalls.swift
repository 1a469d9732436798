import Hummingbird
import LapseRules
import LapseService

/// The control calls on users and apps.
struct DirectoryCalls {
    let authority: Authority

    func listUsers(_ request: Request, _ context: LapseContext) throws -> Response {
        let page = try authority.listUsers(of: try context.parameter("tenant"), after: try request.controlQuery("after"))
        return ControlResponder.answer(page.json)
    }

    func createUser(_ request: Request, _ context: LapseContext) async throws -> Response {
        let user = try authority.createUser(try await request.control(), in: try context.parameter("tenant"), trace: context.trace)
        return ControlResponder.answer(user, status: .created)
    }

    func user(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.user(try context.parameter("id"), of: try context.parameter("tenant")))
    }

    func updateUser(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        return ControlResponder.answer(try authority.updateUser(id, of: tenant, try await request.control(), trace: context.trace))
    }

    func deleteUser(_ request: Request, _ context: LapseContext) throws -> Response {
        try authority.deleteUser(try context.parameter("id"), of: try context.parameter("tenant"), trace: context.trace)
        return Response(status: .noContent)
    }

    func giveConsent(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try setConsent(true, context))
    }

    func withdrawConsent(_ request: Request, _ context: LapseContext) throws -> Response {
        _ = try setConsent(false, context)
        return Response(status: .noContent)
    }

    private func setConsent(_ isGiven: Bool, _ context: LapseContext) throws -> JSON {
        try authority.setConsent(
            isGiven, of: try context.parameter("user"), to: try context.parameter("client"), in: try context.parameter("tenant"))
    }

    func listApps(_ request: Request, _ context: LapseContext) throws -> Response {
        let page = try authority.listApps(of: try context.parameter("tenant"), after: try request.controlQuery("after"))
        return ControlResponder.answer(page.json)
    }

    func createApp(_ request: Request, _ context: LapseContext) async throws -> Response {
        let app = try authority.createApp(try await request.control(), in: try context.parameter("tenant"))
        return ControlResponder.answer(app, status: .created)
    }

    func app(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.app(try context.parameter("id"), of: try context.parameter("tenant")))
    }

    func updateApp(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        return ControlResponder.answer(try authority.updateApp(id, of: tenant, try await request.control()))
    }

    func deleteApp(_ request: Request, _ context: LapseContext) throws -> Response {
        try authority.deleteApp(try context.parameter("id"), of: try context.parameter("tenant"))
        return Response(status: .noContent)
    }
}
