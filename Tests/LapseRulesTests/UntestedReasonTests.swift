import Testing

@testable import LapseRules

@Suite("Why an app met nothing")
struct UntestedReasonTests {
    private static let client = ClientID("bbbbbbbb-0002-4000-8000-000000000001")
    private static let end = Timestamp(written: "2026-03-01T12:02:00Z")!

    private static func event(
        _ kind: Event.Kind, code: AADSTS? = nil, grant: Bool = false, token: Event.AccessToken? = nil, hasClient: Bool = true
    ) -> Event {
        var event = Event(
            tenant: BuiltInLab.contoso, at: end, kind: kind, client: hasClient ? client : nil,
            grant: grant ? BuiltInLab.contoso : nil,
            code: code)
        event.accessToken = token
        return event
    }

    private static let plain = Event.AccessToken(endsAt: end, isEvaluated: false)
    private static let evaluated = Event.AccessToken(endsAt: end, isEvaluated: true)

    @Test(
        "The log says how far the app came",
        arguments: [
            ([], 0, .nothingReachedLapse), ([], 3, .onlyMetadata),
            // What the check itself does is no doing of the app.
            ([event(.policiesChanged, hasClient: false)], 0, .nothingReachedLapse),
            ([event(.deviceCodeIssued)], 2, .deviceCodeNotEntered(client)),
            ([event(.deviceCodeIssued), event(.deviceCodeApproved)], 2, .deviceCodeNotRedeemed(client)),
            ([event(.deviceCodeIssued), event(.deviceCodeDeclined)], 2, nil),
            ([event(.deviceCodeIssued), event(.deviceCodeApproved), event(.deviceCodeIssued)], 3, .deviceCodeNotEntered(client)),
            ([event(.signInRequested)], 1, .nobodySignedIn(client)),
            ([event(.silentSignInRefused, code: .noSession)], 1, .nobodySignedIn(client)),
            ([event(.signInRequested), event(.signInRefused, code: .wrongPassword)], 2, .signInRefused(.wrongPassword)),
            ([event(.signInRefused, code: .wrongPassword, hasClient: false)], 1, .signInRefused(.wrongPassword)),
            ([event(.signInRequested), event(.signedIn), event(.codeIssued)], 3, .codeNotRedeemed(client)),
            ([event(.codeIssued), event(.codeRefused, code: .wrongSecret)], 3, .requestRefused(.wrongSecret)),
            ([event(.clientTokenRefused, code: .wrongSecret)], 1, .requestRefused(.wrongSecret)),
            ([event(.clientTokenIssued, token: plain)], 1, .onlyApplications),
            ([event(.codeRedeemed, token: plain)], 2, .neverAskedAgain(goodUntil: end, isEvaluated: false)),
            ([event(.codeRedeemed, token: evaluated)], 2, .neverAskedAgain(goodUntil: end, isEvaluated: true)),
            ([event(.signedIn, grant: true)], 1, .neverAskedAgain(goodUntil: nil, isEvaluated: false)),
            (
                [event(.clientTokenIssued, token: plain), event(.codeRedeemed, token: plain)], 3,
                .neverAskedAgain(goodUntil: end, isEvaluated: false)
            ),
            (
                [event(.codeRedeemed, token: plain), event(.refreshRefused, code: .forItself)], 3, .refreshesRefused(.forItself)
            ),
            (
                [
                    event(.codeRedeemed, token: plain), event(.refreshRefused, code: .forItself),
                    event(.refreshRefused, code: .grantRevoked),
                ],
                4, nil
            ),
            // It did meet something.
            ([event(.codeRedeemed, token: plain), event(.refreshRefused, code: .grantRevoked)], 3, nil),
            ([event(.codeRedeemed, token: evaluated), event(.accessChallenged)], 3, nil),
        ] as [([Event], Int, UntestedReason?)])
    func reason(events: [Event], requests: Int, reason: UntestedReason?) {
        let logged = events.enumerated().map { LoggedEvent(id: Int64($0.offset + 1), event: $0.element, writtenAt: Self.end) }
        #expect(UntestedReason(events: logged, requests: requests) == reason)
    }

    @Test("Where it is waited for what the app answers, it is said that nobody told")
    func visits() {
        func reason(_ events: [Event]) -> UntestedReason? {
            let logged = events.enumerated().map { LoggedEvent(id: Int64($0.offset + 1), event: $0.element, writtenAt: Self.end) }
            return UntestedReason(events: logged, requests: 3, wantsVisits: true)
        }
        let refreshed = [Self.event(.codeRedeemed, token: Self.plain), Self.event(.tokenRefreshed, token: Self.plain)]
        #expect(reason(refreshed) == .nobodySaw)
        #expect(reason(refreshed + [Self.event(.pageShown, hasClient: false)]) == .nobodySaw)
        #expect(
            reason(refreshed + [Self.event(.pageShown)]) == .neverAskedAgain(goodUntil: Self.end, isEvaluated: false))
    }
}
