import HTTPTypes
import Hummingbird
import LapsePages
import LapseRules
import LapseService

/// `/{tenant}/oauth2/v2.0/authorize`, and the same without `v2.0`: the app's request, and the forms of our own pages, which post back to the same address.
///
/// `/{tenant}/adminconsent` and the same with `v2.0` before it: an administrator consents for everybody in the tenant.
struct AuthorizeEndpoint {
    let site: Site
    let version: EndpointVersion
    var purpose = AuthorizePurpose.signIn

    private var responder: PageResponder { PageResponder(site: site) }

    /// Behind the tenant.
    var path: String {
        switch purpose {
        case .signIn: "\(version.path)/authorize"
        case .adminConsent: version == .v1 ? "adminconsent" : "v2.0/adminconsent"
        }
    }

    func get(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(request, context) { trace in
            try await answer(try request.query(), step: .arrived, request, context, trace)
        }
    }

    func post(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(request, context) { trace in
            let form = try await request.form()
            guard form["step"] != nil else {
                let parameters = try request.query().merging(form)
                return try await answer(parameters, step: .arrived, request, context, trace.correlated(by: form))
            }
            let step = try BrowserStep(form, request, origin: trace.origin)
            return try await answer(try request.query(), step: step, request, context, trace)
        }
    }

    private func answer(
        _ parameters: FormParameters, step: BrowserStep, _ request: Request, _ context: LapseContext, _ trace: RequestTrace
    ) async throws -> Response {
        let tenant = try Request.tenant(context)
        let outcome = try await site.authority.authorize(
            parameters, for: purpose, at: tenant, version: version, step: step, cookies: site.cookies(of: request), trace: trace)
        return responder.answer(outcome, to: request, trace) { answer, cookies in
            var response = self.response(
                answer,
                in: .chosen(uiLocales: parameters["ui_locales"], acceptLanguage: request.headers[.acceptLanguage]),
                action: "/\(tenant.text)/\(path)?\(parameters.encoded())")
            site.set(cookies, on: &response)
            response.headers[.xMSRequestID] = trace.requestID.description
            return response
        }
    }

    /// - Parameter action: where the page's forms post to: this request again.
    private func response(_ answer: AuthorizeAnswer, in words: Words, action: String) -> Response {
        switch answer {
        case .signIn(let facts): responder.page(SignInPage(facts, action: action, in: words))
        case .pick(let accounts, let appName):
            responder.page(PickerPage(action: action, appName: appName, accounts: accounts.map(PickerPage.Account.init), in: words))
        case .consent(let candidate, let appName, let permissions):
            responder.page(
                ConsentPage(
                    action: action, appName: appName, session: candidate.session.id.description,
                    userPrincipalName: candidate.account.user.userPrincipalName, permissions: permissions, in: words))
        case .redirect(let target, let answer, _): redirect(target, answer, in: words)
        }
    }

    private func redirect(_ target: AuthorizeRequest.Target, _ answer: FormAnswer, in words: Words) -> Response {
        guard target.responseMode == .formPost else {
            return Response(status: .found, headers: [.location: target.location(answer), .cacheControl: "no-store, no-cache"])
        }
        let fields = answer.members(for: target).map { HiddenField(name: $0.name, value: $0.value) }
        return responder.page(FormPostPage(action: target.redirectURI, hidden: fields, in: words), mayBeFramed: true)
    }
}

extension BrowserStep {
    /// Reads a form of our own pages.
    ///
    /// - Throws: `EntraError` for a form that another site's page sent, or that none of our pages has.
    init(_ form: FormParameters, _ request: Request, origin: String) throws {
        try OwnForm.check(request, origin: origin)
        switch form["step"] {
        case "signIn":
            // Without a name or password the page is shown again, as after a wrong one.
            self = .signIn(
                userName: form["login"] ?? "",
                form["method"] == "securityKey" ? .securityKey : .password(form["passwd"] ?? ""), newPassword: form["newpasswd"],
                staySignedIn: form["kmsi"] != nil)
        case "pick": self = .picked(try Self.session(form))
        case "consent": self = .consented(try Self.session(form))
        case "other": self = .otherAccount
        case "decline": self = .declined
        default: throw EntraError.unreadable
        }
    }

    private static func session(_ form: FormParameters) throws -> GUID {
        guard let id = form["session"].flatMap(GUID.init) else { throw EntraError.unreadable }
        return id
    }
}

extension SignInPage {
    init(_ facts: SignInPageFacts, action: String, hidden: [HiddenField] = [], isDevice: Bool = false, in words: Words) {
        self.init(
            action: action, appName: facts.appName, userName: facts.userName,
            error: facts.error.map { Refusal(code: $0.code?.rawValue, message: $0.message, in: words) },
            asksForNewPassword: facts.asksForNewPassword, hidden: hidden, isDevice: isDevice, in: words)
    }
}

extension PickerPage.Account {
    init(_ candidate: SignInDecision.Candidate) {
        let user = candidate.account.user
        self.init(
            session: candidate.session.id.description, displayName: user.displayName, userPrincipalName: user.userPrincipalName)
    }
}
