import LapseRules
import LapseStore

/// What a browser brings to a page: which browser it is, and what the person did there.
package enum BrowserStep: Sendable {
    case arrived
    /// - Parameter newPassword: for an account whose password only serves to choose another one.
    case signIn(userName: String, Credential, newPassword: String?, staySignedIn: Bool)
    case picked(GUID)
    case otherAccount
    case consented(GUID)
    case declined
}

/// The cookies that name a browser, in clear.
package typealias BrowserCookies = [BrowserSession.Cookie: String]

/// What a person comes to authorize for.
package enum AuthorizePurpose: Sendable {
    case signIn
    /// To consent for everybody in the tenant: `/adminconsent`.
    case adminConsent
}

/// What the browser sees next.
package enum AuthorizeAnswer: Sendable {
    /// The sign-in page. The error is what was wrong with the last try.
    case signIn(SignInPageFacts)
    case pick([SignInDecision.Candidate], appName: String)
    case consent(SignInDecision.Candidate, appName: String, permissions: [String])
    /// To the redirect URI; with an id token that has still to be signed.
    case redirect(AuthorizeRequest.Target, FormAnswer, idToken: TokenPlan? = nil)
}

/// What the sign-in page says.
package struct SignInPageFacts: Sendable {
    package let appName: String
    package let directory: String
    package let userName: String?
    package let error: EntraError?
    /// Whether the page asks for a new password beside the one that has expired.
    package var asksForNewPassword: Bool { error?.code == .passwordExpired }
}
