import HTTPTypes
import Hummingbird
import HummingbirdCore
import LapseRules
import LapseService

/// Discovery documents: openid-configuration, keys, instance, user realm.
struct MetadataEndpoint {
    let site: Site

    private var responder: TokenResponder { TokenResponder(site: site) }

    /// Entra: recorded headers of discovery documents.
    private static let headers: HTTPFields = [
        .cacheControl: "max-age=86400, private", .accessControlAllowMethods: "GET, OPTIONS", .xContentTypeOptions: "nosniff",
    ]

    private static let claims: JSON = [
        "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "preferred_username", "name", "tid", "ver", "email",
    ]
    private static let claimsOfVersionOne: JSON = [
        "sub", "iss", "aud", "exp", "iat", "auth_time", "amr", "nonce", "name", "given_name", "family_name", "upn", "unique_name",
        "tid", "ver",
    ]

    func configuration(_ version: EndpointVersion) -> @Sendable (Request, LapseContext) async throws -> Response {
        { request, context in
            try await answering(.discovery, request, context) { _ in
                try configuration(version, context, context.trace, app: try request.query()["appid"].flatMap { GUID($0) })
            }
        }
    }

    /// - Parameter app: the app that asks for itself. Entra: facts of `?appid=`.
    private func configuration(
        _ version: EndpointVersion, _ context: LapseContext, _ trace: RequestTrace, app: GUID?
    ) throws -> JSON {
        let name = try Request.tenant(context)
        let (id, cloud) = try site.authority.place(of: name)
        let path = "\(id?.description ?? name.text)/\(version.path)"
        let (front, back) = ("\(trace.origin)/\(path)", "\(trace.backChannel)/\(path)")
        let keys = "\(trace.backChannel)/\(id?.description ?? name.text)/discovery/\(version == .v1 ? "" : "v2.0/")keys"
        return .object([
            "token_endpoint": "\(back)/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": .string(keys + (app.map { "?appid=\($0)" } ?? "")),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"], "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": version == .v1 ? ["code"] : ["code", "id_token", "code id_token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": .string(issuer(id, cloud, version, trace)), "request_uri_parameter_supported": false,
            "userinfo_endpoint": "\(site.graphOrigin(trace))/oidc/userinfo",
            "authorization_endpoint": "\(front)/authorize",
            "device_authorization_endpoint": "\(back)/devicecode", "http_logout_supported": true,
            "frontchannel_logout_supported": true,
            "end_session_endpoint": "\(front)/logout",
            "claims_supported": version == .v1 ? Self.claimsOfVersionOne : Self.claims,
            "tenant_region_scope": id == nil ? .null : .string(cloud.regionScope),
            "tenant_region_sub_scope": cloud.regionSubScope.map(JSON.string),
            "cloud_instance_name": .string(cloud.instanceName), "cloud_graph_host_name": .string(cloud.directoryGraphHost),
            "msgraph_host": .string(cloud.graphHost), "rbac_url": .string(cloud.accessControlURL),
        ])
    }

    func keys(_ version: EndpointVersion) -> @Sendable (Request, LapseContext) async throws -> Response {
        { request, context in
            try await answering(.keys, request, context) { trouble in
                let (id, cloud) = try site.authority.place(of: try Request.tenant(context))
                return try await site.authority.keys(trouble, issuer: issuer(id, cloud, version, context.trace))
            }
        }
    }

    /// Entra: `/common` and `/organizations` print the placeholder. The issuer of version 1 is a name, that of version 2 an
    /// address.
    private func issuer(_ id: GUID?, _ cloud: Cloud, _ version: EndpointVersion, _ trace: RequestTrace) -> String {
        let tenant = id?.description ?? "{tenantid}"
        return switch version {
        case .v1: cloud.directoryIssuer(of: tenant)
        case .v2: "\(trace.origin)/\(tenant)/v2.0"
        }
    }

    func instance(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await answering(request, context) { trace in
            let asked = URI(try request.query().required("authorization_endpoint"))
            let host = asked.port.map { "\(asked.host ?? ""):\($0)" } ?? asked.host ?? ""
            // Reports of .NET apps ask without the port (microsoft-identity-web #1786).
            let ownNames = [trace.origin, trace.backChannel].flatMap { origin in
                [String(origin.drop { $0 != ":" }.dropFirst(3))] + [URI(origin).host].compactMap { $0 }
            }.uniqued()
            let isKnown =
                ownNames.contains(host.lowercased()) || Cloud.authorities.contains { $0.aliases.contains(host.lowercased()) }
            guard isKnown else { throw AADSTS.unknownInstance.error() }
            let tenant = asked.path.split(separator: "/").first.map(String.init) ?? "common"
            guard let name = TenantName(tenant) else { throw AADSTS.tenantMalformed.error(["tenant": tenant]) }
            // Clients trust the host that they asked when it is listed. MSAL.NET puts the preferred name in place of the host alone, and keeps the
            // port: the name without one has an entry of its own.
            let authorities = Cloud.authorities + ownNames.map { Cloud.AuthorityNames(network: $0, cache: $0, aliases: [$0]) }
            return [
                "tenant_discovery_endpoint": "\(trace.backChannel)/\(name.text)/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": .array(
                    authorities.map {
                        [
                            "preferred_network": .string($0.network), "preferred_cache": .string($0.cache),
                            "aliases": JSON($0.aliases),
                        ]
                    }),
            ]
        }
    }

    func userRealm(_ request: Request, _ context: LapseContext) async throws -> Response {
        try await answering(request, context) { _ in
            let user = try context.parameter("user")
            guard let (domain, cloud) = try site.authority.managedDomain(of: user) else {
                return ["ver": "1.0", "account_type": "Unknown", "cloud_instance_name": .string(Cloud.global.instanceName)]
            }
            return [
                "ver": "1.0", "account_type": "Managed", "domain_name": .string(domain),
                "cloud_instance_name": .string(cloud.instanceName), "cloud_audience_urn": "urn:federation:MicrosoftOnline",
            ]
        }
    }

    /// - Parameter endpoint: where a fault may answer in place of the document.
    private func answering(
        _ endpoint: Fault.Endpoint, _ request: Request, _ context: LapseContext,
        _ document: (FaultEffect.KeyTrouble?) async throws -> JSON
    ) async throws -> Response {
        try await responder.responding(request, context.trace) {
            let outcome = try site.authority.injectIntoMetadata(endpoint, at: try Request.tenant(context), trace: context.trace)
            guard let outcome else { return .json(try await document(nil), headers: Self.headers) }
            let answered = try await outcome.map(document)
            return responder.answer(answered, request, context.trace) { .json($0, headers: Self.headers) }
        }
    }

    private func answering(
        _ request: Request, _ context: LapseContext, _ document: (RequestTrace) async throws -> JSON
    ) async throws -> Response {
        try await responder.responding(request, context.trace) {
            .json(try await document(context.trace), headers: Self.headers)
        }
    }
}
