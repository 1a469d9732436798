import Crypto
import Foundation
import LapseRules
import SwiftASN1
import X509

/// The certificate of a CA that somebody trusts or may trust: whose is it, and what may it speak for?
package struct AuthorityCertificate: Equatable, Sendable {
    package let pem: String
    /// The common name, or the whole name where there is none.
    package let name: String
    package let endsAt: Timestamp
    package let reach: CertificateReach
    /// The certificate's SHA-256 and SHA-1, as stores show them.
    package let fingerprint: String
    package let shortFingerprint: String
    /// The SHA-256 of the public key. A Lapse issues its CA again with the same key: who trusts one of these trusts that key.
    package let keyFingerprint: String
    /// Whether it is the CA of a Lapse: called as only its key may be called, and signed with that key.
    package let isLapses: Bool

    /// - Throws: whatever is wrong with it, in the words of the library that found it.
    package init(pem: String) throws { try self.init(PEMDocument(pemString: pem)) }

    private init(_ document: PEMDocument) throws {
        let certificate = try Certificate(pemDocument: document)
        let (subject, key) = (certificate.subject, certificate.publicKey)
        pem = document.pemString + "\n"
        name =
            subject.lazy.flatMap { $0 }.first { $0.type == .RDNAttributeType.commonName }.flatMap { String($0.value) }
            ?? "\(subject)"
        endsAt = Timestamp(secondsSinceEpoch: Int64(certificate.notValidAfter.timeIntervalSince1970))
        let constraints = try certificate.extensions.nameConstraints
        reach = CertificateReach(
            names: constraints.map { Array($0.permittedDNSDomains) } ?? [],
            addresses: constraints.map { $0.permittedIPRanges.map { Array($0.bytes) } } ?? [])
        fingerprint = Self.pairs(SHA256.hash(data: document.derBytes))
        shortFingerprint = Self.pairs(Insecure.SHA1.hash(data: document.derBytes))
        keyFingerprint = Hex.encode(Array(SHA256.hash(data: key.subjectPublicKeyInfoBytes)))
        let own = P256.Signing.PublicKey(key).flatMap { try? LocalCertificateAuthority.name(of: $0) }
        isLapses = own == subject && key.isValidSignature(certificate.signature, for: certificate)
    }

    private static func pairs(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { Hex.encode([$0]).uppercased() }.joined(separator: ":")
    }

    /// The certificates in a text that may hold others, and other things.
    package static func all(in text: String) -> [AuthorityCertificate] {
        ((try? PEMDocument.parseMultiple(pemString: text)) ?? []).compactMap { try? AuthorityCertificate($0) }
    }
}

/// The certificate that a Lapse shows: for which names, until when?
package struct ServedCertificate: Equatable, Sendable {
    /// DNS names, then addresses.
    package let names: [String]
    /// Its end, or its CA's when that comes first.
    package let endsAt: Timestamp

    package init(names: [String], endsAt: Timestamp) {
        self.names = names
        self.endsAt = endsAt
    }

    /// - Throws: whatever is wrong with one of them, in the words of the library that found it.
    package init(_ server: LocalCertificateAuthority.Identity, of authority: LocalCertificateAuthority.Identity) throws {
        let certificate = try Certificate(pemEncoded: server.certificatePEM)
        names = (try certificate.extensions.subjectAlternativeNames.map { Array($0) } ?? []).compactMap { name in
            switch name {
            case .dnsName(let text): text
            case .ipAddress(let address): Self.text(address.bytes)
            default: nil
            }
        }
        let ends = [certificate, try Certificate(pemEncoded: authority.certificatePEM)].map(\.notValidAfter.timeIntervalSince1970)
        endsAt = Timestamp(secondsSinceEpoch: Int64(ends.min() ?? 0))
    }

    private static func text(_ address: ArraySlice<UInt8>) -> String {
        switch address.count {
        case 4: address.map(String.init).joined(separator: ".")
        // The only one that Lapse writes.
        case 16 where address.dropLast().allSatisfy { $0 == 0 } && address.last == 1: "::1"
        default: Hex.encode(Array(address))
        }
    }
}
