import Hummingbird
import LapseRules
import LapseService
import ServiceLifecycle

/// The control calls on what somebody expects of apps.
struct ExpectationCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/expectations", use: list)
        routes.post("tenants/{tenant}/expectations", use: create)
        routes.get("tenants/{tenant}/expectations/{id}", use: expectation)
        routes.delete("tenants/{tenant}/expectations/{id}", use: delete)
    }

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.listExpectations(in: try context.parameter("tenant")).json(\.json))
    }

    func create(_ request: Request, _ context: LapseContext) async throws -> Response {
        let body = try await request.control()
        let made = try authority.createExpectation(naming: body["user"]?.text, in: try context.parameter("tenant")) {
            id, ordinal, user throws(FieldError) in
            try Expectation(body, id: id, ordinal: ordinal) { _ in user }
        }
        return ControlResponder.answer(made.json, status: .created)
    }

    /// With `wait`, as soon as it passed or failed.
    func expectation(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        guard let wait = try request.controlWait() else {
            return ControlResponder.answer(try authority.expectation(id, in: tenant).json)
        }
        let judged = try await cancelWhenGracefulShutdown {
            try await authority.expectation(id, in: tenant, waiting: wait)
        }
        return ControlResponder.answer(judged.json)
    }

    func delete(_ request: Request, _ context: LapseContext) throws -> Response {
        try authority.deleteExpectation(try context.parameter("id"), in: try context.parameter("tenant"))
        return Response(status: .noContent)
    }
}

extension JudgedExpectation {
    /// As it was asked for, and what came of it.
    var json: JSON {
        expectation.definition.adding([
            "id": .string(expectation.id.description), "status": .string(status.rawValue), "outcomes": .array(outcomes.map(\.json)),
        ])
    }
}

extension Expectation {
    /// As it was asked for.
    var definition: JSON {
        .object([
            "name": name.map(JSON.string), "client": client.map { .string($0.description) },
            "user": user.map { .string($0.description) }, "after": .string(after.rawValue),
            "reauthorizesWithin": reauthorizesWithin.map { .string($0.iso8601) },
            "recoversWithin": recoversWithin.map { .string($0.iso8601) }, "retriesAtMost": retriesAtMost.map(JSON.integer),
            "carriesClaims": carriesClaims.map(JSON.bool),
        ])
    }
}

extension Expectation.Outcome {
    fileprivate var json: JSON {
        [
            "client": .string(client.description), "incident": .integer(incident), "status": .string(status.rawValue),
            "says": .string(says), "events": .array(events.map(JSON.integer)),
        ]
    }
}
