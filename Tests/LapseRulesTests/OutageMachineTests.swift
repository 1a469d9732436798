import Testing

@testable import LapseRules

private typealias Transition = MachineRow<OutageMachine.Event>

private func failed(
    _ id: Int64, after: Int = 0, status: Int? = 503, retryAfter: Int? = nil, endpoint: Fault.Endpoint? = .token
) -> OutageMachine.Event {
    .failed(
        Rows.failure(
            id, after: .milliseconds(after), status: status, retryAfter: retryAfter.map { .milliseconds($0) }, endpoint: endpoint))
}

private func refused(_ id: Int64, after: Int = 0, grant: GUID? = Rows.grant) -> OutageMachine.Event {
    .refused(Rows.event(id, .refreshRefused, after: .milliseconds(after), grant: grant, code: .grantRevoked))
}

private func tokens(
    _ id: Int64, after: Int = 0, kind: Event.Kind = .tokenRefreshed, grant: GUID? = Rows.grant
) -> OutageMachine.Event {
    .tokens(Rows.event(id, kind, after: .milliseconds(after), grant: grant))
}

private func asked(_ id: Int64, after: Int = 0, live: GUID? = Rows.grant) -> OutageMachine.Event {
    .asked(Rows.event(id, .signInRequested, after: .milliseconds(after)), liveGrant: live)
}

extension OutageMachine {
    fileprivate var brief: String {
        let state =
            switch state {
            case .working: "working"
            case .failing(let outage):
                "failing: \(outage.incident.brief)\(outage.early.isEmpty ? "" : ", early \(outage.early.map { "\($0.event)" }.joined(separator: " "))")"
            }
        return state + (abandoned.isEmpty ? "" : ", abandoned in \(abandoned.map { "\($0.events)" }.joined(separator: " "))")
    }
}

@Suite("The judge: an outage")
struct OutageMachineTests {
    private static let working = [
        Transition("A failure opens an incident", [], failed(1), "failing: 1", ["opened 1"]),
        Transition("Tokens tell nothing without a failure", [], tokens(1), "working"),
        Transition("Nor does a refusal", [], refused(1), "working"),
        Transition("Nor does a sign-in", [], asked(1), "working"),
        Transition("Nothing is open at the end", [], .ended, "working"),
    ]

    private static let failing = [
        Transition("The same endpoint again is a retry", [failed(1)], failed(2), "failing: 1, retried 2"),
        Transition("So is one of no known endpoint", [failed(1, endpoint: nil)], failed(2, endpoint: nil), "failing: 1, retried 2"),
        Transition(
            "Another endpoint is another outage", [failed(1)], failed(2, endpoint: .graph), "failing: 2", ["closed 1", "opened 2"]),
        Transition("A refusal is an answer of the token endpoint", [failed(1)], refused(2), "working", ["closed 1"]),
        Transition("It says nothing of Graph", [failed(1, endpoint: .graph)], refused(2), "failing: 1"),
        Transition("It says nothing of authorize", [failed(1, endpoint: .authorize)], refused(2), "failing: 1"),
        Transition(
            "Back with the token that it had", [failed(1)], tokens(2), "working",
            ["found outlivesOutage in 1 2", "closed 1, recovered 2"]),
        Transition(
            "Back as an application", [failed(1)], tokens(2, kind: .clientTokenIssued, grant: nil), "working",
            ["found outlivesOutage in 1 2", "closed 1, recovered 2"]),
        Transition(
            "Back on behalf of somebody", [failed(1)], tokens(2, kind: .onBehalfOfIssued), "working",
            ["found outlivesOutage in 1 2", "closed 1, recovered 2"]),
        Transition(
            "A new sign-in is not the token that it had", [failed(1)], tokens(2, kind: .codeRedeemed), "working",
            ["closed 1, recovered 2"]),
        Transition(
            "Authorize works when tokens arrive", [failed(1, endpoint: .authorize)], tokens(2, kind: .codeRedeemed), "working",
            ["closed 1, recovered 2"]),
        Transition(
            "So does the device code's endpoint", [failed(1, endpoint: .devicecode)], tokens(2, kind: .deviceCodeRedeemed),
            "working",
            ["closed 1, recovered 2"]),
        Transition("Graph may still fail", [failed(1, endpoint: .graph)], tokens(2), "failing: 1"),
        Transition("Open at the end", [failed(1)], .ended, "working", ["closed 1"]),
    ]

    private static let retryAfter = [
        Transition(
            "More than a second before the time", [failed(1, retryAfter: 3000)], failed(2, after: 1999, retryAfter: 3000),
            "failing: 1, retried 2, early 2"),
        Transition(
            "A second before the time is in time", [failed(1, retryAfter: 3000)], failed(2, after: 2000, retryAfter: 3000),
            "failing: 1, retried 2"),
        Transition(
            "The time counts from the last failure", [failed(1, retryAfter: 3000), failed(2, after: 2000, retryAfter: 3000)],
            failed(3, after: 3000, retryAfter: 3000), "failing: 1, retried 2 3, early 3"),
        Transition(
            "A failure that tells no time takes back the one before", [failed(1, retryAfter: 3000), failed(2, after: 10)],
            failed(3, after: 20), "failing: 1, retried 2 3, early 2"),
        Transition(
            "Early, with a new sign-in or a refresh", [failed(1, retryAfter: 3000)], tokens(2, after: 1500), "working",
            ["found ignoresRetryAfter in 1 2", "closed 1, recovered 2"]),
        Transition(
            "Early, and refused", [failed(1, retryAfter: 3000)], refused(2, after: 1500), "working",
            ["found ignoresRetryAfter in 1 2", "closed 1"]),
        Transition(
            "Tokens are no early return to authorize", [failed(1, retryAfter: 3000, endpoint: .authorize)],
            tokens(2, after: 100, kind: .codeRedeemed), "working", ["closed 1, recovered 2"]),
        Transition(
            "Two requests that were under way together are forgiven",
            [failed(1, retryAfter: 3000), failed(2, after: 500, retryAfter: 3000), failed(3, after: 1000, retryAfter: 3000)],
            tokens(4, after: 4000), "working", ["found outlivesOutage in 1 4", "closed 1, retried 2 3, recovered 4"]),
        Transition(
            "One that came later is not", [failed(1, retryAfter: 3000), failed(2, after: 1001, retryAfter: 3000)],
            tokens(3, after: 4001), "working", ["found ignoresRetryAfter in 1 2", "closed 1, retried 2, recovered 3"]),
        Transition(
            "Nor are three at once",
            [
                failed(1, retryAfter: 3000), failed(2, after: 10, retryAfter: 3000), failed(3, after: 20, retryAfter: 3000),
                failed(4, after: 30, retryAfter: 3000),
            ], tokens(5, after: 3030), "working", ["found ignoresRetryAfter in 1 2 3 4", "closed 1, retried 2 3 4, recovered 5"]),
    ]

    private static let haste = [
        Transition(
            "Four retries within a second are forgiven",
            [
                failed(1), failed(2, after: 1), failed(3, after: 2), failed(4, after: 3), failed(5, after: 1000),
                failed(6, after: 1001),
            ],
            .ended, "working", ["closed 1, retried 2 3 4 5 6"]),
        Transition(
            "Five are not",
            [
                failed(1), failed(2, after: 1), failed(3, after: 2), failed(4, after: 3), failed(5, after: 4),
                failed(6, after: 1000),
            ],
            .ended, "working", ["found hammersThroughOutage in 1 2 3 4 5 6", "closed 1, retried 2 3 4 5 6"]),
        Transition(
            "Haste takes the praise",
            [failed(1), failed(2, after: 1), failed(3, after: 2), failed(4, after: 3), failed(5, after: 4), failed(6, after: 5)],
            tokens(7, after: 6), "working",
            ["found hammersThroughOutage in 1 2 3 4 5 6 7", "closed 1, retried 2 3 4 5 6, recovered 7"]),
        Transition(
            "Where a time was told, it alone counts",
            [
                failed(1, retryAfter: 0), failed(2, after: 1), failed(3, after: 2), failed(4, after: 3), failed(5, after: 4),
                failed(6, after: 5),
            ],
            .ended, "working", ["closed 1, retried 2 3 4 5 6"]),
    ]

    private static let abandoned = [
        Transition(
            "Asking for another sign-in within a minute abandons the live grant", [failed(1)], asked(2, after: 60_000),
            "working, abandoned in [1, 2]", ["closed 1, asked 2"]),
        Transition("Later it has another reason", [failed(1)], asked(2, after: 60_001), "failing: 1"),
        Transition(
            "The minute counts from the last failure", [failed(1), failed(2, after: 60_000)], asked(3, after: 120_000),
            "working, abandoned in [1, 3]", ["closed 1, retried 2, asked 3"]),
        Transition("Without a live grant it has a reason", [failed(1)], asked(2, live: nil), "failing: 1"),
        Transition(
            "Said at the end", [failed(1), asked(2)], .ended, "working, abandoned in [1, 2]", ["found losesLivingToken in 1 2"]),
        Transition("Not if the grant comes back", [failed(1), asked(2)], tokens(3), "working"),
        Transition("Nor if it comes back and is refused", [failed(1), asked(2)], refused(3), "working"),
        Transition(
            "Another grant does not bring it back", [failed(1), asked(2)], tokens(3, grant: Rows.secondGrant),
            "working, abandoned in [1, 2]"),
        Transition(
            "Nor does the refusal of another", [failed(1), asked(2)], refused(3, grant: Rows.secondGrant),
            "working, abandoned in [1, 2]"),
    ]

    @Test(
        "Each state and event of an outage: the next state, the actions",
        arguments: working + failing + retryAfter + haste + abandoned)
    private func transition(row: Transition) {
        var machine = OutageMachine(user: Rows.user)
        for event in row.before { _ = machine.on(event) }
        let actions = machine.on(row.event)
        #expect(machine.brief == row.state)
        #expect(actions.map(\.brief) == row.actions)
    }
}
