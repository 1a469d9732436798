/// Does an access token open Graph's door?
public enum GraphAccess {
    /// Nil: yes. Entra: every access token passes until it ends, whatever was revoked meanwhile.
    ///
    /// - Parameter knowsGrant: whether the store still has the grant that the token names; true for applications' own tokens.
    public static func refusal(of claims: AccessTokenClaims, knowsGrant: Bool, now: Timestamp) -> GraphError? {
        guard claims.audience == ResourceAPI.graph.audience else { return .wrongAudience }
        guard now < claims.expiresAt else { return .expiredToken }
        return knowsGrant ? nil : .unknownGrant
    }
}
