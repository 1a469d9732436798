import HTTPTypes
import Hummingbird
import LapseRules
import LapseService

/// `GET /tenants` and `GET /subscriptions`: what Azure's command lines ask of Azure Resource Manager before they call a sign-in done.
struct ManagementEndpoint {
    let site: Site

    private var responder: ManagementResponder { ManagementResponder(site: site) }

    func tenants(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await answering(request, context) { try site.authority.managementTenants(token: $0, trace: context.trace) }
    }

    func subscriptions(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await answering(request, context) { try site.authority.managementSubscriptions(token: $0, trace: context.trace) }
    }

    private func answering(
        _ request: Request, _ context: LapseContext, _ read: (BearerToken) throws -> Outcome<JSON, GraphError>
    ) async throws -> Response {
        let trace = context.trace
        do {
            guard try request.query()["api-version"] != nil else { throw ManagementError.missingVersion }
            let outcome = try read(try await site.authority.bearerToken(request.bearerToken))
            let response =
                switch outcome.result {
                case .success(let body): responder.answer(body, trace)
                case .failure(let refused): responder.answer(ManagementError(refused.error), cloud: outcome.routed.cloud, trace)
                }
            return response.routed(outcome.routed)
        } catch let error as ManagementError {
            return responder.answer(error, trace)
        } catch let error as GraphError {
            return responder.answer(ManagementError(error), trace)
        } catch is EntraError {
            // A query that cannot be decoded.
            return responder.answer(ManagementError(GraphError.unreadable), trace)
        }
    }
}

/// How Azure Resource Manager speaks.
struct ManagementResponder {
    let site: Site

    func answer(_ body: JSON, status: Int = 200, _ trace: RequestTrace) -> Response {
        .json(
            body, status: .init(code: status),
            headers: [
                .cacheControl: "no-cache", .xMSRequestID: trace.requestID.description,
                .xMSCorrelationRequestID: trace.correlationID, .xContentTypeOptions: "nosniff",
            ])
    }

    /// - Parameter cloud: whose authority a challenge names.
    func answer(_ error: ManagementError, cloud: Cloud = .global, _ trace: RequestTrace) -> Response {
        RequestNote.current?.error = ErrorName(error.code)
        var response = answer(error.json, status: error.status, trace)
        response.headers[.retryAfter] = error.retryAfter?.headerText
        guard error.status == 401 else { return response }
        let authority = cloud == .global ? "login.windows.net" : cloud.authorityHost
        response.headers[values: .wwwAuthenticate] = ClaimsChallenge.headers(
            #"Bearer authorization_uri="https://\#(authority)/", error="invalid_token", error_description="\#(error.challengeText)""#,
            claims: error.claims, error.variant)
        return response
    }

    func answer(_ kind: Unanswered, path: String, _ trace: RequestTrace) -> Response {
        let error: ManagementError =
            switch kind {
            case .notFound: .unknownPath(path)
            case .unreadable: .init(.unreadable)
            case .tooLarge: .init(.tooLarge)
            case .unavailable: .init(.unavailable(retryAfter: Unanswered.pause))
            case .broken: .init(.internalError)
            }
        return answer(error, trace)
    }
}
