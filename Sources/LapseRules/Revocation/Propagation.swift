/// From when on is an event in effect on each plane of each region? Stored with the event; only a release brings an entry forward.
package struct Propagation: Equatable, Sendable {
    /// From when on one plane of one region enforces it.
    package enum Moment: Equatable, Sendable {
        case at(Timestamp)
        /// Not before somebody releases it.
        case held
        /// Once this many requests of one grant or session have passed.
        case afterAttempts(Int)
    }

    package struct Arrival: Equatable, Sendable {
        package let plane: Plane
        package let region: Region
        package let moment: Moment

        package init(plane: Plane, region: Region, moment: Moment) {
            self.plane = plane
            self.region = region
            self.moment = moment
        }

        /// Nil when no instant is known.
        package var visibleAt: Timestamp? {
            if case .at(let instant) = moment { instant } else { nil }
        }

        package func isEffective(at now: Timestamp) -> Bool { visibleAt.map { $0 <= now } ?? false }
    }

    package let arrivals: [Arrival]

    package init(_ arrivals: [Arrival]) { self.arrivals = arrivals }

    /// From when on the plane of that region enforces it.
    ///
    /// Assumption: a region that was not there when it happened, or that another tenant's guest lands in, was set up from the
    /// one that enforced it first.
    package func moment(on plane: Plane, in region: Region) -> Moment {
        var earliest: Timestamp?
        var fewest: Int?
        for arrival in arrivals where arrival.plane == plane {
            if arrival.region == region { return arrival.moment }
            switch arrival.moment {
            case .at(let instant): earliest = min(earliest ?? instant, instant)
            case .afterAttempts(let number): fewest = min(fewest ?? number, number)
            case .held: break
            }
        }
        return earliest.map(Moment.at) ?? fewest.map(Moment.afterAttempts) ?? .held
    }

    var countsAttempts: Bool {
        arrivals.contains { if case .afterAttempts = $0.moment { true } else { false } }
    }

    /// What a release changes: the chosen entries that are not effective, effective from `now` on, but never before the event.
    package func released(on plane: Plane?, in region: Region?, now: Timestamp, of event: Timestamp) -> [Arrival] {
        arrivals
            .filter { (plane == nil || $0.plane == plane) && (region == nil || $0.region == region) && !$0.isEffective(at: now) }
            .map { Arrival(plane: $0.plane, region: $0.region, moment: .at(max(now, event))) }
    }
}

/// Where requests that still pass are counted: one event, at one plane of one region, for one grant or session.
package struct Attempt: Hashable, Sendable {
    /// The event's place in the order of events.
    package let sequence: Int64
    package let plane: Plane
    package let region: Region

    package init(sequence: Int64, plane: Plane, region: Region) {
        self.sequence = sequence
        self.plane = plane
        self.region = region
    }
}

/// How many requests of one grant or session each event has let pass.
package typealias AttemptCounts = [Attempt: Int]

/// A revocation or a state change: something that happened to an account and takes effect by and by.
package protocol Propagated {
    var place: Place { get }
    var propagation: Propagation { get }
}

extension Propagated {
    func isInEffect(from standpoint: Standpoint, after counts: AttemptCounts) -> Bool {
        switch propagation.moment(on: standpoint.plane, in: standpoint.region) {
        case .at(let instant): instant <= standpoint.now
        case .held: false
        case .afterAttempts: attemptsLeft(from: standpoint, after: counts) == 0
        }
    }

    /// How many more requests pass from here; nil when passing is not counted: also while a clock that was set back has not
    /// reached the event again.
    func attemptsLeft(from standpoint: Standpoint, after counts: AttemptCounts) -> Int? {
        guard case .afterAttempts(let number) = propagation.moment(on: standpoint.plane, in: standpoint.region),
            place.at <= standpoint.now
        else { return nil }
        return max(0, number - (counts[attempt(at: standpoint)] ?? 0))
    }

    /// The instant at which something may change from here by itself.
    func turningPoint(on plane: Plane, in region: Region) -> Timestamp? {
        switch propagation.moment(on: plane, in: region) {
        case .at(let instant): instant
        case .held: nil
        case .afterAttempts: place.at
        }
    }

    func attempt(at standpoint: Standpoint) -> Attempt {
        Attempt(sequence: place.sequence, plane: standpoint.plane, region: standpoint.region)
    }
}
