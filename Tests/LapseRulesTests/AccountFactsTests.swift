import Testing

@testable import LapseRules

private let start = Timestamp("2026-03-01T12:00:00.25Z")!
private let lab = BuiltInLab.seed[0]
private let (adele, guest) = (lab.users[0], lab.users[3])
private let (east, west) = (Region("east")!, Region("west")!)
private let token = RevocationRule.Subject(authenticated: Place(at: start, sequence: 1), column: .passwordToken)
private let cookie = RevocationRule.Subject(authenticated: Place(at: start, sequence: 1), column: .passwordCookie)

private func at(_ seconds: Int64) -> Timestamp { start + .seconds(seconds) }
private func id(_ number: Int64) -> GUID { RandomSource.seeded(UInt64(bitPattern: number)).guid() }

private func arriving(_ moment: Propagation.Moment, on planes: [Plane] = Plane.allCases, in regions: [Region]) -> Propagation {
    Propagation(planes.flatMap { plane in regions.map { .init(plane: plane, region: $0, moment: moment) } })
}

private func revocation(
    at seconds: Int64, _ moment: Propagation.Moment? = nil, cause: Revocation.Cause = .adminRevoke, sequence: Int64? = nil,
    on planes: [Plane] = Plane.allCases, in regions: [Region] = [.local]
) -> Revocation {
    Revocation(
        id: id(sequence ?? seconds), user: adele.home, place: Place(at: at(seconds), sequence: sequence ?? seconds), cause: cause,
        actor: nil, propagation: arriving(moment ?? .at(at(seconds)), on: planes, in: regions))
}

private func change(
    _ kind: StateChange.Kind, at seconds: Int64, _ moment: Propagation.Moment? = nil, in regions: [Region] = [.local]
) -> StateChange {
    StateChange(
        id: id(seconds), user: adele.home, kind: kind, place: Place(at: at(seconds), sequence: seconds),
        propagation: arriving(moment ?? .at(at(seconds)), in: regions))
}

private func facts(
    _ revocations: [Revocation] = [], _ changes: [StateChange] = [], user: User = adele, attempts: AttemptCounts = [:],
    now seconds: Int64 = 100
) -> AccountFacts {
    AccountFacts(
        user: user, history: AccountHistory(revocations: revocations, stateChanges: changes), attempts: attempts, home: lab.tenant,
        homeNow: at(seconds))
}

@Suite("What speaks against an account")
struct AccountFactsTests {
    @Test(
        "A refused sign-in has the code of its plane",
        arguments: [
            (Plane.refresh, token, AADSTS.grantRevoked), (.cae, token, .grantRevoked), (.directory, token, .grantRevoked),
            (.session, cookie, .noSession),
        ])
    func codes(plane: Plane, subject: RevocationRule.Subject, code: AADSTS) {
        let refusal = facts([revocation(at: 10)]).refusal(of: subject, on: plane, in: .local)
        #expect(refusal?.error.code == code)
        #expect(refusal?.revocation == id(10))
    }

    @Test("The refusal prints the sign-in and the cut-off's whole second")
    func printed() {
        let text = facts([revocation(at: 10)]).refusal(of: token, on: .refresh, in: .local)?.error.text ?? ""
        #expect(text.contains("issued on '2026-03-01T12:00:00.2500000Z'"))
        #expect(text.contains("is '2026-03-01T12:00:10.0000000Z'"))
    }

    @Test(
        "The account's state comes before a revocation, and deleting before disabling",
        arguments: [
            ([], .grantRevoked), ([.disable], .accountDisabled), ([.disable, .enable], .grantRevoked), ([.delete], .userDeleted),
            ([.disable, .delete], .userDeleted), ([.delete, .restore], .grantRevoked),
            ([.disable, .delete, .restore], .accountDisabled),
        ] as [([StateChange.Kind], AADSTS)])
    func order(kinds: [StateChange.Kind], code: AADSTS) {
        let changes = kinds.enumerated().map { change($1, at: Int64(20 + $0)) }
        for plane in [Plane.refresh, .cae] {
            let refusal = facts([revocation(at: 10)], changes).refusal(of: token, on: plane, in: .local)
            #expect(refusal?.error.code == code)
            #expect((refusal?.revocation != nil) == (code == .grantRevoked))
        }
        let state = facts([revocation(at: 10)], changes).stateRefusal(on: .refresh, in: .local)
        // A fresh sign-in knows no revocation, and nobody who is gone.
        #expect(state?.code == (code == .grantRevoked ? nil : code == .userDeleted ? .userNotFound : code))
        // A browser's sign-in is asked for again.
        let session = facts([], changes).refusal(of: token, on: .session, in: .local)
        #expect(session?.error.code == state?.code)
    }

    @Test("A deleted user is missed in the directory's name")
    func directory() {
        #expect(facts([], [change(.delete, at: 1)]).stateRefusal(on: .refresh, in: .local) == .noSuchUser(directory: "Contoso"))
    }

    @Test(
        "Each request of a grant counts until it is refused",
        arguments: [(0, 1, nil), (1, 1, nil), (2, 0, .grantRevoked), (9, 0, .grantRevoked)] as [(Int, Int, AADSTS?)])
    func attempts(passed: Int, counted: Int, code: AADSTS?) {
        let counts: AttemptCounts = [Attempt(sequence: 10, plane: .refresh, region: .local): passed]
        let account = facts([revocation(at: 10, .afterAttempts(2))], attempts: counts)
        #expect(account.attempts(of: token, on: .refresh, in: .local).count == counted)
        #expect(account.refusal(of: token, on: .refresh, in: .local)?.error.code == code)
        // What passed here passed nowhere else.
        #expect(account.attempts(of: token, on: .cae, in: .local) == [Attempt(sequence: 10, plane: .cae, region: .local)])
    }

    @Test("Only what touches the sign-in counts its requests, and a fresh sign-in only the account's state")
    func counted() {
        let revocations = [
            revocation(at: 10, .afterAttempts(2)), revocation(at: 20, .afterAttempts(2), cause: .singleSignOut),
            revocation(at: 30, .at(at(500))), revocation(at: 40, .held), revocation(at: -5, .afterAttempts(2)),
        ]
        let account = facts(revocations, [change(.disable, at: 50, .afterAttempts(2))])
        #expect(account.attempts(of: token, on: .refresh, in: .local).map(\.sequence) == [10, 50])
        #expect(account.attempts(of: cookie, on: .session, in: .local).map(\.sequence) == [10, 20, 50])
        #expect(account.attempts(of: nil, on: .refresh, in: .local).map(\.sequence) == [50])
    }

    @Test("A clock that was set back lets pass without counting")
    func setBack() {
        let account = facts([revocation(at: 10, .afterAttempts(1))], now: 9)
        #expect(account.attempts(of: token, on: .refresh, in: .local).isEmpty)
        #expect(account.refusal(of: token, on: .refresh, in: .local) == nil)
    }

    @Test("Whoever answers a challenge is held to what any region has learned, but for guests")
    func anyResource() {
        let inWest = revocation(at: 10, on: [.cae], in: [west])
        let later = revocation(at: 20, on: [.cae], in: [east])
        #expect(facts([inWest]).refusalByAnyResource(of: token)?.revocation == id(10))
        #expect(facts([inWest, later]).refusalByAnyResource(of: token)?.revocation == id(20))
        #expect(facts([inWest], user: guest).refusalByAnyResource(of: token) == nil)
        #expect(facts([revocation(at: 10, .held, on: [.cae], in: [east, west])]).refusalByAnyResource(of: token) == nil)
        #expect(facts().refusalByAnyResource(of: token) == nil)
        let disabled = facts([inWest], [change(.disable, at: 5, in: [east])]).refusalByAnyResource(of: token)
        #expect((disabled?.error.code, disabled?.revocation) == (.accountDisabled, nil))
    }
}

@Suite("The history of an account")
struct AccountHistoryTests {
    @Test("Since an instant there is what came at it or later, and every state change", arguments: -1...6)
    func since(seconds: Int) {
        let whole = AccountHistory(
            revocations: [1, 2, 2, 4].enumerated().map { revocation(at: $1, sequence: Int64($0)) },
            stateChanges: [change(.disable, at: 1, .afterAttempts(1))])
        let rest = whole.since(at(Int64(seconds)))
        #expect(rest.revocations == whole.revocations.filter { $0.place.at >= at(Int64(seconds)) })
        #expect((rest.stateChanges, rest.countsAttempts) == (whole.stateChanges, true))
    }

    @Test(
        "What is added has the place of its instant, behind what happened then before, and is as if it had always been there",
        arguments: [[4], [1], [2], [0, 9], [3, 2, 1], [2, 2, 4]] as [[Int64]])
    func adding(seconds: [Int64]) {
        let before = [1, 2, 4].enumerated().map { revocation(at: Int64($1), sequence: Int64($0)) }
        let added = seconds.enumerated().map { index, at in
            revocation(at: at, index == 0 ? .afterAttempts(2) : .held, sequence: Int64(10 + index), in: [west])
        }
        let disabled = change(.disable, at: 3, in: [east])
        var history = AccountHistory(revocations: before, stateChanges: [])
        for revocation in added { history.add(revocation) }
        history.add(disabled)
        let whole = AccountHistory(revocations: (before + added).sorted { $0.place < $1.place }, stateChanges: [disabled])
        #expect(history == whole)
        #expect(history.countsAttempts)
    }

    @Test("Only what counts requests makes requests count")
    func counting() {
        func counts(_ revocations: [Revocation], _ changes: [StateChange]) -> Bool {
            AccountHistory(revocations: revocations, stateChanges: changes).countsAttempts
        }
        #expect(!counts([revocation(at: 1), revocation(at: 2, .held)], [change(.disable, at: 3)]))
        #expect(counts([revocation(at: 1), revocation(at: 2, .afterAttempts(1))], []))
        #expect(counts([], [change(.disable, at: 3, .afterAttempts(1))]))
    }

    @Test("The directory shows the latest cut-off that has arrived there and that moves the stamp")
    func cutOff() {
        let history = AccountHistory(
            revocations: [
                revocation(at: 1), revocation(at: 2, .at(at(50))), revocation(at: 3, cause: .passwordExpired),
                revocation(at: 4, .held),
            ], stateChanges: [])
        func stamp(_ seconds: Int64) -> GUID? {
            history.latestCutOff(from: Standpoint(plane: .directory, region: .local, now: at(seconds)))?.id
        }
        #expect([0, 1, 49, 50, 99].map(stamp) == [nil, id(1), id(1), id(2), id(2)])
    }

    @Test("Graph's accountEnabled is what arrived, and a deleted user keeps it")
    func enabled() {
        let changes = [change(.disable, at: 1, .at(at(10))), change(.delete, at: 2), change(.enable, at: 3, .at(at(20)))]
        func isEnabled(_ seconds: Int64) -> Bool {
            AccountState.isEnabled(after: changes, from: Standpoint(plane: .directory, region: .local, now: at(seconds)))
        }
        #expect([5, 10, 19, 20].map(isEnabled) == [true, false, false, true])
    }
}

@Suite("When it takes effect where")
struct PropagationMomentTests {
    private func standpoint(_ seconds: Int64, _ region: Region = .local) -> Standpoint {
        Standpoint(plane: .refresh, region: region, now: at(seconds))
    }

    @Test(
        "A region of its own, else the one that is first: a known instant before a number of requests, and that before what is held",
        arguments: [
            ([(west, .at(start))], .at(start)), ([(east, .held), (west, .at(start))], .held),
            ([(west, .held), (Region("north")!, .afterAttempts(3))], .afterAttempts(3)),
            ([(west, .afterAttempts(5)), (Region("north")!, .afterAttempts(3))], .afterAttempts(3)),
            ([(west, .afterAttempts(1)), (Region("north")!, .at(start))], .at(start)), ([(west, .held)], .held), ([], .held),
        ] as [([(Region, Propagation.Moment)], Propagation.Moment)])
    func moments(arrivals: [(Region, Propagation.Moment)], moment: Propagation.Moment) {
        let propagation = Propagation(arrivals.map { .init(plane: .refresh, region: $0, moment: $1) })
        #expect(propagation.moment(on: .refresh, in: east) == moment)
        #expect(propagation.moment(on: .cae, in: east) == .held, "another plane")
    }

    @Test(
        "What is left, and when something may change by itself",
        arguments: [
            (.at(at(10)), 9, nil, at(10)), (.held, 9, nil, nil), (.afterAttempts(3), 9, 2, at(1)),
            (.afterAttempts(3), 0, nil, at(1)),
            (.afterAttempts(1), 9, 0, at(1)),
        ] as [(Propagation.Moment, Int64, Int?, Timestamp?)])
    func left(moment: Propagation.Moment, now: Int64, left: Int?, turn: Timestamp?) {
        let revocation = revocation(at: 1, moment)
        let counts: AttemptCounts = [Attempt(sequence: 1, plane: .refresh, region: .local): 1]
        #expect(revocation.attemptsLeft(from: standpoint(now), after: counts) == left)
        #expect(revocation.turningPoint(on: .refresh, in: .local) == turn)
    }

    @Test("An arrival is in effect from its instant on", arguments: [(Int64(9), false), (10, true), (11, true)])
    func arrivals(now: Int64, isInEffect: Bool) {
        let arrival = Propagation.Arrival(plane: .refresh, region: .local, moment: .at(at(10)))
        #expect(arrival.isEffective(at: at(now)) == isInEffect)
        #expect(arrival.visibleAt == at(10))
        for moment in [Propagation.Moment.held, .afterAttempts(1)] {
            let unknown = Propagation.Arrival(plane: .refresh, region: .local, moment: moment)
            #expect(!unknown.isEffective(at: at(now)) && unknown.visibleAt == nil)
        }
    }

    @Test(
        "A new password comes with some causes, and the stamp moves by all but one",
        arguments: Revocation.Cause.allCases)
    func causes(cause: Revocation.Cause) {
        let setting: Set<Revocation.Cause> = [.passwordChange, .selfServiceReset, .adminResetAzurePortal, .adminResetEntra]
        #expect(cause.setsPassword == setting.contains(cause))
        #expect(cause.movesStamp == (cause != .passwordExpired))
    }

    @Test("What happened first is first: by instant, then by number")
    func places() {
        let places = [Place(at: at(0), sequence: 9), Place(at: at(1), sequence: 1), Place(at: at(1), sequence: 2)]
        #expect(places.shuffled(by: [2, 0, 1]).sorted() == places)
        #expect(revocation(at: 10).stamp == Timestamp("2026-03-01T12:00:10Z")!)
    }
}

extension [Place] {
    fileprivate func shuffled(by order: [Int]) -> [Place] { order.map { self[$0] } }
}

@Suite("Where requests land")
struct RoutingTests {
    @Test("Only requests that go round or are drawn are counted", arguments: PropagationModel.Routing.allCases)
    func counts(routing: PropagationModel.Routing) {
        var model = PropagationModel(regions: [east, west], routing: routing)
        #expect(model.countsRequests == (routing != .sticky))
        model.regions = [east]
        #expect(!model.countsRequests)
        #expect(model.region(of: "a", user: nil, number: 5) == east)
    }

    @Test("A plane can be given another delay, and a region that is not named has none")
    func planes() {
        var model = PropagationModel(regions: [east, west])
        model[.refresh] = .byRegion([west: .manual])
        #expect(model[.refresh].delay(in: east) == .immediate)
        #expect(model[.refresh].delay(in: west) == .manual)
        #expect(model[.session].delay(in: west) == .immediate)
    }
}
