import ArgumentParser
import Foundation
import LapseInstance
import LapseRules

/// `lapse demo`: plays "the lost laptop" against a Lapse of its own, over real HTTP, in seconds, by moving the clock.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Plays \"the lost laptop\": sign in, revoke, wait for the delay, be refused, sign in again.")

    @Option(help: "Write the timeline to this file, as SVG.")
    var svg: String?

    func run() async throws {
        var settings = Settings()
        settings.isEphemeral = true
        settings.httpsPort = .off
        settings.httpPort = .number(0)
        let instance = try await Instance(settings, log: StandardStream.log)
        defer { instance.folder.remove() }
        do {
            try await instance.run { addresses in
                let address = addresses.http ?? ""
                try await LostLaptop(
                    client: DemoClient(address: address, tenant: BuiltInLab.domain),
                    control: ControlClient(server: address, tenant: BuiltInLab.domain)
                ).play(svg: svg)
            }
        } catch is Instance.Interrupted {}
    }
}

/// The story: who does what, told as it happens. Everything goes over HTTP, as an app, a browser and an administrator would.
private struct LostLaptop {
    let client: DemoClient
    let control: ControlClient
    private let phone = DemoApp(name: "phone app", id: BuiltInLab.native.description, secret: nil)
    private let laptop = DemoApp(name: "web app", id: BuiltInLab.web.description, secret: BuiltInLab.webSecret)

    func play(svg: String?) async throws {
        say(
            "The lost laptop", "A local Lapse at \(client.address); its clock stands still, a revoke takes three minutes to arrive."
        )
        try await control.send("PUT", control.path("clock"), ["mode": "frozen"])
        try await control.send(
            "PUT", control.path("propagation"), ["planes": ["refresh": ["fixed": "PT3M"], "session": ["fixed": "PT3M"]]])

        step("0:00", "Adele signs in to two apps with her password: one on her phone, one on her laptop.")
        var phoneToken = try await signIn(BuiltInLab.adele, to: phone)
        let laptopToken = try await signIn(BuiltInLab.adele, to: laptop)
        phoneToken = try await refresh(phoneToken, of: phone)
        _ = try await refresh(laptopToken, of: laptop)

        step(
            "0:00", "The laptop is lost. An administrator calls Graph: POST /v1.0/users/\(BuiltInLab.adele)/revokeSignInSessions")
        let answer = try await client.revoke(BuiltInLab.adele, as: BuiltInLab.admin, app: phone)
        tell("Graph answers \(answer)")

        try await advance(1)
        step("0:01", "Revoked. And yet:")
        phoneToken = try await refresh(phoneToken, of: phone)
        _ = try await refresh(laptopToken, of: laptop)

        try await advance(2)
        step("0:03", "Now the token endpoint enforces it.")
        let refusedPhone = try await refresh(phoneToken, of: phone)
        let refusedLaptop = try await refresh(laptopToken, of: laptop)

        step("0:03", "The apps send Adele to sign in again.")
        let newToken = try await signIn(BuiltInLab.adele, to: phone)
        let isBack = try await !refresh(newToken, of: phone).isEmpty

        timeline()
        guard refusedPhone.isEmpty, refusedLaptop.isEmpty, isBack else { throw StartError("the demo did not go as told") }
        guard let svg else {
            StandardStream.output.say(
                "To see it drawn: lapse demo --svg demo.svg. Of a Lapse that runs: lapse timeline --user USER --svg FILE")
            return
        }
        let picture = try await control.send("GET", control.path("users", BuiltInLab.adele, "timeline.svg"))
        try write(picture.text, to: svg, asked: "--svg")
        StandardStream.output.say("The timeline is in \(svg)")
    }

    private func signIn(_ user: String, to app: DemoApp) async throws -> String {
        let token = try await client.signIn(user, password: BuiltInLab.password, to: app)
        tell("\(app.name): signed in, has a refresh token")
        return token
    }

    /// The next refresh token; empty when the old one was refused.
    private func refresh(_ token: String, of app: DemoApp) async throws -> String {
        let answer = try await client.refresh(token, of: app)
        if let next = answer["refresh_token"]?.text {
            tell("\(app.name): refresh works")
            return next
        }
        let text = answer["error_description"]?.text ?? ""
        let code = text.prefix { $0 != ":" }
        tell("\(app.name): refused, \(answer["error"]?.text ?? "") \(code), suberror \(answer["suberror"]?.text ?? "none")")
        return ""
    }

    private func advance(_ minutes: Int) async throws {
        try await control.send("POST", control.path("clock", "advance"), ["by": .string("PT\(minutes)M")])
    }

    private func say(_ title: String, _ text: String) { StandardStream.output.say("\(title)\n\(text)\n") }
    private func step(_ time: String, _ text: String) { StandardStream.output.say("\(time)  \(text)") }
    private func tell(_ text: String) { StandardStream.output.say("      \(text)") }

    private func timeline() {
        StandardStream.output.say(
            """

              minute     0:00      0:01      0:02      0:03
              phone app  o---------o-------------------x o
              web app    o---------o-------------------x
              revoke     ^.............................|
                         stamped, not yet in effect     in effect: refused until the next sign-in

            """)
    }
}
