/// One generation of a grant's refresh token. Rotation makes a child; the parent stays valid, as at Entra.
package struct RefreshToken: Equatable, Sendable {
    package let hash: SecretHash
    package let grant: GUID
    package let issuedAt: Timestamp
    /// Public and confidential clients: the end of inactivity. Single-page apps: the fixed end, inherited by every child.
    package let expiresAt: Timestamp

    package init(hash: SecretHash, grant: GUID, issuedAt: Timestamp, expiresAt: Timestamp) {
        self.hash = hash
        self.grant = grant
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    /// Refresh tokens look like Entra's: a version, a dot, base64url text that starts with A. The text holds the grant's id and the
    /// instant of issue (where to look it up) and 256 random bits (what makes it a secret).
    package static let prefix = "1.A"
    private static let randomBytes = 32

    package static func newText(for grant: GUID, at issuedAt: Timestamp, _ random: RandomSource) -> String {
        prefix + Base64URL.encode(grant.bytes + issuedAt.bytes + random.bytes(randomBytes))
    }

    /// The grant and the instant of issue that the text names; nil when it can be no refresh token at all.
    package static func origin(of text: String) -> (grant: GUID, issuedAt: Timestamp)? {
        guard text.hasPrefix(prefix), let bytes = Base64URL.decode(text.dropFirst(prefix.count)),
            bytes.count == 24 + randomBytes
        else { return nil }
        let issuedAt = Timestamp(bytes: bytes[16..<24])
        guard (.epoch ... .latest).contains(issuedAt) else { return nil }
        return (GUID(bytes: bytes.prefix(16)), issuedAt)
    }
}
