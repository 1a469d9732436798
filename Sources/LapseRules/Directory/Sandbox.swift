/// A tenant made for one test: fresh ids and a domain of its own, everything else its template's.
package struct NewSandbox: Sendable {
    /// What the domain of a sandbox begins with, where nobody gave it another.
    package static let domainPrefix = "sbx-"

    package let id: GUID
    private let label: String
    private let random: RandomSource

    package init(random: RandomSource) {
        self.random = random
        id = random.guid()
        label = Self.domainPrefix + Hex.encode(random.bytes(4))
    }

    func domain(under parent: String) -> String { "\(label).\(parent)" }

    /// Reads a seed tenant whose id, name and domains may be left out.
    package func seed(_ value: JSON) throws(FieldError) -> TenantSeed {
        let seed = try TenantSeed(value, sandbox: self, random: random)
        try TenantSeed.check([seed]) { _ in "" }
        return seed
    }

    /// The template's users and apps under this sandbox's name. Guests stay at home: they would link two tenants.
    package func seed(like template: TenantSeed) -> TenantSeed {
        let parent = template.tenant.domains[0]
        let domain = domain(under: parent)
        func moved(_ name: String) -> String {
            guard let at = name.lastIndex(of: "@"), template.tenant.domains.contains(name[name.index(after: at)...].lowercased())
            else { return name }
            return name[...at] + domain
        }
        let tenant = Tenant(
            id: id, name: template.tenant.name, domains: [domain], propagation: template.tenant.propagation,
            policies: template.tenant.policies, isSandbox: true)
        var ids: [GUID: GUID] = [:]
        let users = template.users.filter { !$0.isGuest }.map { user in
            let newID = random.guid()
            ids[user.id] = newID
            return user.moved(
                to: id, id: newID, userPrincipalName: moved(user.userPrincipalName), mail: user.mail.map(moved))
        }
        let faults = template.faults.map { fault in
            Fault(copying: fault, id: random.guid(), user: fault.match.user.flatMap { ids[$0] } ?? fault.match.user)
        }
        return TenantSeed(tenant: tenant, users: users, apps: template.apps, faults: faults)
    }
}
