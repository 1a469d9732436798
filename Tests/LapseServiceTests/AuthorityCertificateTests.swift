import Crypto
import LapseRules
import Testing
import X509

@testable import LapseService

@Suite("The certificate of a CA that somebody may trust")
struct AuthorityCertificateTests {
    private static let now = Timestamp("2026-03-01T12:00:00Z")!

    @Test("Lapse's own is known as such, and reaches no further than loopback")
    func own() throws {
        let made = try LocalCertificateAuthority.makeAuthority(now: Self.now)
        let authority = try AuthorityCertificate(pem: made.certificatePEM)
        #expect(authority.isLapses)
        #expect(authority.name.hasPrefix("Lapse local CA "))
        #expect(authority.reach.beyondLoopback == [])
        #expect(authority.endsAt == Timestamp("2036-02-27T12:00:00Z"))
        #expect(authority.fingerprint.count == 95 && authority.shortFingerprint.count == 59)
        #expect(
            AuthorityCertificate.all(in: "before\n\(made.certificatePEM)\nbetween\n\(made.certificatePEM)") == [
                authority, authority,
            ])
    }

    @Test("Issued again for more names, it has the same key, and reaches them")
    func reissued() throws {
        let made = try LocalCertificateAuthority.makeAuthority(now: Self.now)
        let wide = try LocalCertificateAuthority.makeAuthority(
            names: ["login.example"], keeping: made.privateKeyPEM, now: Self.now)
        let (first, second) = try (AuthorityCertificate(pem: made.certificatePEM), AuthorityCertificate(pem: wide.certificatePEM))
        #expect(second.reach.beyondLoopback == ["login.example"])
        #expect(first.keyFingerprint == second.keyFingerprint && first.name == second.name)
        #expect(first.fingerprint != second.fingerprint)
    }

    @Test("A certificate with Lapse's name and another key, or another's signature, is not Lapse's")
    func foreign() throws {
        let (key, other) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        let name = try LocalCertificateAuthority.name(of: key.publicKey)
        func certificate(of key: P256.Signing.PrivateKey, signedBy signer: P256.Signing.PrivateKey) throws -> AuthorityCertificate {
            let certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: .distantPast,
                notValidAfter: .distantFuture, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: .init {}, issuerPrivateKey: .init(signer))
            return try AuthorityCertificate(pem: try certificate.serializeAsPEM().pemString)
        }
        #expect(try certificate(of: key, signedBy: key).isLapses)
        #expect(try !certificate(of: other, signedBy: other).isLapses)
        #expect(try !certificate(of: key, signedBy: other).isLapses)
        #expect(try certificate(of: key, signedBy: key).reach.beyondLoopback == ["every DNS name", "every IP address"])
    }

    @Test("What a Lapse shows lists its names and addresses, and ends when its CA does")
    func served() throws {
        for (names, end) in [([], "2028-05-09T12:00:00Z"), (["login.example"], "2026-03-31T12:00:00Z")] {
            let authority = try LocalCertificateAuthority.makeAuthority(names: names, now: Self.now)
            let server = try LocalCertificateAuthority.makeServer(for: names, signedBy: authority, now: Self.now)
            let shown = try ServedCertificate(server, of: authority)
            #expect(shown.names == ["localhost", "*.localhost"] + names + ["127.0.0.1", "::1"])
            #expect(shown.endsAt == Timestamp(end))
        }
    }
}
