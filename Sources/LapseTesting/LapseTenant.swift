internal import LapseRules

public import struct Foundation.URL

/// A sandbox: a tenant made for one test, with users, apps, clock, propagation, policies and log of its own. Its clock stands still until
/// the test moves it.
public struct LapseTenant: Sendable {
    /// Its GUID.
    public let id: String
    /// Its domain, such as `sbx-0a1b2c3d.contoso.example`.
    public let domain: String
    /// The Lapse that it is in.
    public let lapse: Lapse

    /// What was made: the tenant with its users and apps.
    private let made: LapseJSON

    /// The last event before it was ready.
    private(set) var beginning: Int64 = 0

    @TaskLocal static var scoped: LapseTenant?

    /// The sandbox of the test that is running: `@Test(.lapse)`, `@Suite(.lapse)`, or ``Lapse/withSandbox(_:propagation:_:)``.
    ///
    /// It is found in the test's own task and its child tasks; a detached task or a callback has to be handed it.
    ///
    /// - Throws: ``LapseError`` where there is none.
    public static var current: LapseTenant {
        get throws {
            guard let scoped else {
                throw LapseError(
                    "This task has no sandbox: give its test the trait .lapse, or hand the sandbox to a detached task.")
            }
            return scoped
        }
    }

    init(_ made: JSON, lapse: Lapse) {
        (self.made, self.lapse) = (LapseJSON(made), lapse)
        id = self.made["id"].string ?? ""
        domain = self.made["domains"][0].string ?? ""
    }

    func beginning(after event: Int64) -> LapseTenant {
        var tenant = self
        tenant.beginning = event
        return tenant
    }

    /// What an app takes for its authority: the origin with this tenant.
    public var authority: URL { lapse.https.appending(path: domain) }

    /// The full name of a user: `adele` and `adele@contoso.example` are `adele@` this tenant's domain. An id, and any other
    /// name, is left as it is.
    public func user(_ name: String) -> String {
        guard GUID(name) == nil else { return name }
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 1 || parts[1] == BuiltInLab.domain ? "\(parts[0])@\(domain)" : name
    }

    /// The client id of `native`, `web`, `spa`, `daemon` or `api`. Any other text is left as it is.
    public func client(_ name: String) -> String { Self.clients[name]?.description ?? name }

    private static let clients: [String: ClientID] = [
        "native": BuiltInLab.native, "web": BuiltInLab.web, "spa": BuiltInLab.spa, "daemon": BuiltInLab.daemon,
        "api": BuiltInLab.api,
    ]

    /// The first secret of a client, by name or id; nil for a client without one.
    public func secret(of client: String) -> String? { app(client)?["secrets"][0].string }

    /// Where the page of a single-page app comes from; nil for a client that is none.
    func origin(of client: String) -> String? {
        guard let page = app(client)?["spaRedirectUris"][0].string.flatMap(URL.init(string:)), let host = page.host() else {
            return nil
        }
        return "\(page.scheme ?? "http")://\(host)" + (page.port.map { ":\($0)" } ?? "")
    }

    /// What `lapse check` tells an app in its environment: where this tenant is (`LAPSE_AUTHORITY`, `LAPSE_SERVER`, `LAPSE_HTTP`,
    /// `LAPSE_GRAPH`, `LAPSE_CA`, `LAPSE_TENANT`), who signs in to what (`LAPSE_USER`, `LAPSE_PASSWORD`, `LAPSE_CLIENT_ID`,
    /// `LAPSE_CLIENT_SECRET`), and the certificates under the names that libraries look for.
    ///
    /// Of the lab's template it is adele at `native`; of a tenant of your own its first user and its first app.
    public var environment: [String: String] { environment() }

    /// ``environment`` for another user or client.
    ///
    /// - Parameters:
    ///   - user: nil: `adele`, or the first user where there is no such.
    ///   - client: nil: `native`, or the first app where there is no such.
    public func environment(user: String? = nil, client: String? = nil) -> [String: String] {
        let user = user ?? self.person("adele").map { _ in "adele" } ?? made["users"][0]["userPrincipalName"].string ?? "adele"
        let client = client ?? app("native").map { _ in "native" } ?? made["apps"][0]["id"].string ?? "native"
        return lapse.environment(of: domain).merging([
            "LAPSE_CLIENT_ID": self.client(client), "LAPSE_CLIENT_SECRET": secret(of: client) ?? "",
            "LAPSE_USER": self.user(user), "LAPSE_PASSWORD": person(user)?["password"].string ?? BuiltInLab.password,
        ]) { $1 }
    }

    private func person(_ name: String) -> LapseJSON? {
        made["users"].items.first { $0["userPrincipalName"].string == user(name) }
    }

    private func app(_ name: String) -> LapseJSON? { made["apps"].items.first { $0["id"].string == client(name) } }

    /// The part of a user's name before the @, or an app's name, for people: the id where it has none here.
    func name(of id: String) -> String {
        if let user = made["users"].items.first(where: { $0["id"].string == id })?["userPrincipalName"].string {
            return String(user.prefix { $0 != "@" })
        }
        return made["apps"].items.first { $0["id"].string == id }?["name"].string ?? id
    }

    /// Removes the tenant with everything in it.
    ///
    /// - Throws: ``LapseError`` when it is gone already.
    public func remove() async throws { try await call("DELETE", "") }

    /// ``remove()`` also in a task that was cancelled.
    func removeWhateverHappens() async throws { try await Task { try await remove() }.value }
}
