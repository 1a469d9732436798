import LapseRules
import LapseStore

/// A user whom the directory can still restore.
package struct DeletedUser: Sendable {
    package let profile: GraphProfile
    package let deletedAt: Timestamp
}

// Graph's calls on deleted users.
extension Authority {
    /// `GET /directory/deletedItems/microsoft.graph.user`, the last first.
    package func listDeletedUsers(token: BearerToken, trace: RequestTrace) throws -> Outcome<[DeletedUser], GraphError> {
        try admittingReader(token, to: .graph, trace) { request in
            guard request.caller.mayRead(nil) else { throw GraphError.denied }
            return try request.restorable().map { DeletedUser(profile: try request.profile(of: $0.user), deletedAt: $0.deletedAt) }
        }
    }

    package func readDeletedUser(_ id: String, token: BearerToken, trace: RequestTrace) throws -> Outcome<DeletedUser, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            guard request.caller.mayRead(nil) else { throw GraphError.denied }
            let (user, deletedAt) = try request.restorable(id)
            return DeletedUser(profile: try request.profile(of: user), deletedAt: deletedAt)
        }
    }

    /// `POST /directory/deletedItems/{id}/restore`. Older grants live again where it is in effect, unless a revocation kills them.
    package func restoreUser(_ id: String, token: BearerToken, trace: RequestTrace) throws -> Outcome<GraphProfile, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            guard request.caller.mayDeleteUsers else { throw GraphError.denied }
            let op = request.op
            let user = try request.restorable(id).user
            guard request.caller.mayDelete(user) else { throw GraphError.denied }
            try op.refuseTakenName(of: user)
            if user.isGuest, try op.tx.user(of: user.home, in: op.tenant.id) != nil { throw GraphError.nameTaken }
            try op.tx.markRestored(user.id)
            if user.isGuest {
                try op.tx.append(op.directoryEvent(.userRestored, of: user, by: request.actor))
            } else {
                try op.change(user, to: .restore, .userRestored, by: request.actor)
            }
            return try request.profile(of: user)
        }
    }

    /// `DELETE /directory/deletedItems/{id}`: for good.
    package func purgeUser(_ id: String, token: BearerToken, trace: RequestTrace) throws -> Outcome<Void, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            guard request.caller.mayDeleteUsers else { throw GraphError.denied }
            let user = try request.restorable(id).user
            guard request.caller.mayDelete(user) else { throw GraphError.denied }
            try request.op.tx.purge(user.id)
            try request.op.tx.append(request.op.directoryEvent(.userPurged, of: user, by: request.actor))
        }
    }
}

extension AdmittedRequest {
    /// Entra: a deleted user can be restored for thirty days.
    private var oldestDeletion: Timestamp { op.now - .seconds(30 * 86_400) }
    private static let longestList = 999

    fileprivate func restorable() throws -> [(user: User, deletedAt: Timestamp)] {
        try op.tx.deletedUsers(in: op.tenant.id, since: oldestDeletion, limit: Self.longestList)
    }

    fileprivate func restorable(_ id: String) throws -> (user: User, deletedAt: Timestamp) {
        guard let guid = GUID(id),
            let found = try op.tx.deletedUsers(in: op.tenant.id, since: oldestDeletion, id: guid, limit: 1).first
        else { throw GraphError.notFound(id) }
        return found
    }
}
