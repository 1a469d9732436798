import LapseRules
import LapseStore

/// Whom a request to the logout endpoint is about. Entra: v2-protocols-oidc.md; without any of these the person is asked.
package enum SignOutHint: Sendable {
    /// `logout_hint`: a user name, or a session id.
    case named(String)
    /// The claims of an id token: its session, else its user.
    case token(IDTokenHint)
    /// What the person chose on our page.
    case chosen(GUID)
}

/// What an `id_token_hint` says, once its signature is known to be ours. It may have ended long ago.
package struct IDTokenHint: Sendable {
    let session: GUID?
    let user: GUID?

    init(_ payload: JSON) {
        session = payload["sid"]?.text.flatMap(GUID.init)
        user = payload["oid"]?.text.flatMap(GUID.init)
    }
}

/// What the browser sees of its sign-out.
package enum SignOutAnswer: Sendable {
    /// One of these accounts ends its session; until then none does.
    case ask([SignInDecision.Candidate])
    /// - Parameter redirectURI: where the browser goes on to, when it may: an address that some app registered, or a loopback address
    ///   under open registration.
    /// - Parameter endedAll: whether no session is left in the browser.
    /// - Parameter frontChannel: the logout addresses of the apps that the ended sessions signed in to, each with its session's id.
    case done(redirectURI: String?, endedAll: Bool, frontChannel: [String])
}

extension Authority {
    /// The hint of an id token; nil when Lapse did not sign it.
    package func idTokenHint(_ text: String) async -> SignOutHint? {
        guard case .payload(let payload) = await check(text) else { return nil }
        return .token(IDTokenHint(payload))
    }

    /// Ends the session that the hint means.
    ///
    /// - Parameter hint: nil asks the person, where the browser has any session.
    package func signOut(
        cookies: BrowserCookies, hint: SignOutHint?, redirectURI: String?, trace: RequestTrace
    ) throws -> SignOutAnswer {
        try store.write { tx in
            let op = Operation(self, tx, trace: nil)
            let sessions = try tx.sessions(browsers: cookies.mapValues { SecretHash(of: $0) }).filter { $0.endedAt == nil }
            guard let hint else {
                let candidates = try sessions.compactMap { session in try op.candidate(session) }
                guard candidates.isEmpty else { return .ask(candidates) }
                return .done(redirectURI: try op.followed(redirectURI), endedAll: true, frontChannel: [])
            }
            var remaining = sessions.count
            var frontChannel: [String] = []
            for session in sessions {
                let home = session.authentication.user
                guard let tenant = try tx.tenant(home.tenant), let user = try tx.user(home.user),
                    try op.means(hint, session, of: user)
                else { continue }
                let now = try op.in(tenant).now
                for grant in try tx.clients(of: session) {
                    guard let url = try tx.app(grant.client, in: grant.tenant)?.logoutURL, Self.isFrame(url) else { continue }
                    // Entra: the address has the session's id and no issuer.
                    let frame = url + (url.contains("?") ? "&" : "?") + "sid=\(session.id)"
                    if !frontChannel.contains(frame) { frontChannel.append(frame) }
                }
                try tx.end(session: session.id, at: now)
                let event = Event(tenant: tenant.id, at: now, kind: .signedOut, user: user.id, requestID: trace.requestID)
                try tx.append(event)
                trace.note?.put(tenant: tenant.id, event)
                remaining -= 1
            }
            return .done(redirectURI: try op.followed(redirectURI), endedAll: remaining == 0, frontChannel: frontChannel)
        }
    }

    private static func isFrame(_ url: String) -> Bool { url.hasPrefix("https://") || url.hasPrefix("http://") }
}

extension Operation {
    /// The session with its account at home; nil when that is gone.
    fileprivate func candidate(_ session: BrowserSession) throws -> SignInDecision.Candidate? {
        guard let home = try tx.tenant(session.authentication.user.tenant), let account = try self.in(home).account(of: session)
        else {
            return nil
        }
        return SignInDecision.Candidate(session: session, account: account, tenant: home)
    }

    fileprivate func means(_ hint: SignOutHint, _ session: BrowserSession, of user: User) throws -> Bool {
        switch hint {
        case .named(let name): return name.lowercased() == user.userPrincipalName.lowercased() || GUID(name) == session.id
        case .chosen(let id): return id == session.id
        case .token(let token):
            if let id = token.session { return id == session.id }
            // The token may be of another tenant, where its user is a guest.
            return try token.user.flatMap { try tx.user($0) }?.home == user.home
        }
    }

    fileprivate func followed(_ redirectURI: String?) throws -> String? {
        guard let redirectURI else { return nil }
        let mayFollow =
            try tx.isRegistered(redirectURI: redirectURI)
            || (authority.isRegistrationOpen && RedirectURI.isLoopback(redirectURI))
        return mayFollow ? redirectURI : nil
    }
}
