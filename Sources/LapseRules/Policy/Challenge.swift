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

    /// The refusals that can be switched on, in the order in which they are made. Entra: facts of refresh-time codes.
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

    /// - Parameter codes: those that make sense here.
    init(_ value: JSON, path: String, codes: [AADSTS]) throws(FieldError) {
        var reader = try ObjectReader(value, path: path)
        let number = try reader.integer("code", in: 0...Int64(Int32.max))
        guard let code = codes.first(where: { Int64($0.rawValue) == number }) else {
            let known = codes.map { String($0.rawValue) }.joined(separator: ", ")
            throw FieldError(reader.field("code"), "must be one of: \(known)")
        }
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

    /// The list of a user or an app; nil when the object has none. Only an app has a secret that can expire.
    static func list(_ reader: inout ObjectReader, ofApp: Bool) throws(FieldError) -> [Challenge]? {
        let codes = codes.filter { ofApp || $0 != .secretExpired }
        let path = reader.field("challenges")
        guard let values = try reader.array("challenges") else { return nil }
        var list: [Challenge] = []
        for (index, value) in values.enumerated() { list.append(try Challenge(value, path: "\(path)[\(index)]", codes: codes)) }
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
        // An expired secret is met when the client proves who it is.
        guard let code = Challenge.codes.first(where: { $0 != .secretExpired && made.contains($0) }) else { return nil }
        return code.challenge(app: app, resource: resource)
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

    static func consentRefusal(user: User, app: AppRegistration) -> EntraError? {
        user.withdrawnConsents.contains(app.id) ? .notConsented(app) : nil
    }
}

extension AADSTS {
    fileprivate func challenge(app: AppRegistration, resource: ResourceAPI) -> EntraError {
        error(["resource": resource.id.description, "app": app.id.description, "name": app.name]).with(claims: usualClaims)
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
    static func notConsented(_ app: AppRegistration) -> EntraError {
        AADSTS.notConsented.error(["app": app.id.description, "name": app.name])
    }
}

extension TokenContext {
    /// The scope of the answer, after the policies were asked: Entra's order puts them behind the token's own end and consent
    /// last.
    ///
    /// - Parameter occasion: nil for a code, whose sign-in was asked about when it was made.
    func granted(
        _ text: String, mayNameSeveralResources: Bool = false, by authentication: Authentication, of account: AccountFacts,
        on occasion: Challenge.Occasion?
    ) throws(Refusal) -> GrantedScope {
        let scopes = scopes
        let scope = Result { () throws(EntraError) in
            try scopes.delegated(text, mayNameSeveralResources: mayNameSeveralResources)
        }
        let resource = (try? scope.get())?.resource ?? scopes.graph
        try AccessPolicy.refusal(of: authentication, within: lifetimes.signInFrequency, now: account.homeNow).throwIfRefused()
        if let occasion {
            try AccessPolicy.challenge(on: occasion, user: account.user, app: app, resource: resource).throwIfRefused()
        }
        try AccessPolicy.consentRefusal(user: account.user, app: app).throwIfRefused()
        return try refusing { () throws(EntraError) in try scope.get() }
    }
}
