/// What a running tenant's clock has shown: it never shows less, though the machine's clock steps back.
///
/// What is stored runs ahead of what is shown by at most ``step``, so that an instant is stored before it is shown and is not stored
/// again with each request. After an end without a goodbye the clock stands still for at most that long.
package struct ClockFloor: Equatable, Sendable {
    /// How far ahead it is stored.
    package static let step = Duration.seconds(1)

    /// The largest instant shown.
    package private(set) var shown: Timestamp
    /// The largest instant stored; nil: none is, or nobody knows.
    private var stored: Timestamp?

    /// - Parameter stored: what an earlier run left; nil: nothing.
    package init(stored: Timestamp?) {
        shown = stored ?? .epoch
        self.stored = stored
    }

    /// - Parameter instant: what the clock would show by itself.
    /// - Returns: what it shows.
    package mutating func show(_ instant: Timestamp) -> Timestamp {
        shown = max(shown, instant)
        return shown
    }

    /// What has to be stored before the clock is shown; nil: nothing.
    package var toStore: Timestamp? {
        if let stored, shown <= stored { return nil }
        return shown + Self.step
    }

    /// It was stored, or what was stored is undone.
    package mutating func set(stored instant: Timestamp?) { stored = instant }
}
