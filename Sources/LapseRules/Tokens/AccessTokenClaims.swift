import Crypto

/// What an access token says, to those who read it and to Lapse itself.
package struct AccessTokenClaims: Sendable {
    package let audience: String
    package let tenant: GUID
    /// Nil: an application's own token.
    package let user: GUID?
    package let client: ClientID
    package let scopes: Set<String>
    package let roles: Set<String>
    /// Nil: an application's own token.
    package let grant: GUID?
    /// Whether the client understands claims challenges: resources evaluate the token continuously.
    package let declaresCP1: Bool
    /// The end on the tenant's clock, whatever clock `exp` was written by.
    package let expiresAt: Timestamp
    /// The beginning, on the tenant's clock too.
    package let notBefore: Timestamp
    /// Whether the issuer is of the token's own tenant. Never its origin, which depends on how the client reached Lapse.
    let hasOwnIssuer: Bool
    /// Its `uti`.
    package let id: String?

    /// Reads the payload of a token whose signature was checked; nil when Lapse never wrote such a payload.
    package init?(_ payload: JSON) {
        guard let audience = payload["aud"]?.text, let tenant = payload["tid"]?.text.flatMap(GUID.init),
            let client = (payload["appid"] ?? payload["azp"])?.text, let mark = payload["aio"]?.text.flatMap(Mark.init)
        else { return nil }
        self.audience = audience
        self.tenant = tenant
        self.client = ClientID(client)
        user = mark.grant == nil ? nil : payload["oid"]?.text.flatMap(GUID.init)
        scopes = Set((payload["scp"]?.text ?? "").split(separator: " ").map(String.init))
        if case .array(let names) = payload["roles"] { roles = Set(names.compactMap(\.text)) } else { roles = [] }
        grant = mark.grant
        declaresCP1 = ClaimsRequest.names(payload["xms_cc"]).contains { $0.isSame(as: ClaimsRequest.capability) }
        expiresAt = mark.expiresAt
        guard case .integer(let start) = payload["nbf"], case .integer(let end) = payload["exp"], start <= end else { return nil }
        notBefore = mark.expiresAt - .seconds(min(end - start, Duration.longest.wholeSeconds))
        hasOwnIssuer = payload["iss"]?.text?.split(separator: "/").contains { $0 == tenant.description } ?? false
        id = payload["uti"]?.text
    }

    /// Those of a token of a grant that nobody has at hand.
    package init(
        _ token: Event.AccessToken, issuedAt: Timestamp, of grant: Grant, audience: String, scopes: [String]
    ) {
        self.audience = audience
        tenant = grant.tenant
        user = grant.user
        client = grant.client
        self.scopes = Set(scopes)
        roles = []
        self.grant = grant.id
        declaresCP1 = token.isEvaluated
        expiresAt = token.endsAt
        notBefore = issuedAt
        hasOwnIssuer = true
        id = nil
    }

    /// The `aio` claim, opaque at Entra: Lapse keeps in it the grant and the end on the tenant's clock, so that an access token
    /// needs no row in the store and can be judged whatever clock its other times were written by.
    struct Mark {
        let grant: GUID?
        let expiresAt: Timestamp

        private static let none = [UInt8](repeating: 0, count: 16)

        init(grant: GUID?, expiresAt: Timestamp) {
            self.grant = grant
            self.expiresAt = expiresAt
        }

        init?(_ text: String) {
            guard let bytes = Base64URL.decode(text), bytes.count == 24 else { return nil }
            grant = bytes.prefix(16).elementsEqual(Self.none) ? nil : GUID(bytes: bytes.prefix(16))
            expiresAt = Timestamp(bytes: bytes.suffix(8))
        }

        var text: String {
            Base64URL.encode((grant?.bytes ?? Self.none) + expiresAt.bytes)
        }
    }
}

extension TokenPlan {
    /// Entra: tokens start five minutes before they are made (recorded `exp - iat` of an hour's token: 3900).
    private static let backdating: Int64 = 300

    var times: (start: Int64, accessEnd: Int64, idEnd: Int64) {
        let now = printedNow.secondsSinceEpoch
        return (now - Self.backdating, now + accessTokenLifetime.wholeSeconds, now + idTokenLifetime.wholeSeconds)
    }

    /// Who a client knows the user as: the same for one user and client, different for every other client.
    package static func pairwiseSubject(user: GUID, client: ClientID) -> String {
        Base64URL.encode(SHA256.bytes(of: user.description, " ", client.description))
    }

    private var mark: String {
        AccessTokenClaims.Mark(grant: grant?.id, expiresAt: accessTokenEnd).text
    }

    private var tokenID: String { Base64URL.encode(Array(accessTokenID.bytes)) }

    /// The payload of the access token as JSON, in the format the resource takes. Entra: access-token-claims-reference.md and
    /// recordings, for the order of the claims too.
    package func accessTokenPayload(issuer: String) -> [UInt8] {
        scope.resource.tokenVersion == 1 ? versionOne() : versionTwo(issuer: issuer)
    }

    private func versionOne() -> [UInt8] {
        let (start, end, _) = times
        let subject = subject
        let directory = tenant.cloud.directoryIssuer(of: tenant.id)
        var claims = JSONWriter()
        claims.add("aud", scope.resource.audience)
        claims.add("iss", directory)
        claims.add("iat", start)
        claims.add("nbf", start)
        claims.add("exp", end)
        claims.add("acct", user.map { $0.isGuest ? 1 : 0 } as Int64?)
        claims.add("acr", user == nil ? nil : "1")
        claims.add("aio", mark)
        claims.add("amr", methods)
        claims.add("app_displayname", app.name)
        claims.add("appid", app.id.description)
        claims.add("appidacr", appAuthentication)
        claims.add("auth_time", authTime(where: scope.resource.optionalClaims.contains(.authTime)))
        claims.add("family_name", user?.surname)
        claims.add("given_name", user?.givenName)
        claims.add("idp", homeIdentityProvider ?? (user == nil ? directory : nil))
        claims.add("idtyp", user == nil ? "app" : "user")
        claims.add("ipaddr", user == nil ? nil : "127.0.0.1")
        claims.add("name", user?.displayName)
        claims.add("oid", objectID)
        claims.add("puid", user.map(passportID))
        claims.add("rh", tenantMark)
        // They are of Graph.
        claims.add("roles", user == nil && scope.resource.isGraph ? app.applicationPermissions : nil)
        claims.add("scp", user == nil ? nil : scope.claim)
        claims.add("sid", scope.resource.optionalClaims.contains(.session) ? grant?.session?.description : nil)
        claims.add("sub", subject)
        claims.add("tenant_region_scope", tenant.cloud.regionScope)
        claims.add("tid", tenant.id.description)
        claims.add("unique_name", user?.userPrincipalName)
        claims.add("upn", user?.userPrincipalName)
        claims.add("uti", tokenID)
        claims.add("ver", "1.0")
        claims.add("wids", user?.roles.map(\.templateID))
        claims.add("xms_cc", capabilities)
        claims.add("xms_st", user == nil ? nil : ["sub": .string(subject)] as JSON)
        claims.add("xms_tcdt", Tenant.birth.secondsSinceEpoch)
        claims.add("xms_tdbr", tenant.cloud.regionScope)
        return claims.finished()
    }

    private func versionTwo(issuer: String) -> [UInt8] {
        let (start, end, _) = times
        var claims = JSONWriter()
        claims.add("aud", scope.resource.audience)
        claims.add("iss", issuer)
        claims.add("iat", start)
        claims.add("nbf", start)
        claims.add("exp", end)
        claims.add("aio", mark)
        claims.add("auth_time", authTime(where: scope.resource.optionalClaims.contains(.authTime)))
        claims.add("azp", app.id.description)
        claims.add("azpacr", appAuthentication)
        claims.add("idp", homeIdentityProvider)
        claims.add("name", user?.displayName)
        claims.add("oid", objectID)
        claims.add("preferred_username", user?.userPrincipalName)
        claims.add("rh", tenantMark)
        claims.add("roles", user == nil ? [String]() : nil)
        claims.add("scp", user == nil ? nil : scope.claim)
        claims.add("sid", scope.resource.optionalClaims.contains(.session) ? grant?.session?.description : nil)
        claims.add("sub", subject)
        claims.add("tid", tenant.id.description)
        claims.add("uti", tokenID)
        claims.add("ver", "2.0")
        claims.add("xms_cc", capabilities)
        return claims.finished()
    }

    /// The payload of the id token as JSON, in the endpoint's format; nil when there is no user.
    /// Entra: id-token-claims-reference.md.
    package func idTokenPayload(issuer: String) -> [UInt8]? {
        guard let user, let grant else { return nil }
        return switch version {
        case .v1: versionOneIDToken(of: user, grant)
        case .v2: versionTwoIDToken(of: user, grant, issuer: issuer)
        }
    }

    /// Entra: azuread-dev/v1-protocols-openid-connect-code.md.
    private func versionOneIDToken(of user: User, _ grant: Grant) -> [UInt8] {
        let (start, _, end) = times
        var claims = JSONWriter()
        claims.add("aud", app.id.description)
        claims.add("iss", tenant.cloud.directoryIssuer(of: tenant.id))
        claims.add("iat", start)
        claims.add("nbf", start)
        claims.add("exp", end)
        claims.add("aio", mark)
        claims.add("amr", methods)
        claims.add("auth_time", authTime(where: wantsAuthTime || app.optionalClaims.idToken.contains(.authTime)))
        claims.add("family_name", user.surname)
        claims.add("given_name", user.givenName)
        claims.add("idp", homeIdentityProvider)
        claims.add("ipaddr", "127.0.0.1")
        claims.add("name", user.displayName)
        claims.add("nonce", nonce)
        claims.add("oid", user.id.description)
        claims.add("puid", passportID(user))
        claims.add("rh", tenantMark)
        claims.add("sid", app.optionalClaims.idToken.contains(.session) ? grant.session?.description : nil)
        claims.add("sub", subject)
        claims.add("tid", tenant.id.description)
        claims.add("unique_name", user.userPrincipalName)
        claims.add("upn", user.userPrincipalName)
        claims.add("uti", tokenID)
        claims.add("ver", "1.0")
        return claims.finished()
    }

    private func versionTwoIDToken(of user: User, _ grant: Grant, issuer: String) -> [UInt8] {
        let (start, _, end) = times
        var claims = JSONWriter()
        claims.add("aud", app.id.description)
        claims.add("iss", issuer)
        claims.add("iat", start)
        claims.add("nbf", start)
        claims.add("exp", end)
        claims.add("aio", mark)
        claims.add("auth_time", authTime(where: wantsAuthTime || app.optionalClaims.idToken.contains(.authTime)))
        claims.add("c_hash", code.map { Base64URL.encode(Array(SecretHash(of: $0).bytes.prefix(16))) })
        claims.add("email", scope.has(openID: "email") ? user.mail : nil)
        claims.add("idp", homeIdentityProvider)
        claims.add("name", user.displayName)
        claims.add("nonce", nonce)
        claims.add("oid", user.id.description)
        claims.add("preferred_username", user.userPrincipalName)
        claims.add("rh", tenantMark)
        claims.add("sid", grant.session?.description)
        claims.add("sub", subject)
        claims.add("tid", tenant.id.description)
        claims.add("uti", tokenID)
        claims.add("ver", "2.0")
        return claims.finished()
    }

    private func authTime(where isWanted: Bool) -> Int64? { isWanted ? grant?.authentication.place.at.secondsSinceEpoch : nil }

    /// How the client proved who it is. Entra: access-token-claims-reference.md, 0 a public client, 1 a secret, 2 a certificate.
    private var appAuthentication: String { provedByCertificate ? "2" : app.isConfidential ? "1" : "0" }

    private var capabilities: [String]? { declaresCP1 ? [ClaimsRequest.capability] : nil }

    private var subject: String {
        knownSubject.withLock { known in
            let subject = known ?? user.map { Self.pairwiseSubject(user: $0.id, client: app.id) } ?? objectID
            known = subject
            return subject
        }
    }

    /// `rh`, opaque at Entra: the same for all tokens of one tenant and client.
    private var tenantMark: String { "1." + Base64URL.encode(tenant.id.bytes) + "." }

    /// `puid`: sixteen hexadecimal digits that stay with the user.
    private func passportID(_ user: User) -> String {
        "1003" + user.id.description.suffix(12).uppercased()
    }

    /// The user's object id, or the service principal's: one per tenant and application.
    private var objectID: String {
        (user?.id ?? app.servicePrincipal(in: tenant.id)).description
    }

    /// Guests carry the provider they signed in at.
    private var homeIdentityProvider: String? {
        user?.guestOf.map { tenant.cloud.directoryIssuer(of: $0.tenant) }
    }

    private var methods: [String]? {
        switch grant?.authentication.method {
        case .password: ["pwd"]
        // Assumption: a non-password sign-in of the lab shows as a security key does.
        case .nonPassword: ["fido"]
        case nil: nil
        }
    }
}
