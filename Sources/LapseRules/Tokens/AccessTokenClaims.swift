import Crypto

/// What an access token says, to those who read it and to Lapse itself.
public struct AccessTokenClaims: Sendable {
    public let audience: String
    public let tenant: GUID
    /// Nil: an application's own token.
    public let user: GUID?
    public let client: ClientID
    public let scopes: Set<String>
    public let roles: Set<String>
    /// Nil: an application's own token.
    public let grant: GUID?
    /// The end on the tenant's clock, whatever clock `exp` was written by.
    public let expiresAt: Timestamp

    /// Reads the payload of a token whose signature was checked; nil when Lapse never wrote such a payload.
    public init?(_ payload: JSON) {
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
        expiresAt = mark.expiresAt
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
            expiresAt = Timestamp(ticks: bytes.suffix(8).reduce(0) { $0 << 8 | Int64($1) })
        }

        var text: String {
            let end = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: expiresAt.ticks >> Int64($0)) }
            return Base64URL.encode((grant?.bytes ?? Self.none) + end)
        }
    }
}

extension TokenPlan {
    /// Entra: tokens start five minutes before they are made (recorded `exp - iat` of an hour's token: 3900).
    private static let backdating: Int64 = 300

    private var times: (start: Int64, accessEnd: Int64, idEnd: Int64) {
        let now = printedNow.secondsSinceEpoch
        return (now - Self.backdating, now + accessTokenLifetime.wholeSeconds, now + idTokenLifetime.wholeSeconds)
    }

    /// Who a client knows the user as: the same for one user and client, different for every other client.
    public static func pairwiseSubject(user: GUID, client: ClientID) -> String {
        Base64URL.encode(Array(SHA256.hash(data: Array("\(user) \(client)".utf8))))
    }

    private var mark: String {
        AccessTokenClaims.Mark(grant: grant?.id, expiresAt: issuedAt + accessTokenLifetime).text
    }

    private var tokenID: String { Base64URL.encode(Array(accessTokenID.bytes)) }

    /// The payload of the access token, in the format the resource takes. Entra: access-token-claims-reference.md and recordings.
    public func accessTokenPayload(issuer: String) -> JSON {
        scope.resource.tokenVersion == 1 ? versionOne() : versionTwo(issuer: issuer)
    }

    private func versionOne() -> JSON {
        let (start, end, _) = times
        return .object([
            "aud": .string(scope.resource.audience), "iss": .string("https://sts.windows.net/\(tenant.id)/"),
            "iat": .integer(start), "nbf": .integer(start), "exp": .integer(end),
            "acct": user.map { .integer($0.isGuest ? 1 : 0) }, "acr": user == nil ? nil : "1", "aio": .string(mark),
            "amr": methods, "app_displayname": .string(app.name), "appid": .string(app.id.description),
            "appidacr": .string(app.isConfidential ? "1" : "0"), "family_name": user?.surname.map(JSON.string),
            "given_name": user?.givenName.map(JSON.string),
            "idp": homeIdentityProvider ?? (user == nil ? .string("https://sts.windows.net/\(tenant.id)/") : nil),
            "idtyp": .string(user == nil ? "app" : "user"), "ipaddr": user == nil ? nil : "127.0.0.1",
            "name": user.map { .string($0.displayName) }, "oid": .string(objectID), "puid": user.map { .string(passportID($0)) },
            "rh": .string(tenantMark), "roles": user == nil ? JSON(app.application) : nil,
            "scp": user == nil ? nil : .string(scope.claim), "sub": .string(subject), "tenant_region_scope": "NA",
            "tid": .string(tenant.id.description), "unique_name": user.map { .string($0.userPrincipalName) },
            "upn": user.map { .string($0.userPrincipalName) },
            "uti": .string(tokenID), "ver": "1.0", "wids": user.map { JSON($0.roles.map(\.templateID)) },
            "xms_st": user == nil ? nil : ["sub": .string(subject)],
            "xms_tcdt": .integer(Tenant.birth.secondsSinceEpoch), "xms_tdbr": "NA",
        ])
    }

    private func versionTwo(issuer: String) -> JSON {
        let (start, end, _) = times
        return .object([
            "aud": .string(scope.resource.audience), "iss": .string(issuer), "iat": .integer(start), "nbf": .integer(start),
            "exp": .integer(end), "aio": .string(mark), "azp": .string(app.id.description),
            "azpacr": .string(app.isConfidential ? "1" : "0"), "idp": homeIdentityProvider,
            "name": user.map { .string($0.displayName) }, "oid": .string(objectID),
            "preferred_username": user.map { .string($0.userPrincipalName) }, "rh": .string(tenantMark),
            "roles": user == nil ? [] : nil,
            "scp": user == nil ? nil : .string(scope.claim), "sub": .string(subject), "tid": .string(tenant.id.description),
            "uti": .string(tokenID), "ver": "2.0",
        ])
    }

    /// The payload of the id token; nil when there is no user. Entra: id-token-claims-reference.md.
    public func idTokenPayload(issuer: String) -> JSON? {
        guard let user, let grant else { return nil }
        let (start, _, end) = times
        return .object([
            "aud": .string(app.id.description), "iss": .string(issuer), "iat": .integer(start), "nbf": .integer(start),
            "exp": .integer(end), "aio": .string(mark),
            "auth_time": wantsAuthTime ? .integer(grant.authentication.place.at.secondsSinceEpoch) : nil,
            "email": scope.has(openID: "email") ? user.mail.map(JSON.string) : nil, "idp": homeIdentityProvider,
            "name": .string(user.displayName), "nonce": nonce.map(JSON.string), "oid": .string(user.id.description),
            "preferred_username": .string(user.userPrincipalName), "rh": .string(tenantMark),
            "sid": grant.session.map { .string($0.description) },
            "sub": .string(subject), "tid": .string(tenant.id.description), "uti": .string(tokenID), "ver": "2.0",
        ])
    }

    private var subject: String {
        user.map { Self.pairwiseSubject(user: $0.id, client: app.id) } ?? objectID
    }

    /// `rh`, opaque at Entra: the same for all tokens of one tenant and client.
    private var tenantMark: String { "1." + Base64URL.encode(tenant.id.bytes) + "." }

    /// `puid`: sixteen hexadecimal digits that stay with the user.
    private func passportID(_ user: User) -> String { "1003" + Hex.encode(user.id.bytes.suffix(6)).uppercased() }

    /// The user's object id, or the service principal's: one per tenant and application.
    private var objectID: String {
        if let user { return user.id.description }
        let digest = SHA256.hash(data: Array("service principal \(tenant.id) \(app.id)".utf8))
        return GUID(randomBytes: Array(digest.prefix(16))).description
    }

    /// Guests carry the provider they signed in at.
    private var homeIdentityProvider: JSON? {
        user?.guestOf.map { .string("https://sts.windows.net/\($0.tenant)/") }
    }

    private var methods: JSON? {
        switch grant?.authentication.method {
        case .password: ["pwd"]
        // Assumption: a non-password sign-in of the lab shows as a security key does.
        case .nonPassword: ["fido"]
        case nil: nil
        }
    }
}
