import Hummingbird
import LapsePages
import LapseRules
import LapseService

/// `/devicelogin`: where a person approves the sign-in of a device.
struct DeviceLoginEndpoint {
    let site: Site

    private var voice: PageVoice { PageVoice(site: site) }

    func get(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await voice.speaking(request, context) { _ in
            voice.page(DeviceCodePage(code: try request.query()["otc"], isWrong: false))
        }
    }

    func post(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await voice.speaking(request, context) { trace in
            let form = try await request.form()
            try OwnForm.check(request, origin: trace.origin)
            let code = form["otc"] ?? ""
            let step: DeviceStep =
                switch form["step"] {
                case "code", nil: .entered(code: code)
                default: .step(code: code, try BrowserStep(form, request, origin: trace.origin))
                }
            let (answer, landing) = try site.authority.approveDevice(step, cookies: site.cookies(of: request), trace: trace)
            return self.answer(answer).landed(landing)
        }
    }

    private func answer(_ answer: DeviceAnswer) -> Response {
        func hidden(_ code: String) -> [HiddenField] { [HiddenField(name: "otc", value: code)] }
        switch answer {
        case .enterCode(let isWrong): return voice.page(DeviceCodePage(code: nil, isWrong: isWrong))
        case .signIn(let facts, let code):
            return voice.page(SignInPage(facts, action: "/devicelogin", hidden: hidden(code)))
        case .pick(let accounts, let appName, let code):
            return voice.page(
                PickerPage(
                    action: "/devicelogin", appName: "\(appName) on another device",
                    accounts: accounts.map(PickerPage.Account.init),
                    hidden: hidden(code), isDevice: true))
        case .approved(let appName, let cookies):
            var response = voice.page(
                MessagePage(
                    heading: "You are signed in", text: "You have signed in to \(appName) on your device. You may close this page.")
            )
            site.set(cookies, on: &response)
            return response
        case .declined(let appName):
            return voice.page(MessagePage(heading: "Sign-in declined", text: "\(appName) on the other device was not signed in."))
        }
    }
}
