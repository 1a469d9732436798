import AsyncHTTPClient
import Foundation
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
    private static let http: HTTPClient.Configuration = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        return configuration
    }()

    /// Signs in through the real page, then redeems the code.
    ///
    /// - Returns: the refresh token.
    func signIn(_ user: String, password: String, to app: DemoApp, in tenant: String) async throws -> String {
        let verifier = "the-demo-has-nothing-to-hide-and-uses-one-verifier"
        let scope = "openid profile offline_access User.Read User.RevokeSessions.All"
        let page =
            "/\(tenant)/oauth2/v2.0/authorize?"
            + form([
                ("client_id", app.id), ("response_type", "code"), ("redirect_uri", app.redirectURI), ("scope", scope),
                ("code_challenge", verifier), ("code_challenge_method", "plain"), ("prompt", "login"),
            ])
        let shown = try await send("GET", page)
        let answer = try await send("POST", page, form: [("step", "signIn"), ("login", user), ("passwd", password)])
        guard shown.status == 200, let location = answer.location, let mark = location.firstIndex(of: "?"),
            let code = try FormParameters(Array(location[location.index(after: mark)...].utf8))["code"]
        else { throw StartError("the demo could not sign in \(user)") }
        let tokens = try await token(
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", app.redirectURI),
                ("code_verifier", verifier),
            ], of: app, in: tenant)
        guard let refreshToken = tokens["refresh_token"]?.text else { throw StartError("the demo could not redeem its code") }
        return refreshToken
    }

    func refresh(_ refreshToken: String, of app: DemoApp, in tenant: String) async throws -> JSON {
        try await token([("grant_type", "refresh_token"), ("refresh_token", refreshToken)], of: app, in: tenant)
    }

    /// Signs in as an administrator and revokes the user at Graph.
    ///
    /// - Returns: status and body of Graph's answer.
    func revoke(_ user: String, as administrator: String, in tenant: String, app: DemoApp) async throws -> String {
        let refreshToken = try await signIn(administrator, password: BuiltInLab.password, to: app, in: tenant)
        let tokens = try await refresh(refreshToken, of: app, in: tenant)
        let answer = try await send(
            "POST", "/v1.0/users/\(user)/revokeSignInSessions",
            headers: [("Authorization", "Bearer \(tokens["access_token"]?.text ?? "")")])
        return "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))"
    }

    @discardableResult
    func control(_ method: String, _ path: String, _ body: JSON) async throws -> JSON {
        let answer = try await send(
            method, "/_lapse/api/\(path)", headers: [("Content-Type", "application/json")], body: body.encoded)
        guard (200..<300).contains(answer.status) else {
            throw StartError("the demo's \(method) \(path) was answered \(answer.status)")
        }
        return JSON(parsing: answer.body) ?? .null
    }

    /// A picture that the control API draws.
    func picture(_ path: String) async throws -> String {
        let answer = try await send("GET", "/_lapse/api/\(path)")
        guard answer.status == 200 else { throw StartError("the demo's picture was answered \(answer.status)") }
        return String(decoding: answer.body, as: UTF8.self)
    }

    private func token(_ parameters: [(String, String)], of app: DemoApp, in tenant: String) async throws -> JSON {
        let answer = try await send("POST", "/\(tenant)/oauth2/v2.0/token", form: parameters + app.credentials)
        return JSON(parsing: answer.body) ?? .null
    }

    private func form(_ parameters: [(String, String)]) -> String {
        parameters.map { "\(FormParameters.encode($0.0))=\(FormParameters.encode($0.1))" }.joined(separator: "&")
    }

    private func send(_ method: String, _ path: String, form parameters: [(String, String)]) async throws -> Answer {
        try await send(
            method, path, headers: [("Content-Type", "application/x-www-form-urlencoded")], body: Array(form(parameters).utf8))
    }

    private struct Answer {
        let status: Int
        let location: String?
        let body: [UInt8]
    }

    private func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8] = []
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: address + path)
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(body) }
        let outgoing = request
        return try await HTTPClient.withHTTPClient(configuration: Self.http) { client in
            let response = try await client.execute(outgoing, timeout: .seconds(10))
            let buffer = try await response.body.collect(upTo: 1 << 20)
            return Answer(
                status: Int(response.status.code), location: response.headers.first(name: "Location"),
                body: Array(buffer.readableBytesView))
        }
    }
}
