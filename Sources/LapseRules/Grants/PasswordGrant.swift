/// Do these user name and password sign a user in, without a browser?
package enum PasswordGrant {
    /// - Parameter signIn: what the user name and password come to.
    /// - Parameter sequence: where the sign-in would stand in the order of events.
    package static func decide(
        _ request: TokenRequest, signIn: SignInAttempt, sequence: Int64, in context: TokenContext
    ) -> TokenDecision {
        .deciding { (attempts: inout [Attempt]) throws(Refusal) in
            let account = try signIn.accepted(
                for: context.app, in: context.tenant, on: .refresh, region: context.region, counting: &attempts)
            let text = try refusing { () throws(EntraError) in try request.requiredScope() }
            let authentication = account.freshAuthentication(.password, sequence: sequence)
            let scope = try context.granted(text, for: request, by: authentication, of: account, on: .authorize)
            let grant = Grant(
                id: context.random.guid(), tenant: context.tenant.id, user: account.user.id, client: context.app.id,
                clientClass: context.app.clientClass(on: nil), scope: scope.grantText,
                authentication: authentication, session: nil, createdAt: context.now, registration: context.app.registration)
            let first = context.newRefreshToken(for: grant)
            let plan = TokenPlan(
                context, for: request, user: account.user, grant: grant, scope: scope, refreshToken: first)
            return TokenIssue(plan: plan, newGrant: grant, refreshToken: first?.row)
        }
    }
}

/// What a person gives to prove who they are.
package enum Credential: Sendable {
    case password(String)
    /// The lab's stand-in for a sign-in without a password: one click.
    case securityKey

    package var method: SignInMethod {
        switch self {
        case .password: .password
        case .securityKey: .nonPassword
        }
    }
}

/// A user name and a credential, and what the directory knows of them.
package struct SignInAttempt: Sendable {
    package enum Outcome: Sendable {
        /// No tenant, or no user in it, by that name.
        case unknownUser
        case wrongPassword(User.Home)
        /// Too many wrong passwords: not even the right one is taken. The user in the tenant of the request, when there is one.
        case locked(User.Home, AccountFacts?)
        /// The password is right, and serves only to choose another one.
        case mustChange(AccountFacts)
        /// The home account is right, but it has no guest account in the tenant of the request.
        case noGuestAccount(User.Home)
        /// The user in the tenant of the request.
        case known(AccountFacts)
    }

    package let userName: String
    package let method: SignInMethod
    package let outcome: Outcome

    package init(userName: String, method: SignInMethod, outcome: Outcome) {
        self.userName = userName
        self.method = method
        self.outcome = outcome
    }

    /// The account that the name means, whatever came of it; nil: there is none.
    package var home: User.Home? {
        switch outcome {
        case .unknownUser: nil
        case .wrongPassword(let home), .noGuestAccount(let home), .locked(let home, _): home
        case .mustChange(let account), .known(let account): account.user.home
        }
    }

    /// The account whose password was right and is to be replaced: it only serves to choose another one, or a challenge says that it has
    /// expired. Nil: there is none.
    package var expired: AccountFacts? {
        switch outcome {
        case .mustChange(let account): account
        case .known(let account) where method == .password && account.user.isPasswordExpired: account
        case .unknownUser, .wrongPassword, .noGuestAccount, .locked, .known: nil
        }
    }

    /// The account, when the credential is right and the account may sign in.
    func accepted(
        for app: AppRegistration, in tenant: Tenant?, on plane: Plane, region: Region, counting used: inout [Attempt]
    ) throws(Refusal) -> AccountFacts {
        let directory = tenant?.name ?? UserName.domain(of: userName) ?? userName
        switch outcome {
        case .unknownUser: throw Refusal(error: .noSuchUser(directory: directory))
        case .wrongPassword: throw Refusal(error: AADSTS.wrongPassword.error())
        case .locked(_, let account):
            // Entra's order: does the account exist, is it enabled, and only then what stands in its way.
            if let account { try account.admitFreshly(on: plane, in: region, counting: &used) }
            throw Refusal(error: AADSTS.accountLocked.error())
        case .mustChange(let account):
            try account.admitFreshly(on: plane, in: region, counting: &used)
            throw Refusal(error: AADSTS.passwordExpired.error())
        case .noGuestAccount(let home):
            throw Refusal(
                error: .guestNotFound(
                    home, userName: userName, app: app, directory: directory, cloud: tenant?.cloud ?? .global))
        case .known(let account):
            try account.admitFreshly(on: plane, in: region, counting: &used)
            return account
        }
    }
}

extension AccountFacts {
    /// Whether the account itself may sign in here.
    func admitFreshly(on plane: Plane, in region: Region, counting used: inout [Attempt]) throws(Refusal) {
        used += attempts(of: nil, on: plane, in: region)
        try stateRefusal(on: plane, in: region).throwIfRefused()
    }

    /// The record of a credential given now, on the home tenant's clock.
    package func freshAuthentication(_ method: SignInMethod, sequence: Int64) -> Authentication {
        Authentication(user: user.home, place: Place(at: homeNow, sequence: sequence), method: method)
    }
}
