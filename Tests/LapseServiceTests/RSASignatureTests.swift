import Crypto
import CryptoExtras
import Foundation
import LapseRules
import Testing

@testable import LapseService

@Suite("Signatures that others made")
struct RSASignatureTests {
    private static let key = try! _RSA.Signing.PrivateKey(keySize: .bits2048)
    private static let spki = Array(key.publicKey.derRepresentation)

    private func token(
        _ algorithm: String, by key: _RSA.Signing.PrivateKey = key, padding: _RSA.Signing.Padding, digest: Bool = false
    ) throws -> String {
        let input = [(["alg": .string(algorithm)] as JSON).encoded, (["sub": "x"] as JSON).encoded].map { Base64URL.encode($0) }
            .joined(separator: ".")
        let signature =
            digest
            ? try key.signature(for: SHA512.hash(data: Data(input.utf8)), padding: padding)
            : try key.signature(for: Data(input.utf8), padding: padding)
        return input + "." + Base64URL.encode(Array(signature.rawRepresentation))
    }

    private func isValid(_ text: String, _ key: [UInt8] = spki) -> Bool {
        SignedJWT(text).map { RSASignature.isValid($0, key) } ?? false
    }

    @Test("RS256 and PS256 are checked as their header says, and as nothing else")
    func algorithms() throws {
        #expect(try isValid(token("RS256", padding: .insecurePKCS1v1_5)))
        #expect(try isValid(token("PS256", padding: .PSS)))
        #expect(try !isValid(token("PS256", padding: .insecurePKCS1v1_5)))
        #expect(try !isValid(token("RS256", padding: .PSS)))
        #expect(try !isValid(token("RS512", padding: .insecurePKCS1v1_5)))
        #expect(try !isValid(token("PS256", padding: .PSS, digest: true)), "another hash")
        #expect(try !isValid(token("none", padding: .PSS)))
        #expect(try !isValid(token("HS256", padding: .PSS)))
    }

    @Test("Another key, a changed byte, a cut signature, a key that is none: no")
    func forgeries() throws {
        let good = try token("PS256", padding: .PSS)
        #expect(try !isValid(token("PS256", by: _RSA.Signing.PrivateKey(keySize: .bits2048), padding: .PSS)))
        let parts = good.split(separator: ".").map(String.init)
        let other = Base64URL.encode((["sub": "y"] as JSON).encoded)
        #expect(!isValid([parts[0], other, parts[2]].joined(separator: ".")))
        #expect(!isValid([parts[0], parts[1], String(parts[2].dropLast(8))].joined(separator: ".")))
        #expect(!isValid([parts[0], parts[1], ""].joined(separator: ".")))
        #expect(!isValid(good, []))
        #expect(!isValid(good, Array(P256.Signing.PrivateKey().publicKey.derRepresentation)))
    }
}
