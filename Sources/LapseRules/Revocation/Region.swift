/// One replica of the authority, by name. A request lands in one region.
public struct Region: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// Nil unless the name has 1 to 32 characters of `a-z 0-9 -`.
    public init?(_ name: String) {
        guard (1...32).contains(name.utf8.count),
            name.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 })
        else { return nil }
        description = name
    }

    /// The only region of a tenant that names none.
    public static let local = Region("local")!
}

/// A place where a revocation has to arrive.
public enum Plane: String, CaseIterable, Sendable {
    /// The token endpoint's doors: refresh, code, device code, on-behalf-of.
    case refresh
    /// The doors that a browser's session opens: authorize, `prompt=none`, the cookie at `/devicelogin`.
    case session
}

/// Where and when somebody asks: the plane, the region the request landed in, and the account's instant.
public struct Standpoint: Sendable {
    public let plane: Plane
    public let region: Region
    public let now: Timestamp

    public init(plane: Plane, region: Region, now: Timestamp) {
        self.plane = plane
        self.region = region
        self.now = now
    }
}

/// From when on each plane of each region believes an event. Stored with the event; a missing entry is never believed.
public struct Propagation: Equatable, Sendable {
    public struct Arrival: Equatable, Sendable {
        public let plane: Plane
        public let region: Region
        public let visibleAt: Timestamp

        public init(plane: Plane, region: Region, visibleAt: Timestamp) {
            self.plane = plane
            self.region = region
            self.visibleAt = visibleAt
        }
    }

    public let arrivals: [Arrival]

    public init(_ arrivals: [Arrival]) { self.arrivals = arrivals }

    public func isBelieved(from standpoint: Standpoint) -> Bool {
        arrivals.contains {
            $0.plane == standpoint.plane && $0.region == standpoint.region && $0.visibleAt <= standpoint.now
        }
    }
}
