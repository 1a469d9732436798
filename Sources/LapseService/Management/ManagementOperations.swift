import LapseRules
import LapseStore

// The two reads of Azure Resource Manager with which Azure's command lines finish a sign-in.
extension Authority {
    /// `GET /tenants`: the directories that the caller has an account in, its own first. Entra: rest/api/resources/tenants/list.
    package func managementTenants(token: BearerToken, trace: RequestTrace) throws -> Outcome<JSON, GraphError> {
        try admitting(token, to: .management, trace) { request in
            try request.refuseUnlessManager()
            let own = request.op.tenant
            let others = try request.caller.user.map { try request.op.tx.tenants(of: $0.home) } ?? []
            return ["value": .array(([own] + others.filter { $0.id != own.id }).map(\.managementJSON))]
        }
    }

    /// `GET /subscriptions`: nobody in a lab has any.
    package func managementSubscriptions(token: BearerToken, trace: RequestTrace) throws -> Outcome<JSON, GraphError> {
        try admitting(token, to: .management, trace) { request in
            try request.refuseUnlessManager()
            return ["value": [], "count": ["type": "Total", "value": 0]]
        }
    }
}

extension AdmittedRequest {
    /// Lets nobody on who may not act for its user here. Entra: the one delegated permission of Azure Resource Manager.
    fileprivate func refuseUnlessManager() throws(GraphError) {
        guard caller.user == nil || claims.scopes.contains("user_impersonation") else { throw .denied }
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
