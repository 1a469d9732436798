import LapseRules
import LapseStore
import Synchronization

/// An event as streams tell it: what it is written as is made once for all of them.
package final class StreamedEvent: Sendable {
    package let logged: LoggedEvent
    private let text = Mutex<[UInt8]?>(nil)

    init(_ logged: LoggedEvent) { self.logged = logged }

    /// The text, made by whoever asks first.
    package func text(_ make: (LoggedEvent) -> [UInt8]) -> [UInt8] {
        text.withLock { text in
            if let text { return text }
            let made = make(logged)
            text = made
            return made
        }
    }
}

/// The newest events of tenants whose streams somebody reads, read from the log once for all who read.
///
/// The log is looked into once in ``gathering`` at most, however many readers there are and however much happens.
package final class EventFeed: Sendable {
    /// How long a stream gathers what happens before it tells it.
    package static let gathering = Duration.milliseconds(50)
    /// So many events of a tenant are kept for those who are behind; others read the log themselves.
    private static let most = 4096

    /// All events of a tenant behind one id, up to another.
    private struct Window {
        let after: Int64
        var events: [StreamedEvent] = []
        var through: Int64
        /// How many signals of the tenant there were, before it was looked.
        var signals: UInt64
        var lookedAt: ContinuousClock.Instant
    }

    /// What a look found.
    struct Seen {
        let events: [StreamedEvent]
        /// Up to here nothing else concerns the reader.
        let through: Int64
        /// After what time the log is to be looked into again at the latest; nil: with the next signal.
        let refresh: Duration?
    }

    private let windows = Mutex<[GUID: Window]>([:])

    /// The events behind an id that fit; nil when the reader has to look into the log itself, because it is far behind or the tenant is gone.
    func look(after id: Int64, _ filter: EventFilter, _ store: Store) throws -> Seen? {
        try windows.withLock { windows in
            var refresh: Duration?
            let signals = store.commits.signals(for: filter.tenant)
            let age = windows[filter.tenant].map { ContinuousClock.now - $0.lookedAt }
            if let age, windows[filter.tenant]?.signals != signals, age < Self.gathering { refresh = Self.gathering - age }
            if windows[filter.tenant].map({ $0.signals != signals }) ?? true, refresh == nil {
                windows[filter.tenant] = try Self.grown(windows[filter.tenant], after: id, signals: signals, filter.tenant, store)
                // Tenants whose streams nobody reads any more are forgotten in time.
                if windows.count > 64 { windows = windows.filter { $0.key == filter.tenant } }
            }
            guard let window = windows[filter.tenant], id >= window.after else { return nil }
            let news = window.events[window.events.firstIndex(behind: id)...].filter { filter.fits($0.logged.event) }
            return Seen(events: news, through: max(id, window.through), refresh: refresh)
        }
    }

    /// Forgets those of a tenant.
    func forget(_ tenant: GUID) { windows.withLock { $0[tenant] = nil } }

    /// The window with what came since; nil when the tenant is gone.
    private static func grown(
        _ old: Window?, after id: Int64, signals: UInt64, _ tenant: GUID, _ store: Store
    ) throws -> Window? {
        try store.read { tx in
            guard try tx.tenant(tenant) != nil else { return nil }
            // Asked before looking: what is appended after that is found the next time.
            let last = try tx.lastEventID()
            var window = old ?? Window(after: id, through: id, signals: signals, lookedAt: .now)
            // Whoever reads from far back reads the log alone.
            if last - window.through > Int64(most) { window = Window(after: last, through: last, signals: signals, lookedAt: .now) }
            window.events += try tx.events(in: tenant, after: window.through, kind: nil, user: nil, limit: most).map(
                StreamedEvent.init)
            window.through = last
            (window.signals, window.lookedAt) = (signals, .now)
            guard window.events.count > 2 * most else { return window }
            var shorter = Window(
                after: window.events[window.events.count - most - 1].logged.id, through: last, signals: signals, lookedAt: .now)
            shorter.events = window.events.suffix(most)
            return shorter
        }
    }
}

extension [StreamedEvent] {
    /// The index of the first event with a higher id; that behind the last when there is none.
    fileprivate func firstIndex(behind id: Int64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].logged.id > id { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension EventFilter {
    fileprivate func fits(_ event: Event) -> Bool { (kind ?? event.kind) == event.kind && (user == nil || user == event.user) }
}
