/// One thing that happened: a row of the append-only log. Becoming believed is no event; it is a time that passes.
public struct Event: Equatable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case signedIn, signInRefused, signedOut
        case codeIssued, codeRedeemed, codeRefused
        case tokenRefreshed, refreshRefused
        case deviceCodeIssued, deviceCodeApproved, deviceCodeDeclined, deviceCodeRedeemed, deviceCodeRefused
        case clientTokenIssued, clientTokenRefused
        case onBehalfOfIssued, onBehalfOfRefused
        case silentSignInRefused, sessionRefused
        case accessChallenged
        case revoked, guestRevokeIgnored, revocationReleased
        case accountLocked, consentGiven, consentWithdrawn
        case passwordChanged, accountDisabled, accountEnabled, userCreated, userUpdated, userDeleted, userRestored, userPurged
        case appCreated, appUpdated, appDeleted
        case clockChanged, propagationChanged, policiesChanged, tenantReset
    }

    public var tenant: GUID
    public var at: Timestamp
    public var kind: Kind
    public var user: GUID?
    public var client: ClientID?
    public var grant: GUID?
    public var revocation: GUID?
    public var region: Region?
    public var code: AADSTS?
    public var requestID: GUID?
    /// Who changed the directory: a user id or a client id. Nil: the control API, or nobody in particular.
    public var actor: String?
    /// The access token that was issued.
    public var accessToken: AccessToken?

    public struct AccessToken: Equatable, Sendable {
        /// On the tenant's clock.
        public let endsAt: Timestamp
        /// Whether resources evaluate it continuously.
        public let isEvaluated: Bool

        public init(endsAt: Timestamp, isEvaluated: Bool) {
            self.endsAt = endsAt
            self.isEvaluated = isEvaluated
        }
    }

    public init(
        tenant: GUID, at: Timestamp, kind: Kind, user: GUID? = nil, client: ClientID? = nil, grant: GUID? = nil,
        revocation: GUID? = nil, region: Region? = nil, code: AADSTS? = nil, requestID: GUID? = nil
    ) {
        self.tenant = tenant
        self.at = at
        self.kind = kind
        self.user = user
        self.client = client
        self.grant = grant
        self.revocation = revocation
        self.region = region
        self.code = code
        self.requestID = requestID
    }
}

/// Something that took effect because a tenant's clock moved past it.
public struct ClockEffect: Equatable, Sendable {
    public let at: Timestamp
    public let type: String
    public let id: String
    /// Both nil unless a revocation or state change was believed.
    public let plane: Plane?
    public let region: Region?

    public init(at: Timestamp, type: String, id: String, plane: Plane?, region: Region?) {
        self.at = at
        self.type = type
        self.id = id
        self.plane = plane
        self.region = region
    }
}
