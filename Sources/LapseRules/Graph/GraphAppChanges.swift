/// The body of a PATCH of an application or a service principal, read as Graph reads it. Entra: application-update, serviceprincipal-update.
package enum GraphAppChanges {
    /// The application with the changes.
    ///
    /// - Throws: `GraphError` for a property that Lapse does not keep, and for a value that is none.
    package static func apply(_ body: JSON, to app: AppRegistration) throws(GraphError) -> AppRegistration {
        var app = app
        for member in try members(body) {
            let value = member.value
            switch member.name {
            case "displayName":
                guard let text = value.text, !text.isEmpty, text.utf8.count <= 2048 else { throw .invalidAppProperty(member.name) }
                app.name = text
            case "signInAudience":
                guard let audience = value.text.flatMap(AppRegistration.Audience.init(rawValue:)) else {
                    throw .invalidAppProperty(member.name)
                }
                app.signInAudience = audience
            case "keyCredentials": app.certificates = try certificates(value, of: app)
            case "web": try applyWeb(value, to: &app)
            case "publicClient":
                for member in try members(value) {
                    guard member.name == "redirectUris", app.kind == .public else {
                        throw .foreignAppProperty("publicClient/\(member.name)")
                    }
                    app.redirectURIs = try uris(member)
                }
            case "spa":
                for member in try members(value) {
                    guard member.name == "redirectUris" else { throw .foreignAppProperty("spa/\(member.name)") }
                    app.spaRedirectURIs = try uris(member)
                    if app.kind == .spa { app.redirectURIs = [] }
                }
            default: throw .foreignAppProperty(member.name)
            }
        }
        return app
    }

    /// The whole list anew; a credential that is named by its id alone stays. Entra: resources/keycredential.md.
    private static func certificates(_ value: JSON, of app: AppRegistration) throws(GraphError) -> [AppCertificate] {
        guard case .array(let elements) = value, elements.count <= AppRegistration.mostCertificates else {
            throw .invalidAppProperty("keyCredentials")
        }
        var certificates: [AppCertificate] = []
        for element in elements {
            guard case .object = element, element["type"]?.text ?? "AsymmetricX509Cert" == "AsymmetricX509Cert",
                element["usage"]?.text ?? "Verify" == "Verify"
            else { throw .invalidAppProperty("keyCredentials") }
            let certificate: AppCertificate?
            if let key = element["key"]?.text {
                var end: Timestamp?
                if let text = element["endDateTime"]?.text {
                    guard let time = Timestamp(text) else { throw .invalidAppProperty("endDateTime") }
                    end = time
                }
                certificate = base64(key).flatMap { bytes in
                    // The portal takes the file as it is.
                    AppCertificate(der: bytes, endsAt: end)
                        ?? AppCertificate(pem: String(decoding: bytes, as: UTF8.self), endsAt: end)
                }
            } else {
                certificate = app.certificates.first { $0.keyID.description == element["keyId"]?.text?.lowercased() }
            }
            guard let certificate else { throw .invalidAppProperty("keyCredentials") }
            certificates.append(certificate)
        }
        return certificates
    }

    /// `Edm.Binary` in JSON is base64url at OData and plain base64 in Graph's documents: both.
    private static func base64(_ text: String) -> [UInt8]? {
        guard text.utf8.count <= 2 * AppCertificate.longestPEM else { return nil }
        return Base64URL.decode(text.trimming { $0 == "=" }.replacing("+", with: "-").replacing("/", with: "_"))
    }

    private static func applyWeb(_ value: JSON, to app: inout AppRegistration) throws(GraphError) {
        for member in try members(value) {
            switch member.name {
            case "redirectUris":
                guard app.isConfidential else { throw .foreignAppProperty("web/redirectUris") }
                app.redirectURIs = try uris(member)
            case "logoutUrl":
                guard member.value == .null || member.value.text != nil else { throw .invalidAppProperty("logoutUrl") }
                app.logoutURL = member.value.text
            case "implicitGrantSettings":
                for setting in try members(member.value) {
                    guard case .bool(let flag) = setting.value else { throw .invalidAppProperty(setting.name) }
                    switch setting.name {
                    case "enableIdTokenIssuance": app.issuesIDTokens = flag
                    // The authorize endpoint gives nobody access tokens.
                    case "enableAccessTokenIssuance" where !flag: break
                    default: throw .foreignAppProperty("implicitGrantSettings/\(setting.name)")
                    }
                }
            default: throw .foreignAppProperty("web/\(member.name)")
            }
        }
    }

    /// The service principal with the changes.
    ///
    /// - Throws: as ``apply(_:to:)-(_,AppRegistration)``.
    package static func apply(_ body: JSON, to principal: ServicePrincipal) throws(GraphError) -> ServicePrincipal {
        var principal = principal
        for member in try members(body) {
            guard ["accountEnabled", "appRoleAssignmentRequired"].contains(member.name) else {
                throw .foreignAppProperty(member.name)
            }
            guard case .bool(let flag) = member.value else { throw .invalidAppProperty(member.name) }
            if member.name == "accountEnabled" { principal.isEnabled = flag } else { principal.requiresAssignment = flag }
        }
        return principal
    }

    /// Annotations such as @odata.type are for clients.
    private static func members(_ value: JSON) throws(GraphError) -> [JSON.Member] {
        guard case .object(let members) = value else { throw .unreadable }
        return members.filter { !$0.name.contains("@") }
    }

    private static func uris(_ member: JSON.Member) throws(GraphError) -> [String] {
        guard case .array(let elements) = member.value else { throw .invalidAppProperty(member.name) }
        let uris = elements.compactMap(\.text)
        guard uris.count == elements.count, uris.allSatisfy(RedirectURI.isAbsolute), uris.allSatisfy({ $0.utf8.count <= 2048 })
        else {
            throw .invalidAppProperty(member.name)
        }
        return uris
    }
}

extension GraphError {
    static func invalidAppProperty(_ name: String) -> GraphError {
        .badRequest("Invalid value specified for property '\(name.prefix(100))' of resource 'Application'.")
    }

    static func foreignAppProperty(_ name: String) -> GraphError {
        .badRequest("Lapse: the property '\(name.prefix(100))' of this app is not kept here and cannot be set.")
    }

    /// Entra: serviceprincipal-post-serviceprincipals, the directory's words.
    package static func principalTaken(_ client: String) -> GraphError {
        GraphError(
            409, "Request_MultipleObjectsWithSameKeyValue",
            "The service principal cannot be created, updated, or restored because the service principal name \(client.prefix(100)) is already in use."
        )
    }
    package static let noBackingApplication = GraphError.badRequest(
        "When using this permission, the backing application of the service principal being created must in the local tenant.")
    package static let invalidEnd = GraphError.badRequest(
        "Invalid value specified for property 'endDateTime' of resource 'PasswordCredential'.")
}
