import LapseRules
import LapseStore

// The control API's calls on apps.
extension Authority {
    /// - Parameter cursor: an app's id: the list begins behind it.
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func listApps(after cursor: String?, in name: String) throws -> ControlPage<RegisteredApp> {
        try looking(at: name) { op in
            ControlPage(
                of: try op.tx.apps(in: op.tenant.id, after: cursor.map { ClientID($0) }, limit: ControlPage<RegisteredApp>.size + 1)
                    .map { RegisteredApp(app: $0, principal: try op.principal(of: $0.id)) },
                cursor: \.app.id.description)
        }
    }

    /// - Throws: ``ControlError`` for a tenant or app that is not there.
    package func app(_ id: String, in name: String) throws -> RegisteredApp {
        try looking(at: name) { op in
            let app = try op.requireApp(id)
            return RegisteredApp(app: app, principal: try op.principal(of: app.id))
        }
    }

    /// Registers an app.
    ///
    /// - Parameter read: reads the app, once the tenant is known.
    /// - Throws: ``ControlError``: for a tenant that is not there, what `read` complains of; a conflict when `id` is taken.
    package func createApp(
        _ body: JSON, _ read: (_ newID: ClientID) throws(FieldError) -> AppRegistration, in name: String
    ) throws -> RegisteredApp {
        let newID = ClientID(random.guid().description)
        return try changing(name) { op in
            var app = try ControlError.reading { () throws(FieldError) in try read(newID) }
            guard try op.tx.ownApp(app.id, of: op.tenant.id) == nil else {
                throw ControlError.conflict(FieldError("id", "is taken"))
            }
            app.registration = op.tx.nextEventID()
            try op.tx.insert(app, in: op.tenant.id)
            try op.append(.appCreated, app)
            // An app of that id that was here before is another one.
            let fresh = ServicePrincipal(of: app.id, in: op.tenant.id)
            return RegisteredApp(app: app, principal: try op.updatePrincipal(fresh, by: body))
        }
    }

    /// - Parameter change: gives the app as it shall be.
    /// - Throws: ``ControlError`` for a tenant or app that is not there, and what `change` complains of.
    package func updateApp(
        _ id: String, in name: String, _ body: JSON, takenIn region: String?,
        _ change: (_ old: AppRegistration) throws(FieldError) -> AppRegistration
    ) throws -> RegisteredApp {
        try changing(name) { op in
            let old = try op.requireApp(id)
            var app = try ControlError.reading { () throws(FieldError) in try change(old) }
            app.registration = old.registration
            try op.tx.update(app, in: op.tenant.id)
            try op.append(.appUpdated, app)
            return RegisteredApp(
                app: app, principal: try op.taken(in: region).updatePrincipal(try op.principal(of: app.id), by: body))
        }
    }

    /// - Throws: ``ControlError`` for a tenant or app that is not there.
    package func deleteApp(_ id: String, in name: String) throws {
        try changing(name) { op in
            let app = try op.requireApp(id)
            try op.tx.deleteApp(app.id, of: op.tenant.id)
            try op.append(.appDeleted, app)
        }
    }
}

/// An app with what is said of it in the tenant that it is registered in.
package struct RegisteredApp: Sendable {
    package let app: AppRegistration
    package let principal: ServicePrincipal
}

extension Operation {
    /// Takes what a body of the control API says of an app's service principal.
    ///
    /// - Parameter base: what the body changes.
    fileprivate func updatePrincipal(_ base: ServicePrincipal, by body: JSON) throws -> ServicePrincipal {
        let old = try principal(of: base.client)
        var principal = base
        // Whoever enables a deleted one wants it back.
        if body["enabled"] == true { principal.isDeleted = false }
        var missing: (any Error)?
        try ControlError.reading { () throws(FieldError) in
            try principal.apply(body) { name in
                do { return try tx.user(name, in: tenant.id)?.id } catch {
                    missing = error
                    return nil
                }
            }
        }
        if let missing { throw missing }
        try update(old, to: principal)
        return principal
    }

    /// An app that is registered in the tenant itself.
    fileprivate func requireApp(_ id: String) throws -> AppRegistration {
        guard let app = try tx.ownApp(ClientID(id), of: tenant.id) else {
            throw ControlError.notFound("There is no app '\(id.prefix(100))' in \(tenant.name).")
        }
        return app
    }

    fileprivate func append(_ kind: Event.Kind, _ app: AppRegistration) throws {
        try tx.append(Event(tenant: tenant.id, at: now, kind: kind, client: app.id))
    }
}
