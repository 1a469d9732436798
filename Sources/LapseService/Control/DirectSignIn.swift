import LapseRules
import LapseStore

/// Who signs in to which app for what, without a browser: what a new grant and a forged token begin with.
package struct DirectSignIn: Sendable {
    /// An id or a user principal name.
    package let user: String
    package let client: ClientID
    package let scope: String

    package init(user: String, client: ClientID, scope: String) {
        self.user = user
        self.client = client
        self.scope = scope
    }
}

/// A sign-in without a browser whose user, app and scope the tenant knows.
struct ScopedSignIn {
    let user: User
    let context: TokenContext
    let scope: GrantedScope

    /// What comes of it, not yet written.
    struct Issued {
        let grant: Grant
        let plan: TokenPlan
        let refreshToken: RefreshToken?
    }

    /// - Parameters:
    ///   - session: nil for a sign-in without one.
    ///   - declaresCP1: whether the client says that it understands claims challenges.
    func issue(_ authentication: Authentication, session: GUID? = nil, declaresCP1: Bool = false) -> Issued {
        let grant = Grant(
            id: context.random.guid(), tenant: context.tenant.id, user: user.id, client: context.app.id,
            clientClass: context.app.clientClass, scope: scope.grantText, authentication: authentication, session: session,
            createdAt: context.now, declaresCP1: declaresCP1, registration: context.app.registration)
        let issue = context.issue(grant, scope: scope, user: user)
        return Issued(grant: grant, plan: issue.plan, refreshToken: issue.refreshToken)
    }
}

// Two steps, because a new grant refuses other mistakes between them.
extension Operation {
    /// - Parameter place: what the refusal calls the tenant.
    /// - Throws: ``ControlError``: invalid for a `client_id` that is no app's.
    func requireApp(_ client: ClientID, of place: String) throws -> AppRegistration {
        guard let app = try app(client) else {
            throw ControlError.invalid(FieldError("client_id", "names no app of \(place)"))
        }
        return app
    }

    /// - Throws: ``ControlError``: invalid for a `scope` that may not be asked for.
    func scoped(_ signIn: DirectSignIn, user: User, app: AppRegistration) throws -> ScopedSignIn {
        let context = try context(of: app)
        do throws(EntraError) {
            let scope = try context.scopes.delegated(signIn.scope, several: .asked, consented: nil)
            return ScopedSignIn(user: user, context: context, scope: scope)
        } catch {
            throw ControlError.invalid(FieldError("scope", error.message))
        }
    }
}
