/// May this application have a token of its own?
public enum ClientCredentialsGrant {
    public static func decide(_ request: TokenRequest, in context: TokenContext) -> TokenDecision {
        .deciding { (_: inout [Attempt]) throws(Refusal) in
            let resource = try refusing { () throws(EntraError) in
                guard let text = request.scope else { throw .missing("scope") }
                return try context.scopes.application(text)
            }
            let scope = GrantedScope(resource: resource, openID: [], isOffline: false, permissions: [], spelled: [])
            let plan = TokenPlan(
                context, user: nil, grant: nil, scope: scope, wantsClientInfo: false, claims: request.claims, refreshToken: nil)
            return TokenIssue(plan: plan, refreshToken: nil)
        }
    }
}
