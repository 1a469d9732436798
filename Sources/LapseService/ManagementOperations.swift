import LapseRules
import LapseStore

// The two reads of Azure Resource Manager with which Azure's command lines finish a sign-in.
extension Authority {
    /// `GET /tenants`: the directories that the caller has an account in, its own first. Entra: rest/api/resources/tenants/list.
    public func managementTenants(token: GraphToken, trace: RequestTrace) throws -> (JSON, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .management, tx, trace: trace, &landing)
            var tenants = [visit.tenant]
            if let home = visit.caller.user?.home {
                tenants += try tx.tenants().filter { try $0.id != visit.tenant.id && tx.user(of: home, in: $0.id) != nil }
            }
            return ["value": .array(tenants.map(\.managementJSON))]
        }
    }

    /// `GET /subscriptions`: nobody in a lab has any.
    public func managementSubscriptions(token: GraphToken, trace: RequestTrace) throws -> (JSON, Landing) {
        try deciding { tx, landing in
            _ = try admit(token, to: .management, tx, trace: trace, &landing)
            return ["value": [], "count": ["type": "Total", "value": 0]]
        }
    }
}

extension Tenant {
    fileprivate var managementJSON: JSON {
        [
            "id": .string("/tenants/\(id)"), "tenantId": .string(id.description), "countryCode": "US",
            "displayName": .string(name), "domains": JSON(domains), "defaultDomain": JSON(domains.first),
            "tenantCategory": "Home", "tenantType": "AAD",
        ]
    }
}
