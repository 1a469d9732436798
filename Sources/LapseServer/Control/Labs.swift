import Hummingbird
import LapseRules
import LapseService

/// The control calls on labs: which there are, and the one that a sandbox plays.
struct LabCalls {
    let site: Site
    private var authority: Authority { site.authority }

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("labs", use: list)
        routes.get("tenants/{tenant}/lab", use: run)
        routes.post("tenants/{tenant}/lab", use: start)
        routes.post("tenants/{tenant}/lab/predictions", use: predict)
        routes.post("tenants/{tenant}/lab/play", use: play)
    }

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        let language = try request.labLanguage() ?? .english
        let items = try site.labs().map { lab -> JSON in
            [
                "name": .string(lab.name), "title": .string(lab.title(language)), "situation": .string(lab.situation(language)),
                "questions": .integer(Int64(lab.questions.count)),
            ]
        }
        return ControlResponder.answer(["items": .array(items), "next": .null])
    }

    func run(_ request: Request, _ context: LapseContext) throws -> Response {
        let language = try request.labLanguage()
        let run = try authority.labRun(of: try context.parameter("tenant"))
        return ControlResponder.answer(run.json(in: language ?? run.language))
    }

    func start(_ request: Request, _ context: LapseContext) async throws -> Response {
        let new = try await request.control(as: NewLab.init(_:))
        let start = LabStart(try new.script(of: site.labs), in: new.language, changed: new.isChanged)
        let run = try await authority.startLab(start, in: try context.parameter("tenant"), trace: context.trace)
        return ControlResponder.answer(run.json, status: .created)
    }

    func predict(_ request: Request, _ context: LapseContext) async throws -> Response {
        let predictions = try await request.control { body throws(FieldError) in try LabRun.predictions(body) }
        return ControlResponder.answer(try authority.predictLab(predictions, in: try context.parameter("tenant")).json)
    }

    func play(_ request: Request, _ context: LapseContext) async throws -> Response {
        let steps = try await request.control { body throws(FieldError) in
            var reader = try ObjectReader(body)
            let steps = try reader.integer("steps", in: 1...1_000)
            try reader.finish()
            return steps
        }
        let run = try authority.playLab(steps: steps, in: try context.parameter("tenant"), trace: context.trace)
        return ControlResponder.answer(run.json)
    }
}

// MARK: Read

extension Request {
    /// The query's `lang`; nil: none.
    fileprivate func labLanguage() throws -> LabScript.Language? {
        try controlQuery("lang").map { name in
            guard let language = LabScript.Language(rawValue: name) else {
                let known = LabScript.Language.allCases.map(\.rawValue).joined(separator: ", ")
                throw ControlError.invalid(FieldError("lang", "must be one of: \(known)"))
            }
            return language
        }
    }
}

/// `{"name"|"lab","language"?,"changed"?}`
private struct NewLab {
    private let name: String?
    private let own: LabScript?
    let language: LabScript.Language
    let isChanged: Bool

    init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        name = try reader.string("name")
        let own = reader.value("lab")
        language = try reader.choice("language", of: LabScript.Language.self) ?? .english
        isChanged = try reader.bool("changed") ?? false
        try reader.finish()
        guard name == nil || own == nil else { throw FieldError("", "at most one of name, lab") }
        do { self.own = try own.map { lab throws(FieldError) in try LabScript(lab) } } catch {
            throw FieldError(error.field.isEmpty ? "lab" : "lab.\(error.field)", error.message)
        }
    }

    /// The lab that is to be played; nil: the one that the sandbox plays already.
    func script(of labs: () throws -> [LabScript]) throws -> LabScript? {
        guard let name else { return own }
        guard let known = try labs().first(where: { $0.name == name }) else {
            throw ControlError.notFound("There is no lab '\(name.prefix(100))'. GET /labs lists them.")
        }
        return known
    }
}

extension LabRun {
    /// By question, a text or null.
    fileprivate static func predictions(_ body: JSON) throws(FieldError) -> [(id: String, text: String?)] {
        guard case .object(let members) = body else { throw FieldError("", "must be an object") }
        var reader = try ObjectReader(body)
        var predictions: [(id: String, text: String?)] = []
        for member in members { predictions.append((member.name, try reader.string(member.name, longest: 64))) }
        return predictions
    }
}

// MARK: Written

extension LabRun {
    fileprivate var json: JSON { json(in: language) }

    fileprivate func json(in language: LabScript.Language) -> JSON {
        [
            "name": .string(script.name), "language": .string(language.rawValue), "changed": .bool(isChanged),
            "title": .string(script.title(language)), "situation": .string(script.situation(language)),
            "startsAt": JSON(start), "propagation": script.propagation.json,
            "signIns": .array(script.signIns.map(json)), "happens": .array(script.happenings.map(\.json)),
            "questions": .array(script.questions.map { json($0, in: language) }),
            "played": .integer(Int64(played)), "steps": .integer(Int64(script.steps.count)), "over": .bool(isOver),
            "points": .integer(Int64(points)), "possible": .integer(Int64(possible)),
            // What there is to learn comes after it was predicted.
            "explanation": isOver ? .string(script.explanation(language)) : .null,
            "change": isOver && !isChanged ? JSON(script.change?.text(language)) : .null,
        ]
    }

    private func json(_ signIn: LabScript.SignIn) -> JSON {
        let signedIn = signIns[signIn.id]
        return [
            "id": .string(signIn.id), "user": .string(signIn.user), "app": .string(signIn.app),
            "method": .string(signIn.method.rawValue), "cp1": .bool(signIn.declaresCP1), "grant": JSON(signedIn?.grant.description),
            "session": JSON(signedIn?.session.description),
        ]
    }

    private func json(_ question: LabScript.Question, in language: LabScript.Language) -> JSON {
        [
            "id": .string(question.id), "ask": .string(question.ask(language)), "endpoint": .string(question.endpoint.rawValue),
            "signIn": .string(question.signIn), "region": JSON((question.region ?? script.propagation.regions.first)?.description),
            "at": JSON(question.at?.iso8601), "prediction": JSON(predictions[question.id]?.text),
            "outcome": outcomes[question.id]?.json ?? .null,
            "points": points(of: question).map { .integer(Int64($0)) } ?? .null,
        ]
    }
}

extension LabScript.Happening {
    fileprivate var json: JSON {
        switch kind {
        case .revocation(let cause): ["at": .string(at.iso8601), "user": .string(user), "cause": .string(cause.rawValue)]
        case .account(let state):
            ["at": .string(at.iso8601), "user": .string(user), "account": .string(state.rawValue)]
        }
    }
}

extension LabRun.Outcome {
    fileprivate var json: JSON {
        [
            "answer": .string(answer.text), "status": .integer(Int64(status)),
            "code": code.map { .integer(Int64($0.rawValue)) } ?? .null, "why": .string(why),
        ]
    }
}
