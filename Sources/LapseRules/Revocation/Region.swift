/// One replica of the authority, by name. A request lands in one region.
package struct Region: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Words of a propagation model, where a region's name may stand in their place.
    private static let reserved = Set(PropagationModel.Delay.words.map { $0.lowercased() })

    /// Nil unless the name has 1 to 32 characters of `a-z 0-9 -` and is no word of a propagation model.
    package init?(_ name: String) {
        guard (1...32).contains(name.utf8.count),
            name.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }), !Self.reserved.contains(name)
        else { return nil }
        description = name
    }

    /// The only region of a tenant that names none.
    package static let local = Region("local")!
}

/// A place where a revocation has to arrive.
package enum Plane: String, CaseIterable, Sendable {
    /// The token endpoint: refresh, code, device code, on-behalf-of.
    case refresh
    /// What a browser's session opens: authorize, `prompt=none`, the cookie at `/devicelogin`.
    case session
    /// Resources that ask again while an access token still lives (continuous access evaluation).
    case cae
    /// Graph's reads of the stamp and of an account's state.
    case directory
}

/// Where and when somebody asks: the plane, the region the request landed in, and the account's instant.
package struct Standpoint: Sendable {
    package let plane: Plane
    package let region: Region
    package let now: Timestamp

    package init(plane: Plane, region: Region, now: Timestamp) {
        self.plane = plane
        self.region = region
        self.now = now
    }
}
