import ArgumentParser
import LapseInstance
import LapseRules

/// `lapse explain TOKEN`.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Why a refresh token, session cookie or access token is accepted or refused, where, and when that changes.")

    @Argument(help: "The token, or the value of ESTSAUTH or ESTSAUTHPERSISTENT; - reads it from the standard input.")
    var token: String
    @Option(help: "Explain another instant than now (RFC 3339).")
    var at: String?
    @Option(help: "This region alone.")
    var region: String?
    @OptionGroup var options: ServerOptions

    func run() async throws {
        try await options.run { client in
            guard let text = token == "-" ? readLine() : token, !text.isEmpty else {
                throw StartError("there is no token to explain")
            }
            let body = JSON.object([
                .init(name: Self.kind(of: text), value: .string(text)), .init(name: "at", value: JSON(at)),
                .init(name: "region", value: JSON(region)),
            ])
            let answer = try await client.send("POST", client.path("explain"), body)
            client.show(answer, Self.lines)
        }
    }

    /// What the text looks like: a refresh token begins with a version, an access token has three parts, a cookie has neither.
    static func kind(of text: String) -> String {
        if text.hasPrefix(RefreshToken.prefix) { return "refresh_token" }
        return text.split(separator: ".", omittingEmptySubsequences: false).count == 3 ? "access_token" : "session"
    }

    private static func lines(_ answer: JSON) -> [String] {
        guard answer["known"]?.isTrue == true else { return [answer.shown("reason")] }
        let what = answer.shown("kind").replacing("_", with: " ")
        let client = answer.shown("client").isEmpty ? "" : ", client \(answer.shown("client"))"
        let verdicts = (answer["verdicts"]?.elements ?? []).flatMap { verdict in
            let code = verdict.shown("code").isEmpty ? "" : " (\(verdict.shown("code")))"
            let change = verdict.shown("changesAt").isEmpty ? "" : ", changes at \(verdict.shown("changesAt"))"
            return [
                "\(verdict.shown("plane")) in \(verdict.shown("region")): "
                    + (verdict["accepted"]?.isTrue == true ? "accepted" : "refused") + code + change, "    " + verdict.shown("why"),
            ]
        }
        return [
            "\(what.first == "a" ? "An" : "A") \(what) of user \(answer.shown("user"))\(client), signed in at \(answer.shown("authTime")).",
            "At \(answer.shown("at")):",
        ] + verdicts + ["What happened:"] + EventText.lines(answer["history"]?.elements ?? [])
    }
}
