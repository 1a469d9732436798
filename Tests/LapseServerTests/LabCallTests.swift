import LapseRules
import Testing

@Suite("Labs of a sandbox")
struct LabCallTests {
    private static let lab: JSON = [
        "name": "small", "title": "Small", "situation": "Once", "lead": "10m", "policies": ["lifetimes": ["accessToken": "PT1H"]],
        "propagation": ["planes": ["refresh": ["fixed": "PT3M"], "session": ["fixed": "PT1M"]]],
        "signIns": [["id": "phone", "user": "adele", "app": "native"]],
        "happens": [["user": "adele", "cause": "adminRevoke"]],
        "questions": [
            ["id": "early", "ask": "?", "endpoint": "token", "signIn": "phone", "at": "PT2M"],
            ["id": "page", "ask": "?", "endpoint": "authorize", "signIn": "phone", "at": "PT2M"],
            ["id": "from", "ask": "?", "endpoint": "token", "signIn": "phone"],
            ["id": "graph", "ask": "?", "endpoint": "graph", "signIn": "phone"],
        ],
        "explanation": "So.", "change": ["text": "Then?", "happens": [["user": "adele", "cause": "singleSignOut"]]],
    ]

    private static func sandbox(_ lab: Lab) async throws -> String {
        "tenants/\(try await lab.control(.post, "tenants", ["template": "contoso.example"])["id"])"
    }

    @Test("A lab is set up, predicted and played: the clock moves, the endpoints are asked, the points are counted")
    func played() async throws {
        try await Lab.run { lab async throws in
            let path = try await Self.sandbox(lab)
            #expect(try await lab.control(.get, "\(path)/lab").status == 404)
            let set = try await lab.control(.post, "\(path)/lab", ["lab": Self.lab])
            #expect(set.status == 201, "\(set.text)")
            #expect(set.json["explanation"] == .null && set.json["change"] == .null, "what there is to learn comes last")
            #expect(try await lab.control(.get, "\(path)/clock")["mode"] == "frozen")
            let predicted = try await lab.control(
                .post, "\(path)/lab/predictions", ["early": "accepted", "page": "accepted", "from": "3m", "graph": "never"])
            #expect(predicted.status == 200, "\(predicted.text)")
            let first = try await lab.control(.post, "\(path)/lab/play", ["steps": 2])
            #expect(first.json["played"] == 2 && first.json["over"] == false)
            #expect(try await lab.control(.get, "\(path)/clock")["now"] == "2026-03-02T09:12:00.0000000Z")
            let late = try await lab.control(.post, "\(path)/lab/predictions", ["page": "refused"])
            #expect(late.status == 409, "who has seen an answer predicts no more")
            let whole = try await lab.control(.post, "\(path)/lab/play").json
            let questions = try #require(whole["questions"]?.elements)
            #expect(questions.map { $0["outcome"]?["answer"]?.text } == ["accepted", "refused", "PT3M", "PT50M"])
            #expect(questions.map { $0["outcome"]?["code"] } == [.null, 50058, 50173, .null])
            #expect(questions.map { $0["points"] } == [1, 0, 1, 0])
            #expect(whole["points"] == 2 && whole["over"] == true && whole["explanation"] == "So." && whole["change"] == "Then?")
            #expect(try await lab.control(.post, "\(path)/lab/play").json == whole, "nothing is left to play")
            #expect(try await lab.control(.get, "\(path)/lab").json == whole)
            #expect(try await lab.control(.get, "\(path)/events?type=trial").items.count == 4)
        }
    }

    @Test("It is played once more, with its change, from the sandbox's seed")
    func again() async throws {
        try await Lab.run { lab async throws in
            let path = try await Self.sandbox(lab)
            #expect(try await lab.control(.post, "\(path)/lab").status == 404, "there is none to play again")
            _ = try await lab.control(.post, "\(path)/lab", ["lab": Self.lab, "language": "es"])
            _ = try await lab.control(.post, "\(path)/lab/play")
            let again = try await lab.control(.post, "\(path)/lab", ["changed": true])
            #expect(again.status == 201 && again.json["changed"] == true && again.json["played"] == 0, "\(again.text)")
            let whole = try await lab.control(.post, "\(path)/lab/play").json
            // Signing out everywhere ends browser sessions alone.
            #expect(
                whole["questions"]?.elements.map { $0["outcome"]?["answer"]?.text } == ["accepted", "refused", "never", "PT50M"])
            #expect(whole["change"] == .null)
            #expect(try await lab.control(.get, "\(path)/revocations").items.count == 1)
            let once = try await lab.control(.post, "\(path)/lab")
            #expect(once.json["changed"] == false, "without its change, the lab as it was given")
            _ = try await lab.control(.post, "\(path)/reset")
            #expect(try await lab.control(.get, "\(path)/lab").status == 404, "a reset takes it away")
        }
    }

    @Test("What ends by itself is no answer, and a clock that was moved past what happens is told")
    func byItself() async throws {
        try await Lab.run { lab async throws in
            let path = try await Self.sandbox(lab)
            let late: JSON = [["user": "alex", "cause": "adminRevoke"], ["user": "alex", "cause": "adminRevoke", "at": "P100D"]]
            let questions: JSON = [
                ["id": "token", "ask": "?", "endpoint": "token", "signIn": "phone"],
                ["id": "page", "ask": "?", "endpoint": "authorize", "signIn": "phone"],
            ]
            let script = Self.lab.replacing([.init(name: "happens", value: late), .init(name: "questions", value: questions)])
            _ = try await lab.control(.post, "\(path)/lab", ["lab": script])
            let whole = try await lab.control(.post, "\(path)/lab/play").json
            #expect(whole["questions"]?.elements.map { $0["outcome"]?["answer"]?.text } == ["never", "never"])
            _ = try await lab.control(.post, "\(path)/lab")
            _ = try await lab.control(.post, "\(path)/clock/advance", ["by": "P1D"])
            #expect(try await lab.control(.post, "\(path)/lab/play").status == 409)
            #expect(try await lab.control(.get, "\(path)/lab").json["played"] == 0)
        }
    }

    @Test("What cannot be played is refused before anything is reset")
    func refused() async throws {
        try await Lab.run { lab async throws in
            let path = try await Self.sandbox(lab)
            _ = try await lab.control(.post, "\(path)/lab", ["lab": Self.lab])
            let rows: [(JSON, Int, String?)] = [
                (["name": "nothing"], 404, nil), (["name": "a", "lab": Self.lab], 400, nil),
                (["lab": ["name": "x"]], 400, "lab.title"),
                (["language": "fr"], 400, "language"), (["steps": 1], 400, "steps"),
                (
                    [
                        "lab": Self.lab.replacing([
                            .init(name: "signIns", value: [["id": "phone", "user": "nobody", "app": "native"]])
                        ])
                    ], 400, "signIns[0].user"
                ),
                (
                    [
                        "lab": Self.lab.replacing([
                            .init(name: "signIns", value: [["id": "phone", "user": "adele", "app": "none"]])
                        ])
                    ], 400, "signIns[0].app"
                ),
                (
                    [
                        "lab": Self.lab.replacing([
                            .init(name: "happens", value: [["user": "nestor_fabrikam.example#EXT#", "cause": "adminRevoke"]])
                        ])
                    ], 400,
                    "happens[0].user"
                ),
                (["lab": Self.lab.replacing([.init(name: "change", value: .null)]), "changed": true], 400, "changed"),
            ]
            for (body, status, field) in rows {
                let answer = try await lab.control(.post, "\(path)/lab", body)
                #expect(answer.status == status && answer.json["error"]?["field"]?.text == field, "\(answer.text)")
            }
            #expect(try await lab.control(.get, "\(path)/lab").json["played"] == 0, "the lab before is still there")
            let contoso = try await lab.control(.post, "tenants/contoso.example/lab", ["lab": Self.lab])
            #expect(contoso.status == 409, "it would reset a tenant that is no sandbox")
            for body: JSON in [["steps": 0], ["steps": "1"], ["pace": 1]] {
                #expect(try await lab.control(.post, "\(path)/lab/play", body).status == 400)
            }
            for body: JSON in [["nowhere": "accepted"], ["early": 5], ["early": "maybe"]] {
                #expect(try await lab.control(.post, "\(path)/lab/predictions", body).status == 400)
            }
        }
    }
}
