import LapseRules
import LapseStore

/// A device code with the grant that its approval made.
struct PresentedDeviceCode: PresentedGrant {
    let accepted = Event.Kind.deviceCodeRedeemed, refused = Event.Kind.deviceCodeRefused
    private let code: DeviceCode?
    let grant: Grant?

    init(_ text: String, _ op: Operation) throws {
        code = try op.tx.deviceCode(SecretHash(of: text))
        grant = try code?.grant.flatMap { try op.tx.grant($0) }
    }

    var tenant: GUID? { code?.tenant ?? grant?.tenant }

    func decide(_ request: TokenRequest, in context: TokenContext, _ op: Operation) throws -> TokenDecision {
        DeviceCodeGrant.decide(request, facts: try facts(op), in: context)
    }

    private func facts(_ op: Operation) throws -> DeviceCodeGrant.Facts? {
        guard let code else { return nil }
        return DeviceCodeGrant.Facts(code: code, grant: grant, account: try grant.flatMap { try op.account(of: $0) })
    }
}
