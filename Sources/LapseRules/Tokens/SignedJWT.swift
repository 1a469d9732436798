/// A JSON Web Token in the compact form (RFC 7515 section 3.1), taken apart and not yet checked.
package struct SignedJWT: Sendable {
    package enum Algorithm: String, Sendable {
        case rs256 = "RS256"
        case ps256 = "PS256"
    }

    package let header: JSON
    package let claims: JSON
    /// What is signed: header and claims as they were sent.
    package let input: [UInt8]
    package let signature: [UInt8]

    /// Lapse looks at no longer one.
    private static let longest = 16_384

    /// - Returns: nil for what has not three parts in base64url without padding, two of them JSON objects.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longest else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Substring.init)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let claims = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), let header = JSON(parsing: header), case .object = header,
            let claims = JSON(parsing: claims), case .object = claims
        else { return nil }
        self.header = header
        self.claims = claims
        self.signature = signature
        input = Array(parts[0].utf8) + [UInt8(ascii: ".")] + Array(parts[1].utf8)
    }

    /// Nil: one that Lapse does not check.
    package var algorithm: Algorithm? { header["alg"]?.text.flatMap(Algorithm.init(rawValue:)) }

    /// What refusals say of a signature that is none of the key's.
    package static let mismatch = "The provided signature value did not match the expected signature value."

    /// Why a signature does not count, as 50013 and 700027 print it behind their text.
    ///
    /// - Parameter name: of the key, as the header has it.
    /// - Parameter found: when the key that has this name is good; nil: there is none.
    package static func reason(_ why: String, key name: String, found: (start: Timestamp, end: Timestamp)?) -> String {
        let period = found.map { ", Found key 'Start=\($0.start.monthFirstText), End=\($0.end.monthFirstText)'" } ?? ""
        return "[Reason - \(why), Thumbprint of key used by client: '\(shownKey(name))'\(period)]"
    }

    /// How refusals repeat the name of a key: a thumbprint in hexadecimal, anything else as it is, cut.
    package static func shownKey(_ name: String) -> String {
        guard let bytes = Base64URL.decode(name), [20, 32].contains(bytes.count) else { return String(name.prefix(200)) }
        return Hex.encode(bytes).uppercased()
    }

    /// Whether an RSA key signed it; a function of LapseService, which has the cryptography.
    ///
    /// - Parameter publicKey: a SubjectPublicKeyInfo.
    package typealias Check = @Sendable (_ token: SignedJWT, _ publicKey: [UInt8]) -> Bool
}
