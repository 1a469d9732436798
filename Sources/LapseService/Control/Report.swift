import LapseRules
import LapseStore

/// How the apps of a tenant took what they met.
package struct Report: Sendable {
    package let tenant: Tenant
    /// The tenant's clock.
    package let at: Timestamp
    package let rules: JudgeRules
    /// How many events of apps and of people it rests on, and how many of them are pages that somebody saw.
    package let judgedFrom: (events: Int, pages: Int)
    package let reactions: [Reaction]
    package let expectations: [JudgedExpectation]
    package let apps: [ClientID: String]
    package let users: [GUID: String]
    /// The events that findings name.
    package let events: [Int64: LoggedEvent]

    /// Bad as soon as one client is, or one expectation failed; untested while nothing was met.
    package var verdict: Reaction.Verdict {
        let verdicts = reactions.map(\.verdict), statuses = expectations.map(\.status)
        if verdicts.contains(.bad) || statuses.contains(.failed) { return .bad }
        return verdicts.contains(.good) ? .good : .untested
    }
}

/// An expectation, and what came of it.
package struct JudgedExpectation: Sendable {
    package let expectation: Expectation
    package let outcomes: [Expectation.Outcome]

    package var status: Expectation.Status { Expectation.status(of: outcomes) }
}

extension Authority {
    /// How many events the judge reads, and how far back in the log they may be.
    private static let judged = (events: 20_000, looked: Int64(200_000))

    /// What the judge hears of.
    private struct Case {
        let tenant: Tenant
        let events: [LoggedEvent]
        let expectations: [Expectation]
    }

    /// What the judge says of every client, or of one.
    ///
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func report(of client: ClientID? = nil, in name: String, by rules: JudgeRules = .newest) throws -> Report {
        let heard = try looking(at: name) { op in
            Case(
                tenant: op.tenant,
                events: try op.tx.newestEvents(in: op.tenant.id, limit: Self.judged.events, looked: Self.judged.looked),
                expectations: try op.tx.expectations(of: op.tenant.id))
        }
        // Judged between two reads: nobody waits for the store meanwhile.
        let reactions = Judge.reactions(in: heard.events, by: rules).filter { client == nil || $0.client == client }
        let events = heard.events.filter { $0.event.client != nil && (client == nil || $0.event.client == client) }
        let pages = events.count { $0.event.kind == .pageShown }
        let named = Set(reactions.flatMap { $0.findings.flatMap(\.events) + $0.incidents.flatMap(\.events) })
        let ids = Set(reactions.flatMap { $0.incidents.compactMap(\.user) + $0.findings.compactMap(\.user) })
        return try store.read { tx in
            let op = try Operation(self, tx, trace: nil).in(heard.tenant)
            return Report(
                tenant: op.tenant, at: op.now, rules: rules, judgedFrom: (events.count - pages, pages), reactions: reactions,
                expectations: heard.expectations.filter { client == nil || $0.client == nil || $0.client == client }.map {
                    JudgedExpectation(expectation: $0, outcomes: $0.outcomes(of: reactions, now: op.systemTime))
                },
                apps: try reactions.reduce(into: [:]) { apps, reaction in
                    apps[reaction.client] = try op.app(reaction.client)?.name
                }, users: try ids.reduce(into: [:]) { users, id in users[id] = try tx.user(id)?.userPrincipalName },
                events: heard.events.reduce(into: [:]) { if named.contains($1.id) { $0[$1.id] = $1 } })
        }
    }
}
