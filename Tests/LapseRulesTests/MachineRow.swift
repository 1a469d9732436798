import Testing

@testable import LapseRules

/// A transition of one of the judge's machines: what it heard before, an event, and what that makes of it.
struct MachineRow<Event: Sendable>: Sendable, CustomTestStringConvertible {
    let says: String
    let before: [Event]
    let event: Event
    let state: String
    let actions: [String]

    init(_ says: String, _ before: [Event], _ event: Event, _ state: String, _ actions: [String] = []) {
        self.says = says
        self.before = before
        self.event = event
        self.state = state
        self.actions = actions
    }

    var testDescription: String { says }
}

/// The judged user, two grants, and a moment.
enum Rows {
    static let user = GUID("aaaaaaaa-0001-4000-8000-000000000001")!
    static let other = GUID("aaaaaaaa-0001-4000-8000-000000000002")!
    static let grant = GUID("cccccccc-0003-4000-8000-000000000001")!
    static let secondGrant = GUID("cccccccc-0003-4000-8000-000000000002")!
    static let client: ClientID = "bbbbbbbb-0002-4000-8000-000000000001"
    static let start = Timestamp("2026-03-01T12:00:00Z")!

    /// An event so long after the start.
    static func event(
        _ id: Int64, _ kind: Event.Kind, after: Duration = .zero, user: GUID? = user, grant: GUID? = grant, code: AADSTS? = nil,
        presented: String? = nil, request: GUID? = nil, _ note: (inout Event.Notes) -> Void = { _ in }
    ) -> LoggedEvent {
        var event = Event(
            tenant: Tenant.noID, at: start, kind: kind, user: user, client: client, grant: grant, code: code, requestID: request)
        event.presented = presented
        note(&event.notes)
        return LoggedEvent(id: id, event: event, writtenAt: start + after)
    }

    /// A fault's hit: 429 or 503 with the Retry-After that was told, or no answer.
    static func failure(
        _ id: Int64, after: Duration = .zero, status: Int? = 503, retryAfter: Duration? = nil, endpoint: Fault.Endpoint? = .token
    ) -> LoggedEvent {
        event(id, .faultHit, after: after) {
            $0.endpoint = endpoint
            $0.status = status
            $0.responseFault = status == nil ? .dropped : nil
            $0.retryAfter = retryAfter
        }
    }
}

extension Incident {
    /// `1`, or `1, retried 2 3, asked 4, recovered 5`: the events by number.
    var brief: String {
        (["\(event)"] + (retries.isEmpty ? [] : ["retried " + retries.map { "\($0.event)" }.joined(separator: " ")])
            + (asked.map { ["asked \($0.event)"] } ?? []) + (recovered.map { ["recovered \($0.event)"] } ?? []))
            .joined(separator: ", ")
    }
}

extension JudgeAction {
    /// `opened 1`, `closed 1, retried 2`, `found signsInAgain in 1 4 5`.
    var brief: String {
        switch self {
        case .opened(let incident): "opened \(incident.brief)"
        case .closed(let incident): "closed \(incident.brief)"
        case .found(let finding): "found \(finding.rule.rawValue) in \(finding.events.map { "\($0)" }.joined(separator: " "))"
        }
    }
}
