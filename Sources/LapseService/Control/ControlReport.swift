import LapseRules
import LapseStore

/// How the apps of a tenant took what they met.
package struct Report: Sendable {
    package let tenant: Tenant
    /// The tenant's clock.
    package let at: Timestamp
    package let reactions: [Reaction]
    package let expectations: [(expectation: Expectation, outcomes: [Expectation.Outcome])]
    package let apps: [ClientID: String]
    package let users: [GUID: String]
    /// The events that findings name.
    package let events: [Int64: LoggedEvent]

    /// Bad as soon as one client is, or one expectation failed; untested while nothing was met.
    package var verdict: Reaction.Verdict {
        let verdicts = reactions.map(\.verdict), statuses = expectations.map { Expectation.status(of: $0.outcomes) }
        if verdicts.contains(.bad) || statuses.contains(.failed) { return .bad }
        return verdicts.contains(.good) ? .good : .untested
    }
}

extension Authority {
    /// How many events the judge reads, and how far back in the log they may be.
    private static let judged = (events: 20_000, looked: Int64(200_000))

    /// What the judge says of every client, or of one.
    package func report(of name: String, client: String? = nil) throws -> Report {
        let asked = client.map { ClientID($0) }
        let (tenant, events, expectations) = try store.read { tx in
            let tenant = try controlled(name, tx)
            return (
                tenant, try tx.newestEvents(in: tenant.id, limit: Self.judged.events, looked: Self.judged.looked),
                try tx.expectations(of: tenant.id)
            )
        }
        // Judged between two reads: nobody waits for the store meanwhile.
        let reactions = Judge.reactions(in: events).filter { asked == nil || $0.client == asked }
        let named = Set(reactions.flatMap { $0.findings.flatMap(\.events) + $0.incidents.flatMap(\.events) })
        let ids = Set(reactions.flatMap { $0.incidents.compactMap(\.user) + $0.findings.compactMap(\.user) })
        let machineNow = systemTime()
        return try store.read { tx in
            Report(
                tenant: tenant, at: tenant.clock.now(wall: machineNow), reactions: reactions,
                expectations: expectations.filter { asked == nil || $0.client == nil || $0.client == asked }
                    .map { ($0, $0.outcomes(of: reactions, now: machineNow)) },
                apps: try reactions.reduce(into: [:]) { apps, reaction in
                    apps[reaction.client] = try operation(tx, in: tenant).app(reaction.client)?.name
                }, users: try ids.reduce(into: [:]) { users, id in users[id] = try tx.user(id)?.userPrincipalName },
                events: events.reduce(into: [:]) { if named.contains($1.id) { $0[$1.id] = $1 } })
        }
    }

    // MARK: Expectations

    package func listExpectations(of name: String) throws -> ControlPage<JSON> {
        ControlPage(whole: try report(of: name).expectations.map { $0.expectation.json($0.outcomes) })
    }

    package func createExpectation(_ body: JSON, in name: String) throws -> JSON {
        let id = random.guid()
        try store.write { tx in
            let tenant = try controlled(name, tx)
            guard try tx.expectations(of: tenant.id).count < Expectation.most else {
                throw ControlError.conflict(FieldError("", "The tenant has \(Expectation.most) expectations; remove some first."))
            }
            let users = try body["user"]?.text.map { [$0: try tx.user($0, in: tenant.id)?.id] } ?? [:]
            let ordinal = try tx.nextExpectationOrdinal(in: tenant.id)
            let expectation = try reading { () throws(FieldError) in
                try Expectation(body, id: id, ordinal: ordinal) { users[$0] ?? nil }
            }
            try tx.insert(expectation, in: tenant.id)
        }
        return try expectation(id.description, of: name)
    }

    /// - Parameter wait: answers as soon as it passed or failed, or when the time is over, at most a minute of the machine's.
    package func expectation(_ id: String, of name: String, waiting wait: String) async throws -> JSON {
        let time = try waitingTime(wait)
        let tenant = try store.read { tx in try controlled(name, tx).id }
        // The whole log is judged each time, therefore the pause; and no commit says that a limit has run out, therefore the recheck.
        return try await store.commits.until(.now + time, of: tenant, pause: .milliseconds(200)) {
            let shown = try expectation(id, of: name)
            let isPending = shown["status"]?.text == Expectation.Status.pending.rawValue
            return isPending ? .waiting(shown, recheck: .seconds(1)) : .done(shown)
        }
    }

    package func expectation(_ id: String, of name: String) throws -> JSON {
        guard let found = try report(of: name).expectations.first(where: { $0.expectation.id.description == id.lowercased() })
        else {
            throw Self.noExpectation(id)
        }
        return found.expectation.json(found.outcomes)
    }

    package func deleteExpectation(_ id: String, of name: String) throws {
        try store.write { tx in
            let tenant = try controlled(name, tx)
            guard let known = GUID(id), try tx.delete(expectation: known, of: tenant.id) else { throw Self.noExpectation(id) }
        }
    }

    private static func noExpectation(_ id: String) -> ControlError { .notFound("There is no expectation '\(id.prefix(100))'.") }
}

// MARK: As JSON

extension Report {
    package var json: JSON {
        [
            "tenant": .string(tenant.id.description), "at": JSON(at), "verdict": .string(verdict.rawValue),
            "clients": .array(
                reactions.map { reaction in
                    [
                        "client": .string(reaction.client.description), "name": JSON(apps[reaction.client]),
                        "verdict": .string(reaction.verdict.rawValue), "findings": .array(reaction.findings.map(json)),
                        "incidents": .array(reaction.incidents.map(json)),
                    ]
                }),
            "expectations": .array(expectations.map { $0.expectation.json($0.outcomes) }),
        ]
    }

    private func json(_ finding: Finding) -> JSON {
        [
            "rule": .string(finding.rule.rawValue), "severity": .string(finding.rule.severity.rawValue),
            "user": JSON(finding.user?.description), "userPrincipalName": JSON(finding.user.flatMap { users[$0] }),
            "says": .string(finding.says), "advice": .string(finding.rule.advice),
            "guidance": ["title": .string(finding.rule.guidance.title), "url": .string(finding.rule.guidance.url)],
            "events": .array(finding.events.map(JSON.integer)),
        ]
    }

    private func json(_ incident: Incident) -> JSON {
        [
            "kind": .string(incident.kind.rawValue), "at": JSON(incident.at), "user": JSON(incident.user?.description),
            "userPrincipalName": JSON(incident.user.flatMap { users[$0] }),
            "code": incident.code.map { .integer(Int64($0.rawValue)) } ?? .null, "grant": JSON(incident.grant?.description),
            "revocation": JSON(incident.revocation?.description), "endpoint": JSON(incident.endpoint?.rawValue),
            "retryAfter": JSON(incident.retryAfter?.iso8601), "retries": .integer(Int64(incident.retries.count)),
            "firstRetry": incident.retries.first?.json ?? .null, "asked": incident.asked?.json ?? .null,
            "recovered": incident.recovered?.json ?? .null, "events": .array(incident.events.map(JSON.integer)),
        ]
    }
}

extension Incident.Step {
    fileprivate var json: JSON {
        [
            "event": .integer(event), "after": .string(after.iso8601), "prompt": JSON(prompt),
            "carriesClaims": .bool(carriesClaims),
        ]
    }
}
