/// A request to the token endpoint, read once: what the client asks for, as a value.
package struct TokenRequest: Sendable {
    package enum Grant: Sendable {
        /// - Parameter redirectURI: nil: the request repeats none.
        case authorizationCode(code: String, redirectURI: String?, verifier: String?)
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
    /// RFC 8707: the API that a request of version 2 names beside its scope; nil: none.
    let indicator: String?
    package let wantsClientInfo: Bool
    package let claims: ClaimsRequest
    /// The Origin header of a browser's cross-origin request.
    package let origin: String?

    package init(
        form: FormParameters, authorization: String?, origin: String?, version: EndpointVersion = .v2
    ) throws(EntraError) {
        let type = try form.required("grant_type")
        client = try PresentedClient(form: form, authorization: authorization)
        switch AppRegistration.Flow(grantType: type) {
        case .code:
            grant = .authorizationCode(
                code: try form.required("code"), redirectURI: form["redirect_uri"], verifier: form["code_verifier"])
        case .refresh:
            grant = .refreshToken(try form.required("refresh_token"))
        case .clientCredentials:
            grant = .clientCredentials
        case .password:
            grant = .password(userName: try form.required("username"), password: try form.required("password"))
        case .device:
            // MSAL Python sends the code under both names.
            guard let code = form["device_code"] ?? form["code"] else { throw .missing("device_code") }
            grant = .deviceCode(code)
        case .onBehalfOf:
            let assertion = try form.required("assertion")
            guard try form.required("requested_token_use") == "on_behalf_of" else {
                throw AADSTS.unsupportedGrantType.error(["type": type])
            }
            grant = .onBehalfOf(assertion: assertion)
        case nil:
            throw AADSTS.unsupportedGrantType.error(["type": type])
        }
        scope = try version.scope(of: form, byApplication: grant.flow == .clientCredentials)
        (resource, indicator) = version == .v1 ? (form["resource"], nil) : (nil, form["resource"])
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
    package var flow: AppRegistration.Flow { grant.flow }
}

extension TokenRequest.Grant {
    fileprivate var flow: AppRegistration.Flow {
        switch self {
        case .authorizationCode: .code
        case .refreshToken: .refresh
        case .clientCredentials: .clientCredentials
        case .password: .password
        case .deviceCode: .device
        case .onBehalfOf: .onBehalfOf
        }
    }
}

extension AppRegistration.Flow {
    /// The `grant_type` with which a client asks for it (RFC 6749, RFC 8628, RFC 7523).
    package var grantType: String {
        switch self {
        case .code: "authorization_code"
        case .refresh: "refresh_token"
        case .device: "urn:ietf:params:oauth:grant-type:device_code"
        case .password: "password"
        case .clientCredentials: "client_credentials"
        case .onBehalfOf: "urn:ietf:params:oauth:grant-type:jwt-bearer"
        }
    }

    init?(grantType: String) {
        let type = grantType == "device_code" ? Self.device.grantType : grantType
        guard let flow = Self.allCases.first(where: { $0.grantType == type }) else { return nil }
        self = flow
    }
}
