/// May this application have a token of its own?
package enum ClientCredentialsGrant {
    package static func decide(_ request: TokenRequest, in context: TokenContext) -> TokenDecision {
        .deciding { (_: inout [Attempt]) throws(Refusal) in
            let resource = try refusing { () throws(EntraError) in
                try context.scopes.application(try request.requiredScope())
            }
            let scope = GrantedScope(resource: resource, openID: [], isOffline: false, permissions: [], spelled: [])
            let plan = TokenPlan(
                context, for: request, user: nil, grant: nil, scope: scope, refreshToken: nil)
            return TokenIssue(plan: plan, refreshToken: nil)
        }
    }
}
