internal import LapseClient
internal import LapseRules

// What the verbs answer. `json` is all of it, as the control API says it.
extension LapseTenant {
    public struct SignIn: Sendable {
        /// The grant's GUID.
        public let grant: String
        public let accessToken: String
        /// Nil without `offline_access` in the scope.
        public let refreshToken: String?
        /// Nil without `openid` in the scope.
        public let idToken: String?
        /// Seconds on the tenant's clock.
        public let expiresIn: Int
        /// The browser's cookies by their names.
        public let cookies: [String: String]
        public let json: LapseJSON

        init(_ answer: JSON) {
            json = LapseJSON(answer)
            (grant, accessToken) = (json["grant"].string ?? "", json["access_token"].string ?? "")
            (refreshToken, idToken) = (json["refresh_token"].string, json["id_token"].string)
            expiresIn = json["expires_in"].int ?? 0
            cookies = json["cookies"].members.compactMapValues(\.string)
        }
    }

    public struct TokenAnswer: Sendable {
        /// The HTTP status.
        public let status: Int
        /// Null when it is no JSON.
        public let body: LapseJSON

        public var isAccepted: Bool { status == 200 }
        public var accessToken: String? { body["access_token"].string }
        public var refreshToken: String? { body["refresh_token"].string }
        /// OAuth's error, such as `invalid_grant`; nil when it is accepted.
        public var error: String? { body["error"].string }
        /// The number of the AADSTS code, such as 50173; nil when it is accepted.
        public var code: Int? { body["error_codes"][0].int }

        /// `{"status","body"}`
        public var json: LapseJSON { ["status": LapseJSON(status), "body": body] }

        init(_ answer: Answer) { (status, body) = (answer.status, LapseJSON(answer.json)) }
    }

    public struct Revocation: Sendable {
        /// Its GUID.
        public let id: String
        /// On the tenant's clock, in RFC 3339.
        public let at: String
        public let json: LapseJSON

        init(_ answer: JSON) {
            json = LapseJSON(answer)
            (id, at) = (json["id"].string ?? "", json["at"].string ?? "")
        }

        /// Whether it is in effect in every region.
        ///
        /// - Parameter plane: on this plane: `refresh`, `session`, `cae` or `directory`; nil: on each.
        public func isEffective(on plane: String? = nil) -> Bool {
            let planes = json["planes"].members.filter { plane == nil || $0.key == plane }
            return !planes.isEmpty && planes.values.allSatisfy { $0.members.values.allSatisfy { $0["effective"].bool == true } }
        }
    }

    public struct Advance: Sendable {
        /// What the clock shows, in RFC 3339.
        public let now: String
        /// What took effect on the way, 10,000 at most.
        public let tookEffect: [LapseJSON]
        public let json: LapseJSON

        init(_ answer: JSON) {
            json = LapseJSON(answer)
            (now, tookEffect) = (json["now"].string ?? "", json["tookEffect"].items)
        }
    }

    public struct ForgedToken: Sendable {
        public let accessToken: String
        public let claims: LapseJSON
        public let json: LapseJSON

        init(_ answer: JSON) {
            json = LapseJSON(answer)
            (accessToken, claims) = (json["access_token"].string ?? "", json["claims"])
        }
    }

    /// An event of the log. What it does not tell is nil.
    public struct Event: Sendable {
        public let id: Int
        /// On the tenant's clock, in RFC 3339.
        public let at: String
        /// Such as `tokenRefreshed` or `revoked`.
        public let type: String
        /// The user's GUID.
        public var user: String? { json["user"].string }
        /// The client id.
        public var client: String? { json["client"].string }
        public var region: String? { json["region"].string }
        /// The number of the AADSTS code.
        public var code: Int? { json["code"].int }
        public let json: LapseJSON

        init(_ event: JSON) {
            json = LapseJSON(event)
            (id, at, type) = (json["id"].int ?? 0, json["at"].string ?? "", json["type"].string ?? "")
        }
    }
}
