import LapseRules

extension Event.Notes {
    /// Nil when there is nothing to note, as for a redeem: nothing is built then.
    var stored: JSON? {
        guard self != Event.Notes() else { return nil }
        return .object([
            "prompt": prompt.map(JSON.string), "answersChallenge": answersChallenge ? true : nil,
            "demandsClaims": demandsClaims ? true : nil, "fault": fault.map { .string($0.description) },
            "endpoint": endpoint.map { .string($0.rawValue) }, "status": status.map { .integer(Int64($0)) },
            "answer": responseFault.map { .string($0.rawValue) }, "retryAfter": retryAfter?.stored,
            "page": page.map { page in
                .object([
                    "url": .string(page.url), "status": page.status.map { .integer(Int64($0)) }, "text": .string(page.text),
                ])
            },
        ])
    }

    init(stored: JSON) throws {
        self.init()
        var object = try StoredObject(stored, "notes")
        prompt = try object.optional("prompt", \.text)
        answersChallenge = try object.optional("answersChallenge", \.flag) ?? false
        demandsClaims = try object.optional("demandsClaims", \.flag) ?? false
        fault = try object.optional("fault", \.guid)
        endpoint = try object.optional("endpoint") { $0.word() }
        status = try object.optional("status") { $0.wholeNumber.map { Int($0) } }
        responseFault = try object.optional("answer") { $0.word() }
        retryAfter = try object.optional("retryAfter", \.duration)
        page = try object.optional("page") { try Event.Page(stored: $0) }
        try object.finish()
    }
}

extension Event.Page {
    init(stored: JSON) throws {
        var object = try StoredObject(stored, "page")
        let url = try object.required("url", \.text), text = try object.required("text", \.text)
        let status = try object.optional("status") { $0.wholeNumber }
        try object.finish()
        self.init(url: url, status: status.map { Int($0) }, text: text)
    }
}
