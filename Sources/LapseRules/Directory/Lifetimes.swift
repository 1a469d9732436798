/// How long does each thing live? Overrides of Entra's lifetimes, per tenant or per app; nil leaves the wider setting in force.
public struct Lifetimes: Equatable, Sendable {
    /// The name in settings and in the control API, and which field it sets.
    static let fields: [(name: String, path: WritableKeyPath<Lifetimes, Duration?> & Sendable)] = [
        ("accessToken", \.accessToken), ("caeAccessToken", \.caeAccessToken), ("idToken", \.idToken),
        ("refreshTokenInactivity", \.refreshTokenInactivity), ("spaRefreshToken", \.spaRefreshToken),
        ("code", \.code), ("deviceCode", \.deviceCode), ("session", \.session), ("persistentSession", \.persistentSession),
        ("signInFrequency", \.signInFrequency),
    ]

    public var accessToken: Duration?
    public var caeAccessToken: Duration?
    public var idToken: Duration?
    public var refreshTokenInactivity: Duration?
    public var spaRefreshToken: Duration?
    public var code: Duration?
    public var deviceCode: Duration?
    public var session: Duration?
    public var persistentSession: Duration?
    public var signInFrequency: Duration?

    public init() {}

    public init(_ value: JSON, path: String) throws(FieldError) {
        self.init()
        var reader = try ObjectReader(value, path: path)
        for (name, field) in Self.fields {
            guard let duration = try reader.duration(name) else { continue }
            guard duration >= .seconds(1) else { throw FieldError(reader.field(name), "must be at least PT1S") }
            self[keyPath: field] = duration
        }
        try reader.finish()
    }

    public var json: JSON {
        .object(
            Self.fields.compactMap { name, field in
                self[keyPath: field].map { JSON.Member(name: name, value: .string($0.iso8601)) }
            })
    }

    /// These lifetimes where they are set, the wider ones elsewhere.
    public func over(_ wider: Lifetimes) -> Lifetimes {
        guard self != Lifetimes() else { return wider }
        var merged = wider
        for (_, field) in Self.fields {
            if let own = self[keyPath: field] { merged[keyPath: field] = own }
        }
        return merged
    }
}

/// The lifetimes in force for one client in one tenant: the app's, else the tenant's, else Entra's (facts of its docs).
public struct EffectiveLifetimes: Sendable {
    private let overrides: Lifetimes

    public init(tenant: Tenant, app: AppRegistration?) {
        overrides = app.map { $0.lifetimes.over(tenant.policies.lifetimes) } ?? tenant.policies.lifetimes
    }

    /// Entra: access-tokens.md, a random time between 60 and 90 minutes.
    public func accessToken(random: RandomSource) -> Duration {
        overrides.accessToken ?? .seconds(random.integer(in: 3600...5399))
    }

    /// A token that resources evaluate continuously. Entra: concept-continuous-access-evaluation.md, up to 28 hours, of which
    /// observers see the last eight drawn by chance.
    public func evaluatedAccessToken(random: RandomSource) -> Duration {
        overrides.caeAccessToken ?? .seconds(random.integer(in: 72_000...100_800))
    }

    /// Entra: v2-oauth2-client-creds-grant-flow.md, typically 3599 seconds for an application's own token.
    public var applicationToken: Duration { overrides.accessToken ?? .seconds(3599) }
    /// Entra: id-tokens.md, one hour.
    public var idToken: Duration { overrides.idToken ?? .seconds(3600) }
    /// Entra: refresh-tokens.md, 90 days, sliding.
    public var refreshTokenInactivity: Duration { overrides.refreshTokenInactivity ?? .seconds(90 * 86_400) }
    /// Entra: refresh-tokens.md, 24 hours, fixed.
    public var spaRefreshToken: Duration { overrides.spaRefreshToken ?? .seconds(86_400) }
    /// Entra: v2-oauth2-auth-code-flow.md, about ten minutes.
    public var code: Duration { overrides.code ?? .seconds(600) }
    /// Entra: v2-oauth2-device-code.md, fifteen minutes.
    public var deviceCode: Duration { overrides.deviceCode ?? .seconds(900) }
    /// Entra: configurable-token-lifetimes.md, 24 hours without use.
    public var session: Duration { overrides.session ?? .seconds(86_400) }
    /// Entra: configurable-token-lifetimes.md, 90 days without use.
    public var persistentSession: Duration { overrides.persistentSession ?? .seconds(90 * 86_400) }

    /// How old a sign-in may be. Nil: any age will do, as at Entra without a conditional access policy.
    public var signInFrequency: Duration? { overrides.signInFrequency }

    public func session(persistent: Bool) -> Duration { persistent ? persistentSession : session }
}
