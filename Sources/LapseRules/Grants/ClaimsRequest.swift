/// What the `claims` parameter of a request tells and asks (OpenID Connect Core 5.5), as far as an authority acts on it.
///
/// Entra: claims-challenge.md. A client that understands claims challenges says so with the capability `cp1`; the answer to a
/// challenge demands an access token that is no older than it.
package struct ClaimsRequest: Equatable, Sendable {
    /// The capability in `xms_cc`, which Entra compares without case.
    static let capability = "cp1"

    /// Whether the client understands claims challenges.
    package let declaresCP1: Bool
    /// Whether the access token has to satisfy a challenge's `nbf`.
    package let answersChallenge: Bool

    /// Whether it demands anything of the access token besides telling what the client understands: it hands a challenge back.
    package let carriesDemand: Bool

    package static let none = ClaimsRequest(declaresCP1: false, answersChallenge: false)

    init(declaresCP1: Bool, answersChallenge: Bool) {
        self.declaresCP1 = declaresCP1
        self.answersChallenge = answersChallenge
        carriesDemand = answersChallenge
    }

    /// - Parameter text: the parameter; nil when the request has none.
    /// - Throws: `EntraError` for a text that is no JSON object.
    package init(_ text: String?) throws(EntraError) {
        guard let text else {
            self = .none
            return
        }
        guard let claims = JSON(parsing: Array(text.utf8)), case .object = claims else {
            throw .lapse("invalid_request", "The parameter 'claims' is no JSON object.")
        }
        let accessToken = claims["access_token"] ?? .null
        declaresCP1 = Self.names(accessToken["xms_cc"]).contains { $0.isSame(as: Self.capability) }
        if case .object(let demands) = accessToken {
            carriesDemand = demands.contains { $0.name != "xms_cc" }
        } else {
            carriesDemand = false
        }
        // `"nbf": null` asks for the claim and demands nothing.
        let notBefore = accessToken["nbf"] ?? .null
        answersChallenge =
            notBefore["value"] ?? .null != .null || notBefore["values"] ?? .null != .null || notBefore["essential"] == true
    }

    /// The capabilities that a claim of a request or of a token lists.
    static func names(_ claim: JSON?) -> [String] {
        switch claim {
        case .array(let names): names.compactMap(\.text)
        case .object: names(claim?["values"]) + [claim?["value"]?.text].compactMap { $0 }
        default: []
        }
    }

    /// What a resource answers to a token that is too old. Entra: recorded, down to the blank behind the comma.
    static func challenge(at instant: Timestamp) -> String {
        #"{"access_token":{"nbf":{"essential":true, "value":"\#(instant.secondsSinceEpoch)"}}}"#
    }
}
