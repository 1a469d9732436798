import LapseRules

// The definition of a fault: what stands beside it in columns is not in here.

extension Fault {
    var stored: JSON {
        .object([
            "name": name.map(JSON.string), "match": match.stored, "effect": effect.stored, "times": times.map(JSON.integer),
            "probability": probability.map(JSON.number),
        ])
    }

    init(stored: JSON, id: GUID, ordinal: Int64) throws {
        var object = try StoredObject(stored, "fault")
        self.init(
            id: id, ordinal: ordinal, name: try object.optional("name", \.text),
            match: try object.required("match") { try Match(stored: $0) },
            effect: try object.required("effect") { try FaultEffect(stored: $0) },
            times: try object.optional("times", \.wholeNumber), probability: try object.optional("probability", \.share))
        try object.finish()
    }
}

extension JSON {
    fileprivate var share: Double? {
        switch self {
        case .number(let share) where share > 0 && share <= 1: share
        // Written as `1.0`.
        case 1: 1
        default: nil
        }
    }
}

extension Fault.Match {
    fileprivate var stored: JSON {
        .object([
            "endpoint": endpoint.map { .string($0.rawValue) }, "grantType": flow.map { .string($0.grantType) },
            "client": client.map { .string($0.description) }, "user": user.map { .string($0.description) },
            "region": region.map { .string($0.description) },
        ])
    }

    fileprivate init(stored: JSON) throws {
        self.init()
        var object = try StoredObject(stored, "match")
        endpoint = try object.optional("endpoint") { $0.word() }
        flow = try object.optional("grantType") { type in AppRegistration.Flow.allCases.first { $0.grantType == type.text } }
        client = try object.optional("client") { $0.text.map { ClientID($0) } }
        user = try object.optional("user", \.guid)
        region = try object.optional("region") { $0.text.flatMap { Region($0) } }
        try object.finish()
    }
}

extension FaultEffect {
    fileprivate var stored: JSON {
        var members: KeyValuePairs<String, JSON?> = [:]
        switch kind {
        case .refuse(let code, let suberror, let claims):
            members = [
                "code": code.map { .integer(Int64($0.rawValue)) }, "suberror": suberror.map { $0.isEmpty ? .null : .string($0) },
                "claims": claims.map(JSON.string),
            ]
        case .fail(let status, let wait): members = ["status": .integer(Int64(status)), "retryAfter": wait?.stored]
        case .challenge(let claims, let variant):
            members = ["challenge": .string(claims), "variant": variant.map { .string($0.rawValue) }]
        case .response(let fault): members = ["answer": .string(fault.rawValue)]
        case .keys(let trouble): members = ["keys": .string(trouble.rawValue)]
        case .delay: break
        }
        return JSON.object(members).adding(["words": words?.stored, "latency": latency?.stored])
    }

    fileprivate init(stored: JSON) throws {
        var object = try StoredObject(stored, "effect")
        let latency = try object.optional("latency") { try Span(stored: $0) }
        let words = try object.optional("words") { try EntraError.OwnWords(stored: $0) }
        self.init(try Kind(&object, isUnnamed: words?.error != nil), words: words, latency: latency)
        try object.finish()
        guard kind != .delay || latency != nil else { throw FieldError("effect", "holds nothing") }
    }
}

extension FaultEffect.Kind {
    /// - Parameter isUnnamed: whether a refusal may do without a code.
    fileprivate init(_ object: inout StoredObject, isUnnamed: Bool) throws {
        let code = try object.optional("code", \.code)
        if code != nil || isUnnamed {
            let suberror = try object.optional("suberror") { $0 == .null ? "" : $0.text }
            self = .refuse(code, suberror: suberror, claims: try object.optional("claims", \.text))
        } else if let status = try object.optional("status", \.wholeNumber) {
            guard FaultEffect.statuses.contains(status) else { throw FieldError("effect.status", "is none that a fault has") }
            self = .fail(status: Int(status), retryAfter: try object.optional("retryAfter", \.duration))
        } else if let claims = try object.optional("challenge", \.text) {
            self = .challenge(claims: claims, variant: try object.optional("variant") { $0.word() })
        } else if let fault: FaultEffect.ResponseFault = try object.optional("answer", { $0.word() }) {
            self = .response(fault)
        } else if let trouble: FaultEffect.KeyTrouble = try object.optional("keys", { $0.word() }) {
            self = .keys(trouble)
        } else {
            self = .delay
        }
    }
}

extension EntraError.OwnWords {
    /// What the members are nobody here knows: they are kept as text.
    fileprivate var stored: JSON {
        .object([
            "error": error.map(JSON.string), "error_description": description.map(JSON.string),
            "members": members.isEmpty ? nil : .string(JSON.object(members).encodedText),
        ])
    }

    fileprivate init(stored: JSON) throws {
        self.init()
        var object = try StoredObject(stored, "words")
        error = try object.optional("error", \.text)
        description = try object.optional("error_description", \.text)
        members =
            try object.optional("members") { text in
                guard case .object(let given)? = text.text.flatMap({ JSON(parsing: Array($0.utf8)) }) else { return nil }
                return given
            } ?? []
        try object.finish()
    }
}
