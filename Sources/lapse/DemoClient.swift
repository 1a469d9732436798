import Foundation
import LapseClient
import LapseInstance
import LapseRules

/// An app of the demo.
struct DemoApp {
    let name: String
    let id: String
    /// Nil: a public client.
    let secret: String?
    let redirectURI = "http://localhost/cb"

    /// What the app adds to every call of the token endpoint.
    var credentials: [(String, String)] { [("client_id", id)] + (secret.map { [("client_secret", $0)] } ?? []) }
}

/// The demo's hands: what a browser, an app and an administrator send over HTTP.
struct DemoClient: Sendable {
    let address: String
    let tenant: String
    private let web = WebClient()

    /// Signs in through the real page, then redeems the code.
    ///
    /// - Returns: the refresh token.
    func signIn(_ user: String, password: String, to app: DemoApp) async throws -> String {
        let verifier = "the-demo-has-nothing-to-hide-and-uses-one-verifier"
        let scope = "openid profile offline_access User.Read User.RevokeSessions.All"
        let page =
            "\(address)/\(tenant)/oauth2/v2.0/authorize?"
            + FormParameters.encoded([
                ("client_id", app.id), ("response_type", "code"), ("redirect_uri", app.redirectURI), ("scope", scope),
                ("code_challenge", verifier), ("code_challenge_method", "plain"), ("prompt", "login"),
            ])
        var browser = PlainBrowser(client: web)
        guard let redirect = try await browser.signIn(at: page, as: Person(user: user, password: password)),
            let query = redirect.url.query(percentEncoded: true), let code = try FormParameters(Array(query.utf8))["code"]
        else { throw StartError("the demo could not sign in \(user)") }
        let tokens = try await token(
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", app.redirectURI),
                ("code_verifier", verifier),
            ], of: app)
        guard let refreshToken = tokens["refresh_token"]?.text else { throw StartError("the demo could not redeem its code") }
        return refreshToken
    }

    func refresh(_ refreshToken: String, of app: DemoApp) async throws -> JSON {
        try await token([("grant_type", "refresh_token"), ("refresh_token", refreshToken)], of: app)
    }

    /// Signs in as an administrator and revokes the user at Graph.
    ///
    /// - Returns: status and body of Graph's answer.
    func revoke(_ user: String, as administrator: String, app: DemoApp) async throws -> String {
        let refreshToken = try await signIn(administrator, password: BuiltInLab.password, to: app)
        let tokens = try await refresh(refreshToken, of: app)
        let answer = try await web.send(
            "POST", "\(address)/v1.0/users/\(user)/revokeSignInSessions",
            headers: [("Authorization", "Bearer \(tokens["access_token"]?.text ?? "")")])
        return "\(answer.status) \(answer.text)"
    }

    private func token(_ parameters: [(String, String)], of app: DemoApp) async throws -> JSON {
        try await web.send("\(address)/\(tenant)/oauth2/v2.0/token", form: parameters + app.credentials).json
    }
}
