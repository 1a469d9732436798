import LapseRules
import LapseStore

// Graph's view of app registrations and of what users consented to.
extension Authority {
    /// `GET /applications`, `/servicePrincipals`, `/oauth2PermissionGrants`.
    package func listApps(
        _ collection: AppEntries.Collection, _ query: GraphQuery, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<GraphPage, GraphError> {
        try admittingReader(token, to: .graph, trace) { request in
            let chosen = query.chosen(of: try entries(of: collection, request))
            let (objects, next) = try query.page(of: chosen)
            return GraphPage(objects: objects, next: next, count: chosen.count)
        }
    }

    /// `GET /applications/$count`, `/servicePrincipals/$count`.
    package func countApps(
        _ collection: AppEntries.Collection, _ query: GraphQuery, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<Int, GraphError> {
        try admittingReader(token, to: .graph, trace) { request in
            query.chosen(of: try entries(of: collection, request)).count
        }
    }

    /// One of them, with every property.
    package func readApp(
        _ collection: AppEntries.Collection, _ key: AppEntries.Key, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<JSON, GraphError> {
        try admittingReader(token, to: .graph, trace) { request in
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
            return try request.op.principals().map { AppEntries.servicePrincipal($0, in: tenant) }
        case .consents:
            let withdrawn = try request.op.tx.clientsWithoutConsent(in: tenant.id)
            let resources = try request.op.tx.resources(in: tenant.id)
            let apps = try request.op.visibleApps().map(\.app)
            // Users who took a consent back are looked for first: where nobody did, one grant stands for all users.
            let users =
                apps.contains { withdrawn.contains($0.id) } ? try request.users(after: nil, atLeast: .max) : []
            let givers = try request.op.tx.usersWithConsents(in: tenant.id)
            return apps.flatMap { app in
                AppEntries.consents(of: app, users: withdrawn.contains(app.id) ? users : nil, resources: resources, in: tenant)
                    + givers.flatMap { AppEntries.consents(given: $0, to: app, resources: resources, in: tenant) }
            }
        }
    }

    // MARK: Changing them

    /// `PATCH /applications/{id}`, of an app that is registered in the tenant.
    package func updateApplication(
        _ key: AppEntries.Key, _ body: JSON, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<Void, GraphError> {
        try changingApps(token, trace) { request in
            let old = try request.application(key)
            try request.update(try GraphAppChanges.apply(body, to: old))
        }
    }

    /// `POST /applications/{id}/addPassword`.
    ///
    /// - Returns: the credential with its secret, this once.
    package func addPassword(
        to key: AppEntries.Key, _ body: JSON, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<JSON, GraphError> {
        let secret = random.token(bytes: 30)
        return try changingApps(token, trace) { request in
            var app = try request.application(key)
            let asked = body["passwordCredential"] ?? [:]
            let hash = AppRegistration.hash(secret: secret, of: app.id)
            // Entra: application-addpassword, two years.
            var end = request.op.now + .seconds(2 * 365 * 86_400)
            if let text = asked["endDateTime"]?.text {
                guard let time = Timestamp(text), time > request.op.now else {
                    throw GraphError.invalidEnd
                }
                end = time
            }
            app.secretHashes.append(hash)
            app.secretEnds[hash] = end
            try request.update(app)
            return [
                "customKeyIdentifier": .null, "displayName": asked["displayName"] ?? .null, "endDateTime": JSON(end),
                "hint": .string(String(secret.prefix(3))), "keyId": .string(hash.keyID.description), "secretText": .string(secret),
                "startDateTime": JSON(request.op.now),
            ]
        }
    }

    /// `POST /applications/{id}/removePassword`.
    package func removePassword(
        of key: AppEntries.Key, _ body: JSON, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<Void, GraphError> {
        try changingApps(token, trace) { request in
            var app = try request.application(key)
            guard let id = body["keyId"]?.text.flatMap(GUID.init), let hash = app.secretHashes.first(where: { $0.keyID == id })
            else {
                throw GraphError.badRequest("No password credential found with keyId.")
            }
            app.secretHashes.removeAll { $0 == hash }
            app.secretEnds[hash] = nil
            try request.update(app)
        }
    }

    /// `POST /servicePrincipals`: brings a deleted one back.
    package func createServicePrincipal(
        _ body: JSON, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<JSON, GraphError> {
        try changingApps(token, trace) { request in
            guard let client = body["appId"]?.text,
                let entry = try request.op.principals(withDeleted: true).first(where: { $0.app.id == ClientID(client) })
            else { throw GraphError.noBackingApplication }
            guard entry.principal.isDeleted else {
                throw GraphError.principalTaken(client)
            }
            var principal = ServicePrincipal(of: entry.app.id, in: request.op.tenant.id)
            principal.isEnabled = entry.principal.isEnabled
            try request.op.update(entry.principal, to: principal, by: request.actor)
            return AppEntries.servicePrincipal(
                AppEntries.Entry(app: entry.app, owner: entry.owner, principal: principal), in: request.op.tenant)
        }
    }

    /// `PATCH /servicePrincipals/{id}`.
    package func updateServicePrincipal(
        _ key: AppEntries.Key, _ body: JSON, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<Void, GraphError> {
        try changingApps(token, trace) { request in
            let old = try request.principal(key).principal
            try request.op.update(old, to: try GraphAppChanges.apply(body, to: old), by: request.actor)
        }
    }

    /// `DELETE /servicePrincipals/{id}`.
    package func deleteServicePrincipal(
        _ key: AppEntries.Key, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<Void, GraphError> {
        try changingApps(token, trace) { request in
            let old = try request.principal(key).principal
            var principal = old
            principal.isDeleted = true
            try request.op.update(old, to: principal, by: request.actor)
        }
    }

    private func changingApps<Value>(
        _ token: BearerToken, _ trace: RequestTrace, _ work: (AdmittedRequest) throws -> Value
    ) throws -> Outcome<Value, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            guard request.caller.mayWriteApps else { throw GraphError.denied }
            return try work(request)
        }
    }

    // MARK: Who is assigned

    /// `GET /servicePrincipals/{id}/appRoleAssignedTo`.
    package func listAssignments(
        of key: AppEntries.Key, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<[JSON], GraphError> {
        try admittingReader(token, to: .graph, trace) { request in
            guard request.caller.mayRead(.servicePrincipals) else { throw GraphError.denied }
            let entry = try request.principal(key)
            return try entry.principal.assigned.compactMap { id in
                try request.op.tx.user(id).map { UserCollections.assignment(of: $0, to: entry.principal, app: entry.app) }
            }
        }
    }

    /// `POST /servicePrincipals/{id}/appRoleAssignedTo`.
    package func assign(
        to key: AppEntries.Key, _ body: JSON, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<JSON, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            guard request.caller.mayAssign else { throw GraphError.denied }
            let entry = try request.principal(key)
            guard let id = body["principalId"]?.text, let user = try request.op.tx.user(id, in: request.op.tenant.id) else {
                throw GraphError.notFound(body["principalId"]?.text ?? "")
            }
            guard !entry.principal.assigned.contains(user.id) else {
                throw GraphError.badRequest("Permission being assigned already exists on the object")
            }
            var principal = entry.principal
            principal.assigned.append(user.id)
            try request.op.update(entry.principal, to: principal, by: request.actor)
            return UserCollections.assignment(of: user, to: principal, app: entry.app)
        }
    }

    /// `DELETE /servicePrincipals/{id}/appRoleAssignedTo/{id}`.
    package func unassign(
        from key: AppEntries.Key, _ assignment: String, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<Void, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            guard request.caller.mayAssign else { throw GraphError.denied }
            let entry = try request.principal(key)
            var principal = entry.principal
            principal.assigned.removeAll { UserCollections.assignmentID(of: $0, to: entry.principal) == assignment }
            guard principal != entry.principal else { throw GraphError.notFound(assignment) }
            try request.op.update(entry.principal, to: principal, by: request.actor)
        }
    }
}

extension AdmittedRequest {
    fileprivate func application(_ key: AppEntries.Key) throws -> AppRegistration {
        guard
            let app = try op.tx.apps(in: op.tenant.id, limit: .max).first(where: {
                key.names(AppEntries.application($0, in: op.tenant))
            })
        else { throw GraphError.notFound(key.text) }
        return app
    }

    fileprivate func update(_ app: AppRegistration) throws {
        try op.tx.update(app, in: op.tenant.id)
        var event = op.event(.appUpdated, client: app.id)
        (event.region, event.actor) = (nil, actor.id)
        try op.tx.append(event)
    }

    fileprivate func principal(_ key: AppEntries.Key) throws -> AppEntries.Entry {
        guard let entry = try op.principals().first(where: { key.names(AppEntries.servicePrincipal($0, in: op.tenant)) }) else {
            throw GraphError.notFound(key.text)
        }
        return entry
    }
}

extension Operation {
    /// An app that several tenants have registered counts once, as where a request to this tenant would find it.
    fileprivate func visibleApps() throws -> [AppEntries.Entry] {
        var seen: Set<ClientID> = []
        return try tx.visibleApps(in: tenant.id).compactMap { app, owner in
            guard seen.insert(app.id).inserted else { return nil }
            return AppEntries.Entry(app: app, owner: owner, principal: try principal(of: app.id))
        }
    }

    /// The service principals of the tenant, Microsoft's too.
    fileprivate func principals(withDeleted: Bool = false) throws -> [AppEntries.Entry] {
        let microsofts = try FirstPartyApps.all.map { AppEntries.Entry(app: $0, owner: nil, principal: try principal(of: $0.id)) }
        return try (visibleApps() + microsofts).filter { withDeleted || !$0.principal.isDeleted }
    }
}
