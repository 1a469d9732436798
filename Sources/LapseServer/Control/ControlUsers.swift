import Hummingbird
import LapseRules
import LapseService

/// The control calls on users.
struct UserCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/users", use: list)
        routes.post("tenants/{tenant}/users", use: create)
        routes.get("tenants/{tenant}/users/{id}", use: user)
        routes.patch("tenants/{tenant}/users/{id}", use: update)
        routes.delete("tenants/{tenant}/users/{id}", use: delete)
    }

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        let page = try authority.listUsers(after: try request.controlQuery("after"), in: try context.parameter("tenant"))
        return ControlResponder.answer(page.json { $0.json() })
    }

    /// The answer shows the password, this once.
    func create(_ request: Request, _ context: LapseContext) async throws -> Response {
        let body = try await request.control()
        // A guest shows the account of its home, and signs in there.
        guard context.learnersTenant == nil || [nil, .null].contains(body["home"]) else { return ControlResponder.othersSandbox }
        let read = { (tenant: Tenant, id: GUID, createdAt: Timestamp) throws(FieldError) in
            try User(body, tenant: tenant, newID: id, createdAt: createdAt)
        }
        let user = try authority.createUser(read, takenIn: context.trace.region, in: try context.parameter("tenant"))
        let password = user.isGuest ? nil : body["password"]?.text ?? BuiltInLab.password
        return ControlResponder.answer(user.json(password: password), status: .created)
    }

    func user(_ request: Request, _ context: LapseContext) throws -> Response {
        ControlResponder.answer(try authority.user(try context.parameter("id"), in: try context.parameter("tenant")).json())
    }

    /// The answer shows a new password, this once.
    func update(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        let body = try await request.control()
        let user = try authority.updateUser(id, takenIn: context.trace.region, in: tenant) { old, tenant throws(FieldError) in
            try old.changed(by: body, tenant: tenant)
        }
        return ControlResponder.answer(user.json(password: body["password"]?.text))
    }

    func delete(_ request: Request, _ context: LapseContext) throws -> Response {
        try authority.deleteUser(
            try context.parameter("id"), takenIn: context.trace.region, in: try context.parameter("tenant"))
        return Response(status: .noContent)
    }
}

extension User {
    /// - Parameter password: only where it was just given.
    func json(password: String? = nil) -> JSON {
        .object([
            "id": .string(id.description), "userPrincipalName": .string(userPrincipalName), "displayName": .string(displayName),
            "givenName": JSON(givenName), "surname": JSON(surname), "mail": JSON(mail),
            "password": password.map(JSON.string), "accountEnabled": .bool(accountEnabled),
            "roles": JSON(roles.map(\.rawValue)), "challenges": .array(challenges.map(\.json)),
            "home": guestOf.map { ["tenant": .string($0.tenant.description), "user": .string($0.user.description)] },
            "createdDateTime": .string(createdAt.wholeSecondText),
        ]).followed(by: collectionsJSON)
    }
}
