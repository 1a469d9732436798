/// One thing that happened: a row of the append-only log. Taking effect is no event; it is a time that passes.
package struct Event: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case signInRequested, signedIn, signInRefused, signedOut
        case codeIssued, idTokenIssued, codeRedeemed, codeRefused
        case tokenRefreshed, refreshRefused
        case deviceCodeIssued, deviceCodeApproved, deviceCodeDeclined, deviceCodeRedeemed, deviceCodeRefused
        case clientTokenIssued, clientTokenRefused
        case onBehalfOfIssued, onBehalfOfRefused
        case silentSignInRefused, sessionRefused
        case accessChallenged, accessOutlived
        case faultHit
        case pageShown
        /// Somebody asked what an endpoint would answer. Nothing was issued or counted.
        case trial
        case revoked, guestRevokeIgnored, revocationReleased
        case accountLocked, consentGiven, consentWithdrawn
        case passwordChanged, accountDisabled, accountEnabled, userCreated, userUpdated, userDeleted, userRestored, userPurged
        case appCreated, appUpdated, appDeleted
        case servicePrincipalUpdated, servicePrincipalDisabled, servicePrincipalEnabled, servicePrincipalDeleted,
            servicePrincipalRestored
        case clockChanged, propagationChanged, policiesChanged, tenantReset
    }

    package var tenant: GUID
    package var at: Timestamp
    package var kind: Kind
    package var user: GUID?
    package var client: ClientID?
    package var grant: GUID?
    package var revocation: GUID?
    package var region: Region?
    package var code: AADSTS?
    package var requestID: GUID?
    /// Who changed the directory: a user id or a client id. Nil: the control API, or nobody in particular.
    package var actor: String?
    /// The access token that was issued.
    package var accessToken: AccessToken?
    /// What was presented: the fingerprint of a refresh token, the `uti` of an access token, the id of a session. Nil: nothing of
    /// that kind.
    package var presented: String?
    package var notes = Notes()

    /// What the judge wants to know of a request besides: how an app asked, and what a fault did.
    package struct Notes: Equatable, Sendable {
        /// The `prompt` of an authorize request.
        package var prompt: String?
        /// Whether its `claims` hand a challenge back.
        package var answersChallenge = false
        /// Whether a refusal came with claims to hand back.
        package var demandsClaims = false
        /// What a fault hit where, and what it answered: nil unless one did.
        package var fault: GUID?
        package var endpoint: Fault.Endpoint?
        /// The HTTP status in place of the endpoint's own; nil: the answer was damaged or held back.
        package var status: Int?
        package var responseFault: FaultEffect.ResponseFault?
        package var retryAfter: Duration?
        /// What a person saw of the app.
        package var page: Page?

        package init() {}
    }

    /// A page of an app that a person ended on.
    package struct Page: Equatable, Sendable {
        /// Without query and fragment, which may be secret.
        package let url: String
        /// Nil: there was no answer.
        package let status: Int?
        /// What it says, or why there was no answer; in one line.
        package let text: String

        package init(url: String, status: Int?, text: String) { (self.url, self.status, self.text) = (url, status, text) }

        /// More of a page is not kept.
        package static let mostText = 500
        /// How much of it a sentence quotes.
        private static let mostQuoted = 120

        var quoted: String {
            guard !text.isEmpty else { return "an empty page" }
            return "\"\(text.prefix(Self.mostQuoted))\(text.count > Self.mostQuoted ? "…" : "")\""
        }
    }

    package struct AccessToken: Equatable, Sendable {
        /// On the tenant's clock.
        package let endsAt: Timestamp
        /// Whether resources evaluate it continuously.
        package let isEvaluated: Bool

        package init(endsAt: Timestamp, isEvaluated: Bool) {
            self.endsAt = endsAt
            self.isEvaluated = isEvaluated
        }
    }

    package init(
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

/// An event with its place in the log.
package struct LoggedEvent: Sendable {
    package let id: Int64
    package private(set) var event: Event
    /// When it was written, on the machine's clock: what a client's haste and patience are measured by.
    package let writtenAt: Timestamp

    package init(id: Int64, event: Event, writtenAt: Timestamp) {
        self.id = id
        self.event = event
        self.writtenAt = writtenAt
    }

    /// As it happened on another tenant's clock, which is so much behind.
    package func shifted(back duration: Duration) -> LoggedEvent {
        var shifted = self
        shifted.event.at = event.at - duration
        return shifted
    }
}

/// Something that took effect because a tenant's clock moved past it.
package struct ClockEffect: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case revocationInEffect, stateChangeInEffect, codeExpired, sessionExpired, deviceCodeExpired, refreshTokenExpired
    }

    package let at: Timestamp
    package let type: Kind
    package let id: String
    /// Both nil unless a revocation or state change took effect.
    package let plane: Plane?
    package let region: Region?

    package init(at: Timestamp, type: Kind, id: String, plane: Plane?, region: Region?) {
        self.at = at
        self.type = type
        self.id = id
        self.plane = plane
        self.region = region
    }
}
