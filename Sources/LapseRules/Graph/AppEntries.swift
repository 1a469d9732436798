/// App registrations as Graph shows them: as applications where they are registered, as service principals in every tenant that
/// may use them, and the consents between them.
package enum AppEntries {
    /// The collections, all of them read only.
    package enum Collection: String, CaseIterable, Sendable {
        case applications
        case servicePrincipals
        case consents = "oauth2PermissionGrants"

        /// By its name in an address, in any case.
        init?(segment: String) {
            guard let known = Self.allCases.first(where: { $0.rawValue.isSame(as: segment) }) else { return nil }
            self = known
        }

        package var query: GraphQuery.Collection {
            switch self {
            case .applications: .applications
            case .servicePrincipals: .servicePrincipals
            case .consents: .consents
            }
        }
    }

    /// What names one entry.
    package enum Key: Hashable, Sendable {
        case id(String)
        /// The alternate key of applications and service principals.
        case appID(String)

        /// - Parameter text: a segment, or what stood between parentheses: `appId='…'`.
        init(_ text: String) {
            let parts = text.split(separator: "=", maxSplits: 1)
            if parts.count == 2, String(parts[0]).isSame(as: "appId"), parts[1].hasPrefix("'"), parts[1].hasSuffix("'") {
                self = .appID(String(parts[1].dropFirst().dropLast()))
            } else {
                self = .id(text)
            }
        }

        package func names(_ entry: JSON) -> Bool {
            switch self {
            case .id(let id): entry["id"]?.text == id.lowercased() || entry["id"]?.text == id
            case .appID(let id): entry["appId"]?.text == id.lowercased() || entry["appId"]?.text == id
            }
        }

        /// As an error repeats it.
        package var text: String {
            switch self {
            case .id(let text), .appID(let text): text
            }
        }
    }

    /// An app in a tenant's directory.
    package struct Entry: Sendable {
        package let app: AppRegistration
        /// Where it is registered; nil: at Microsoft.
        package let owner: GUID?
        package let principal: ServicePrincipal

        package init(app: AppRegistration, owner: GUID?, principal: ServicePrincipal) {
            self.app = app
            self.owner = owner
            self.principal = principal
        }
    }

    /// Microsoft's own directory, which owns its applications. Entra: service principals of first-party apps.
    private static let microsoftTenant = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
    /// Entra: resources/application.md.
    package static func application(_ app: AppRegistration, in tenant: Tenant) -> JSON {
        func redirects(_ isHere: Bool) -> JSON { ["redirectUris": JSON(isHere ? app.redirectURIs : [])] }
        return [
            "id": .string(GUID.derived(from: "application \(tenant.id) \(app.id)").description),
            "appId": .string(app.id.description), "displayName": .string(app.name),
            "signInAudience": .string(app.signInAudience.rawValue),
            "publisherDomain": JSON(tenant.domains.first), "identifierUris": JSON(app.exposes.map { [$0.uri] } ?? []),
            "isFallbackPublicClient": .bool(app.kind == .public),
            "api": ["requestedAccessTokenVersion": .integer(app.accessTokenVersion), "oauth2PermissionScopes": scopes(of: app)],
            "web": JSON.object([
                "logoutUrl": JSON(app.logoutURL), "redirectUris": JSON(app.isConfidential ? app.redirectURIs : []),
                "implicitGrantSettings": ["enableAccessTokenIssuance": false, "enableIdTokenIssuance": .bool(app.issuesIDTokens)],
            ]),
            "publicClient": redirects(app.kind == .public),
            "spa": ["redirectUris": JSON(app.spaRedirectURIs + (app.kind == .spa ? app.redirectURIs : []))],
            "keyCredentials": .array(app.certificates.map(\.entry)),
            "passwordCredentials": .array(
                app.secretHashes.map { hash in
                    [
                        "customKeyIdentifier": .null, "displayName": .null, "endDateTime": JSON(app.secretEnds[hash]),
                        "hint": .null,
                        "keyId": .string(hash.keyID.description), "secretText": .null, "startDateTime": .null,
                    ]
                }),
        ]
    }

    /// Entra: resources/serviceprincipal.md.
    package static func servicePrincipal(_ entry: Entry, in tenant: Tenant) -> JSON {
        let app = entry.app
        let names =
            ResourceAPI.microsoft(in: tenant.cloud).filter { $0.id == app.id }.map(\.audience)
            + (app.exposes.map { [$0.uri] } ?? [])
        return [
            "id": .string(app.servicePrincipal(in: tenant.id).description), "appId": .string(app.id.description),
            "displayName": .string(app.name), "appDisplayName": .string(app.name),
            "accountEnabled": .bool(entry.principal.isEnabled),
            "appOwnerOrganizationId": .string(entry.owner?.description ?? microsoftTenant),
            "appRoleAssignmentRequired": .bool(entry.principal.requiresAssignment),
            "logoutUrl": JSON(app.logoutURL), "replyUrls": JSON(app.redirectURIs + app.spaRedirectURIs),
            "servicePrincipalNames": JSON(names + [app.id.description]),
            "servicePrincipalType": "Application", "signInAudience": .string(app.signInAudience.rawValue),
            "oauth2PermissionScopes": scopes(of: app),
            "tags": [],
        ]
    }

    private static func scopes(of app: AppRegistration) -> JSON {
        .array(
            (app.exposes?.scopes ?? []).map { scope in
                [
                    "id": .string(GUID.derived(from: "scope \(app.id) \(scope)").description), "value": .string(scope),
                    "type": "User", "isEnabled": true, "adminConsentDisplayName": .string(scope),
                    "adminConsentDescription": .string(scope), "userConsentDisplayName": .string(scope),
                    "userConsentDescription": .string(scope),
                ]
            })
    }

    /// What a client may do for users of a tenant, one entry for each resource: for all of them, or, once one of them took the
    /// consent away, for each of the others. Entra: resources/oauth2permissiongrant.md.
    ///
    /// - Parameter users: of the tenant; nil when none of them took the consent away.
    package static func consents(
        of client: AppRegistration, users: [User]?, resources: [ResourceAPI], in tenant: Tenant
    ) -> [JSON] {
        let policy = ScopePolicy(app: client, resources: resources, tenant: tenant)
        return policy.registeredByResource.flatMap { api, scopes in
            let principals: [User?] = users.map { $0.filter { !$0.withdrawnConsents.contains(client.id) } } ?? [nil]
            return principals.map { user -> JSON in
                consent(of: client, user: user, api: api.id, scopes: (api.isGraph ? policy.openID : []) + scopes, in: tenant)
            }
        }
    }

    /// What a user consented to beside the client's registration, one entry for each resource.
    package static func consents(
        given user: User, to client: AppRegistration, resources: [ResourceAPI], in tenant: Tenant
    ) -> [JSON] {
        let scopes = (user.consents[client.id] ?? []).sorted()
        let apis = [ResourceAPI.graph(of: tenant.cloud)] + resources
        return apis.compactMap { api in
            let own = scopes.compactMap { scope -> String? in
                if api.isGraph { return scope.contains("/") ? nil : scope }
                return scope.hasPrefix(api.uri + "/") ? String(scope.dropFirst(api.uri.count + 1)) : nil
            }
            return own.isEmpty ? nil : consent(of: client, user: user, api: api.id, scopes: own, in: tenant)
        }
    }

    private static func consent(of client: AppRegistration, user: User?, api: ClientID, scopes: [String], in tenant: Tenant) -> JSON
    {
        let ids = [client.servicePrincipal(in: tenant.id), .servicePrincipal(of: api, in: tenant.id), user?.id]
        return [
            "id": .string(Base64URL.encode(ids.compactMap { $0 }.flatMap(\.bytes))), "clientId": JSON(ids[0]?.description),
            "consentType": user == nil ? "AllPrincipals" : "Principal", "principalId": JSON(user?.id.description),
            "resourceId": JSON(ids[1]?.description), "scope": .string(scopes.joined(separator: " ")),
        ]
    }
}

extension AppRegistration {
    /// The app's object in a tenant: the `oid` of its own tokens there.
    package func servicePrincipal(in tenant: GUID) -> GUID { .servicePrincipal(of: id, in: tenant) }
}

extension SecretHash {
    /// What Graph calls the credential by.
    package var keyID: GUID { GUID(randomBytes: Array(bytes.prefix(16))) }
}

extension AppCertificate {
    /// Entra: resources/keycredential.md; the key itself is not shown.
    fileprivate var entry: JSON {
        [
            "customKeyIdentifier": .string(Hex.encode(thumbprint).uppercased()), "displayName": .string(subject),
            "endDateTime": JSON(endsAt), "key": .null, "keyId": .string(keyID.description), "startDateTime": JSON(startsAt),
            "type": "AsymmetricX509Cert", "usage": "Verify",
        ]
    }
}

extension GUID {
    static func servicePrincipal(of app: ClientID, in tenant: GUID) -> GUID { derived(from: "service principal \(tenant) \(app)") }
}
