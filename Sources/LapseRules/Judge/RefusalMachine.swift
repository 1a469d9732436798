/// What does an app do after the token endpoint refused what it presented? It should drop that and ask its user to sign in.
struct RefusalMachine: Equatable {
    enum State: Equatable {
        /// Nothing is refused. The grant of the last tokens is live; nil: there is none, or it was refused.
        case accepted(liveGrant: GUID?)
        /// Refused, and nobody was asked to sign in yet.
        case refused(Refusal)
        /// Refused, and somebody was asked to sign in.
        case asked(Refusal)
    }

    struct Refusal: Equatable {
        var incident: Incident
        /// Whether it came with claims to hand back.
        let demandsClaims: Bool
        /// The calls since then with an access token of a dead grant.
        var outlivedCalls: [Int64] = []
    }

    /// What was presented of one grant after its first refusal, as far as no finding names it. Where regions disagree a dead token is
    /// accepted now and then, which ends an incident: an app that goes on trying is no better for it.
    struct Retries: Equatable {
        let grant: GUID?
        /// The times between two tries.
        var gaps: [Duration] = []
        var events: [Int64] = []
        /// When it was refused last.
        var refusedAt: Timestamp?
        /// Whether the user has signed in again since: whoever still presents the dead token has not learned of it.
        var isReplaced = false
    }

    enum Event {
        case refused(LoggedEvent)
        case tokens(LoggedEvent)
        case asked(LoggedEvent)
        case outlivedAccess(LoggedEvent)
        /// The log ends here. With whether no finding of weight "fail" was made so far.
        case ended(isFaultless: Bool)
    }

    let user: GUID?
    private let threshold: JudgeThreshold
    private(set) var state = State.accepted(liveGrant: nil)
    private(set) var retries: Retries?

    init(user: GUID?, threshold: JudgeThreshold = JudgeThreshold()) { (self.user, self.threshold) = (user, threshold) }

    var isOpen: Bool { state.refusal != nil }

    /// The grant that is good, as far as the app can know.
    var liveGrant: GUID? {
        if case .accepted(let grant) = state { grant } else { nil }
    }

    mutating func on(_ event: Event) -> [JudgeAction] {
        switch event {
        // A mistake in the request, or in who asks, says nothing about the token.
        case .refused(let logged): logged.event.code?.endsWhatWasPresented == true ? onRefused(logged) : []
        case .tokens(let logged): onTokens(logged)
        case .asked(let logged): onAsked(logged)
        case .outlivedAccess(let logged): onOutlivedAccess(logged)
        case .ended(let isFaultless): onEnded(isFaultless: isFaultless)
        }
    }

    private mutating func onRefused(_ logged: LoggedEvent) -> [JudgeAction] {
        if case .refused(var refusal) = state, refusal.incident.grant == logged.event.grant {
            // Gives up the state's copy, so that the arrays grow in place.
            state = .accepted(liveGrant: nil)
            refusal.incident.addRetry(logged)
            state = .refused(refusal)
            return []
        }
        let actions = close()
        let incident = Incident(.refusal, logged, user: user)
        state = .refused(Refusal(incident: incident, demandsClaims: logged.event.notes.demandsClaims))
        return actions + [.opened(incident)]
    }

    private mutating func onTokens(_ logged: LoggedEvent) -> [JudgeAction] {
        let grant = logged.event.grant
        guard var refusal = state.refusal else {
            state = .accepted(liveGrant: grant ?? liveGrant)
            return []
        }
        var actions: [JudgeAction] = []
        let step = refusal.incident.step(logged)
        refusal.incident.recovered = step
        refusal.incident.events.append(logged.id)
        if let asked = refusal.incident.asked {
            if refusal.incident.retries.count <= threshold.forgivenRetries {
                actions.append(
                    .found(
                        refusal.incident.finding(
                            .signsInAgain, "Refused\(refusal.incident.withCode), it asked its user to sign in and went on.",
                            [refusal.incident.event, asked.event, step.event])))
            }
            state = .asked(refusal)
        } else {
            if logged.event.kind == .tokenRefreshed, grant == refusal.incident.grant { refusal.incident.retries.append(step) }
            state = .refused(refusal)
        }
        actions += close()
        retries?.isReplaced = grant != refusal.incident.grant
        state = .accepted(liveGrant: grant)
        return actions
    }

    private mutating func onAsked(_ logged: LoggedEvent) -> [JudgeAction] {
        guard case .refused(var refusal) = state else { return [] }
        refusal.incident.addRequest(logged)
        state = .asked(refusal)
        guard refusal.demandsClaims, !logged.event.notes.answersChallenge else { return [] }
        return [
            .found(
                refusal.incident.finding(
                    .forgetsTheDemand, "It was refused with claims to hand back, and asked its user to sign in without them.",
                    [refusal.incident.event, logged.id]))
        ]
    }

    private mutating func onOutlivedAccess(_ logged: LoggedEvent) -> [JudgeAction] {
        guard case .refused(var refusal) = state else { return [] }
        state = .accepted(liveGrant: nil)
        refusal.outlivedCalls.append(logged.id)
        state = .refused(refusal)
        return []
    }

    private mutating func onEnded(isFaultless: Bool) -> [JudgeAction] {
        let before = state
        var actions = close()
        // An application on its own has nobody to ask.
        guard case .refused(let refusal) = before, user != nil, isFaultless, !actions.contains(where: \.isFault) else {
            return actions
        }
        actions.append(
            .found(
                refusal.incident.finding(
                    .hasNotAskedYet, "It was refused and has not asked its user to sign in since.", [refusal.incident.event])))
        return actions
    }

    private mutating func close() -> [JudgeAction] {
        guard let refusal = state.refusal else { return [] }
        let incident = refusal.incident
        var actions: [JudgeAction] = []
        var retries = self.retries.flatMap { $0.grant == incident.grant ? $0 : nil } ?? Retries(grant: incident.grant)
        if retries.isReplaced, let refusedAt = retries.refusedAt { retries.gaps.append(incident.writtenAt - refusedAt) }
        retries.refusedAt = incident.writtenAt + (incident.retries.last?.after ?? .zero)
        retries.isReplaced = false
        retries.gaps += zip([.zero] + incident.retries.map(\.after), incident.retries.map(\.after)).map { $1 - $0 }
        retries.events += incident.events
        self.retries = retries
        if retries.gaps.count > threshold.forgivenRetries {
            let isPatient = retries.gaps.count { $0 >= threshold.shortestBackoff } * 2 > retries.gaps.count
            actions.append(
                .found(
                    incident.finding(
                        isPatient ? .takesRefusalForOutage : .retriesDeadToken,
                        "It was refused\(incident.withCode) and sent the same request \(retries.gaps.count) more times\(isPatient ? ", waiting in between" : " without a pause").",
                        retries.events)))
            self.retries = nil
        }
        if case .refused = state, refusal.outlivedCalls.count > threshold.forgivenRetries {
            actions.append(
                .found(
                    incident.finding(
                        .keepsItsSession,
                        "Its user's sign-in was refused, and it went on with \(refusal.outlivedCalls.count) calls with an old access token and asked nobody to sign in.",
                        [incident.event] + refusal.outlivedCalls)))
        }
        state = .accepted(liveGrant: nil)
        return actions + [.closed(incident)]
    }
}

extension RefusalMachine.State {
    fileprivate var refusal: RefusalMachine.Refusal? {
        switch self {
        case .accepted: nil
        case .refused(let refusal), .asked(let refusal): refusal
        }
    }
}

extension Incident {
    fileprivate var withCode: String { code.map { " with \($0.rawValue)" } ?? "" }
}

extension JudgeAction {
    fileprivate var isFault: Bool {
        if case .found(let finding) = self { finding.rule.severity == .fail } else { false }
    }
}

extension AADSTS {
    /// Whether a refusal with this code means that what was presented will not do, whoever asks however.
    fileprivate var endsWhatWasPresented: Bool {
        ["invalid_grant", "interaction_required", "login_required", "consent_required"].contains(row.error)
    }
}
