import LapseRules
import LapseStore

extension Authority {
    /// Ends the browser's sessions: all of them, or the hinted account's alone.
    ///
    /// - Parameter hint: a user name or session id; nil signs everybody out.
    /// - Returns: the redirect URI when it may be followed: one that some app registered, or a loopback address under open
    ///   registration. Nil: show the page. And the logout addresses of the apps that the ended sessions signed in to.
    package func signOut(
        cookies: BrowserCookies, hint: String?, redirectURI: String?, trace: RequestTrace
    ) throws -> (redirectURI: String?, endedAll: Bool, frontChannel: [String]) {
        try store.write { tx in
            let op = Operation(self, tx, trace: nil)
            let sessions = try tx.sessions(browsers: cookies.mapValues { SecretHash(of: $0) }).filter { $0.endedAt == nil }
            var remaining = sessions.count
            var frontChannel: [String] = []
            for session in sessions {
                let home = session.authentication.user
                guard let tenant = try tx.tenant(home.tenant), let user = try tx.user(home.user) else { continue }
                if let hint, hint.lowercased() != user.userPrincipalName.lowercased(), GUID(hint) != session.id { continue }
                let now = try op.in(tenant).now
                for grant in try tx.clients(of: session) {
                    guard let url = try tx.app(grant.client, in: grant.tenant)?.logoutURL, Self.isFrame(url) else { continue }
                    if !frontChannel.contains(url) { frontChannel.append(url) }
                }
                try tx.end(session: session.id, at: now)
                let event = Event(tenant: tenant.id, at: now, kind: .signedOut, user: user.id, requestID: trace.requestID)
                try tx.append(event)
                trace.note?.put(tenant: tenant.id, event)
                remaining -= 1
            }
            let mayFollow = try redirectURI.map { uri in
                try tx.isRegistered(redirectURI: uri) || (isRegistrationOpen && RedirectURI.isLoopback(uri))
            }
            return (mayFollow == true ? redirectURI : nil, remaining == 0, frontChannel)
        }
    }

    private static func isFrame(_ url: String) -> Bool { url.hasPrefix("https://") || url.hasPrefix("http://") }
}
