/// A browser's sign-in. The cookie names a browser, which holds any number of sessions.
package struct BrowserSession: Equatable, Sendable {
    /// The `sid` of id tokens.
    package let id: GUID
    /// The hash of the cookie that names the browser.
    package let browser: SecretHash
    package let authentication: Authentication
    /// Stay signed in: named by ESTSAUTHPERSISTENT, which outlives the browser; else by ESTSAUTH.
    package let isPersistent: Bool
    /// On the home tenant's clock; the lifetime slides from here.
    package let lastUsedAt: Timestamp
    package let expiresAt: Timestamp
    /// Nil until the user signs out.
    package let endedAt: Timestamp?

    package init(
        id: GUID, browser: SecretHash, authentication: Authentication, isPersistent: Bool, lastUsedAt: Timestamp,
        expiresAt: Timestamp, endedAt: Timestamp? = nil
    ) {
        self.id = id
        self.browser = browser
        self.authentication = authentication
        self.isPersistent = isPersistent
        self.lastUsedAt = lastUsedAt
        self.expiresAt = expiresAt
        self.endedAt = endedAt
    }

    /// The one of the browser's two cookies that names it.
    package var cookie: Cookie { isPersistent ? .persistent : .transient }

    package var subject: RevocationRule.Subject {
        .init(authenticated: authentication.place, column: .init(cookieOf: authentication.method))
    }

    /// The two cookies of a browser, by which of its sessions they name. Entra: concept-authentication-web-browser-cookies.md.
    package enum Cookie: String, CaseIterable, Sendable {
        case transient = "ESTSAUTH"
        case persistent = "ESTSAUTHPERSISTENT"
    }
}
