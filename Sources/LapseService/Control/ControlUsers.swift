import LapseRules
import LapseStore

// The control API's calls on users.
extension Authority {
    /// - Parameter cursor: a user principal name: the list begins behind it.
    /// - Throws: ``ControlError`` for a tenant that is not there.
    package func listUsers(after cursor: String?, in name: String) throws -> ControlPage<User> {
        try looking(at: name) { op in
            ControlPage(
                of: try op.tx.users(in: op.tenant.id, after: cursor, limit: ControlPage<User>.size + 1),
                cursor: \.userPrincipalName)
        }
    }

    /// The tenant's user by id or user principal name.
    ///
    /// - Throws: ``ControlError`` for a tenant or user that is not there.
    package func user(_ id: String, in name: String) throws -> User { try looking(at: name) { try $0.requireUser(id) } }

    /// Makes a user.
    ///
    /// - Parameters:
    ///   - read: reads the user, once the tenant is known: its name has to be of one of the tenant's domains.
    ///   - region: the region that takes the change; nil: the first.
    /// - Throws: ``ControlError``: for a tenant or region (`x-lapse-region`) that is not there, what `read` complains of, for a `home`
    ///   that is no member elsewhere; a conflict when `home` is a guest already, and when `id` or `userPrincipalName` is taken.
    package func createUser(
        _ read: (_ tenant: Tenant, _ newID: GUID, _ createdAt: Timestamp) throws(FieldError) -> User,
        takenIn region: String?, in name: String
    ) throws -> User {
        let newID = random.guid()
        return try changing(name, takenIn: region) { op in
            let user = try ControlError.reading { () throws(FieldError) in try read(op.tenant, newID, op.now) }
            if let home = user.guestOf {
                let member = try op.tx.tenant(home.tenant).flatMap { try op.tx.user(home.user.description, in: $0.id) }
                guard let member, !member.isGuest else {
                    throw ControlError.invalid(FieldError("home", "names no member of a tenant"))
                }
                guard try op.tx.user(of: home, in: op.tenant.id) == nil else {
                    throw ControlError.conflict(FieldError("home", "is a guest here already"))
                }
            }
            try op.refuseTaken(user)
            try op.add(user)
            return user
        }
    }

    /// Changes a user. Disabling and enabling are state changes; a new password is a reset by an administrator.
    ///
    /// - Parameter change: gives the user as it shall be, and its new password; nil: it keeps its own.
    /// - Throws: ``ControlError``: for a tenant, user or region (`x-lapse-region`) that is not there, what `change` complains of, for
    ///   the `accountEnabled` of a guest; a conflict when `userPrincipalName` is taken.
    package func updateUser(
        _ id: String, takenIn region: String?, in name: String,
        _ change: (_ old: User, _ tenant: Tenant) throws(FieldError) -> (user: User, newPassword: String?)
    ) throws -> User {
        try changing(name) { op in
            let old = try op.requireUser(id)
            let taken = try op.taken(in: region)
            let (user, newPassword) = try ControlError.reading { () throws(FieldError) in try change(old, op.tenant) }
            try op.refuseTaken(user, isNew: false)
            guard !user.isGuest || user.accountEnabled == old.accountEnabled else {
                throw ControlError.invalid(FieldError("accountEnabled", "belongs to the guest's home tenant"))
            }
            try taken.update(old, to: user, reset: newPassword == nil ? nil : .adminResetEntra)
            return user
        }
    }

    /// The directory forgets the user at once; the authority when the deletion arrives.
    ///
    /// - Throws: ``ControlError`` for a tenant, user or region (`x-lapse-region`) that is not there.
    package func deleteUser(_ id: String, takenIn region: String?, in name: String) throws {
        try changing(name) { op in
            let user = try op.requireUser(id)
            try op.taken(in: region).delete(user)
        }
    }
}

extension Operation {
    fileprivate func refuseTaken(_ user: User, isNew: Bool = true) throws {
        let taken = try tx.isTaken(userID: user.id, userPrincipalName: user.userPrincipalName)
        if isNew, taken.id { throw ControlError.conflict(FieldError("id", "is taken")) }
        if taken.name { throw ControlError.conflict(FieldError("userPrincipalName", "is taken")) }
    }
}
