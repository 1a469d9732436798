import Hummingbird
import LapseRules
import LapseService

/// The control calls on faults.
struct FaultCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/faults", use: list)
        routes.post("tenants/{tenant}/faults", use: create)
        routes.delete("tenants/{tenant}/faults", use: clear)
        routes.get("tenants/{tenant}/faults/{id}", use: fault)
        routes.delete("tenants/{tenant}/faults/{id}", use: delete)
    }

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.listFaults(in: try context.parameter("tenant")).json(\.json))
    }

    func create(_ request: Request, _ context: LapseContext) async throws -> Response {
        let body = try await request.control()
        let fault = try authority.createFault(naming: body["match"]?["user"]?.text, in: try context.parameter("tenant")) {
            id, ordinal, user throws(FieldError) in
            try Fault(body, id: id, ordinal: ordinal) { _ in user }
        }
        return ControlResponder.answer(fault.json, status: .created)
    }

    func fault(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.fault(try context.parameter("id"), in: try context.parameter("tenant")).json)
    }

    func delete(_ request: Request, _ context: LapseContext) throws -> Response {
        try authority.deleteFault(try context.parameter("id"), in: try context.parameter("tenant"))
        return Response(status: .noContent)
    }

    func clear(_ request: Request, _ context: LapseContext) throws -> Response {
        try authority.clearFaults(named: try request.controlQuery("name"), in: try context.parameter("tenant"))
        return Response(status: .noContent)
    }
}
