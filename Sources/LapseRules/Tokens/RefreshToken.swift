/// One generation of a grant's refresh token. Rotation makes a child; the parent stays valid, as at Entra.
public struct RefreshToken: Equatable, Sendable {
    public let hash: SecretHash
    public let grant: GUID
    public let issuedAt: Timestamp
    /// Public and confidential clients: the end of inactivity. Single-page apps: the fixed end, inherited by every child.
    public let expiresAt: Timestamp

    public init(hash: SecretHash, grant: GUID, issuedAt: Timestamp, expiresAt: Timestamp) {
        self.hash = hash
        self.grant = grant
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    /// Refresh tokens look like Entra's: a version, a dot, base64url text that starts with A.
    static let prefix = "1.A"
    private static let randomBytes = 48

    public static func newText(_ random: RandomSource) -> String { prefix + random.token(bytes: randomBytes) }

    /// Whether the text could be a refresh token at all.
    public static func isWellFormed(_ text: String) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == prefix.utf8.count + randomBytes * 4 / 3
            && Base64URL.isAlphabet(text.dropFirst(prefix.count))
    }
}
