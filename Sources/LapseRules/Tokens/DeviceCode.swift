/// A sign-in that begins on a device without a browser and is approved on another.
public struct DeviceCode: Equatable, Sendable {
    public enum State: String, CaseIterable, Sendable { case pending, approved, declined, redeemed }

    public let hash: SecretHash
    public let userCodeHash: SecretHash
    public let client: ClientID
    /// The tenant of the request; nil for `common`, `organizations`: the approving user's.
    public let tenant: GUID?
    public let scope: String
    /// Whether the client understands claims challenges.
    public let declaresCP1: Bool
    public let issuedAt: Timestamp
    public let expiresAt: Timestamp
    public let state: State
    /// Set by the approval.
    public let grant: GUID?

    public init(
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
    public static func newUserCode(_ random: RandomSource) -> String {
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        return String(random.bytes(9).map { alphabet[Int($0) % alphabet.count] })
    }

    /// The code as it was shown, whatever case and blanks a person types.
    public static func normalized(userCode: String) -> String {
        userCode.uppercased().filter { $0.isLetter || $0.isNumber }
    }
}
