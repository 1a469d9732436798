import LapseRules
import LapseStore

// What an administrator of a tenant says of the apps that its users may use.
extension Operation {
    /// What may speak against the app in the operation's tenant; nil: nobody ever changed anything.
    func facts(of app: AppRegistration) throws -> AppFacts? {
        guard !tenant.isNone, let principal = try tx.servicePrincipal(of: app.id, in: tenant.id) else { return nil }
        let history = try tx.history(of: principal.home)
        return AppFacts(
            app: app, principal: principal, stateChanges: history.stateChanges,
            attempts: history.countsAttempts ? try tx.attempts(of: principal.id) : [:])
    }

    /// Why the app may not be used on the plane where the request has landed; nil: it may. The request counts.
    func refusal(_ facts: AppFacts, on plane: Plane) throws -> EntraError? {
        try count(facts, on: plane)
        return facts.refusal(on: plane, in: region, at: now, directory: tenant.name)
    }

    /// Why no region of the tenant redeems for the app any more; nil while one does.
    func refusalEverywhere(of app: AppRegistration) throws -> EntraError? {
        guard let facts = try facts(of: app) else { return nil }
        let refusals = model.regions.map { facts.refusal(on: .refresh, in: $0, at: now, directory: tenant.name) }
        return refusals.contains { $0 == nil } ? nil : refusals.compactMap { $0 }.first
    }

    /// The request asks about the app where a change of its state lets some pass.
    func count(_ facts: AppFacts, on plane: Plane) throws {
        guard lookahead == nil else { return }
        let attempts = facts.attempts(on: plane, in: region, at: now)
        if !attempts.isEmpty { try tx.count(attempts, of: facts.principal.id) }
    }

    /// The app's service principal in the tenant, as it is or as it would be.
    func principal(of client: ClientID) throws -> ServicePrincipal {
        try tx.servicePrincipal(of: client, in: tenant.id) ?? ServicePrincipal(of: client, in: tenant.id)
    }

    /// Enabling, disabling, deleting and bringing back are state changes; who may use the app counts at once.
    func update(_ old: ServicePrincipal, to principal: ServicePrincipal, by actor: Actor? = nil) throws {
        guard principal != old else { return }
        try tx.save(principal)
        if principal.isDeleted != old.isDeleted {
            try change(principal, to: principal.isDeleted ? .delete : .restore, by: actor)
        }
        if principal.isEnabled != old.isEnabled { try change(principal, to: principal.isEnabled ? .enable : .disable, by: actor) }
        guard principal.requiresAssignment != old.requiresAssignment || principal.assigned != old.assigned else { return }
        var event = event(.servicePrincipalUpdated, client: principal.client)
        (event.region, event.actor) = (nil, actor?.id)
        try tx.append(event)
    }

    private func change(_ principal: ServicePrincipal, to kind: StateChange.Kind, by actor: Actor?) throws {
        try change(principal.home, to: kind, event(kind.ofServicePrincipal, client: principal.client), by: actor)
    }
}

extension StateChange.Kind {
    /// The event of such a change of a service principal.
    fileprivate var ofServicePrincipal: Event.Kind {
        switch self {
        case .disable: .servicePrincipalDisabled
        case .enable: .servicePrincipalEnabled
        case .delete: .servicePrincipalDeleted
        case .restore: .servicePrincipalRestored
        }
    }
}
