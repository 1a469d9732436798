import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import Logging
import NIOCore

/// What a handler knows of its request besides the request itself.
struct LapseContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The client's connection.
    let channel: any Channel
    /// Set by ``SurfaceMiddleware`` before any handler runs.
    var trace = RequestTrace(
        requestID: GUID(randomBytes: Array(repeating: 0, count: 16)), correlationID: "", origin: "", region: nil)

    /// The sandbox of the learner whose key the call has; nil: it has no learner's key. Set by ``ControlGate``.
    var learnersTenant: GUID?

    init(source: Source) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// A part of the path, decoded; as it is when its escapes are broken, so that what looks it up says that it is not there.
    func parameter(_ name: String) throws -> String {
        let text = try parameters.require(name)
        return FormParameters.decodePath(text) ?? text
    }
}

/// The server as its handlers see it: the authority, and under which addresses people reach it.
package struct Site: Sendable {
    package enum Scheme: String, Sendable { case https, http }

    let authority: Authority
    let scheme: Scheme
    /// The local CA's certificate, PEM.
    let certificatePEM: String
    /// Nil: the origin of each request's own Host.
    let publicURL: String?
    let graphURL: String?
    let backChannel: Settings.BackChannel
    /// Nil: the control API wants no token.
    let controlToken: SecretHash?
    let version: String
    let status: @Sendable () async -> ServerStatus
    /// The labs that come along.
    let labs: @Sendable () throws -> [LabScript]
    /// Nil: this Lapse holds no class.
    let classroom: Classroom?
    /// The machine's clock: for errors that belong to no tenant.
    let systemTime: @Sendable () -> Timestamp
    let logger: Logger
    let exchanges: ExchangeLog
    /// Nil: nobody is told of requests.
    let log: ServerLog?
    let unavailable: UnavailableLog

    /// - Parameter exchanges: shared by the ports of one Lapse, as `unavailable` is; nil: this one's own.
    package init(
        authority: Authority, scheme: Scheme, certificatePEM: String, publicURL: String? = nil, graphURL: String? = nil,
        backChannel: Settings.BackChannel = .public, controlToken: String? = nil, exchanges: ExchangeLog? = nil,
        unavailable: UnavailableLog = UnavailableLog(),
        log: ServerLog? = nil, version: String,
        status: @escaping @Sendable () async -> ServerStatus = { ServerStatus() },
        labs: @escaping @Sendable () throws -> [LabScript] = { [] }, classroom: Classroom? = nil,
        systemTime: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.authority = authority
        self.scheme = scheme
        self.certificatePEM = certificatePEM
        self.publicURL = publicURL
        self.graphURL = graphURL
        self.backChannel = backChannel
        self.controlToken = controlToken.map { SecretHash(of: $0) }
        self.version = version
        self.status = status
        self.labs = labs
        self.classroom = classroom
        self.systemTime = systemTime
        self.logger = logger
        self.exchanges = exchanges ?? ExchangeLog(systemTime: systemTime)
        authority.whenTenantEnds { [exchanges = self.exchanges] in exchanges.forget($0) }
        self.log = log.flatMap { $0.tellsRequests ? $0 : nil }
        self.unavailable = unavailable
    }

    /// The origin of what people and their browsers are shown, and of the issuer.
    func origin(of request: Request) -> String { publicURL ?? requestOrigin(of: request) }

    /// The origin under which this request reached Lapse. A Host that is none falls back to `localhost`.
    private func requestOrigin(of request: Request) -> String {
        "\(scheme.rawValue)://\(HostAndPort(request.head.authority)?.text ?? "localhost")"
    }

    /// Whether browsers meet this port over HTTPS. Before a proxy that speaks TLS for it only the public URL knows; what a request says
    /// of itself in headers may come from anybody.
    var isReachedOverTLS: Bool { publicURL.map { $0.hasPrefix("https:") } ?? (scheme == .https) }

    func graphOrigin(_ trace: RequestTrace) -> String { graphURL ?? trace.backChannel }

    func certificate(_ request: Request, _ context: LapseContext) -> Response {
        Self.asset(Array(certificatePEM.utf8), type: "application/x-pem-file")
    }

    func health(_ request: Request, _ context: LapseContext) -> Response {
        ControlResponder.answer(["status": "ok", "version": .string(version)])
    }

    static func asset(_ bytes: [UInt8], type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "max-age=3600", .xContentTypeOptions: "nosniff"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// A trace for a request: fresh id, the caller's correlation id when it is a GUID.
    func trace(_ request: Request) -> RequestTrace {
        let requestID = authority.random.guid()
        let asked = request.headers[.clientRequestID].flatMap(GUID.init)
        return RequestTrace(
            requestID: requestID, correlationID: (asked ?? requestID).description, origin: origin(of: request),
            backChannel: backChannel == .request ? requestOrigin(of: request) : nil, region: request.headers[.lapseRegion])
    }
}

extension RequestTrace {
    /// The trace with the correlation id that came among the parameters (browsers cannot send it as a header).
    func correlated(by parameters: FormParameters) -> RequestTrace {
        guard let id = parameters["client-request-id"].flatMap(GUID.init) else { return self }
        return with(requestID: requestID, correlationID: id.description)
    }

    /// The same for the parameters of the address; one that cannot be read has none.
    func correlated(byQueryOf request: Request) -> RequestTrace {
        guard let query = try? request.query() else { return self }
        return correlated(by: query)
    }

    func error(_ now: Timestamp, _ style: ErrorStyle = .current) -> ErrorTrace {
        ErrorTrace(traceID: requestID, correlationID: correlationID, now: now, style: style)
    }
}

extension HTTPField.Name {
    static let clientRequestID = Self("client-request-id")!
    static let returnClientRequestID = Self("return-client-request-id")!
    static let lapseRegion = Self("x-lapse-region")!
    static let lastEventID = Self("Last-Event-ID")!
    static let lapseEvent = Self("x-lapse-event")!
    static let lapseFault = Self("x-lapse-fault")!
    static let requestID = Self("request-id")!
    static let xMSRequestID = Self("x-ms-request-id")!
    static let xMSCorrelationRequestID = Self("x-ms-correlation-request-id")!
    static let xMSServer = Self("x-ms-ests-server")!
    static let xMSTelemetry = Self("x-ms-clitelem")!
    static let expires = Self("Expires")!
    static let pragma = Self("Pragma")!
    static let p3p = Self("P3P")!
    static let xssProtection = Self("X-XSS-Protection")!
    static let referrerPolicy = Self("Referrer-Policy")!
    static let frameOptions = Self("X-Frame-Options")!
    static let fetchSite = Self("Sec-Fetch-Site")!
    static let consistencyLevel = Self("ConsistencyLevel")!
    static let odataVersion = Self("OData-Version")!
    static let resourceUnit = Self("x-ms-resource-unit")!
    static let diagnostic = Self("x-ms-ags-diagnostic")!
    static let exposeHeaders = Self("Access-Control-Expose-Headers")!
}

extension Response {
    static func json(
        _ value: JSON, status: HTTPResponse.Status = .ok, type: String = "application/json; charset=utf-8",
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        // Appended, here and below: to set a field is to look for it first.
        headers.append(HTTPField(name: .contentType, value: type))
        let bytes = value.encoded
        RequestNote.current?.answer = bytes
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// The answer with the region and the event of its request.
    func routed(_ routed: Routed) -> Response {
        var response = self
        response.headers.append(HTTPField(name: .lapseRegion, value: routed.region.description))
        if let event = routed.event { response.headers.append(HTTPField(name: .lapseEvent, value: String(event))) }
        return response
    }
}
