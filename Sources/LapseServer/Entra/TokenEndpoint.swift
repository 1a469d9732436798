import Hummingbird
import LapseRules
import LapseService

/// `POST /{tenant}/oauth2/v2.0/token` and `…/devicecode`, and the same without `v2.0`.
struct TokenEndpoint {
    let site: Site
    let version: EndpointVersion

    private var responder: TokenResponder { TokenResponder(site: site, version: version) }

    func token(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await answering(request, context) { form, trace in
            let tokenRequest = try TokenRequest(
                form: form, authorization: request.headers[.authorization], origin: request.headers[.origin],
                version: version)
            let answer = try await site.authority.answer(tokenRequest, at: try Request.tenant(context), trace: trace)
            return responder.answer(answer.body, request, trace).landed(answer.landing)
        }
    }

    func deviceCode(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await answering(request, context) { form, trace in
            let (answer, landing) = try site.authority.issueDeviceCode(
                form, at: try Request.tenant(context), version: version, trace: trace)
            return responder.answer(answer.json(origin: trace.origin, version: version), request, trace).landed(landing)
        }
    }

    /// Reads the form first: it may carry the correlation id of the error it leads to.
    private func answering(
        _ request: Request, _ context: LapseContext,
        _ body: (FormParameters, RequestTrace) async throws -> Response
    ) async throws -> Response {
        var trace = context.trace.correlated(byQueryOf: request)
        let form: FormParameters
        do { form = try await request.form() } catch {
            return try await responder.responding(request, trace) { throw error }
        }
        trace = trace.correlated(by: form)
        return try await responder.responding(request, trace) { try await body(form, trace) }
    }
}
