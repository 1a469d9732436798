import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import NIOCore

// `POST /v1.0/$batch`: every part is a request of its own, under the token of the whole.
extension GraphEndpoint {
    func answer(_ batch: GraphBatch, version: String, token: BearerToken, _ trace: RequestTrace) async throws -> Response {
        var answers: [JSON] = []
        var failed: Set<String> = []
        var region: String?
        for part in batch.parts {
            let own = trace.forPart(site.authority.random.guid())
            let response = try await answering(part.path, own) {
                guard failed.isDisjoint(with: part.dependsOn) else { throw GraphError.failedDependency }
                guard part.body == .null || part.body.isObject else { throw GraphError.unreadableBody }
                let call = GraphCall(
                    method: part.method, version: version, path: part.path, query: try FormParameters(Array(part.query.utf8)),
                    isEventual: part.headers["consistencylevel"]?.lowercased() == "eventual")
                return try await answer(call, token: token, own) { part.body == .null ? [:] : part.body }
            }
            // One connection carries them all.
            site.authority.responseFaults.move(from: own.requestID, to: trace.requestID)
            // Each part lands by itself; the whole says where the first one did.
            region = region ?? response.headers[.lapseRegion]
            if response.status.code >= 400 { failed.insert(part.id) }
            answers.append(try await Self.json(part.id, response))
        }
        var response = responder.answer(["responses": .array(answers)], trace: trace)
        response.headers[.lapseRegion] = region
        return response
    }

    /// What the database does not take fails its part alone: those before it are done, and their client has to hear of it.
    private func answering(_ path: String, _ trace: RequestTrace, _ body: () async throws -> Response) async throws -> Response {
        do {
            return try await responder.responding(trace, body)
        } catch let error as StoreUnavailable {
            _ = site.authority.responseFaults.take(trace.requestID)
            site.unavailable.tell(error, path: path, now: site.systemTime(), site.logger)
            return responder.answer(.unavailable, path: path, now: site.systemTime(), trace)
        }
    }

    /// What of a part's headers its client may want.
    private static let told: [HTTPField.Name] = [
        .contentType, .location, .wwwAuthenticate, .retryAfter, .requestID, .lapseRegion, .lapseEvent,
    ]

    private static func json(_ id: String, _ response: Response) async throws -> JSON {
        let collector = CollectedBody()
        try await response.body.write(collector)
        let headers = told.compactMap { name in
            response.headers[name].map { JSON.Member(name: name.rawName, value: .string($0)) }
        }
        let bytes = collector.bytes
        return .object([
            "id": .string(id), "status": .integer(Int64(response.status.code)), "headers": .object(headers),
            "body": bytes.isEmpty ? nil : JSON(parsing: bytes) ?? .string(String(decoding: bytes, as: UTF8.self)),
        ])
    }
}

extension JSON {
    fileprivate var isObject: Bool { if case .object = self { true } else { false } }
}

extension RequestTrace {
    /// The trace of a part of this request: another id, the same correlation.
    fileprivate func forPart(_ id: GUID) -> RequestTrace {
        with(requestID: id, correlationID: correlationID)
    }
}
