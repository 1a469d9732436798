import LapseRules

#if canImport(COpenSSL)
    import COpenSSL
#else
    import CryptoExtras
#endif

/// An RSA key that checks the signatures of JWTs, RS256 and PS256: Lapse's own key, and those of apps' certificates. The only file that
/// checks them.
///
/// On Linux OpenSSL's libcrypto checks, as it signs (see docs/decisions.md), elsewhere swift-crypto. Called from any thread.
final class RSASignature: Sendable {
    /// Whether the key signed the token. False for a key that is none.
    ///
    /// - Parameter publicKey: a SubjectPublicKeyInfo.
    @Sendable static func isValid(_ token: SignedJWT, _ publicKey: [UInt8]) -> Bool {
        RSASignature(publicKey)?.signed(token) == true
    }

    #if canImport(COpenSSL)
        /// Only ever read.
        private nonisolated(unsafe) let key: OpaquePointer

        /// - Returns: nil for what is no RSA key.
        init?(_ publicKey: [UInt8]) {
            let key = publicKey.withUnsafeBufferPointer { bytes in
                var start = bytes.baseAddress
                return d2i_PUBKEY(nil, &start, bytes.count)
            }
            guard let key else { return nil }
            guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else {
                EVP_PKEY_free(key)
                return nil
            }
            self.key = key
        }

        deinit { EVP_PKEY_free(key) }

        func signed(_ token: SignedJWT) -> Bool {
            guard let algorithm = token.algorithm, let context = EVP_MD_CTX_new() else { return false }
            defer { EVP_MD_CTX_free(context) }
            var parameters: OpaquePointer?
            guard EVP_DigestVerifyInit(context, &parameters, EVP_sha256(), nil, key) == 1 else { return false }
            switch algorithm {
            case .rs256: break
            case .ps256:
                // RFC 7518 section 3.5: the salt is as long as the hash.
                guard EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1,
                    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, Int32(SHA256_DIGEST_LENGTH)) == 1
                else { return false }
            }
            return EVP_DigestVerify(context, token.signature, token.signature.count, token.input, token.input.count) == 1
        }
    #else
        private let key: _RSA.Signing.PublicKey

        /// - Returns: nil for what is no RSA key.
        init?(_ publicKey: [UInt8]) {
            guard let key = try? _RSA.Signing.PublicKey(derRepresentation: publicKey) else { return nil }
            self.key = key
        }

        func signed(_ token: SignedJWT) -> Bool {
            guard let algorithm = token.algorithm else { return false }
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: token.signature), for: token.input,
                padding: algorithm == .rs256 ? .insecurePKCS1v1_5 : .PSS)
        }
    #endif
}
