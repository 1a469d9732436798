import LapseRules
import LapseStore

/// Who changes the directory, for the log.
struct Actor {
    /// A user or client, or what a control call says.
    let id: String
    /// The client through which it is done; nil for a control call.
    var client: ClientID?
}

// What changes the directory of the operation's tenant, whoever asks: the control API, Graph, or a person at a page.
extension Operation {
    /// An event of the directory, which lands in no region.
    func directoryEvent(_ kind: Event.Kind, of user: User, by actor: Actor? = nil) -> Event {
        var event = event(kind, user: user.id, client: actor?.client)
        event.region = nil
        event.actor = actor?.id
        return event
    }

    func add(_ user: User, by actor: Actor? = nil) throws {
        try tx.insert(user)
        try tx.append(directoryEvent(.userCreated, of: user, by: actor))
        if !user.accountEnabled, !user.isGuest { try disableFromBirth(user) }
    }

    /// Disabling and enabling are state changes; a new password revokes as its cause says.
    ///
    /// - Parameter reset: why the password is new; nil: it is not.
    func update(_ old: User, to user: User, reset: Revocation.Cause?, by actor: Actor? = nil) throws {
        try tx.update(user)
        try tx.append(directoryEvent(.userUpdated, of: user, by: actor))
        if user.accountEnabled != old.accountEnabled {
            try user.accountEnabled
                ? change(user, to: .enable, .accountEnabled, by: actor) : change(user, to: .disable, .accountDisabled, by: actor)
        }
        if let reset {
            // A new password opens what the wrong ones locked.
            try tx.set(.none, of: user.id)
            try revoke(user, cause: reset, by: actor)
        }
    }

    /// Gives a user a new password, which does not have to be changed.
    func setPassword(_ password: String, of old: User, as reset: Revocation.Cause, by actor: Actor) throws {
        var user = old
        user.replace(password: password)
        try update(old, to: user, reset: reset, by: actor)
    }

    /// The directory forgets the user at once; the authority when the deletion arrives.
    func delete(_ user: User, by actor: Actor? = nil) throws {
        try tx.markDeleted(user.id, at: now)
        if user.isGuest {
            try tx.append(directoryEvent(.userDeleted, of: user, by: actor))
        } else {
            try change(user, to: .delete, .userDeleted, by: actor)
        }
    }

    /// Gives the user's consent to a client, or withdraws it; does nothing when it is so already.
    func setConsent(_ isGiven: Bool, of user: User, to client: ClientID) throws {
        guard user.withdrawnConsents.contains(client) == isGiven else { return }
        var changed = user
        if isGiven {
            changed.withdrawnConsents.removeAll { $0 == client }
        } else {
            changed.withdrawnConsents.append(client)
            changed.consents[client] = nil
        }
        try tx.update(changed)
        try tx.append(
            Event(
                tenant: tenant.id, at: now, kind: isGiven ? .consentGiven : .consentWithdrawn, user: user.id, client: client))
    }

    /// Gives the user's consent to a client, and to permissions beside its registration.
    func giveConsent(of user: User, to client: ClientID, for scopes: [String]) throws {
        var changed = user
        changed.withdrawnConsents.removeAll { $0 == client }
        if !scopes.isEmpty { changed.consents[client, default: []].formUnion(scopes) }
        guard changed != user else { return }
        try tx.update(changed)
        try tx.append(Event(tenant: tenant.id, at: now, kind: .consentGiven, user: user.id, client: client))
    }

    /// Gives everybody's consent to an app, also to permissions beside its registration, and brings its service principal back where that was
    /// deleted. Entra: grant-admin-consent.md.
    func consentForAll(to app: AppRegistration, for scopes: [String], by user: User) throws {
        let old = try principal(of: app.id)
        var principal = old
        principal.isDeleted = false
        principal.consents.formUnion(scopes)
        try update(old, to: principal, by: Actor(id: user.id.description, client: app.id))
        for user in try tx.users(withoutConsentTo: app.id, in: tenant.id) { try setConsent(true, of: user, to: app.id) }
        var event = event(.consentGiven, client: app.id)
        (event.region, event.actor) = (nil, user.id.description)
        try tx.append(event)
    }

    /// Adds a tenant; for users who are disabled from the start that is in effect from its birth.
    func plant(_ seed: TenantSeed) throws {
        try tx.insert(seed)
        let planted = try self.in(seed.tenant)
        for user in seed.users where !user.accountEnabled && !user.isGuest { try planted.disableFromBirth(user) }
        for principal in seed.principals where !principal.isEnabled {
            let event = Event(tenant: principal.tenant, at: Tenant.birth, kind: .servicePrincipalDisabled, client: principal.client)
            try planted.disableFromBirth(principal.home, event)
        }
    }

    /// The user was never enabled anywhere: nothing has to arrive.
    private func disableFromBirth(_ user: User) throws {
        try disableFromBirth(user.home, Event(tenant: user.tenant, at: user.createdAt, kind: .accountDisabled, user: user.id))
    }

    private func disableFromBirth(_ object: User.Home, _ event: Event) throws {
        var event = event
        let id = random.guid()
        event.revocation = id
        let place = Place(at: event.at, sequence: try tx.append(event))
        let known = model.regions.flatMap { region in
            Plane.allCases.map { Propagation.Arrival(plane: $0, region: region, moment: .at(event.at)) }
        }
        let change = StateChange(id: id, user: object, kind: .disable, place: place, propagation: Propagation(known))
        try tx.insert(change, ordinal: try tx.nextOrdinal(in: object.tenant))
    }
}
