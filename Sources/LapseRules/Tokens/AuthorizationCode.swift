/// What the authorize endpoint hands out and the token endpoint redeems once.
package struct AuthorizationCode: Equatable, Sendable {
    package let hash: SecretHash
    package let grant: GUID
    package let redirectURI: String
    package let isForSPA: Bool
    /// Whether it was asked for at its tenant, and not at an alias such as `common`.
    package let namesTenant: Bool
    /// Nil: the request had no PKCE challenge.
    package let challenge: PKCE.Challenge?
    package let nonce: String?
    /// Whether the id token has to say when the user signed in (`max_age` was asked).
    package let wantsAuthTime: Bool
    package let issuedAt: Timestamp
    package let expiresAt: Timestamp
    /// Nil until redeemed.
    package let redeemedAt: Timestamp?

    package init(
        hash: SecretHash, grant: GUID, redirectURI: String, isForSPA: Bool, namesTenant: Bool = true, challenge: PKCE.Challenge?,
        nonce: String?,
        wantsAuthTime: Bool, issuedAt: Timestamp, expiresAt: Timestamp, redeemedAt: Timestamp? = nil
    ) {
        self.hash = hash
        self.grant = grant
        self.redirectURI = redirectURI
        self.isForSPA = isForSPA
        self.namesTenant = namesTenant
        self.challenge = challenge
        self.nonce = nonce
        self.wantsAuthTime = wantsAuthTime
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.redeemedAt = redeemedAt
    }

    static let prefix = "1.A"
    /// The grant's id, which says where to look for it, and 136 random bits, which make it a secret.
    private static let (grantBytes, randomBytes) = (16, 17)

    package static func newText(for grant: GUID, _ random: RandomSource) -> String {
        prefix + Base64URL.encode(grant.bytes + random.bytes(randomBytes))
    }

    package static func isWellFormed(_ text: String) -> Bool { grant(of: text) != nil }

    /// The grant that the text names, be it there or not; nil when it can be no code at all.
    package static func grant(of text: String) -> GUID? {
        guard text.hasPrefix(prefix), let bytes = Base64URL.decode(text.dropFirst(prefix.count)),
            bytes.count == grantBytes + randomBytes
        else { return nil }
        return GUID(bytes: bytes.prefix(grantBytes))
    }
}
