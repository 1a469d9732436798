import LapseRules

// Within the delays of a model and the effects of faults.

extension Span {
    var stored: JSON {
        switch self {
        case .fixed(let duration): ["fixed": duration.stored]
        case .uniform(let shortest, let longest): ["uniform": [shortest.stored, longest.stored]]
        case .lognormal(let median, let p95): ["lognormal": ["median": median.stored, "p95": p95.stored]]
        }
    }

    init(stored: JSON) throws {
        var object = try StoredObject(stored, "span")
        if let duration = try object.optional("fixed", \.duration) {
            self = .fixed(duration)
        } else if let uniform = try object.optional("uniform", Self.uniform) {
            self = uniform
        } else {
            self = try object.required("lognormal", Self.lognormal)
        }
        try object.finish()
    }

    // Nothing can be drawn between bounds in the wrong order, or by a median of nothing.

    private static func uniform(stored: JSON) -> Span? {
        guard let bounds = stored.list(\.duration), bounds.count == 2, bounds[0] <= bounds[1] else { return nil }
        return .uniform(shortest: bounds[0], longest: bounds[1])
    }

    private static func lognormal(stored: JSON) throws -> Span? {
        var object = try StoredObject(stored, "lognormal")
        let median = try object.required("median", \.duration)
        let p95 = try object.required("p95", \.duration)
        try object.finish()
        return median > .zero && p95 >= median ? .lognormal(median: median, p95: p95) : nil
    }
}

extension Duration {
    var stored: JSON { .string(iso8601) }
}
