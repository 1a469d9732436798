import LapseRules

extension Fault {
    /// As it was asked for, and how often it hit.
    var json: JSON {
        definition.adding([
            "id": .string(id.description), "hits": .integer(hits), "left": left.map(JSON.integer) ?? .null,
        ])
    }
}
