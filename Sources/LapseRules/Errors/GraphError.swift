/// A refusal of Microsoft Graph, in its own envelope. Entra: facts of recorded Graph errors.
package struct GraphError: Error, Equatable, Sendable {
    package let status: Int
    package let code: String
    package let message: String
    /// The claims that the next token has to have, as JSON; nil when the refusal is no challenge.
    package let claims: String?
    /// How a fault wants the challenge written; nil: as it is recorded.
    package let variant: FaultEffect.ChallengeVariant?
    /// How long the client is asked to wait; nil: it is not asked.
    package let retryAfter: Duration?

    init(
        _ status: Int, _ code: String, _ message: String, claims: String? = nil, variant: FaultEffect.ChallengeVariant? = nil,
        retryAfter: Duration? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.claims = claims
        self.variant = variant
        self.retryAfter = retryAfter
    }

    package static let emptyToken = GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
    package static let expiredToken = GraphError(
        401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    /// Assumption: the words for these two were not seen on the wire.
    package static let futureToken = GraphError(
        401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is not yet valid.")
    package static let wrongIssuer = GraphError(
        401, "InvalidAuthenticationToken", "Access token validation failure. Invalid issuer.")
    package static let garbageToken = GraphError(
        401, "InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217")
    /// Entra: recorded, a bearer that is no JWT at all.
    package static let tokenWithoutDots = GraphError(
        401, "InvalidAuthenticationToken",
        """
        IDX14100: JWT is not well formed, there are no dots (.).
        The token needs to be in JWS or JWE Compact Serialization Format. (JWS): 'EncodedHeader.EndcodedPayload.EncodedSignature'. \
        (JWE): 'EncodedProtectedHeader.EncodedEncryptedKey.EncodedInitializationVector.EncodedCiphertext.EncodedAuthenticationTag'.
        """)
    package static let wrongAudience = GraphError(
        401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
    /// Assumption: the message for a wrong signature was not seen on the wire.
    package static let wrongSignature = GraphError(
        401, "InvalidAuthenticationToken", "Access token validation failure. Invalid signature.")
    /// Entra: recorded, what Graph says once it has learned that a token's sign-in is revoked.
    /// Assumption: it says the same of an account that is disabled or deleted.
    static func challenge(at instant: Timestamp) -> GraphError { challenge(claims: ClaimsRequest.challenge(at: instant)) }

    static func challenge(claims: String, variant: FaultEffect.ChallengeVariant? = nil) -> GraphError {
        GraphError(
            401, "InvalidAuthenticationToken",
            "Continuous access evaluation resulted in claims challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp",
            claims: claims, variant: variant)
    }
    /// Entra: throttling.md has 429 whole. Assumption: the names of the two others were not seen on the wire.
    static func failing(status: Int, retryAfter: Duration?) -> GraphError {
        switch status {
        case 429: GraphError(429, "TooManyRequests", "Please retry again later.", retryAfter: retryAfter)
        case 503: unavailable(retryAfter: retryAfter)
        default: internalError
        }
    }
    package static func unavailable(retryAfter: Duration?) -> GraphError {
        GraphError(503, "serviceNotAvailable", "The service is not available.", retryAfter: retryAfter)
    }
    /// Lapse's own: the token's grant is not in the store (the tenant was reset).
    package static let unknownGrant = GraphError(
        401, "InvalidAuthenticationToken", "Lapse does not know the grant of this access token: its tenant was reset.")
    package static let denied = GraphError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    /// Entra: `/me` needs a signed-in user.
    package static let noSignedInUser = GraphError(
        400, "BadRequest", "/me request is only valid with delegated authentication flow.")

    package static func notFound(_ id: String) -> GraphError {
        GraphError(
            404, "Request_ResourceNotFound",
            "Resource '\(id.prefix(200))' does not exist or one of its queried reference-property objects are not present.")
    }

    package static func badRequest(_ message: String) -> GraphError { GraphError(400, "Request_BadRequest", message) }

    /// Entra: recorded, an unknown segment of a path.
    package static func unknownPath(_ segment: String) -> GraphError {
        GraphError(400, "BadRequest", "Resource not found for the segment '\(segment.prefix(200))'.")
    }

    package static let unreadable = GraphError(400, "BadRequest", "The request could not be read.")
    package static let wrongContentType = GraphError(
        415, "UnsupportedMediaType", "A body must be of the type application/json.")
    /// Entra: what Graph says to a body that is no JSON.
    package static let unreadableBody = GraphError(
        400, "BadRequest",
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
    package static let tooLarge = GraphError(413, "RequestEntityTooLarge", "The request is too large.")
    package static let internalError = GraphError(500, "generalException", "General exception while processing.")

    package static func wrongMethod(_ method: String) -> GraphError {
        GraphError(405, "Request_BadRequest", "Specified HTTP method \(method) is not allowed for the request target.")
    }

    /// The body: `{"error":{"code","message","innerError":{"date","request-id","client-request-id"}}}`, but for a throttled client.
    package func json(_ trace: ErrorTrace) -> JSON {
        guard status != 429 else {
            return [
                "error": [
                    "code": .string(code),
                    "innerError": [
                        "code": "429", "date": .string(trace.now.zonelessText), "message": "Please retry after",
                        "request-id": .string(trace.traceID.description), "status": "429",
                    ],
                    "message": .string(message),
                ]
            ]
        }
        return [
            "error": [
                "code": .string(code), "message": .string(message),
                "innerError": [
                    "date": .string(trace.now.zonelessText), "request-id": .string(trace.traceID.description),
                    "client-request-id": .string(trace.correlationID),
                ],
            ]
        ]
    }
}
