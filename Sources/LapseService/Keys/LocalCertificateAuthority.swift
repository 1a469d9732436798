import Crypto
import CryptoExtras
import Foundation
import LapseRules
import SwiftASN1
import X509

/// The certificates of one Lapse: a local CA that may speak for this machine alone, the server's certificate, the signing key.
///
/// The CA is name-constrained to `localhost` names and loopback addresses, and to names that the person who starts Lapse asks for:
/// who trusts it trusts it for nothing else.
package enum LocalCertificateAuthority {
    /// A private key with its certificate, both PEM.
    package struct Identity: Sendable {
        package let certificatePEM: String
        package let privateKeyPEM: String

        package init(certificatePEM: String, privateKeyPEM: String) {
            self.certificatePEM = certificatePEM
            self.privateKeyPEM = privateKeyPEM
        }
    }

    /// What is wrong with a certificate or its key, in words that go on after "cannot use it:".
    package struct Unusable: Error, CustomStringConvertible { package let description: String }

    /// Looks whether certificate and key can be read and belong together.
    ///
    /// - Throws: ``Unusable``.
    package static func check(_ identity: Identity) throws(Unusable) {
        guard let key = try? Certificate.PrivateKey(pemEncoded: identity.privateKeyPEM) else {
            throw Unusable(description: "the key is not a private key in PEM")
        }
        guard let certificate = try? Certificate(pemEncoded: identity.certificatePEM) else {
            throw Unusable(description: "the certificate is not one in PEM")
        }
        guard certificate.publicKey == key.publicKey else {
            throw Unusable(description: "the key does not belong to the certificate")
        }
    }

    private static let day: TimeInterval = 86_400
    private static let wideDays = 30.0
    private static let localhost = "localhost"
    private static let localNames = [localhost, "*.localhost"]

    /// Whether the CA may speak for just these names besides localhost, and for some days more.
    package static func isFresh(authority: Identity, for names: [String], now: Timestamp) throws -> Bool {
        let certificate = try Certificate(pemEncoded: authority.certificatePEM)
        let permitted = try certificate.extensions.nameConstraints.map { Array($0.permittedDNSDomains) } ?? []
        return permitted == [localhost] + names && certificate.notValidAfter > date(now, days: 7)
    }

    /// A new CA, good for ten years from `now` (the machine's time); for thirty days when it may speak for more than localhost: whoever
    /// trusts it for that should not do so for long.
    ///
    /// - Parameter names: the DNS names it may speak for besides localhost.
    /// - Parameter privateKeyPEM: the key of a CA that is issued again; nil makes a new one.
    package static func makeAuthority(names: [String] = [], keeping privateKeyPEM: String? = nil, now: Timestamp) throws -> Identity
    {
        let key = try privateKeyPEM.map { try P256.Signing.PrivateKey(pemRepresentation: $0) } ?? P256.Signing.PrivateKey()
        let name = try name(of: key.publicKey)
        let loopback = [
            ASN1OctetString(contentBytes: [127, 0, 0, 0, 255, 0, 0, 0]),
            ASN1OctetString(contentBytes: ArraySlice([UInt8](repeating: 0, count: 15) + [1] + [UInt8](repeating: 255, count: 16))),
        ]
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: date(now, days: -1),
            notValidAfter: date(now, days: names.isEmpty ? 3650 : wideDays), issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: .init {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                Critical(NameConstraints(permittedDNSDomains: [localhost] + names, permittedIPRanges: loopback))
                SubjectKeyIdentifier(hash: .init(key.publicKey))
            }, issuerPrivateKey: .init(key))
        return Identity(certificatePEM: try certificate.serializeAsPEM().pemString, privateKeyPEM: key.pemRepresentation)
    }

    /// What the CA with this key is called.
    static func name(of key: P256.Signing.PublicKey) throws -> DistinguishedName {
        try DistinguishedName {
            OrganizationName("Lapse")
            CommonName("Lapse local CA \(Hex.encode(Array(key.rawRepresentation.prefix(4))))")
        }
    }

    /// The certificates of a CA file in a form that swift-nio-ssl can trust, each PEM.
    ///
    /// Its BoringSSL knows no name constraints on IP addresses and refuses whatever stands under them. A certificate that has
    /// some is rebuilt without: a trust anchor counts by its name and key, its own signature is never looked at. Who names the CA
    /// of one server trusts it for that server.
    package static func anchors(inPEM text: String) throws -> [String] {
        try PEMDocument.parseMultiple(pemString: text).map { document in
            let certificate = try Certificate(pemDocument: document)
            guard let constraints = try certificate.extensions.nameConstraints, !constraints.permittedIPRanges.isEmpty else {
                return document.pemString
            }
            let anchor = try Certificate(
                version: .v3, serialNumber: certificate.serialNumber, publicKey: certificate.publicKey,
                notValidBefore: certificate.notValidBefore, notValidAfter: certificate.notValidAfter, issuer: certificate.subject,
                subject: certificate.subject, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try .init(certificate.extensions.filter { $0.oid != .X509ExtensionID.nameConstraints }),
                issuerPrivateKey: .init(P256.Signing.PrivateKey()))
            return try anchor.serializeAsPEM().pemString
        }
    }

    /// A new server certificate for `localhost`, `*.localhost`, 127.0.0.1, ::1 and the names, good for 800 days (clients refuse
    /// longer ones).
    package static func makeServer(for names: [String] = [], signedBy authority: Identity, now: Timestamp) throws -> Identity {
        let key = P256.Signing.PrivateKey()
        let issuer = try Certificate(pemEncoded: authority.certificatePEM)
        let subject = try DistinguishedName { CommonName("localhost") }
        let addresses: [[UInt8]] = [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]]
        let names: [GeneralName] =
            (localNames + names).map { .dnsName($0) }
            + addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: date(now, days: -1),
            notValidAfter: date(now, days: 800), issuer: issuer.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: .init {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names)
                SubjectKeyIdentifier(hash: .init(key.publicKey))
                AuthorityKeyIdentifier(
                    keyIdentifier: try issuer.extensions.subjectKeyIdentifier?.keyIdentifier)
            }, issuerPrivateKey: .init(pemEncoded: authority.privateKeyPEM))
        return Identity(certificatePEM: try certificate.serializeAsPEM().pemString, privateKeyPEM: key.pemRepresentation)
    }

    /// Whether the certificate can be served for another month, and for these names.
    package static func isFresh(_ server: Identity, for names: [String] = [], now: Timestamp) throws -> Bool {
        let certificate = try Certificate(pemEncoded: server.certificatePEM)
        let known = try certificate.extensions.subjectAlternativeNames?.compactMap { name in
            if case .dnsName(let text) = name { text } else { nil }
        }
        return certificate.notValidAfter > date(now, days: 30) && known == localNames + names
    }

    /// A new RSA-2048 key with a self-signed certificate, for `x5c`.
    package static func makeSigningIdentity(now: Timestamp) throws -> Identity {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let name = try DistinguishedName { CommonName("Lapse token signing") }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: date(now, days: -1),
            notValidAfter: date(now, days: 3650), issuer: name, subject: name, signatureAlgorithm: .sha256WithRSAEncryption,
            extensions: .init {}, issuerPrivateKey: .init(key))
        return Identity(certificatePEM: try certificate.serializeAsPEM().pemString, privateKeyPEM: key.pkcs8PEMRepresentation)
    }

    private static func date(_ now: Timestamp, days: Double) -> Date {
        Date(timeIntervalSince1970: TimeInterval(now.secondsSinceEpoch) + days * day)
    }
}

/// The key that tokens are signed with, and what the keys document says of it.
package struct SigningKey: Sendable {
    /// `kid` and `x5t`: the certificate's SHA-1 thumbprint, base64url, as at Entra.
    package let id: String
    let privateKeyDER: [UInt8]
    /// A SubjectPublicKeyInfo.
    let publicKeyDER: [UInt8]
    /// From when to when its certificate is good.
    let period: Range<Timestamp>
    private let modulus: String
    private let exponent: String
    private let certificate: String

    package init(_ identity: LocalCertificateAuthority.Identity) throws {
        let key = try _RSA.Signing.PrivateKey(pemRepresentation: identity.privateKeyPEM)
        var serializer = DER.Serializer()
        try serializer.serialize(try Certificate(pemEncoded: identity.certificatePEM))
        let primitives = try key.publicKey.getKeyPrimitives()
        id = Base64URL.encode(Array(Insecure.SHA1.hash(data: serializer.serializedBytes)))
        privateKeyDER = Array(key.derRepresentation)
        publicKeyDER = Array(key.publicKey.derRepresentation)
        guard let own = AppCertificate(der: serializer.serializedBytes) else {
            throw LocalCertificateAuthority.Unusable(description: "its certificate is not one of an RSA key")
        }
        // Whoever made it may have written anything.
        period = own.startsAt..<max(own.startsAt, own.endsAt)
        modulus = Base64URL.encode(Array(primitives.modulus))
        exponent = Base64URL.encode(Array(primitives.publicExponent))
        certificate = Data(serializer.serializedBytes).base64EncodedString()
    }

    /// The entry in the keys document. Entra: facts of `/discovery/v2.0/keys`.
    ///
    /// - Parameter name: the `kid` and `x5t` in place of its own.
    package func json(issuer: String, named name: String? = nil) -> JSON {
        let id = name ?? id
        return [
            "kty": "RSA", "use": "sig", "kid": .string(id), "x5t": .string(id), "n": .string(modulus), "e": .string(exponent),
            "x5c": [.string(certificate)], "issuer": .string(issuer),
        ]
    }
}
