/// What the authorize endpoint hands out and the token endpoint redeems once.
public struct AuthorizationCode: Equatable, Sendable {
    public let hash: SecretHash
    public let grant: GUID
    public let redirectURI: String
    public let isForSPA: Bool
    /// Nil: the request had no PKCE challenge.
    public let challenge: PKCE.Challenge?
    public let nonce: String?
    /// Whether the id token has to say when the user signed in (`max_age` was asked).
    public let wantsAuthTime: Bool
    public let issuedAt: Timestamp
    public let expiresAt: Timestamp
    /// Nil until redeemed.
    public let redeemedAt: Timestamp?

    public init(
        hash: SecretHash, grant: GUID, redirectURI: String, isForSPA: Bool, challenge: PKCE.Challenge?, nonce: String?,
        wantsAuthTime: Bool, issuedAt: Timestamp, expiresAt: Timestamp, redeemedAt: Timestamp? = nil
    ) {
        self.hash = hash
        self.grant = grant
        self.redirectURI = redirectURI
        self.isForSPA = isForSPA
        self.challenge = challenge
        self.nonce = nonce
        self.wantsAuthTime = wantsAuthTime
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.redeemedAt = redeemedAt
    }

    static let prefix = "1.A"
    private static let randomBytes = 33

    public static func newText(_ random: RandomSource) -> String { prefix + random.token(bytes: randomBytes) }

    public static func isWellFormed(_ text: String) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == prefix.utf8.count + randomBytes * 4 / 3
            && Base64URL.isAlphabet(text.dropFirst(prefix.count))
    }
}
