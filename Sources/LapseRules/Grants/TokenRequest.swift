/// A request to the token endpoint, read once: what the client asks for, as a value.
package struct TokenRequest: Sendable {
    package enum Grant: Sendable {
        case authorizationCode(code: String, redirectURI: String, verifier: String?)
        case refreshToken(String)
        case clientCredentials
        case password(userName: String, password: String)
        case deviceCode(String)
        case onBehalfOf(assertion: String)
    }

    package let grant: Grant
    package let version: EndpointVersion
    package let client: PresentedClient
    /// Nil: the grant's own.
    package let scope: String?
    /// The resource of a request of version 1, as the client spells it; nil: the grant's own.
    package let resource: String?
    package let wantsClientInfo: Bool
    package let claims: ClaimsRequest
    /// The Origin header of a browser's cross-origin request.
    package let origin: String?

    package init(
        form: FormParameters, authorization: String?, origin: String?, version: EndpointVersion = .v2
    ) throws(EntraError) {
        let type = try form.required("grant_type")
        client = try PresentedClient(form: form, authorization: authorization)
        switch type {
        case "authorization_code":
            grant = .authorizationCode(
                code: try form.required("code"), redirectURI: try form.required("redirect_uri"), verifier: form["code_verifier"])
        case "refresh_token":
            grant = .refreshToken(try form.required("refresh_token"))
        case "client_credentials":
            grant = .clientCredentials
        case "password":
            grant = .password(userName: try form.required("username"), password: try form.required("password"))
        case "device_code", "urn:ietf:params:oauth:grant-type:device_code":
            // MSAL Python sends the code under both names.
            guard let code = form["device_code"] ?? form["code"] else { throw .missing("device_code") }
            grant = .deviceCode(code)
        case "urn:ietf:params:oauth:grant-type:jwt-bearer":
            let assertion = try form.required("assertion")
            guard try form.required("requested_token_use") == "on_behalf_of" else {
                throw AADSTS.unsupportedGrantType.error(["type": type])
            }
            grant = .onBehalfOf(assertion: assertion)
        default:
            throw AADSTS.unsupportedGrantType.error(["type": type])
        }
        scope = try version.scope(of: form, byApplication: type == "client_credentials")
        resource = version == .v1 ? form["resource"] : nil
        self.version = version
        wantsClientInfo = form["client_info"] != nil
        claims = try ClaimsRequest(form["claims"])
        self.origin = origin
    }

    /// The scope of a request that has no older grant to take it from.
    func requiredScope() throws(EntraError) -> String {
        guard let scope else { throw .missing(version.scopeParameter) }
        return scope
    }

    /// The flow that the client's registration has to allow.
    package var flow: AppRegistration.Flow {
        switch grant {
        case .authorizationCode: .code
        case .refreshToken: .refresh
        case .clientCredentials: .clientCredentials
        case .password: .password
        case .deviceCode: .device
        case .onBehalfOf: .onBehalfOf
        }
    }
}
