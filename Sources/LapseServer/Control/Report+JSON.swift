import LapseRules
import LapseService

extension Report {
    /// - Parameter version: of the program.
    func json(version: String) -> JSON {
        [
            "program": ["name": "lapse", "version": .string(version)], "rules": .string(rules.version),
            "tenant": .string(tenant.id.description), "at": JSON(at), "verdict": .string(verdict.rawValue),
            "judgedFrom": ["events": .integer(Int64(judgedFrom.events)), "pages": .integer(Int64(judgedFrom.pages))],
            "clients": .array(
                reactions.map { reaction in
                    [
                        "client": .string(reaction.client.description), "name": JSON(apps[reaction.client]),
                        "verdict": .string(reaction.verdict.rawValue), "findings": .array(reaction.findings.map(json)),
                        "incidents": .array(reaction.incidents.map(json)),
                    ]
                }),
            "expectations": .array(expectations.map(\.json)),
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
