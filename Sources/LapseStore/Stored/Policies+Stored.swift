import LapseRules

extension Policies {
    var stored: JSON {
        [
            "tieRule": tieRule.json, "revocationMatrix": matrix.stored, "revokeAnswer": .integer(revokeAnswer),
            "permissions": .string(permissions.rawValue), "errorLayout": .string(errorLayout.rawValue),
            "suberror": .bool(hasSuberror), "loopDetection": .bool(loopDetection), "tokenTimes": .string(tokenTimes.rawValue),
            "cloud": .string(cloud.rawValue), "lifetimes": lifetimes.stored,
            "retention": retention.stored,
        ]
    }

    init(stored: JSON) throws {
        self.init()
        var object = try StoredObject(stored, "policies")
        tieRule = try object.required("tieRule") { try? TieRule($0, field: "tieRule") }
        matrix = try object.required("revocationMatrix") { try RevocationMatrix(stored: $0) }
        revokeAnswer = try object.required("revokeAnswer") { $0.wholeNumber.flatMap { Self.revokeAnswers.contains($0) ? $0 : nil } }
        permissions = try object.required("permissions") { $0.word() }
        errorLayout = try object.required("errorLayout") { $0.word() }
        hasSuberror = try object.required("suberror", \.flag)
        loopDetection = try object.required("loopDetection", \.flag)
        tokenTimes = try object.required("tokenTimes") { $0.word() }
        cloud = try object.required("cloud") { $0.word() }
        lifetimes = try object.required("lifetimes") { try Lifetimes(stored: $0) }
        retention = try object.required("retention") { try Retention(stored: $0) }
        try object.finish()
    }
}

extension Retention {
    fileprivate var stored: JSON {
        .object([
            "eventRows": eventRows.map(JSON.integer), "eventAge": eventAge.map { .string($0.iso8601) },
            "tokenAge": tokenAge.map { .string($0.iso8601) },
        ])
    }

    fileprivate init(stored: JSON) throws {
        self.init()
        var object = try StoredObject(stored, "retention")
        eventRows = try object.optional("eventRows", \.wholeNumber)
        eventAge = try object.optional("eventAge", \.duration)
        tokenAge = try object.optional("tokenAge", \.duration)
        try object.finish()
    }
}

extension RevocationMatrix {
    fileprivate var stored: JSON {
        .object(
            Revocation.Cause.allCases.compactMap { cause in
                overrides[cause].map { columns in
                    .init(name: cause.rawValue, value: JSON(Column.allCases.filter(columns.contains).map(\.rawValue)))
                }
            })
    }

    fileprivate init(stored: JSON) throws {
        var object = try StoredObject(stored, "revocationMatrix")
        var overrides: [Revocation.Cause: Set<Column>] = [:]
        for cause in Revocation.Cause.allCases {
            overrides[cause] = try object.optional(cause.rawValue) { $0.list { $0.word() }.map(Set.init) }
        }
        try object.finish()
        self.init(overrides: overrides)
    }
}
