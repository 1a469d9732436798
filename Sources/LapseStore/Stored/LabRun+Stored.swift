import LapseRules

// What a lab's run keeps as JSON: who signed in, what was predicted, and what came of it.

extension LabRun {
    static func stored(_ signIns: [String: SignedIn]) -> JSON {
        object(signIns) { ["grant": .string($0.grant.description), "session": .string($0.session.description)] }
    }

    static func stored(_ predictions: [String: Answer]) -> JSON { object(predictions) { .string($0.text) } }

    static func stored(_ outcomes: [String: Outcome]) -> JSON {
        object(outcomes) { outcome in
            .object([
                "answer": .string(outcome.answer.text), "status": .integer(Int64(outcome.status)),
                "code": outcome.code.map { .integer(Int64($0.rawValue)) }, "why": .string(outcome.why),
            ])
        }
    }

    static func signIns(stored: JSON) throws -> [String: SignedIn] {
        try members(of: stored, "sign_ins") { value, name in
            var object = try StoredObject(value, name)
            let signedIn = SignedIn(grant: try object.required("grant", \.guid), session: try object.required("session", \.guid))
            try object.finish()
            return signedIn
        }
    }

    static func predictions(stored: JSON) throws -> [String: Answer] {
        try members(of: stored, "predictions") { value, name in
            guard let answer = value.text.flatMap({ Answer($0) }) else { throw FieldError(name, "is not as Lapse writes it") }
            return answer
        }
    }

    static func outcomes(stored: JSON) throws -> [String: Outcome] {
        try members(of: stored, "outcomes") { value, name in
            var object = try StoredObject(value, name)
            let outcome = Outcome(
                answer: try object.required("answer") { $0.text.flatMap { Answer($0) } },
                status: try object.required("status") { $0.wholeNumber.map { Int($0) } },
                code: try object.optional("code", \.code), why: try object.required("why", \.text))
            try object.finish()
            return outcome
        }
    }

    private static func object<Value>(_ values: [String: Value], _ write: (Value) -> JSON) -> JSON {
        .object(values.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: write($0.value)) })
    }

    private static func members<Value>(
        of stored: JSON, _ column: String, _ read: (JSON, _ name: String) throws -> Value
    ) throws -> [String: Value] {
        guard case .object(let members) = stored else { throw FieldError(column, "holds what is no object") }
        return try members.reduce(into: [:]) { $0[$1.name] = try read($1.value, "\(column).\($1.name)") }
    }
}
