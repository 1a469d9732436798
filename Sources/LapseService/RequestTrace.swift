import LapseRules

/// What an operation is told about the request it serves.
package struct RequestTrace: Sendable {
    /// The answer's `x-ms-request-id` or `request-id`.
    package let requestID: GUID
    package let correlationID: String
    /// `https://host:port` under which the client reached Lapse: the origin of its issuer.
    package let origin: String
    /// The region that the request asked to land in; nil: by routing.
    package let region: String?
    /// Where operations put down whom the request was about; nil while nobody looks at exchanges.
    package var note: RequestNote?

    package init(requestID: GUID, correlationID: String, origin: String, region: String?, note: RequestNote? = nil) {
        self.requestID = requestID
        self.correlationID = correlationID
        self.origin = origin
        self.region = region
        self.note = note
    }
}
