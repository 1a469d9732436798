import LapseRules
import LapseStore

extension Authority {
    /// `{"user","client_id","scope","defect"}`: an access token with one defect, for resources to refuse. Nothing is stored.
    package func forgeToken(_ body: JSON, in name: String, trace: RequestTrace) async throws -> JSON {
        let (userName, client, scopeText, defect) = try reading { () throws(FieldError) in
            var reader = try ObjectReader(body)
            let read = (
                try reader.required("user"), ClientID(try reader.required("client_id")), try reader.required("scope"),
                try reader.choice("defect", of: TokenDefect.self)
            )
            try reader.finish()
            guard let defect = read.3 else {
                let known = TokenDefect.allCases.map(\.rawValue).joined(separator: ", ")
                throw FieldError("defect", "is required, one of: \(known)")
            }
            return (read.0, read.1, read.2, defect)
        }
        let plan = try store.read { tx in
            let wall = systemTime()
            let tenant = try controlled(name, tx)
            let now = tenant.clock.now(wall: wall)
            let user = try controlledUser(userName, of: tenant, tx)
            guard let app = try operation(tx, in: tenant).app(client) else {
                throw ControlError.invalid(FieldError("client_id", "names no app of this tenant"))
            }
            let context = TokenContext(
                tenant: tenant, app: app, resources: try tx.resources(in: tenant.id), region: model(of: tenant).regions[0],
                now: now, wall: wall, random: random)
            let scope: GrantedScope
            do throws(EntraError) { scope = try context.scopes.delegated(scopeText) } catch {
                throw ControlError.invalid(FieldError("scope", error.message))
            }
            let authentication = Authentication(
                user: user.home, place: Place(at: now, sequence: tx.lastEventID()), method: .password)
            let grant = Grant(
                id: random.guid(), tenant: tenant.id, user: user.id, client: app.id,
                clientClass: app.clientClass, scope: scope.grantText,
                authentication: authentication, session: nil, createdAt: now)
            return context.issue(grant, scope: scope, user: user).plan
        }
        let payload = plan.accessTokenPayload(issuer: "\(trace.origin)/\(plan.tenant.id)/v2.0", defect: defect)
        let signer = defect == .keyId ? try await spareSigners.signer(.stranger) : self.signer
        let token = try signer.sign(payload.encoded, namesThumbprint: plan.scope.resource.tokenVersion == 1)
        let shown = defect == .signature ? try withSignatureOfAnother(token, signer) : token
        return ["access_token": .string(shown), "defect": .string(defect.rawValue), "claims": payload]
    }

    /// The token under a signature that the right key made of another text.
    private func withSignatureOfAnother(_ token: String, _ signer: TokenSigner) throws -> String {
        let other = try signer.sign(Array("{}".utf8))
        let parts = token.split(separator: ".")
        return "\(parts[0]).\(parts[1]).\(other.split(separator: ".")[2])"
    }
}
