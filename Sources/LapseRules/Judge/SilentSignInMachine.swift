/// What does an app do after `prompt=none` was refused? It should show its user the sign-in page.
struct SilentSignInMachine: Equatable {
    enum State: Equatable {
        case quiet
        /// Refused, and nobody saw a page since.
        case refused(Incident)
    }

    enum Event {
        case refused(LoggedEvent)
        case tokens(LoggedEvent)
        case asked(LoggedEvent)
        /// The log ends here.
        case ended
    }

    let user: GUID?
    private let threshold: JudgeThreshold
    private(set) var state = State.quiet

    init(user: GUID?, threshold: JudgeThreshold = JudgeThreshold()) { (self.user, self.threshold) = (user, threshold) }

    var isOpen: Bool { state != .quiet }

    mutating func on(_ event: Event) -> [JudgeAction] {
        switch (event, state) {
        case (.refused(let logged), _):
            return onRefused(logged)
        case (.tokens(let logged), .refused(var incident)):
            incident.recovered = incident.step(logged)
            return close(incident)
        case (.asked(let logged), .refused(var incident)):
            incident.addRequest(logged)
            return close(incident)
        case (.ended, .refused(let incident)):
            return close(incident)
        case (_, .quiet):
            return []
        }
    }

    private mutating func onRefused(_ logged: LoggedEvent) -> [JudgeAction] {
        switch state {
        case .quiet:
            let incident = Incident(.silentRefusal, logged, user: user)
            state = .refused(incident)
            return [.opened(incident)]
        case .refused(var incident):
            // Gives up the state's copy, so that the arrays grow in place.
            state = .quiet
            incident.addRetry(logged)
            state = .refused(incident)
            return []
        }
    }

    private mutating func close(_ incident: Incident) -> [JudgeAction] {
        state = .quiet
        guard incident.retries.count > threshold.forgivenRetries else { return [.closed(incident)] }
        return [
            .found(
                incident.finding(
                    .loopsOnSilentSignIn,
                    "prompt=none was refused, and it asked for the same \(incident.retries.count) more times before anybody saw a page.",
                    incident.events)),
            .closed(incident),
        ]
    }
}
