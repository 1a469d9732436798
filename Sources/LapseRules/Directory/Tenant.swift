/// A directory with its own users, apps, clock, propagation and policies.
package struct Tenant: Equatable, Sendable {
    /// Assumption: every tenant of the lab is as old as this, so that a test may set its clock to any later instant.
    package static let birth = Timestamp(secondsSinceEpoch: 1_577_836_800)

    /// Names no tenant: the zero GUID.
    package static let noID = GUID(bytes: ArraySlice([UInt8](repeating: 0, count: 16)))

    package let id: GUID
    package var name: String
    /// Verified domains in lower case, the default first.
    package var domains: [String]
    package var clock: TenantClock
    /// Nil follows the server's `--propagation`.
    package var propagation: PropagationModel?
    package var policies: Policies
    /// Made for one test: other tenants do not see its apps.
    package let isSandbox: Bool

    package init(
        id: GUID, name: String, domains: [String], clock: TenantClock = .real, propagation: PropagationModel? = nil,
        policies: Policies = Policies(), isSandbox: Bool = false
    ) {
        self.id = id
        self.name = name
        self.domains = domains
        self.clock = clock
        self.propagation = propagation
        self.policies = policies
        self.isSandbox = isSandbox
    }

    /// The cloud it says it is in.
    package var cloud: Cloud { policies.cloud }
}

/// Choices of a tenant between behaviours that Entra has had or has, and lifetimes.
package struct Policies: Equatable, Sendable {
    /// How two things in the same second are ordered.
    package enum TieRule: Equatable, Sendable {
        /// By instant and sequence: what was issued before the revoke dies.
        case precise
        /// Against the whole-second stamp: what was issued earlier in the same second survives. Entra: facts of recorded traffic.
        case entra
        /// Against the stamp less so much: what is older by no more than that survives. Microsoft's support names clock skew of about a
        /// minute (microsoft-graph-docs #3908).
        case skew(Duration)

        /// Those that a word names.
        package static let named: [(name: String, rule: TieRule)] = [("precise", .precise), ("entra", .entra)]
    }

    /// The permissions that `revokeSignInSessions` takes, by edition of its documentation.
    package enum Edition: String, CaseIterable, Sendable {
        case newest
        case beta2023 = "beta-2023"
        case v1of2019 = "2019"
    }

    /// What stands between the parts of an error's description. Entra: single spaces in samples since November 2023, line
    /// breaks in older ones.
    package enum ErrorLayout: String, CaseIterable, Sendable {
        case current
        case of2021 = "2021"
    }

    /// Whose time goes into JWTs.
    package enum TokenTimes: String, CaseIterable, Sendable { case tenant, wall }

    package var tieRule = TieRule.precise
    package var matrix = RevocationMatrix.entra
    /// The status of a successful `revokeSignInSessions`: 200 with a body (on the wire) or 204 (documented in 2019).
    package var revokeAnswer: Int64 = 200
    package static let revokeAnswers: [Int64] = [200, 204]
    package var permissions = Edition.newest
    package var errorLayout = ErrorLayout.current
    /// Whether token errors carry `suberror`; not as at the v1 endpoint.
    package var hasSuberror = true
    /// Whether clients that ask the same again and again are refused (50196).
    package var loopDetection = false
    package var tokenTimes = TokenTimes.tenant
    package var cloud = Cloud.global
    package var lifetimes = Lifetimes()
    package var retention = Retention()

    package init() {}

    package init(_ value: JSON, path: String = "") throws(FieldError) {
        self.init()
        var reader = try ObjectReader(value, path: path)
        if let rule = reader.value("tieRule") { tieRule = try TieRule(rule, field: reader.field("tieRule")) }
        if let rows = reader.value("revocationMatrix") {
            matrix = try RevocationMatrix(rows, path: reader.field("revocationMatrix"))
        }
        if let answer = try reader.integer("revokeAnswer", in: 200...204) {
            guard Self.revokeAnswers.contains(answer) else { throw FieldError(reader.field("revokeAnswer"), "must be 200 or 204") }
            revokeAnswer = answer
        }
        permissions = try reader.choice("permissions", of: Edition.self) ?? permissions
        errorLayout = try reader.choice("errorLayout", of: ErrorLayout.self) ?? errorLayout
        hasSuberror = try reader.bool("suberror") ?? hasSuberror
        loopDetection = try reader.bool("loopDetection") ?? loopDetection
        tokenTimes = try reader.choice("tokenTimes", of: TokenTimes.self) ?? tokenTimes
        cloud = try reader.choice("cloud", of: Cloud.self) ?? cloud
        if let set = reader.value("lifetimes") { lifetimes = try Lifetimes(set, path: reader.field("lifetimes")) }
        if reader.has("retention") { retention = try Retention(reader.member("retention"), path: reader.field("retention")) }
        try reader.finish()
    }

    package var json: JSON {
        [
            "tieRule": tieRule.json, "revocationMatrix": matrix.json, "revokeAnswer": .integer(revokeAnswer),
            "permissions": .string(permissions.rawValue), "errorLayout": .string(errorLayout.rawValue),
            "suberror": .bool(hasSuberror),
            "loopDetection": .bool(loopDetection), "tokenTimes": .string(tokenTimes.rawValue), "cloud": .string(cloud.rawValue),
            "lifetimes": lifetimes.json, "retention": retention.json,
        ]
    }
}

/// The `{tenant}` of a path: one directory, or one of Entra's names for "the directory of whoever signs in".
package enum TenantName: Equatable, Sendable {
    /// Entra: v2-protocols.md. `common` takes any account, `organizations` work accounts, `consumers` personal ones.
    package enum Alias: String, CaseIterable, Sendable { case common, organizations, consumers }

    /// The directory of personal Microsoft accounts. Entra: v2-protocols.md.
    package static let consumersTenant = GUID("9188040d-6c67-4c5b-b112-36a304b66dad")!

    case alias(Alias)
    case id(GUID)
    case domain(String)

    /// Nil when the text can name no directory: neither GUID nor DNS name nor alias.
    package init?(_ text: String) {
        let text = text.lowercased()
        if let alias = Alias(rawValue: text) {
            self = .alias(alias)
        } else if let id = GUID(text) {
            self = id == Self.consumersTenant ? .alias(.consumers) : .id(id)
        } else if Self.isDNSName(text) {
            self = .domain(text)
        } else {
            return nil
        }
    }

    /// The name as it stands in a path, in lower case.
    package var text: String {
        switch self {
        case .alias(let alias): alias.rawValue
        case .id(let id): id.description
        case .domain(let domain): domain
        }
    }

    package static func isDNSName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253 && labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
            }
    }
}

extension Policies.TieRule {
    package init(_ value: JSON, field: String) throws(FieldError) {
        if case .string(let text) = value, let known = Self.named.first(where: { $0.name == text }) {
            self = known.rule
            return
        }
        guard case .object = value else {
            let words = Self.named.map(\.name).joined(separator: ", ")
            throw FieldError(field, "must be {\"skew\":\"PT1M\"} with a duration, or one of: \(words)")
        }
        var reader = try ObjectReader(value, path: field)
        guard let skew = try reader.duration("skew") else { throw FieldError(reader.field("skew"), "is missing") }
        guard skew >= .seconds(1) else { throw FieldError(reader.field("skew"), "must be at least PT1S") }
        try reader.finish()
        self = .skew(skew)
    }

    package var json: JSON {
        switch self {
        case .precise: "precise"
        case .entra: "entra"
        case .skew(let skew): ["skew": .string(skew.iso8601)]
        }
    }
}
