/// Does a client ask the same thing again and again?
///
/// Entra: reference-breaking-changes.md (March 2019), fifteen identical requests within five minutes. Polling for a device code is
/// meant to be identical and does not count.
package enum ClientLoop {
    package static let threshold = 15
    package static let window = Duration.seconds(300)

    /// - Parameter repeated: how many identical requests there were within the window, this one too.
    package static func refusal(of request: TokenRequest, repeated: Int) -> EntraError? {
        guard repeated >= threshold else { return nil }
        if case .clientCredentials = request.grant { return AADSTS.clientLoop.error().with(status: 429, retryAfter: .seconds(60)) }
        return AADSTS.clientLoop.error()
    }
}

extension TokenRequest {
    /// The same for requests that ask for the same: client, flow, what is redeemed, scope.
    package var fingerprint: SecretHash {
        let redeemed =
            switch grant {
            case .authorizationCode(let code, _, _): code
            case .refreshToken(let text), .deviceCode(let text): text
            case .clientCredentials: ""
            case .password(let userName, let password): "\(userName)\n\(password)"
            case .onBehalfOf(let assertion): assertion
            }
        return SecretHash(of: "\(client.id)\n\(flow.rawValue)\n\(scope ?? "")\n\(redeemed)")
    }
}
