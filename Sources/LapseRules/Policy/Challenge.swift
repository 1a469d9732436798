/// A refusal that a policy makes, switched on for a user or an app until it is switched off.
///
/// Entra's conditional access has conditions; the lab's has a switch, so that a test meets the refusal when it wants to.
package struct Challenge: Hashable, Sendable {
    /// When it is made.
    package enum Occasion: String, CaseIterable, Sendable {
        /// A refresh token or an on-behalf-of assertion is redeemed.
        case refresh
        /// Somebody signs in: at authorize, at `/devicelogin`, by the password flow, by a client secret.
        case authorize
    }

    /// The refusals that are made first, in their order; all others follow as they were switched on. Entra: facts of refresh-time codes.
    package static let codes: [AADSTS] = [
        .secretExpired, .accountLocked, .passwordExpired, .mfaRequired, .mfaEnrollmentRequired, .mfaExpired, .accessBlocked,
        .deviceNotManaged, .notConsented,
    ]

    package let code: AADSTS
    package let on: Set<Occasion>

    package init(code: AADSTS, on: Set<Occasion>) {
        self.code = code
        self.on = on
    }

    /// The refusal that is made, of those that are switched on; nil: none.
    static func made(of made: [AADSTS]) -> AADSTS? {
        // An expired secret is met when the client proves who it is.
        Self.codes.first { $0 != .secretExpired && made.contains($0) } ?? made.first { $0 != .secretExpired }
    }

    /// - Parameter ofApp: only an app has a secret that can expire.
    init(_ value: JSON, path: String, ofApp: Bool) throws(FieldError) {
        var reader = try ObjectReader(value, path: path)
        let number = try reader.integer("code", in: 0...Int64(Int32.max))
        guard let code = number.flatMap({ AADSTS(rawValue: Int($0)) }) else {
            throw FieldError(reader.field("code"), "must be the number of a code that docs/codes.md lists")
        }
        guard ofApp || code != .secretExpired else { throw FieldError(reader.field("code"), "is for apps: a user has no secret") }
        self.code = code
        var occasions: Set<Occasion> = []
        for (index, name) in (try reader.strings("on") ?? Occasion.allCases.map(\.rawValue)).enumerated() {
            guard let occasion = Occasion(rawValue: name) else {
                throw FieldError(reader.field("on") + "[\(index)]", "must be refresh or authorize")
            }
            occasions.insert(occasion)
        }
        guard !occasions.isEmpty else { throw FieldError(reader.field("on"), "must name refresh, authorize or both") }
        on = occasions
        try reader.finish()
    }

    /// The list of a user or an app; nil when the object has none.
    static func list(_ reader: inout ObjectReader, ofApp: Bool) throws(FieldError) -> [Challenge]? {
        let path = reader.field("challenges")
        guard let values = try reader.array("challenges") else { return nil }
        var list: [Challenge] = []
        for (index, value) in values.enumerated() { list.append(try Challenge(value, path: "\(path)[\(index)]", ofApp: ofApp)) }
        return list
    }

    package var json: JSON {
        [
            "code": .integer(Int64(code.rawValue)),
            "on": JSON(Occasion.allCases.filter(on.contains).map(\.rawValue)),
        ]
    }
}

/// What policies say of a sign-in or a token request that is otherwise good.
package enum AccessPolicy {
    /// The challenge that is made on the occasion, of those switched on for the user or the app. Nil: none.
    package static func challenge(
        on occasion: Challenge.Occasion, user: User, app: AppRegistration, resource: ResourceAPI
    ) -> EntraError? {
        // Every redeem asks, and most users and apps have none: nothing is collected then.
        guard !user.challenges.isEmpty || !app.challenges.isEmpty else { return nil }
        let made = (user.challenges + app.challenges).filter { $0.on.contains(occasion) }.map(\.code)
        return Challenge.made(of: made)?.challenge(of: user, app: app, resource: resource)
    }

    /// Whether the sign-in is older than the tenant or the app lets it be. Entra: facts of 70043, the seconds are the policy's.
    ///
    /// - Parameter now: on the home clock, as the sign-in's `authTime`.
    static func refusal(of authentication: Authentication, within frequency: Duration?, now: Timestamp) -> EntraError? {
        guard let frequency, authentication.place.at + frequency <= now else { return nil }
        return AADSTS.signInFrequency.error([
            "issued": authentication.place.at.description, "seconds": String(frequency.wholeSeconds),
        ])
    }

    /// - Parameter scope: of a request that may ask for more than the app is registered for; nil: of another.
    /// - Parameter everybodys: what an administrator consented to for everybody.
    package static func consentRefusal(
        user: User, app: AppRegistration, scope: GrantedScope? = nil, everybodys: Set<String> = []
    ) -> EntraError? {
        if user.withdrawnConsents.contains(app.id) { return .notConsented(app) }
        guard let scope, !scope.dynamic.isEmpty else { return nil }
        return scope.dynamic.allSatisfy(user.consents[app.id, default: []].union(everybodys).contains) ? nil : .notConsented(app)
    }
}

extension AADSTS {
    fileprivate func challenge(of user: User, app: AppRegistration, resource: ResourceAPI) -> EntraError {
        error([
            "resource": resource.id.description, "app": app.id.description, "name": app.name, "user": user.userPrincipalName,
        ]).with(claims: usualClaims)
    }

    /// The demand that comes with the code, which the client hands back to authorize. Entra: recorded with these.
    var usualClaims: String? {
        switch self {
        case .mfaRequired, .mfaEnrollmentRequired, .accessBlocked:
            #"{"access_token":{"capolids":{"essential":true,"values":["\#(Self.policyID)"]}}}"#
        default: nil
        }
    }

    /// The policy that makes the lab's challenges.
    private static let policyID = "cccccccc-0003-4000-8000-000000000001"
}

extension EntraError {
    static func forItself(_ app: AppRegistration) -> EntraError {
        AADSTS.forItself.error(["app": app.id.description, "name": app.name])
    }

    /// Entra: seen with `.default` beside named permissions.
    package static func defaultBesideOthers(_ scope: String) -> EntraError {
        let error = AADSTS.invalidScope.error(["scope": scope])
        return error.with(text: error.text + " .default scope can't be combined with resource-specific scopes.")
    }

    static func notConsented(_ app: AppRegistration) -> EntraError {
        AADSTS.notConsented.error(["app": app.id.description, "name": app.name])
    }
}

extension TokenContext {
    /// The scope of the answer, after the policies were asked: Entra's order puts them behind the token's own end and consent
    /// last.
    ///
    /// - Parameter occasion: nil for a code, whose sign-in was asked about when it was made.
    /// - Parameter request: names the API of its scope besides, or not.
    func granted(
        _ text: String, for request: TokenRequest, several: ScopePolicy.Several = .refused, by authentication: Authentication,
        of account: AccountFacts, on occasion: Challenge.Occasion?
    ) throws(Refusal) -> GrantedScope {
        let scopes = scopes
        let consented = (account.user.consents[app.id] ?? []).union(everybodysConsents)
        let scope = Result { () throws(EntraError) in
            let scope = try scopes.delegated(text, several: several, consented: consented)
            try scope.resource.check(indicator: request.indicator)
            return scope
        }
        let resource = (try? scope.get())?.resource ?? scopes.graph
        try AccessPolicy.refusal(of: authentication, within: lifetimes.signInFrequency, now: account.homeNow).throwIfRefused()
        if let occasion {
            try AccessPolicy.challenge(on: occasion, user: account.user, app: app, resource: resource).throwIfRefused()
        }
        try AccessPolicy.consentRefusal(user: account.user, app: app).throwIfRefused()
        return try refusing { () throws(EntraError) in try scope.get() }
    }

    /// The same for a request that redeems a grant: without a scope, for all that was granted.
    func granted(
        _ request: TokenRequest, of grant: Grant, by account: AccountFacts, on occasion: Challenge.Occasion?
    ) throws(Refusal) -> GrantedScope {
        try granted(
            request.scope ?? grant.scope, for: request, several: request.scope == nil ? .unchosen : .refused,
            by: grant.authentication,
            of: account, on: occasion)
    }
}
