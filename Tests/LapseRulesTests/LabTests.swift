import LapseRules
import Testing

@Suite("Labs")
struct LabTests {
    private static let lab: JSON = [
        "name": "small", "title": "Small", "situation": ["en": "Once", "es": "Una vez"], "lead": "10m",
        "propagation": ["regions": ["east", "west"], "planes": ["refresh": ["fixed": "PT3M"]]],
        "signIns": [["id": "phone", "user": "adele", "app": "native"]],
        "happens": [["user": "adele", "account": "disabled", "at": "PT1M"], ["user": "adele", "cause": "adminRevoke"]],
        "questions": [
            ["id": "later", "ask": "?", "endpoint": "token", "signIn": "phone"],
            ["id": "after-2", "ask": "?", "endpoint": "token", "signIn": "phone", "at": "PT2M", "region": "west"],
            ["id": "after-1", "ask": "?", "endpoint": "graph", "signIn": "phone", "at": "PT1M"],
        ],
        "explanation": "So.", "change": ["text": "Then?", "propagation": ["regions": ["east", "west"], "planes": [:]]],
    ]

    @Test("What happens and what is asked is played in the order of time, what happens first; then from when on it is refused")
    func order() throws {
        let steps = try LabScript(Self.lab).steps.map { step -> String in
            switch step {
            case .happens(let happening): "\(happening.kind)"
            case .asks(let question): question.id
            }
        }
        #expect(
            steps == [
                "revocation(LapseRules.Revocation.Cause.adminRevoke)", "account(LapseRules.LabScript.Happening.State.disabled)",
                "after-1",
                "after-2", "later",
            ])
    }

    @Test("A text stands for every language that the file has not; the change replaces what it names")
    func texts() throws {
        let script = try LabScript(Self.lab)
        #expect(LabScript.Language.allCases.map { script.situation($0) } == ["Once", "Una vez", "Once"])
        #expect(script.title(.portuguese) == "Small")
        #expect(script.changed.propagation != script.propagation)
        #expect(script.changed.happenings == script.happenings)
        #expect(script.lead == .seconds(600))
    }

    @Test(
        "What does not do is named",
        arguments: [
            ("name", "Big Lab", "name"), ("name", .null, "name"), ("title", ["es": "Pequeño"], "title.en"),
            ("title", ["en": "A", "fr": "B"], "title.fr"),
            ("lead", "10y", "lead"), ("lead", "P366D", "lead"), ("signIns", [], "signIns"),
            ("signIns", [["id": "a", "user": "adele"]], "signIns[0].app"),
            ("happens", [["user": "adele", "cause": "adminRevoke", "at": "PT1M"]], "happens[0].at"),
            ("happens", [["user": "adele"]], "happens[0]"),
            ("happens", [["user": "adele", "cause": "adminRevoke", "account": "disabled"]], "happens[0]"),
            ("happens", [["user": "adele", "cause": "boredom"]], "happens[0].cause"),
            ("questions", [["id": "a", "ask": "?", "endpoint": "door", "signIn": "phone"]], "questions[0].endpoint"),
            ("questions", [["id": "a", "ask": "?", "endpoint": "token", "signIn": "tablet"]], "questions[0].signIn"),
            (
                "questions", [["id": "a", "ask": "?", "endpoint": "token", "signIn": "phone", "region": "north"]],
                "questions[0].region"
            ),
            (
                "questions",
                [
                    ["id": "a", "ask": "?", "endpoint": "token", "signIn": "phone"],
                    ["id": "a", "ask": "?", "endpoint": "token", "signIn": "phone"],
                ],
                "questions[1].id"
            ),
            (
                "questions", [["id": "a", "ask": "?", "endpoint": "token", "signIn": "phone", "answer": "accepted"]],
                "questions[0].answer"
            ),
            ("explanation", .null, "explanation"), ("change", ["propagation": "instant"], "change.text"),
            ("change", ["text": "?", "propagation": ["planes": [:]]], "questions[1].region"),
            (
                "change", ["text": "?", "happens": [["user": "adele", "cause": "adminRevoke", "at": "PT1S"]]],
                "change.happens[0].at"
            ),
            ("policies", ["lifetimes": ["accessToken": "PT0S"]], "policies.lifetimes.accessToken"), ("pictures", [], "pictures"),
        ] as [(String, JSON, String)])
    func mistakes(member: String, value: JSON, field: String) throws {
        let error = #expect(throws: FieldError.self) { try LabScript(Self.lab.replacing([.init(name: member, value: value)])) }
        #expect(error?.field == field, "\(String(describing: error))")
    }

    @Test(
        "A verdict is right or not; an instant to a tenth of the delay, at once to a second",
        arguments: [
            ("accepted", "accepted", true), ("accepted", "refused", false), ("never", "never", true), ("never", "PT5M", false),
            ("PT5M", "never", false), ("PT3M", "PT3M", true), ("PT3M18S", "PT3M", true), ("PT3M19S", "PT3M", false),
            ("PT2M42S", "PT3M", true), ("PT2M41S", "PT3M", false), ("PT1S", "PT0S", true), ("PT2S", "PT0S", false),
            ("PT55M", "PT50M", true),
            ("PT56M", "PT50M", false),
        ])
    func right(prediction: String, truth: String, isRight: Bool) throws {
        #expect(try #require(LabRun.Answer(prediction)).isRight(try #require(LabRun.Answer(truth))) == isRight)
    }

    @Test("A prediction answers its question; the points are those of what was played")
    func predictions() throws {
        var run = LabRun(of: try LabScript(Self.lab), in: .english, isChanged: false, start: Timestamp(ticks: 0), signIns: [:])
        for (id, text) in [
            ("later", "refused"), ("after-1", "PT5M"), ("after-1", "never"), ("after-1", "perhaps"), ("nowhere", "accepted"),
        ] {
            let error = #expect(throws: FieldError.self) { try run.predict([(id, text)]) }
            #expect(error?.field == id)
        }
        try run.predict([("later", "3m"), ("after-1", "accepted"), ("after-2", "refused")])
        try run.predict([("after-2", nil)])
        #expect(run.predictions.mapValues(\.text) == ["later": "PT3M", "after-1": "accepted"])
        #expect(run.points == 0 && run.possible == 3)
        for (id, answer) in [("after-1", LabRun.Answer.accepted), ("after-2", .refused), ("later", .after(.seconds(185)))] {
            let question = try #require(run.script.questions.first { $0.id == id })
            run.settle(question, as: .init(answer: answer, status: 200, code: nil, why: "So."))
        }
        #expect(run.script.questions.map(run.points) == [1, 0, 1], "nothing was predicted of the second")
        #expect(run.points == 2)
    }
}
