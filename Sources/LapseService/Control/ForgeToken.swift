import LapseRules
import LapseStore

/// A token that a call of the control API asks for, and what shall be wrong with it.
package struct Forgery: Sendable {
    package let signIn: DirectSignIn
    package let defect: TokenDefect

    package init(_ signIn: DirectSignIn, defect: TokenDefect) {
        self.signIn = signIn
        self.defect = defect
    }
}

/// A token that no resource should take.
package struct ForgedToken: Sendable {
    package let accessToken: String
    package let defect: TokenDefect
    /// Its payload.
    package let claims: JSON
}

extension Authority {
    /// An access token with one defect, for resources to refuse. Nothing is stored.
    ///
    /// - Throws: ``ControlError``: not found for the tenant or the user; invalid for `client_id` and `scope`.
    package func forgeToken(_ forgery: Forgery, in name: String, trace: RequestTrace) async throws -> ForgedToken {
        let defect = forgery.defect
        let plan = try looking(at: name) { op in
            let user = try op.requireUser(forgery.signIn.user)
            let app = try op.requireApp(forgery.signIn.client, of: "this tenant")
            let scoped = try op.taken(in: nil).scoped(forgery.signIn, user: user, app: app)
            let place = Place(at: op.now, sequence: try op.tx.lastEventID())
            return scoped.issue(Authentication(user: user.home, place: place, method: .password)).plan
        }
        let payload = plan.accessTokenPayload(issuer: "\(trace.origin)/\(plan.tenant.id)/v2.0", defect: defect)
        let signer = defect == .keyId ? try await spareSigners.signer(.stranger) : self.signer
        let token = try signer.sign(payload.encoded, namesThumbprint: plan.scope.resource.tokenVersion == 1)
        let shown = defect == .signature ? try withSignatureOfAnother(token, signer) : token
        return ForgedToken(accessToken: shown, defect: defect, claims: payload)
    }

    /// The token under a signature that the right key made of another text.
    private func withSignatureOfAnother(_ token: String, _ signer: TokenSigner) throws -> String {
        let other = try signer.sign(Array("{}".utf8))
        let parts = token.split(separator: ".")
        return "\(parts[0]).\(parts[1]).\(other.split(separator: ".")[2])"
    }
}
