/// A code of Entra. The catalogue has one row for every code that a state of the lab leads to: prefix, `error_codes`, `error_uri` and status
/// derive from it. ``DocumentedCodes`` has Microsoft's other ones, which faults and challenges can name.
package struct AADSTS: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int

    /// Nil for a number that neither the catalogue nor Microsoft's list has.
    package init?(rawValue: Int) {
        self.init(rawValue)
        guard Self.catalogue[self] != nil || DocumentedCodes.row(rawValue) != nil else { return nil }
    }

    private init(_ number: Int) { rawValue = number }

    /// What Microsoft's list calls it, such as `FreshTokenNeeded`; nil: nothing.
    package var name: String? { DocumentedCodes.name(rawValue) }

    package static let severalSessions = AADSTS(16000)
    package static let serviceIssue = AADSTS(50000)
    package static let redirectMismatch = AADSTS(50011)
    package static let assertionSignature = AADSTS(50013)
    package static let assertionAudience = AADSTS(500131)
    package static let assertionExpired = AADSTS(500133)
    package static let jwtMalformed = AADSTS(50027)
    package static let keyUnsupported = AADSTS(5002730)
    package static let assertionSubject = AADSTS(50048)
    package static let guestNotFound = AADSTS(50020)
    package static let userNotFound = AADSTS(50034)
    package static let userDeleted = AADSTS(500341)
    package static let unknownInstance = AADSTS(50049)
    package static let accountLocked = AADSTS(50053)
    package static let passwordExpired = AADSTS(50055)
    package static let accountDisabled = AADSTS(50057)
    package static let noSession = AADSTS(50058)
    package static let sessionUnknown = AADSTS(160021)
    package static let noTenantNamed = AADSTS(50059)
    package static let mfaRequired = AADSTS(50076)
    package static let notAssigned = AADSTS(50105)
    package static let singleTenantApp = AADSTS(50194)
    package static let mfaExpired = AADSTS(50078)
    package static let mfaEnrollmentRequired = AADSTS(50079)
    package static let wrongPassword = AADSTS(50126)
    package static let missingVerifier = AADSTS(50148)
    package static let wrongVerifier = AADSTS(501481)
    package static let badChallenge = AADSTS(50147)
    package static let badChallengeMethod = AADSTS(50149)
    package static let resourceNotFound = AADSTS(500011)
    package static let grantRevoked = AADSTS(50173)
    package static let codeForOtherRedirect = AADSTS(500112)
    package static let noRedirectRegistered = AADSTS(500113)
    package static let clientLoop = AADSTS(50196)
    package static let accessBlocked = AADSTS(53003)
    package static let deviceNotManaged = AADSTS(530003)
    package static let codeRedeemed = AADSTS(54005)
    package static let notConsented = AADSTS(65001)
    package static let scopeUnknown = AADSTS(650053)
    package static let declined = AADSTS(65004)
    package static let invalidGrantValue = AADSTS(70000)
    package static let codeForOtherAuthority = AADSTS(700005)
    package static let unsupportedGrantType = AADSTS(70003)
    package static let codeExpired = AADSTS(70008)
    package static let redirectNotRepeated = AADSTS(700009)
    package static let invalidScope = AADSTS(70011)
    package static let devicePending = AADSTS(70016)
    package static let deviceCodeUnknown = AADSTS(70018)
    package static let deviceCodeExpired = AADSTS(70020)
    package static let signInFrequency = AADSTS(70043)
    package static let refreshTokenInactive = AADSTS(700082)
    package static let refreshTokenOfSPAExpired = AADSTS(700084)
    package static let appNotFound = AADSTS(700016)
    package static let assertionOfOtherClient = AADSTS(700021)
    package static let clientAssertionAudience = AADSTS(700023)
    package static let clientAssertionTime = AADSTS(700024)
    package static let certificateUnknown = AADSTS(700027)
    package static let publicClientWithSecret = AADSTS(700025)
    package static let tokenNotEnabled = AADSTS(700051)
    package static let responseTypeNotEnabled = AADSTS(700054)
    package static let appDisabled = AADSTS(7000112)
    package static let wrongSecret = AADSTS(7000215)
    package static let missingSecret = AADSTS(7000218)
    package static let secretExpired = AADSTS(7000222)
    package static let tenantNotFound = AADSTS(90002)
    package static let forItself = AADSTS(90009)
    package static let promptUnsupported = AADSTS(90023)
    package static let administratorsOnly = AADSTS(90093)
    package static let transientError = AADSTS(90033)
    package static let redirectNotAbsolute = AADSTS(90102)
    package static let missingParameter = AADSTS(900144)
    package static let tenantMalformed = AADSTS(900023)
    package static let wrongMethod = AADSTS(900561)
    package static let severalResources = AADSTS(28000)
    package static let scopeMissing = AADSTS(28003)
    package static let notOverCommon = AADSTS(9001023)
    package static let duplicateParameter = AADSTS(9000411)
    package static let malformed = AADSTS(9002313)
    package static let spaNeedsPKCE = AADSTS(9002325)
    package static let crossOriginNotSPA = AADSTS(9002326)
    package static let spaNotCrossOrigin = AADSTS(9002327)
    package static let notForConsumers = AADSTS(9002332)
    package static let resourceNotOfScope = AADSTS(9010010)
    package static let scopeNotDefault = AADSTS(1002012)

    /// Where the row comes from.
    package enum Source: String, Sendable {
        /// Entra: recorded traffic, or raw answers pasted by people who got them.
        case recorded
        /// Entra: Microsoft's documentation.
        case documented
        /// Assumption: the code is Entra's, but its exact text or form was not seen on the wire.
        case assumed
    }

    package struct Row: Sendable {
        package let error: String
        package let text: String
        let status: Int
        package let suberror: String?
        let hasErrorURI: Bool
        package let source: Source

        init(
            _ error: String, _ text: String, status: Int = 400, suberror: String? = nil, hasErrorURI: Bool = true,
            _ source: Source
        ) {
            self.error = error
            self.text = text
            self.status = status
            self.suberror = suberror
            self.hasErrorURI = hasErrorURI
            self.source = source
        }
    }

    package var row: Row {
        guard let row = Self.catalogue[self] ?? DocumentedCodes.row(rawValue) else {
            preconditionFailure("AADSTS\(rawValue) has no row")
        }
        return row
    }

    // swift-format-ignore
    private static let catalogue: [AADSTS: Row] = [
        .severalSessions: Row("interaction_required", "Either multiple user identities are available for the current request or selected account is not supported for the scenario.", .documented),
        .serviceIssue: Row("server_error", "There's an issue with the sign-in service. Open a support ticket to resolve this issue.", status: 500, .documented),
        .redirectMismatch: Row("invalid_request", "The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the application '{app}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.", .recorded),
        .assertionSignature: Row("invalid_grant", "Assertion failed signature validation.", .recorded),
        .assertionAudience: Row("invalid_grant", "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '{audience}' and the expected audience is '{app}' or one of the Application Uris of this application with App ID '{app}'({name}). The downstream client must request a token for the expected audience (the application that made the OBO request) and this application should use that token as the assertion.", .recorded),
        .assertionExpired: Row("invalid_grant", "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token. Current time: {now}, expiry time of assertion {end}.", .recorded),
        .jwtMalformed: Row("invalid_client", "JWT token is invalid or malformed.", status: 401, .recorded),
        .keyUnsupported: Row("invalid_request", "Invalid JWT token. Unsupported key for the signing algorithm.", .recorded),
        .assertionSubject: Row("invalid_client", "Subject must match the issuer claim in the client assertion.", status: 401, .recorded),
        .guestNotFound: Row("invalid_grant", "User account '{user}' from identity provider '{idp}' does not exist in tenant '{tenant}' and cannot access the application '{app}'({name}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.", .recorded),
        .userNotFound: Row("invalid_grant", "The user account {EUII Hidden} does not exist in the {directory} directory. To sign into this application, the account must be added to the directory.", suberror: "bad_token", .recorded),
        .userDeleted: Row("invalid_grant", "The user account {EUII Hidden} has been deleted from the {tenant} directory. To sign into this application, the account must be added to the directory.", .recorded),
        .unknownInstance: Row("invalid_instance", "Unknown or invalid instance.", .recorded),
        .accountLocked: Row("invalid_grant", "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.", .documented),
        .passwordExpired: Row("invalid_grant", "Password is expired.", suberror: "user_password_expired", .assumed),
        .accountDisabled: Row("invalid_grant", "The user account is disabled.", .recorded),
        .noSession: Row("login_required", "A silent sign-in request was sent but no user is signed in.", .recorded),
        .sessionUnknown: Row("interaction_required", "Application requested a user session which does not exist.", .recorded),
        .noTenantNamed: Row("invalid_request", "No tenant-identifying information found in either the request or implied by any provided credentials.", .documented),
        .mfaRequired: Row("invalid_grant", "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{resource}'.", suberror: "basic_action", .recorded),
        .mfaExpired: Row("invalid_grant", "Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication to access '{resource}'.", suberror: "basic_action", hasErrorURI: false, .recorded),
        .mfaEnrollmentRequired: Row("invalid_grant", "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '{resource}'.", suberror: "basic_action", .recorded),
        .notAssigned: Row("invalid_grant", "Your administrator has configured the application {name} ('{app}') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '{user}' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.", .recorded),
        .singleTenantApp: Row("invalid_request", "Application '{app}'({name}) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.", .recorded),
        .wrongPassword: Row("invalid_grant", "Error validating credentials due to invalid username or password.", .recorded),
        .missingVerifier: Row("invalid_grant", "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.", .recorded),
        .wrongVerifier: Row("invalid_grant", "The Code_Verifier does not match the code_challenge supplied in the authorization request.", .recorded),
        .badChallenge: Row("invalid_request", "Invalid size of the code challenge parameter.", .documented),
        .badChallengeMethod: Row("invalid_request", "Invalid Code_Challenge_method parameter.", .documented),
        .resourceNotFound: Row("invalid_resource", "The resource principal named {resource} was not found in the tenant named {directory}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", .documented),
        .grantRevoked: Row("invalid_grant", "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '{issued}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{cutOff}'.", suberror: "bad_token", .recorded),
        .codeForOtherRedirect: Row("invalid_grant", "The reply address '{presented}' does not match the reply address '{requested}' provided when requesting Authorization code.", .assumed),
        .noRedirectRegistered: Row("invalid_request", "No reply address is registered for the application.", .documented),
        .clientLoop: Row("invalid_grant", "The server terminated an operation because it encountered a client request loop. Please contact your app vendor.", .recorded),
        .accessBlocked: Row("invalid_grant", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.", suberror: "message_only", .recorded),
        .deviceNotManaged: Row("invalid_grant", "Your device is required to be managed to access this resource.", suberror: "message_only", .assumed),
        .codeRedeemed: Row("invalid_grant", "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.", .recorded),
        .notConsented: Row("invalid_grant", "The user or administrator has not consented to use the application with ID '{app}' named '{name}'. Send an interactive authorization request for this user and resource.", suberror: "consent_required", .recorded),
        .scopeUnknown: Row("invalid_client", "The application '{name}' asked for scope '{scope}' that doesn't exist on the resource '{resource}'. Contact the app vendor.", .recorded),
        .declined: Row("access_denied", "User declined to consent to access the app.", .documented),
        .invalidGrantValue: Row("invalid_grant", "The provided value for the {parameter} is not valid.", .recorded),
        .codeForOtherAuthority: Row("invalid_grant", "The provided Authorization Code is intended to use against other tenant, thus rejected. OAuth2 Authorization Code must be redeemed against same tenant it was acquired for (/common or /{tenant-ID} as appropriate)", .documented),
        .unsupportedGrantType: Row("unsupported_grant_type", "The app requested an unsupported grant type '{type}'.", .documented),
        .codeExpired: Row("invalid_grant", "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.", .recorded),
        .redirectNotRepeated: Row("invalid_grant", "Reply address must be provided when presenting an authorization code requested with an explicit reply address.", .recorded),
        .invalidScope: Row("invalid_scope", "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.", .recorded),
        .devicePending: Row("authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling.", .recorded),
        .deviceCodeUnknown: Row("bad_verification_code", "The provided value for the input parameter 'device_code' is not valid.", .documented),
        .deviceCodeExpired: Row("expired_token", "The provided value for the input parameter 'device_code' is not valid. This device code has expired.", .documented),
        .signInFrequency: Row("invalid_grant", "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on {issued} and the maximum allowed lifetime for this request is {seconds}.", suberror: "token_expired", hasErrorURI: false, .recorded),
        .refreshTokenInactive: Row("invalid_grant", "The refresh token has expired due to inactivity.\u{A0}The token was issued on {issued} and was inactive for {inactive}.", suberror: "bad_token", .recorded),
        .refreshTokenOfSPAExpired: Row("invalid_grant", "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of {lifetime}, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on {issued}.", suberror: "bad_token", .recorded),
        .appNotFound: Row("unauthorized_client", "Application with identifier '{app}' was not found in the directory '{directory}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", .recorded),
        .assertionOfOtherClient: Row("invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .", status: 401, .documented),
        .clientAssertionAudience: Row("invalid_client", "Client assertion audience claim does not match Realm issuer. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .", status: 401, .documented),
        .clientAssertionTime: Row("invalid_client", "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {start}, expiry time of assertion {end}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .", status: 401, .recorded),
        .certificateUnknown: Row("invalid_client", "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '{key}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{app}'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query request URL, such as 'https://graph.microsoft.com/beta/applications/{app}']. Alternatively, SNI may be configured on the app. Please ensure that client assertion is being sent with the x5c claim in the JWT header using MSAL's WithSendX5C() method so that Azure Active Directory can validate the certificate being used.", status: 401, .recorded),
        .publicClientWithSecret: Row("invalid_client", "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.", status: 401, .assumed),
        .responseTypeNotEnabled: Row("unsupported_response_type", "response_type '{type}' is not enabled for the application.", .documented),
        .tokenNotEnabled: Row("unsupported_response_type", "response_type 'token' isn't enabled for the application", .documented),
        .appDisabled: Row("unauthorized_client", "Application '{app}'({name}) is disabled.", .recorded),
        .wrongSecret: Row("invalid_client", "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{app}'.", status: 401, .recorded),
        .missingSecret: Row("invalid_client", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", status: 401, .recorded),
        .secretExpired: Row("invalid_client", "The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.", status: 401, .recorded),
        .tenantNotFound: Row("invalid_tenant", "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", .recorded),
        .forItself: Row("invalid_request", "Application '{app}'({name}) is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier.", .recorded),
        .promptUnsupported: Row("invalid_request", "Unsupported 'prompt' value.", .recorded),
        .administratorsOnly: Row("invalid_request", "This operation can only be performed by an administrator. Sign out and sign in as an administrator or contact one of your organization's administrators.", .assumed),
        .transientError: Row("temporarily_unavailable", "A transient error has occurred. Please try again.", status: 503, hasErrorURI: false, .recorded),
        .redirectNotAbsolute: Row("invalid_request", "'redirect_uri' value must be a valid absolute URI.", .recorded),
        .missingParameter: Row("invalid_request", "The request body must contain the following parameter: '{parameter}'.", .recorded),
        .tenantMalformed: Row("invalid_request", "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.", .recorded),
        .wrongMethod: Row("invalid_request", "The endpoint only accepts {accepted} requests. Received a {method} request.", .documented),
        .severalResources: Row("invalid_scope", "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {scope} is not valid.", .recorded),
        .scopeMissing: Row("invalid_request", "Provided value for the input parameter scope can't be empty when requesting an access token using the provided authorization code. Please specify a valid scope.", .documented),
        .notOverCommon: Row("invalid_request", "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.", .documented),
        .duplicateParameter: Row("invalid_request", "The request is not properly formatted. The parameter '{parameter}' is duplicated.", .recorded),
        .malformed: Row("invalid_grant", "Invalid request. Request is malformed or invalid.", .recorded),
        .spaNeedsPKCE: Row("invalid_request", "Proof Key for Code Exchange is required for cross-origin authorization code redemption.", .documented),
        .crossOriginNotSPA: Row("invalid_request", "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '{origin}'.", .recorded),
        .spaNotCrossOrigin: Row("invalid_request", "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.", hasErrorURI: false, .recorded),
        .notForConsumers: Row("invalid_request", "Application '{app}'({name}) is configured for use by Azure Active Directory users only. Please do not use the /consumers endpoint to serve this request.", .recorded),
        .resourceNotOfScope: Row("invalid_target", "The resource parameter provided in the request doesn't match with the requested scopes.", .assumed),
        .scopeNotDefault: Row("invalid_scope", "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", .recorded),
    ]

    /// Whether it is about how the request was made, and not about what it redeems.
    var isOfRequest: Bool { row.error != "invalid_grant" }

    /// What the endpoints of version 1 call the error, where that differs. Entra: facts of both spellings.
    var errorAtVersionOne: String? {
        switch self {
        case .signInFrequency, .mfaRequired, .mfaExpired, .mfaEnrollmentRequired, .accessBlocked, .deviceNotManaged:
            "interaction_required"
        case .deviceCodeExpired: "code_expired"
        case .passwordExpired: "user_password_expired"
        default: nil
        }
    }

    /// The error of this row with its placeholders filled in. A value longer than 200 bytes is cut: it is the caller's own text.
    package func error(_ values: KeyValuePairs<String, String> = [:]) -> EntraError {
        let row = row
        var text = row.text
        for (name, value) in values {
            text = text.replacing("{\(name)}", with: value.utf8.count <= 200 ? value : value.prefix(200) + "…")
        }
        // What stands for a value in Microsoft's list, and that Lapse does not have.
        if Self.catalogue[self] == nil { text = text.replacingPlaceholders(with: "") }
        return EntraError(
            code: self, error: row.error, status: row.status, text: text, suberror: row.suberror, hasErrorURI: row.hasErrorURI)
    }
}

extension AADSTS: CaseIterable {
    /// The catalogue.
    package static let allCases: [AADSTS] = catalogue.keys.sorted { $0.rawValue < $1.rawValue }
    /// Every code that a fault can name: the catalogue and Microsoft's other ones.
    package static let nameable: [AADSTS] = (allCases + DocumentedCodes.numbers.map { AADSTS($0) }).sorted {
        $0.rawValue < $1.rawValue
    }
}

extension String {
    /// The text with something else for each `{…}`.
    func replacingPlaceholders(with other: String) -> String {
        var (text, rest) = ("", self[...])
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open] + other
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }
}
