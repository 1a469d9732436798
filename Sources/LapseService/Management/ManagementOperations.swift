import LapseRules
import LapseStore

// The two reads of Azure Resource Manager with which Azure's command lines finish a sign-in.
extension Authority {
    /// `GET /tenants`: the directories that the caller has an account in, its own first. Entra: rest/api/resources/tenants/list.
    package func managementTenants(token: BearerToken, trace: RequestTrace) throws -> (JSON, Landing) {
        try deciding { tx, landing in
            let visit = try admitManager(token, tx, trace: trace, &landing)
            let others = try visit.caller.user.map { try tx.tenants(of: $0.home) } ?? []
            let tenants = [visit.tenant] + others.filter { $0.id != visit.tenant.id }
            return ["value": .array(tenants.map(\.managementJSON))]
        }
    }

    /// `GET /subscriptions`: nobody in a lab has any.
    package func managementSubscriptions(token: BearerToken, trace: RequestTrace) throws -> (JSON, Landing) {
        try deciding { tx, landing in
            _ = try admitManager(token, tx, trace: trace, &landing)
            return ["value": [], "count": ["type": "Total", "value": 0]]
        }
    }

    /// Lets a token in that may act for its user here. Entra: the one delegated permission of Azure Resource Manager.
    private func admitManager(
        _ token: BearerToken, _ tx: StoreTransaction, trace: RequestTrace, _ landing: inout Landing
    ) throws -> ResourceVisit {
        let visit = try admit(token, to: .management, tx, trace: trace, &landing)
        guard visit.caller.user == nil || token.claims.scopes.contains("user_impersonation") else { throw visit.refused(.denied) }
        return visit
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
