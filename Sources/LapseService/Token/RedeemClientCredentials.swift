import LapseRules
import LapseStore

extension Authority {
    func prepareClientCredentials(_ request: TokenRequest, at name: TenantName, wall: Timestamp) throws -> PreparedGrant {
        // An application acts in a directory of its own; an alias names none.
        if case .alias = name { throw Refused(AADSTS.notOverCommon.error(), now: wall) }
        return PreparedGrant(accepted: .clientTokenIssued, refused: .clientTokenRefused) { context in
            ClientCredentialsGrant.decide(request, in: context)
        }
    }
}
