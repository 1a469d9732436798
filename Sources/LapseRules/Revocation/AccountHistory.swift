/// Everything that can speak against an account: the facts of every verdict.
package struct AccountHistory: Equatable, Sendable {
    /// In their order.
    package private(set) var revocations: [Revocation]
    package private(set) var stateChanges: [StateChange]
    /// Whether any of it counts the requests it lets pass.
    package private(set) var countsAttempts: Bool
    /// Every region that some of it arrives in.
    private(set) var regions: Set<Region>

    /// - Parameter revocations: in their order.
    package init(revocations: [Revocation], stateChanges: [StateChange]) {
        self.revocations = revocations
        self.stateChanges = stateChanges
        countsAttempts =
            revocations.contains { $0.propagation.countsAttempts } || stateChanges.contains { $0.propagation.countsAttempts }
        regions = []
        for revocation in revocations { add(regionsOf: revocation) }
        for change in stateChanges { add(regionsOf: change) }
    }

    /// Adds what happened now, at its place: a clock that was set back puts it before others.
    package mutating func add(_ revocation: Revocation) {
        revocations.insert(revocation, at: firstIndex { $0.place > revocation.place })
        countsAttempts = countsAttempts || revocation.propagation.countsAttempts
        add(regionsOf: revocation)
    }

    package mutating func add(_ change: StateChange) {
        stateChanges.append(change)
        countsAttempts = countsAttempts || change.propagation.countsAttempts
        add(regionsOf: change)
    }

    private mutating func add(regionsOf event: some Propagated) {
        for arrival in event.propagation.arrivals { regions.insert(arrival.region) }
    }

    /// What can speak against a sign-in at the instant: the later revocations and all state changes.
    package func since(_ instant: Timestamp) -> AccountHistory {
        let first = firstIndex { $0.place.at >= instant }
        guard first > 0 else { return self }
        var later = self
        later.revocations = Array(revocations[first...])
        return later
    }

    /// Where the revocations begin that are `late`, by halves: behind the first that is, all are.
    private func firstIndex(late: (Revocation) -> Bool) -> Int {
        var (low, high) = (0, revocations.count)
        // What happens now mostly comes last.
        if let last = revocations.last, !late(last) { return high }
        while low < high {
            let middle = (low + high) / 2
            if late(revocations[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The cut-off that a reader of the directory sees from the standpoint: the latest of those in effect there.
    package func latestCutOff(from standpoint: Standpoint) -> Revocation? {
        revocations.last { $0.cause.movesStamp && $0.isInEffect(from: standpoint, after: [:]) }
    }

    /// The last that came with a new password, as the standpoint knows.
    package func latestPassword(from standpoint: Standpoint) -> Revocation? {
        revocations.last { $0.cause.setsPassword && $0.isInEffect(from: standpoint, after: [:]) }
    }

    /// Everything that still lets a request of the subject pass from here, and counts it. The subject of a fresh sign-in is nil.
    func countedAttempts(
        of subject: RevocationRule.Subject?, from standpoint: Standpoint, policies: Policies, after counts: AttemptCounts
    ) -> [Attempt] {
        guard countsAttempts else { return [] }
        let cutting = revocations.filter { revocation in subject.map { RevocationRule.cuts(revocation, $0, policies) } ?? false }
        let all: [any Propagated] = cutting + stateChanges
        return all.compactMap { event in
            guard let left = event.attemptsLeft(from: standpoint, after: counts), left > 0 else { return nil }
            return event.attempt(at: standpoint)
        }
    }
}
