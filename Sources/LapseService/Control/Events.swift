import LapseRules
import LapseStore

/// Which events of a tenant somebody asked for.
package struct EventFilter: Sendable {
    let tenant: GUID
    let kind: Event.Kind?
    let user: GUID?
}

/// An event with the names of whom it was about.
package struct NamedEvent: Sendable {
    package let logged: LoggedEvent
    /// The user principal name; nil when it was about no user, or the directory has forgotten the user.
    package let user: String?
    package let app: String?
}

// The control API's calls on the log.
extension Authority {
    /// Those of the events that are in the log, by id.
    package func namedEvents(_ ids: [Int64]) throws -> [Int64: NamedEvent] {
        try store.read { tx in
            try tx.events(ids).reduce(into: [:]) { named, logged in
                let event = logged.event
                named[logged.id] = NamedEvent(
                    logged: logged, user: try event.user.flatMap { try tx.user($0)?.userPrincipalName },
                    app: try event.client.flatMap { try tx.app($0, in: event.tenant)?.name })
            }
        }
    }

    /// - Parameters:
    ///   - kind: events of this kind; nil: of any.
    ///   - user: events of this user, by id or user principal name, deleted or not; nil: of any.
    /// - Throws: ``ControlError`` for a tenant or user that is not there.
    package func eventFilter(kind: Event.Kind?, user: String?, in name: String) throws -> EventFilter {
        try looking(at: name) { op in
            EventFilter(tenant: op.tenant.id, kind: kind, user: try user.map { try op.requireUserEvenDeleted($0).id })
        }
    }

    /// The log after an event id, oldest first; nil: from its beginning.
    package func listEvents(_ filter: EventFilter, after cursor: Int64?) throws -> ControlPage<LoggedEvent> {
        let found = try store.read { tx in
            try tx.events(
                in: filter.tenant, after: cursor ?? 0, kind: filter.kind, user: filter.user,
                limit: ControlPage<LoggedEvent>.size + 1)
        }
        return ControlPage(of: found) { String($0.id) }
    }

    /// Where a stream that was told nothing begins: with what happens from now on.
    package func endOfLog() throws -> Int64 { try store.read { $0.lastEventID() } }

    /// The events after an id, as soon as there are any.
    ///
    /// - Parameter pause: how long at most to wait for them, in the machine's time.
    /// - Returns: oldest first, none when the pause is over; and the id to go on from. Nil when the tenant is no more.
    package func nextEvents(
        _ filter: EventFilter, after cursor: Int64, pause: Duration
    ) async throws -> (events: [LoggedEvent], cursor: Int64)? {
        var cursor = cursor
        return try await store.commits.until(.now + pause, of: filter.tenant) {
            try store.read { tx in
                // Asked before looking: what is appended after that is found the next time.
                let last = tx.lastEventID()
                let found = try tx.events(
                    in: filter.tenant, after: cursor, kind: filter.kind, user: filter.user,
                    limit: ControlPage<LoggedEvent>.size)
                if let newest = found.last { return .done((found, newest.id)) }
                guard try tx.tenant(filter.tenant) != nil else { return .done(nil) }
                // Nothing up to here concerns this reader: it need not be looked through again.
                cursor = max(cursor, last)
                return .waiting(([], cursor))
            }
        }
    }
}
