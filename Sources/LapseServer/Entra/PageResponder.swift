import Foundation
import HTTPTypes
import Hummingbird
import LapsePages
import LapseRules
import LapseService

/// How the authority speaks to people: pages.
struct PageResponder {
    let site: Site

    /// - Parameter frames: addresses that the page shows in frames.
    func page(
        _ page: some Page, status: HTTPResponse.Status = .ok, mayBeFramed: Bool = false, frames: [String] = []
    ) -> Response {
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store, no-cache", .pragma: "no-cache",
            .xContentTypeOptions: "nosniff", .referrerPolicy: "same-origin",
            // No form-action: it would also stop the redirect that follows a form to the app.
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'"
                + (mayBeFramed ? "" : "; frame-ancestors 'none'")
                + (frames.isEmpty ? "" : "; frame-src " + Set(frames.compactMap(Self.origin)).sorted().joined(separator: " ")),
        ]
        if !mayBeFramed { headers[.frameOptions] = "DENY" }
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: page.html)))
    }

    /// Scheme, host and port of an address; nil when it has another form.
    private static func origin(_ address: String) -> String? {
        guard let url = URL(string: address), let scheme = url.scheme, let host = HostAndPort(url.host)?.text else { return nil }
        return "\(scheme)://\(host)" + (url.port.map { ":\($0)" } ?? "")
    }

    func answer(_ error: EntraError, status: Int? = nil, now: Timestamp, in words: Words, _ trace: RequestTrace) -> Response {
        RequestNote.current?.error = ErrorName(error)
        var response = page(
            ErrorPage(
                code: error.code?.rawValue, message: error.message, requestID: trace.requestID.description,
                correlationID: trace.correlationID,
                timestamp: now.errorText, in: words), status: .init(code: status ?? error.status))
        response.headers[.xMSRequestID] = trace.requestID.description
        response.headers[.retryAfter] = error.retryAfter?.headerText
        return response
    }

    func answer(_ kind: Unanswered, now: Timestamp, in words: Words, _ trace: RequestTrace) -> Response {
        switch kind {
        case .notFound: page(MessagePage.notFound(in: words), status: .notFound)
        case .unreadable: answer(EntraError.unreadable, now: now, in: words, trace)
        case .tooLarge: answer(EntraError.tooLarge, now: now, in: words, trace)
        case .unavailable: answer(EntraError.unavailable(retryAfter: Unanswered.pause), now: now, in: words, trace)
        case .broken:
            answer(
                .lapse("server_error", "The request failed inside Lapse; its log says why."), status: 500, now: now, in: words,
                trace)
        }
    }

    /// - Parameter yes: what the browser sees of what came of its request.
    func answer<Value>(
        _ outcome: Outcome<Value, EntraError>, to request: Request, _ trace: RequestTrace, _ yes: (Value) throws -> Response
    ) rethrows -> Response {
        switch outcome.result {
        case .success(let value): try yes(value).routed(outcome.routed)
        case .failure(let refused):
            answer(refused.error, now: refused.now, in: request.words, trace).routed(outcome.routed)
        }
    }

    /// Runs a handler; what cannot be read of its request is refused at the machine's time.
    func responding(_ request: Request, _ context: LapseContext, _ body: (RequestTrace) async throws -> Response) async throws
        -> Response
    {
        let trace = context.trace.correlated(byQueryOf: request)
        do {
            return try await body(trace)
        } catch let error as EntraError {
            return answer(error, now: site.systemTime(), in: request.words, trace)
        }
    }

    /// `GET /error?code=`: what `error_uri` leads to.
    func explain(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await responding(request, context) { _ in
            let text = try request.query()["code"]
            guard let number = text.flatMap({ Int($0) }), let code = AADSTS(rawValue: number) else {
                return page(
                    MessagePage(heading: "Unknown error code", text: "Lapse answers no error with this code.", in: .english),
                    status: .notFound)
            }
            return page(CodePage(code, in: request.words))
        }
    }
}

extension CodePage {
    init(_ code: AADSTS, in words: Words) {
        self.init(
            code: code.rawValue, heading: "AADSTS\(code.rawValue)", name: code.name, text: code.generalText, error: code.row.error,
            suberror: code.row.suberror, advice: code.advice.rawValue, in: words)
    }
}

extension Request {
    /// The words of the language that the person reads: `ui_locales`, else the browser's languages.
    var words: Words {
        Words.chosen(uiLocales: (try? query())?["ui_locales"], acceptLanguage: headers[.acceptLanguage])
    }
}
