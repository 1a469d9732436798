/// A version of the judge's rules: from how many and how soon what counts. A build that names one keeps its verdicts when later rules see more.
package struct JudgeRules: Equatable, Sendable {
    /// The year and the month from which on it is the newest.
    package let version: String
    let thresholds: JudgeThreshold
    /// The rules that count.
    let rules: Set<ReactionRule>

    init(version: String, thresholds: JudgeThreshold = JudgeThreshold(), rules: Set<ReactionRule> = Set(ReactionRule.allCases)) {
        (self.version, self.thresholds, self.rules) = (version, thresholds, rules)
    }

    /// Oldest first.
    package static let all = [JudgeRules(version: "2026-11")]
    package static var newest: JudgeRules { all[all.count - 1] }

    /// - Throws: `FieldError` that lists the versions.
    package init(named version: String, field: String) throws(FieldError) {
        guard let known = Self.all.first(where: { $0.version == version }) else {
            throw FieldError(field, "must be one of: \(Self.all.map(\.version).joined(separator: ", "))")
        }
        self = known
    }
}
