/// An endpoint that can be tried without the token or the cookie.
package enum TrialEndpoint: String, CaseIterable, Sendable {
    /// A refresh, and Graph's `me` with the grant's newest access token.
    case token, graph
    /// A silent sign-in (`prompt=none`) of a browser with the session.
    case authorize
}
