import LapseRules
import LapseStore

// Graph's calls that set passwords.
extension Authority {
    /// `POST /me/changePassword`: `{"currentPassword","newPassword"}`.
    package func changePassword(_ body: JSON, token: BearerToken, trace: RequestTrace) throws -> Outcome<Void, GraphError> {
        try admitting(token, to: .graph, trace) { request in
            let old = try request.member(.me)
            guard request.caller.mayChangeOwnPassword else { throw GraphError.denied }
            guard !old.isGuest else { throw GraphError.foreignAccount }
            let (current, new) = (try Self.password("currentPassword", in: body), try Self.password("newPassword", in: body))
            let op = request.op
            let lockout = try op.tx.lockout(of: old.id)
            guard !lockout.isLocked(at: op.now), old.hasPassword(current) else {
                if !lockout.isLocked(at: op.now) { try op.tx.set(lockout.afterFailure(at: op.now), of: old.id) }
                throw GraphError.wrongCurrentPassword
            }
            try GraphUserChanges.check(new)
            try op.setPassword(new, of: old, as: .passwordChange, by: request.actor)
        }
    }

    /// `POST /users/{id}/authentication/methods/{password}/resetPassword`: `{"newPassword"?}`.
    ///
    /// - Returns: the password that was made up; nil when the caller gave one.
    package func resetPassword(
        of target: GraphRequest.User, _ body: JSON, token: BearerToken, trace: RequestTrace
    ) throws -> Outcome<String?, GraphError> {
        let madeUp = "Lp1-" + random.token(bytes: 9)
        return try admitting(token, to: .graph, trace) { request in
            let old = try request.member(target)
            guard request.caller.mayResetPassword(of: old) else { throw GraphError.denied }
            guard !old.isGuest else { throw GraphError.foreignAccount }
            var given: String?
            if body["newPassword"] ?? .null != .null {
                given = try Self.password("newPassword", in: body)
                try GraphUserChanges.check(given!)
            }
            try request.op.setPassword(given ?? madeUp, of: old, as: .adminResetEntra, by: request.actor)
            return given == nil ? madeUp : nil
        }
    }

    private static func password(_ name: String, in body: JSON) throws(GraphError) -> String {
        guard let text = body[name]?.text, !text.isEmpty, text.utf8.count <= 2048 else {
            throw .badRequest("Invalid value specified for parameter '\(name)'.")
        }
        return text
    }
}
