import Testing

@testable import LapseRules

private func retryAfterFailure(_ id: Int64, after: Int, endpoint: Fault.Endpoint = .token) -> LoggedEvent {
    Rows.failure(id, after: .milliseconds(after), status: 429, retryAfter: .seconds(30), endpoint: endpoint)
}

private func event(
    _ id: Int64, _ kind: Event.Kind, after: Int = 0, grant: GUID? = Rows.grant, code: AADSTS? = nil, presented: String? = nil
) -> LoggedEvent {
    Rows.event(id, kind, after: .milliseconds(after), grant: grant, code: code, presented: presented)
}

/// The first of `kind`, and three more in a row.
private func four(_ kind: Event.Kind, from id: Int64, code: AADSTS? = nil, presented: String? = nil) -> [LoggedEvent] {
    (id..<id + 4).map { event($0, kind, code: code, presented: presented) }
}

@Suite("The judge: a client's history")
struct ClientHistoryTests {
    /// Which of several incidents that one event ends has its finding first.
    struct Order: Sendable, CustomTestStringConvertible {
        let says: String
        let events: [LoggedEvent]
        /// By the last event.
        let findings: [ReactionRule]

        var testDescription: String { says }
    }

    private static let orders = [
        Order(
            says: "A refusal: the loop, the outage, the refusal before",
            events: four(.refreshRefused, from: 1, code: .grantRevoked) + [
                retryAfterFailure(5, after: 0), retryAfterFailure(6, after: 1100),
                event(7, .refreshRefused, after: 1200, grant: Rows.secondGrant, code: .clientLoop),
            ], findings: [.looping, .ignoresRetryAfter, .retriesDeadToken]),
        Order(
            says: "Tokens: the refusal, the challenge, the silent sign-in, the outage",
            events: four(.refreshRefused, from: 1, code: .grantRevoked) + four(.accessChallenged, from: 5, presented: "first")
                + four(.silentSignInRefused, from: 9) + [
                    retryAfterFailure(13, after: 0), retryAfterFailure(14, after: 1100), event(15, .codeRedeemed, after: 1200),
                ], findings: [.retriesDeadToken, .ignoresClaimsChallenge, .loopsOnSilentSignIn, .ignoresRetryAfter]),
        Order(
            says: "A sign-in: the outage, the silent sign-in",
            events: [event(1, .codeRedeemed)] + four(.silentSignInRefused, from: 2) + [
                retryAfterFailure(6, after: 0), retryAfterFailure(7, after: 1100), event(8, .signInRequested, after: 1200),
            ], findings: [.ignoresRetryAfter, .loopsOnSilentSignIn]),
    ]

    @Test("The order of findings at one event", arguments: orders)
    func order(_ order: Order) {
        var history = ClientHistory(user: Rows.user)
        for event in order.events.dropLast() { history.observe(event, hit: nil) }
        #expect(history.findings == [])
        history.observe(order.events.last!, hit: nil)
        #expect(history.findings.map(\.rule) == order.findings)
    }

    @Test("The order of findings at the end: the silent sign-in, the challenge, the outage, what was lost by it, the refusal")
    func end() {
        var history = ClientHistory(user: Rows.user)
        let events =
            [event(1, .codeRedeemed), retryAfterFailure(2, after: 0), event(3, .signInRequested)]
            + four(.silentSignInRefused, from: 4) + four(.accessChallenged, from: 8, presented: "first")
            + [retryAfterFailure(12, after: 0, endpoint: .graph), retryAfterFailure(13, after: 1100, endpoint: .graph)]
            + (14..<18).map { event($0, .refreshRefused, grant: Rows.secondGrant, code: .grantRevoked) }
        for event in events { history.observe(event, hit: nil) }
        #expect(history.findings == [])
        #expect(
            history.ended().findings.map(\.rule) == [
                .loopsOnSilentSignIn, .ignoresClaimsChallenge, .ignoresRetryAfter, .losesLivingToken, .retriesDeadToken,
            ])
        // What goes on is not touched by a look at it.
        #expect(history.findings == [] && history.hasOpenIncident)
    }

    @Test("Nobody has to be asked yet when another fault is found already")
    func faultless() {
        var quiet = ClientHistory(user: Rows.user)
        quiet.observe(event(1, .refreshRefused, code: .grantRevoked), hit: nil)
        #expect(quiet.ended().findings.map(\.rule) == [.hasNotAskedYet])
        quiet.add(Finding(rule: .disturbsOthers, user: Rows.user, says: "", events: []))
        #expect(quiet.ended().findings.map(\.rule) == [.disturbsOthers])
    }

    @Test(
        "A sign-in after a refusal or a challenge is no fault of an outage",
        arguments: [Event.Kind.refreshRefused, .accessChallenged])
    func reasons(kind: Event.Kind) {
        var history = ClientHistory(user: Rows.user)
        for event in [
            event(1, .codeRedeemed), event(2, kind, code: .grantRevoked), retryAfterFailure(3, after: 0, endpoint: .graph),
        ] {
            history.observe(event, hit: nil)
        }
        history.observe(event(4, .signInRequested), hit: nil)
        #expect(!history.ended().findings.contains { $0.rule == .losesLivingToken })
    }

    @Test("The last refusal is a refusal or a challenge, whichever was met last")
    func lastRefusal() {
        var history = ClientHistory(user: Rows.user)
        #expect(history.lastRefusal == nil)
        for (event, last) in [
            (event(1, .refreshRefused, code: .grantRevoked), Int64(1)), (event(2, .accessChallenged), 2),
            (event(3, .silentSignInRefused), 2),
            (retryAfterFailure(4, after: 0), 2), (event(5, .refreshRefused, grant: Rows.secondGrant, code: .grantRevoked), 5),
        ] {
            history.observe(event, hit: nil)
            #expect(history.lastRefusal?.event == last)
        }
    }

    @Test("A user is undisturbed with a live grant and nothing open")
    func undisturbed() {
        var history = ClientHistory(user: Rows.user)
        #expect(!history.isUndisturbed)
        for (event, isUndisturbed) in [
            (event(1, .codeRedeemed), true), (event(2, .silentSignInRefused), false), (event(3, .signInRequested), true),
            (event(4, .refreshRefused, code: .grantRevoked), false), (event(5, .codeRedeemed), true),
            (retryAfterFailure(6, after: 0), false),
        ] {
            history.observe(event, hit: nil)
            #expect(history.isUndisturbed == isUndisturbed)
        }
    }
}

@Suite("The judge: what an event tells")
struct ObservationTests {
    /// Without a fault, and with a grant.
    private func due(_ kind: Event.Kind) -> Observation? {
        switch kind {
        case .refreshRefused, .codeRefused, .deviceCodeRefused, .clientTokenRefused, .onBehalfOfRefused: .refusal
        case .codeRedeemed, .deviceCodeRedeemed, .tokenRefreshed, .clientTokenIssued, .onBehalfOfIssued, .signedIn: .tokens
        case .signInRequested, .deviceCodeIssued, .codeIssued: .signInRequest
        case .silentSignInRefused: .silentRefusal
        case .accessChallenged: .challenge
        case .accessOutlived: .outlivedAccess
        case .pageShown: .page
        default: nil
        }
    }

    @Test("Each kind of event tells one thing or nothing", arguments: Event.Kind.allCases)
    func kinds(kind: Event.Kind) {
        let event = Rows.event(1, kind).event
        #expect(Observation(event, hit: nil) == due(kind))
        // What a fault only delayed, or refused with a code, arrived.
        #expect(Observation(event, hit: Rows.failure(2, status: 400).event) == due(kind))
        #expect(Observation(event, hit: Rows.failure(2, status: 503).event) == nil)
        #expect(Observation(event, hit: Rows.failure(2, status: nil).event) == nil)
    }

    @Test("A sign-in without a grant brings no tokens, a silent code shows no page")
    func details() {
        #expect(Observation(Rows.event(1, .signedIn, grant: nil).event, hit: nil) == nil)
        #expect(Observation(Rows.event(1, .codeIssued) { $0.prompt = "none" }.event, hit: nil) == nil)
        #expect(Observation(Rows.event(1, .codeIssued) { $0.prompt = "login" }.event, hit: nil) == .signInRequest)
    }

    @Test("A fault is a failure from 429 on, and without a status when the answer was lost")
    func failures() {
        for (status, isFailure) in [(400, false), (428, false), (429, true), (500, true), (503, true)] {
            #expect(Observation(Rows.failure(1, status: status).event, hit: nil) == (isFailure ? .failure : nil))
        }
        #expect(Observation(Rows.failure(1, status: nil).event, hit: nil) == .failure)
        #expect(Observation(Rows.event(1, .faultHit).event, hit: nil) == nil)
        // A status says how the answer was, whatever became of it on its way.
        let damaged = Rows.event(1, .faultHit) {
            $0.status = 400
            $0.responseFault = .cut
        }
        #expect(Observation(damaged.event, hit: nil) == nil)
    }
}
