import LapseRules
import Testing

private let start = Timestamp("2026-03-01T12:00:00Z")!
private let user = GUID("aaaaaaaa-0001-4000-8000-000000000001")!
private let (old, new, cut) = (RandomSource.seeded(1).guid(), RandomSource.seeded(2).guid(), RandomSource.seeded(3).guid())

/// What one client did for one user, each event so many tenths of a second after the start.
private func events(_ steps: [(tenths: Int64, kind: Event.Kind, change: (inout Event) -> Void)], client: ClientID = "app")
    -> [LoggedEvent]
{
    steps.enumerated().map { index, step in
        let at = start + .milliseconds(step.tenths * 100)
        var event = Event(tenant: Tenant.noID, at: at, kind: step.kind, user: user, client: client, grant: old)
        step.change(&event)
        return LoggedEvent(id: Int64(index + 1), event: event, writtenAt: at)
    }
}

private func refused(_ tenths: Int64 = 0) -> (Int64, Event.Kind, (inout Event) -> Void) {
    (tenths, .refreshRefused, { ($0.code, $0.revocation) = (.grantRevoked, cut) })
}
private func asked(_ tenths: Int64, answering: Bool = false) -> (Int64, Event.Kind, (inout Event) -> Void) {
    (tenths, .signInRequested, { $0.notes.answersChallenge = answering })
}
private func redeemed(_ tenths: Int64) -> (Int64, Event.Kind, (inout Event) -> Void) { (tenths, .codeRedeemed, { $0.grant = new }) }
private func outage(_ tenths: Int64 = 0, at endpoint: Fault.Endpoint = .token) -> (Int64, Event.Kind, (inout Event) -> Void) {
    (tenths, .faultHit, { ($0.notes.status, $0.notes.endpoint) = (503, endpoint) })
}
private func refreshed(_ tenths: Int64) -> (Int64, Event.Kind, (inout Event) -> Void) { (tenths, .tokenRefreshed, { _ in }) }

private func expectation(_ text: String) throws -> LapseRules.Expectation {
    try LapseRules.Expectation(try #require(JSON(parsing: Array(text.utf8))), id: old, ordinal: 1) { $0 == "adele" ? user : nil }
}

@Suite("Expectations")
struct ExpectationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let expects: String
        let events: [LoggedEvent]
        /// In tenths of a second.
        var now: Int64 = 100
        let status: LapseRules.Expectation.Status
        let says: String

        var testDescription: String { "\(expects): \(says)" }
    }

    static let rows = [
        Row(
            expects: #""after":"revoke","reauthorizesWithin":"PT5S""#, events: events([refused(), asked(30), redeemed(40)]),
            status: .passed, says: "it re-authorized after 3.0 s"),
        Row(
            expects: #""after":"revoke","reauthorizesWithin":"PT3S""#, events: events([refused(), asked(30)]), status: .passed,
            says: "it re-authorized after 3.0 s"),
        Row(
            expects: #""after":"revoke","reauthorizesWithin":"PT2S""#, events: events([refused(), asked(30)]), status: .failed,
            says: "it re-authorized after 3.0 s"),
        Row(
            expects: #""after":"revoke","reauthorizesWithin":"PT5S""#, events: events([refused()]), now: 50, status: .pending,
            says: "it has not re-authorized, 5.0 s later"),
        Row(
            expects: #""after":"revoke","reauthorizesWithin":"PT5S""#, events: events([refused()]), now: 51, status: .failed,
            says: "it has not re-authorized, 5.1 s later"),
        Row(
            expects: #""after":"revoke","reauthorizesWithin":"PT5S""#, events: events([refused(), redeemed(40)]), status: .passed,
            says: "it re-authorized after 4.0 s"),
        Row(
            expects: #""after":"refusal","recoversWithin":"PT4S""#, events: events([refused(), asked(30), redeemed(41)]),
            status: .failed, says: "it recovered after 4.1 s"),
        Row(
            expects: #""after":"refusal","recoversWithin":"PT20S""#, events: events([refused(), asked(30)]), status: .pending,
            says: "it has not recovered, 10.0 s later"),
        Row(
            expects: #""after":"refusal","carriesClaims":true"#, events: events([refused(), asked(30, answering: true)]),
            status: .passed, says: "it handed claims back"),
        Row(
            expects: #""after":"refusal","carriesClaims":true"#, events: events([refused(), asked(30)]), status: .failed,
            says: "it handed no claims back"),
        Row(
            expects: #""after":"refusal","carriesClaims":false"#, events: events([refused(), asked(30)]), status: .passed,
            says: "it handed no claims back"),
        Row(
            expects: #""after":"refusal","carriesClaims":true"#, events: events([refused()]), status: .pending,
            says: "it has not asked yet"),
        Row(
            expects: #""after":"refusal","retriesAtMost":1"#, events: events([refused(), refused(10), asked(30)]), status: .passed,
            says: "it sent the same request 1 more time"),
        Row(
            expects: #""after":"refusal","retriesAtMost":1"#, events: events([refused(), refused(10), refused(20)]),
            status: .failed,
            says: "it sent the same request 2 more times"),
        Row(
            expects: #""after":"refusal","retriesAtMost":0"#, events: events([refused()]), status: .pending,
            says: "it sent the same request 0 more times"),
        Row(
            expects: #""after":"outage","recoversWithin":"PT5S","retriesAtMost":3"#,
            events: events([outage(), outage(10), refreshed(20)]),
            status: .passed, says: "it recovered after 2.0 s, it sent the same request 1 more time"),
        Row(
            expects: #""after":"outage","recoversWithin":"PT1S""#, events: events([outage(at: .graph)]), status: .pending,
            says: "whether it recovered there leaves no trace"),
        Row(
            expects: #""after":"outage","recoversWithin":"PT1S""#, events: events([outage(at: .authorize)]), status: .failed,
            says: "it has not recovered, 10.0 s later"),
        Row(
            expects: #""after":"challenge","reauthorizesWithin":"PT1S""#, events: events([(0, .accessChallenged, { _ in })]),
            now: 5,
            status: .pending, says: "it has not re-authorized, 0.5 s later"),
        Row(
            expects: #""after":"silentRefusal","reauthorizesWithin":"PT1S""#,
            events: events([(0, .silentSignInRefused, { _ in }), asked(7)]), status: .passed, says: "it re-authorized after 0.7 s"),
    ]

    @Test("What is made of an expectation by what the app did", arguments: rows)
    func outcomes(row: Row) throws {
        let expectation = try expectation("{\(row.expects)}")
        let outcomes = expectation.outcomes(of: Judge.reactions(in: row.events), now: start + .milliseconds(row.now * 100))
        let outcome = try #require(outcomes.first)
        #expect(outcomes.count == 1)
        #expect((outcome.status, outcome.says, outcome.client, outcome.incident) == (row.status, row.says, "app", 1))
        #expect(LapseRules.Expectation.status(of: outcomes) == row.status)
        #expect(outcome.events.first == 1)
    }

    @Test(
        "An expectation looks at its occasion, its client and its user alone",
        arguments: [
            (#""after":"revoke""#, 1), (#""after":"refusal""#, 1), (#""after":"challenge""#, 0), (#""after":"silentRefusal""#, 0),
            (#""after":"outage""#, 0), (#""after":"revoke","client":"APP""#, 1), (#""after":"revoke","client":"other""#, 0),
            (#""after":"revoke","user":"adele""#, 1),
        ])
    func looks(expects: String, count: Int) throws {
        let expectation = try expectation(#"{\#(expects),"retriesAtMost":0}"#)
        let reactions = Judge.reactions(in: events([refused(), asked(1)]))
        #expect(expectation.outcomes(of: reactions, now: start).count == count)
    }

    @Test("Another user's incidents are not this one's, and a refusal without a revocation is none of its")
    func others() throws {
        var elsewhere = events([refused()])[0].event
        (elsewhere.user, elsewhere.revocation) = (new, nil)
        let reactions = Judge.reactions(in: [LoggedEvent(id: 1, event: elsewhere, writtenAt: start)])
        for (text, count) in [
            (#"{"after":"refusal","user":"adele","retriesAtMost":0}"#, 0), (#"{"after":"revoke","retriesAtMost":0}"#, 0),
            (#"{"after":"refusal","retriesAtMost":0}"#, 1),
        ] {
            #expect(try expectation(text).outcomes(of: reactions, now: start).count == count)
        }
    }

    @Test("Nothing met is pending; one failure fails all")
    func status() throws {
        #expect(LapseRules.Expectation.status(of: []) == .pending)
        let expectation = try expectation(#"{"after":"refusal","reauthorizesWithin":"PT5S"}"#)
        let quick = events([refused(), asked(10)])
        let slow = events([refused(), asked(90)], client: "other")
        let open = events([refused(95)], client: "third")
        func status(_ events: [[LoggedEvent]]) -> LapseRules.Expectation.Status {
            let outcomes = events.flatMap { expectation.outcomes(of: Judge.reactions(in: $0), now: start + .seconds(10)) }
            return LapseRules.Expectation.status(of: outcomes)
        }
        #expect(status([quick]) == .passed)
        #expect(status([quick, open]) == .pending)
        #expect(status([quick, slow, open]) == .failed)
    }

    @Test("An expectation is read with all that it may say")
    func whole() throws {
        let read = try expectation(
            #"{"name":"n","client":"app","user":"adele","after":"challenge","reauthorizesWithin":"PT5S","recoversWithin":"PT1M","retriesAtMost":2,"carriesClaims":false}"#
        )
        #expect(
            read
                == LapseRules.Expectation(
                    id: old, ordinal: 1, name: "n", client: "app", user: user, after: .challenge, reauthorizesWithin: .seconds(5),
                    recoversWithin: .seconds(60), retriesAtMost: 2, carriesClaims: false))
    }

    @Test(
        "What is no expectation is refused by its field",
        arguments: [
            ("{}", "after: is required, one of: revoke, refusal, challenge, silentRefusal, outage"),
            (#"{"after":"lunch"}"#, "after: must be one of: revoke, refusal, challenge, silentRefusal, outage"),
            (#"{"after":"revoke"}"#, "must expect one of reauthorizesWithin, recoversWithin, retriesAtMost, carriesClaims"),
            (#"{"after":"revoke","retriesAtMost":-1}"#, "retriesAtMost: must be a whole number from 0 to 1000000"),
            (#"{"after":"revoke","retriesAtMost":1,"user":"bob"}"#, "user: names no user of this tenant"),
            (#"{"after":"revoke","retriesAtMost":1,"client":""}"#, "client: must not be empty"),
            (#"{"after":"revoke","retriesAtMost":1,"within":"PT1S"}"#, "within: is not known"),
        ])
    func mistakes(text: String, says: String) throws {
        let error = #expect(throws: FieldError.self) { try expectation(text) }
        #expect(error?.description == says)
    }

    @Test("Tenths are rounded", arguments: [(0, "0.0 s"), (49, "0.0 s"), (50, "0.1 s"), (999, "1.0 s"), (12_340, "12.3 s")])
    func tenths(milliseconds: Int64, text: String) { #expect(Duration.milliseconds(milliseconds).tenths == text) }
}
