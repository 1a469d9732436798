import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import NIOCore

// Graph's calls that change users.
extension GraphEndpoint {
    /// What changes something: a body in, as a rule nothing out.
    func answer(
        _ asked: GraphRequest.DirectoryChange, version: String, _ body: JSON, token: BearerToken, _ trace: RequestTrace
    ) throws -> Response {
        let authority = site.authority
        switch asked {
        case .createUser:
            return responder.answer(try authority.createUser(body, token: token, trace: trace), trace) { profile, routed in
                let context: JSON = ["@odata.context": "\(routed.cloud.metadata(version))#users/$entity"]
                return responder.answer(context.followed(by: members(of: profile)), status: .created, trace: trace)
            }
        case .updateUser(let user): return nothing(try authority.updateUser(user, body, token: token, trace: trace), trace)
        case .deleteUser(let user): return nothing(try authority.deleteUser(user, token: token, trace: trace), trace)
        case .changePassword: return nothing(try authority.changePassword(body, token: token, trace: trace), trace)
        case .resetPassword(let user):
            let outcome = try authority.resetPassword(of: user, body, token: token, trace: trace)
            return responder.answer(outcome, trace) { password, routed in
                let answer: JSON = .object([
                    "@odata.context": "\(routed.cloud.metadata(version))#microsoft.graph.passwordResetResponse",
                    "newPassword": password.map(JSON.string),
                ])
                return responder.answer(answer, status: .accepted, trace: trace)
            }
        case .restoreUser(let id):
            return responder.answer(try authority.restoreUser(id, token: token, trace: trace), trace) { profile, routed in
                let context: JSON = [
                    "@odata.context": "\(routed.cloud.metadata(version))#directoryObjects/$entity",
                    "@odata.type": "#microsoft.graph.user",
                ]
                return responder.answer(context.followed(by: members(of: profile)), trace: trace)
            }
        case .updateApplication(let key):
            return nothing(try authority.updateApplication(key, body, token: token, trace: trace), trace)
        case .addPassword(let key):
            return responder.answer(try authority.addPassword(to: key, body, token: token, trace: trace), trace) {
                credential, routed in
                let context: JSON = ["@odata.context": "\(routed.cloud.metadata(version))#microsoft.graph.passwordCredential"]
                return responder.answer(context.followed(by: credential), trace: trace)
            }
        case .removePassword(let key):
            return nothing(try authority.removePassword(of: key, body, token: token, trace: trace), trace)
        case .createServicePrincipal:
            return responder.answer(try authority.createServicePrincipal(body, token: token, trace: trace), trace) {
                entry, routed in
                let context: JSON = ["@odata.context": "\(routed.cloud.metadata(version))#servicePrincipals/$entity"]
                return responder.answer(context.followed(by: entry), status: .created, trace: trace)
            }
        case .updateServicePrincipal(let key):
            return nothing(try authority.updateServicePrincipal(key, body, token: token, trace: trace), trace)
        case .deleteServicePrincipal(let key):
            return nothing(try authority.deleteServicePrincipal(key, token: token, trace: trace), trace)
        case .assign(let key):
            return responder.answer(try authority.assign(to: key, body, token: token, trace: trace), trace) { entry, routed in
                let context: JSON = ["@odata.context": "\(routed.cloud.metadata(version))#appRoleAssignments/$entity"]
                return responder.answer(context.followed(by: entry), status: .created, trace: trace)
            }
        case .unassign(let key, let id): return nothing(try authority.unassign(from: key, id, token: token, trace: trace), trace)
        case .purgeUser(let id): return nothing(try authority.purgeUser(id, token: token, trace: trace), trace)
        case .invite:
            return responder.answer(try authority.invite(body, token: token, trace: trace), trace) { profile, routed in
                let answer = invitation(profile.user, body, metadata: routed.cloud.metadata(version))
                return responder.answer(answer, status: .created, trace: trace)
            }
        }
    }

    private func nothing(_ outcome: Outcome<Void, GraphError>, _ trace: RequestTrace) -> Response {
        responder.answer(outcome, trace) { _, _ in responder.answerNothing(trace: trace) }
    }

    private func members(of profile: GraphProfile) -> JSON { GraphQuery.all.shown(profile.json) }

    /// Entra: invitation-post. Whoever is invited has an account already: nothing is pending.
    private func invitation(_ guest: User, _ body: JSON, metadata: String) -> JSON {
        let redirect = body["inviteRedirectUrl"] ?? .null
        return [
            "@odata.context": .string("\(metadata)#invitations/$entity"), "id": .string(guest.id.description),
            "inviteRedeemUrl": redirect, "invitedUserDisplayName": .string(guest.displayName), "invitedUserType": "Guest",
            "invitedUserEmailAddress": JSON(guest.mail), "sendInvitationMessage": false, "inviteRedirectUrl": redirect,
            "status": "Completed", "invitedUser": ["id": .string(guest.id.description)],
        ]
    }
}

extension Request {
    /// The JSON object of a body.
    ///
    /// - Throws: `GraphError` for anything else. No body is an empty object: what is missing in it is named then.
    func graphBody() async throws -> JSON {
        let bytes: [UInt8]
        do { bytes = try await self.bytes() } catch is NIOTooManyBytesError { throw GraphError.tooLarge }
        if bytes.isEmpty { return [:] }
        guard hasContent("application/json") else { throw GraphError.wrongContentType }
        guard let body = JSON(parsing: bytes), case .object = body else { throw GraphError.unreadableBody }
        return body
    }
}
