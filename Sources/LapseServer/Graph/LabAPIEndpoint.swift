import Hummingbird
import LapseRules
import LapseService

/// `/_lapse/resource/…`: an API of the lab, which any app may call with a token for `api://lapse-lab`. It answers who called, and
/// refuses as Graph does.
struct LabAPIEndpoint {
    let site: Site

    private var responder: GraphResponder { GraphResponder(site: site, resource: BuiltInLab.api) }

    func respond(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(context.trace) {
            let token = try await site.authority.bearerToken(request.bearerToken)
            let outcome = try site.authority.callLabAPI(token: token, trace: context.trace)
            return responder.answer(outcome, context.trace) { caller, _ in .json(caller, headers: [.cacheControl: "no-store"]) }
        }
    }
}
