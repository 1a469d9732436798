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

@Suite("Events as JSON")
struct EventTests {
    @Test("An event is shown with every member, and only a fault's hit names a fault")
    func shown() {
        #expect(
            event().json.encodedText
                == #"{"id":7,"at":"2026-03-01T12:00:00.2500000Z","type":"refreshRefused","user":null,"client":null,"grant":null,"revocation":null,"region":null,"code":null,"requestId":null}"#
        )
        #expect(
            whole.json.encodedText
                == #"{"id":7,"at":"2026-03-01T12:00:00.2500000Z","type":"refreshRefused","user":"eeeeeeee-0005-4000-8000-000000000002","client":"app","grant":"eeeeeeee-0005-4000-8000-000000000003","revocation":"eeeeeeee-0005-4000-8000-000000000004","region":"east","code":50173,"requestId":"eeeeeeee-0005-4000-8000-000000000005","fault":"eeeeeeee-0005-4000-8000-000000000001"}"#
        )
    }

    @Test("The judge reads what the log wrote", arguments: [event(), whole])
    func roundTrip(logged: LoggedEvent) throws {
        let read = try LoggedEvent(logged.fullJSON)
        #expect(read.event == logged.event)
        #expect((read.id, read.writtenAt) == (7, at + .seconds(3)))
    }

    @Test("Each kind of event has a name of its own", arguments: Event.Kind.allCases)
    func kinds(kind: Event.Kind) throws { #expect(try LoggedEvent(event(kind).fullJSON).event.kind == kind) }

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
        "What is no event is refused by its field",
        arguments: [
            ("[]", "must be an object"), ("{}", "must have id, at, type and writtenAt"),
            (#"{"id":1,"at":"2026-03-01T12:00:00Z","type":"revoked"}"#, "must have id, at, type and writtenAt"),
            (#"{"id":-1}"#, "id: must be a whole number from 0 to 9223372036854775807"),
            (#"{"id":1,"at":"noon"}"#, "at: must be an RFC 3339 instant such as 2026-01-01T00:00:00.0000000Z"),
            (row(#""user":"adele""#), "user: must be a GUID"), (row(#""fault":"x""#), "fault: must be a GUID"),
            (row(#""code":"x""#), "code: must be a whole number from 0 to 2147483647"), (row(#""more":1"#), "more: is not known"),
            (row(#""notes":[]"#), "notes: must be an object"), (row(#""notes":{"more":1}"#), "notes.more: is not known"),
            (row(#""notes":{"status":99}"#), "notes.status: must be a whole number from 100 to 599"),
            (row(#""notes":{"answer":"lost"}"#), "notes.answer: must be one of: cut, malformed, closed, silent, dropped"),
        ])
    func mistakes(text: String, says: String) throws {
        let value = try #require(JSON(parsing: Array(text.utf8)))
        let error = #expect(throws: FieldError.self) { try LoggedEvent(value) }
        #expect(error?.description == says)
    }

    private static func row(_ member: String) -> String {
        #"{"id":1,"at":"2026-03-01T12:00:00Z","type":"revoked","writtenAt":"2026-03-01T12:00:00Z",\#(member)}"#
    }

    @Test("A type that nobody knows is refused with all that there are")
    func unknownKind() throws {
        let value: JSON = ["id": 1, "at": "2026-03-01T12:00:00Z", "type": "slept"]
        let error = #expect(throws: FieldError.self) { try LoggedEvent(value) }
        #expect(error?.field == "type")
        for kind in Event.Kind.allCases { #expect(error?.message.contains(kind.rawValue) == true) }
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
