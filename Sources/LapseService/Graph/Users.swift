import LapseRules
import LapseStore

// Graph's calls that change users. What they change travels to the planes as the control API's changes do.
extension Authority {
    /// `POST /users`.
    package func createUser(_ body: JSON, token: BearerToken, trace: RequestTrace) throws -> Outcome<GraphProfile, GraphError> {
        let id = random.guid()
        return try admitting(token, to: .graph, trace) { request in
            guard request.caller.mayCreateUsers else { throw GraphError.denied }
            let op = request.op
            let changes = try GraphUserChanges(body, isNew: true)
            let blank = User(
                id: id, tenant: op.tenant.id, userPrincipalName: "", displayName: "", passwordHash: nil, createdAt: op.now)
            let user = try changes.applied(to: blank, tenant: op.tenant)
            try op.refuseTakenName(of: user)
            try op.add(user, by: request.actor)
            return try request.profile(of: user)
        }
    }

    /// `PATCH /users/{id}` and `PATCH /me`.
    package func updateUser(
        _ target: GraphRequest.User, _ body: JSON, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<Void, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            let old = try request.member(target)
            let changes = try GraphUserChanges(body, isNew: false)
            guard request.caller.mayUpdate(old, changes) else { throw GraphError.denied }
            guard !old.isGuest || changes.sensitive.isEmpty else { throw GraphError.foreignAccount }
            let user = try changes.applied(to: old, tenant: request.op.tenant)
            try request.op.refuseTakenName(of: user)
            try request.op.update(
                old, to: user, reset: changes.newPassword == nil ? nil : .adminResetEntra, by: request.actor)
        }
    }

    /// `DELETE /users/{id}`.
    package func deleteUser(
        _ target: GraphRequest.User, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<Void, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            let user = try request.member(target)
            guard request.caller.mayDelete(user) else { throw GraphError.denied }
            try request.op.delete(user, by: request.actor)
        }
    }

    /// `POST /invitations`: makes a guest of somebody who is at home in another tenant of this Lapse.
    package func invite(_ body: JSON, token: BearerToken, trace: RequestTrace) throws -> Outcome<GraphProfile, GraphError> {
        let id = random.guid()
        return try admitting(token, to: .graph, trace) { request in
            guard request.caller.mayInvite else { throw GraphError.denied }
            guard let address = body["invitedUserEmailAddress"]?.text, address.utf8.count <= 256 else {
                throw GraphError.invitationLacks("invitedUserEmailAddress")
            }
            guard body["inviteRedirectUrl"]?.text?.isEmpty == false else { throw GraphError.invitationLacks("inviteRedirectUrl") }
            let op = request.op
            guard let home = try op.tx.tenant(ofUserName: address), home.id != op.tenant.id,
                let member = try op.tx.user(address, in: home.id), !member.isGuest
            else {
                throw GraphError.badRequest(
                    "Lapse: '\(address)' is not a member of another tenant here, and a guest has to sign in at home.")
            }
            if let known = try op.tx.user(of: member.home, in: op.tenant.id) { return try request.profile(of: known) }
            let guest = User(
                id: id, tenant: op.tenant.id,
                userPrincipalName: address.replacing("@", with: "_") + "#EXT#@" + op.tenant.domains[0],
                displayName: body["invitedUserDisplayName"]?.text ?? member.displayName, mail: address, passwordHash: nil,
                guestOf: member.home, createdAt: op.now)
            try op.refuseTakenName(of: guest)
            try op.add(guest, by: request.actor)
            return try request.profile(of: guest)
        }
    }
}

extension Operation {
    func refuseTakenName(of user: User) throws {
        guard try !tx.isTaken(userID: user.id, userPrincipalName: user.userPrincipalName).name else { throw GraphError.nameTaken }
    }
}

extension GraphError {
    fileprivate static func invitationLacks(_ property: String) -> GraphError {
        .badRequest("A value is required for property '\(property)' of resource 'Invitation'.")
    }
}
