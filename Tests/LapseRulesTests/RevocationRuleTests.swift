import LapseRules
import Testing

private let home = User.Home(tenant: BuiltInLab.contoso, user: GUID("aaaaaaaa-0001-4000-8000-000000000001")!)
private let id = GUID("cccccccc-0003-4000-8000-000000000001")!
private let second = Timestamp("2026-03-01T12:00:00Z")!

/// An instant of the tests' second, in ticks.
private func at(_ ticks: Int64) -> Timestamp { Timestamp(ticks: second.ticks + ticks) }

private func revocation(
    at ticks: Int64, sequence: Int64, visible: Int64? = nil, cause: Revocation.Cause = .adminRevoke, plane: Plane = .refresh
) -> Revocation {
    Revocation(
        id: id, user: home, place: Place(at: at(ticks), sequence: sequence), cause: cause, actor: nil,
        propagation: Propagation([.init(plane: plane, region: .local, moment: .at(at(visible ?? ticks)))]))
}

private func refusal(
    authTime: Int64, sequence: Int64, _ revocations: [Revocation], now: Int64, tieRule: Policies.TieRule = .precise,
    column: RevocationMatrix.Column = .passwordToken, plane: Plane = .refresh
) -> Revocation? {
    var policies = Policies()
    policies.tieRule = tieRule
    return RevocationRule.refusal(
        of: .init(authenticated: Place(at: at(authTime), sequence: sequence), column: column), by: revocations,
        from: Standpoint(plane: plane, region: .local, now: at(now)), policies: policies)
}

@Suite("The rule at the centre")
struct RevocationRuleTests {
    struct Row: Sendable {
        let what: String
        let authTime: Int64, sequence: Int64, revokedAt: Int64, revokedSequence: Int64, visible: Int64, now: Int64
        let tieRule: Policies.TieRule
        let isRefused: Bool
    }

    static let rows = [
        Row(
            what: "signed in before, in effect", authTime: 0, sequence: 1, revokedAt: 10, revokedSequence: 2, visible: 10, now: 10,
            tieRule: .precise, isRefused: true),
        Row(
            what: "one tick before it takes effect", authTime: 0, sequence: 1, revokedAt: 10, revokedSequence: 2, visible: 20,
            now: 19, tieRule: .precise, isRefused: false),
        Row(
            what: "at the tick it takes effect", authTime: 0, sequence: 1, revokedAt: 10, revokedSequence: 2, visible: 20, now: 20,
            tieRule: .precise, isRefused: true),
        Row(
            what: "signed in after", authTime: 11, sequence: 3, revokedAt: 10, revokedSequence: 2, visible: 10, now: 30,
            tieRule: .precise, isRefused: false),
        Row(
            what: "same instant, issued before", authTime: 10, sequence: 1, revokedAt: 10, revokedSequence: 2, visible: 10, now: 10,
            tieRule: .precise, isRefused: true),
        Row(
            what: "same instant, issued after", authTime: 10, sequence: 3, revokedAt: 10, revokedSequence: 2, visible: 10, now: 10,
            tieRule: .precise, isRefused: false),
        Row(
            what: "clock set back: later number, earlier instant", authTime: 5, sequence: 9, revokedAt: 10, revokedSequence: 2,
            visible: 10, now: 10, tieRule: .precise, isRefused: true),
        Row(
            what: "clock before the revocation", authTime: 5, sequence: 9, revokedAt: 10, revokedSequence: 2, visible: 10, now: 9,
            tieRule: .precise, isRefused: false),
        Row(
            what: "entra: earlier in the same second", authTime: 1, sequence: 1, revokedAt: 9_999_999, revokedSequence: 2,
            visible: 9_999_999, now: 20_000_000, tieRule: .entra, isRefused: false),
        Row(
            what: "entra: at the stamp itself", authTime: 0, sequence: 1, revokedAt: 5, revokedSequence: 2, visible: 5, now: 6,
            tieRule: .entra, isRefused: false),
        Row(
            what: "entra: the second before", authTime: -1, sequence: 1, revokedAt: 5, revokedSequence: 2, visible: 5, now: 6,
            tieRule: .entra, isRefused: true),
        Row(
            what: "skew: older than the stamp by just so much", authTime: -600_000_000, sequence: 1, revokedAt: 5,
            revokedSequence: 2,
            visible: 5, now: 6, tieRule: .skew(.seconds(60)), isRefused: false),
        Row(
            what: "skew: the longest duration that can be written", authTime: -1, sequence: 1, revokedAt: 5, revokedSequence: 2,
            visible: 5, now: 6, tieRule: .skew(.longest), isRefused: false),
        Row(
            what: "skew: a tick older", authTime: -600_000_001, sequence: 1, revokedAt: 5, revokedSequence: 2, visible: 5, now: 6,
            tieRule: .skew(.seconds(60)), isRefused: true),
    ]

    @Test("Verdicts by instant, sequence and tie rule", arguments: rows)
    func rule(row: Row) {
        let revocation = revocation(at: row.revokedAt, sequence: row.revokedSequence, visible: row.visible)
        let refused = refusal(authTime: row.authTime, sequence: row.sequence, [revocation], now: row.now, tieRule: row.tieRule)
        #expect((refused != nil) == row.isRefused, "\(row.what)")
    }

    @Test("A later revocation that is not yet in effect neither postpones nor hides an earlier one")
    func several() {
        let early = revocation(at: 10, sequence: 2, visible: 30)
        let late = revocation(at: 20, sequence: 3, visible: 40)
        #expect(refusal(authTime: 0, sequence: 1, [early, late], now: 29) == nil)
        #expect(refusal(authTime: 0, sequence: 1, [early, late], now: 30) == early)
        #expect(refusal(authTime: 0, sequence: 1, [early, late], now: 40) == late)
        // Signed in between: only the late one counts.
        #expect(refusal(authTime: 15, sequence: 9, [early, late], now: 39) == nil)
        #expect(refusal(authTime: 15, sequence: 9, [early, late], now: 40) == late)
    }

    @Test("A plane enforces only what has arrived there")
    func planes() {
        let onSessions = revocation(at: 10, sequence: 2, plane: .session)
        #expect(refusal(authTime: 0, sequence: 1, [onSessions], now: 50) == nil)
        #expect(refusal(authTime: 0, sequence: 1, [onSessions], now: 50, column: .passwordCookie, plane: .session) == onSessions)
    }

    /// Microsoft's table, written out again: R where it revokes.
    static let matrix: [(Revocation.Cause, String)] = [
        (.passwordExpired, "-----"), (.passwordChange, "RR---"), (.selfServiceReset, "RR---"),
        (.adminResetAzurePortal, "RR---"), (.adminResetEntra, "RR-RR"), (.userRevoke, "RRRRR"), (.adminRevoke, "RRRRR"),
        (.singleSignOut, "R-R--"),
    ]

    @Test("Each cell of Microsoft's matrix", arguments: matrix)
    func cells(cause: Revocation.Cause, row: String) {
        for (column, cell) in zip(RevocationMatrix.Column.allCases, row) {
            let refused = refusal(
                authTime: 0, sequence: 1, [revocation(at: 10, sequence: 2, cause: cause)], now: 10, column: column)
            #expect((refused != nil) == (cell == "R"), "\(cause) \(column)")
        }
    }

    @Test("The matrix has a row for every cause")
    func causes() { #expect(Set(Self.matrix.map(\.0)) == Set(Revocation.Cause.allCases)) }

    @Test("A confidential client's token counts in its own column alone, a single-page app's as a public client's")
    func columns() {
        #expect(RevocationMatrix.Column(tokenOf: .password, clientClass: .confidential) == .confidentialToken)
        #expect(RevocationMatrix.Column(tokenOf: .nonPassword, clientClass: .confidential) == .confidentialToken)
        #expect(RevocationMatrix.Column(tokenOf: .password, clientClass: .spa) == .passwordToken)
        #expect(RevocationMatrix.Column(tokenOf: .nonPassword, clientClass: .public) == .nonPasswordToken)
        #expect(RevocationMatrix.Column(cookieOf: .password) == .passwordCookie)
        #expect(RevocationMatrix.Column(cookieOf: .nonPassword) == .nonPasswordCookie)
    }
}

@Suite("The state of an account that is in effect")
struct AccountStateTests {
    private func change(_ kind: StateChange.Kind, at ticks: Int64, visible: Int64) -> StateChange {
        StateChange(
            id: id, user: home, kind: kind, place: Place(at: at(ticks), sequence: ticks),
            propagation: Propagation([.init(plane: .refresh, region: .local, moment: .at(at(visible)))]))
    }

    @Test("The last change in effect counts, in the order of events")
    func states() {
        let changes = [
            change(.enable, at: 30, visible: 40), change(.disable, at: 10, visible: 20), change(.delete, at: 50, visible: 60),
            change(.restore, at: 70, visible: 80),
        ]
        let expected: [(Int64, AccountState)] = [
            (19, .active), (20, .disabled), (39, .disabled), (40, .active), (59, .active), (60, .deleted), (80, .active),
        ]
        for (now, state) in expected {
            let standpoint = Standpoint(plane: .refresh, region: .local, now: at(now))
            #expect(AccountState.inEffect(of: changes, from: standpoint) == state, "\(now)")
        }
    }
}
