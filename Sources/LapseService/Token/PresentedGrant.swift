import LapseRules

/// What a token request brings, as it stands in the store and not yet judged: one type for each grant type. Whoever makes one finds
/// it; ``decide(_:in:_:)`` loads the facts that the grant's rule asks for, and asks the rule.
protocol PresentedGrant {
    /// The event of a "yes", and of a "no".
    var accepted: Event.Kind { get }
    var refused: Event.Kind { get }
    /// The grant that is redeemed; nil when there is none yet.
    var grant: Grant? { get }
    /// The class of that grant.
    var grantClass: ClientClass? { get }
    /// Where what is presented belongs: a request to `common` goes there.
    var tenant: GUID? { get }
    /// Whom the event is about, before anything is decided.
    var user: GUID? { get }
    /// Whose passed requests count: the grant, or the account that signs in freshly.
    var subject: GUID? { get }
    /// The fingerprint of a refresh token, for the log.
    var fingerprint: String? { get }

    func decide(_ request: TokenRequest, in context: TokenContext, _ op: Operation) throws -> TokenDecision
}

extension PresentedGrant {
    var tenant: GUID? { grant?.tenant }
    var user: GUID? { grant?.user }
    var subject: GUID? { grant?.id }
    var fingerprint: String? { nil }
    var grantClass: ClientClass? { grant?.clientClass }
}
