// What reading a fault takes, written.

extension Fault {
    /// As it was asked for.
    package var definition: JSON {
        .object([
            "name": name.map(JSON.string), "match": match.json, "effect": effect.json, "times": times.map(JSON.integer),
            "probability": probability.map(JSON.number),
        ])
    }
}

extension Fault.Match {
    fileprivate var json: JSON {
        .object([
            "endpoint": endpoint.map { .string($0.rawValue) }, "grantType": flow.map { .string($0.grantType) },
            "client": client.map { .string($0.description) }, "user": user.map { .string($0.description) },
            "region": region.map { .string($0.description) },
        ])
    }
}

extension FaultEffect {
    fileprivate var json: JSON {
        var members: KeyValuePairs<String, JSON?> = [:]
        switch kind {
        case .refuse(let code, let suberror, let claims):
            members = [
                "code": code.map { .integer(Int64($0.rawValue)) }, "suberror": suberror.map { $0.isEmpty ? .null : .string($0) },
                "claims": claims.map(JSON.string),
            ]
        case .fail(let status, let wait):
            members = ["status": .integer(Int64(status)), "retryAfter": wait.map { .string($0.iso8601) }]
        case .challenge(let claims, let variant):
            members = ["challenge": .string(claims), "variant": variant.map { .string($0.rawValue) }]
        case .response(let responseFault): members = ["answer": .string(responseFault.rawValue)]
        case .keys(let trouble): members = ["keys": .string(trouble.rawValue)]
        case .delay: break
        }
        return JSON.object(members).followed(by: words?.json ?? [:]).adding(["latency": latency?.json])
    }
}

extension EntraError.OwnWords {
    fileprivate var json: JSON {
        .object([
            "error": error.map(JSON.string), "error_description": description.map(JSON.string),
            "members": members.isEmpty ? nil : .object(members),
        ])
    }
}
