import Hummingbird
import LapseRules
import LapseService

/// The control calls on apps.
struct AppCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/apps", use: list)
        routes.post("tenants/{tenant}/apps", use: create)
        routes.get("tenants/{tenant}/apps/{id}", use: app)
        routes.patch("tenants/{tenant}/apps/{id}", use: update)
        routes.delete("tenants/{tenant}/apps/{id}", use: delete)
    }

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        let page = try authority.listApps(after: try request.controlQuery("after"), in: try context.parameter("tenant"))
        return ControlResponder.answer(page.json { $0.app.json($0.principal) })
    }

    /// The answer shows the secrets, this once.
    func create(_ request: Request, _ context: LapseContext) async throws -> Response {
        let body = try await request.control()
        let read = { (newID: ClientID) throws(FieldError) in try AppRegistration(body, newID: newID) }
        let made = try authority.createApp(body, read, in: try context.parameter("tenant"))
        return ControlResponder.answer(
            made.app.json(made.principal, secrets: AppRegistration.secrets(in: body) ?? []), status: .created)
    }

    func app(_ request: Request, _ context: LapseContext) throws -> Response {
        let found = try authority.app(try context.parameter("id"), in: try context.parameter("tenant"))
        return ControlResponder.answer(found.app.json(found.principal))
    }

    /// The answer shows new secrets, this once.
    func update(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        let body = try await request.control()
        let changed = try authority.updateApp(id, in: tenant, body, takenIn: context.trace.region) { old throws(FieldError) in
            try old.changed(by: body)
        }
        return ControlResponder.answer(changed.app.json(changed.principal, secrets: AppRegistration.secrets(in: body)))
    }

    func delete(_ request: Request, _ context: LapseContext) throws -> Response {
        try authority.deleteApp(try context.parameter("id"), in: try context.parameter("tenant"))
        return Response(status: .noContent)
    }
}

extension AppRegistration {
    /// - Parameter secrets: only where they were just given.
    func json(_ principal: ServicePrincipal, secrets: [String]? = nil) -> JSON {
        .object([
            "id": .string(id.description), "name": .string(name), "kind": .string(kind.rawValue),
            "secrets": secrets.map { JSON($0) }, "redirectUris": JSON(redirectURIs), "spaRedirectUris": JSON(spaRedirectURIs),
            "logoutUrl": JSON(logoutURL), "flows": JSON(Flow.allCases.filter(flows.contains).map(\.rawValue)),
            "delegated": JSON(delegatedPermissions), "application": JSON(applicationPermissions),
            "exposes": exposes?.json ?? .null,
            "accessTokenVersion": .integer(accessTokenVersion), "foci": .bool(isFamilyMember), "lifetimes": lifetimes.json,
            "challenges": .array(challenges.map(\.json)), "signInAudience": .string(signInAudience.rawValue),
            "idTokens": .bool(issuesIDTokens), "certificates": .array(certificates.map(\.json)),
            "optionalClaims": optionalClaims.json,
            "enabled": .bool(principal.isEnabled),
            "assignmentRequired": .bool(principal.requiresAssignment), "assigned": JSON(principal.assigned.map(\.description)),
        ])
    }

    /// The secrets that an app's body gives in clear; nil when it gives none.
    static func secrets(in body: JSON) -> [String]? {
        guard case .array(let secrets) = body["secrets"] else { return nil }
        return secrets.compactMap { $0.text ?? $0["value"]?.text }
    }
}
