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
    private static let randomBytes = 33

    package static func newText(_ random: RandomSource) -> String { prefix + random.token(bytes: randomBytes) }

    package static func isWellFormed(_ text: String) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == prefix.utf8.count + randomBytes * 4 / 3
            && Base64URL.isAlphabet(text.dropFirst(prefix.count))
    }
}
