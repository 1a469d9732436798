import LapseRules
import LapseStore

extension Authority {
    /// The tenant whose metadata a path names; nil for `common` and `organizations`, whose issuer is a template.
    ///
    /// - Throws: `EntraError` when there is no such tenant.
    package func tenantID(of name: TenantName) throws -> GUID? { try place(of: name).tenant }

    /// ``tenantID(of:)`` with the cloud that the tenant says it is in.
    package func place(of name: TenantName) throws -> (tenant: GUID?, cloud: Cloud) {
        if case .alias(let alias) = name { return (alias == .consumers ? TenantName.consumersTenant : nil, .global) }
        return try store.read { tx in
            var op = Operation(self, tx, trace: nil)
            try op.enter(name)
            // Else whoever keeps the request would look for it once more.
            if let note = RequestNote.current, note.subject.tenant == nil { note.put(tenant: op.tenant.id, client: nil, user: nil) }
            return (op.tenant.id, op.tenant.cloud)
        }
    }

    /// The verified domain of a user name, nil when no tenant has it.
    package func managedDomain(of userName: String) throws -> (domain: String, cloud: Cloud)? {
        guard let domain = UserName.domain(of: userName) else { return nil }
        return try store.read { tx in try tx.tenant(domain: domain).map { (domain, $0.cloud) } }
    }
}
