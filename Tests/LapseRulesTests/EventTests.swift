import Testing

@testable import LapseRules

private let id = GUID("eeeeeeee-0005-4000-8000-000000000001")!
private let at = Timestamp("2026-03-01T12:00:00.25Z")!

private func event(_ kind: Event.Kind = .refreshRefused, _ change: (inout Event) -> Void = { _ in }) -> LoggedEvent {
    var event = Event(tenant: Tenant.noID, at: at, kind: kind)
    change(&event)
    return LoggedEvent(id: 7, event: event, writtenAt: at + .seconds(3))
}

private let whole = event { event in
    event.user = GUID("eeeeeeee-0005-4000-8000-000000000002")!
    event.client = "app"
    event.grant = GUID("eeeeeeee-0005-4000-8000-000000000003")!
    event.revocation = GUID("eeeeeeee-0005-4000-8000-000000000004")!
    event.region = Region("east")!
    event.code = .grantRevoked
    event.requestID = GUID("eeeeeeee-0005-4000-8000-000000000005")!
    event.presented = "0123456789abcdef"
    event.notes.prompt = "none"
    event.notes.answersChallenge = true
    event.notes.demandsClaims = true
    event.notes.fault = id
    event.notes.endpoint = .token
    event.notes.status = 503
    event.notes.responseFault = .dropped
    event.notes.retryAfter = .seconds(5)
}

@Suite("Events")
struct EventTests {
    @Test("On another tenant's clock it happened so much earlier, and was written when it was written")
    func shifted() {
        let shifted = whole.shifted(back: .seconds(60))
        #expect(shifted.event.at == at - .seconds(60))
        #expect(shifted.writtenAt == whole.writtenAt)
        var back = shifted.event
        back.at = at
        #expect(back == whole.event)
    }
}
