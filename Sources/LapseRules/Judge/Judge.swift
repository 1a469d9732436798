/// How did each app take what it met? Reads the log, and nothing else.
///
/// The log is read once, in order. For each client and user the judge keeps what is open: a refusal, a claims challenge, an
/// outage; and sees from what follows what the app made of it. Haste and patience are measured on the machine's clock, whatever
/// the tenant's says.
package enum Judge {
    /// - Parameters:
    ///   - events: of one tenant, oldest first.
    ///   - rules: by which version is judged.
    /// - Returns: for each client that did anything, what it met and how it took it; in the order in which they appeared.
    package static func reactions(in events: [LoggedEvent], by rules: JudgeRules = .newest) -> [Reaction] {
        var state = State(events, rules)
        for event in events { state.observe(event) }
        return state.reactions()
    }
}

extension Judge {
    /// What the judge knows while it reads.
    private struct State {
        private struct Key: Hashable {
            let client: ClientID
            let user: GUID?
        }

        /// In the order in which they appeared.
        private var keys: [Key] = []
        private var histories: [Key: ClientHistory] = [:]
        /// The hits of faults by request: what else a request wrote is read in their light.
        private let hits: [GUID: LoggedEvent]
        private let rules: JudgeRules
        /// Of each client: the user whose incident was open last.
        private var lastDisturbed: [ClientID: Key] = [:]
        /// Of each client: the last refusals or challenges of two users.
        private var refusals: [ClientID: [Incident]] = [:]

        init(_ events: [LoggedEvent], _ rules: JudgeRules) {
            self.rules = rules
            hits = Dictionary(
                events.compactMap { logged in
                    logged.event.kind == .faultHit ? logged.event.requestID.map { ($0, logged) } : nil
                }, uniquingKeysWith: { first, _ in first })
        }

        mutating func observe(_ logged: LoggedEvent) {
            guard let client = logged.event.client else { return }
            let key = Key(client: client, user: logged.event.user ?? presumedUser(of: logged.event, client: client))
            var history: ClientHistory
            if let known = histories.removeValue(forKey: key) {
                history = known
            } else {
                keys.append(key)
                history = ClientHistory(user: key.user, rules: rules)
            }
            let wasUndisturbed = history.isUndisturbed
            history.observe(logged, hit: logged.event.requestID.flatMap { hits[$0] })
            if wasUndisturbed, logged.event.asksForSignIn, let other = refusals[client]?.last(where: { $0.user != key.user }),
                logged.writtenAt - other.writtenAt <= rules.thresholds.signInAfterOthersRefusal
            {
                history.add(
                    Finding(
                        rule: .disturbsOthers, user: key.user,
                        says: "It sent this user to sign in, whose sign-in was good, right after another user's was refused.",
                        events: [other.event, logged.id]))
            }
            if history.hasOpenIncident { lastDisturbed[client] = key }
            if let refusal = history.lastRefusal, key.user != nil, refusals[client]?.last?.event != refusal.event {
                refusals[client] = (refusals[client] ?? []).filter { $0.user != key.user }.suffix(1) + [refusal]
            }
            histories[key] = history
        }

        /// An app that asks for "somebody" means the user whose incident is open.
        private func presumedUser(of event: Event, client: ClientID) -> GUID? {
            guard [.signInRequested, .deviceCodeIssued, .silentSignInRefused].contains(event.kind),
                let key = lastDisturbed[client], histories[key]?.hasOpenIncident == true
            else { return nil }
            return key.user
        }

        func reactions() -> [Reaction] {
            var reactions: [Reaction] = []
            var indices: [ClientID: Int] = [:]
            for key in keys {
                guard let history = histories[key]?.ended() else { continue }
                let index = indices[key.client] ?? reactions.count
                if index == reactions.count { reactions.append(Reaction(client: key.client)) }
                indices[key.client] = index
                reactions[index].incidents += history.incidents
                reactions[index].findings += history.findings
            }
            for index in reactions.indices {
                reactions[index].incidents.sort { $0.event < $1.event }
                // What has to change comes first.
                reactions[index].findings = ReactionRule.Severity.allCases.flatMap { severity in
                    reactions[index].findings.filter { $0.rule.severity == severity }
                }
            }
            return reactions
        }
    }
}
