import Testing

@testable import LapseRules

/// A client that signs in place of a secret, and the certificates by which it is known.
@Suite("Client assertions")
struct ClientAssertionTests {
    static let pem = """
        -----BEGIN CERTIFICATE-----
        MIIDCzCCAfOgAwIBAgIUOLWT9QOCNWTKHso430LUaJTarBwwDQYJKoZIhvcNAQEL
        BQAwFDESMBAGA1UEAwwJTGFwc2UgV2ViMCAXDTI2MTEyOTE0NTYyNFoYDzIxMjYx
        MTA1MTQ1NjI0WjAUMRIwEAYDVQQDDAlMYXBzZSBXZWIwggEiMA0GCSqGSIb3DQEB
        AQUAA4IBDwAwggEKAoIBAQCuOLyW9GDRCj+L8HMsIzmI8C9VlrTcGCgBAkggbya2
        bKWBGwU8+Ja5EWRTL3kK/IYD4kNu5n2H8OoGRTfsSP2rAutypYD4akDSrhI8uxG7
        2R/s3c8Vr5zkAXawL94TE3cl88BRE7861HIKHVroWrXgw27DvunuK9XCg0RC9JN4
        eR7knRqkwttfKgfre1oYLkKYPZdHRRtvmB8etUzXfYz0MQsz2m9hGKBzDdlhaA0r
        RZU0qPGsgKmlzMsLvBT+ZmjAutof4fHPaupWBTyQk32WRlwYYX2rceJQviY8qz4D
        joXiKxhXFmim7CKOwHCvfJTFjaEHK2cywrGcaOy1hNzDAgMBAAGjUzBRMB0GA1Ud
        DgQWBBSPusYNYU/MtZecsS2b4foX1CQVcjAfBgNVHSMEGDAWgBSPusYNYU/MtZec
        sS2b4foX1CQVcjAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQB+
        vqHOOU67Tv0FhaaVBxP8e3mI9LwPeMjrlMeQ0a7W9H04rpNwPmzEoG/vAqTpdb6r
        aejwwWI1o+zeJE8bHbjT2qsmWhvE5IHxJjDD+DUaoDVfYUopA06tAoHH1bnyoE78
        u5SQR7HCMU96rvyelwYG5FS0PKEqGllECEk/6S/n55xTyjCKHH6XO60RsvEoZYtg
        6Hd33mFsnmrUTW7N9t578VX6LZ++vs6dR5fsmg9LQsIZpCN5mcxhTt08UqUBr6Pa
        DMX1VEwYLYUEtqdHWG435UDake+WKSb7aTu7eEGQ37rcKS4EgCQ2oVmQI3XgmcZK
        Qb8HRfKu/fZCEQKKEKCB
        -----END CERTIFICATE-----
        """
    static let ofEllipticCurve = """
        -----BEGIN CERTIFICATE-----
        MIIBbzCCARWgAwIBAgIUYG//6L2o5yAOpIqnB+fFOVawEoEwCgYIKoZIzj0EAwIw
        DTELMAkGA1UEAwwCZWMwHhcNMjYxMTI5MTQ1NjE5WhcNMzYxMTI2MTQ1NjE5WjAN
        MQswCQYDVQQDDAJlYzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPuFaUqM+cZ/
        xTjdAJ78TGdKLXdxzA07aJ/TOIM0byv9Nquj0ielxccmvKda0DoaR5sOm7gPAB9Y
        3cO8d+c/RG+jUzBRMB0GA1UdDgQWBBQm3mSCkf1v6gf6EocBM/E3tMujXjAfBgNV
        HSMEGDAWgBQm3mSCkf1v6gf6EocBM/E3tMujXjAPBgNVHRMBAf8EBTADAQH/MAoG
        CCqGSM49BAMCA0gAMEUCIB07ygqp5AhyKcINtOzZLGjD+6WS7/oeHVHSz7Ea12Gf
        AiEAkBZeC8GB8FIWSsBs1YzI2b6EC1VW/mk7jrD77lk/B60=
        -----END CERTIFICATE-----
        """
    static let tooSmall = """
        -----BEGIN CERTIFICATE-----
        MIIB9DCCAV2gAwIBAgIUbyh//8B7JpMTfL2+BoCeMjoEJiIwDQYJKoZIhvcNAQEL
        BQAwDDEKMAgGA1UEAwwBczAeFw0yNjExMjkxNDU2MTlaFw0zNjExMjYxNDU2MTla
        MAwxCjAIBgNVBAMMAXMwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAN0OQStk
        XCWyvH4yiQvSx42JL7aJu8Bst9W8/03SYOWyG8ntMve2q1qwxgYnhWkXSzE0Lkgx
        YBoxoIDgM0BsNxHnjqyL9VsfTrZ7fjDlyNUi/k9FelRyP8kRkBU1SkLri/PT/61F
        d5tgZi4JH497qpIO/M3aIRYBAEyKgAC3qlmhAgMBAAGjUzBRMB0GA1UdDgQWBBSh
        Bn8Pg/B/grlsZg67RyJKkYdTgDAfBgNVHSMEGDAWgBShBn8Pg/B/grlsZg67RyJK
        kYdTgDAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4GBAGfb6xNmR16a
        1GAJ/iDqhCf26ofAiIG6OjiRMCoLZG76ntO3isIQV+Gp25ZdNrsH8OMc5AN6fc8b
        Z0iKHtBlCnLBtLjzIsQGJsmfWtQkTExK/FbHfGV32p3oloyIw/CQV/bqxpSL2A/E
        EYyvRMtCG1HIrnBbASe29G7QsMsCwSry
        -----END CERTIFICATE-----
        """
    /// Good until the year 2126 by its own word.
    static let certificate = AppCertificate(pem: pem)!

    /// A good assertion of the web app at its tenant's token endpoint.
    struct Facts: Sendable {
        var app = World.web
        var client: String? = World.web.id.description
        var header: JSON = ["alg": "PS256", "typ": "JWT", "x5t#S256": .string(Base64URL.encode(certificate.sha256))]
        var claims: [String: JSON] = [
            "aud": .string("https://localhost:8443/\(World.contoso.id)/oauth2/v2.0/token"),
            "iss": .string(World.web.id.description),
            "sub": .string(World.web.id.description), "jti": "1", "nbf": .integer(World.now.secondsSinceEpoch),
            "exp": .integer((World.now + .seconds(600)).secondsSinceEpoch),
        ]
        var isSigned = true
        var text: String?
        var more: [String: String] = [:]
        var systemTime = World.now
        var name = TenantName("contoso.example")!

        init() { app.certificates = [ClientAssertionTests.certificate] }

        func refusal() throws(EntraError) -> EntraError? {
            let claims = JSON.object(claims.map { JSON.Member(name: $0.key, value: $0.value) })
            let made = [header.encoded, claims.encoded, [1, 2]].map { Base64URL.encode($0) }.joined(separator: ".")
            var form = ["client_assertion_type": ClientAssertion.type, "client_assertion": text ?? made]
            form["client_id"] = client
            form.merge(more) { $1 }
            let isSigned = isSigned
            let surroundings = ClientAssertion.Surroundings(
                origins: ["https://localhost:8443"], tenant: World.contoso, name: name, now: World.now, systemTime: systemTime
            ) { _, key in isSigned && key == ClientAssertionTests.certificate.publicKey }
            return ClientAuthentication.decide(
                try PresentedClient(form: World.form(form.filter { !$0.value.isEmpty }), authorization: nil), as: app,
                for: .clientCredentials, in: surroundings
            ).refusal
        }

        mutating func name(_ members: KeyValuePairs<String, JSON?>) { header = (["alg": "RS256"] as JSON).adding(members) }
    }

    typealias Case = Row<Facts, AADSTS?>

    private static let rows: [Case] = [
        Case("a good one", nil) { _ in },
        Case("by SHA-1, RS256", nil) { $0.name(["x5t": .string(Base64URL.encode(certificate.thumbprint))]) },
        Case("by SHA-1 with padding, as MSAL Python writes it", nil) {
            $0.name(["x5t": .string(Base64URL.encode(certificate.thumbprint) + "=")])
        },
        Case("by a key id in hexadecimal", nil) { $0.name(["kid": .string(Hex.encode(certificate.thumbprint).uppercased())]) },
        Case("by the id of the credential", nil) { $0.name(["kid": .string(certificate.keyID.description)]) },
        Case("without its own id", nil) { $0.client = nil },
        Case("an empty secret beside it", nil) { $0.more = ["client_secret": ""] },
        Case("for the endpoint of version 1", nil) { $0.claims["aud"] = "https://localhost/contoso.example/oauth2/token" },
        Case("for the issuer", nil) { $0.claims["aud"] = .string("https://localhost:8443/\(World.contoso.id)/v2.0") },
        Case("for Microsoft's own names", nil) {
            $0.claims["aud"] = .string("https://login.microsoftonline.com/\(World.contoso.id)/oauth2/v2.0/token")
        },
        Case("for the issuer of version 1", nil) { $0.claims["aud"] = .string("https://sts.windows.net/\(World.contoso.id)/") },
        Case("for the alias that was asked", nil) {
            $0.name = TenantName("organizations")!
            $0.claims["aud"] = "https://localhost:8443/organizations/oauth2/v2.0/token"
        },
        Case("for an alias that was not asked", .clientAssertionAudience) {
            $0.claims["aud"] = "https://localhost:8443/organizations/oauth2/v2.0/token"
        },
        Case("for another host", .clientAssertionAudience) {
            $0.claims["aud"] = .string("https://example.com/\(World.contoso.id)/oauth2/v2.0/token")
        },
        Case("for another tenant", .clientAssertionAudience) {
            $0.claims["aud"] = .string("https://localhost:8443/\(World.fabrikam.id)/oauth2/v2.0/token")
        },
        Case("for another endpoint", .clientAssertionAudience) {
            $0.claims["aud"] = .string("https://localhost:8443/\(World.contoso.id)/oauth2/v2.0/authorize")
        },
        Case("for no address", .clientAssertionAudience) { $0.claims["aud"] = "api://lapse" },
        // Entra: seen with a list of audiences.
        Case("for a list", .jwtMalformed) { $0.claims["aud"] = ["https://localhost:8443/contoso.example/oauth2/v2.0/token"] },
        Case("without an end", .jwtMalformed) { $0.claims["exp"] = nil },
        Case("with an end that is none", .jwtMalformed) { $0.claims["exp"] = "tomorrow" },
        Case("with an end beyond all years", .jwtMalformed) { $0.claims["exp"] = .number(1e300) },
        Case("with a beginning that is none", .jwtMalformed) { $0.claims["nbf"] = "now" },
        Case("without a beginning", nil) { $0.claims["nbf"] = nil },
        Case("with a fraction of a second", nil) { $0.claims["exp"] = .number(Double(World.now.secondsSinceEpoch) + 60.5) },
        Case("garbage", .jwtMalformed) { $0.text = "a.b" },
        Case("no JSON", .jwtMalformed) { $0.text = "YQ.YQ.YQ" },
        Case("no key named", .jwtMalformed) { $0.header = ["alg": "RS256"] },
        Case("of nobody", .jwtMalformed) { $0.claims["sub"] = nil },
        Case("issued by one, about another", .assertionSubject) { $0.claims["iss"] = "another" },
        Case("about another client", .assertionOfOtherClient) {
            $0.claims["iss"] = "another"
            $0.claims["sub"] = "another"
        },
        Case("with a shared secret's algorithm", .keyUnsupported) {
            $0.header = ["alg": "HS256", "x5t": .string(Base64URL.encode(certificate.thumbprint))]
        },
        Case("unsigned", .keyUnsupported) {
            $0.header = ["alg": "none", "x5t": .string(Base64URL.encode(certificate.thumbprint))]
        },
        Case("by a key that is not registered", .certificateUnknown) { $0.app.certificates = [] },
        Case("by two thumbprints that disagree", .certificateUnknown) {
            $0.name(["x5t": .string(Base64URL.encode(certificate.thumbprint)), "x5t#S256": "other"])
        },
        Case("by a thumbprint, and a name of the library's own", nil) {
            $0.name(["x5t": .string(Base64URL.encode(certificate.thumbprint)), "kid": "other"])
        },
        Case("by a wrong signature", .certificateUnknown) { $0.isSigned = false },
        Case("by a certificate that has ended", .certificateUnknown) {
            $0.app.certificates = [AppCertificate(pem: pem, endsAt: World.now)!]
        },
        Case("by one that ends the next instant", nil) {
            $0.app.certificates = [AppCertificate(pem: pem, endsAt: World.now + Timestamp.tick)!]
        },
        Case("ended, within the skew", nil) { $0.end(.seconds(-299)) },
        Case("ended", .clientAssertionTime) { $0.end(.seconds(-300)) },
        Case("not yet good, within the skew", nil) { $0.begin(.seconds(300)) },
        Case("not yet good", .clientAssertionTime) { $0.begin(.seconds(301)) },
        Case("good on the machine's clock alone", nil) {
            $0.begin(.seconds(-86_400))
            $0.systemTime = World.now - .seconds(86_400)
        },
        Case("of a public client", .publicClientWithSecret) { $0.app.kind = .public },
        Case("by open registration", nil) {
            $0.app = .open("anybody")
            $0.app.flows = [.clientCredentials]
            $0.app.kind = .public
        },
    ]

    @Test("A client proves who it is by a certificate", arguments: rows)
    func verdict(row: Case) throws {
        var facts = Facts()
        row.change(&facts)
        #expect(try facts.refusal()?.code == row.expected)
    }

    @Test("Without its type, or with another one, it is no assertion")
    func type() throws {
        var facts = Facts()
        facts.more = ["client_assertion_type": ""]
        #expect(throws: EntraError.missing("client_assertion_type")) { try facts.refusal() }
        facts.more = ["client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"]
        let error = #expect(throws: EntraError.self) { try facts.refusal() }
        #expect(error?.error == "invalid_client")
        facts.more = ["client_assertion": ""]
        #expect(throws: EntraError.missing("client_assertion")) { try facts.refusal() }
    }

    @Test("A refusal names the key as the portal does, and what was found under it")
    func text() throws {
        var facts = Facts()
        facts.isSigned = false
        let text = try #require(try facts.refusal()?.text)
        #expect(text.contains("Thumbprint of key used by client: '\(Hex.encode(Self.certificate.sha256).uppercased())'"))
        #expect(text.hasSuffix("Found key 'Start=11/29/2026 14:56:24, End=11/05/2126 14:56:24']"))
        facts.app.certificates = []
        #expect(try facts.refusal()?.text.contains("configured keys for app Id '\(World.web.id)'") == true)
    }

    @Test("A certificate is one X.509 in PEM of an RSA key that is long enough, and nothing beside it")
    func certificates() throws {
        #expect(Self.certificate.subject == "CN=Lapse Web")
        #expect(Hex.encode(Self.certificate.thumbprint) == "01a2b8b4ab4ac899d66097d6fc25b498c0e31c32")
        for bad in [
            Self.ofEllipticCurve, Self.tooSmall, Self.pem + "\n" + Self.pem, "", "x", String(Self.pem.dropLast(40)),
            Self.pem.replacing("CERTIFICATE", with: "PRIVATE KEY"),
        ] {
            #expect(AppCertificate(pem: bad) == nil, "\(bad.prefix(60))")
        }
        let again = try AppCertificate(Self.certificate.json, path: "")
        #expect(again == Self.certificate)
        #expect(again.json["endsAt"] == "2126-11-05T14:56:24.0000000Z")
    }
}

extension ClientAssertionTests.Facts {
    mutating func end(_ distance: Duration) { claims["exp"] = .integer((World.now + distance).secondsSinceEpoch) }
    mutating func begin(_ distance: Duration) {
        claims["nbf"] = .integer((World.now + distance).secondsSinceEpoch)
        end(distance + .seconds(600))
    }
}
