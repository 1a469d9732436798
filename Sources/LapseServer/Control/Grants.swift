import Hummingbird
import LapseRules
import LapseService

/// The control calls on grants.
struct GrantCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.post("tenants/{tenant}/grants", use: create)
        routes.get("tenants/{tenant}/users/{id}/grants", use: list)
        routes.post("tenants/{tenant}/grants/{id}/try", use: tryGrant)
    }

    func create(_ request: Request, _ context: LapseContext) async throws -> Response {
        let tenant = try context.parameter("tenant")
        let new = try await request.control(as: NewGrant.init(_:))
        let signedIn = try await authority.createGrant(new, in: tenant, trace: context.trace)
        return ControlResponder.answer(signedIn.json, status: .created)
    }

    func tryGrant(_ request: Request, _ context: LapseContext) async throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        let question = try await request.control(as: Trial.Question.init(_:))
        return ControlResponder.answer(try authority.tryGrant(id, question, in: tenant, trace: context.trace).json)
    }

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        let (id, tenant) = (try context.parameter("id"), try context.parameter("tenant"))
        let page = try authority.listGrants(of: id, after: try request.controlQuery("after"), in: tenant)
        return ControlResponder.answer(page.json(\.json))
    }
}

// MARK: Read

extension Trial.Question {
    /// `{"endpoint","region"?,"at"?}`
    init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        guard let endpoint = try reader.choice("endpoint", of: TrialEndpoint.self) else {
            throw FieldError("endpoint", "is required")
        }
        let (region, at) = (try reader.string("region"), try reader.instant("at"))
        try reader.finish()
        self.init(endpoint, region: region, at: at)
    }
}

extension NewGrant {
    /// `{"user","client_id","scope","authTime"?,"method"?}`
    init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        let signIn = try DirectSignIn(&reader)
        let authTime = try reader.instant("authTime")
        let method = try reader.choice("method", of: SignInMethod.self)
        try reader.finish()
        self.init(signIn, authTime: authTime, method: method ?? .password)
    }
}

extension DirectSignIn {
    /// The members `user`, `client_id` and `scope` of a body.
    init(_ reader: inout ObjectReader) throws(FieldError) {
        self.init(
            user: try reader.required("user"), client: ClientID(try reader.required("client_id")),
            scope: try reader.required("scope"))
    }
}

// MARK: Written

extension Trial {
    /// `{"status","body","verdict"}`
    var json: JSON {
        ["status": .integer(Int64(status)), "body": body, "verdict": verdict.json(authTime: authTime)]
    }
}

extension SignedIn {
    var json: JSON {
        [
            "grant": .string(grant.description), "refresh_token": JSON(tokens.refreshToken),
            "access_token": .string(tokens.accessToken), "id_token": JSON(tokens.idToken),
            "expires_in": .integer(tokens.expiresIn.wholeSeconds),
            "cookies": .object([BrowserSession.Cookie.transient.rawValue: .string(cookie)]),
        ]
    }
}

extension GrantStatus {
    var json: JSON {
        let authentication = grant.authentication
        let own: JSON = [
            "id": .string(grant.id.description), "tenant": .string(grant.tenant.description),
            "client": .string(grant.client.description), "clientClass": .string(grant.clientClass.rawValue),
            "scope": .string(grant.scope), "authTime": JSON(authentication.place.at),
            "method": .string(authentication.method.rawValue), "session": JSON(grant.session?.description),
            "createdAt": JSON(grant.createdAt), "refreshTokens": .integer(Int64(refreshTokens)),
            "refreshExpiresAt": JSON(refreshExpiresAt),
        ]
        return own.followed(by: liveness.json)
    }
}

extension Liveness {
    /// The members that a grant's and a session's answer end with.
    var json: JSON {
        [
            "alive": .bool(isAlive), "code": code.map { .integer(Int64($0.rawValue)) } ?? .null, "reason": JSON(reason),
            "revocation": JSON(revocation?.description),
        ]
    }
}
