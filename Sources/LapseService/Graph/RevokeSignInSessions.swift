import LapseRules

extension Authority {
    /// `POST …/revokeSignInSessions`. A guest's call changes nothing: the guest signs in at home.
    ///
    /// - Returns: the status that the tenant's policy wants, 200 or 204.
    package func revokeSignInSessions(
        of target: GraphRequest.User, token: BearerToken, trace: RequestTrace
    ) async throws -> Outcome<Int, GraphError> {
        let outcome = try admitting(token, to: .graph, trace) { request in
            let (op, caller) = (request.op, request.caller)
            let user = try request.find(target)
            guard caller.mayRevoke(user, by: op.tenant.policies.permissions) else { throw GraphError.denied }
            try op.revoke(user, cause: caller.user?.id == user.id ? .userRevoke : .adminRevoke, by: request.actor)
            return Int(op.tenant.policies.revokeAnswer)
        }
        if case .success = outcome.result { await gates.pass(.afterRevoke, of: token.claims.tenant) }
        return outcome
    }
}
