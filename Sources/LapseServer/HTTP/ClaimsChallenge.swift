import Foundation
import LapseRules

/// The headers `WWW-Authenticate` with which a resource demands a token with other claims.
enum ClaimsChallenge {
    private static let parameters = ["realm", "authorization_uri", "client_id", "error", "error_description", "claims"]

    /// - Parameter bare: the challenge without a demand.
    /// - Parameter error: what stands between it and the claims.
    /// - Parameter claims: JSON; nil: nothing is demanded.
    /// - Parameter variant: how a fault wants it written; nil: as it is recorded.
    static func headers(
        _ bare: String, error: String = "", claims: String?, _ variant: FaultEffect.ChallengeVariant?
    ) -> [String] {
        guard let claims else { return [bare] }
        var bytes = Data(claims.utf8)
        // A space behind JSON means nothing, and makes its base64 end in another way.
        while variant == .padded, bytes.count % 3 == 0 { bytes.append(UInt8(ascii: " ")) }
        let full = bare + error + #", claims="\#(bytes.base64EncodedString())""#
        switch variant {
        case .padded, nil: return [full]
        case .severalInOne: return [#"PoP nonce="bGFwc2U", "# + full]
        case .twoHeaders: return [bare, full]
        case .otherCase:
            let lower = full.replacing("Bearer ", with: "bearer ", maxReplacements: 1)
            return [parameters.reduce(lower) { $0.replacing(" \($1)=\"", with: " \($1.uppercased())=\"") }]
        }
    }
}
