import LapseRules

extension LoggedEvent {
    /// As lists and streams show it. A fault's hit names the fault.
    var json: JSON {
        JSON.object([
            "id": .integer(id), "at": JSON(event.at), "type": .string(event.kind.rawValue), "user": JSON(event.user?.description),
            "client": JSON(event.client?.description), "grant": JSON(event.grant?.description),
            "revocation": JSON(event.revocation?.description), "region": JSON(event.region?.description),
            "code": event.code.map { .integer(Int64($0.rawValue)) } ?? .null, "requestId": JSON(event.requestID?.description),
            "fault": event.notes.fault.map { .string($0.description) },
        ])
    }

    /// The same with all that the judge reads.
    var fullJSON: JSON {
        json.adding([
            "writtenAt": JSON(writtenAt), "presented": JSON(event.presented), "notes": event.notes.json,
        ])
    }
}

extension Event.Notes {
    /// What there is to note.
    fileprivate var json: JSON {
        .object([
            "prompt": prompt.map(JSON.string), "answersChallenge": answersChallenge ? true : nil,
            "demandsClaims": demandsClaims ? true : nil,
            "fault": fault.map { .string($0.description) }, "endpoint": endpoint.map { .string($0.rawValue) },
            "status": status.map { .integer(Int64($0)) }, "answer": responseFault.map { .string($0.rawValue) },
            "retryAfter": retryAfter.map { .string($0.iso8601) },
            "page": page.map { page in
                [
                    "url": .string(page.url), "status": page.status.map { .integer(Int64($0)) } ?? .null,
                    "text": .string(page.text),
                ]
            },
        ])
    }
}
