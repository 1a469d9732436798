import GRDB
import LapseRules

extension ServicePrincipal {
    init(row: Row) throws {
        try self.init(of: row.decode(forColumn: "client"), in: row.decode(forColumn: "tenant"))
        isEnabled = try row.decode(forColumn: "is_enabled")
        isDeleted = try row.decode(forColumn: "is_deleted")
        requiresAssignment = try row.decode(forColumn: "requires_assignment")
        assigned = try row.list("assigned", \.guid)
        consents = Set(try row.list("consents", \.text))
    }
}

extension ServicePrincipal: PersistableRecord {
    package static let databaseTableName = "service_principals"

    package func encode(to container: inout PersistenceContainer) {
        container["tenant"] = tenant
        container["client"] = client
        container["is_enabled"] = isEnabled
        container["is_deleted"] = isDeleted
        container["requires_assignment"] = requiresAssignment
        container["assigned"] = JSON(assigned.map(\.description))
        container["consents"] = JSON(consents.sorted())
    }
}

extension StoreTransaction {
    /// What was changed of the app in the tenant; nil: nothing ever was.
    package func servicePrincipal(of client: ClientID, in tenant: GUID) throws -> ServicePrincipal? {
        try cached(DirectoryCache.AppKey(tenant: tenant, client: client), in: \.principals) {
            try row("SELECT * FROM service_principals WHERE tenant = ? AND client = ?", [tenant, client]).map {
                try ServicePrincipal(row: $0)
            }
        }
    }

    /// All that were changed in the tenant, by client id.
    package func servicePrincipals(in tenant: GUID) throws -> [ServicePrincipal] {
        try rows("SELECT * FROM service_principals WHERE tenant = ? ORDER BY client", [tenant]).map {
            try ServicePrincipal(row: $0)
        }
    }

    package func save(_ principal: ServicePrincipal) throws {
        directoryChanged()
        try principal.save(db)
    }
}
