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
    @Test(
        "Each note is written where there is one, and read back",
        arguments: [
            ("{}", Event.Notes()), (#"{"prompt":"login"}"#, noted { $0.prompt = "login" }),
            (#"{"answersChallenge":true}"#, noted { $0.answersChallenge = true }),
            (#"{"demandsClaims":true}"#, noted { $0.demandsClaims = true }),
            (#"{"fault":"eeeeeeee-0005-4000-8000-000000000001"}"#, noted { $0.fault = id }),
            (#"{"endpoint":"devicecode"}"#, noted { $0.endpoint = .devicecode }),
            (#"{"status":429}"#, noted { $0.status = 429 }), (#"{"answer":"closed"}"#, noted { $0.responseFault = .closed }),
            (#"{"retryAfter":"PT5S"}"#, noted { $0.retryAfter = .seconds(5) }),
        ])
    func notes(text: String, notes: Event.Notes) throws {
        #expect(notes.json?.encodedText ?? "{}" == text)
        #expect(try Event.Notes(try #require(JSON(parsing: Array(text.utf8)))) == notes)
    }

    private static func noted(_ change: (inout Event.Notes) -> Void) -> Event.Notes {
        var notes = Event.Notes()
        change(&notes)
        return notes
    }

    @Test(
        "What is no note is refused by its field",
        arguments: [
            ("[]", "notes: must be an object"), (#"{"more":1}"#, "notes.more: is not known"),
            (#"{"fault":"x"}"#, "notes.fault: must be a GUID"),
            (#"{"status":99}"#, "notes.status: must be a whole number from 100 to 599"),
            (#"{"answer":"lost"}"#, "notes.answer: must be one of: cut, malformed, closed, silent, dropped"),
        ])
    func mistakes(text: String, says: String) throws {
        let value = try #require(JSON(parsing: Array(text.utf8)))
        let error = #expect(throws: FieldError.self) { try Event.Notes(value) }
        #expect(error?.description == says)
    }

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
