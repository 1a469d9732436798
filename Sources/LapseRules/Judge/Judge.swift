/// How did each app take what it met? Reads the log, and nothing else.
///
/// The log is read once, in order. For each client and user the judge keeps what is open: a refusal, a claims challenge, an
/// outage; and sees from what follows what the app made of it. Haste and patience are measured on the machine's clock, whatever
/// the tenant's says.
public enum Judge {
    /// - Parameter events: of one tenant, oldest first.
    /// - Returns: for each client that did anything, what it met and how it took it; in the order in which they appeared.
    public static func reactions(in events: [LoggedEvent]) -> [Reaction] {
        var court = Court(events)
        for event in events { court.hear(event) }
        return court.reactions()
    }
}

/// The judge's memory while it reads.
private struct Court {
    private struct Key: Hashable {
        let client: ClientID
        let user: GUID?
    }

    private var order: [Key] = []
    private var files: [Key: CaseFile] = [:]
    /// The hits of faults by request: what else a request wrote is read in their light.
    private let hits: [GUID: LoggedEvent]

    init(_ events: [LoggedEvent]) {
        hits = Dictionary(
            events.compactMap { logged in
                logged.event.kind == .faultHit ? logged.event.requestID.map { ($0, logged) } : nil
            }, uniquingKeysWith: { first, _ in first })
    }

    mutating func hear(_ logged: LoggedEvent) {
        guard let client = logged.event.client else { return }
        let key = Key(client: client, user: logged.event.user ?? whoIsMeant(by: logged.event, of: client))
        var file: CaseFile
        if let known = files.removeValue(forKey: key) {
            file = known
        } else {
            order.append(key)
            file = CaseFile(user: key.user)
        }
        let livedInPeace = file.isLivingWithoutTrouble
        file.hear(logged, hit: logged.event.requestID.flatMap { hits[$0] })
        if livedInPeace, logged.event.asksForSignIn, let other = refused[client]?.last(where: { $0.user != key.user }),
            logged.writtenAt - other.writtenAt <= Self.consequence
        {
            file.find(
                .disturbsOthers,
                "It sent this user to sign in, whose sign-in was good, right after another user's was refused.",
                [other.event, logged.id])
        }
        if file.hasOpenTrouble { troubled[client] = key }
        if let refusal = file.lastRefusal, key.user != nil, refused[client]?.last?.event != refusal.event {
            refused[client] = (refused[client] ?? []).filter { $0.user != key.user }.suffix(1) + [refusal]
        }
        files[key] = file
    }

    /// Whose trouble was open last, of each client; and the last refusals of two users of it.
    private var troubled: [ClientID: Key] = [:]
    private var refused: [ClientID: [Incident]] = [:]

    /// An app that asks for "somebody" means the user whose trouble is open.
    private func whoIsMeant(by event: Event, of client: ClientID) -> GUID? {
        guard [.signInRequested, .deviceCodeIssued, .silentSignInRefused].contains(event.kind),
            let key = troubled[client], files[key]?.hasOpenTrouble == true
        else { return nil }
        return key.user
    }

    /// How soon after one user's refusal another's sign-in counts as its consequence.
    private static let consequence = Duration.seconds(5)

    func reactions() -> [Reaction] {
        var reactions: [Reaction] = []
        var places: [ClientID: Int] = [:]
        for key in order {
            guard let file = files[key]?.closed() else { continue }
            let place = places[key.client] ?? reactions.count
            if place == reactions.count { reactions.append(Reaction(client: key.client)) }
            places[key.client] = place
            reactions[place].incidents += file.incidents
            reactions[place].findings += file.findings
        }
        for index in reactions.indices {
            reactions[index].incidents.sort { $0.event < $1.event }
            // What has to change comes first.
            reactions[index].findings = ReactionRule.Severity.allCases.flatMap { severity in
                reactions[index].findings.filter { $0.rule.severity == severity }
            }
        }
        return reactions
    }
}
