import HTTPTypes
import Hummingbird
import HummingbirdCore
import LapseRules
import LapseService
import NIOCore

/// How the control API speaks: `{"error":{"code","field","message"}}`.
enum ControlResponder {
    enum Code: String, CaseIterable {
        case invalid, unauthorized, foreignHost, foreignOrigin
        /// A learner's key, and a call that is not about the learner's sandbox.
        case othersSandbox
        case notFound, conflict, tooLarge
        /// The database takes nothing at present: the call is undone, and may be made again.
        case unavailable
        /// Lapse failed.
        case `internal`
    }

    static func error(_ status: HTTPResponse.Status, _ code: Code, field: String? = nil, _ message: String) -> Response {
        RequestNote.current?.error = ErrorName(code.rawValue)
        return answer(
            ["error": ["code": .string(code.rawValue), "field": JSON(field), "message": .string(message)]], status: status)
    }

    static func answer(_ body: JSON, status: HTTPResponse.Status = .ok) -> Response {
        .json(
            body, status: status, type: "application/json",
            headers: [.cacheControl: "no-store", .xContentTypeOptions: "nosniff"])
    }

    static func description() throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff"],
            body: .init(byteBuffer: ByteBuffer(bytes: try OpenAPIDocument.whole.get())))
    }

    static func answer(_ error: ControlError) -> Response {
        switch error {
        case .notFound(let message): self.error(.notFound, .notFound, message)
        case .conflict(let error):
            self.error(.conflict, .conflict, field: error.field.isEmpty ? nil : error.field, "\(error)")
        case .invalid(let error):
            self.error(.badRequest, .invalid, field: error.field.isEmpty ? nil : error.field, "\(error)")
        }
    }

    static var othersSandbox: Response {
        error(.forbidden, .othersSandbox, "This key steers one sandbox of the class, and this call is about something else.")
    }

    private static var unavailable: Response {
        var response = error(
            .serviceUnavailable, .unavailable,
            "The database cannot be written at present; the call is undone. Lapse's log says why.")
        response.headers[.retryAfter] = Unanswered.pause.headerText
        return response
    }

    static func answer(_ kind: Unanswered) -> Response {
        switch kind {
        case .notFound: error(.notFound, .notFound, "This call does not exist. Check the path and the method.")
        case .unreadable: error(.badRequest, .invalid, "The request could not be read.")
        case .tooLarge:
            error(
                .contentTooLarge, .tooLarge, "The body may have at most \(Bounds.body) bytes, a seed file \(Bounds.seed) bytes.")
        case .unavailable: unavailable
        case .broken: error(.internalServerError, .internal, "The call failed inside Lapse; its log says why.")
        }
    }
}

/// Who may use the control API: this machine, by a name that is this machine's; pages of other origins never.
struct ControlGate: RouterMiddleware {
    let site: Site

    static let notJSON = ControlError.invalid(FieldError("", "The body must be JSON, with Content-Type: application/json."))

    func handle(
        _ request: Request, context: LapseContext, next: (Request, LapseContext) async throws -> Response
    ) async throws -> Response {
        guard site.isOwnHost(request.head.authority) else {
            return ControlResponder.error(
                .forbidden, .foreignHost, "The control API answers only to loopback names, *.localhost and the public URL.")
        }
        guard !OwnForm.isForged(request, origin: context.trace.origin) else {
            return ControlResponder.error(
                .forbidden, .foreignOrigin, "The control API takes no requests from pages of other origins.")
        }
        var context = context
        if let expected = site.controlToken {
            let presented = request.headers[.authorization].flatMap(AuthorizationHeader.init)
            let key = presented.flatMap { $0.scheme.lowercased() == "bearer" ? SecretHash(of: String($0.credentials)) : nil }
            if let key, key != expected, let tenant = site.classroom?.tenant(of: key) {
                guard mayCall(request, context, learnerOf: tenant) else { return ControlResponder.othersSandbox }
                context.learnersTenant = tenant
            } else if key != expected {
                var response = ControlResponder.error(
                    .unauthorized, .unauthorized, "The control API wants its token: Authorization: Bearer.")
                response.headers[.wwwAuthenticate] = "Bearer"
                return response
            }
        }
        do {
            // Calls without a body too: a form of another origin can name no other type than its own.
            guard request.headers[.contentType] == nil || request.isReading || request.hasContent("application/json") else {
                throw Self.notJSON
            }
            guard request.isReading else { return try await next(request, context) }
            return try await ReadingThreads.run { [context] in try await next(request, context) }
        } catch let error as ControlError {
            return ControlResponder.answer(error)
        }
    }
}

extension Request {
    /// Whether it changes nothing.
    fileprivate var isReading: Bool { method == .get || method == .head }

    /// The JSON body. Without a body: an empty object, for calls that need none.
    ///
    /// - Parameter mayBeName: also takes a text: the name of a preset.
    /// - Throws: ``ControlError`` for what is no JSON, and for JSON that does not call itself so.
    func control(mayBeName: Bool = false, upTo bound: Int = Bounds.body) async throws -> JSON {
        let bytes = try await bytes(upTo: bound)
        guard hasContent("application/json") || (bytes.isEmpty && headers[.contentType] == nil) else { throw ControlGate.notJSON }
        guard !bytes.isEmpty else {
            // What replaces something must say by what.
            guard method != .put else { throw ControlError.invalid(FieldError("", "A body is required.")) }
            return [:]
        }
        guard let value = JSON(parsing: bytes) else {
            throw ControlError.invalid(FieldError("", "The body is not valid JSON."))
        }
        switch value {
        case .object: return value
        case .string where mayBeName: return value
        default: throw ControlError.invalid(FieldError("", "The body must be an object."))
        }
    }

    /// The body as what the call takes.
    ///
    /// - Throws: ``ControlError`` as ``control(mayBeName:)`` does, and for the field that `read` refuses.
    func control<Body>(mayBeName: Bool = false, as read: (JSON) throws(FieldError) -> Body) async throws -> Body {
        let body = try await control(mayBeName: mayBeName)
        return try ControlError.reading { () throws(FieldError) in try read(body) }
    }

    func controlQuery(_ name: String) throws -> String? {
        do { return try query()[name] } catch {
            // The error speaks of what stands twice in the authority's words.
            let names = (uri.query ?? "").split(separator: "&").map { String($0.prefix { $0 != "=" }) }
            let doubled = names.first { name in names.filter { $0 == name }.count > 1 }
            throw ControlError.invalid(doubled.map { FieldError($0, "is given twice") } ?? FieldError(name, "cannot be read"))
        }
    }

    /// Whether the query says `true`; without a word, no.
    func controlFlag(_ name: String) throws -> Bool {
        guard let asked = try controlQuery(name) else { return false }
        guard let flag = Bool(asked) else { throw ControlError.invalid(FieldError(name, "must be true or false")) }
        return flag
    }

    /// The query's `wait`: how long the answer may wait for what is asked about, in the machine's time; nil: not at all.
    func controlWait() throws -> Duration? {
        let longest = Duration.seconds(60)
        return try controlQuery("wait").map { text in
            guard let wait = Duration(written: text), wait <= longest else {
                throw ControlError.invalid(FieldError("wait", "must be \(Duration.writtenForms), at most \(longest.iso8601)"))
            }
            return wait
        }
    }
}
