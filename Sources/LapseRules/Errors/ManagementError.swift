/// A refusal of Azure Resource Manager.
package struct ManagementError: Error, Equatable, Sendable {
    package let status: Int
    package let code: String
    package let message: String
    /// What the challenge of a 401 says, where that differs from the message.
    private let challenge: String?
    /// The claims that the next token has to have, as JSON; nil when the refusal is no challenge.
    package let claims: String?
    package let variant: FaultEffect.ChallengeVariant?
    /// How long the client is asked to wait; nil: it is not asked.
    package let retryAfter: Duration?

    private init(
        _ status: Int, _ code: String, _ message: String, challenge: String? = nil, claims: String? = nil,
        variant: FaultEffect.ChallengeVariant? = nil, retryAfter: Duration? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.challenge = challenge
        self.claims = claims
        self.variant = variant
        self.retryAfter = retryAfter
    }

    /// What went wrong at an endpoint of Lapse, in the words of this one. Entra: recorded for the claims challenge; Assumption: the rest.
    package init(_ error: GraphError) {
        if let claims = error.claims {
            self.init(
                401, "AuthenticationFailed", "Authentication failed.", challenge: "User session has been revoked", claims: claims,
                variant: error.variant)
            return
        }
        switch error {
        case .emptyToken:
            self.init(
                401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.",
                challenge: "The authentication failed because of missing 'Authorization' header.")
        case .expiredToken: self.init(401, "ExpiredAuthenticationToken", "The access token is expired.")
        case .wrongAudience:
            self.init(
                401, "InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource.")
        case .denied:
            self.init(403, "AuthorizationFailed", "The client does not have authorization to perform this action.")
        case .garbageToken, .wrongSignature: self.init(401, "InvalidAuthenticationToken", "The access token is invalid.")
        default: self.init(error.status, error.code, error.message, retryAfter: error.retryAfter)
        }
    }

    package static let missingVersion = ManagementError(
        400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")

    package static func unknownPath(_ path: String) -> ManagementError {
        ManagementError(404, "InvalidResource", "Nothing is at the path '\(path.prefix(200))'.")
    }

    /// The `error_description` of the header `WWW-Authenticate`.
    package var challengeText: String { challenge ?? message }

    package var json: JSON { ["error": ["code": .string(code), "message": .string(message)]] }
}
