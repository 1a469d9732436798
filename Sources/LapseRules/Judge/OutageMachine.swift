/// What does an app do while an endpoint fails? It should wait, keep its tokens, and come back with them.
struct OutageMachine: Equatable {
    enum State: Equatable {
        case working
        case failing(Outage)
    }

    struct Outage: Equatable {
        var incident: Incident
        var lastFailedAt: Timestamp
        /// Of the last failure: how long it told the app to wait.
        var wait: Duration?
        /// The requests that came before such a wait was over.
        var early: [Incident.Step] = []
    }

    /// A live grant, and the events that show that the app asked for another one because of an outage.
    struct Abandoned: Equatable {
        let grant: GUID
        let events: [Int64]
    }

    enum Event {
        case failed(LoggedEvent)
        case refused(LoggedEvent)
        case tokens(LoggedEvent)
        /// Somebody was asked to sign in. With the grant that is good for all that the app knows; nil: it has a reason to ask.
        case asked(LoggedEvent, liveGrant: GUID?)
        /// The log ends here.
        case ended
    }

    let user: GUID?
    private let threshold: JudgeThreshold
    private(set) var state = State.working
    /// Lost only if they never come back: the user may have signed in on another device.
    private(set) var abandoned: [Abandoned] = []

    init(user: GUID?, threshold: JudgeThreshold = JudgeThreshold()) { (self.user, self.threshold) = (user, threshold) }

    var isOpen: Bool { state != .working }

    mutating func on(_ event: Event) -> [JudgeAction] {
        switch event {
        case .failed(let logged): onFailed(logged)
        case .refused(let logged): onRefused(logged)
        case .tokens(let logged): onTokens(logged)
        case .asked(let logged, let liveGrant): onAsked(logged, liveGrant: liveGrant)
        case .ended: onEnded()
        }
    }

    private mutating func onFailed(_ logged: LoggedEvent) -> [JudgeAction] {
        let notes = logged.event.notes
        if case .failing(var outage) = state, outage.incident.endpoint == notes.endpoint {
            // Gives up the state's copy, so that the arrays grow in place.
            state = .working
            outage.noteIfEarly(logged, rounding: threshold.retryAfterRounding)
            outage.incident.addRetry(logged)
            outage.incident.retryAfter = notes.retryAfter ?? outage.incident.retryAfter
            outage.lastFailedAt = logged.writtenAt
            outage.wait = notes.retryAfter
            state = .failing(outage)
            return []
        }
        let actions = close(recovered: nil)
        let incident = Incident(.outage, logged, user: user)
        state = .failing(Outage(incident: incident, lastFailedAt: logged.writtenAt, wait: notes.retryAfter))
        return actions + [.opened(incident)]
    }

    private mutating func onRefused(_ logged: LoggedEvent) -> [JudgeAction] {
        abandoned.removeAll { $0.grant == logged.event.grant }
        guard case .failing(var outage) = state, outage.incident.endpoint == .token else { return [] }
        outage.noteIfEarly(logged, rounding: threshold.retryAfterRounding)
        state = .failing(outage)
        return close(recovered: nil)
    }

    private mutating func onTokens(_ logged: LoggedEvent) -> [JudgeAction] {
        abandoned.removeAll { $0.grant == logged.event.grant }
        guard case .failing(var outage) = state, !outage.incident.leavesNoTraceOfRecovery else { return [] }
        if outage.incident.endpoint == .token { outage.noteIfEarly(logged, rounding: threshold.retryAfterRounding) }
        state = .failing(outage)
        return close(recovered: logged)
    }

    private mutating func onAsked(_ logged: LoggedEvent, liveGrant: GUID?) -> [JudgeAction] {
        guard case .failing(var outage) = state, let liveGrant,
            logged.writtenAt - outage.lastFailedAt <= threshold.signInAfterOutage
        else { return [] }
        outage.incident.addRequest(logged)
        state = .failing(outage)
        abandoned.append(Abandoned(grant: liveGrant, events: [outage.incident.event, logged.id]))
        return close(recovered: nil)
    }

    private mutating func onEnded() -> [JudgeAction] {
        close(recovered: nil)
            + abandoned.map {
                .found(
                    Finding(
                        rule: .losesLivingToken, user: user,
                        says: "An outage was all that happened, and it sent its user to sign in while its refresh token was good.",
                        events: $0.events))
            }
    }

    private mutating func close(recovered: LoggedEvent?) -> [JudgeAction] {
        guard case .failing(let outage) = state else { return [] }
        state = .working
        var incident = outage.incident
        if let recovered {
            incident.recovered = incident.step(recovered)
            incident.events.append(recovered.id)
        }
        if let haste = haste(of: incident, early: outage.early) { return [.found(haste), .closed(incident)] }
        // A new sign-in is not the token that it had.
        guard let recovered, [.tokenRefreshed, .clientTokenIssued, .onBehalfOfIssued].contains(recovered.event.kind) else {
            return [.closed(incident)]
        }
        return [
            .found(
                incident.finding(
                    .outlivesOutage,
                    "An answer failed or was lost on its way; it came back with the token that it had, and went on.",
                    [incident.event, recovered.id])),
            .closed(incident),
        ]
    }

    private func haste(of incident: Incident, early: [Incident.Step]) -> Finding? {
        let isLate = early.contains { $0.after > threshold.concurrentRequests }
        if early.count > threshold.forgivenRetries || isLate, let wait = incident.retryAfter {
            return incident.finding(
                .ignoresRetryAfter,
                "It was told to wait \(wait.iso8601), and came back before that \(early.count == 1 ? "once" : "\(early.count) times").",
                [incident.event] + early.map(\.event))
        }
        let soon = incident.retries.count { $0.after <= .seconds(1) }
        guard incident.retryAfter == nil, soon > threshold.retriesInFirstSecond else { return nil }
        return incident.finding(
            .hammersThroughOutage, "The service failed, and it came back \(soon) times within a second.", incident.events)
    }
}

extension OutageMachine.Outage {
    fileprivate mutating func noteIfEarly(_ logged: LoggedEvent, rounding: Duration) {
        guard let wait, logged.writtenAt - lastFailedAt + rounding < wait else { return }
        early.append(incident.step(logged))
    }
}
