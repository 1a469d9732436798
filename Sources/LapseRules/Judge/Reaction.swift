/// How one client took what it met.
package struct Reaction: Equatable, Sendable {
    package enum Verdict: String, CaseIterable, Sendable {
        case good, bad
        /// It met no refusal, no challenge and no outage.
        case untested
    }

    package let client: ClientID
    package internal(set) var incidents: [Incident] = []
    package internal(set) var findings: [Finding] = []

    package var verdict: Verdict {
        if findings.contains(where: { $0.rule.severity == .fail }) { return .bad }
        return incidents.isEmpty ? .untested : .good
    }
}

/// Something that an app met, and what it did about it.
package struct Incident: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// The token endpoint refused what the app presented.
        case refusal
        /// A resource demanded other claims of its access token.
        case challenge
        /// `prompt=none` was refused.
        case silentRefusal
        /// 429, 5xx, or an answer that did not arrive.
        case outage
    }

    /// What the app did next, and how long after it had met it.
    package struct Step: Equatable, Sendable {
        package let event: Int64
        package let after: Duration
        package let prompt: String?
        package let carriesClaims: Bool
    }

    package let kind: Kind
    /// Nil: nobody knows, or an application on its own.
    package let user: GUID?
    package let event: Int64
    package let at: Timestamp
    package let writtenAt: Timestamp
    package let code: AADSTS?
    package let grant: GUID?
    package let revocation: GUID?
    package internal(set) var endpoint: Fault.Endpoint?
    package internal(set) var retryAfter: Duration?
    /// How often it presented the same again, and how soon first.
    package internal(set) var retries: [Step] = []
    /// When it sent its user to sign in: to a page, or with a device code.
    package internal(set) var asked: Step?
    /// When it held good tokens again.
    package internal(set) var recovered: Step?
    /// All that belongs to it.
    package internal(set) var events: [Int64]

    /// A good answer of a resource, of discovery or of keys is no event.
    var leavesNoTraceOfRecovery: Bool {
        kind == .outage && endpoint?.showsRecovery != true
    }
}

extension Incident {
    /// An incident that begins with an event.
    init(_ kind: Kind, _ logged: LoggedEvent, user: GUID?) {
        let event = logged.event
        self.init(
            kind: kind, user: user, event: logged.id, at: event.at, writtenAt: logged.writtenAt, code: event.code,
            grant: event.grant, revocation: event.revocation, endpoint: event.notes.endpoint, retryAfter: event.notes.retryAfter,
            events: [logged.id])
    }

    /// What the app did at this event, and how long after the incident began.
    func step(_ logged: LoggedEvent) -> Step {
        Step(
            event: logged.id, after: logged.writtenAt - writtenAt, prompt: logged.event.notes.prompt,
            carriesClaims: logged.event.notes.answersChallenge)
    }

    /// The app presented the same again.
    mutating func addRetry(_ logged: LoggedEvent) {
        retries.append(step(logged))
        events.append(logged.id)
    }

    /// The app asked somebody to sign in.
    mutating func addRequest(_ logged: LoggedEvent) {
        asked = step(logged)
        events.append(logged.id)
    }

    func finding(_ rule: ReactionRule, _ says: String, _ events: [Int64]) -> Finding {
        Finding(rule: rule, user: user, says: says, events: events)
    }
}

/// One thing that an app did well or badly.
package struct Finding: Equatable, Sendable {
    package let rule: ReactionRule
    package let user: GUID?
    /// What happened, in a sentence.
    package let says: String
    /// The events that show it.
    package let events: [Int64]
}

extension Fault.Endpoint {
    /// Whether a good answer leaves an event, by which one sees that an outage there is over.
    var showsRecovery: Bool { [.token, .authorize, .devicecode].contains(self) }
}
