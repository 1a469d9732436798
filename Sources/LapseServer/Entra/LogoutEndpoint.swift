import Hummingbird
import LapsePages
import LapseRules
import LapseService

/// `GET|POST /{tenant}/oauth2/v2.0/logout`, and the same without `v2.0`: ends the browser's sessions.
struct LogoutEndpoint {
    let site: Site

    private var responder: PageResponder { PageResponder(site: site) }

    func get(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(request, context) { trace in
            let query = try request.query()
            return try await answer(query, hint: try await hint(of: query), request, context, trace)
        }
    }

    func post(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(request, context) { trace in
            let (query, form) = (try request.query(), try await request.form())
            guard form["step"] != nil else {
                let parameters = try query.merging(form)
                return try await answer(parameters, hint: try await hint(of: parameters), request, context, trace)
            }
            let step = try BrowserStep(form, request, origin: trace.origin)
            guard case .picked(let session) = step else { throw EntraError.unreadable }
            return try await answer(query, hint: .chosen(session), request, context, trace)
        }
    }

    private func hint(of parameters: FormParameters) async throws -> SignOutHint? {
        if let name = parameters["logout_hint"] { return .named(name) }
        guard let token = parameters["id_token_hint"] else { return nil }
        return await site.authority.idTokenHint(token)
    }

    private func answer(
        _ parameters: FormParameters, hint: SignOutHint?, _ request: Request, _ context: LapseContext, _ trace: RequestTrace
    ) async throws -> Response {
        // A tenant that is not there is refused, though a browser's sessions belong to no path.
        _ = try site.authority.tenantID(of: try Request.tenant(context))
        let outcome = try site.authority.signOut(
            cookies: site.cookies(of: request), hint: hint, redirectURI: parameters["post_logout_redirect_uri"], trace: trace)
        switch outcome {
        case .ask(let accounts):
            let action = request.uri.path + "?" + parameters.encoded(without: ["id_token_hint"])
            return responder.page(PickerPage(signingOut: accounts.map(PickerPage.Account.init), action: action, in: request.words))
        case .done(let redirectURI, let endedAll, let frontChannel):
            return signedOut(parameters, redirectURI, endedAll: endedAll, frontChannel: frontChannel, request)
        }
    }

    private func signedOut(
        _ parameters: FormParameters, _ redirectURI: String?, endedAll: Bool, frontChannel: [String], _ request: Request
    ) -> Response {
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
