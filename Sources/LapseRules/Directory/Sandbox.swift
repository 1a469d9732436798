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

    /// Reads a seed tenant whose id, name and domains may be left out; without domains its users' names may leave out the domain, too.
    package func seed(_ value: JSON) throws(FieldError) -> TenantSeed {
        let seed = try TenantSeed(completed(value), sandbox: self, random: random)
        try TenantSeed.check([seed]) { _ in "" }
        return seed
    }

    /// The value with the sandbox's domain behind the names of users that have none: nobody knows the domain before.
    private func completed(_ value: JSON) -> JSON {
        guard [nil, .null].contains(value["domains"]) else { return value }
        return value.changing("users") { users in
            guard case .array(let users) = users else { return users }
            return .array(
                users.map { user in
                    user.changing("userPrincipalName") { name in
                        guard let text = name.text, !text.isEmpty, !text.contains("@") else { return name }
                        return .string("\(text)@\(domain(under: Self.parent))")
                    }
                })
        }
    }

    /// What the domain of a sandbox without a template stands under.
    static let parent = "lapse.example"

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
        .map { user in
            // A manager may be named by id; by name it is found below this sandbox's domain.
            var user = user
            if let manager = user.profile["manager"]?.text.flatMap({ GUID($0) }), let id = ids[manager] {
                user.profile["manager"] = .string(id.description)
            }
            return user
        }
        let faults = template.faults.map { fault in
            Fault(copying: fault, id: random.guid(), user: fault.match.user.flatMap { ids[$0] } ?? fault.match.user)
        }
        return TenantSeed(
            tenant: tenant, users: users, apps: template.apps, faults: faults,
            principals: template.principals.map { $0.moved(to: id, users: ids) })
    }
}

extension JSON {
    /// The object with another value for a member that it has; anything else as it is.
    fileprivate func changing(_ name: String, _ change: (JSON) -> JSON) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.map { $0.name == name ? Member(name: name, value: change($0.value)) : $0 })
    }
}
