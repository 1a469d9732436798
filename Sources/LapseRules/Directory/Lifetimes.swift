/// How long does each thing live? Overrides of Entra's lifetimes, per tenant or per app; nil leaves the wider setting in force.
package struct Lifetimes: Equatable, Sendable {
    /// The name in settings and in the control API, and which field it sets.
    static let fields: [(name: String, path: WritableKeyPath<Lifetimes, Duration?> & Sendable)] = [
        ("accessToken", \.accessToken), ("caeAccessToken", \.caeAccessToken), ("idToken", \.idToken),
        ("refreshTokenInactivity", \.refreshTokenInactivity), ("spaRefreshToken", \.spaRefreshToken),
        ("code", \.code), ("deviceCode", \.deviceCode), ("session", \.session), ("persistentSession", \.persistentSession),
        ("signInFrequency", \.signInFrequency),
    ]

    package var accessToken: Duration?
    package var caeAccessToken: Duration?
    package var idToken: Duration?
    package var refreshTokenInactivity: Duration?
    package var spaRefreshToken: Duration?
    package var code: Duration?
    package var deviceCode: Duration?
    package var session: Duration?
    package var persistentSession: Duration?
    package var signInFrequency: Duration?

    package init() {}

    init(_ value: JSON, path: String) throws(FieldError) {
        self.init()
        var reader = try ObjectReader(value, path: path)
        for (name, field) in Self.fields {
            guard let duration = try reader.duration(name) else { continue }
            guard duration >= .seconds(1) else { throw FieldError(reader.field(name), "must be at least PT1S") }
            self[keyPath: field] = duration
        }
        try reader.finish()
    }

    package var json: JSON {
        .object(
            Self.fields.compactMap { name, field in
                self[keyPath: field].map { JSON.Member(name: name, value: .string($0.iso8601)) }
            })
    }

    /// These lifetimes where they are set, the wider ones elsewhere.
    package func over(_ wider: Lifetimes) -> Lifetimes {
        guard self != Lifetimes() else { return wider }
        var merged = wider
        for (_, field) in Self.fields {
            if let own = self[keyPath: field] { merged[keyPath: field] = own }
        }
        return merged
    }
}

/// The lifetimes in force for one client in one tenant: the app's, else the tenant's, else Entra's (facts of its docs).
package struct EffectiveLifetimes: Sendable {
    private let overrides: Lifetimes

    package init(tenant: Tenant, app: AppRegistration?) {
        overrides = app.map { $0.lifetimes.over(tenant.policies.lifetimes) } ?? tenant.policies.lifetimes
    }

    /// Entra: access-tokens.md, a random time between 60 and 90 minutes.
    package func accessToken(random: RandomSource) -> Duration {
        overrides.accessToken ?? .seconds(random.integer(in: 3600...5399))
    }

    /// A token that resources evaluate continuously. Entra: concept-continuous-access-evaluation.md, up to 28 hours, of which
    /// observers see the last eight drawn by chance.
    package func evaluatedAccessToken(random: RandomSource) -> Duration {
        overrides.caeAccessToken ?? .seconds(random.integer(in: 72_000...100_800))
    }

    /// Entra: v2-oauth2-client-creds-grant-flow.md, typically 3599 seconds for an application's own token.
    package var applicationToken: Duration { overrides.accessToken ?? .seconds(3599) }
    /// Entra: id-tokens.md, one hour.
    package var idToken: Duration { overrides.idToken ?? .seconds(3600) }
    /// Entra: refresh-tokens.md, 90 days, sliding.
    package var refreshTokenInactivity: Duration { overrides.refreshTokenInactivity ?? .seconds(90 * 86_400) }
    /// Entra: refresh-tokens.md, 24 hours, fixed.
    package var spaRefreshToken: Duration { overrides.spaRefreshToken ?? .seconds(86_400) }
    /// Entra: v2-oauth2-auth-code-flow.md, about ten minutes.
    package var code: Duration { overrides.code ?? .seconds(600) }
    /// Entra: v2-oauth2-device-code.md, fifteen minutes.
    package var deviceCode: Duration { overrides.deviceCode ?? .seconds(900) }
    /// Entra: configurable-token-lifetimes.md, 24 hours without use.
    package var session: Duration { overrides.session ?? .seconds(86_400) }
    /// Entra: configurable-token-lifetimes.md, 90 days without use.
    package var persistentSession: Duration { overrides.persistentSession ?? .seconds(90 * 86_400) }

    /// How old a sign-in may be. Nil: any age will do, as at Entra without a conditional access policy.
    package var signInFrequency: Duration? { overrides.signInFrequency }

    package func session(persistent: Bool) -> Duration { persistent ? persistentSession : session }
}
