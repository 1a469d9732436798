import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A small app that says who is signed in. It has its own token code and knows nothing of Lapse but its addresses.
actor NotesApp {
    enum Habit: Sendable {
        /// After a refusal it drops its refresh token and asks its user to sign in.
        case asksAgain
        /// It takes every refusal for an outage and presents the same token again.
        case presentsTheDeadToken
    }

    private let server: String
    private let authority: String
    private let client: String
    private let habit: Habit
    /// Shows its user a page.
    private let show: @Sendable (URL) async throws -> Void
    private var refreshToken: String?
    private var accessToken: String?

    /// - Parameter refreshToken: what it kept when it ran the last time.
    init(
        _ environment: [String: String], refreshToken: String?, _ habit: Habit = .asksAgain,
        show: @escaping @Sendable (URL) async throws -> Void
    ) {
        // Without TLS: URLSession on Linux trusts no CA but the system's.
        server = environment["LAPSE_HTTP"] ?? ""
        authority = "\(server)/\(environment["LAPSE_TENANT"] ?? "")/oauth2/v2.0"
        client = environment["LAPSE_CLIENT_ID"] ?? ""
        (self.refreshToken, self.habit, self.show) = (refreshToken, habit, show)
    }

    /// - Returns: the name of who is signed in; nil: the user has to sign in first.
    func name() async throws -> String? {
        for _ in 0..<2 {
            guard let token = try await token() else { return nil }
            var request = URLRequest(url: URL(string: "\(server)/v1.0/me")!)
            request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
            let (status, me) = try await answer(to: request)
            if status == 200 { return me["userPrincipalName"] as? String }
            accessToken = nil
        }
        return nil
    }

    /// - Returns: a token that the app has or gets; nil: the user has to sign in first.
    private func token() async throws -> String? {
        if let accessToken { return accessToken }
        for _ in 0..<(habit == .asksAgain ? 1 : 3) {
            guard let kept = refreshToken else { break }
            var request = URLRequest(url: URL(string: "\(authority)/token")!)
            request.httpMethod = "POST"
            let fields = ["grant_type": "refresh_token", "client_id": client, "refresh_token": kept]
            request.httpBody = Data(Self.query(fields).utf8)
            let (status, tokens) = try await answer(to: request)
            if status == 200 {
                accessToken = tokens["access_token"] as? String
                refreshToken = tokens["refresh_token"] as? String ?? kept
                return accessToken
            }
            // invalid_grant and interaction_required end what was presented.
            if habit == .asksAgain { refreshToken = nil }
        }
        if habit == .asksAgain { try await show(signInPage) }
        return nil
    }

    private var signInPage: URL {
        let fields = [
            "client_id": client, "response_type": "code", "redirect_uri": "http://localhost", "scope": "User.Read offline_access",
            "state": "1", "code_challenge": String(repeating: "a", count: 43), "code_challenge_method": "S256",
        ]
        return URL(string: "\(authority)/authorize?\(Self.query(fields))")!
    }

    private static func query(_ fields: [String: String]) -> String {
        var components = URLComponents()
        components.queryItems = fields.map { URLQueryItem(name: $0.key, value: $0.value) }
        return components.percentEncodedQuery ?? ""
    }

    private func answer(to request: URLRequest) async throws -> (status: Int, json: [String: Any]) {
        let (data, answer) = try await URLSession.shared.data(for: request)
        let json = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return ((answer as? HTTPURLResponse)?.statusCode ?? 0, json ?? [:])
    }
}

/// A person with a browser: looks at the page.
@Sendable func look(at page: URL) async throws { _ = try await URLSession.shared.data(from: page) }
