import LapseRules
import LapseStore

// Graph's view of app registrations and of what users consented to.
extension Authority {
    /// `GET /applications`, `/servicePrincipals`, `/oauth2PermissionGrants`.
    package func listApps(
        _ collection: AppEntries.Collection, _ query: GraphQuery, token: BearerToken, trace: RequestTrace
    ) throws -> (GraphPage, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            let chosen = query.chosen(of: try entries(of: collection, visit, tx))
            let (objects, next) = try visit.reading { () throws(GraphError) in try query.page(of: chosen) }
            return GraphPage(objects: objects, next: next, count: chosen.count)
        }
    }

    /// `GET /applications/$count`, `/servicePrincipals/$count`.
    package func countApps(
        _ collection: AppEntries.Collection, _ query: GraphQuery, token: BearerToken, trace: RequestTrace
    ) throws -> (Int, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            return query.chosen(of: try entries(of: collection, visit, tx)).count
        }
    }

    /// One of them, with every property.
    package func readApp(
        _ collection: AppEntries.Collection, _ key: AppEntries.Key, token: BearerToken, trace: RequestTrace
    ) throws -> (JSON, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            guard let entry = try entries(of: collection, visit, tx).first(where: key.names) else {
                throw visit.refused(.notFound(key.text))
            }
            return entry
        }
    }

    private func entries(of collection: AppEntries.Collection, _ visit: ResourceVisit, _ tx: StoreTransaction) throws -> [JSON] {
        guard visit.caller.mayRead(collection) else { throw visit.refused(.denied) }
        let tenant = visit.tenant
        switch collection {
        case .applications:
            return try tx.apps(in: tenant.id, limit: .max).map { AppEntries.application($0, in: tenant) }
        case .servicePrincipals:
            let apps = try visibleApps(in: tenant, tx) + FirstPartyApps.all.map { AppEntries.Entry(app: $0, owner: nil) }
            return apps.map { AppEntries.servicePrincipal($0, in: tenant) }
        case .consents:
            let (withdrawn, resources) = (try tx.clientsWithoutConsent(in: tenant.id), try tx.resources(in: tenant.id))
            let apps = try visibleApps(in: tenant, tx).map(\.app)
            // Users who took a consent back are looked for first: where nobody did, one grant stands for all users.
            let users =
                apps.contains { withdrawn.contains($0.id) } ? try visit.users(after: nil, atLeast: .max, tx).users : []
            return apps.flatMap {
                AppEntries.consents(
                    of: $0, users: withdrawn.contains($0.id) ? users : nil, resources: resources, in: tenant)
            }
        }
    }

    /// An app that several tenants have registered counts once, as where a request to this tenant would find it.
    private func visibleApps(in tenant: Tenant, _ tx: StoreTransaction) throws -> [AppEntries.Entry] {
        var seen: Set<ClientID> = []
        return try tx.visibleApps(in: tenant.id).compactMap { app, owner in
            seen.insert(app.id).inserted ? AppEntries.Entry(app: app, owner: owner) : nil
        }
    }
}
