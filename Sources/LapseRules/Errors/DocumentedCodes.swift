/// Microsoft's other codes: those that no state of the lab leads to, and that a fault or a challenge can name all the same.
///
/// Entra: reference-error-codes.md, but for the rows that say otherwise; NOTICE names its licence. Numbers, names and texts are Microsoft's; the
/// OAuth error is the one that clients most often met with the code's range, which the page does not say.
enum DocumentedCodes {
    /// - Returns: nil for a number that the table does not have.
    static func row(_ number: Int) -> AADSTS.Row? { rows[number] }

    static let numbers: [Int] = rows.keys.sorted()

    /// What Microsoft calls the code; nil where the page has no name, or not the code.
    static func name(_ number: Int) -> String? { names[number] }

    private static let names: [Int: String] = {
        let catalogue = ofCatalogue.replacing("\n", with: " ").split(separator: " | ").map { $0.split(separator: " ") }
        let others = table.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        return Dictionary(
            uniqueKeysWithValues: (catalogue + others).compactMap { cells in
                Int(cells[0]).flatMap { cells[1].isEmpty ? nil : ($0, String(cells[1])) }
            })
    }()

    private static let rows: [Int: AADSTS.Row] = Dictionary(
        uniqueKeysWithValues: table.split(separator: "\n").map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard cells.count == 6, let number = Int(cells[0]), let source = AADSTS.Source(rawValue: cells[4]) else {
                preconditionFailure("a row of the documented codes is not whole: \(line)")
            }
            let suberror = cells[3].isEmpty ? nil : cells[3]
            return (number, AADSTS.Row(cells[2], cells[5], suberror: suberror, source))
        })

    /// Number, name, OAuth error, suberror, source, text.
    private static let table = #"""
        16001	UserAccountSelectionInvalid	interaction_required		documented	You see this error if the user selects on a tile that the session select logic has rejected. When triggered, this error allows the user to recover by picking from an updated list of tiles/sessions, or by choosing another account. This error can occur because of a code defect or race condition.
        16002	AppSessionSelectionInvalid	interaction_required		documented	The app-specified SID requirement wasn't met.
        16003	SsoUserAccountNotFoundInResourceTenant	interaction_required		documented	Indicates that the user hasn't been explicitly added to the tenant.
        17003	CredentialKeyProvisioningFailed	invalid_request		documented	Microsoft Entra ID can't provision the user key.
        20001	WsFedSignInResponseError	invalid_request		documented	There's an issue with your federated Identity Provider. Contact your IDP to resolve this issue.
        20012	WsFedMessageInvalid	invalid_request		documented	There's an issue with your federated Identity Provider. Contact your IDP to resolve this issue.
        20033	FedMetadataInvalidTenantName	invalid_request		documented	There's an issue with your federated Identity Provider. Contact your IDP to resolve this issue.
        28002		invalid_request		documented	Provided value for the input parameter scope '{scope}' isn't valid when requesting an access token. Specify a valid scope.
        40008	OAuth2IdPUnretryableServerError	invalid_grant		documented	There's an issue with your federated Identity Provider. Contact your IDP to resolve this issue.
        40009	OAuth2IdPRefreshTokenRedemptionUserError	invalid_grant		documented	There's an issue with your federated Identity Provider. Contact your IDP to resolve this issue.
        40010	OAuth2IdPRetryableServerError	invalid_grant		documented	There's an issue with your federated Identity Provider. Contact your IDP to resolve this issue.
        40015	OAuth2IdPAuthCodeRedemptionUserError	invalid_grant		documented	There's an issue with your federated Identity Provider. Contact your IDP to resolve this issue.
        50001	InvalidResource	invalid_grant		documented	The resource is disabled or doesn't exist. Check your app's code to ensure that you have specified the exact resource URL for the resource you're trying to access.
        50002	NotAllowedTenant	invalid_grant		documented	Sign-in failed because of a restricted proxy access on the tenant. If it's your own tenant policy, you can change your restricted tenant settings to fix this issue.
        50003	MissingSigningKey	invalid_grant		documented	Sign-in failed because of a missing signing key or certificate. This might be because there was no signing key configured in the app. If you still see issues, contact the app owner or an app admin.
        50005	DevicePolicyError	invalid_grant		documented	User tried to sign in to a device from a platform not currently supported through Conditional Access policy.
        50006	InvalidSignature	invalid_grant		documented	Signature verification failed because of an invalid signature.
        50007	PartnerEncryptionCertificateMissing	invalid_grant		documented	The partner encryption certificate wasn't found for this app. Open a support ticket with Microsoft to get this fixed.
        50008	InvalidSamlToken	invalid_grant		documented	SAML assertion is missing or misconfigured in the token. Contact your federation provider.
        50010	AudienceUriValidationFailed	invalid_grant		documented	Audience URI validation for the app failed since no token audiences were configured.
        50012	AuthenticationFailed	invalid_grant		documented	Authentication failed for one of the following reasons: The subject name of the signing certificate isn't authorized; A matching trusted authority policy wasn't found for the authorized subject name; The certificate chain isn't valid; The signing certificate isn't valid; Policy isn't configured on the tenant; Thumbprint of the signing certificate isn't authorized; Client assertion contains an invalid signature
        50014	GuestUserInPendingState	invalid_grant		documented	The user account doesn’t exist in the directory. An application likely chose the wrong tenant to sign into, and the currently logged in user was prevented from doing so since they didn't exist in your tenant. If this user should be able to sign in, add them as a guest.
        50015	ViralUserLegalAgeConsentRequiredState	invalid_grant		documented	The user requires legal age group consent.
        50017	CertificateValidationFailed	invalid_grant		documented	Certification validation failed, reasons for the following reasons: Cannot find issuing certificate in trusted certificates list; Unable to find expected CrlSegment; Cannot find issuing certificate in trusted certificates list; Delta CRL distribution point is configured without a corresponding CRL distribution point; Unable to retrieve valid CRL segments because of a timeout issue; Unable to download CRL.
        50029		invalid_grant		documented	Invalid URI - domain name contains invalid characters. Contact the tenant admin.
        50032	WeakRsaKey	invalid_grant		documented	Indicates the erroneous user attempt to use a weak RSA key.
        50033	RetryableError	invalid_grant		documented	Indicates a transient error not related to the database operations.
        50042	UnableToGeneratePairwiseIdentifierWithMissingSalt	invalid_grant		documented	The salt required to generate a pairwise identifier is missing in principle. Contact the tenant admin.
        50043	UnableToGeneratePairwiseIdentifierWithMultipleSalts	invalid_grant		documented	UnableToGeneratePairwiseIdentifierWithMultipleSalts
        50050	MalformedDiscoveryRequest	invalid_grant		documented	The request is malformed.
        50056		invalid_grant		documented	Invalid or null password: password doesn't exist in the directory for this user. The user should be asked to enter their password again.
        50061	SignoutInvalidRequest	invalid_grant		documented	Unable to complete sign out. The request was invalid.
        50064	CredentialAuthenticationError	invalid_grant		documented	Credential validation on username or password has failed.
        50068	SignoutInitiatorNotParticipant	invalid_grant		documented	Sign out has failed. The app that initiated sign out isn't a participant in the current session.
        50070	SignoutUnknownSessionIdentifier	invalid_grant		documented	Sign out has failed. The sign out request specified a name identifier that didn't match the existing session(s).
        50071	SignoutMessageExpired	invalid_grant		documented	The logout request has expired.
        50072	UserStrongAuthEnrollmentRequiredInterrupt	invalid_grant	basic_action	documented	User needs to enroll for second factor authentication (interactive).
        50074	UserStrongAuthClientAuthNRequiredInterrupt	invalid_grant	basic_action	documented	Strong authentication is required and the user did not pass the MFA challenge.
        50085		invalid_grant		documented	Refresh token needs social IDP login. Have user try signing-in again with username -password
        50086	SasNonRetryableError	invalid_grant		documented	SasNonRetryableError
        50087	SasRetryableError	invalid_grant		documented	A transient error has occurred during strong authentication. Please try again.
        50088		invalid_grant		documented	Limit on telecom MFA calls reached. Please try again in a few minutes.
        50089		invalid_grant		documented	Authentication failed due to flow token expired. Expected - auth codes, refresh tokens, and sessions expire over time or are revoked by the user or an admin. The app will request a new login from the user.
        50097	DeviceAuthenticationRequired	invalid_grant		documented	Device authentication is required.
        50098		invalid_grant		documented	JWT body must contain '{field}'.
        50099	PKeyAuthInvalidJwtUnauthorized	invalid_grant		documented	The JWT signature is invalid.
        50100		invalid_grant		documented	There was an error transforming the claims for the token.
        50101		invalid_grant		documented	Unknown claims transformer '{name}' was specified for principal '{app}'.
        50102		invalid_grant		documented	Unable to load CustomClaimsTransformer '{type}' was specified for principal '{app}'.
        50103		invalid_grant		documented	There was an error transforming the claims for the token: {errorMessage}
        50107	InvalidRealmUri	invalid_grant		documented	The requested federation realm object doesn't exist. Contact the tenant admin.
        50108		invalid_grant		documented	Claims transformation configuration could not be retrieved.
        50109		invalid_grant		documented	Claim transformation is unknown from configuration.
        50111		invalid_grant		documented	Unknown claim transformation was asked to be applied.
        50117		invalid_grant		documented	Failed to deserialize policy specified in the request's claim parameter.
        50120	ThresholdJwtInvalidJwtFormat	invalid_grant		documented	Issue with JWT header. Contact the tenant admin.
        50123		invalid_grant		documented	Unknown claims transformation method '{method}' was specified for principal '{app}'.
        50124	ClaimsTransformationInvalidInputParameter	invalid_grant		documented	Claims Transformation contains invalid input parameter. Contact the tenant admin to update the policy.
        50125	PasswordResetRegistrationRequiredInterrupt	invalid_grant		documented	Sign-in was interrupted because of a password reset or password registration entry.
        50127	BrokerAppNotInstalled	invalid_grant		documented	User needs to install a broker app to gain access to this content.
        50128		invalid_grant		documented	Invalid domain name - No tenant-identifying information found in either the request or implied by any provided credentials.
        50129	DeviceIsNotWorkplaceJoined	invalid_grant		documented	Workplace join is required to register the device.
        50130		invalid_grant		documented	The claim value(s) '{value}' cannot be interpreted as known auth method(s).
        50131	ConditionalAccessFailed	invalid_grant		documented	Indicates various Conditional Access errors such as bad Windows device state, request blocked due to suspicious activity, access policy, or security policy decisions.
        50132	SsoArtifactInvalidOrExpired	invalid_grant		documented	The session isn't valid due to password expiration or recent password change.
        50133	SsoArtifactRevoked	invalid_grant		documented	The session isn't valid due to password expiration or recent password change.
        50134	DeviceFlowAuthorizeWrongDatacenter	invalid_grant		documented	Wrong data center. To authorize a request that was initiated by an app in the OAuth 2.0 device flow, the authorizing party must be in the same data center where the original request resides.
        50135	PasswordChangeCompromisedPassword	invalid_grant		documented	Password change is required due to account risk.
        50136	RedirectMsaSessionToApp	invalid_grant		documented	Single MSA session detected.
        50137		invalid_grant		documented	Password needs to be changed due to security policy rule.
        50138		invalid_grant		documented	Invalid encryption key environment.
        50139	SessionMissingMsaOAuth2RefreshToken	invalid_grant		documented	The session is invalid due to a missing external refresh token.
        50140	KmsiInterrupt	invalid_grant		documented	This error occurred due to "Keep me signed in" interrupt when the user was signing-in. This is an expected part of the sign in flow, where a user is asked if they want to remain signed into their current browser to make further logins easier.
        50141		invalid_grant		documented	Protected key isn't intended for the authenticated user.
        50142		invalid_grant		documented	Password change is required due to a Conditional Access policy.
        50143		invalid_grant		documented	Session mismatch - Session is invalid because user tenant doesn't match the domain hint due to different resource. Open a support ticket with Correlation ID, Request ID, and Error code to get more details.
        50144	InvalidPasswordExpiredOnPremPassword	invalid_grant		documented	User's Active Directory password has expired. Generate a new password for the user or have the user use the self-service reset tool to reset their password.
        50146	MissingCustomSigningKey	invalid_grant		documented	This app is required to be configured with an app-specific signing key. It's either not configured with one, or the key has expired or isn't yet valid. Please contact the owner of the application.
        50150		invalid_grant		documented	The provided credentials does not have a valid user consent approval information.
        50155	DeviceAuthenticationFailed	invalid_grant		documented	Device authentication failed for this user.
        50156		invalid_grant		documented	Device tokens are not supported for V2 resource.
        50157		invalid_grant		documented	User redirection required for routing.
        50158	ExternalSecurityChallenge	invalid_grant	basic_action	documented	External security challenge was not satisfied.
        50159		invalid_grant		documented	Claims sent by external provider are not enough.
        50160		invalid_grant		documented	Different target tenant is preferred.
        50161	InvalidExternalSecurityChallengeConfiguration	invalid_grant		documented	Claims sent by external provider isn't enough or Missing claim requested to external provider.
        50162		invalid_grant		documented	Claims transformation has timed out. This indicates too many or too complex transformations may have been configured for this application. A retry of the request may succeed. Otherwise, please contact your admin to fix the configuration.
        50163		invalid_grant		documented	Regular expression replacement for claims transformation has resulted in a claim which exceeds the size limit. Please contact your admin to fix the configuration.
        50164		invalid_grant		documented	The supplied access token was not issued for the purpose for which it is being used. Expected a token with purpose '{name}'.
        50165		invalid_grant		documented	The token encrypting algorithm '{algorithm}' requested by the application isn't supported for this type of token. This indicates the application is misconfigured.
        50166	ExternalClaimsProviderThrottled	invalid_grant		documented	Failed to send the request to the claims provider.
        50167		invalid_grant		documented	Invalid pop_jwk key.
        50168	ChromeBrowserSsoInterruptRequired	invalid_grant		documented	The client is capable of obtaining an SSO token through the Windows 10 Accounts extension, but the token was not found in the request or the supplied token was expired.
        50169	InvalidRequestBadRealm	invalid_grant		documented	The realm isn't a configured realm of the current service namespace.
        50170	MissingExternalClaimsProviderMapping	invalid_grant		documented	The external controls mapping is missing.
        50171		invalid_grant		documented	The given audience can only be used in Mutual-TLS token calls.
        50172		invalid_grant		documented	External claims provider {provider} isn't approved.
        50176		invalid_grant		documented	Missing definition of external control: {controlId}.
        50177	ExternalChallengeNotSupportedForPassthroughUsers	invalid_grant		documented	External challenge isn't supported for passthrough users.
        50178	SessionControlNotSupportedForPassthroughUsers	invalid_grant		documented	Session control isn't supported for passthrough users.
        50180	WindowsIntegratedAuthMissing	invalid_grant		documented	Integrated Windows authentication is needed. Enable the tenant for Seamless SSO.
        50187	DeviceInformationNotProvided	invalid_grant		documented	The service failed to perform device authentication.
        50192		invalid_grant		documented	Invalid Request - RawCredentialExpectedNotFound - No Credential was included in the sign-in request. Example: user is performing certificate-based authentication (CBA) and no certificate is sent (or Proxy removes) the user's certificate in the sign-in request.
        50197	ConflictingIdentities	invalid_grant		documented	The user could not be found. Try signing in again.
        50199	CmsiInterrupt	invalid_grant		documented	For security reasons, user confirmation is required for this request. Interrupt is shown for all scheme redirects in mobile browsers. No action required. The user was asked to confirm that this app is the application they intended to sign into.
        51000	RequiredFeatureNotEnabled	invalid_grant		documented	The feature is disabled.
        51001	DomainHintMustbePresent	invalid_grant		documented	Domain hint must be present with on-premises security identifier or on-premises UPN.
        51004	UserAccountNotInDirectory	invalid_grant		documented	The user account doesn’t exist in the directory. An application likely chose the wrong tenant to sign into, and the currently logged in user was prevented from doing so since they did not exist in your tenant. If this user should be able to log in, add them as a guest.
        51005	TemporaryRedirect	invalid_grant		documented	Equivalent to HTTP status 307, which indicates that the requested information is located at the URI specified in the location header. When you receive this status, follow the location header associated with the response.
        51006	ForceReauthDueToInsufficientAuth	invalid_grant		documented	Integrated Windows authentication is needed. User logged in using a session token that is missing the integrated Windows authentication claim. Request the user to log in again.
        52004	DelegationDoesNotExistForLinkedIn	invalid_grant		documented	The user has not provided consent for access to LinkedIn resources.
        53000	DeviceNotCompliant	invalid_grant	message_only	documented	Conditional Access policy requires a compliant device, and the device isn't compliant. The user must enroll their device with an approved MDM provider like Intune.
        53001	DeviceNotDomainJoined	invalid_grant	message_only	documented	Conditional Access policy requires a domain joined device, and the device isn't domain joined. Have the user use a domain joined device.
        53002	ApplicationUsedIsNotAnApprovedApp	invalid_grant	message_only	documented	The app used isn't an approved app for Conditional Access. User needs to use one of the apps from the list of approved apps to use in order to get access.
        53004	ProofUpBlockedDueToRisk	invalid_grant		documented	User needs to complete the multifactor authentication registration process before accessing this content. User should register for multifactor authentication.
        53010	ProofUpBlockedDueToSecurityInfoAcr	invalid_grant		documented	Cannot configure multifactor authentication methods because the organization requires this information to be set from specific locations or devices.
        53011		invalid_grant		documented	User blocked due to risk on home tenant.
        54000	MinorUserBlockedLegalAgeGroupRule	invalid_grant		documented	MinorUserBlockedLegalAgeGroupRule
        65002		invalid_grant		documented	Consent between first party application '{applicationId}' and first party resource '{resourceId}' must be configured via preauthorization - applications owned and operated by Microsoft must get approval from the API owner before requesting tokens for that API.
        65005	MisconfiguredApplication	invalid_resource		documented	The app required resource access list doesn't contain apps discoverable by the resource, or the client app has requested access to resource, which wasn't specified in its required resource access list or Graph service returned bad request or resource not found.
        67003	ActorNotValidServiceIdentity	invalid_grant		documented	ActorNotValidServiceIdentity
        70001	UnauthorizedClient	invalid_grant		documented	The application is disabled.
        70002	InvalidClient	invalid_grant		documented	Error validating the credentials. The specified client_secret does not match the expected value for this client. Correct the client_secret and try again. For more info, see Use the authorization code to request an access token.
        70004	InvalidRedirectUri	invalid_grant		documented	The app returned an invalid redirect URI. The redirect address specified by the client does not match any configured addresses or any addresses on the OIDC approve list.
        70005	UnsupportedResponseType	invalid_grant		documented	The app returned an unsupported response type due to the following reasons: response type 'token' isn't enabled for the app; response type 'id_token' requires the 'OpenID' scope -contains an unsupported OAuth parameter value in the encoded wctx
        70007	UnsupportedResponseMode	invalid_grant		documented	The app returned an unsupported value of response_mode when requesting a token.
        70012	MsaServerError	invalid_grant		documented	A server error occurred while authenticating an MSA (consumer) user. Try again. If it continues to fail, open a support ticket
        70019	CodeExpired	invalid_grant		documented	Verification code expired. Have the user retry the sign-in.
        70044		invalid_grant	token_expired	assumed	The session has expired or is invalid due to sign-in frequency checks by conditional access.
        75001	BindingSerializationError	invalid_grant		documented	An error occurred during SAML message binding.
        75003	UnsupportedBindingError	invalid_grant		documented	The app returned an error related to unsupported binding (SAML protocol response can't be sent via bindings other than HTTP POST).
        75005	Saml2MessageInvalid	invalid_grant		documented	Microsoft Entra doesn’t support the SAML request sent by the app for SSO.
        75008	RequestDeniedError	invalid_grant		documented	The request from the app was denied since the SAML request had an unexpected destination.
        75011	NoMatchedAuthnContextInOutputClaims	invalid_grant		documented	The authentication method by which the user authenticated with the service doesn't match requested authentication method.
        75016	Saml2AuthenticationRequestInvalidNameIDPolicy	invalid_grant		documented	SAML2 Authentication Request has invalid NameIdPolicy.
        76021	ApplicationRequiresSignedRequests	invalid_request		documented	The request sent by client is not signed while the application requires signed requests
        76026	RequestIssueTimeExpired	invalid_request		documented	IssueTime in an SAML2 Authentication Request is expired.
        80001	OnPremiseStoreIsNotAvailable	invalid_request		documented	The Authentication Agent is unable to connect to Active Directory. Make sure that agent servers are members of the same AD forest as the users whose passwords need to be validated and they are able to connect to Active Directory.
        80002	OnPremisePasswordValidatorRequestTimedout	invalid_request		documented	Password validation request timed out. Make sure that Active Directory is available and responding to requests from the agents.
        80005	OnPremisePasswordValidatorUnpredictableWebException	invalid_request		documented	An unknown error occurred while processing the response from the Authentication Agent. Retry the request. If it continues to fail, open a support ticket to get more details on the error.
        80007	OnPremisePasswordValidatorErrorOccurredOnPrem	invalid_request		documented	The Authentication Agent is unable to validate user's password. Check the agent logs for more info and verify that Active Directory is operating as expected.
        80010	OnPremisePasswordValidationEncryptionException	invalid_request		documented	The Authentication Agent is unable to decrypt password.
        80012	OnPremisePasswordValidationAccountLogonInvalidHours	invalid_request		documented	The users attempted to log on outside of the allowed hours (this is specified in AD).
        80013	OnPremisePasswordValidationTimeSkew	invalid_request		documented	The authentication attempt couldn't be completed due to time skew between the machine running the authentication agent and AD. Fix time sync issues.
        80014	OnPremisePasswordValidationAuthenticationAgentTimeout	invalid_request		documented	Validation request responded after maximum elapsed time exceeded. Open a support ticket with the error code, correlation ID, and timestamp to get more details on this error.
        81004	DesktopSsoIdentityInTicketIsNotAuthenticated	invalid_grant		documented	Kerberos authentication attempt failed.
        81005	DesktopSsoAuthenticationPackageNotSupported	invalid_grant		documented	The authentication package isn't supported.
        81006	DesktopSsoNoAuthorizationHeader	invalid_grant		documented	No authorization header was found.
        81007	DesktopSsoTenantIsNotOptIn	invalid_grant		documented	The tenant isn't enabled for Seamless SSO.
        81009	DesktopSsoAuthorizationHeaderValueWithBadFormat	invalid_grant		documented	Unable to validate user's Kerberos ticket.
        81010	DesktopSsoAuthTokenInvalid	invalid_grant		documented	Seamless SSO failed because the user's Kerberos ticket has expired or is invalid.
        81011	DesktopSsoLookupUserBySidFailed	invalid_grant		documented	Unable to find user object based on information in the user's Kerberos ticket.
        81012	DesktopSsoMismatchBetweenTokenUpnAndChosenUpn	invalid_grant		documented	The user trying to sign in to Microsoft Entra ID is different from the user signed into the device.
        90004	InvalidRequestFormat	invalid_request		documented	The request isn't properly formatted.
        90005	InvalidRequestWithMultipleRequirements	invalid_request		documented	Unable to complete the request. The request isn't valid because the identifier and login hint can't be used together.
        90006	ExternalServerRetryableError	invalid_request		documented	The service is temporarily unavailable.
        90007	InvalidSessionId	invalid_request		documented	Bad request. The passed session ID can't be parsed.
        90008	TokenForItselfRequiresGraphPermission	invalid_request		documented	The user or administrator hasn't consented to use the application. At the minimum, the application requires access to Microsoft Entra ID by specifying the sign-in and read user profile permission.
        90010	NotSupported	invalid_request		documented	Unable to create the algorithm.
        90012	RequestTimeout	invalid_request		documented	The requested has timed out.
        90013	InvalidUserInput	invalid_request		documented	The input from the user isn't valid.
        90014	MissingRequiredField	invalid_request		documented	This error code might appear in various cases when an expected field isn't present in the credential.
        90015	QueryStringTooLong	invalid_request		documented	The query string is too long.
        90016	MissingRequiredClaim	invalid_request		documented	The access token isn't valid. The required claim is missing.
        90019	MissingTenantRealm	invalid_request		documented	Microsoft Entra ID was unable to determine the tenant identifier from the request.
        90020		invalid_request		documented	The SAML 1.1 Assertion is missing ImmutableID of the user. Developer error - the app is attempting to sign in without the necessary or correct authentication parameters.
        90022	AuthenticatedInvalidPrincipalNameFormat	invalid_request		documented	The principal name format isn't valid, or doesn't meet the expected name[/host][@realm] format. The principal name is required, host, and realm are optional and can be set to null.
        90024	RequestBudgetExceededError	invalid_request		documented	A transient error has occurred. Try again.
        90027		invalid_request		documented	We are unable to issue tokens from this API version on the MSA tenant. Please contact the application vendor as they need to use version 2.0 of the protocol to support this.
        90036	MsodsServiceUnretryableFailure	invalid_request		documented	An unexpected, non-retryable error from the WCF service hosted by MSODS has occurred. Open a support ticket to get more details on the error.
        90038	NationalCloudTenantRedirection	invalid_request		documented	The specified tenant 'Y' belongs to the National Cloud 'X'. Current cloud instance 'Z' does not federate with X. A cloud redirect error is returned.
        90043	NationalCloudAuthCodeRedirection	invalid_request		documented	The feature is disabled.
        90051	InvalidNationalCloudId	invalid_request		documented	The national cloud identifier contains an invalid cloud identifier.
        90055	TenantThrottlingError	invalid_request		documented	There are too many incoming requests. This exception is thrown for blocked tenants.
        90056	BadResourceRequest	invalid_request		documented	To redeem the code for an access token, the app should send a POST request to the /token endpoint. Also, prior to this, you should provide an authorization code and send it in the POST request to the /token endpoint. Refer to this article for an overview of OAuth 2.0 authorization code flow.
        90072	PassThroughUserMfaError	invalid_request		documented	The external account that the user signs in with doesn't exist on the tenant that they signed into; so the user can't satisfy the MFA requirements for the tenant.
        90081	OrgIdWsFederationMessageInvalid	invalid_request		documented	An error occurred when the service tried to process a WS-Federation message. The message isn't valid.
        90082	OrgIdWsFederationNotSupported	invalid_request		documented	The selected authentication policy for the request isn't currently supported.
        90084	OrgIdWsFederationGuestNotAllowed	invalid_request		documented	Guest accounts aren't allowed for this site.
        90085	OrgIdWsFederationSltRedemptionFailed	invalid_request		documented	The service is unable to issue a token because the company object hasn't been provisioned yet.
        90086	OrgIdWsTrustDaTokenExpired	invalid_request		documented	The user DA token is expired.
        90087	OrgIdWsFederationMessageCreationFromUriFailed	invalid_request		documented	An error occurred while creating the WS-Federation message from the URI.
        90090	GraphRetryableError	invalid_request		documented	The service is temporarily unavailable.
        90091	GraphServiceUnreachable	invalid_request		documented	GraphServiceUnreachable
        90092	GraphNonRetryableError	invalid_request		documented	GraphNonRetryableError
        90094	AdminConsentRequired	invalid_request		documented	Administrator consent is required.
        90095	AdminConsentRequiredRequestAccess	invalid_request		documented	In the Admin Consent Workflow experience, an interrupt that appears when the user is told they need to ask the admin for consent.
        90099		invalid_request		documented	The application '{app}' ({name}) has not been authorized in the tenant '{tenant}'. Applications must be authorized to access the external tenant before partner delegated administrators can use them. Provide pre-consent or execute the appropriate Partner Center API to authorize the application.
        90100	InvalidRequestParameter	invalid_request		documented	The parameter is empty or not valid.
        90101	InvalidEmailAddress	invalid_request		documented	The supplied data isn't a valid email address. The email address must be in the format someone@example.com.
        90107	InvalidXml	invalid_request		documented	The request isn't valid. Make sure your data doesn't have invalid characters.
        90112		invalid_request		documented	Application identifier is expected to be a GUID.
        90114	InvalidExpiryDate	invalid_request		documented	The bulk token expiration timestamp will cause an expired token to be issued.
        90117	InvalidRequestInput	invalid_request		documented	InvalidRequestInput
        90119	InvalidUserCode	invalid_request		documented	The user code is null or empty.
        90120	InvalidDeviceFlowRequest	invalid_request		documented	The request was already authorized or declined.
        90121	InvalidEmptyRequest	invalid_request		documented	Invalid empty request.
        90123	IdentityProviderAccessDenied	invalid_request		documented	The token can't be issued because the identity or claim issuance provider denied the request.
        90124	V1ResourceV2GlobalEndpointNotSupported	invalid_request		documented	The resource isn't supported over the /common or /consumers endpoints. Use the /organizations or tenant-specific endpoint instead.
        90125	DebugModeEnrollTenantNotFound	invalid_request		documented	The user isn't in the system. Make sure you entered the user name correctly.
        90126	DebugModeEnrollTenantNotInferred	invalid_request		documented	The user type isn't supported on this endpoint. The system can't infer the user's tenant from the user name.
        90130	NonConvergedAppV2GlobalEndpointNotSupported	invalid_request		documented	The application isn't supported over the /common or /consumers endpoints. Use the /organizations or tenant-specific endpoint instead.
        100007		invalid_request		documented	Microsoft Entra Regional ONLY supports auth either for MSIs OR for requests from MSAL using SN+I for 1P apps or 3P apps in Microsoft infrastructure tenants.
        120000	PasswordChangeIncorrectCurrentPassword	invalid_grant		documented	PasswordChangeIncorrectCurrentPassword
        120002	PasswordChangeInvalidNewPasswordWeak	invalid_grant		documented	PasswordChangeInvalidNewPasswordWeak
        120003	PasswordChangeInvalidNewPasswordContainsMemberName	invalid_grant		documented	PasswordChangeInvalidNewPasswordContainsMemberName
        120004	PasswordChangeOnPremComplexity	invalid_grant		documented	PasswordChangeOnPremComplexity
        120005	PasswordChangeOnPremSuccessCloudFail	invalid_grant		documented	PasswordChangeOnPremSuccessCloudFail
        120008	PasswordChangeAsyncJobStateTerminated	invalid_grant		documented	A non-retryable error has occurred.
        120011	PasswordChangeAsyncUpnInferenceFailed	invalid_grant		documented	PasswordChangeAsyncUpnInferenceFailed
        120012	PasswordChangeNeedsToHappenOnPrem	invalid_grant		documented	PasswordChangeNeedsToHappenOnPrem
        120013	PasswordChangeOnPremisesConnectivityFailure	invalid_grant		documented	PasswordChangeOnPremisesConnectivityFailure
        120014	PasswordChangeOnPremUserAccountLockedOutOrDisabled	invalid_grant		documented	PasswordChangeOnPremUserAccountLockedOutOrDisabled
        120015	PasswordChangeADAdminActionRequired	invalid_grant		documented	PasswordChangeADAdminActionRequired
        120016	PasswordChangeUserNotFoundBySspr	invalid_grant		documented	PasswordChangeUserNotFoundBySspr
        120018	PasswordChangePasswordDoesnotComplyFuzzyPolicy	invalid_grant		documented	PasswordChangePasswordDoesnotComplyFuzzyPolicy
        120020	PasswordChangeFailure	invalid_grant		documented	PasswordChangeFailure
        120021	PartnerServiceSsprInternalServiceError	invalid_grant		documented	PartnerServiceSsprInternalServiceError
        130004	NgcKeyNotFound	invalid_grant		documented	The user principal doesn't have the NGC ID key configured.
        130005	NgcInvalidSignature	invalid_grant		documented	NGC key signature verified failed.
        130006	NgcTransportKeyNotFound	invalid_grant		documented	The NGC transport key isn't configured on the device.
        130007	NgcDeviceIsDisabled	invalid_grant		documented	The device is disabled.
        130008	NgcDeviceIsNotFound	invalid_grant		documented	The device referenced by the NGC key wasn't found.
        135010	KeyNotFound	invalid_grant		documented	KeyNotFound
        135011		invalid_grant		documented	Device used during the authentication is disabled.
        140000	InvalidRequestNonce	invalid_grant		documented	Request nonce isn't provided.
        140001	InvalidSessionKey	invalid_grant		documented	The session key isn't valid.
        165004		interaction_required		documented	Actual message content is runtime specific. Please see returned exception message for details.
        165900	InvalidApiRequest	interaction_required		documented	Invalid request.
        220450	UnsupportedAndroidWebViewVersion	invalid_grant		documented	The Chrome WebView version isn't supported.
        220501	InvalidCrlDownload	invalid_grant		documented	InvalidCrlDownload
        221000	DeviceOnlyTokensNotSupportedByResource	invalid_request		documented	The resource isn't configured to accept device-only tokens.
        230109	CachedCredentialNonGWAuthNRequestsNotSupported	invalid_request		documented	Backup Auth Service only allows AuthN requests from Microsoft Entra Gateway. This error is returned when traffic targets the backup auth service directly instead of going through the reverse proxy.
        240001	BulkAADJTokenUnauthorized	invalid_grant		documented	The user isn't authorized to register devices in Microsoft Entra ID.
        240002	RequiredClaimIsMissing	invalid_grant		documented	The id_token can't be used as urn:ietf:params:oauth:grant-type:jwt-bearer grant.
        399284	InboundIdTokenIssuerInvalid	invalid_grant		documented	The inbound ID token received in the federation has an invalid issuer. Either it is empty, or it does not match the realm identifier.
        500014	InvalidResourceServicePrincipalDisabled	invalid_grant		documented	The service principal for resource '{app}' is disabled. This indicates that a subscription within the tenant has lapsed, or that an administrator for this tenant has disabled the application's service principal, preventing tokens from being issued for it.
        500021		invalid_grant		documented	Access to '{tenant}' tenant is denied. AADSTS500021 indicates that the tenant restriction feature is configured and that the user is trying to access a tenant that isn't in the list of allowed tenants specified in the header Restrict-Access-To-Tenant.
        500022		invalid_grant		documented	Access to '{tenant}' tenant is denied. AADSTS500022 indicates that the tenant restriction feature is configured and that the user is trying to access a tenant that isn't in the list of allowed tenants specified in the header Restrict-Access-To-Tenant.
        500141		invalid_grant		documented	The user's redemption is complete but the request was not initiated by the target application.
        500207		invalid_grant		documented	The account type can't be used for the resource you're trying to access.
        500208		invalid_grant		documented	The domain is not a valid login domain for the account type - This situation occurs when the user's account does not match the expected account type for the given tenant.
        500212	NotAllowedByOutboundPolicyTenant	invalid_grant		documented	The user's administrator has set an outbound access policy that doesn't allow access to the resource tenant.
        500213	NotAllowedByInboundPolicyTenant	invalid_grant		documented	The resource tenant's cross-tenant access policy doesn't allow this user to access this tenant.
        501241		invalid_grant		documented	Mandatory Input '{paramName}' missing from transformation ID '{transformId}'. This error is returned while Microsoft Entra ID is trying to build a SAML response to the application.
        501461		invalid_grant		documented	AcceptMappedClaims is only supported for a token audience matching the application GUID or an audience within the tenant's verified domains. Either change the resource identifier, or use an application-specific signing key.
        501491	InvalidCodeChallengeMethodInvalidSize	invalid_grant		documented	Invalid size of Code_Challenge parameter.
        501621	ClaimsTransformationTimeoutRegularExpressionTimeout	invalid_grant		documented	Regular expression replacement for claims transformation has timed out. This indicates a too complex regular expression may have been configured for this application. A retry of the request may succeed. Otherwise, please contact your admin to fix the configuration.
        530032	BlockedByConditionalAccessOnSecurityPolicy	invalid_grant	message_only	documented	The tenant admin has configured a security policy that blocks this request. Check the security policies that are defined on the tenant level to determine if your request meets the policy requirements.
        530034	DelegatedAdminBlockedDueToSuspiciousActivity	invalid_grant	message_only	documented	A delegated administrator was blocked from accessing the tenant due to account risk in their home tenant.
        530035	BlockedBySecurityDefaults	invalid_grant	message_only	documented	Access has been blocked by security defaults. This is due to the request using legacy auth or being deemed unsafe by security defaults policies.
        530084		invalid_grant	message_only	assumed	Access has been blocked by conditional access token protection policy.
        650052		invalid_grant		documented	The app needs access to a service ("{name}") that your organization "{organization}" hasn't subscribed to or enabled. Contact your IT Admin to review the configuration of your service subscriptions.
        650054		invalid_grant		documented	The application asked for permissions to access a resource that has been removed or is no longer available. Make sure that all resources the app is calling are present in the tenant you're operating in.
        650056		invalid_grant		documented	Misconfigured application. This could be due to one of the following: the client has not listed any permissions for '{name}' in the requested permissions in the client's application registration. Or, the admin has not consented in the tenant.
        650057		invalid_grant		documented	Invalid resource. The client has requested access to a resource which isn't listed in the requested permissions in the client's application registration. Client app ID: {app}({name}). Resource value from request: {resource}. Resource app ID: {resourceAppId}.
        650059		invalid_grant		documented	The application is not configured for use in the tenant. The value AzureADMyOrg set for application property signInAudience is limiting its use in the tenant.
        700003	DeviceObjectNotFound	invalid_grant	device_authentication_failed	recorded	Device object was not found in the tenant '{directory}' directory.
        700011	UnauthorizedClientAppNotFoundInOrgIdTenant	invalid_client		documented	Application with identifier {app} was not found in the directory. A client application requested a token from your tenant, but the client app doesn't exist in your tenant, so the call failed.
        700020	InteractionRequired	invalid_client		documented	The access grant requires interaction.
        700022	InvalidMultipleResourcesScope	invalid_client		documented	The provided value for the input parameter scope isn't valid because it contains more than one resource.
        700030		invalid_client		documented	Invalid certificate - subject name in certificate isn't authorized. SubjectNames/SubjectAlternativeNames (up to 10) in token certificate are: {certificateSubjects}.
        700081		invalid_grant	token_expired	recorded	The refresh token has expired due to maximum lifetime. The token was issued on {issued} and the maximum allowed lifetime for this application is {lifetime}.
        700229	ForbiddenTokenType	invalid_grant		documented	Only app-only tokens can be used as Federated Identity Credentials for Microsoft Entra issuer. Use an app-only access token (generated during a client credentials flow) instead of a user-delegated access token (representing a request coming from a user context).
        750054		invalid_grant		documented	SAMLRequest or SAMLResponse must be present as query string parameters in HTTP request for SAML Redirect binding.
        900236	InvalidRequestSamlPropertyUnsupported	invalid_request		documented	The SAML authentication request property '{propertyName}' isn't supported and must not be set.
        900382		invalid_request		documented	Confidential Client isn't supported in Cross Cloud request.
        900384		invalid_request		documented	JWT token failed signature validation. Actual message content is runtime specific, there are a variety of causes for this error. Please see the returned exception message for details.
        900432		invalid_request		documented	Confidential Client isn't supported in Cross Cloud request.
        900971		invalid_request		documented	No reply address provided.
        901002		invalid_request		documented	The 'resource' request parameter isn't supported.
        901011	NoEmailAddressCollectedFromExternalOidcIDP	invalid_request		documented	No email address was obtained from the external OpenID Connect (OIDC) identity provider. This usually happens when the user selects Hide my email upon signing up.
        901012	EmailAddressCollectedFromExternalOidcIDPNotVerified	invalid_request		documented	No verified email address was obtained from the identity provider. The email address is not verified in the ID token from the external OIDC identity provider.
        901014	NoExternalIdentifierCollectedFromExternalOidcIDP	invalid_request		documented	The external identifier does not exist in the ID token from the external OIDC identity provider.
        1000000	UserNotBoundError	invalid_request		documented	The Bind API requires the Microsoft Entra user to also authenticate with an external IDP, which hasn't happened yet.
        1000002	BindCompleteInterruptError	invalid_request		documented	The bind completed successfully, but the user must be informed.
        1000031		invalid_request		documented	Application {appDisplayName} can't be accessed at this time. Contact your administrator.
        1000104	XCB2BResourceCloudNotAllowedOnIdentityTenant	invalid_request		documented	Resource cloud {resourceCloud} isn't allowed on identity tenant {identityTenant}. {resourceCloud} - cloud instance which owns the resource. {identityTenant} - is the tenant where signing-in identity is originated from.
        5000224	NotAllowedTenantBlockedTenantFraud	invalid_grant		documented	We are sorry, this resource is not available. If you are seeing this message by mistake, please contact Microsoft support.
        5000819	InvalidSamlTokenEmailMissingOrInvalid	invalid_grant		documented	SAML Assertion is invalid. Email address claim is missing or doesn't match domain from an external realm.
        5001256		invalid_grant		documented	Failed to complete authentication with external provider due to invalid id_token. Failure details: {details}
        7000114		invalid_client		documented	Application 'appIdentifier' isn't allowed to make application on-behalf-of calls.
        7500514		invalid_grant		documented	A supported type of SAML response was not found. The supported response types are 'Response' (in XML namespace 'urn:oasis:names:tc:SAML:2.0:protocol') or 'Assertion' (in XML namespace 'urn:oasis:names:tc:SAML:2.0:assertion'). Application error - the developer will handle this error.
        7500529		invalid_grant		documented	The value ‘SAMLId-Guid’ isn't a valid SAML ID - Microsoft Entra ID uses this attribute to populate the InResponseTo attribute of the returned response. ID must not begin with a number, so a common strategy is to prepend a string like "ID" to the string representation of a GUID.
        9002341		invalid_request		documented	V2Error: invalid_grant - The user is required to permit Single Sign-On (SSO). This error occurs when the user has not granted the necessary permissions for the application to perform SSO. The user should be redirected to the consent screen to grant the necessary permissions.
        """#

    /// The names of the catalogue's codes.
    private static let ofCatalogue = """
        50105 EntitlementGrantsNotFound | 7000112 UnauthorizedClientApplicationDisabled | 50027 InvalidJwtToken |
        50048 SubjectMismatchesIssuer | 90093 GraphUserUnauthorized |
        16000 InteractionRequired | 50000 TokenIssuanceError | 50011 InvalidReplyTo | 50013 InvalidAssertion | 50020
        UserUnauthorized | 50034 UserAccountNotFound | 50049 NoSuchInstanceForDiscovery | 50055 InvalidPasswordExpiredPassword
        | 50057 UserDisabled | 50058 UserInformationNotProvided | 50059 MissingTenantRealmAndNoUserInformationProvided | 50076
        UserStrongAuthClientAuthNRequired | 50078 UserStrongAuthExpired | 50079 UserStrongAuthEnrollmentRequired | 50126
        InvalidUserNameOrPassword | 50147 MissingCodeChallenge | 50173 FreshTokenNeeded | 50196 LoopDetected | 53003
        BlockedByConditionalAccess | 65001 DelegationDoesNotExist | 65004 UserDeclinedConsent | 70000 InvalidGrant | 70003
        UnsupportedGrantType | 70008 ExpiredOrRevokedGrant | 70011 InvalidScope | 70016 AuthorizationPending | 70018
        BadVerificationCode | 70043 BadTokenDueToSignInFrequency | 90002 InvalidTenantName | 90009
        TokenForItselfMissingIdenticalAppIdentifier | 90023 InvalidRequest | 90033 MsodsServiceUnavailable | 90102
        InvalidUriParameter | 160021 AppSessionSelectionInvalidSessionNotExist | 500011
        InvalidResourceServicePrincipalNotFound | 700005 InvalidGrantRedeemAgainstWrongTenant | 700016
        UnauthorizedClient_DoesNotMatchRequest | 700025 InvalidClientPublicClientWithCredential | 700082
        ExpiredOrRevokedGrantInactiveToken | 900561 BadResourceRequestInvalidRequest | 7000222
        InvalidClientSecretExpiredKeysProvided | 9002313 InvalidRequest
        """
}
