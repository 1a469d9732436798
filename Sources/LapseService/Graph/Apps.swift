import LapseRules
import LapseStore

// Graph's view of app registrations and of what users consented to.
extension Authority {
    /// `GET /applications`, `/servicePrincipals`, `/oauth2PermissionGrants`.
    package func listApps(
        _ collection: AppEntries.Collection, _ query: GraphQuery, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<GraphPage, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            let chosen = query.chosen(of: try entries(of: collection, request))
            let (objects, next) = try query.page(of: chosen)
            return GraphPage(objects: objects, next: next, count: chosen.count)
        }
    }

    /// `GET /applications/$count`, `/servicePrincipals/$count`.
    package func countApps(
        _ collection: AppEntries.Collection, _ query: GraphQuery, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<Int, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            query.chosen(of: try entries(of: collection, request)).count
        }
    }

    /// One of them, with every property.
    package func readApp(
        _ collection: AppEntries.Collection, _ key: AppEntries.Key, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<JSON, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            guard let entry = try entries(of: collection, request).first(where: key.names) else {
                throw GraphError.notFound(key.text)
            }
            return entry
        }
    }

    private func entries(of collection: AppEntries.Collection, _ request: AdmittedRequest) throws -> [JSON] {
        guard request.caller.mayRead(collection) else { throw GraphError.denied }
        let tenant = request.op.tenant
        switch collection {
        case .applications:
            return try request.op.tx.apps(in: tenant.id, limit: .max).map { AppEntries.application($0, in: tenant) }
        case .servicePrincipals:
            let apps = try request.op.visibleApps() + FirstPartyApps.all.map { AppEntries.Entry(app: $0, owner: nil) }
            return apps.map { AppEntries.servicePrincipal($0, in: tenant) }
        case .consents:
            let withdrawn = try request.op.tx.clientsWithoutConsent(in: tenant.id)
            let resources = try request.op.tx.resources(in: tenant.id)
            let apps = try request.op.visibleApps().map(\.app)
            // Users who took a consent back are looked for first: where nobody did, one grant stands for all users.
            let users =
                apps.contains { withdrawn.contains($0.id) } ? try request.users(after: nil, atLeast: .max) : []
            return apps.flatMap {
                AppEntries.consents(
                    of: $0, users: withdrawn.contains($0.id) ? users : nil, resources: resources, in: tenant)
            }
        }
    }
}

extension Operation {
    /// An app that several tenants have registered counts once, as where a request to this tenant would find it.
    fileprivate func visibleApps() throws -> [AppEntries.Entry] {
        var seen: Set<ClientID> = []
        return try tx.visibleApps(in: tenant.id).compactMap { app, owner in
            seen.insert(app.id).inserted ? AppEntries.Entry(app: app, owner: owner) : nil
        }
    }
}
