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
            let outcome = try await site.authority.answer(tokenRequest, at: try Request.tenant(context), trace: trace)
            return responder.answer(outcome, request, trace) { responder.answer($0.answer, request, trace) }
        }
    }

    func deviceCode(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await answering(request, context) { form, trace in
            let outcome = try site.authority.issueDeviceCode(
                form, at: try Request.tenant(context), version: version, trace: trace)
            return responder.answer(outcome, request, trace) {
                responder.answer($0.json(origin: trace.origin, version: version), request, trace)
            }
        }
    }

    /// Reads the form first: it may carry the correlation id of the error it leads to.
    private func answering(
        _ request: Request, _ context: LapseContext,
        _ body: (FormParameters, RequestTrace) async throws -> Response
    ) async throws -> Response {
        let trace = context.trace.correlated(byQueryOf: request)
        let form: FormParameters
        do { form = try await request.form() } catch let error as EntraError {
            return responder.answer(error, now: site.systemTime(), request, trace)
        }
        let correlated = trace.correlated(by: form)
        return try await responder.responding(request, correlated) { try await body(form, correlated) }
    }
}
