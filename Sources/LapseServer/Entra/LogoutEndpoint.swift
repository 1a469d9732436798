import Hummingbird
import LapsePages
import LapseRules
import LapseService

/// `GET|POST /{tenant}/oauth2/v2.0/logout`, and the same without `v2.0`: ends the browser's sessions.
struct LogoutEndpoint {
    let site: Site

    private var responder: PageResponder { PageResponder(site: site) }

    func get(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(request, context) { trace in try answer(try request.query(), request, context, trace) }
    }

    func post(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(request, context) { trace in
            try answer(try request.query().merging(try await request.form()), request, context, trace)
        }
    }

    private func answer(
        _ parameters: FormParameters, _ request: Request, _ context: LapseContext, _ trace: RequestTrace
    ) throws -> Response {
        // A tenant that is not there is refused, though a browser's sessions belong to no path.
        _ = try site.authority.tenantID(of: try Request.tenant(context))
        let (redirectURI, endedAll, frontChannel) = try site.authority.signOut(
            cookies: site.cookies(of: request), hint: parameters["logout_hint"],
            redirectURI: parameters["post_logout_redirect_uri"], trace: trace)
        let next = redirectURI.map { uri in
            uri + (parameters["state"].map { (uri.contains("?") ? "&" : "?") + "state=" + FormParameters.encode($0) } ?? "")
        }
        var response: Response
        if let next, frontChannel.isEmpty {
            response = Response(status: .found, headers: [.location: next])
        } else {
            // Entra: v2-protocols-oidc.md, each app's address is loaded in a frame of its own; then the browser goes on.
            response = responder.page(SignedOutPage(frames: frontChannel, next: next, in: request.words), frames: frontChannel)
        }
        if endedAll { site.clearCookies(on: &response) }
        return response
    }
}
