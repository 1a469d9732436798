/// What does an event tell of an app? Each tells one of these, or nothing.
enum Observation: Equatable {
    /// A request was answered with 429 or 5xx, or not at all.
    case failure
    /// The token endpoint refused a request.
    case refusal
    /// New tokens arrived.
    case tokens
    /// The app sent somebody to a page, or to one with a device code.
    case signInRequest
    /// `prompt=none` was refused.
    case silentRefusal
    /// A resource demanded other claims of an access token.
    case challenge
    /// An access token was used after its grant died.
    case outlivedAccess
    /// A person ended on a page of the app.
    case page

    /// - Parameter hit: what a fault did to the request that wrote the event.
    init?(_ event: Event, hit: Event?) {
        if event.kind == .faultHit {
            guard event.notes.isFailure else { return nil }
            self = .failure
            return
        }
        // The app does not know what a request did whose answer did not arrive.
        if hit?.notes.isFailure == true { return nil }
        switch event.kind {
        case .refreshRefused, .codeRefused, .deviceCodeRefused, .clientTokenRefused, .onBehalfOfRefused: self = .refusal
        case .codeRedeemed, .deviceCodeRedeemed, .tokenRefreshed, .clientTokenIssued, .onBehalfOfIssued: self = .tokens
        // With a grant: somebody signed in with a password at the token endpoint.
        case .signedIn where event.grant != nil: self = .tokens
        case .silentSignInRefused: self = .silentRefusal
        case .accessChallenged: self = .challenge
        case .accessOutlived: self = .outlivedAccess
        case .pageShown: self = .page
        case _ where event.asksForSignIn: self = .signInRequest
        default: return nil
        }
    }
}

extension Event {
    /// An app sends somebody to a page, or to one with a device code.
    var asksForSignIn: Bool {
        switch kind {
        case .signInRequested, .deviceCodeIssued: true
        // A browser that still has a session shows no page.
        case .codeIssued: notes.prompt != AuthorizeRequest.Prompt.silent.rawValue
        default: false
        }
    }
}

extension Event.Notes {
    /// Whether the app got no answer to its question.
    fileprivate var isFailure: Bool { status.map { $0 >= 429 } ?? (responseFault != nil) }
}
