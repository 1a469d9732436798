import LapseRules
import LapseService

extension Timeline {
    /// - Parameter picture: the drawing of it, where it was asked for.
    func json(picture: String? = nil) -> JSON {
        .object([
            "user": .string(user.id.description), "userPrincipalName": .string(user.userPrincipalName), "now": JSON(now),
            "mode": .string(mode.rawValue), "rows": .array(rows.map(\.json)), "rowsLeftOut": .integer(Int64(rowsLeftOut)),
            "attempts": .array(attempts.map(\.json)), "revocations": .array(revocations.map { RevocationStatus($0, at: now).json }),
            "stateChanges": .array(stateChanges.map { RevocationStatus($0, at: now).json }), "picture": picture.map(JSON.string),
        ])
    }
}

extension Timeline.Row {
    fileprivate var json: JSON {
        [
            "kind": .string(kind.rawValue), "id": .string(id.description), "session": JSON(session?.description),
            "client": JSON(app?.id.description), "clientName": JSON(app?.name), "authTime": JSON(authentication.place.at),
            "method": .string(authentication.method.rawValue), "from": JSON(from), "to": JSON(to),
            "refreshTokens": .integer(Int64(refreshTokens)),
            "accessTokens": .array(accessTokens.map(\.json)), "marks": .array(marks.map(\.json)), "deadSince": JSON(deadSince),
            "verdicts": .array(verdicts.map { $0.json(authTime: authentication.place.at) }),
        ]
    }
}

extension Timeline.AccessToken {
    fileprivate var json: JSON {
        ["from": JSON(from), "to": JSON(to), "evaluated": .bool(isEvaluated), "deadSince": JSON(deadSince)]
    }
}
