import LapseRules
import LapseStore

/// A browser session and what became of it.
package struct SessionStatus: Sendable {
    package let session: BrowserSession
    package let liveness: Liveness
}

// The control API's call on sessions.
extension Authority {
    /// The user's browser sessions, newest first. They are the home account's: a guest's are listed too.
    ///
    /// - Parameter cursor: the `next` of the part before.
    /// - Throws: ``ControlError``: not found for the tenant or the user; invalid for `after` when it is no cursor of this list.
    package func listSessions(of userName: String, after cursor: String?, in name: String) throws -> ControlPage<SessionStatus> {
        try looking(at: name) { op in
            let user = try op.requireUserEvenDeleted(userName)
            return try ControlPage(
                ofSignInsOf: user, after: cursor, find: op.tx.session,
                load: { try op.tx.sessions(of: user.home, after: $0, limit: $1) }, item: op.status)
        }
    }
}

extension Operation {
    /// Nil when the user has no account in the tenant any more.
    fileprivate func status(of session: BrowserSession) throws -> SessionStatus? {
        guard let account = try account(of: session) else { return nil }
        let refusal = refusalEverywhere(of: session.subject, on: .session, account)
        let end: String? =
            if session.endedAt != nil {
                "The user signed out."
            } else if session.expiresAt <= account.homeNow {
                "The session has expired."
            } else {
                nil
            }
        return SessionStatus(session: session, liveness: Liveness(refusal, reason: refusal.map(Self.words) ?? end))
    }

    /// A revoked session's own error says no more than that nobody is signed in.
    private static func words(_ refusal: Refusal) -> String {
        refusal.revocation == nil ? refusal.error.message : "The session was revoked after this sign-in."
    }
}
