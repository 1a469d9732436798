import LapseRules
import LapseStore

// What the control API asks of the directory to show exchanges.
extension Authority {
    /// The tenant whose exchanges somebody asks for, and the user whom they are to be about.
    ///
    /// - Parameter user: an id, a user principal name, or what stands before its @ where that fits one user; deleted or not.
    /// - Throws: ``ControlError``: not found for the tenant or the user; invalid where several users fit.
    package func exchangeSubject(user: String?, in name: String) throws -> (tenant: GUID, user: GUID?) {
        try looking(at: name) { op in (op.tenant.id, try user.map { try op.requireUserByAnyName($0).id }) }
    }

    /// What users and apps of a tenant are called: by id, where the directory knows them.
    package func names(
        ofUsers users: Set<GUID>, apps: Set<ClientID>, in tenant: GUID
    ) throws -> (users: [GUID: String], apps: [ClientID: String]) {
        try store.read { tx in
            let users = try users.compactMap { id in try tx.user(id).map { (id, $0.userPrincipalName) } }
            let apps = try apps.compactMap { id in try tx.app(id, in: tenant).map { (id, $0.name) } }
            return (Dictionary(uniqueKeysWithValues: users), Dictionary(uniqueKeysWithValues: apps))
        }
    }
}

extension Operation {
    /// The most users that an error names.
    private static let mostNamed = 5

    /// ``requireUserEvenDeleted(_:)``, also by what stands before the @.
    fileprivate func requireUserByAnyName(_ name: String) throws -> User {
        guard !name.isEmpty, !name.contains("@"), GUID(name) == nil else { return try requireUserEvenDeleted(name) }
        let fitting = try tx.users(named: name, in: tenant.id, limit: Self.mostNamed)
        guard let user = fitting.first else { return try requireUserEvenDeleted(name) }
        guard fitting.count == 1 else {
            let names = fitting.map(\.userPrincipalName).joined(separator: ", ")
            throw ControlError.invalid(FieldError("user", "fits several users, such as \(names)"))
        }
        return user
    }
}
