/// How long something takes, fixed or drawn by chance: the delay of a plane, the latency of a fault.
package enum Span: Equatable, Sendable {
    case fixed(Duration)
    case uniform(shortest: Duration, longest: Duration)
    case lognormal(median: Duration, p95: Duration)

    /// - Parameter chance: asked only where something is drawn.
    func drawn(by chance: () -> Chance) -> Duration {
        switch self {
        case .fixed(let duration): duration
        case .uniform(let shortest, let longest): chance().uniform(shortest, longest)
        case .lognormal(let median, let p95): chance().lognormal(median: median, p95: p95)
        }
    }

    /// The longest that it takes; of a lognormal one the 95th percentile, for it has no end.
    var longest: Duration {
        switch self {
        case .fixed(let longest), .uniform(_, let longest), .lognormal(_, let longest): longest
        }
    }
}

// MARK: As JSON

extension Span {
    /// The word of each case.
    enum Word: String, CaseIterable { case fixed, uniform, lognormal }

    /// - Parameter forms: thrown for a value that is no object with just one of fixed, uniform, lognormal.
    init(_ value: JSON, path: String, orElse forms: FieldError) throws(FieldError) {
        guard case .object(let members) = value, members.count == 1 else { throw forms }
        var reader = try ObjectReader(value, path: path)
        switch Word(rawValue: members[0].name) {
        case .fixed:
            guard let duration = try reader.duration("fixed") else { throw forms }
            self = .fixed(duration)
        case .uniform: self = try Self.uniform(&reader)
        case .lognormal: self = try Self.lognormal(&reader)
        case nil: throw forms
        }
        try reader.finish()
    }

    private static func uniform(_ reader: inout ObjectReader) throws(FieldError) -> Self {
        let field = reader.field("uniform")
        let texts = try reader.strings("uniform") ?? []
        let bounds = texts.compactMap { Duration(written: $0) }
        guard texts.count == 2, bounds.count == 2 else {
            throw FieldError(field, "must be two durations such as [\"30s\", \"5m\"] or [\"PT30S\", \"PT5M\"]")
        }
        guard bounds[0] <= bounds[1] else { throw FieldError(field, "must name the shorter duration first") }
        return .uniform(shortest: bounds[0], longest: bounds[1])
    }

    private static func lognormal(_ reader: inout ObjectReader) throws(FieldError) -> Self {
        guard var inner = try reader.object("lognormal") else {
            throw FieldError(reader.field("lognormal"), "must be an object with median and p95")
        }
        guard let median = try inner.duration("median"), median > .zero else {
            throw FieldError(inner.field("median"), "must be a duration longer than nothing")
        }
        guard let p95 = try inner.duration("p95"), p95 >= median else {
            throw FieldError(inner.field("p95"), "must be a duration not shorter than the median")
        }
        try inner.finish()
        return .lognormal(median: median, p95: p95)
    }

    package var json: JSON {
        switch self {
        case .fixed(let duration): ["fixed": .string(duration.iso8601)]
        case .uniform(let shortest, let longest): ["uniform": [.string(shortest.iso8601), .string(longest.iso8601)]]
        case .lognormal(let median, let p95):
            ["lognormal": ["median": .string(median.iso8601), "p95": .string(p95.iso8601)]]
        }
    }
}
