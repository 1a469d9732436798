import Hummingbird
import LapseRules
import LapseService

/// The control call that explains a token or a session.
struct ExplainCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.post("tenants/{tenant}/explain", use: explain)
    }

    func explain(_ request: Request, _ context: LapseContext) async throws -> Response {
        let question = try await request.control(as: Explanation.Question.init(_:))
        let answer = try await authority.explain(question, in: try context.parameter("tenant"))
        return ControlResponder.answer(answer?.json(question.kind) ?? question.kind.unknown)
    }
}

extension Explanation.Question {
    /// `{"refresh_token"|"session"|"access_token","at"?,"region"?}`
    init(_ body: JSON) throws(FieldError) {
        var reader = try ObjectReader(body)
        var given: [(Kind, String)] = []
        for kind in Kind.allCases {
            if let text = try reader.string(kind.rawValue, longest: 16_384) { given.append((kind, text)) }
        }
        let at = try reader.instant("at")
        let region = try reader.string("region")
        try reader.finish()
        guard given.count == 1, let (kind, text) = given.first else {
            let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldError("", "exactly one of \(kinds) is required")
        }
        self.init(kind, text, at: at, region: region)
    }
}

extension Explanation.Answer {
    fileprivate func json(_ kind: Explanation.Question.Kind) -> JSON {
        [
            "kind": .string(kind.rawValue), "known": true, "reason": .null, "grant": JSON(grant?.id.description),
            "session": JSON(session?.description), "user": .string(user.id.description),
            "client": JSON(grant?.client.description), "authTime": JSON(authTime), "at": JSON(at),
            "verdicts": .array(verdicts.map { $0.json(authTime: authTime) }), "history": .array(history.map(\.json)),
        ]
    }
}

extension Explanation.Question.Kind {
    /// The answer for what Lapse never issued, or not in this tenant.
    fileprivate var unknown: JSON {
        let reason =
            switch self {
            case .refreshToken: "Lapse issued no such refresh token in this tenant, or its tenant was reset since."
            case .session: "No browser session of this tenant has this cookie or id."
            case .grant: "This tenant has no such grant, or the grant no token that Lapse still knows."
            case .accessToken: "Lapse signed no such access token for a user of this tenant, or its tenant was reset since."
            }
        return [
            "kind": .string(rawValue), "known": false, "reason": .string(reason), "grant": .null, "session": .null,
            "user": .null, "client": .null, "authTime": .null, "at": .null, "verdicts": [], "history": [],
        ]
    }
}

extension Explanation.Verdict {
    func json(authTime: Timestamp) -> JSON {
        [
            "plane": .string(plane.rawValue), "region": .string(region.description), "accepted": .bool(isAccepted),
            "code": code.map { .integer(Int64($0.rawValue)) } ?? .null, "rule": .string(rule.rawValue), "why": .string(why),
            "authTime": JSON(authTime), "cutOff": JSON(cutOff), "revocation": JSON(revocation?.description),
            "changesAt": JSON(changesAt), "attemptsLeft": attemptsLeft.map { .integer(Int64($0)) } ?? .null,
        ]
    }
}
