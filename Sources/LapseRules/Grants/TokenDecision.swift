/// The token endpoint's answer as a value, with what the store has to write for it.
package enum TokenDecision: Sendable {
    case issue(TokenIssue)
    case refuse(Refusal)
}

package struct TokenIssue: Sendable {
    /// What was used up by the answer.
    package enum Spent: Sendable {
        case code(SecretHash)
        case deviceCode(SecretHash)
    }

    package let plan: TokenPlan
    /// A grant that this request made, nil when it redeemed an older one.
    package let newGrant: Grant?
    package let refreshToken: RefreshToken?
    package let spent: Spent?
    /// Requests that revocations still let pass and count.
    package internal(set) var attempts: [Attempt] = []

    init(plan: TokenPlan, newGrant: Grant? = nil, refreshToken: RefreshToken?, spent: Spent? = nil) {
        self.plan = plan
        self.newGrant = newGrant
        self.refreshToken = refreshToken
        self.spent = spent
    }
}

extension TokenDecision {
    /// Runs a decision written as a list of checks that throw. The rule's check adds what the request used up.
    static func deciding(_ checks: (inout [Attempt]) throws(Refusal) -> TokenIssue) -> TokenDecision {
        var attempts: [Attempt] = []
        do {
            var issue = try checks(&attempts)
            issue.attempts = attempts
            return .issue(issue)
        } catch {
            var refusal = error
            refusal.attempts = attempts
            return .refuse(refusal)
        }
    }

    package var attempts: [Attempt] {
        switch self {
        case .issue(let issue): issue.attempts
        case .refuse(let refusal): refusal.attempts
        }
    }
}

extension EntraError? {
    /// Throws the error when there is one.
    func throwIfRefused() throws(Refusal) {
        if let error = self { throw Refusal(error: error) }
    }
}

extension Refusal? {
    func throwIfRefused() throws(Refusal) {
        if let refusal = self { throw refusal }
    }
}

/// Runs what throws the authority's error where a refusal is expected.
func refusing<Value>(_ body: () throws(EntraError) -> Value) throws(Refusal) -> Value {
    do {
        return try body()
    } catch {
        throw Refusal(error: error)
    }
}

extension AccountFacts {
    /// The rule at the token endpoint. A request that answers a challenge is held to what any region's resources have learned,
    /// too: it must not come back with a token that they would challenge again.
    func admit(
        _ grant: Grant, _ request: TokenRequest, in context: TokenContext, counting used: inout [Attempt]
    ) throws(Refusal) {
        try admit(grant.subject, on: .refresh, in: context.region, counting: &used)
        if request.claims.answersChallenge { try refusalByAnyResource(of: grant.subject).throwIfRefused() }
    }
}

/// A single-page app's codes and tokens are redeemed by browsers from elsewhere, all others never.
enum CrossOrigin {
    static func refusal(origin: String?, isForSPA: Bool) -> EntraError? {
        switch (origin != nil, isForSPA) {
        case (true, false): AADSTS.crossOriginNotSPA.error(["origin": origin ?? ""])
        case (false, true): AADSTS.spaNotCrossOrigin.error()
        case (true, true), (false, false): nil
        }
    }
}
