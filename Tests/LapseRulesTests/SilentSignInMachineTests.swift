import Testing

@testable import LapseRules

private typealias Transition = MachineRow<SilentSignInMachine.Event>

private func refused(_ id: Int64) -> SilentSignInMachine.Event {
    .refused(Rows.event(id, .silentSignInRefused, code: .noSession))
}

private func tokens(_ id: Int64) -> SilentSignInMachine.Event { .tokens(Rows.event(id, .codeRedeemed)) }

private func asked(_ id: Int64) -> SilentSignInMachine.Event { .asked(Rows.event(id, .signInRequested)) }

extension SilentSignInMachine.State {
    fileprivate var brief: String {
        switch self {
        case .quiet: "quiet"
        case .refused(let incident): "refused: \(incident.brief)"
        }
    }
}

@Suite("The judge: a silent sign-in")
struct SilentSignInMachineTests {
    private static let rows = [
        Transition("A refusal opens an incident", [], refused(1), "refused: 1", ["opened 1"]),
        Transition("Tokens tell nothing without a refusal", [], tokens(1), "quiet"),
        Transition("Nor does a sign-in", [], asked(1), "quiet"),
        Transition("Nothing is open at the end", [], .ended, "quiet"),
        Transition("Again is a retry", [refused(1)], refused(2), "refused: 1, retried 2"),
        Transition("Tokens end it", [refused(1)], tokens(2), "quiet", ["closed 1, recovered 2"]),
        Transition("A page ends it", [refused(1)], asked(2), "quiet", ["closed 1, asked 2"]),
        Transition("Open at the end", [refused(1)], .ended, "quiet", ["closed 1"]),
        Transition(
            "Two retries are forgiven", [refused(1), refused(2), refused(3)], asked(4), "quiet", ["closed 1, retried 2 3, asked 4"]),
        Transition(
            "Three are not, whatever ends it", [refused(1), refused(2), refused(3), refused(4)], asked(5), "quiet",
            ["found loopsOnSilentSignIn in 1 2 3 4 5", "closed 1, retried 2 3 4, asked 5"]),
        Transition(
            "Three, and then tokens", [refused(1), refused(2), refused(3), refused(4)], tokens(5), "quiet",
            ["found loopsOnSilentSignIn in 1 2 3 4", "closed 1, retried 2 3 4, recovered 5"]),
        Transition(
            "Three at the end", [refused(1), refused(2), refused(3), refused(4)], .ended, "quiet",
            ["found loopsOnSilentSignIn in 1 2 3 4", "closed 1, retried 2 3 4"]),
    ]

    @Test("Each state and event of a silent sign-in: the next state, the actions", arguments: rows)
    private func transition(row: Transition) {
        var machine = SilentSignInMachine(user: Rows.user)
        for event in row.before { _ = machine.on(event) }
        let actions = machine.on(row.event)
        #expect(machine.state.brief == row.state)
        #expect(actions.map(\.brief) == row.actions)
    }
}
