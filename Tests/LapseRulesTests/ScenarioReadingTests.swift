import LapseRules
import Testing

private func scenario(_ text: String) throws -> Scenario { try Scenario(try #require(JSON(parsing: Array(text.utf8)))) }

@Suite("Reading a scenario")
struct ScenarioReadingTests {
    @Test(
        "Each step is read",
        arguments: [
            (#"{"wait":{"type":"tokenRefreshed"}}"#, .wait(for: [.tokenRefreshed], count: 1, within: .seconds(60))),
            (
                #"{"wait":{"type":["tokenRefreshed","refreshRefused"],"count":3,"within":"PT5S"}}"#,
                .wait(for: [.tokenRefreshed, .refreshRefused], count: 3, within: .seconds(5))
            ),
            (#"{"pause":"PT2S"}"#, .pause(.seconds(2))),
            (
                #"{"call":"POST revocations","body":{"user":"{user}"}}"#,
                .call(method: "POST", path: "revocations", body: ["user": "{user}"])
            ),
            (#"{"call":"DELETE faults"}"#, .call(method: "DELETE", path: "faults", body: nil)),
        ] as [(String, Scenario.Step)])
    func steps(text: String, step: Scenario.Step) throws {
        #expect(try scenario(#"{"name":"n","steps":[\#(text)]}"#).steps == [step])
    }

    @Test(
        "What is no scenario is refused by its field",
        arguments: [
            ("{}", "name: is required"), (#"{"name":"n"}"#, "steps: must name at least one step"),
            (#"{"name":"n","steps":[]}"#, "steps: must name at least one step"),
            (#"{"name":"n","policies":{"permissions":1},"steps":[]}"#, "policies.permissions: must be a text (in quotes)"),
            (
                #"{"name":"n","propagation":{"seed":-1},"steps":[]}"#,
                "propagation.seed: must be a whole number from 0 to 9223372036854775807"
            ),
            (#"{"name":"n","steps":[{"pause":"PT1S"}],"step":1}"#, "step: is not known"),
            (#"{"name":"n","steps":[{"pause":"PT1S"},{}]}"#, "steps[1]: must be one of wait, pause, call"),
            (#"{"name":"n","steps":[{"pause":"PT1S","call":"GET x"}]}"#, "steps[0].call: is not known"),
            (#"{"name":"n","steps":[{"wait":{}}]}"#, "steps[0].wait.type: is required"),
            (#"{"name":"n","steps":[{"wait":{"type":[]}}]}"#, "steps[0].wait.type: is required"),
            (
                #"{"name":"n","steps":[{"wait":{"type":["revoked","slept"]}}]}"#,
                "steps[0].wait.type: 'slept' is not a type of event"
            ),
            (
                #"{"name":"n","steps":[{"wait":{"type":"revoked","count":0}}]}"#,
                "steps[0].wait.count: must be a whole number from 1 to 10000"
            ),
            (#"{"name":"n","steps":[{"wait":{"type":"revoked","for":1}}]}"#, "steps[0].wait.for: is not known"),
            (
                #"{"name":"n","steps":[{"call":"revocations"}]}"#,
                "steps[0].call: must be a method and a path, such as POST revocations"
            ),
            (
                #"{"name":"n","steps":[{"call":"HEAD revocations"}]}"#,
                "steps[0].call: must be a method and a path, such as POST revocations"
            ),
        ])
    func mistakes(text: String, says: String) throws {
        let error = #expect(throws: FieldError.self) { try scenario(text) }
        #expect(error?.description == says)
    }
}
