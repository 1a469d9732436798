/// What the judge looks for, each with the guidance behind it and what to change.
package enum ReactionRule: String, CaseIterable, Sendable {
    case retriesDeadToken, takesRefusalForOutage, keepsItsSession
    case ignoresClaimsChallenge, forgetsTheDemand
    case loopsOnSilentSignIn, looping
    case ignoresRetryAfter, hammersThroughOutage, losesLivingToken
    case disturbsOthers
    case showsServerError, showsStalePage
    case flattensRefusal, showsConnected
    case showsErrorPage, showsOutage
    case hasNotAskedYet
    case signsInAgain, answersChallenge, outlivesOutage

    package enum Severity: String, CaseIterable, Sendable {
        /// The app has to change.
        case fail
        /// Worth a look.
        case note
        /// As it should be.
        case good
    }

    package struct Guidance: Equatable, Sendable {
        package let title: String
        package let url: String
    }

    private static let refreshTokens = Guidance(
        title: "Refresh tokens in the Microsoft identity platform",
        url: "https://learn.microsoft.com/entra/identity-platform/refresh-tokens")
    private static let errors = Guidance(
        title: "RFC 6749, section 5.2: invalid_grant", url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2")
    private static let evaluation = Guidance(
        title: "How to use continuous access evaluation enabled APIs in your applications",
        url: "https://learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation")
    private static let challenge = Guidance(
        title: "Claims challenges, claims requests and client capabilities",
        url: "https://learn.microsoft.com/entra/identity-platform/claims-challenge")
    private static let loops = Guidance(
        title: "Breaking changes to the authentication protocols, March 2019: looping clients will be interrupted",
        url: "https://learn.microsoft.com/entra/identity-platform/reference-breaking-changes")
    private static let silent = Guidance(
        title: "OpenID Connect Core 1.0, section 3.1.2.6: login_required",
        url: "https://openid.net/specs/openid-connect-core-1_0.html#AuthError")
    private static let retryAfter = Guidance(
        title: "RFC 9110, section 10.2.3: Retry-After", url: "https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3")
    private static let resilience = Guidance(
        title: "Increase the resilience of authentication and authorization in client applications",
        url: "https://learn.microsoft.com/entra/architecture/resilience-client-app")

    // swift-format-ignore
    private var row: (Severity, Guidance, advice: String) {
        switch self {
        case .retriesDeadToken: (.fail, Self.errors, "On invalid_grant drop the refresh token and send the user to authorize; never present it again.")
        case .takesRefusalForOutage: (.fail, Self.errors, "Branch on `error`: only temporarily_unavailable, 429 and 5xx are worth another try; on every other refusal ask the user to sign in.")
        case .keepsItsSession: (.fail, Self.refreshTokens, "When a refresh is refused end the app's own session too, and ask the user to sign in.")
        case .ignoresClaimsChallenge: (.fail, Self.evaluation, "On a 401 with claims drop the access token and ask for a new one with those claims; send the user to sign in with them when that is refused.")
        case .forgetsTheDemand: (.note, Self.challenge, "Hand the claims of the challenge back in the authorize request, or the next token meets the same challenge.")
        case .loopsOnSilentSignIn: (.fail, Self.silent, "Ask with prompt=none once; on login_required or interaction_required show the sign-in page.")
        case .looping: (.fail, Self.loops, "Keep and use the tokens you are given, and do not send a request again that was refused.")
        case .ignoresRetryAfter: (.fail, Self.retryAfter, "Wait as long as Retry-After says before the next request.")
        case .hammersThroughOutage: (.fail, Self.resilience, "Retry a failing service a few times with growing pauses, not at once.")
        case .losesLivingToken: (.fail, Self.resilience, "Keep the refresh token through an outage: an answer that failed or was lost says nothing about it.")
        case .disturbsOthers: (.fail, Self.refreshTokens, "Let a refusal end only the sign-in of its own user.")
        case .showsServerError: (.fail, Self.errors, "Catch what the library raises for a refusal, and send the user to sign in; a 5xx page tells them nothing.")
        case .showsStalePage: (.fail, Self.refreshTokens, "End the app's own session when its sign-in was refused, and ask the user to sign in before anything of theirs is shown again.")
        case .flattensRefusal: (.fail, Self.errors, "Pass a refusal on: answer your own clients' refreshes with 400 invalid_grant when the token behind them is dead, and 401 elsewhere; never with a 5xx.")
        case .showsConnected: (.fail, Self.refreshTokens, "Count a connection as gone when its token was refused, say so to whoever asks, and offer to sign in again.")
        case .showsErrorPage: (.note, Self.refreshTokens, "Show the sign-in page in place of an error: signing in again is all that the user can do.")
        case .showsOutage: (.note, Self.resilience, "Say that signing in does not work at the moment, and that the user may try again.")
        case .hasNotAskedYet: (.note, Self.refreshTokens, "When the user is there again, send them to sign in.")
        case .signsInAgain: (.good, Self.refreshTokens, "Nothing to change.")
        case .answersChallenge: (.good, Self.evaluation, "Nothing to change.")
        case .outlivesOutage: (.good, Self.resilience, "Nothing to change.")
        }
    }

    package var severity: Severity { row.0 }
    package var guidance: Guidance { row.1 }
    /// What to change, in a sentence.
    package var advice: String { row.advice }
}
