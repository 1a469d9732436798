import LapseRules
import LapseStore

/// Whom a person may sign in as, and in which app: names for next steps that can be typed as they stand.
package struct SampleSignIn: Sendable {
    /// The tenant's domain, or its id when it has none.
    package let tenant: String
    /// The user principal name.
    package let user: String
    /// Nil where only the user knows it.
    package let password: String?
    package let client: ClientID
    package let appName: String
}

extension Authority {
    /// The first user and the first app of the built-in lab or, without it, of another tenant; nil when none has both.
    ///
    /// Public apps come first, then those of single pages, which need no secret either, then confidential ones.
    package func sampleSignIn() throws -> SampleSignIn? {
        try store.read { tx in
            let tenants = try tx.tenants().filter { !$0.isSandbox }
            for tenant in tenants.filter({ $0.id == BuiltInLab.contoso }) + tenants {
                let users = try tx.users(in: tenant.id, limit: ControlPage<User>.size)
                let apps = try tx.apps(in: tenant.id, limit: ControlPage<AppRegistration>.size)
                guard let user = users.first(where: { !$0.isGuest && $0.accountEnabled && $0.passwordHash != nil }),
                    let app = ([.public, .spa, .confidential] as [AppRegistration.Kind]).compactMap({ kind in
                        apps.first { $0.kind == kind }
                    }).first
                else { continue }
                let isOfTheLab = user.hasPassword(BuiltInLab.password)
                return SampleSignIn(
                    tenant: tenant.domains.first ?? tenant.id.description, user: user.userPrincipalName,
                    password: isOfTheLab ? BuiltInLab.password : nil, client: app.id, appName: app.name)
            }
            return nil
        }
    }
}
