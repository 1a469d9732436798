import LapseRules
import Testing

@testable import LapseServer

private let at = Timestamp("2026-03-01T12:00:00.25Z")!
private let ids = (1...5).map { GUID("eeeeeeee-0005-4000-8000-00000000000\($0)")! }

private func event(_ kind: Event.Kind = .refreshRefused, _ change: (inout Event) -> Void = { _ in }) -> LoggedEvent {
    var event = Event(tenant: Tenant.noID, at: at, kind: kind)
    change(&event)
    return LoggedEvent(id: 7, event: event, writtenAt: at + .seconds(3))
}

private let whole = event { event in
    event.user = ids[1]
    event.client = "app"
    event.grant = ids[2]
    event.revocation = ids[3]
    event.region = Region("east")!
    event.code = .grantRevoked
    event.requestID = ids[4]
    event.presented = "0123456789abcdef"
    event.notes.prompt = "none"
    event.notes.answersChallenge = true
    event.notes.demandsClaims = true
    event.notes.fault = ids[0]
    event.notes.endpoint = .token
    event.notes.status = 503
    event.notes.responseFault = .dropped
    event.notes.retryAfter = .seconds(5)
}

@Suite("Events as the control API shows them")
struct EventJSONTests {
    private static let bareText =
        #"{"id":7,"at":"2026-03-01T12:00:00.2500000Z","type":"refreshRefused","user":null,"client":null,"grant":null,"revocation":null,"region":null,"code":null,"requestId":null"#
    private static let wholeText =
        #"{"id":7,"at":"2026-03-01T12:00:00.2500000Z","type":"refreshRefused","user":"eeeeeeee-0005-4000-8000-000000000002","client":"app","grant":"eeeeeeee-0005-4000-8000-000000000003","revocation":"eeeeeeee-0005-4000-8000-000000000004","region":"east","code":50173,"requestId":"eeeeeeee-0005-4000-8000-000000000005","fault":"eeeeeeee-0005-4000-8000-000000000001""#

    @Test("An event is shown with every member, and only a fault's hit names a fault")
    func shown() {
        #expect(event().json.encodedText == Self.bareText + "}")
        #expect(whole.json.encodedText == Self.wholeText + "}")
    }

    @Test("In detail it is shown with all that the judge reads")
    func detail() {
        #expect(
            event().fullJSON.encodedText
                == Self.bareText + #","writtenAt":"2026-03-01T12:00:03.2500000Z","presented":null,"notes":{}}"#)
        #expect(
            whole.fullJSON.encodedText
                == Self.wholeText
                + #","writtenAt":"2026-03-01T12:00:03.2500000Z","presented":"0123456789abcdef","notes":{"prompt":"none","answersChallenge":true,"demandsClaims":true,"fault":"eeeeeeee-0005-4000-8000-000000000001","endpoint":"token","status":503,"answer":"dropped","retryAfter":"PT5S"}}"#
        )
    }

    @Test(
        "Each note is shown where there is one",
        arguments: [
            ("{}", Event.Notes()), (#"{"prompt":"login"}"#, noted { $0.prompt = "login" }),
            (#"{"answersChallenge":true}"#, noted { $0.answersChallenge = true }),
            (#"{"demandsClaims":true}"#, noted { $0.demandsClaims = true }),
            (#"{"fault":"eeeeeeee-0005-4000-8000-000000000001"}"#, noted { $0.fault = ids[0] }),
            (#"{"endpoint":"devicecode"}"#, noted { $0.endpoint = .devicecode }),
            (#"{"status":429}"#, noted { $0.status = 429 }), (#"{"answer":"closed"}"#, noted { $0.responseFault = .closed }),
            (#"{"retryAfter":"PT5S"}"#, noted { $0.retryAfter = .seconds(5) }),
        ])
    func notes(text: String, notes: Event.Notes) {
        #expect(event { $0.notes = notes }.fullJSON["notes"]?.encodedText == text)
    }

    private static func noted(_ change: (inout Event.Notes) -> Void) -> Event.Notes {
        var notes = Event.Notes()
        change(&notes)
        return notes
    }

    @Test("Each kind of event has a name of its own", arguments: Event.Kind.allCases)
    func kinds(kind: Event.Kind) { #expect(event(kind).json["type"]?.text.flatMap(Event.Kind.init(rawValue:)) == kind) }
}
