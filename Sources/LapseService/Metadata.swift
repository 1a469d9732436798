import LapseRules
import LapseStore

extension Authority {
    /// The tenant whose metadata a path names; nil for `common` and `organizations`, whose issuer is a template.
    ///
    /// - Throws: ``Refused`` when there is no such tenant.
    public func tenantID(of name: TenantName) throws -> GUID? {
        if case .alias(let alias) = name { return alias == .consumers ? TenantName.consumersTenant : nil }
        return try store.read { tx in
            let wall = wall()
            return try tenant(name, orOf: nil, tx, wall: wall).id
        }
    }

    /// The verified domain of a user name, nil when no tenant has it.
    public func managedDomain(of userName: String) throws -> String? {
        guard let domain = userName.split(separator: "@").last.map({ $0.lowercased() }), userName.contains("@") else { return nil }
        return try store.read { tx in try tx.tenant(domain: domain) == nil ? nil : domain }
    }
}
