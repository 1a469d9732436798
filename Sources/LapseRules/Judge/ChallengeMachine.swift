/// What does an app do after a resource demanded other claims of its access token? It should ask for a token with them.
struct ChallengeMachine: Equatable {
    enum State: Equatable {
        case unchallenged
        /// It holds no newer token than the one that was challenged.
        case challenged(Incident, accessToken: String?)
        /// It refreshed its tokens since, and did not hand the claims back: it may meet the same demand again.
        case refreshedWithoutClaims(Incident)
    }

    enum Event {
        case challenged(LoggedEvent)
        case tokens(LoggedEvent)
        case asked(LoggedEvent)
        /// The log ends here.
        case ended
    }

    let user: GUID?
    private let threshold: JudgeThreshold
    private(set) var state = State.unchallenged

    init(user: GUID?, threshold: JudgeThreshold = JudgeThreshold()) { (self.user, self.threshold) = (user, threshold) }

    var isOpen: Bool { state != .unchallenged }

    mutating func on(_ event: Event) -> [JudgeAction] {
        switch event {
        case .challenged(let logged): onChallenged(logged)
        case .tokens(let logged): onTokens(logged)
        case .asked(let logged): onAsked(logged)
        case .ended: close(isAnswered: false)
        }
    }

    private mutating func onChallenged(_ logged: LoggedEvent) -> [JudgeAction] {
        switch state {
        case .challenged(var incident, let accessToken) where accessToken == logged.event.presented:
            // Gives up the state's copy, so that the arrays grow in place.
            state = .unchallenged
            incident.addRetry(logged)
            state = .challenged(incident, accessToken: accessToken)
            return []
        case .refreshedWithoutClaims(var incident):
            state = .unchallenged
            incident.addRetry(logged)
            state = .refreshedWithoutClaims(incident)
            return []
        case .unchallenged, .challenged:
            let actions = close(isAnswered: false)
            let incident = Incident(.challenge, logged, user: user)
            state = .challenged(incident, accessToken: logged.event.presented)
            return actions + [.opened(incident)]
        }
    }

    private mutating func onTokens(_ logged: LoggedEvent) -> [JudgeAction] {
        guard var incident = state.incident else { return [] }
        let isAnswered = logged.event.notes.answersChallenge || incident.asked?.carriesClaims == true
        if incident.recovered == nil {
            incident.recovered = incident.step(logged)
            incident.events.append(logged.id)
        }
        state = .refreshedWithoutClaims(incident)
        // All but such a refresh is the end of this challenge.
        let isRefreshed = logged.event.kind == .tokenRefreshed && logged.event.grant == incident.grant
        return isRefreshed && !isAnswered ? [] : close(isAnswered: isAnswered)
    }

    private mutating func onAsked(_ logged: LoggedEvent) -> [JudgeAction] {
        switch state {
        case .challenged(var incident, let accessToken) where incident.asked == nil:
            incident.addRequest(logged)
            state = .challenged(incident, accessToken: accessToken)
        case .refreshedWithoutClaims(var incident) where incident.asked == nil:
            incident.addRequest(logged)
            state = .refreshedWithoutClaims(incident)
        case .unchallenged, .challenged, .refreshedWithoutClaims: break
        }
        return []
    }

    private mutating func close(isAnswered: Bool) -> [JudgeAction] {
        guard let incident = state.incident else { return [] }
        state = .unchallenged
        if incident.retries.count > threshold.forgivenRetries {
            return [
                .found(
                    incident.finding(
                        .ignoresClaimsChallenge,
                        "A resource challenged its access token, and it came back \(incident.retries.count) more times without handing the claims back.",
                        incident.events)),
                .closed(incident),
            ]
        }
        if let next = incident.asked ?? incident.recovered, !isAnswered, !next.carriesClaims {
            return [
                .found(
                    incident.finding(
                        .forgetsTheDemand,
                        "A resource challenged its access token with claims, and it asked for another without handing them back.",
                        [incident.event, next.event])),
                .closed(incident),
            ]
        }
        guard let recovered = incident.recovered else { return [.closed(incident)] }
        return [
            .found(
                incident.finding(
                    .answersChallenge, "A resource challenged its access token, and it came back with one that the resource takes.",
                    [incident.event, recovered.event])),
            .closed(incident),
        ]
    }
}

extension ChallengeMachine.State {
    fileprivate var incident: Incident? {
        switch self {
        case .unchallenged: nil
        case .challenged(let incident, _), .refreshedWithoutClaims(let incident): incident
        }
    }
}
