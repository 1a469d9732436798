/// How the user proved who they are.
package enum SignInMethod: String, CaseIterable, Sendable {
    case password
    case nonPassword = "non-password"
}

/// What kind of client holds a grant; the columns of the revocation matrix and the lifetimes depend on it.
package enum ClientClass: String, CaseIterable, Sendable { case `public`, confidential, spa }

/// A sign-in, or the record of one: whose, when, how. What every grant and session carries and never changes.
package struct Authentication: Equatable, Sendable {
    /// The account at home: whose credential it was.
    package let user: User.Home
    /// When the credential was given, on the home tenant's clock, and where in the order of events.
    package let place: Place
    package let method: SignInMethod

    package init(user: User.Home, place: Place, method: SignInMethod) {
        self.user = user
        self.place = place
        self.method = method
    }
}

/// What one sign-in gave one client. Parent of every code, refresh token and access token that comes from it.
package struct Grant: Equatable, Sendable {
    package let id: GUID
    /// The tenant it was made in, and the user there.
    package let tenant: GUID
    package let user: GUID
    package let client: ClientID
    package let clientClass: ClientClass
    /// What was granted, as the token endpoint would print it, with `offline_access`.
    package let scope: String
    package let authentication: Authentication
    /// The browser session it came from; nil for sign-ins without a browser.
    package let session: GUID?
    /// When it was made, on its tenant's clock.
    package let createdAt: Timestamp
    /// Whether the client said at its sign-in that it understands claims challenges; a token request may say it as well.
    package let declaresCP1: Bool
    /// The client's ``AppRegistration/registration`` at that time.
    package let registration: Int64

    package init(
        id: GUID, tenant: GUID, user: GUID, client: ClientID, clientClass: ClientClass, scope: String,
        authentication: Authentication, session: GUID?, createdAt: Timestamp, declaresCP1: Bool = false, registration: Int64
    ) {
        self.id = id
        self.tenant = tenant
        self.user = user
        self.client = client
        self.clientClass = clientClass
        self.scope = scope
        self.authentication = authentication
        self.session = session
        self.createdAt = createdAt
        self.declaresCP1 = declaresCP1
        self.registration = registration
    }

    /// Whether the grant was made to this app: by its client id, and by this registration of it.
    package func isHeld(by app: AppRegistration) -> Bool { client == app.id && registration == app.registration }

    /// Why the grant has no app any more, in words; nil: it has.
    ///
    /// - Parameter client: what is registered under the client id now.
    package func reasonWithoutApp(_ client: AppRegistration?) -> String? {
        guard let client else { return "The app is not registered any more." }
        return isHeld(by: client)
            ? nil : "The app was registered again after this sign-in. The registration of today is another one."
    }

    /// Whether the grant is the user object's. An account that was removed from the grant's tenant and is there again has another one
    /// there, which was granted nothing. In other tenants the account may have any.
    package func isOf(_ user: User) -> Bool { user.tenant != tenant || user.id == self.user }

    /// What the rule judges. A rotated token is judged by this too: refreshing never launders an old sign-in.
    package var subject: RevocationRule.Subject {
        .init(authenticated: authentication.place, column: .init(tokenOf: authentication.method, clientClass: clientClass))
    }
}
