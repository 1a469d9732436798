/// A refusal of the authority, before the surface gives it its form: token JSON, redirect or page.
package struct EntraError: Error, Equatable, Sendable {
    /// Nil for what Entra has no code for: the text then is in Lapse's own words.
    package let code: AADSTS?
    /// The OAuth error.
    package let error: String
    package let status: Int
    /// The message without prefix and suffix.
    package let text: String
    package let suberror: String?
    let hasErrorURI: Bool
    /// What the client has to hand back to authorize, as JSON; nil: nothing.
    package let claims: String?
    /// How long the client is asked to wait; nil: it is not asked.
    package let retryAfter: Duration?
    /// What a fault says in place of these words, and beside them; nil: nothing.
    let own: OwnWords?

    /// Words of a fault's own, which go out as they are.
    package struct OwnWords: Equatable, Sendable {
        package var error: String?
        /// The whole `error_description`, without code, trace and time.
        package var description: String?
        /// Of the JSON body: in place of those of the same name, else at its end.
        package var members: [JSON.Member] = []

        package init(error: String? = nil, description: String? = nil, members: [JSON.Member] = []) {
            (self.error, self.description, self.members) = (error, description, members)
        }
    }

    init(
        code: AADSTS?, error: String, status: Int, text: String, suberror: String?, hasErrorURI: Bool, claims: String? = nil,
        retryAfter: Duration? = nil, own: OwnWords? = nil
    ) {
        self.code = code
        self.error = error
        self.status = status
        self.text = text
        self.suberror = suberror
        self.hasErrorURI = hasErrorURI
        self.claims = claims
        self.retryAfter = retryAfter
        self.own = own
    }

    /// The same refusal in words of a fault's own.
    func saying(_ own: OwnWords?) -> EntraError {
        EntraError(
            code: code, error: own?.error ?? error, status: status, text: text, suberror: suberror, hasErrorURI: hasErrorURI,
            claims: claims, retryAfter: retryAfter, own: own)
    }

    /// A refusal that is Lapse's own.
    package static func lapse(_ error: String, _ text: String, status: Int = 400) -> EntraError {
        EntraError(code: nil, error: error, status: status, text: "Lapse: \(text)", suberror: nil, hasErrorURI: false)
    }

    /// The same refusal under another OAuth error or status, or with a demand.
    ///
    /// - Parameter suberror: an empty one takes it away.
    func with(
        error: String? = nil, status: Int? = nil, text: String? = nil, claims: String? = nil, suberror: String? = nil,
        retryAfter: Duration? = nil
    ) -> EntraError {
        EntraError(
            code: code, error: error ?? self.error, status: status ?? self.status, text: text ?? self.text,
            suberror: suberror.map { $0.isEmpty ? nil : $0 } ?? self.suberror, hasErrorURI: hasErrorURI,
            claims: claims ?? self.claims, retryAfter: retryAfter ?? self.retryAfter, own: own)
    }

    package static func missing(_ parameter: String) -> EntraError { AADSTS.missingParameter.error(["parameter": parameter]) }

    /// A request that cannot be read at all.
    package static let unreadable = AADSTS.malformed.error().with(error: "invalid_request")
    package static let tooLarge = AADSTS.malformed.error().with(error: "invalid_request", status: 413)

    /// The authority cannot answer at present.
    package static func unavailable(retryAfter: Duration?) -> EntraError {
        AADSTS.transientError.error().with(retryAfter: retryAfter)
    }

    package static func revoked(authTime: Timestamp, cutOff: Timestamp) -> EntraError {
        AADSTS.grantRevoked.error(["issued": authTime.description, "cutOff": cutOff.description])
    }

    package static func noSuchUser(directory: String) -> EntraError { AADSTS.userNotFound.error(["directory": directory]) }

    package static func noSuchApp(_ app: ClientID, directory: String) -> EntraError {
        AADSTS.appNotFound.error(["app": app.description, "directory": directory])
    }

    /// The prefixed message without trace and time: what pages show.
    package var message: String { own?.description ?? code.map { "AADSTS\($0.rawValue): \(text)" } ?? text }
}

/// How a tenant wants its errors written, and what the endpoint makes of that.
package struct ErrorStyle: Equatable, Sendable {
    let layout: Policies.ErrorLayout
    private let suberror: Bool
    private(set) var version = EndpointVersion.v2

    package static let current = ErrorStyle(Policies())

    package init(_ policies: Policies) {
        layout = policies.errorLayout
        suberror = policies.hasSuberror
    }

    package func at(_ version: EndpointVersion) -> ErrorStyle {
        var style = self
        style.version = version
        return style
    }

    /// Entra: raw answers of the older endpoint have none, but for 50055.
    func hasSuberror(isOldExpiry: Bool) -> Bool { suberror && (version == .v2 || isOldExpiry) }

    /// The OAuth error as the endpoint calls it.
    func name(of error: EntraError) -> String {
        version == .v1 && error.own?.error == nil ? error.code?.errorAtVersionOne ?? error.error : error.error
    }
}

/// What surrounds an error on the wire: who asked, when.
package struct ErrorTrace: Sendable {
    package let traceID: GUID
    package let correlationID: String
    package let now: Timestamp
    package let style: ErrorStyle

    package init(traceID: GUID, correlationID: String, now: Timestamp, style: ErrorStyle = .current) {
        self.traceID = traceID
        self.correlationID = correlationID
        self.now = now
        self.style = style
    }
}

extension EntraError {
    /// The text with trace, correlation and time behind it.
    package func description(_ trace: ErrorTrace) -> String {
        if let description = own?.description { return description }
        let parts = [
            message, "Trace ID: \(trace.traceID)", "Correlation ID: \(trace.correlationID)", "Timestamp: \(trace.now.errorText)",
        ]
        return parts.joined(separator: trace.style.layout == .current ? " " : "\r\n")
    }

    /// Where the error explains itself; nil for errors that Entra sends without one.
    package func errorURI(origin: String) -> String? {
        guard hasErrorURI, let code else { return nil }
        return "\(origin)/error?code=\(code.rawValue)"
    }

    /// Entra: the token endpoint's error body, members in recorded order.
    package func json(_ trace: ErrorTrace, origin: String) -> JSON {
        // Entra: raw, the one refusal of version 1 that says more than its sign.
        let isOldExpiry = code == .passwordExpired && trace.style.version == .v1
        let body = JSON.object([
            "error": .string(trace.style.name(of: self)), "error_description": .string(description(trace)),
            "error_codes": .array(code.map { [.integer(Int64($0.rawValue))] } ?? []),
            "timestamp": .string(trace.now.errorText), "trace_id": .string(trace.traceID.description),
            "correlation_id": .string(trace.correlationID),
            "error_uri": isOldExpiry ? nil : errorURI(origin: origin).map(JSON.string),
            "suberror": trace.style.hasSuberror(isOldExpiry: isOldExpiry) ? suberror.map(JSON.string) : nil,
            "password_change_url": isOldExpiry ? "https://portal.microsoftonline.com/ChangePassword.aspx" : nil,
            "claims": claims.map(JSON.string),
        ])
        return own.map { body.replacing($0.members) } ?? body
    }
}
