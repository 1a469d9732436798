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

    /// The code names its end and, by a part of a hash, whom it was issued to: one that is pruned is known by that. What makes it a secret are
    /// 256 random bits.
    package static func newText(
        for client: ClientID, in tenant: GUID?, expiresAt: Timestamp, _ random: RandomSource
    ) -> String {
        Base64URL.encode(expiresAt.bytes + owner(client, tenant) + random.bytes(32))
    }

    /// When a code of that text ends; nil when it can be none of the client's there.
    package static func end(of text: String, client: ClientID, in tenant: GUID?) -> Timestamp? {
        guard let bytes = Base64URL.decode(text), bytes.count == 48, Array(bytes[8..<16]) == owner(client, tenant) else {
            return nil
        }
        let end = Timestamp(bytes: bytes[..<8])
        return (.epoch ... .latest).contains(end) ? end : nil
    }

    private static func owner(_ client: ClientID, _ tenant: GUID?) -> [UInt8] {
        Array(SecretHash(of: "\(client) \(tenant?.description ?? "")").bytes.prefix(8))
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
