import Testing

@testable import LapseRules

private typealias Transition = MachineRow<RefusalMachine.Event>

private func refused(
    _ id: Int64, after: Int = 0, grant: GUID? = Rows.grant, code: AADSTS? = .grantRevoked, demandsClaims: Bool = false
) -> RefusalMachine.Event {
    .refused(
        Rows.event(id, .refreshRefused, after: .milliseconds(after), grant: grant, code: code) {
            $0.demandsClaims = demandsClaims
        })
}

private func tokens(
    _ id: Int64, after: Int = 0, kind: Event.Kind = .codeRedeemed, grant: GUID? = Rows.grant
) -> RefusalMachine.Event {
    .tokens(Rows.event(id, kind, after: .milliseconds(after), grant: grant))
}

private func asked(_ id: Int64, answersChallenge: Bool = false) -> RefusalMachine.Event {
    .asked(Rows.event(id, .signInRequested) { $0.answersChallenge = answersChallenge })
}

private func outlived(_ id: Int64) -> RefusalMachine.Event { .outlivedAccess(Rows.event(id, .accessOutlived)) }

extension RefusalMachine.State {
    fileprivate var brief: String {
        switch self {
        case .accepted(nil): "accepted"
        case .accepted(Rows.grant): "accepted: first grant"
        case .accepted: "accepted: second grant"
        case .refused(let refusal): "refused: \(refusal.incident.brief)"
        case .asked(let refusal): "asked: \(refusal.incident.brief)"
        }
    }
}

@Suite("The judge: a refusal")
struct RefusalMachineTests {
    private static let accepted = [
        Transition("A refusal opens an incident", [], refused(1), "refused: 1", ["opened 1"]),
        Transition("A refusal ends what was live", [tokens(1)], refused(2), "refused: 2", ["opened 2"]),
        Transition(
            "A mistake in the request says nothing of the token", [tokens(1)], refused(2, code: .wrongSecret),
            "accepted: first grant"),
        Transition("A refusal without a code says nothing of the token", [], refused(1, code: nil), "accepted"),
        Transition("The grant of new tokens is live", [tokens(1)], tokens(2, grant: Rows.secondGrant), "accepted: second grant"),
        Transition("Tokens without a grant leave the live one", [tokens(1)], tokens(2, grant: nil), "accepted: first grant"),
        Transition("A sign-in is nobody's consequence", [tokens(1)], asked(2), "accepted: first grant"),
        Transition("An old access token means nothing without a refusal", [tokens(1)], outlived(2), "accepted: first grant"),
        Transition("Nothing is open at the end", [tokens(1)], .ended(isFaultless: true), "accepted: first grant"),
    ]

    private static let refusedRows = [
        Transition("The same grant again is a retry", [refused(1)], refused(2), "refused: 1, retried 2"),
        Transition(
            "Another grant is another refusal", [refused(1)], refused(2, grant: Rows.secondGrant), "refused: 2",
            ["closed 1", "opened 2"]),
        Transition("A mistake is no retry", [refused(1)], refused(2, code: .wrongSecret), "refused: 1"),
        Transition("Asking its user", [refused(1)], asked(2), "asked: 1, asked 2"),
        Transition(
            "Asking without the claims of the refusal", [refused(1, demandsClaims: true)], asked(2), "asked: 1, asked 2",
            ["found forgetsTheDemand in 1 2"]),
        Transition(
            "Asking with the claims of the refusal", [refused(1, demandsClaims: true)], asked(2, answersChallenge: true),
            "asked: 1, asked 2"),
        Transition(
            "Tokens of another sign-in end it", [refused(1)], tokens(2, grant: Rows.secondGrant), "accepted: second grant",
            ["closed 1, recovered 2"]),
        Transition(
            "The refused grant accepted after all was a retry", [refused(1)], tokens(2, kind: .tokenRefreshed),
            "accepted: first grant", ["closed 1, retried 2, recovered 2"]),
        Transition(
            "A code redeemed for the same grant was none", [refused(1)], tokens(2), "accepted: first grant",
            ["closed 1, recovered 2"]),
        Transition("An old access token is counted", [refused(1)], outlived(2), "refused: 1"),
        Transition(
            "Two calls with an old access token are forgiven", [refused(1), outlived(2), outlived(3)], .ended(isFaultless: false),
            "accepted", ["closed 1"]),
        Transition(
            "Three are not", [refused(1), outlived(2), outlived(3), outlived(4)], .ended(isFaultless: true), "accepted",
            ["found keepsItsSession in 1 2 3 4", "closed 1"]),
        Transition(
            "Quiet since the refusal", [refused(1)], .ended(isFaultless: true), "accepted",
            ["closed 1", "found hasNotAskedYet in 1"]),
        Transition("Quiet, with another fault", [refused(1)], .ended(isFaultless: false), "accepted", ["closed 1"]),
        Transition(
            "Two retries are forgiven", [refused(1), refused(2), refused(3)], .ended(isFaultless: false), "accepted",
            ["closed 1, retried 2 3"]),
        Transition(
            "Three are not, and the fault says enough", [refused(1), refused(2), refused(3), refused(4)],
            .ended(isFaultless: true), "accepted", ["found retriesDeadToken in 1 2 3 4", "closed 1, retried 2 3 4"]),
    ]

    private static let askedRows = [
        Transition(
            "A refusal after asking is another one", [refused(1), asked(2)], refused(3), "refused: 3",
            ["closed 1, asked 2", "opened 3"]),
        Transition("Asking again changes nothing", [refused(1, demandsClaims: true), asked(2)], asked(3), "asked: 1, asked 2"),
        Transition("An old access token counts no more", [refused(1), asked(2)], outlived(3), "asked: 1, asked 2"),
        Transition(
            "Tokens after asking are praised", [refused(1), asked(2)], tokens(3), "accepted: first grant",
            ["found signsInAgain in 1 2 3", "closed 1, asked 2, recovered 3"]),
        Transition(
            "A refresh after asking is no retry", [refused(1), asked(2)], tokens(3, kind: .tokenRefreshed), "accepted: first grant",
            ["found signsInAgain in 1 2 3", "closed 1, asked 2, recovered 3"]),
        Transition(
            "Two retries before asking do not take the praise", [refused(1), refused(2), refused(3), asked(4)], tokens(5),
            "accepted: first grant", ["found signsInAgain in 1 4 5", "closed 1, retried 2 3, asked 4, recovered 5"]),
        Transition(
            "Three retries before asking do", [refused(1), refused(2), refused(3), refused(4), asked(5)], tokens(6),
            "accepted: first grant",
            ["found retriesDeadToken in 1 2 3 4 5 6", "closed 1, retried 2 3 4, asked 5, recovered 6"]),
        Transition(
            "Calls with an old access token before asking are forgiven",
            [refused(1), outlived(2), outlived(3), outlived(4), asked(5)],
            .ended(isFaultless: true), "accepted", ["closed 1, asked 5"]),
        Transition(
            "Asked, and not come back yet", [refused(1), asked(2)], .ended(isFaultless: true), "accepted", ["closed 1, asked 2"]),
    ]

    /// Where regions disagree the refused token is accepted now and then.
    private static let retries = [
        Transition(
            "Retries of one grant add up over several refusals",
            [refused(1), tokens(2, kind: .tokenRefreshed), refused(3), tokens(4, kind: .tokenRefreshed), refused(5)],
            tokens(6, kind: .tokenRefreshed), "accepted: first grant",
            ["found retriesDeadToken in 1 2 3 4 5 6", "closed 5, retried 6, recovered 6"]),
        Transition(
            "Named once, they count from the beginning",
            [refused(1), refused(2), refused(3), refused(4), tokens(5), refused(6), refused(7)], .ended(isFaultless: false),
            "accepted", ["closed 6, retried 7"]),
        Transition(
            "A part of an app that goes on with the dead token while the user has long signed in again",
            [
                refused(1), asked(2), tokens(3, grant: Rows.secondGrant), refused(4, after: 300),
                tokens(5, kind: .tokenRefreshed, grant: Rows.secondGrant), refused(6, after: 600),
                tokens(7, kind: .tokenRefreshed, grant: Rows.secondGrant), refused(8, after: 900),
            ],
            tokens(9, kind: .tokenRefreshed, grant: Rows.secondGrant), "accepted: second grant",
            ["found takesRefusalForOutage in 1 2 3 4 5 6 7 8 9", "closed 8, recovered 9"]),
        Transition(
            "Twice is forgiven",
            [
                refused(1), asked(2), tokens(3, grant: Rows.secondGrant), refused(4),
                tokens(5, kind: .tokenRefreshed, grant: Rows.secondGrant), refused(6),
            ],
            .ended(isFaultless: false), "accepted", ["closed 6"]),
        Transition(
            "Without another sign-in it asks each time, and is told nothing",
            [refused(1), asked(2), refused(3), asked(4), refused(5), asked(6), refused(7), asked(8)], .ended(isFaultless: true),
            "accepted", ["closed 7, asked 8"]),
        Transition(
            "Those of another grant do not add up",
            [
                refused(1), refused(2), refused(3), tokens(4), refused(5, grant: Rows.secondGrant),
                refused(6, grant: Rows.secondGrant),
            ],
            .ended(isFaultless: false), "accepted", ["closed 5, retried 6"]),
        Transition(
            "Pauses of 200 ms in most places: it takes the refusal for an outage",
            [refused(1), refused(2, after: 200), refused(3, after: 400), refused(4, after: 401)], .ended(isFaultless: true),
            "accepted", ["found takesRefusalForOutage in 1 2 3 4", "closed 1, retried 2 3 4"]),
        Transition(
            "Pauses a little shorter: it loops",
            [refused(1), refused(2, after: 199), refused(3, after: 399), refused(4, after: 598)], .ended(isFaultless: true),
            "accepted", ["found retriesDeadToken in 1 2 3 4", "closed 1, retried 2 3 4"]),
        Transition(
            "Pauses in half of the places are not most",
            [refused(1), refused(2, after: 200), refused(3, after: 400), refused(4, after: 401), refused(5, after: 402)],
            .ended(isFaultless: true), "accepted", ["found retriesDeadToken in 1 2 3 4 5", "closed 1, retried 2 3 4 5"]),
    ]

    @Test("Each state and event of a refusal: the next state, the actions", arguments: accepted + refusedRows + askedRows + retries)
    private func transition(row: Transition) {
        var machine = RefusalMachine(user: Rows.user)
        for event in row.before { _ = machine.on(event) }
        let actions = machine.on(row.event)
        #expect(machine.state.brief == row.state)
        #expect(actions.map(\.brief) == row.actions)
    }

    @Test("An application on its own has nobody to ask")
    func applicationOnItsOwn() {
        var machine = RefusalMachine(user: nil)
        _ = machine.on(refused(1))
        #expect(machine.on(.ended(isFaultless: true)).map(\.brief) == ["closed 1"])
    }

    @Test("Which OAuth errors end what was presented", arguments: AADSTS.allCases)
    func endings(code: AADSTS) {
        var machine = RefusalMachine(user: Rows.user)
        _ = machine.on(refused(1, code: code))
        let ends = ["invalid_grant", "interaction_required", "login_required", "consent_required"].contains(code.row.error)
        #expect(machine.isOpen == ends)
    }
}

@Suite("The judge: a request loop")
struct LoopMachineTests {
    @Test("50196 is found once, and no other code is")
    func once() {
        var machine = LoopMachine(user: Rows.user)
        #expect(machine.on(.refused(Rows.event(1, .refreshRefused, code: .grantRevoked))) == [])
        #expect(machine.state == .quiet)
        #expect(machine.on(.refused(Rows.event(2, .refreshRefused, code: .clientLoop))).map(\.brief) == ["found looping in 2"])
        #expect(machine.state == .reported)
        #expect(machine.on(.refused(Rows.event(3, .refreshRefused, code: .clientLoop))) == [])
        #expect(machine.state == .reported)
    }
}
