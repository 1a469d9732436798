import Hummingbird
import LapseRules
import LapseService

/// The control calls on what goes wrong on purpose: faults and gates.
struct FaultCalls {
    let authority: Authority

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.listFaults(of: try context.parameter("tenant")).json)
    }

    func create(_ request: Request, _ context: LapseContext) async throws -> Response {
        let fault = try authority.createFault(try await request.control(), in: try context.parameter("tenant"))
        return ControlResponder.answer(fault, status: .created)
    }

    func fault(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.fault(try context.parameter("id"), of: try context.parameter("tenant")))
    }

    func delete(_ request: Request, _ context: LapseContext) throws -> Response {
        try authority.deleteFault(try context.parameter("id"), of: try context.parameter("tenant"))
        return Response(status: .noContent)
    }

    func clear(_ request: Request, _ context: LapseContext) throws -> Response {
        try authority.clearFaults(named: try request.controlQuery("name"), of: try context.parameter("tenant"))
        return Response(status: .noContent)
    }

    func listGates(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.listGates(of: try context.parameter("tenant")).json)
    }

    func setGate(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (gate, tenant) = (try context.parameter("gate"), try context.parameter("tenant"))
        return ControlResponder.answer(try authority.setGate(gate, of: tenant, try await request.control()))
    }
}
