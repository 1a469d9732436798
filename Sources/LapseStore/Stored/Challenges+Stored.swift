import LapseRules

extension [Challenge] {
    var stored: JSON { .array(map(\.stored)) }

    init(stored: JSON) throws {
        guard let list = try stored.list(Challenge.init(stored:)) else { throw FieldError("challenges", "holds what is no list") }
        self = list
    }
}

extension Challenge {
    fileprivate var stored: JSON {
        ["code": .integer(Int64(code.rawValue)), "on": JSON(Occasion.allCases.filter(on.contains).map(\.rawValue))]
    }

    fileprivate init(stored: JSON) throws {
        var object = try StoredObject(stored, "challenge")
        self.init(
            code: try object.required("code", \.code), on: try object.required("on") { $0.list { $0.word() }.map(Set.init) })
        try object.finish()
    }
}
