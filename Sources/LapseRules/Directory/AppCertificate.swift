import Crypto
import CryptoExtras
import Foundation
import SwiftASN1
import X509

/// A certificate with which an app proves who it is: one of an application's `keyCredentials`.
package struct AppCertificate: Equatable, Sendable {
    package let der: [UInt8]
    /// By which an app's registration and an assertion's header name it: the SHA-1 (`x5t`) and the SHA-256 (`x5t#S256`) of the DER.
    package let thumbprint: [UInt8]
    package let sha256: [UInt8]
    package let subject: String
    /// What the certificate itself says.
    package let startsAt: Timestamp
    /// The end that the certificate says, or an earlier one that its registration says.
    package let endsAt: Timestamp
    /// The RSA key, as a SubjectPublicKeyInfo.
    package let publicKey: [UInt8]

    /// - Parameter endsAt: an earlier end than the certificate's own; nil: its own.
    /// - Returns: nil for what is no X.509 certificate of an RSA key of 2048 to 8192 bits.
    package init?(der: [UInt8], endsAt: Timestamp? = nil) {
        guard let certificate = try? Certificate(derEncoded: der), let key = _RSA.Signing.PublicKey(certificate.publicKey),
            (2048...8192).contains(key.keySizeInBits)
        else { return nil }
        self.der = der
        thumbprint = Array(Insecure.SHA1.hash(data: der))
        sha256 = Array(SHA256.hash(data: der))
        subject = certificate.subject.description
        startsAt = Timestamp(certificate.notValidBefore)
        let end = Timestamp(certificate.notValidAfter)
        self.endsAt = min(endsAt ?? end, end)
        publicKey = Array(key.derRepresentation)
    }

    /// - Parameter pem: one certificate and nothing else.
    /// - Returns: nil as for DER, and for a text that holds more, such as the private key.
    package init?(pem: String, endsAt: Timestamp? = nil) {
        guard let documents = try? PEMDocument.parseMultiple(pemString: pem), documents.count == 1,
            documents[0].discriminator == "CERTIFICATE"
        else { return nil }
        self.init(der: documents[0].derBytes, endsAt: endsAt)
    }

    /// A member of `certificates`: PEM, or an object of PEM and an end.
    init(_ value: JSON, path: String) throws(FieldError) {
        let (pem, end): (String, Timestamp?)
        if let text = value.text {
            guard text.utf8.count <= Self.longestPEM else { throw Self.noCertificate(path) }
            (pem, end) = (text, nil)
        } else {
            guard case .object = value else { throw Self.noCertificate(path) }
            var object = try ObjectReader(value, path: path)
            guard let text = try object.string("pem", longest: Self.longestPEM) else {
                throw FieldError(object.field("pem"), "is required")
            }
            (pem, end) = (text, try object.instant("endsAt"))
            try object.finish()
        }
        guard let certificate = AppCertificate(pem: pem, endsAt: end) else { throw Self.noCertificate(path) }
        self = certificate
    }

    package static let longestPEM = 16_384

    private static func noCertificate(_ path: String) -> FieldError {
        FieldError(path, "must be one certificate in PEM, of an RSA key of 2048 bits or more, or an object of it as pem and endsAt")
    }

    package var json: JSON { ["pem": .string(PEMDocument(type: "CERTIFICATE", derBytes: der).pemString), "endsAt": JSON(endsAt)] }

    /// What Graph calls the credential by.
    package var keyID: GUID { GUID(randomBytes: Array(sha256.prefix(16))) }
}

extension Timestamp {
    /// The whole second of the date; the nearest one that Lapse can write.
    fileprivate init(_ date: Date) {
        let seconds = min(max(date.timeIntervalSince1970.rounded(.down), 0), Double(Timestamp.latest.secondsSinceEpoch))
        self.init(secondsSinceEpoch: Int64(seconds))
    }
}
