import LapseRules
import LapseStore

extension Authority {
    /// The tenant by GUID or domain.
    func controlled(_ name: String, _ tx: StoreTransaction) throws -> Tenant {
        guard let named = TenantName(name), let tenant = try tx.tenant(named: named) else {
            throw ControlError.notFound("There is no tenant '\(name.prefix(100))'.")
        }
        return tenant
    }

    /// The tenant's user by id or user principal name.
    func controlledUser(_ name: String, of tenant: Tenant, _ tx: StoreTransaction) throws -> User {
        guard let user = try tx.user(name, in: tenant.id) else {
            throw ControlError.notFound("There is no user '\(name.prefix(100))' in \(tenant.name).")
        }
        return user
    }

    /// The same for calls that only read: a deleted user's tokens may live on, and people ask about them.
    func knownUser(_ name: String, of tenant: Tenant, _ tx: StoreTransaction) throws -> User {
        try tx.user(name, in: tenant.id) ?? tx.deletedUser(name, in: tenant.id) ?? controlledUser(name, of: tenant, tx)
    }

    func operation(_ tx: StoreTransaction, in tenant: Tenant, region: Region = .local) -> Operation {
        var op = Operation(self, tx, trace: nil).in(tenant)
        op.region = region
        return op
    }

    func reading<Value>(_ read: () throws(FieldError) -> Value) throws(ControlError) -> Value {
        do { return try read() } catch { throw .invalid(error) }
    }
}
