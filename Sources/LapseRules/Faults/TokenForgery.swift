/// What is wrong with a token that no resource should take.
package enum TokenDefect: String, CaseIterable, Sendable {
    /// Meant for another resource.
    case audience
    /// Issued by another tenant's authority.
    case issuer
    /// Another text is signed.
    case signature
    /// It ended ten minutes ago.
    case expired
    /// It begins in an hour.
    case notYetValid
    /// Its header names a key that no document lists.
    case keyId
}

extension TokenPlan {
    private static let otherAudience = "00000000-dead-4000-8000-000000000000"
    private static let otherTenant = "ffffffff-dead-4fff-8fff-ffffffffffff"

    /// The payload of the access token with the defect in it, and all else as it should be.
    package func accessTokenPayload(issuer: String, defect: TokenDefect) -> JSON {
        let genuine = JSON(parsing: accessTokenPayload(issuer: issuer)) ?? .null
        switch defect {
        case .signature, .keyId: return genuine
        case .audience: return genuine.replacing("aud", with: .string(Self.otherAudience))
        case .issuer:
            let text = genuine["iss"]?.text ?? ""
            return genuine.replacing("iss", with: .string(text.replacing(tenant.id.description, with: Self.otherTenant)))
        case .expired: return moved(genuine, by: -accessTokenLifetime.wholeSeconds - 600)
        case .notYetValid: return moved(genuine, by: 3600 + 300)
        }
    }

    private func moved(_ payload: JSON, by seconds: Int64) -> JSON {
        var payload = payload
        for name in ["iat", "nbf", "exp"] {
            guard case .integer(let instant) = payload[name] else { continue }
            payload = payload.replacing(name, with: .integer(instant + seconds))
        }
        // What Lapse itself judges by, on the tenant's clock.
        let mark = AccessTokenClaims.Mark(grant: grant?.id, expiresAt: accessTokenEnd + .seconds(seconds))
        return payload.replacing("aio", with: .string(mark.text))
    }
}

extension JSON {
    /// The object with another value of a member that it has.
    fileprivate func replacing(_ name: String, with value: JSON) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.map { $0.name == name ? Member(name: name, value: value) : $0 })
    }
}
