/// What of a tenant's past is kept. Ages are of rows, on the machine's clock: a test that moves a tenant's clock loses nothing by it.
package struct Retention: Equatable, Sendable {
    /// How many events are kept at most, the newest; nil: all.
    package var eventRows: Int64? = 1_000_000
    /// How long an event is kept; nil: for ever.
    package var eventAge: Duration? = defaultAge
    /// How long a code or refresh token is kept that has ended; nil: for ever. One that has not ended is kept whatever its age.
    package var tokenAge: Duration? = defaultAge

    private static let defaultAge = Duration.seconds(30 * 86_400)

    package init() {}

    /// Keeps everything.
    package static let everything: Retention = {
        var retention = Retention()
        (retention.eventRows, retention.eventAge, retention.tokenAge) = (nil, nil, nil)
        return retention
    }()

    /// `{"events":{"rows","age"},"tokens":{"age"}}`. What is not there has its default; null keeps all.
    init(_ value: JSON, path: String) throws(FieldError) {
        self.init()
        guard value != .null else {
            self = .everything
            return
        }
        var reader = try ObjectReader(value, path: path)
        if reader.has("events") {
            let part = try Part(reader.member("events"), path: reader.field("events"), counting: "rows")
            (eventRows, eventAge) = (part.rows.over(eventRows), part.age.over(eventAge))
        }
        if reader.has("tokens") {
            tokenAge = try Part(reader.member("tokens"), path: reader.field("tokens"), counting: nil).age.over(tokenAge)
        }
        try reader.finish()
    }

    package var json: JSON {
        [
            "events": ["rows": eventRows.map(JSON.integer) ?? .null, "age": JSON(eventAge?.iso8601)],
            "tokens": ["age": JSON(tokenAge?.iso8601)],
        ]
    }
}

/// What one kind of rows is limited to, as it was said.
private struct Part {
    enum Limit<Value> {
        case left
        case none
        case at(Value)

        func over(_ wider: Value?) -> Value? {
            switch self {
            case .left: wider
            case .none: nil
            case .at(let value): value
            }
        }
    }

    var rows = Limit<Int64>.left
    var age = Limit<Duration>.left

    /// - Parameter count: the name of the member that counts; nil: there is none.
    init(_ value: JSON, path: String, counting count: String?) throws(FieldError) {
        guard value != .null else {
            (rows, age) = (.none, .none)
            return
        }
        var reader = try ObjectReader(value, path: path)
        if let count, reader.has(count) { rows = try reader.integer(count, in: 1...1_000_000_000_000).map(Limit.at) ?? .none }
        if reader.has("age") {
            let duration = try reader.duration("age")
            if let duration, duration < .seconds(1) { throw FieldError(reader.field("age"), "must be at least PT1S") }
            age = duration.map(Limit.at) ?? .none
        }
        try reader.finish()
    }
}
