import LapseRules
import LapseStore

/// Whom a person may sign in as, and in which app: names for next steps that can be typed as they stand.
package struct SampleSignIn: Sendable {
    /// The tenant's domain, or its id when it has none.
    package let tenant: String
    /// Nil when nobody of the tenant has a password.
    package let user: User?
    /// Nil when it has no app that signs users in.
    package let app: AppRegistration?

    /// The user's password where everybody knows it.
    package var password: String? { user?.hasPassword(BuiltInLab.password) == true ? BuiltInLab.password : nil }
}

extension Authority {
    /// The first user and the first app of the built-in lab or, without it, of the first tenant that has both; nil without any tenant.
    ///
    /// Public apps come first, then those of single pages, which need no secret either, then confidential ones.
    package func sampleSignIn() throws -> SampleSignIn? {
        try store.read { tx in
            let tenants = try tx.tenantsThatStay()
            let samples = try (tenants.filter { $0.id == BuiltInLab.contoso } + tenants).map { tenant in
                let apps = try tx.apps(in: tenant.id, limit: ControlPage<AppRegistration>.size)
                let kinds: [AppRegistration.Kind] = [.public, .spa, .confidential]
                return SampleSignIn(
                    tenant: tenant.domains.first ?? tenant.id.description,
                    user: try tx.users(in: tenant.id, limit: ControlPage<User>.size)
                        .first { !$0.isGuest && $0.accountEnabled && $0.passwordHash != nil },
                    app: kinds.lazy.compactMap { kind in apps.first { $0.kind == kind } }.first)
            }
            return samples.first { $0.user != nil && $0.app != nil } ?? samples.first
        }
    }
}
