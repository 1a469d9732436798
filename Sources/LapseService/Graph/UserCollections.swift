import LapseRules
import LapseStore

// What stands around a user: read only, and from the seed.
extension Authority {
    /// `GET /users/{id}/memberOf` and its like.
    ///
    /// - Returns: the user's id with the entries.
    package func listCollection(
        _ name: UserCollections.Name, of target: GraphRequest.User, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<(user: GUID, entries: [JSON]), GraphError> {
        try admittingReader(token, to: .graph, trace) { request in
            let user = try request.find(target)
            let mayRead =
                switch name {
                case .authenticationMethods: request.caller.mayReadMethods(of: user)
                case .oauth2PermissionGrants: request.caller.mayRead(.consents)
                case .appRoleAssignments: request.caller.mayRead(.servicePrincipals)
                default: request.caller.mayRead(user)
                }
            guard mayRead else { throw GraphError.denied }
            return (user.id, try request.entries(name, of: user))
        }
    }

    /// `GET /users/{id}/manager`.
    package func readManager(
        of target: GraphRequest.User, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<GraphProfile, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            let user = try request.find(target)
            guard request.caller.mayRead(nil) else { throw GraphError.denied }
            guard let manager = try request.manager(of: user) else { throw GraphError.notFound("manager") }
            return try request.profile(of: manager)
        }
    }
}

extension AdmittedRequest {
    fileprivate func entries(_ name: UserCollections.Name, of user: User) throws -> [JSON] {
        switch name {
        case .appRoleAssignments:
            return try op.tx.servicePrincipals(in: op.tenant.id).filter { $0.assigned.contains(user.id) && !$0.isDeleted }
                .compactMap { principal in
                    try op.tx.app(principal.client, in: op.tenant.id).map {
                        UserCollections.assignment(of: user, to: principal, app: $0)
                    }
                }
        case .oauth2PermissionGrants:
            let resources = try op.tx.resources(in: op.tenant.id)
            return try user.consents.keys.sorted { $0.description < $1.description }.flatMap { client in
                try op.tx.app(client, in: op.tenant.id).map {
                    AppEntries.consents(given: user, to: $0, resources: resources, in: op.tenant)
                } ?? []
            }
        default: return UserCollections.entries(name, of: user)
        }
    }

    /// The user whom the seed names as the manager: by id or name, in a sandbox also by what stands before the @.
    func manager(of user: User) throws -> User? {
        guard let name = user.profile["manager"]?.text else { return nil }
        if let found = try op.tx.user(name, in: op.tenant.id) { return found }
        guard op.tenant.isSandbox else { return nil }
        let local = name.prefix { $0 != "@" }
        return try op.tx.user("\(local)@\(op.tenant.domains[0])", in: op.tenant.id)
    }
}
