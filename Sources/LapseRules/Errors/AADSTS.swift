/// The catalogue: every code that Lapse can answer, one row each. Prefix, `error_codes`, `error_uri` and status derive from it.
package enum AADSTS: Int, CaseIterable, Sendable {
    case severalSessions = 16000
    case serviceIssue = 50000
    case redirectMismatch = 50011
    case assertionSignature = 50013
    case assertionAudience = 500131
    case assertionExpired = 500133
    case guestNotFound = 50020
    case userNotFound = 50034
    case unknownInstance = 50049
    case accountLocked = 50053
    case passwordExpired = 50055
    case accountDisabled = 50057
    case noSession = 50058
    case mfaRequired = 50076
    case mfaExpired = 50078
    case mfaEnrollmentRequired = 50079
    case wrongPassword = 50126
    case missingVerifier = 50148
    case wrongVerifier = 501481
    case badChallenge = 50147
    case badChallengeMethod = 50149
    case resourceNotFound = 500011
    case grantRevoked = 50173
    case codeForOtherRedirect = 500112
    case clientLoop = 50196
    case accessBlocked = 53003
    case deviceNotManaged = 530003
    case codeRedeemed = 54005
    case notConsented = 65001
    case declined = 65004
    case invalidGrantValue = 70000
    case unsupportedGrantType = 70003
    case codeExpired = 70008
    case invalidScope = 70011
    case devicePending = 70016
    case deviceCodeUnknown = 70018
    case deviceCodeExpired = 70020
    case signInFrequency = 70043
    case refreshTokenInactive = 700082
    case refreshTokenOfSPAExpired = 700084
    case appNotFound = 700016
    case publicClientWithSecret = 700025
    case responseTypeNotEnabled = 700054
    case wrongSecret = 7000215
    case missingSecret = 7000218
    case secretExpired = 7000222
    case tenantNotFound = 90002
    case transientError = 90033
    case missingParameter = 900144
    case tenantMalformed = 900023
    case wrongMethod = 900561
    case severalResources = 28000
    case notOverCommon = 9001023
    case duplicateParameter = 9000411
    case malformed = 9002313
    case spaNeedsPKCE = 9002325
    case crossOriginNotSPA = 9002326
    case spaNotCrossOrigin = 9002327
    case scopeNotDefault = 1002012

    /// Where the row comes from.
    package enum Source: Sendable {
        /// Entra: recorded traffic, or raw answers pasted by people who got them.
        case recorded
        /// Entra: Microsoft's documentation.
        case documented
        /// Assumption: the code is Entra's, but its exact text or form was not seen on the wire.
        case assumed
    }

    package struct Row: Sendable {
        let error: String
        package let text: String
        let status: Int
        let suberror: String?
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

    // swift-format-ignore
    package var row: Row {
        switch self {
        case .severalSessions: Row("interaction_required", "Either multiple user identities are available for the current request or selected account is not supported for the scenario.", .documented)
        case .serviceIssue: Row("server_error", "There's an issue with the sign-in service. Open a support ticket to resolve this issue.", status: 500, .documented)
        case .redirectMismatch: Row("invalid_request", "The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the application '{app}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.", .recorded)
        case .assertionSignature: Row("invalid_grant", "Assertion failed signature validation.", .assumed)
        case .assertionAudience: Row("invalid_grant", "Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '{audience}' and the expected audience is '{app}' or one of the Application Uris of this application with App ID '{app}'({name}). The downstream client must request a token for the expected audience (the application that made the OBO request) and this application should use that token as the assertion.", .recorded)
        case .assertionExpired: Row("invalid_grant", "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token.", .documented)
        case .guestNotFound: Row("invalid_grant", "User account '{user}' from identity provider '{idp}' does not exist in tenant '{tenant}' and cannot access the application '{app}'({name}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.", .recorded)
        case .userNotFound: Row("invalid_grant", "The user account {EUII Hidden} does not exist in the {directory} directory. To sign into this application, the account must be added to the directory.", suberror: "bad_token", .recorded)
        case .unknownInstance: Row("invalid_instance", "Unknown or invalid instance.", .recorded)
        case .accountLocked: Row("invalid_grant", "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.", .documented)
        case .passwordExpired: Row("invalid_grant", "The password is expired.", suberror: "user_password_expired", .assumed)
        case .accountDisabled: Row("invalid_grant", "The user account is disabled.", .recorded)
        case .noSession: Row("login_required", "A silent sign-in request was sent but no user is signed in.", .recorded)
        case .mfaRequired: Row("invalid_grant", "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{resource}'.", suberror: "basic_action", .recorded)
        case .mfaExpired: Row("invalid_grant", "Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication to access '{resource}'.", suberror: "basic_action", hasErrorURI: false, .recorded)
        case .mfaEnrollmentRequired: Row("invalid_grant", "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '{resource}'.", suberror: "basic_action", .recorded)
        case .wrongPassword: Row("invalid_grant", "Error validating credentials due to invalid username or password.", .recorded)
        case .missingVerifier: Row("invalid_grant", "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.", .recorded)
        case .wrongVerifier: Row("invalid_grant", "The Code_Verifier does not match the code_challenge supplied in the authorization request.", .recorded)
        case .badChallenge: Row("invalid_request", "Invalid size of the code challenge parameter.", .documented)
        case .badChallengeMethod: Row("invalid_request", "Invalid Code_Challenge_method parameter.", .documented)
        case .resourceNotFound: Row("invalid_resource", "The resource principal named {resource} was not found in the tenant named {directory}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", .documented)
        case .grantRevoked: Row("invalid_grant", "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '{issued}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{cutOff}'.", suberror: "bad_token", .recorded)
        case .codeForOtherRedirect: Row("invalid_grant", "The reply address '{presented}' does not match the reply address '{requested}' provided when requesting Authorization code.", .assumed)
        case .clientLoop: Row("invalid_grant", "The server terminated an operation because it encountered a client request loop. Please contact your app vendor.", .recorded)
        case .accessBlocked: Row("invalid_grant", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.", suberror: "message_only", .recorded)
        case .deviceNotManaged: Row("invalid_grant", "Your device is required to be managed to access this resource.", suberror: "message_only", .assumed)
        case .codeRedeemed: Row("invalid_grant", "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.", .recorded)
        case .notConsented: Row("invalid_grant", "The user or administrator has not consented to use the application with ID '{app}' named '{name}'. Send an interactive authorization request for this user and resource.", suberror: "consent_required", .recorded)
        case .declined: Row("access_denied", "User declined to consent to access the app.", .documented)
        case .invalidGrantValue: Row("invalid_grant", "The provided value for the {parameter} is not valid.", .recorded)
        case .unsupportedGrantType: Row("unsupported_grant_type", "The app requested an unsupported grant type '{type}'.", .documented)
        case .codeExpired: Row("invalid_grant", "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.", .recorded)
        case .invalidScope: Row("invalid_scope", "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.", .recorded)
        case .devicePending: Row("authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling.", .recorded)
        case .deviceCodeUnknown: Row("bad_verification_code", "The provided value for the input parameter 'device_code' is not valid.", .documented)
        case .deviceCodeExpired: Row("expired_token", "The provided value for the input parameter 'device_code' is not valid. This device code has expired.", .documented)
        case .signInFrequency: Row("invalid_grant", "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on {issued} and the maximum allowed lifetime for this request is {seconds}.", suberror: "token_expired", hasErrorURI: false, .recorded)
        case .refreshTokenInactive: Row("invalid_grant", "The refresh token has expired due to inactivity.\u{A0}The token was issued on {issued} and was inactive for {inactive}.", suberror: "bad_token", .recorded)
        case .refreshTokenOfSPAExpired: Row("invalid_grant", "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of {lifetime}, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on {issued}.", suberror: "bad_token", .recorded)
        case .appNotFound: Row("unauthorized_client", "Application with identifier '{app}' was not found in the directory '{directory}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", .recorded)
        case .publicClientWithSecret: Row("invalid_client", "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.", status: 401, .assumed)
        case .responseTypeNotEnabled: Row("unsupported_response_type", "response_type '{type}' is not enabled for the application.", .documented)
        case .wrongSecret: Row("invalid_client", "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{app}'.", status: 401, .recorded)
        case .missingSecret: Row("invalid_client", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", status: 401, .recorded)
        case .secretExpired: Row("invalid_client", "The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.", status: 401, .assumed)
        case .tenantNotFound: Row("invalid_tenant", "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", .recorded)
        case .transientError: Row("temporarily_unavailable", "A transient error has occurred. Please try again.", status: 503, hasErrorURI: false, .recorded)
        case .missingParameter: Row("invalid_request", "The request body must contain the following parameter: '{parameter}'.", .recorded)
        case .tenantMalformed: Row("invalid_request", "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.", .recorded)
        case .wrongMethod: Row("invalid_request", "The endpoint only accepts {accepted} requests. Received a {method} request.", .documented)
        case .severalResources: Row("invalid_scope", "The provided value for the input parameter scope is not valid because it contains more than one resource. Scope {scope} is not valid.", .recorded)
        case .notOverCommon: Row("invalid_request", "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.", .documented)
        case .duplicateParameter: Row("invalid_request", "The request is not properly formatted. The parameter '{parameter}' is duplicated.", .recorded)
        case .malformed: Row("invalid_grant", "Invalid request. Request is malformed or invalid.", .recorded)
        case .spaNeedsPKCE: Row("invalid_request", "Proof Key for Code Exchange is required for cross-origin authorization code redemption.", .documented)
        case .crossOriginNotSPA: Row("invalid_request", "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.", .recorded)
        case .spaNotCrossOrigin: Row("invalid_request", "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.", .recorded)
        case .scopeNotDefault: Row("invalid_scope", "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", .assumed)
        }
    }

    /// What the endpoints of version 1 call the error, where that differs. Entra: facts of both spellings.
    var errorAtVersionOne: String? {
        switch self {
        case .signInFrequency, .mfaRequired, .mfaExpired, .mfaEnrollmentRequired, .accessBlocked, .deviceNotManaged:
            "interaction_required"
        case .deviceCodeExpired: "code_expired"
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
        return EntraError(
            code: self, error: row.error, status: row.status, text: text, suberror: row.suberror, hasErrorURI: row.hasErrorURI)
    }
}
