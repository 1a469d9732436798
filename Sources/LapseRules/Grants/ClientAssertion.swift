/// A JWT with which a client proves who it is, in place of a secret: RFC 7523 section 2.2. Entra: certificate-credentials.md and raw
/// refusals.
package struct ClientAssertion: Sendable {
    /// The only `client_assertion_type` (RFC 7523).
    static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// Assumption: how far the clocks of client and authority may stand apart.
    static let skew = Duration.seconds(300)

    /// Nil: no JWT.
    private let token: SignedJWT?

    init(_ text: String) { token = SignedJWT(text) }

    /// The client that it names; nobody has looked at the signature.
    var client: String? { token?.claims["sub"]?.text ?? token?.claims["iss"]?.text }

    /// Where and when an assertion has to be good, and how its signature is looked at.
    package struct Surroundings: Sendable {
        /// `https://host:port` of the authority, by each name that it has for the request.
        let origins: [String]
        let tenant: Tenant
        /// How the address calls the tenant.
        let name: TenantName
        /// The tenant's instant, by which certificates end. The client lives by the machine's clock, so that its assertion may be good on either.
        let now: Timestamp
        let systemTime: Timestamp
        let isSigned: SignedJWT.Check

        package init(
            origins: [String], tenant: Tenant, name: TenantName, now: Timestamp, systemTime: Timestamp,
            isSigned: @escaping SignedJWT.Check
        ) {
            self.origins = origins
            self.tenant = tenant
            self.name = name
            self.now = now
            self.systemTime = systemTime
            self.isSigned = isSigned
        }
    }

    /// What speaks against it; nil: it proves that the client is this app.
    func refusal(of client: ClientID, as app: AppRegistration, in surroundings: Surroundings) -> EntraError? {
        guard let token, let audience = token.claims["aud"]?.text, let issuer = token.claims["iss"]?.text,
            let subject = token.claims["sub"]?.text, let end = token.instant("exp"), token.isReadable("nbf")
        else { return AADSTS.jwtMalformed.error() }
        guard issuer == subject else { return AADSTS.assertionSubject.error() }
        guard ClientID(subject) == client else { return AADSTS.assertionOfOtherClient.error() }
        if let refusal = refusalOfSignature(token, app, surroundings) { return refusal }
        guard surroundings.isNamed(audience) else { return AADSTS.clientAssertionAudience.error() }
        let start = token.instant("nbf") ?? .epoch
        let isTimely = [surroundings.now, surroundings.systemTime].contains {
            start - Self.skew <= $0 && $0 < end + Self.skew
        }
        guard isTimely else {
            return AADSTS.clientAssertionTime.error([
                "now": surroundings.now.description, "start": start.description, "end": end.description,
            ])
        }
        return nil
    }

    private func refusalOfSignature(_ token: SignedJWT, _ app: AppRegistration, _ surroundings: Surroundings) -> EntraError? {
        guard let name = KeyName(token.header) else {
            return AADSTS.jwtMalformed.error().with(text: "Invalid JWT token. No certificate thumbprint specified in token header.")
        }
        guard token.algorithm != nil else { return AADSTS.keyUnsupported.error() }
        guard let certificate = app.certificates.first(where: name.names) else {
            return AADSTS.certificateUnknown.error(["key": SignedJWT.shownKey(name.first), "app": app.id.description])
        }
        func invalid(_ why: String) -> EntraError {
            let reason = SignedJWT.reason(why, key: name.first, found: (certificate.startsAt, certificate.endsAt))
            return AADSTS.certificateUnknown.error().with(text: "Client assertion contains an invalid signature. \(reason)")
        }
        guard surroundings.isSigned(token, certificate.publicKey) else { return invalid(SignedJWT.mismatch) }
        return surroundings.now < certificate.endsAt ? nil : invalid("The key used is expired.")
    }

    /// How a header names the key: `x5t`, `x5t#S256`, or a `kid` that is one of them, in base64url or hexadecimal, or the id of the credential.
    private struct KeyName {
        private let texts: [String]
        /// The one that refusals repeat.
        let first: String

        init?(_ header: JSON) {
            // MSAL Python writes them with base64's padding.
            func named(_ members: [String]) -> [String] {
                members.compactMap { header[$0]?.text?.trimming { $0 == "=" } }.filter { !$0.isEmpty }
            }
            // A library's own name for its key says nothing beside a thumbprint.
            let thumbprints = named(["x5t", "x5t#S256"])
            texts = thumbprints.isEmpty ? named(["kid"]) : thumbprints
            guard let first = texts.first else { return nil }
            self.first = first
        }

        /// Every thumbprint that the header has must be the certificate's.
        func names(_ certificate: AppCertificate) -> Bool {
            texts.allSatisfy { text in
                [certificate.thumbprint, certificate.sha256].contains { bytes in
                    text == Base64URL.encode(bytes) || text.lowercased() == Hex.encode(bytes)
                } || text.lowercased() == certificate.keyID.description
            }
        }
    }
}

extension ClientAssertion.Surroundings {
    /// Whether the audience is the token endpoint or the issuer, of either version, under the request's own host or Microsoft's.
    ///
    /// Entra: certificate-credentials.md names the token endpoint; MSAL.NET's `aud` is the issuer. The port does not count: behind a
    /// proxy or a forwarded port client and server know different ones.
    fileprivate func isNamed(_ audience: String) -> Bool {
        for host in origins.compactMap(\.hostOfOrigin) + [tenant.cloud.authorityHost, "sts.windows.net"] {
            guard let path = audience.path(under: host) else { continue }
            let parts = path.split(separator: "/").map(String.init)
            guard let first = parts.first, names.contains(where: first.isSame) else { continue }
            let rest = parts.dropFirst().joined(separator: "/").lowercased()
            if ["oauth2/v2.0/token", "oauth2/token", "v2.0", ""].contains(rest) { return true }
        }
        return false
    }

    private var names: [String] { [name.text, tenant.id.description] + tenant.domains }
}

extension String {
    /// The host of `scheme://host:port`.
    fileprivate var hostOfOrigin: String? {
        range(of: "://").map { String(self[$0.upperBound...].prefix { $0 != "/" }).withoutPort }
    }

    /// The path of an address of that host, whatever its port; nil: it is of another one.
    fileprivate func path(under host: String) -> Substring? {
        guard let start = range(of: "://")?.upperBound, ["http", "https"].contains(self[..<start].dropLast(3).lowercased()) else {
            return nil
        }
        let authority = self[start...].prefix { $0 != "/" }
        return String(authority).withoutPort.isSame(as: host) ? self[authority.endIndex...] : nil
    }

    /// A host without the port behind it.
    private var withoutPort: String {
        guard let colon = lastIndex(of: ":"), self[index(after: colon)...].utf8.isPort else { return self }
        return String(self[..<colon])
    }
}

extension SignedJWT {
    /// The instant of a claim that is a NumericDate (RFC 7519 section 2), with or without a fraction; nil: there is none, or it cannot be read.
    fileprivate func instant(_ claim: String) -> Timestamp? {
        switch claims[claim] {
        case .integer(let seconds)? where Self.seconds.contains(seconds): Timestamp(secondsSinceEpoch: seconds)
        case .number(let seconds)? where seconds >= 0 && seconds < Double(Self.seconds.upperBound):
            Timestamp(secondsSinceEpoch: Int64(seconds))
        default: nil
        }
    }

    private static let seconds = 0...Timestamp.latest.secondsSinceEpoch

    /// Whether the claim is missing or an instant.
    fileprivate func isReadable(_ claim: String) -> Bool { claims[claim] == nil || instant(claim) != nil }
}
