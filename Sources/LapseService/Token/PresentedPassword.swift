import LapseRules
import LapseStore

/// A user name and password with what they come to.
struct PresentedPassword: PresentedGrant {
    let accepted = Event.Kind.signedIn, refused = Event.Kind.signInRefused
    let grant: Grant? = nil
    private let attempt: SignInAttempt
    private let account: User?

    /// - Throws: `EntraError` for an alias that the flow does not work under.
    init(_ userName: String, _ password: String, at name: TenantName, _ op: Operation) throws {
        // Entra: facts, the password flow works under `organizations` and at a tenant only.
        guard name != .alias(.common), name != .alias(.consumers) else { throw AADSTS.notOverCommon.error() }
        let named = try op.tx.tenant(named: name)
        attempt = try (named.map { try op.in($0) } ?? op).attempt(userName: userName, .password(password))
        account = try attempt.home.flatMap { try op.tx.user(of: $0, in: named?.id ?? $0.tenant) }
    }

    var tenant: GUID? { account?.tenant }
    var user: GUID? { account?.id }
    var subject: GUID? { account?.home.user }

    func decide(_ request: TokenRequest, in context: TokenContext, _ op: Operation) throws -> TokenDecision {
        try op.countPasswords(attempt)
        return PasswordGrant.decide(request, signIn: attempt, sequence: op.tx.nextEventID(), in: context)
    }
}
