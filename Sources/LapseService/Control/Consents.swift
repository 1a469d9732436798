import LapseRules
import LapseStore

// The control API's calls on consents.
extension Authority {
    /// Gives a user's consent to a client, or withdraws it: from then on its tokens are refused with 65001.
    ///
    /// - Throws: ``ControlError`` for a tenant, user or app that is not there.
    package func setConsent(_ isGiven: Bool, of userName: String, to clientID: String, in name: String) throws -> Consent {
        try changing(name) { op in
            let user = try op.requireUser(userName)
            guard let app = try op.app(ClientID(clientID)) else {
                throw ControlError.notFound("There is no app '\(clientID.prefix(100))' in \(op.tenant.name).")
            }
            try op.setConsent(isGiven, of: user, to: app.id)
            return Consent(user: user.id, client: app.id, isGiven: isGiven)
        }
    }
}

/// Whether a user consents to a client.
package struct Consent: Sendable {
    package let user: GUID
    package let client: ClientID
    package let isGiven: Bool
}
