/// How far a lab has come in its tenant: what the learner predicted, and what happened.
package struct LabRun: Equatable, Sendable {
    /// What a learner says of a question, and what is true of it.
    package enum Answer: Equatable, Sendable {
        case accepted, refused
        /// Refused from then on, so long after the first thing that happened.
        case after(Duration)
        case never
    }

    /// What came of a question.
    package struct Outcome: Equatable, Sendable {
        package let answer: Answer
        /// What the endpoint answered, at the instant that was asked about.
        package let status: Int
        /// Nil when it accepted, and for a refusal without a number.
        package let code: AADSTS?
        /// What decided it, in a sentence.
        package let why: String

        package init(answer: Answer, status: Int, code: AADSTS?, why: String) {
            (self.answer, self.status, self.code, self.why) = (answer, status, code, why)
        }
    }

    /// The grant and the session of a sign-in.
    package struct SignedIn: Equatable, Sendable {
        package let grant: GUID
        package let session: GUID

        package init(grant: GUID, session: GUID) { (self.grant, self.session) = (grant, session) }
    }

    package let script: LabScript
    package let language: LabScript.Language
    /// Whether the lab is played with its change.
    package let isChanged: Bool
    /// When the first thing happens, on the tenant's clock.
    package let start: Timestamp
    package let signIns: [String: SignedIn]
    /// By question.
    package private(set) var predictions: [String: Answer]
    package private(set) var outcomes: [String: Outcome]
    /// How many of the steps were played.
    package private(set) var played: Int

    /// - Parameter script: with its change, when the lab is played with it.
    package init(
        of script: LabScript, in language: LabScript.Language, isChanged: Bool, start: Timestamp, signIns: [String: SignedIn],
        predictions: [String: Answer] = [:], outcomes: [String: Outcome] = [:], played: Int = 0
    ) {
        (self.script, self.language, self.isChanged, self.start, self.signIns) = (script, language, isChanged, start, signIns)
        (self.predictions, self.outcomes, self.played) = (predictions, outcomes, played)
    }

    /// What is played next; nil: nothing is left.
    package var next: LabScript.Step? { played < script.steps.count ? script.steps[played] : nil }
    package var isOver: Bool { next == nil }
    /// Whether there is anything of it to keep.
    package var hasBegun: Bool { played > 0 || !predictions.isEmpty }

    /// Sets what is predicted, before anything is played.
    ///
    /// - Parameter texts: by question; nil takes a prediction back.
    /// - Throws: `FieldError` for a question that is not there, and for what answers it not.
    package mutating func predict(_ texts: [(id: String, text: String?)]) throws(FieldError) {
        for (id, text) in texts {
            guard let question = script.questions.first(where: { $0.id == id }) else {
                throw FieldError(id, "is no question of this lab")
            }
            guard let text else {
                predictions[id] = nil
                continue
            }
            guard let answer = Answer(text), answer.answers(question) else {
                throw FieldError(
                    id,
                    question.at == nil
                        ? "must be never, or how long after the first thing that happened: \(Duration.writtenForms)"
                        : "must be accepted or refused")
            }
            predictions[id] = answer
        }
    }

    package mutating func settle(_ question: LabScript.Question, as outcome: Outcome) { outcomes[question.id] = outcome }

    package mutating func goOn() { played += 1 }

    // MARK: The score

    /// Nil: not played yet. Who predicts nothing gets nothing.
    package func points(of question: LabScript.Question) -> Int? {
        outcomes[question.id].map { outcome in predictions[question.id].map { $0.isRight(outcome.answer) ? 1 : 0 } ?? 0 }
    }

    package var points: Int { script.questions.compactMap(points).reduce(0, +) }
    package var possible: Int { script.questions.count }
}

extension LabRun.Answer {
    /// `accepted`, `refused`, `never`, or a duration as people write it.
    package init?(_ text: String) {
        switch text {
        case "accepted": self = .accepted
        case "refused": self = .refused
        case "never": self = .never
        default:
            guard let duration = Duration(written: text) else { return nil }
            self = .after(duration)
        }
    }

    /// As ``init(_:)`` reads it.
    package var text: String {
        switch self {
        case .accepted: "accepted"
        case .refused: "refused"
        case .never: "never"
        case .after(let duration): duration.iso8601
        }
    }

    fileprivate func answers(_ question: LabScript.Question) -> Bool {
        switch self {
        case .accepted, .refused: question.at != nil
        case .after, .never: question.at == nil
        }
    }

    /// Whether this prediction was right: an instant to a tenth of the delay, and one that follows at once to a second.
    package func isRight(_ truth: Self) -> Bool {
        guard case .after(let predicted) = self, case .after(let delay) = truth else { return self == truth }
        let distance = predicted > delay ? predicted - delay : delay - predicted
        return distance <= max(delay / 10, .seconds(1))
    }
}
