/// The client that a request says it comes from.
package struct PresentedClient: Sendable {
    package let id: ClientID
    /// Nil: none. An empty one counts as none: some libraries always send HTTP Basic.
    package let secret: String?
    /// A JWT in a secret's place; nil: none.
    let assertion: ClientAssertion?

    /// Reads HTTP Basic (id and secret percent-encoded first, RFC 6749 section 2.3.1) and the body's parameters; both at once
    /// are fine when they agree. A client that sends an assertion may leave its id to it (RFC 7521 section 4.2).
    package init(form: FormParameters, authorization: String?) throws(EntraError) {
        var id = form["client_id"]
        var secret = form["client_secret"]
        if let basic = try Self.basic(authorization) {
            guard id == nil || ClientID(id!) == ClientID(basic.id), secret == nil || basic.secret.isEmpty || secret == basic.secret
            else {
                throw .unreadable
            }
            id = basic.id
            secret = basic.secret.isEmpty ? secret : basic.secret
        }
        assertion = try Self.assertion(form)
        guard let id = id ?? assertion?.client else { throw .missing("client_id") }
        self.id = ClientID(id)
        self.secret = secret
    }

    private static func assertion(_ form: FormParameters) throws(EntraError) -> ClientAssertion? {
        guard let text = form["client_assertion"] else {
            guard form["client_assertion_type"] == nil else { throw .missing("client_assertion") }
            return nil
        }
        guard try form.required("client_assertion_type") == ClientAssertion.type else {
            throw .lapse("invalid_client", "client_assertion_type must be \(ClientAssertion.type).")
        }
        return ClientAssertion(text)
    }

    /// Nil when the header is missing or of another scheme.
    private static func basic(_ authorization: String?) throws(EntraError) -> (id: String, secret: String)? {
        guard let authorization else { return nil }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic" else { return nil }
        let text = parts[1].trimming { $0 == " " || $0 == "=" }
        guard let bytes = Base64URL.decode(text.replacing("+", with: "-").replacing("/", with: "_")),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else { throw .unreadable }
        let (id, secret) = (try FormParameters.decode(bytes[..<colon]), try FormParameters.decode(bytes[(colon + 1)...]))
        guard !id.isEmpty else { throw .unreadable }
        return (id, secret)
    }
}

extension StringProtocol {
    /// The text without such characters at its beginning and its end.
    package func trimming(_ isDropped: (Character) -> Bool) -> String {
        var text = self[...]
        while let first = text.first, isDropped(first) { text = text.dropFirst() }
        while let last = text.last, isDropped(last) { text = text.dropLast() }
        return String(text)
    }
}

/// Is the client who it says it is, and may it use this flow?
package enum ClientAuthentication {
    /// Why nobody may use the flow as this app, whatever proof there is. Nil: whoever is the app may.
    package static func refusal(of app: AppRegistration, for flow: AppRegistration.Flow) -> EntraError? {
        guard !app.mayUse(flow) else { return nil }
        return .lapse(
            "unauthorized_client",
            "The application '\(app.id)' is not registered for the flow '\(flow.rawValue)'. Add it to the app's flows.")
    }

    /// - Parameter app: the registration, nil when there is none.
    /// - Parameter grantClass: the class of the grant that is redeemed, nil when there is none yet. A single-page app's tokens
    ///   are redeemed by a browser without a secret, whatever else the registration is.
    /// - Parameter surroundings: of the request: by its tenant's instant secrets and certificates end.
    /// - Returns: the registration of a client that is who it says it is.
    package static func decide(
        _ client: PresentedClient, as app: AppRegistration?, for flow: AppRegistration.Flow, grantClass: ClientClass? = nil,
        in surroundings: @autoclosure () -> ClientAssertion.Surroundings
    ) -> Result<AppRegistration, EntraError> {
        guard let app else { return .failure(.noSuchApp(client.id, directory: surroundings().tenant.name)) }
        if let error = refusal(of: app, for: flow) { return .failure(error) }
        guard app.isConfidential, grantClass != .spa else {
            // Open registration knows no secrets and takes any.
            let isPlain = client.secret == nil && client.assertion == nil
            return isPlain || app.isOpen ? .success(app) : .failure(AADSTS.publicClientWithSecret.error())
        }
        if let assertion = client.assertion {
            return assertion.refusal(of: client.id, as: app, in: surroundings()).map { .failure($0) } ?? .success(app)
        }
        guard let secret = client.secret else { return .failure(AADSTS.missingSecret.error()) }
        let hash = AppRegistration.hash(secret: secret, of: app.id)
        let matches = app.secretHashes.reduce(false) { ($1 == hash) || $0 }
        guard matches else { return .failure(AADSTS.wrongSecret.error(["app": app.id.description])) }
        let occasion: Challenge.Occasion = flow == .refresh || flow == .onBehalfOf ? .refresh : .authorize
        let isExpired =
            app.secretEnds[hash].map { $0 <= surroundings().now } ?? false
            || app.challenges.contains { $0.code == .secretExpired && $0.on.contains(occasion) }
        return isExpired ? .failure(AADSTS.secretExpired.error(["app": app.id.description])) : .success(app)
    }
}
