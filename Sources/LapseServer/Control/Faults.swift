import Hummingbird
import LapseRules
import LapseService

/// The control calls on faults.
struct FaultCalls {
    let authority: Authority

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
