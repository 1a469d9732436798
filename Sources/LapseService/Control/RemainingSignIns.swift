import LapseRules

// What the timeline and the expectations still use of the calls on revocations and explanations.

extension Authority {
    private static let longestWait = Duration.seconds(60)

    /// The `wait` of a call, in the machine's time.
    func waitingTime(_ text: String) throws(ControlError) -> Duration {
        guard let wait = Duration(iso8601: text), wait <= Self.longestWait else {
            throw .invalid(FieldError("wait", "must be an ISO 8601 duration such as PT10S, at most \(Self.longestWait.iso8601)"))
        }
        return wait
    }
}

/// What the control API shows of a revocation or state change besides its propagation.
struct PropagatedColumns {
    let id: GUID
    let user: User.Home
    let cause: String
    let actor: String?
    /// Nil for a state change, which moves no stamp.
    let stamp: Timestamp?
}

extension Revocation {
    var columns: PropagatedColumns { .init(id: id, user: user, cause: cause.rawValue, actor: actor, stamp: stamp) }
}

extension StateChange {
    var columns: PropagatedColumns { .init(id: id, user: user, cause: kind.rawValue, actor: nil, stamp: nil) }
}

extension Propagated {
    /// As the control API shows it at an instant of its tenant.
    func json(_ columns: PropagatedColumns, now: Timestamp) -> JSON {
        let planes = Plane.allCases.map { plane in
            JSON.Member(
                name: plane.rawValue,
                value: .object(
                    propagation.arrivals.filter { $0.plane == plane }.map { arrival in
                        .init(
                            name: arrival.region.description,
                            value: [
                                "visibleAt": JSON(arrival.visibleAt), "held": .bool(arrival.moment == .held),
                                "effective": .bool(arrival.isEffective(at: now)),
                            ])
                    }))
        }
        return [
            "id": .string(columns.id.description), "user": .string(columns.user.user.description), "at": JSON(place.at),
            "cause": .string(columns.cause), "actor": JSON(columns.actor), "stamp": JSON(columns.stamp), "planes": .object(planes),
        ]
    }
}

extension Explanation.Verdict {
    func json(authTime: Timestamp) -> JSON {
        [
            "plane": .string(plane.rawValue), "region": .string(region.description), "accepted": .bool(isAccepted),
            "code": code.map { .integer(Int64($0.rawValue)) } ?? .null, "rule": .string(rule.rawValue), "why": .string(why),
            "authTime": JSON(authTime), "cutOff": JSON(cutOff), "revocation": JSON(revocation?.description),
            "changesAt": JSON(changesAt), "attemptsLeft": attemptsLeft.map { .integer(Int64($0)) } ?? .null,
        ]
    }
}
