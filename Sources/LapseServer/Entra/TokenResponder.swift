import HTTPTypes
import Hummingbird
import LapseRules
import LapseService

/// How the token endpoint, the devicecode endpoint and metadata speak: JSON with Entra's headers.
struct TokenResponder {
    let site: Site
    var version = EndpointVersion.v2

    /// Entra: recorded headers of token answers. Left out: `Strict-Transport-Security`, which would turn every other server on
    /// this machine's `localhost` to HTTPS, and the telemetry cookies.
    private static let headers: HTTPFields = [
        .cacheControl: "no-store, no-cache", .pragma: "no-cache", .expires: "-1", .xContentTypeOptions: "nosniff",
        .p3p: #"CP="DSP CUR OTPi IND OTRi ONL FIN""#, .xssProtection: "0",
    ]

    func answer(_ body: JSON, status: Int = 200, code: Int = 0, _ request: Request, _ trace: RequestTrace) -> Response {
        var headers = Self.headers
        // Appended: to set a field is to look for it first.
        headers.append(HTTPField(name: .xMSRequestID, value: trace.requestID.description))
        headers.append(HTTPField(name: .xMSServer, value: "\(site.version) - LAPSE"))
        headers.append(HTTPField(name: .xMSTelemetry, value: "1,\(code),0,,"))
        if request.headers[.returnClientRequestID]?.lowercased() == "true" { headers[.clientRequestID] = trace.correlationID }
        return .json(body, status: .init(code: status), headers: headers)
    }

    func answer(
        _ error: EntraError, now: Timestamp, style: ErrorStyle = .current, _ request: Request, _ trace: RequestTrace
    ) -> Response {
        RequestNote.current?.error = ErrorName(error)
        guard error.status != 429 else { return throttled(error, request, trace) }
        var response = answer(
            error.json(trace.error(now, style.at(version)), origin: trace.origin), status: error.status,
            code: error.code?.rawValue ?? 0, request, trace)
        response.headers[.retryAfter] = error.retryAfter?.headerText
        return response
    }

    /// Entra: recorded, a throttled client gets plain text.
    private func throttled(_ error: EntraError, _ request: Request, _ trace: RequestTrace) -> Response {
        var response = answer(.null, status: 429, request, trace)
        response.headers[.contentType] = "text/plain"
        response.headers[.retryAfter] = error.retryAfter?.headerText
        response.body = .init(byteBuffer: ByteBuffer(string: "Too Many Requests"))
        return response
    }

    func answer(_ kind: Unanswered, now: Timestamp, _ request: Request, _ trace: RequestTrace) -> Response {
        let error: EntraError =
            switch kind {
            case .notFound where Surface.isPostEndpoint(request.uri.path):
                AADSTS.wrongMethod.error(["accepted": "POST", "method": request.method.rawValue])
            case .notFound:
                .lapse(
                    "invalid_request", "There is nothing at this path, or not with the method \(request.method.rawValue).",
                    status: 404)
            case .unreadable: .unreadable
            case .tooLarge: .tooLarge
            case .unavailable: .unavailable(retryAfter: Unanswered.pause)
            case .broken: .lapse("server_error", "The request failed inside Lapse; its log says why.", status: 500)
            }
        return answer(error, now: now, request, trace)
    }

    /// - Parameter yes: the answer to what was granted.
    func answer<Value>(
        _ outcome: Outcome<Value, EntraError>, _ request: Request, _ trace: RequestTrace, _ yes: (Value) throws -> Response
    ) rethrows -> Response {
        switch outcome.result {
        case .success(let value): try yes(value).routed(outcome.routed)
        case .failure(let refused):
            answer(refused.error, now: refused.now, style: refused.style, request, trace).routed(outcome.routed)
        }
    }

    /// Runs a handler; what cannot be read of its request is refused at the machine's time.
    func responding(_ request: Request, _ trace: RequestTrace, _ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let error as EntraError {
            return answer(error, now: site.systemTime(), request, trace)
        }
    }
}

extension Duration {
    /// For `Retry-After`: whole seconds, at least as long (RFC 9110).
    var headerText: String { String(wholeSeconds + (self > .seconds(wholeSeconds) ? 1 : 0)) }
}
