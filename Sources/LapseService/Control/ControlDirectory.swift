import LapseRules
import LapseStore

// The control API's calls on users and apps.
extension Authority {
    // MARK: Users

    package func listUsers(of name: String, after cursor: String?) throws -> ControlPage<JSON> {
        try store.read { tx in
            let tenant = try controlled(name, tx)
            return ControlPage(
                of: try tx.users(in: tenant.id, after: cursor, limit: ControlPage<JSON>.size + 1), cursor: \.userPrincipalName,
                item: { $0.json() })
        }
    }

    package func user(_ id: String, of name: String) throws -> JSON {
        try store.read { tx in try controlledUser(id, of: try controlled(name, tx), tx).json() }
    }

    /// Makes a user; the answer shows the password, this once.
    package func createUser(_ body: JSON, in name: String, trace: RequestTrace) throws -> JSON {
        let newID = random.guid()
        return try store.write { tx in
            let tenant = try controlled(name, tx)
            _ = try taking(trace, in: tenant)
            let now = tenant.clock.now(wall: systemTime())
            let user = try reading { () throws(FieldError) in
                try User(body, tenant: tenant, newID: newID, createdAt: now)
            }
            if let home = user.guestOf {
                let member = try tx.tenant(home.tenant).flatMap { try tx.user(home.user.description, in: $0.id) }
                guard let member, !member.isGuest else {
                    throw ControlError.invalid(FieldError("home", "names no member of a tenant"))
                }
                guard try tx.user(of: home, in: tenant.id) == nil else {
                    throw ControlError.conflict(FieldError("home", "is a guest here already"))
                }
            }
            try refuseTaken(user, tx)
            try operation(tx, in: tenant).add(user)
            return user.json(password: user.isGuest ? nil : body["password"]?.text ?? BuiltInLab.password)
        }
    }

    /// Changes a user. Disabling and enabling are state changes; a new password is a reset by an administrator.
    package func updateUser(_ id: String, of name: String, _ body: JSON, trace: RequestTrace) throws -> JSON {
        try store.write { tx in
            let tenant = try controlled(name, tx)
            let old = try controlledUser(id, of: tenant, tx)
            let region = try taking(trace, in: tenant)
            let (user, newPassword) = try reading { () throws(FieldError) in try old.changed(by: body, tenant: tenant) }
            try refuseTaken(user, isNew: false, tx)
            guard !user.isGuest || user.accountEnabled == old.accountEnabled else {
                throw ControlError.invalid(FieldError("accountEnabled", "belongs to the guest's home tenant"))
            }
            try operation(tx, in: tenant, region: region).update(old, to: user, reset: newPassword == nil ? nil : .adminResetEntra)
            return user.json(password: newPassword)
        }
    }

    /// The directory forgets the user at once; the authority when the deletion arrives.
    package func deleteUser(_ id: String, of name: String, trace: RequestTrace) throws {
        try store.write { tx in
            let tenant = try controlled(name, tx)
            let user = try controlledUser(id, of: tenant, tx)
            let region = try taking(trace, in: tenant)
            try operation(tx, in: tenant, region: region).delete(user)
        }
    }

    /// Gives consent for a client, or withdraws it: from then on its tokens are refused with 65001.
    package func setConsent(_ isGiven: Bool, of userName: String, to clientID: String, in name: String) throws -> JSON {
        try store.write { tx in
            let tenant = try controlled(name, tx)
            let user = try controlledUser(userName, of: tenant, tx)
            guard let app = try operation(tx, in: tenant).app(ClientID(clientID)) else {
                throw ControlError.notFound("There is no app '\(clientID.prefix(100))' in \(tenant.name).")
            }
            try operation(tx, in: tenant).setConsent(isGiven, of: user, to: app.id)
            return [
                "user": .string(user.id.description), "client": .string(app.id.description), "consented": .bool(isGiven),
            ]
        }
    }

    private func refuseTaken(_ user: User, isNew: Bool = true, _ tx: StoreTransaction) throws {
        let taken = try tx.isTaken(userID: user.id, userPrincipalName: user.userPrincipalName)
        if isNew, taken.id { throw ControlError.conflict(FieldError("id", "is taken")) }
        if taken.name { throw ControlError.conflict(FieldError("userPrincipalName", "is taken")) }
    }

    // MARK: Apps

    package func listApps(of name: String, after cursor: String?) throws -> ControlPage<JSON> {
        try store.read { tx in
            let tenant = try controlled(name, tx)
            return ControlPage(
                of: try tx.apps(in: tenant.id, after: cursor.map { ClientID($0) }, limit: ControlPage<JSON>.size + 1),
                cursor: \.id.description, item: { $0.json() })
        }
    }

    package func app(_ id: String, of name: String) throws -> JSON {
        try store.read { tx in try controlledApp(id, of: try controlled(name, tx), tx).json() }
    }

    /// Registers an app; the answer shows its secrets, this once.
    package func createApp(_ body: JSON, in name: String) throws -> JSON {
        let newID = ClientID(random.guid().description)
        return try store.write { tx in
            let tenant = try controlled(name, tx)
            let app = try reading { () throws(FieldError) in try AppRegistration(body, newID: newID) }
            guard try tx.ownApp(app.id, of: tenant.id) == nil else { throw ControlError.conflict(FieldError("id", "is taken")) }
            try tx.insert(app, in: tenant.id)
            try tx.append(Event(tenant: tenant.id, at: tenant.clock.now(wall: systemTime()), kind: .appCreated, client: app.id))
            return app.json(secrets: try reading { () throws(FieldError) in try Self.secrets(in: body) } ?? [])
        }
    }

    package func updateApp(_ id: String, of name: String, _ body: JSON) throws -> JSON {
        try store.write { tx in
            let tenant = try controlled(name, tx)
            let old = try controlledApp(id, of: tenant, tx)
            let app = try reading { () throws(FieldError) in try old.changed(by: body) }
            try tx.update(app, in: tenant.id)
            try tx.append(Event(tenant: tenant.id, at: tenant.clock.now(wall: systemTime()), kind: .appUpdated, client: app.id))
            return app.json(secrets: try reading { () throws(FieldError) in try Self.secrets(in: body) })
        }
    }

    package func deleteApp(_ id: String, of name: String) throws {
        try store.write { tx in
            let tenant = try controlled(name, tx)
            let app = try controlledApp(id, of: tenant, tx)
            try tx.deleteApp(app.id, of: tenant.id)
            try tx.append(Event(tenant: tenant.id, at: tenant.clock.now(wall: systemTime()), kind: .appDeleted, client: app.id))
        }
    }

    private func controlledApp(_ id: String, of tenant: Tenant, _ tx: StoreTransaction) throws -> AppRegistration {
        guard let app = try tx.ownApp(ClientID(id), of: tenant.id) else {
            throw ControlError.notFound("There is no app '\(id.prefix(100))' in \(tenant.name).")
        }
        return app
    }

    private static func secrets(in body: JSON) throws(FieldError) -> [String]? {
        var reader = try ObjectReader(body)
        return try reader.strings("secrets")
    }
}
