import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import NIOCore

extension ControlGate {
    /// Whether a learner may make this call: one on the own sandbox that leaves it there, and the list of labs.
    func mayCall(_ request: Request, _ context: LapseContext, learnerOf tenant: GUID) -> Bool {
        guard let name = context.parameters.get("tenant") else {
            return context.endpointPath == "/_lapse/api/labs" || context.endpointPath == "/_lapse/api/health"
        }
        guard request.method != .delete || context.endpointPath != "/_lapse/api/tenants/{tenant}" else { return false }
        // A tenant that is not there is none of the learner's either.
        return TenantName(FormParameters.decodePath(name) ?? name).flatMap { try? site.authority.tenantID(of: $0) } == tenant
    }
}

/// The control calls on the class: the teacher's alone.
struct ClassCalls {
    let site: Site

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("class", use: show)
        routes.get("class.csv", use: table)
    }

    private func runs() throws -> [(learner: Classroom.Learner, runs: [LabRun])] {
        guard let classroom = site.classroom else {
            throw ControlError.notFound("This Lapse holds no class. `lapse class` starts one.")
        }
        let runs = try site.authority.labRuns(of: classroom.learners.map(\.tenant))
        return classroom.learners.map { ($0, runs[$0.tenant] ?? []) }
    }

    func show(_ request: Request, _ context: LapseContext) throws -> Response {
        let learners = try runs().map { learner, runs -> JSON in
            let run = runs.last
            return [
                "number": .integer(Int64(learner.number)), "tenant": .string(learner.tenant.description),
                "lab": JSON(run?.script.name), "changed": .bool(run?.isChanged ?? false),
                "predicted": .integer(Int64(run?.predictions.count ?? 0)), "played": .integer(Int64(run?.played ?? 0)),
                "steps": .integer(Int64(run?.script.steps.count ?? 0)), "over": .bool(run?.isOver ?? false),
                "points": .integer(Int64(run?.points ?? 0)), "possible": .integer(Int64(run?.possible ?? 0)),
            ]
        }
        return ControlResponder.answer(["items": .array(learners), "next": .null])
    }

    /// One line for each question of each run of each learner. Every cell is a word: none has to be quoted.
    func table(_ request: Request, _ context: LapseContext) throws -> Response {
        let head = [
            "learner", "run", "lab", "changed", "question", "prediction", "answer", "code", "points", "predicted_seconds",
            "answer_seconds",
        ]
        let rows = try runs().flatMap { learner, runs in runs.enumerated().map { (learner, $0 + 1, $1) } }
            .flatMap { learner, number, run -> [[String]] in
                run.script.questions.map { question in
                    let (prediction, outcome) = (run.predictions[question.id], run.outcomes[question.id])
                    return [
                        "\(learner.number)", "\(number)", run.script.name, "\(run.isChanged)", question.id, prediction?.text ?? "",
                        outcome?.answer.text ?? "",
                        outcome?.code.map { "\($0.rawValue)" } ?? "", run.points(of: question).map { "\($0)" } ?? "",
                        prediction?.seconds ?? "", outcome?.answer.seconds ?? "",
                    ]
                }
            }
        let text = ([head] + rows).map { $0.joined(separator: ",") + "\r\n" }.joined()
        return Response(
            status: .ok,
            headers: [.contentType: "text/csv; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}

extension LabRun.Answer {
    /// For a spreadsheet; nil for what is no duration.
    fileprivate var seconds: String? { if case .after(let delay) = self { "\(delay.wholeSeconds)" } else { nil } }
}
