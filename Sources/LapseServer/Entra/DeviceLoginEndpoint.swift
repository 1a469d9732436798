import Hummingbird
import LapsePages
import LapseRules
import LapseService

/// `/devicelogin`: where a person approves the sign-in of a device.
struct DeviceLoginEndpoint {
    let site: Site

    private var responder: PageResponder { PageResponder(site: site) }

    func get(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(request, context) { _ in
            responder.page(
                DeviceCodePage(
                    action: Self.action(request), code: try request.query()["otc"], isWrong: false, in: request.words))
        }
    }

    func post(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responder.responding(request, context) { trace in
            let form = try await request.form()
            try OwnForm.check(request, origin: trace.origin)
            let code = form["otc"] ?? ""
            let step: DeviceStep =
                switch form["step"] {
                case "code", nil: .entered(code: code)
                default: .step(code: code, try BrowserStep(form, request, origin: trace.origin))
                }
            let outcome = try site.authority.approveDevice(step, cookies: site.cookies(of: request), trace: trace)
            return responder.answer(outcome, to: request, trace) { answer, cookies in
                var response = self.response(answer, in: request.words, action: Self.action(request))
                site.set(cookies, on: &response)
                return response
            }
        }
    }

    /// Where the forms post to: here again, in the language that was asked for.
    private static func action(_ request: Request) -> String {
        let asked = (try? request.query())?["ui_locales"].map { "?ui_locales=" + FormParameters.encode($0) }
        return "/devicelogin" + (asked ?? "")
    }

    private func response(_ answer: DeviceAnswer, in words: Words, action: String) -> Response {
        func hidden(_ code: String) -> [HiddenField] { [HiddenField(name: "otc", value: code)] }
        switch answer {
        case .enterCode(let isWrong): return responder.page(DeviceCodePage(action: action, code: nil, isWrong: isWrong, in: words))
        case .signIn(let facts, let code):
            return responder.page(SignInPage(facts, action: action, hidden: hidden(code), isDevice: true, in: words))
        case .pick(let accounts, let appName, let code):
            return responder.page(
                PickerPage(
                    action: action, appName: appName, accounts: accounts.map(PickerPage.Account.init),
                    hidden: hidden(code), isDevice: true, in: words))
        case .approved(let appName):
            return responder.page(MessagePage.signedInOnDevice(appName, in: words))
        case .declined(let appName):
            return responder.page(MessagePage.declinedOnDevice(appName, in: words))
        }
    }
}
