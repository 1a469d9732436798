/// The two generations of the authority's endpoints. The older one names a resource where the newer one names scopes, answers with
/// numbers as text, and knows no `suberror`. Entra: azuread-dev/v1-protocols-oauth-code.md.
package enum EndpointVersion: CaseIterable, Sendable {
    case v1
    case v2

    /// Where the endpoints lie below the tenant.
    package var path: String {
        switch self {
        case .v1: "oauth2"
        case .v2: "oauth2/v2.0"
        }
    }

    /// The parameter that says what is asked for.
    var scopeParameter: String {
        switch self {
        case .v1: "resource"
        case .v2: "scope"
        }
    }

    /// What every request of version 1 asks for beside its resource.
    private static let always = "openid profile email offline_access"

    /// What the parameters ask for as a scope of version 2; nil when they leave it open.
    ///
    /// Entra: a resource of version 1 stands for all permissions that the client is registered for there.
    ///
    /// - Parameter byApplication: for an application's own token, which is no OpenID sign-in.
    func scope(of parameters: FormParameters, byApplication: Bool = false) throws(EntraError) -> String? {
        guard let text = parameters[scopeParameter], self == .v1 else { return parameters[scopeParameter] }
        guard !text.contains(" ") else { throw .lapse("invalid_resource", "The parameter 'resource' names one resource.") }
        return byApplication ? "\(text)/.default" : "\(Self.always) \(text)/.default"
    }

    /// What begins a sign-in.
    package func signInScope(of parameters: FormParameters) throws(EntraError) -> String {
        if let scope = try scope(of: parameters) { return scope }
        switch self {
        // Entra: `resource` may come as late as with the code.
        case .v1: return Self.always
        case .v2: throw .missing(scopeParameter)
        }
    }
}
