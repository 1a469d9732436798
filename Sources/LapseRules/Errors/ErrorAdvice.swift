/// What a good app does about a code: the one rule of docs/codes.md, told apart by the OAuth error that comes with it.
package enum ErrorAdvice: String, CaseIterable, Sendable {
    /// What was sent is of no use any more.
    case signInAgain
    /// The same, and authorize has to hear the answer's claims.
    case signInWithClaims
    /// Nothing can be settled without the user, and nothing is lost.
    case showPage
    /// The same once more, later.
    case waitAndRetry
    /// The user is not done yet.
    case goOnAsking
    /// The request or the registration is wrong.
    case changeRequest
}

extension AADSTS {
    package var advice: ErrorAdvice {
        if usualClaims != nil { return .signInWithClaims }
        return switch row.error {
        case "invalid_grant", "expired_token", "interaction_required", "consent_required": .signInAgain
        case "login_required", "access_denied", "authorization_declined": .showPage
        case "temporarily_unavailable", "server_error": .waitAndRetry
        case "authorization_pending", "slow_down": .goOnAsking
        default: .changeRequest
        }
    }

    /// The code's text for everybody: an ellipsis stands for what an answer would name.
    package var generalText: String { row.text.replacingPlaceholders(with: "…") }
}
