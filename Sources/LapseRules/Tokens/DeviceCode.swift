/// A sign-in that begins on a device without a browser and is approved on another.
package struct DeviceCode: Equatable, Sendable {
    package enum State: String, CaseIterable, Sendable { case pending, approved, declined, redeemed }

    package let hash: SecretHash
    package let userCodeHash: SecretHash
    package let client: ClientID
    /// The tenant of the request; nil for `common`, `organizations`: the approving user's.
    package let tenant: GUID?
    package let scope: String
    /// Whether the client understands claims challenges.
    package let declaresCP1: Bool
    package let issuedAt: Timestamp
    package let expiresAt: Timestamp
    package let state: State
    /// Set by the approval.
    package let grant: GUID?

    package init(
        hash: SecretHash, userCodeHash: SecretHash, client: ClientID, tenant: GUID?, scope: String, declaresCP1: Bool = false,
        issuedAt: Timestamp,
        expiresAt: Timestamp, state: State = .pending, grant: GUID? = nil
    ) {
        self.hash = hash
        self.userCodeHash = userCodeHash
        self.client = client
        self.tenant = tenant
        self.scope = scope
        self.declaresCP1 = declaresCP1
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.state = state
        self.grant = grant
    }

    /// Nine letters and digits that cannot be mistaken for each other.
    package static func newUserCode(_ random: RandomSource) -> String {
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        return String(random.bytes(9).map { alphabet[Int($0) % alphabet.count] })
    }

    /// The code as it was shown, whatever case and blanks a person types.
    package static func normalized(userCode: String) -> String {
        userCode.uppercased().filter { $0.isLetter || $0.isNumber }
    }
}
