import LapseRules
import Testing

@testable import LapseServer

private let id = GUID("dddddddd-0004-4000-8000-000000000001")!

@Suite("Faults as the control API shows them")
struct FaultJSONTests {
    @Test(
        "A fault is shown as it was asked for, with how often it hit and may hit yet",
        arguments: [
            (#""match":{},"effect":{"status":503}"#, 0, "null"), (#""match":{},"effect":{"status":503}"#, 50, "null"),
            (#""match":{"endpoint":"token"},"effect":{"code":50173},"times":3"#, 0, "3"),
            (#""name":"n","match":{},"effect":{"answer":"cut"},"times":3,"probability":0.25"#, 2, "1"),
            (#""match":{},"effect":{"keys":"stale"},"times":3"#, 3, "0"),
        ])
    func shown(asked: String, hits: Int64, left: String) throws {
        var fault = try Fault(try #require(JSON(parsing: Array("{\(asked)}".utf8))), id: id, ordinal: 7) { _ in nil }
        fault.hits = hits
        #expect(fault.json.encodedText == #"{\#(asked),"id":"\#(id)","hits":\#(hits),"left":\#(left)}"#)
    }

    @Test(
        "Each effect is shown as it was asked for",
        arguments: [
            #"{"code":50173}"#, #"{"code":50076,"suberror":"basic_action","claims":"{}"}"#, #"{"code":50173,"suberror":null}"#,
            #"{"status":500}"#, #"{"status":503}"#, #"{"status":503,"retryAfter":"PT5S"}"#, #"{"status":429,"retryAfter":"PT1M"}"#,
            #"{"challenge":"{\"access_token\":{}}"}"#, #"{"answer":"cut"}"#, #"{"answer":"malformed"}"#, #"{"answer":"closed"}"#,
            #"{"answer":"silent"}"#, #"{"answer":"dropped"}"#, #"{"keys":"stale"}"#, #"{"keys":"wrong"}"#,
            #"{"keys":"unknownKid"}"#, #"{"keys":"rolledOver"}"#, #"{"latency":{"fixed":"PT2M"}}"#,
            #"{"status":500,"latency":{"uniform":["PT1S","PT2S"]}}"#,
        ])
    func effects(text: String) throws { try isShownAsAskedFor(#""match":{},"effect":\#(text)"#) }

    @Test(
        "All that a fault may say is shown as it was asked for",
        arguments: [
            #""match":{},"effect":{"status":503}"#,
            #""name":"n","match":{"endpoint":"token","grantType":"password","client":"app","user":"\#(id)","region":"east"},"effect":{"code":50173},"times":3,"probability":0.25"#,
        ])
    func isShownAsAskedFor(_ members: String) throws {
        let fault = try Fault(try #require(JSON(parsing: Array("{\(members)}".utf8))), id: id, ordinal: 1) { GUID($0) }
        #expect(fault.json.encodedText.hasPrefix("{\(members),\"id\":"))
    }

    @Test("A tenant that is full takes no further fault, whatever the body says")
    func full() async throws {
        try await Lab.run { lab async throws in
            for _ in 0..<Fault.most { try await lab.contoso(.post, "faults", ["effect": ["status": 503], "times": 1]) }
            let answer = try await lab.control(.post, "tenants/contoso.example/faults", ["effect": "none"])
            #expect(answer.status == 409, "\(answer.text)")
        }
    }
}
