import Testing

@testable import LapseRules
@testable import LapseServer
@testable import LapseService

private let id = GUID("dddddddd-0004-4000-8000-000000000001")!

@Suite("Expectations over the control API")
struct ExpectationCallTests {
    typealias Expectation = LapseRules.Expectation

    @Test(
        "An expectation is shown as it was asked for, with what came of it",
        arguments: [
            ([], "pending", ""),
            (
                [Expectation.Status.passed], "passed",
                #"{"client":"app","incident":1,"status":"passed","says":"it came","events":[1,1]}"#
            ),
            (
                [.passed, .pending], "pending",
                #"{"client":"app","incident":1,"status":"passed","says":"it came","events":[1,1]},{"client":"app","incident":2,"status":"pending","says":"it came","events":[1,2]}"#
            ),
            ([.failed], "failed", #"{"client":"app","incident":1,"status":"failed","says":"it came","events":[1,1]}"#),
        ])
    func shown(statuses: [Expectation.Status], status: String, outcomes: String) throws {
        let asked = #""name":"n","client":"app","after":"refusal","retriesAtMost":2"#
        let judged = JudgedExpectation(
            expectation: try Expectation(try #require(JSON(parsing: Array("{\(asked)}".utf8))), id: id, ordinal: 1) { _ in nil },
            outcomes: statuses.enumerated().map { index, status in
                .init(client: "app", incident: Int64(index + 1), status: status, says: "it came", events: [1, Int64(index + 1)])
            })
        #expect(judged.json.encodedText == #"{\#(asked),"id":"\#(id)","status":"\#(status)","outcomes":[\#(outcomes)]}"#)
    }

    @Test(
        "All that an expectation may say is shown as it was asked for",
        arguments: [
            #"{"after":"refusal","retriesAtMost":0}"#,
            #"{"name":"n","client":"app","user":"\#(id)","after":"challenge","reauthorizesWithin":"PT5S","recoversWithin":"PT1M","retriesAtMost":2,"carriesClaims":false}"#,
        ])
    func definition(text: String) throws {
        let read = try Expectation(try #require(JSON(parsing: Array(text.utf8))), id: id, ordinal: 1) { GUID($0) }
        #expect(read.definition.encodedText == text)
    }

    @Test("What the log holds already has passed or failed an expectation when it is made")
    func judgedAtOnce() async throws {
        try await Lab.run { lab async throws in
            let token = try await lab.grant()["refresh_token"]
            let early = try await lab.contoso(.post, "expectations", ["after": "revoke", "retriesAtMost": 0])
            #expect(early["status"] == "pending" && early.json["outcomes"] == [])
            _ = try await lab.revoke()
            for _ in 1...2 { #expect(try await lab.refresh(token).status == 400) }
            _ = try await lab.grant()
            for (most, status) in [(0, "failed"), (1, "passed")] as [(Int64, String)] {
                let made = try await lab.contoso(.post, "expectations", ["after": "revoke", "retriesAtMost": .integer(most)])
                #expect(made["status"] == status, "\(made.text)")
                #expect(made.json["outcomes"]?.elements.count == 1)
                let again = try await lab.contoso(.get, "expectations/\(made["id"])")
                #expect(again.text == made.text)
            }
        }
    }
}
