import Testing

@testable import LapseRules

private typealias Transition = MachineRow<ChallengeMachine.Event>

private func challenged(_ id: Int64, _ accessToken: String? = "first") -> ChallengeMachine.Event {
    .challenged(Rows.event(id, .accessChallenged, presented: accessToken))
}

private func tokens(
    _ id: Int64, kind: Event.Kind = .tokenRefreshed, grant: GUID? = Rows.grant, answersChallenge: Bool = false
) -> ChallengeMachine.Event {
    .tokens(Rows.event(id, kind, grant: grant) { $0.answersChallenge = answersChallenge })
}

private func asked(_ id: Int64, answersChallenge: Bool = false) -> ChallengeMachine.Event {
    .asked(Rows.event(id, .signInRequested) { $0.answersChallenge = answersChallenge })
}

extension ChallengeMachine.State {
    fileprivate var brief: String {
        switch self {
        case .unchallenged: "unchallenged"
        case .challenged(let incident, let accessToken): "challenged: \(accessToken ?? "-"): \(incident.brief)"
        case .refreshedWithoutClaims(let incident): "refreshed without claims: \(incident.brief)"
        }
    }
}

@Suite("The judge: a claims challenge")
struct ChallengeMachineTests {
    private static let unchallenged = [
        Transition("A challenge opens an incident", [], challenged(1), "challenged: first: 1", ["opened 1"]),
        Transition("Tokens tell nothing without a challenge", [], tokens(1), "unchallenged"),
        Transition("Nor does a sign-in", [], asked(1), "unchallenged"),
        Transition("Nothing is open at the end", [], .ended, "unchallenged"),
    ]

    private static let challengedRows = [
        Transition("The same token again is a retry", [challenged(1)], challenged(2), "challenged: first: 1, retried 2"),
        Transition(
            "Another token is another challenge", [challenged(1)], challenged(2, "second"), "challenged: second: 2",
            ["closed 1", "opened 2"]),
        Transition("Asking its user", [challenged(1)], asked(2), "challenged: first: 1, asked 2"),
        Transition("The first time of asking counts", [challenged(1), asked(2)], asked(3), "challenged: first: 1, asked 2"),
        Transition(
            "A refresh without the claims does not end it", [challenged(1)], tokens(2),
            "refreshed without claims: 1, recovered 2"),
        Transition(
            "A refresh with the claims does", [challenged(1)], tokens(2, answersChallenge: true), "unchallenged",
            ["found answersChallenge in 1 2", "closed 1, recovered 2"]),
        Transition(
            "A sign-in with the claims, and then a refresh", [challenged(1), asked(2, answersChallenge: true)], tokens(3),
            "unchallenged", ["found answersChallenge in 1 3", "closed 1, asked 2, recovered 3"]),
        Transition(
            "A sign-in without the claims, and then a refresh of the old grant", [challenged(1), asked(2)], tokens(3),
            "refreshed without claims: 1, asked 2, recovered 3"),
        Transition(
            "A sign-in without the claims", [challenged(1), asked(2)], tokens(3, kind: .codeRedeemed), "unchallenged",
            ["found forgetsTheDemand in 1 2", "closed 1, asked 2, recovered 3"]),
        Transition(
            "Tokens of another grant without the claims", [challenged(1)], tokens(2, grant: Rows.secondGrant), "unchallenged",
            ["found forgetsTheDemand in 1 2", "closed 1, recovered 2"]),
        Transition(
            "Two retries are forgiven", [challenged(1), challenged(2), challenged(3)], tokens(4, answersChallenge: true),
            "unchallenged", ["found answersChallenge in 1 4", "closed 1, retried 2 3, recovered 4"]),
        Transition(
            "Three are not", [challenged(1), challenged(2), challenged(3), challenged(4)], tokens(5, answersChallenge: true),
            "unchallenged", ["found ignoresClaimsChallenge in 1 2 3 4 5", "closed 1, retried 2 3 4, recovered 5"]),
        Transition("Nothing done about it at the end", [challenged(1)], .ended, "unchallenged", ["closed 1"]),
        Transition(
            "Asked without the claims at the end", [challenged(1), asked(2)], .ended, "unchallenged",
            ["found forgetsTheDemand in 1 2", "closed 1, asked 2"]),
        Transition(
            "Asked with the claims at the end", [challenged(1), asked(2, answersChallenge: true)], .ended, "unchallenged",
            ["closed 1, asked 2"]),
    ]

    private static let refreshed = [
        Transition(
            "The challenge of the new token is a retry", [challenged(1), tokens(2)],
            challenged(3, "second"),
            "refreshed without claims: 1, retried 3, recovered 2"),
        Transition(
            "So is one of the old token", [challenged(1), tokens(2)], challenged(3),
            "refreshed without claims: 1, retried 3, recovered 2"),
        Transition(
            "Another refresh leaves the first recovery", [challenged(1), tokens(2)], tokens(3),
            "refreshed without claims: 1, recovered 2"),
        Transition(
            "Asking its user", [challenged(1), tokens(2)], asked(3), "refreshed without claims: 1, asked 3, recovered 2"),
        Transition(
            "The first time of asking counts", [challenged(1), tokens(2), asked(3)], asked(4),
            "refreshed without claims: 1, asked 3, recovered 2"),
        Transition(
            "Then a refresh with the claims", [challenged(1), tokens(2), challenged(3, "second")],
            tokens(4, answersChallenge: true),
            "unchallenged", ["found answersChallenge in 1 2", "closed 1, retried 3, recovered 2"]),
        Transition(
            "Three challenges of tokens that nobody told of the demand",
            [
                challenged(1), tokens(2), challenged(3, "second"), tokens(4), challenged(5, "third"), tokens(6),
                challenged(7, "fourth"),
            ],
            .ended, "unchallenged", ["found ignoresClaimsChallenge in 1 2 3 5 7", "closed 1, retried 3 5 7, recovered 2"]),
        Transition(
            "Met no more, and the claims not handed back", [challenged(1), tokens(2)], .ended, "unchallenged",
            ["found forgetsTheDemand in 1 2", "closed 1, recovered 2"]),
        Transition(
            "Asked with the claims at the end", [challenged(1), tokens(2), asked(3, answersChallenge: true)], .ended,
            "unchallenged",
            ["found answersChallenge in 1 2", "closed 1, asked 3, recovered 2"]),
    ]

    @Test(
        "Each state and event of a claims challenge: the next state, the actions",
        arguments: unchallenged + challengedRows + refreshed)
    private func transition(row: Transition) {
        var machine = ChallengeMachine(user: Rows.user)
        for event in row.before { _ = machine.on(event) }
        let actions = machine.on(row.event)
        #expect(machine.state.brief == row.state)
        #expect(actions.map(\.brief) == row.actions)
    }
}
