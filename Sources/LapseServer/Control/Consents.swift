import Hummingbird
import LapseRules
import LapseService

/// The control calls on consents.
struct ConsentCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.put("tenants/{tenant}/consents/{user}/{client}", use: give)
        routes.delete("tenants/{tenant}/consents/{user}/{client}", use: withdraw)
    }

    func give(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try set(true, context).json)
    }

    func withdraw(_ request: Request, _ context: LapseContext) throws -> Response {
        _ = try set(false, context)
        return Response(status: .noContent)
    }

    private func set(_ isGiven: Bool, _ context: LapseContext) throws -> Consent {
        try authority.setConsent(
            isGiven, of: try context.parameter("user"), to: try context.parameter("client"), in: try context.parameter("tenant"))
    }
}

extension Consent {
    var json: JSON {
        ["user": .string(user.description), "client": .string(client.description), "consented": .bool(isGiven)]
    }
}
