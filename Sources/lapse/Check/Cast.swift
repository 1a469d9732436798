import Foundation
import LapseInstance
import LapseRules

/// Who signs in where to which apps: what the command is told, and whom a scenario is about until the app shows otherwise.
struct Cast: Equatable {
    struct App: Equatable {
        let id: String
        /// Empty: a public client.
        let secret: String
        /// Whether nobody signs in to it: it asks for tokens on its own.
        let isDaemon: Bool
    }

    let tenant: String
    let domains: [String]
    /// At least one.
    let apps: [App]
    /// At least one.
    let people: [Person]

    /// How the tenant is called in addresses.
    var domain: String { domains.first ?? tenant }
    var names: [String] { [tenant] + domains }

    /// What can be chosen from: a tenant of a seed with the secrets as they were written.
    fileprivate struct Choices {
        let seed: TenantSeed
        let secrets: [ClientID: String]
        let passwords: [GUID: String]
    }

    /// The people and apps of the built-in lab or, with a seed, of its first tenant.
    ///
    /// - Parameters:
    ///   - clients: apps by id, by name, or by the names of the lab's apps; none: Lapse Native, of a seed its first that signs users in.
    ///   - users: people by name or id, also by what stands before the @; none: Adele, of a seed its first member.
    /// - Throws: ``UsageError`` that names the option and what there is.
    init(_ file: SeedFile?, clients: [String], users: [String]) throws {
        let choices = try file.map { try Choices($0) } ?? Choices.lab
        (tenant, domains) = (choices.seed.tenant.id.description, choices.seed.tenant.domains)
        let known = choices.seed.apps.filter { $0.kind != .resource }
        let chosen = try clients.map { try Self.app($0, among: choices.seed.apps) }
        guard let first = known.first(where: { !$0.isDaemon }) ?? known.first ?? chosen.first else {
            throw UsageError("--seed: its first tenant has no app")
        }
        apps = (chosen.isEmpty ? [first] : chosen).map {
            App(id: $0.id.description, secret: choices.secrets[$0.id] ?? "", isDaemon: $0.isDaemon)
        }
        let members = choices.seed.users.filter { !$0.isGuest }
        let people = try users.map { try Self.user($0, among: members) }
        guard let somebody = members.first else { throw UsageError("--seed: its first tenant has no user") }
        self.people = (people.isEmpty ? [somebody] : people).map {
            Person(user: $0.userPrincipalName, password: choices.passwords[$0.id] ?? BuiltInLab.password)
        }
    }

    private init(tenant: String, domains: [String], apps: [App], people: [Person]) {
        (self.tenant, self.domains, self.apps, self.people) = (tenant, domains, apps, people)
    }

    /// The same people in a sandbox made like their tenant.
    ///
    /// - Parameter sandbox: as the control API answers it.
    func moved(to sandbox: JSON) -> Cast {
        let domains = (sandbox["domains"]?.elements ?? []).compactMap(\.text)
        let names = (sandbox["users"]?.elements ?? []).map { $0.shown("userPrincipalName") }
        return Cast(
            tenant: sandbox.shown("id"), domains: domains, apps: apps,
            people: people.map { person in
                let name =
                    names.first { $0.localPart == person.user.localPart } ?? "\(person.user.localPart)@\(domains.first ?? "")"
                return Person(user: name, password: person.password)
            })
    }

    private static func app(_ name: String, among apps: [AppRegistration]) throws -> AppRegistration {
        let id = BuiltInLab.appNames[name].map(\.description) ?? name
        if let app = apps.first(where: { $0.id.description.lowercased() == id.lowercased() }) { return app }
        let named = apps.filter { $0.name.lowercased() == name.lowercased() }
        if named.count == 1 { return named[0] }
        let names = apps.map { app in BuiltInLab.appNames.first { $0.value == app.id }?.key ?? app.name }
        throw UsageError("--client: '\(name)' must be one of \(names.joined(separator: ", ")), or a client id of theirs")
    }

    private static func user(_ name: String, among users: [User]) throws -> User {
        let name = name.lowercased()
        if let user = users.first(where: { [$0.userPrincipalName.lowercased(), $0.id.description].contains(name) }) { return user }
        let near = users.filter { $0.userPrincipalName.lowercased().localPart == name }
        if near.count == 1 { return near[0] }
        throw UsageError("--user: '\(name)' must be one of \(users.map(\.userPrincipalName).joined(separator: ", "))")
    }
}

extension Cast.Choices {
    fileprivate static let lab = Self(
        seed: BuiltInLab.seed[0],
        secrets: [
            BuiltInLab.web: BuiltInLab.webSecret, BuiltInLab.daemon: BuiltInLab.daemonSecret, BuiltInLab.api: BuiltInLab.apiSecret,
        ],
        passwords: [:])

    /// A seed keeps hashes; what was written stands in the file alone.
    fileprivate init(_ file: SeedFile) throws {
        guard let seed = file.seeds.first, let tenant = file.content["tenants"]?.elements.first else {
            throw UsageError("--seed: \(file.path) has no tenant")
        }
        self.seed = seed
        secrets = zip(seed.apps, tenant["apps"]?.elements ?? []).reduce(into: [:]) { secrets, app in
            secrets[app.0.id] = app.1["secrets"]?.elements.first?.text
        }
        passwords = zip(seed.users, tenant["users"]?.elements ?? []).reduce(into: [:]) { passwords, user in
            passwords[user.0.id] = user.1["password"]?.text
        }
    }
}

extension AppRegistration {
    /// Whether nobody signs in to it.
    fileprivate var isDaemon: Bool { kind == .confidential && redirectURIs.isEmpty && spaRedirectURIs.isEmpty }
}
