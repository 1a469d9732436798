import LapseRules
import LapseStore

// Graph's operations that change the directory. Each event travels to the planes as the control API's do.
extension Authority {
    /// `POST /users`.
    package func createUser(_ body: JSON, token: BearerToken, trace: RequestTrace) throws -> (GraphProfile, Landing) {
        let id = random.guid()
        return try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            guard visit.caller.mayCreateUsers else { throw visit.refused(.denied) }
            let changes = try visit.reading { () throws(GraphError) in try GraphUserChanges(body, isNew: true) }
            let blank = User(
                id: id, tenant: visit.tenant.id, userPrincipalName: "", displayName: "", passwordHash: nil, createdAt: visit.now)
            let user = try visit.reading { () throws(GraphError) in try changes.applied(to: blank, tenant: visit.tenant) }
            try visit.refuseTaken(user, tx)
            try add(user, in: visit.tenant, now: visit.now, cause: visit.cause(token, trace), tx)
            return try visit.profile(of: user, tx)
        }
    }

    /// `PATCH /users/{id}` and `PATCH /me`.
    package func updateUser(_ target: GraphRequest.User, _ body: JSON, token: BearerToken, trace: RequestTrace) throws -> (
        Void, Landing
    ) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            let old = try visit.member(target, tx)
            let changes = try visit.reading { () throws(GraphError) in try GraphUserChanges(body, isNew: false) }
            guard visit.caller.mayUpdate(old, changes) else { throw visit.refused(.denied) }
            guard !old.isGuest || changes.sensitive.isEmpty else { throw visit.refused(.foreignAccount) }
            let user = try visit.reading { () throws(GraphError) in try changes.applied(to: old, tenant: visit.tenant) }
            try visit.refuseTaken(user, tx)
            try update(
                old, to: user, reset: changes.newPassword == nil ? nil : .adminResetEntra, in: visit.tenant, now: visit.now,
                region: visit.region, cause: visit.cause(token, trace), tx)
        }
    }

    /// `DELETE /users/{id}`.
    package func deleteUser(_ target: GraphRequest.User, token: BearerToken, trace: RequestTrace) throws -> (Void, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            let user = try visit.member(target, tx)
            guard visit.caller.mayDelete(user) else { throw visit.refused(.denied) }
            try delete(
                user, in: visit.tenant, now: visit.now, region: visit.region,
                cause: visit.cause(token, trace), tx)
        }
    }

    /// `POST /me/changePassword`: `{"currentPassword","newPassword"}`.
    package func changePassword(_ body: JSON, token: BearerToken, trace: RequestTrace) throws -> (Void, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            let old = try visit.member(.me, tx)
            guard visit.caller.mayChangeOwnPassword else { throw visit.refused(.denied) }
            guard !old.isGuest else { throw visit.refused(.foreignAccount) }
            let (current, new) = try visit.reading { () throws(GraphError) in
                (try Self.password("currentPassword", in: body), try Self.password("newPassword", in: body))
            }
            let lockout = try tx.lockout(of: old.id)
            guard !lockout.isLocked(at: visit.now), old.hasPassword(current) else {
                if !lockout.isLocked(at: visit.now) { try tx.set(lockout.afterFailure(at: visit.now), of: old.id) }
                throw visit.refused(.wrongCurrentPassword)
            }
            try visit.reading { () throws(GraphError) in try GraphUserChanges.check(new) }
            try setPassword(new, of: old, as: .passwordChange, visit, cause: visit.cause(token, trace), tx)
        }
    }

    /// `POST /users/{id}/authentication/methods/{password}/resetPassword`: `{"newPassword"?}`.
    ///
    /// - Returns: the password that was made up; nil when the caller gave one.
    package func resetPassword(
        of target: GraphRequest.User, _ body: JSON, token: BearerToken, trace: RequestTrace
    ) throws -> (String?, Landing) {
        let madeUp = "Lp1-" + random.token(bytes: 9)
        return try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            let old = try visit.member(target, tx)
            guard visit.caller.mayResetPassword(of: old) else { throw visit.refused(.denied) }
            guard !old.isGuest else { throw visit.refused(.foreignAccount) }
            var given: String?
            if body["newPassword"] ?? .null != .null {
                given = try visit.reading { () throws(GraphError) in
                    let password = try Self.password("newPassword", in: body)
                    try GraphUserChanges.check(password)
                    return password
                }
            }
            try setPassword(given ?? madeUp, of: old, as: .adminResetEntra, visit, cause: visit.cause(token, trace), tx)
            return given == nil ? madeUp : nil
        }
    }

    private func setPassword(
        _ password: String, of old: User, as reset: Revocation.Cause, _ visit: ResourceVisit, cause: DirectoryCause,
        _ tx: StoreTransaction
    ) throws {
        var user = old
        user.set(password: password)
        user.mustChangePassword = false
        try update(old, to: user, reset: reset, in: visit.tenant, now: visit.now, region: visit.region, cause: cause, tx)
    }

    private static func password(_ name: String, in body: JSON) throws(GraphError) -> String {
        guard let text = body[name]?.text, !text.isEmpty, text.utf8.count <= 2048 else {
            throw .badRequest("Invalid value specified for parameter '\(name)'.")
        }
        return text
    }

    // MARK: Deleted users

    /// Entra: a deleted user can be restored for thirty days.
    private static let restorable = Duration.seconds(30 * 86_400)
    private static let longestList = 999

    /// `GET /directory/deletedItems/microsoft.graph.user`, the last first.
    package func listDeletedUsers(token: BearerToken, trace: RequestTrace) throws -> (
        [(profile: GraphProfile, deletedAt: Timestamp)], Landing
    ) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            guard visit.caller.mayRead(nil) else { throw visit.refused(.denied) }
            return try tx.deletedUsers(
                in: visit.tenant.id, since: visit.now - Self.restorable, limit: Self.longestList
            ).map { (try visit.profile(of: $0.user, tx), $0.deletedAt) }
        }
    }

    package func readDeletedUser(_ id: String, token: BearerToken, trace: RequestTrace) throws -> (
        (profile: GraphProfile, deletedAt: Timestamp), Landing
    ) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            guard visit.caller.mayRead(nil) else { throw visit.refused(.denied) }
            let (user, deletedAt) = try restorableUser(id, visit, tx)
            return (try visit.profile(of: user, tx), deletedAt)
        }
    }

    /// `POST /directory/deletedItems/{id}/restore`. Older grants live again where it is in effect, unless a revocation kills them.
    package func restoreUser(_ id: String, token: BearerToken, trace: RequestTrace) throws -> (GraphProfile, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            guard visit.caller.mayDeleteUsers else { throw visit.refused(.denied) }
            let (user, _) = try restorableUser(id, visit, tx)
            try visit.refuseTaken(user, tx)
            if user.isGuest, try tx.user(of: user.home, in: visit.tenant.id) != nil { throw visit.refused(.nameTaken) }
            try tx.markRestored(user.id)
            let cause = visit.cause(token, trace)
            if user.isGuest {
                try tx.append(cause.event(.userRestored, of: user, in: visit.tenant, at: visit.now))
            } else {
                try change(
                    user, to: .restore, event: .userRestored, in: visit.tenant, now: visit.now, region: visit.region, cause: cause,
                    tx)
            }
            return try visit.profile(of: user, tx)
        }
    }

    /// `DELETE /directory/deletedItems/{id}`: for good.
    package func purgeUser(_ id: String, token: BearerToken, trace: RequestTrace) throws -> (Void, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            guard visit.caller.mayDeleteUsers else { throw visit.refused(.denied) }
            let user = try restorableUser(id, visit, tx).user
            try tx.purge(user.id)
            try tx.append(visit.cause(token, trace).event(.userPurged, of: user, in: visit.tenant, at: visit.now))
        }
    }

    private func restorableUser(
        _ id: String, _ visit: ResourceVisit, _ tx: StoreTransaction
    ) throws -> (user: User, deletedAt: Timestamp) {
        guard let guid = GUID(id),
            let found = try tx.deletedUsers(in: visit.tenant.id, since: visit.now - Self.restorable, id: guid, limit: 1).first
        else { throw visit.refused(.notFound(id)) }
        return found
    }

    // MARK: Guests

    /// `POST /invitations`: makes a guest of somebody who is at home in another tenant of this Lapse.
    package func invite(_ body: JSON, token: BearerToken, trace: RequestTrace) throws -> (GraphProfile, Landing) {
        let id = random.guid()
        return try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            guard visit.caller.mayInvite else { throw visit.refused(.denied) }
            guard let address = body["invitedUserEmailAddress"]?.text, address.utf8.count <= 256 else {
                throw visit.refused(
                    .badRequest("A value is required for property 'invitedUserEmailAddress' of resource 'Invitation'."))
            }
            guard body["inviteRedirectUrl"]?.text?.isEmpty == false else {
                throw visit.refused(.badRequest("A value is required for property 'inviteRedirectUrl' of resource 'Invitation'."))
            }
            let domain = address.split(separator: "@").last.map(String.init) ?? ""
            guard let home = try tx.tenant(domain: domain), home.id != visit.tenant.id,
                let member = try tx.user(address, in: home.id), !member.isGuest
            else {
                throw visit.refused(
                    .badRequest("Lapse: '\(address)' is no member of another tenant here, and a guest has to sign in at home."))
            }
            if let known = try tx.user(of: member.home, in: visit.tenant.id) { return try visit.profile(of: known, tx) }
            let name = address.replacing("@", with: "_") + "#EXT#@" + visit.tenant.domains[0]
            let guest = User(
                id: id, tenant: visit.tenant.id, userPrincipalName: name,
                displayName: body["invitedUserDisplayName"]?.text ?? member.displayName, mail: address, passwordHash: nil,
                guestOf: member.home, createdAt: visit.now)
            try visit.refuseTaken(guest, tx)
            try add(guest, in: visit.tenant, now: visit.now, cause: visit.cause(token, trace), tx)
            return try visit.profile(of: guest, tx)
        }
    }
}

extension ResourceVisit {
    /// A user who is still in the directory, wherever the request landed.
    func member(_ target: GraphRequest.User, _ tx: StoreTransaction) throws -> User {
        let user = try find(target, tx)
        guard try !tx.isDeleted(user.id) else { throw refused(.notFound(user.id.description)) }
        return user
    }

    func refuseTaken(_ user: User, _ tx: StoreTransaction) throws {
        guard try !tx.isTaken(userID: user.id, userPrincipalName: user.userPrincipalName).name else { throw refused(.nameTaken) }
    }

    func reading<Value>(_ read: () throws(GraphError) -> Value) throws -> Value {
        do { return try read() } catch { throw refused(error) }
    }

    /// Who does it, for the log.
    func cause(_ token: BearerToken, _ trace: RequestTrace) -> DirectoryCause {
        DirectoryCause(
            actor: caller.user?.id.description ?? token.claims.client.description, client: token.claims.client,
            requestID: trace.requestID)
    }
}
