import HTTPTypes
import Hummingbird
import LapseRules
import LapseService

/// How Microsoft Graph speaks: JSON with OData's and Graph's headers. Entra: recorded headers of `revokeSignInSessions`.
struct GraphResponder {
    let site: Site
    /// The resource that speaks.
    var resource = FirstPartyApps.graph.id

    private static let contentType =
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

    private func headers(_ trace: RequestTrace) -> HTTPFields {
        [
            .cacheControl: "no-cache", .requestID: trace.requestID.description, .clientRequestID: trace.correlationID,
            .diagnostic: #"{"ServerInfo":{"DataCenter":"Lapse","Slice":"E","Ring":"5","ScaleUnit":"001","RoleInstance":"LAPSE"}}"#,
            .resourceUnit: "1", .odataVersion: "4.0",
        ]
    }

    func answer(_ body: JSON, status: HTTPResponse.Status = .ok, trace: RequestTrace) -> Response {
        .json(body, status: status, type: Self.contentType, headers: headers(trace))
    }

    /// A success without a body.
    func answerNothing(trace: RequestTrace) -> Response { Response(status: .noContent, headers: headers(trace)) }

    /// - Parameter cloud: whose authority a challenge names.
    func answer(_ error: GraphError, now: Timestamp, cloud: Cloud = .global, _ trace: RequestTrace) -> Response {
        RequestNote.current?.error = ErrorName(error.code)
        var headers = headers(trace)
        if error.status == 401 {
            // Assumption: every 401 carries the challenge that was recorded with some.
            headers[values: .wwwAuthenticate] = ClaimsChallenge.headers(
                #"Bearer realm="", authorization_uri="https://\#(cloud.authorityHost)/common/oauth2/authorize", client_id="\#(resource)""#,
                error: #", error="insufficient_claims""#, claims: error.claims, error.variant)
        }
        headers[.retryAfter] = error.retryAfter?.headerText
        return .json(error.json(trace.error(now)), status: .init(code: error.status), headers: headers)
    }

    func answer(_ kind: Unanswered, path: String, now: Timestamp, _ trace: RequestTrace) -> Response {
        let error: GraphError =
            switch kind {
            case .notFound: .unknownPath(path.split(separator: "/").dropFirst().first.map(String.init) ?? "")
            case .unreadable: .unreadable
            case .tooLarge: .tooLarge
            case .unavailable: .unavailable(retryAfter: Unanswered.pause)
            case .broken: .internalError
            }
        return answer(error, now: now, trace)
    }

    /// - Parameter yes: the answer to what was let in; it may name the cloud that the request was routed to.
    func answer<Value>(
        _ outcome: Outcome<Value, GraphError>, _ trace: RequestTrace, _ yes: (Value, Routed) throws -> Response
    ) rethrows -> Response {
        switch outcome.result {
        case .success(let value): try yes(value, outcome.routed).routed(outcome.routed)
        case .failure(let refused):
            answer(refused.error, now: refused.now, cloud: outcome.routed.cloud, trace).routed(outcome.routed)
        }
    }

    /// Runs a handler; what cannot be read of its request is refused at the machine's time.
    func responding(_ trace: RequestTrace, _ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let error as GraphError {
            return answer(error, now: site.systemTime(), trace)
        } catch is EntraError {
            // A query that cannot be decoded.
            return answer(.unreadable, now: site.systemTime(), trace)
        }
    }
}
