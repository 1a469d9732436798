/// An app's object in one tenant's directory, which the admin center calls an enterprise application: whether the app may be used there at all.
///
/// A tenant where nobody changed anything has none stored: ``init(of:in:)`` then says what it is.
package struct ServicePrincipal: Equatable, Sendable {
    package let tenant: GUID
    package let client: ClientID
    /// As Graph shows it. What is in effect is the history of ``StateChange``.
    package var isEnabled = true
    package var isDeleted = false
    /// Whether only users who are assigned to the app may use it.
    package var requiresAssignment = false
    package var assigned: [GUID] = []
    /// What an administrator consented to for everybody beside the app's registration: Graph's by short name, others as `uri/scope`.
    package var consents: Set<String> = []

    package init(of client: ClientID, in tenant: GUID) {
        self.client = client
        self.tenant = tenant
    }

    /// Its id in the tenant: the `oid` of the app's own tokens there.
    package var id: GUID { .servicePrincipal(of: client, in: tenant) }

    /// What changes of its state are kept under, as an account's are.
    package var home: User.Home { User.Home(tenant: tenant, user: id) }

    /// Whether nobody changed anything.
    package var isPlain: Bool { self == ServicePrincipal(of: client, in: tenant) }

    /// The same app's in another tenant.
    ///
    /// - Parameter users: the ids of users there, by those here; who is not among them is not assigned.
    func moved(to tenant: GUID, users: [GUID: GUID]) -> ServicePrincipal {
        var moved = ServicePrincipal(of: client, in: tenant)
        (moved.isEnabled, moved.requiresAssignment, moved.consents) = (isEnabled, requiresAssignment, consents)
        moved.assigned = assigned.compactMap { users[$0] }
        return moved
    }
}

/// What may speak against an app in a tenant, whoever uses it.
package struct AppFacts: Sendable {
    package let app: AppRegistration
    package let principal: ServicePrincipal
    package let stateChanges: [StateChange]
    /// How many requests of the app have passed in spite of a change.
    package let attempts: AttemptCounts

    package init(app: AppRegistration, principal: ServicePrincipal, stateChanges: [StateChange], attempts: AttemptCounts = [:]) {
        self.app = app
        self.principal = principal
        self.stateChanges = stateChanges
        self.attempts = attempts
    }

    /// Whether the app may be used here, at an instant of the tenant. Nil: yes.
    ///
    /// - Parameter directory: the tenant's name.
    package func refusal(on plane: Plane, in region: Region, at now: Timestamp, directory: String) -> EntraError? {
        let standpoint = Standpoint(plane: plane, region: region, now: now)
        return switch AccountState.inEffect(of: stateChanges, from: standpoint, after: attempts) {
        case .active: nil
        case .disabled: AADSTS.appDisabled.error(["app": app.id.description, "name": app.name])
        // Assumption: to the tenant it is as if the app had never been there.
        case .deleted: .noSuchApp(app.id, directory: directory)
        }
    }

    /// What a request that asks about the app uses up.
    package func attempts(on plane: Plane, in region: Region, at now: Timestamp) -> [Attempt] {
        let standpoint = Standpoint(plane: plane, region: region, now: now)
        return stateChanges.compactMap { change in
            guard let left = change.attemptsLeft(from: standpoint, after: attempts), left > 0 else { return nil }
            return change.attempt(at: standpoint)
        }
    }

    /// Whether the user may use the app. Nil: yes. Entra: facts of 50105.
    package func refusal(of user: User) -> EntraError? {
        guard principal.requiresAssignment, !principal.assigned.contains(user.id) else { return nil }
        return AADSTS.notAssigned.error(["app": app.id.description, "name": app.name, "user": user.userPrincipalName])
    }
}

extension EntraError {
    /// As the authorize endpoint tells it to the app. Entra: facts of 50105.
    package var atAuthorize: EntraError { code == .notAssigned ? with(error: "access_denied") : self }
}
