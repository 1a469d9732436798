import LapseRules

/// What the ids of a tenant's users and apps are called. Each is asked for once; when there are many, all at once.
struct Names {
    private let client: ControlClient
    private var known: [String: String] = [:]
    private var asked = 0
    /// More single questions than this cost more than the whole list.
    private static let mostSingle = 16

    init(_ client: ControlClient) { self.client = client }

    /// - Returns: the user principal name; the id itself of a user who is not there any more.
    mutating func user(_ id: String) async throws -> String { try await name(id, "users", "userPrincipalName") }

    /// - Returns: the app's name; the client id itself when no such app is registered.
    mutating func app(_ id: String) async throws -> String {
        if let own = FirstPartyApps.all.first(where: { $0.id.description == id }) { return own.name }
        return try await name(id, "apps", "name")
    }

    private mutating func name(_ id: String, _ list: String, _ member: String) async throws -> String {
        if let name = known[id] { return name }
        asked += 1
        if asked == Self.mostSingle {
            for (list, member) in [("users", "userPrincipalName"), ("apps", "name")] {
                for item in try await client.all(client.path(list)) { known[item.shown("id")] = item.shown(member) }
            }
            if let name = known[id] { return name }
        }
        do {
            let name = try await client.send("GET", client.path(list, id)).json.shown(member)
            known[id] = name.isEmpty ? id : name
        } catch is Refused {
            known[id] = id
        }
        return known[id] ?? id
    }
}

extension ControlClient {
    /// The user whom a person names: the name or id as it is, and a name without @ where it fits one user of the tenant.
    ///
    /// - Throws: ``UsageError`` that says which users fit, when it is not one.
    func user(_ text: String) async throws -> String {
        guard !text.contains("@"), GUID(text) == nil else { return text }
        let names = try await all(path("users")).map { $0.shown("userPrincipalName") }
        let fitting = names.filter { $0.localPart.lowercased() == text.lowercased() }
        if fitting.count == 1 { return fitting[0] }
        let near = fitting.isEmpty ? names.filter { !text.isEmpty && $0.lowercased().hasPrefix(text.lowercased()) } : fitting
        guard !near.isEmpty else { throw UsageError("there is no user '\(text)' in \(tenant)") }
        throw UsageError("'\(text)' is not one user of \(tenant); these fit: \(near.sorted().joined(separator: ", "))")
    }
}

extension String {
    /// Of a user's name, what stands before the @.
    var localPart: String { String(prefix { $0 != "@" }) }
}
