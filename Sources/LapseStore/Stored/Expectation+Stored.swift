import LapseRules

// The definition of an expectation: what stands beside it in columns is not in here.

extension Expectation {
    var stored: JSON {
        .object([
            "name": name.map(JSON.string), "client": client.map { .string($0.description) },
            "user": user.map { .string($0.description) }, "after": .string(after.rawValue),
            "reauthorizesWithin": reauthorizesWithin?.stored, "recoversWithin": recoversWithin?.stored,
            "retriesAtMost": retriesAtMost.map(JSON.integer), "carriesClaims": carriesClaims.map(JSON.bool),
        ])
    }

    init(stored: JSON, id: GUID, ordinal: Int64) throws {
        var object = try StoredObject(stored, "expectation")
        self.init(
            id: id, ordinal: ordinal, name: try object.optional("name", \.text),
            client: try object.optional("client") { $0.text.map { ClientID($0) } }, user: try object.optional("user", \.guid),
            after: try object.required("after") { $0.word() },
            reauthorizesWithin: try object.optional("reauthorizesWithin", \.duration),
            recoversWithin: try object.optional("recoversWithin", \.duration),
            retriesAtMost: try object.optional("retriesAtMost", \.wholeNumber),
            carriesClaims: try object.optional("carriesClaims", \.flag))
        try object.finish()
    }
}
