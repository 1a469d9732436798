import Foundation
import LapseRules
import Synchronization

#if canImport(COpenSSL)
    import COpenSSL
#else
    import CryptoExtras
#endif

/// Signs Lapse's tokens with RS256 and checks them again. The only file that signs.
///
/// On Linux OpenSSL's libcrypto signs (see docs/decisions.md), elsewhere swift-crypto. Called from any thread; signatures run
/// beside each other on as many cores as ask.
package struct TokenSigner: Sendable {
    package let key: SigningKey
    private let header: [UInt8]
    private let headerWithThumbprint: [UInt8]
    private let verification: RSASignature
    private let lanes: SigningLanes

    package init(_ key: SigningKey) throws {
        self.key = key
        header = Base64URL.encodedBytes((["typ": "JWT", "alg": "RS256", "kid": .string(key.id)] as JSON).encoded)
        // Entra: version 1 tokens name the key twice.
        headerWithThumbprint = Base64URL.encodedBytes(
            (["typ": "JWT", "alg": "RS256", "x5t": .string(key.id), "kid": .string(key.id)] as JSON).encoded)
        guard let verification = RSASignature(key.publicKeyDER) else {
            throw SigningLanes.Failure(description: "the signing key is no RSA key")
        }
        self.verification = verification
        lanes = try SigningLanes(key)
    }

    /// The compact JWT with this payload, which is JSON.
    package func sign(_ payload: [UInt8], namesThumbprint: Bool = false) throws -> String {
        let header = namesThumbprint ? headerWithThumbprint : header
        var input: [UInt8] = []
        // Four letters for three bytes, and the signature's 256 bytes.
        input.reserveCapacity(header.count + payload.count * 4 / 3 + 360)
        input += header
        input.append(UInt8(ascii: "."))
        input += Base64URL.encodedBytes(payload)
        let signature = try lanes.sign(input)
        input.append(UInt8(ascii: "."))
        input += Base64URL.encodedBytes(signature)
        return String(decoding: input, as: UTF8.self)
    }

    package enum Checked: Sendable {
        case payload(JSON)
        /// No JWT at all.
        case garbage
        /// A JWT that no key of Lapse's signed.
        ///
        /// - Parameter key: what its header calls the key; nil: nothing.
        case wrongSignature(key: String?)
    }

    /// Checks the signature alone; times are for LapseRules to judge.
    package func check(_ text: String) -> Checked {
        guard let token = SignedJWT(text) else { return .garbage }
        let name = token.header["kid"]?.text
        guard name == key.id, token.algorithm == .rs256, verification.signed(token) else { return .wrongSignature(key: name) }
        return .payload(token.claims)
    }
}

#if canImport(COpenSSL)
    /// As many prepared signers as signatures run at once; each signs one at a time, with a key of its own, because threads that
    /// share an OpenSSL key wait for each other.
    private final class SigningLanes: Sendable {
        struct Failure: Error, CustomStringConvertible {
            let description: String
        }

        private let key: [UInt8]
        private let idle = Mutex<[Lane]>([])

        init(_ key: SigningKey) throws {
            self.key = key.privateKeyDER
            idle.withLock { [lane = try? Lane(self.key)] in $0 = [lane].compactMap { $0 } }
            guard idle.withLock({ !$0.isEmpty }) else { throw Failure(description: "OpenSSL does not take the signing key") }
        }

        func sign(_ input: [UInt8]) throws -> [UInt8] {
            let lane = try idle.withLock { $0.popLast() } ?? Lane(key)
            defer { idle.withLock { $0.append(lane) } }
            return try lane.sign(input)
        }

        /// Unchecked: `sign` hands a lane to one caller at a time.
        private final class Lane: @unchecked Sendable {
            private let key: OpaquePointer
            /// Good for any number of signatures: nothing in it is used up.
            private let context: OpaquePointer
            private let length: Int

            init(_ der: [UInt8]) throws {
                let key = der.withUnsafeBufferPointer { bytes in
                    var start = bytes.baseAddress
                    return d2i_AutoPrivateKey(nil, &start, bytes.count)
                }
                guard let key, let context = EVP_PKEY_CTX_new(key, nil), EVP_PKEY_sign_init(context) == 1,
                    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1,
                    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1
                else { throw Failure(description: "OpenSSL cannot prepare a signature") }
                self.key = key
                self.context = context
                length = Int(EVP_PKEY_get_size(key))
            }

            deinit {
                EVP_PKEY_CTX_free(context)
                EVP_PKEY_free(key)
            }

            func sign(_ input: [UInt8]) throws -> [UInt8] {
                let digest = [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
                    count = SHA256(input, input.count, digest.baseAddress) == nil ? 0 : Int(SHA256_DIGEST_LENGTH)
                }
                guard !digest.isEmpty else { throw Failure(description: "OpenSSL did not hash") }
                var length = length
                var signature = [UInt8](repeating: 0, count: length)
                guard EVP_PKEY_sign(context, &signature, &length, digest, digest.count) == 1, length == signature.count else {
                    throw Failure(description: "OpenSSL did not sign")
                }
                return signature
            }
        }
    }
#else
    private struct SigningLanes: Sendable {
        struct Failure: Error, CustomStringConvertible {
            let description: String
        }

        private let key: _RSA.Signing.PrivateKey

        init(_ key: SigningKey) throws { self.key = try _RSA.Signing.PrivateKey(derRepresentation: key.privateKeyDER) }

        func sign(_ input: [UInt8]) throws -> [UInt8] {
            Array(try key.signature(for: input, padding: .insecurePKCS1v1_5).rawRepresentation)
        }
    }
#endif
