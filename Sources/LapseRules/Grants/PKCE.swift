import Crypto

/// Proof key for code exchange (RFC 7636), with the two methods that Entra takes.
package enum PKCE {
    package enum Method: String, CaseIterable, Sendable { case plain, s256 = "S256" }

    package struct Challenge: Equatable, Sendable {
        package let value: String
        package let method: Method

        package init(value: String, method: Method) {
            self.value = value
            self.method = method
        }

        /// Nil when the request has none.
        package init?(_ parameters: FormParameters) throws(EntraError) {
            let methodText = parameters["code_challenge_method"]
            guard let value = parameters["code_challenge"] else { return nil }
            guard let method = methodText.map(Method.init(rawValue:)) ?? .plain else {
                throw AADSTS.badChallengeMethod.error()
            }
            guard method == .s256 ? value.utf8.count == 43 : (43...128).contains(value.utf8.count) else {
                throw AADSTS.badChallenge.error()
            }
            self.init(value: value, method: method)
        }

        /// Nil: the verifier fits, or there is neither.
        static func refusal(of verifier: String?, for challenge: Challenge?) -> EntraError? {
            // RFC 9700 section 2.1.1: a verifier counts only for a code that was asked for with a challenge. Else somebody who takes the
            // challenge out of the request has switched PKCE off unseen. Assumption: it fits as badly as a wrong one.
            guard let challenge else { return verifier == nil ? nil : AADSTS.wrongVerifier.error() }
            guard let verifier else { return AADSTS.missingVerifier.error() }
            let derived =
                switch challenge.method {
                case .plain: verifier
                case .s256: Base64URL.encode(SHA256.bytes(of: verifier))
                }
            // Hashes are compared in constant time.
            return SecretHash(of: derived) == SecretHash(of: challenge.value) ? nil : AADSTS.wrongVerifier.error()
        }
    }
}
