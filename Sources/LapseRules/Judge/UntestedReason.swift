/// Why did an app meet nothing that could be judged? Read from the log of its tenant, and from how much has reached Lapse at all.
package enum UntestedReason: Equatable, Sendable {
    case nothingReachedLapse
    /// Discovery, keys and their like, and nothing by which anybody signs in.
    case onlyMetadata
    /// A device code was issued and never entered.
    case deviceCodeNotEntered(ClientID?)
    /// It was entered, and the app never asked for the tokens.
    case deviceCodeNotRedeemed(ClientID?)
    /// The app sent its user to the sign-in page, and nobody signed in there.
    case nobodySignedIn(ClientID?)
    case signInRefused(AADSTS?)
    /// The token endpoint refused what the app asked for first.
    case requestRefused(AADSTS?)
    /// It got tokens, and every refresh was refused for how it was asked.
    case refreshesRefused(AADSTS?)
    /// Somebody signed in, and the app never redeemed the code.
    case codeNotRedeemed(ClientID?)
    /// Nobody told what the app answered.
    case nobodySaw
    /// Only applications on their own got tokens, and nobody's sign-ins can be revoked for them.
    case onlyApplications
    /// The app has its token and never asked for another. Whether that says xms_cc decides if a resource could challenge it.
    case neverAskedAgain(goodUntil: Timestamp?, isEvaluated: Bool)

    /// - Parameters:
    ///   - events: of the tenant, oldest first.
    ///   - requests: how many have reached the authority or Graph.
    ///   - wantsVisits: whether it was waited for what the app answers others.
    /// - Returns: nil when the log shows no reason.
    package init?(events: [LoggedEvent], requests: Int, wantsVisits: Bool = false) {
        let isSeen = !wantsVisits || events.contains { $0.event.kind == .pageShown && $0.event.client != nil }
        let events = events.map(\.event).filter { $0.client != nil || $0.kind == .signInRefused }
        func count(_ kinds: Event.Kind...) -> Int { events.count { kinds.contains($0.kind) } }
        func last(_ kinds: Event.Kind...) -> Event? { events.last { kinds.contains($0.kind) } }

        guard !events.isEmpty else {
            self = requests == 0 ? .nothingReachedLapse : .onlyMetadata
            return
        }
        let tokens = events.filter(\.bringsTokens)
        guard let newest = tokens.last else {
            // What it asked for was taken by a fault, and nobody knows what it would have done.
            if last(.faultHit) != nil { return nil }
            if let issued = last(.deviceCodeIssued), count(.deviceCodeIssued) > count(.deviceCodeApproved, .deviceCodeDeclined) {
                self = .deviceCodeNotEntered(issued.client)
            } else if let refused = last(.codeRefused, .deviceCodeRefused, .clientTokenRefused, .onBehalfOfRefused, .refreshRefused)
            {
                self = .requestRefused(refused.code)
            } else if let approved = last(.deviceCodeApproved) {
                self = .deviceCodeNotRedeemed(approved.client)
            } else if let issued = last(.codeIssued) {
                self = .codeNotRedeemed(issued.client)
            } else if let refused = last(.signInRefused) {
                self = .signInRefused(refused.code)
            } else if let asked = last(.signInRequested, .silentSignInRefused) {
                self = .nobodySignedIn(asked.client)
            } else {
                return nil
            }
            return
        }
        if tokens.allSatisfy({ $0.kind == .clientTokenIssued }) {
            self = .onlyApplications
            return
        }
        guard isSeen else {
            self = .nobodySaw
            return
        }
        let refusals = events.filter { $0.kind == .refreshRefused }
        if let last = refusals.last, refusals.allSatisfy({ $0.code?.isOfRequest == true }), count(.accessChallenged, .faultHit) == 0
        {
            self = .refreshesRefused(last.code)
            return
        }
        guard !events.contains(where: { [.refreshRefused, .accessChallenged, .faultHit].contains($0.kind) }) else { return nil }
        self = .neverAskedAgain(goodUntil: newest.accessToken?.endsAt, isEvaluated: newest.accessToken?.isEvaluated ?? false)
    }
}

extension Event {
    /// Whether the app got tokens by it.
    fileprivate var bringsTokens: Bool {
        switch kind {
        case .codeRedeemed, .deviceCodeRedeemed, .tokenRefreshed, .clientTokenIssued, .onBehalfOfIssued: true
        case .signedIn: grant != nil
        default: false
        }
    }
}
