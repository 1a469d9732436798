import Hummingbird
import LapseRules
import LapseService

/// The control calls on gates.
struct GateCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/gates", use: list)
        routes.put("tenants/{tenant}/gates/{gate}", use: set)
    }

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.listGates(in: try context.parameter("tenant")).json(\.json))
    }

    func set(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (name, tenant) = (try context.parameter("gate"), try context.parameter("tenant"))
        let body = try await request.control()
        // A gate that is not there is refused before what the body lacks.
        let gate = try authority.gate(name, in: tenant)
        let isClosed = try ControlError.reading { () throws(FieldError) in try GateBody(body).isClosed }
        return ControlResponder.answer(authority.setGate(gate, isClosed: isClosed).json)
    }
}

/// `{"closed"}`
private struct GateBody {
    let isClosed: Bool

    init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        let value = try reader.bool("closed")
        try reader.finish()
        guard let value else { throw FieldError("closed", "is required") }
        isClosed = value
    }
}

extension GateStatus {
    fileprivate var json: JSON {
        ["gate": .string(gate.rawValue), "closed": .bool(isClosed), "waiting": .integer(Int64(waiting))]
    }
}
