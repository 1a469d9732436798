import LapseRules
import LapseStore

/// A device code with the grant that its approval made.
struct PresentedDeviceCode: PresentedGrant {
    let accepted = Event.Kind.deviceCodeRedeemed, refused = Event.Kind.deviceCodeRefused
    private let text: String
    private let code: DeviceCode?
    let grant: Grant?

    init(_ text: String, _ op: Operation) throws {
        self.text = text
        code = try op.tx.deviceCode(SecretHash(of: text))
        grant = try code?.grant.flatMap { try op.tx.grant($0) }
    }

    var tenant: GUID? { code?.tenant ?? grant?.tenant }

    func decide(_ request: TokenRequest, in context: TokenContext, _ op: Operation) throws -> TokenDecision {
        DeviceCodeGrant.decide(request, facts: try facts(for: context.app, op), in: context)
    }

    private func facts(for app: AppRegistration, _ op: Operation) throws -> DeviceCodeGrant.Facts? {
        guard let code = try code ?? prunedCode(of: app, op) else { return nil }
        return DeviceCodeGrant.Facts(code: code, grant: grant, account: try grant.flatMap { try op.account(of: $0) })
    }

    /// A code that is not there any more, of which is known whom it was issued to and that it has ended.
    private func prunedCode(of app: AppRegistration, _ op: Operation) throws -> DeviceCode? {
        let tenant = op.tenant.isNone ? nil : op.tenant.id
        guard let end = DeviceCode.end(of: text, client: app.id, in: tenant),
            let prunedThrough = try tenant.map({ try op.tx.prunedThrough(of: $0) }) ?? op.systemTime, end <= prunedThrough
        else { return nil }
        let hash = SecretHash(of: text)
        return DeviceCode(
            hash: hash, userCodeHash: hash, client: app.id, tenant: tenant, scope: "", issuedAt: end, expiresAt: end)
    }
}
