/// What somebody expects of an app after it met something: "after a revoke this client re-authorizes within 5 s, with at most one
/// retry". Looked at while the app runs, from what the judge saw.
package struct Expectation: Equatable, Sendable {
    /// What has to be met first.
    package enum Occasion: String, CaseIterable, Sendable {
        /// Any refusal or challenge that a revocation is behind.
        case revoke
        case refusal, challenge, silentRefusal, outage

        func isMet(by incident: Incident) -> Bool {
            switch self {
            case .revoke: incident.revocation != nil
            case .refusal: incident.kind == .refusal
            case .challenge: incident.kind == .challenge
            case .silentRefusal: incident.kind == .silentRefusal
            case .outage: incident.kind == .outage
            }
        }
    }

    package enum Status: String, CaseIterable, Sendable {
        case passed, failed
        /// Nothing was met yet, or there is still time.
        case pending
    }

    /// What came of it at one incident.
    package struct Outcome: Equatable, Sendable {
        package let client: ClientID
        package let incident: Int64
        package let status: Status
        package let says: String
        package let events: [Int64]
    }

    package let id: GUID
    package let ordinal: Int64
    package let name: String?
    /// Nil: every client, every user.
    package let client: ClientID?
    package let user: GUID?
    package let after: Occasion
    /// From when the app met it until it asks its user to sign in, in the machine's time.
    package let reauthorizesWithin: Duration?
    /// Until it holds good tokens again.
    package let recoversWithin: Duration?
    package let retriesAtMost: Int64?
    /// Whether it hands claims back when it asks.
    package let carriesClaims: Bool?

    package init(
        id: GUID, ordinal: Int64, name: String? = nil, client: ClientID? = nil, user: GUID? = nil, after: Occasion,
        reauthorizesWithin: Duration? = nil, recoversWithin: Duration? = nil, retriesAtMost: Int64? = nil,
        carriesClaims: Bool? = nil
    ) {
        self.id = id
        self.ordinal = ordinal
        self.name = name
        self.client = client
        self.user = user
        self.after = after
        self.reauthorizesWithin = reauthorizesWithin
        self.recoversWithin = recoversWithin
        self.retriesAtMost = retriesAtMost
        self.carriesClaims = carriesClaims
    }

    /// - Parameter now: the machine's clock.
    package func outcomes(of reactions: [Reaction], now: Timestamp) -> [Outcome] {
        reactions.filter { client == nil || $0.client == client }.flatMap { reaction in
            reaction.incidents.filter { after.isMet(by: $0) && (user == nil || $0.user == user) }.map { incident in
                outcome(of: incident, client: reaction.client, now: now)
            }
        }
    }

    package static func status(of outcomes: [Outcome]) -> Status {
        if outcomes.contains(where: { $0.status == .failed }) { return .failed }
        return outcomes.isEmpty || outcomes.contains { $0.status == .pending } ? .pending : .passed
    }

    private func outcome(of incident: Incident, client: ClientID, now: Timestamp) -> Outcome {
        let elapsed = now - incident.writtenAt
        var verdicts: [(status: Status, says: String)] = []
        func within(_ limit: Duration?, _ step: Incident.Step?, _ done: String) {
            guard let limit else { return }
            if let step {
                verdicts.append((step.after <= limit ? .passed : .failed, "it \(done) after \(step.after.tenths)"))
            } else {
                verdicts.append((elapsed > limit ? .failed : .pending, "it has not \(done), \(elapsed.tenths) later"))
            }
        }
        within(reauthorizesWithin, incident.asked ?? incident.recovered, "re-authorized")
        if incident.leavesNoTraceOfRecovery, recoversWithin != nil {
            verdicts.append((.pending, "whether it recovered there leaves no trace"))
        } else {
            within(recoversWithin, incident.recovered, "recovered")
        }
        if let carriesClaims {
            let step = incident.asked ?? incident.recovered
            let carries = step.map(\.carriesClaims)
            verdicts.append(
                (
                    carries.map { $0 == carriesClaims ? .passed : .failed } ?? .pending,
                    carries.map { $0 ? "it handed claims back" : "it handed no claims back" } ?? "it has not asked yet"
                ))
        }
        if let retriesAtMost {
            let retries = Int64(incident.retries.count)
            let isOver = incident.asked != nil || incident.recovered != nil || !verdicts.isEmpty
            verdicts.append(
                (
                    retries > retriesAtMost ? .failed : isOver ? .passed : .pending,
                    "it sent the same request \(retries) more time\(retries == 1 ? "" : "s")"
                ))
        }
        let statuses = verdicts.map(\.status)
        let status: Status = statuses.contains(.failed) ? .failed : statuses.contains(.pending) ? .pending : .passed
        return Outcome(
            client: client, incident: incident.event, status: status, says: verdicts.map(\.says).joined(separator: ", "),
            events: incident.events)
    }
}

extension Duration {
    /// For people: seconds to a tenth.
    package var tenths: String {
        let tenths = (ticks + Timestamp.ticksPerSecond / 20) / (Timestamp.ticksPerSecond / 10)
        return "\(tenths / 10).\(tenths % 10) s"
    }
}

// MARK: As JSON

extension Expectation {
    /// The most expectations that a tenant may have.
    package static let most = 100

    /// Reads `{"name"?,"client"?,"user"?,"after","reauthorizesWithin"?,"recoversWithin"?,"retriesAtMost"?,"carriesClaims"?}`.
    package init(
        _ value: JSON, path: String = "", id: GUID, ordinal: Int64, findUser: (String) -> GUID?
    ) throws(FieldError) {
        var reader = try ObjectReader(value, path: path)
        self.id = id
        self.ordinal = ordinal
        name = try reader.filled("name", longest: 100)
        client = try reader.filled("client", longest: 128).map { ClientID($0) }
        user = try reader.user("user", findUser)
        guard let after = try reader.choice("after", of: Occasion.self) else {
            throw FieldError(
                reader.field("after"), "is required, one of: \(Occasion.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.after = after
        reauthorizesWithin = try reader.duration("reauthorizesWithin")
        recoversWithin = try reader.duration("recoversWithin")
        retriesAtMost = try reader.integer("retriesAtMost", in: 0...1_000_000)
        carriesClaims = try reader.bool("carriesClaims")
        try reader.finish()
        guard reauthorizesWithin != nil || recoversWithin != nil || retriesAtMost != nil || carriesClaims != nil else {
            throw FieldError(path, "must expect one of reauthorizesWithin, recoversWithin, retriesAtMost, carriesClaims")
        }
    }
}
