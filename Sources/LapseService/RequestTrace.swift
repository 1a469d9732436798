import LapseRules

/// What an operation is told about the request it serves.
package struct RequestTrace: Sendable {
    /// The answer's `x-ms-request-id` or `request-id`.
    package let requestID: GUID
    package let correlationID: String
    /// `https://host:port` of the issuer and of what people and their browsers are shown.
    package let origin: String
    /// The same of what an app asks by itself: token, keys, userinfo, device code, Graph.
    package let backChannel: String
    /// The region that the request asked to land in; nil: by routing.
    package let region: String?
    /// Where operations put down whom the request was about; nil while nobody looks at exchanges.
    package var note: RequestNote?

    /// - Parameter backChannel: nil: that of the issuer.
    package init(
        requestID: GUID, correlationID: String, origin: String, backChannel: String? = nil, region: String?,
        note: RequestNote? = nil
    ) {
        self.requestID = requestID
        self.correlationID = correlationID
        self.origin = origin
        self.backChannel = backChannel ?? origin
        self.region = region
        self.note = note
    }

    /// The trace under other ids.
    package func with(requestID: GUID, correlationID: String) -> RequestTrace {
        RequestTrace(
            requestID: requestID, correlationID: correlationID, origin: origin, backChannel: backChannel, region: region, note: note
        )
    }
}
