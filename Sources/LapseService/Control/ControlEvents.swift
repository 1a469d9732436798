import LapseRules
import LapseStore

// The control API's calls on the log.
extension Authority {
    /// Which events somebody asked for.
    package struct EventFilter: Sendable {
        let tenant: GUID
        let kind: Event.Kind?
        let user: GUID?
    }

    /// - Throws: ``ControlError`` for a tenant, type or user that is not there.
    package func eventFilter(of name: String, type: String?, user: String?) throws -> EventFilter {
        let kind = try type.map { text in
            guard let kind = Event.Kind(rawValue: text) else {
                let known = Event.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ControlError.invalid(FieldError("type", "must be one of: \(known)"))
            }
            return kind
        }
        return try store.read { tx in
            let tenant = try controlled(name, tx)
            return EventFilter(tenant: tenant.id, kind: kind, user: try user.map { try knownUser($0, of: tenant, tx).id })
        }
    }

    /// - Throws: ``ControlError`` for a text that is no event's id.
    package func eventCursor(_ text: String?, field: String) throws -> Int64? {
        try text.map { text in
            guard let id = Int64(text), id >= 0 else {
                throw ControlError.invalid(FieldError(field, "must be the id of an event"))
            }
            return id
        }
    }

    /// The log after an event id, oldest first.
    ///
    /// - Parameter isFull: with all that the judge reads.
    package func events(_ filter: EventFilter, after cursor: Int64?, isFull: Bool = false) throws -> ControlPage<JSON> {
        let found = try store.read { tx in
            try tx.events(
                in: filter.tenant, after: cursor ?? 0, kind: filter.kind, user: filter.user, limit: ControlPage<JSON>.size + 1)
        }
        return ControlPage(of: found, cursor: { String($0.id) }, item: { isFull ? $0.fullJSON : $0.json })
    }

    /// An event of a stream.
    package struct StreamedEvent: Sendable {
        package let id: Int64
        package let type: String
        package let json: JSON
    }

    /// Where a stream that was told nothing begins: with what happens from now on.
    package func endOfLog() throws -> Int64 { try store.read { $0.lastEventID() } }

    /// The events after an id, as soon as there are any.
    ///
    /// - Parameter pause: how long at most to wait for them, in the machine's time.
    /// - Returns: oldest first, none when the pause is over; and the id to go on from. Nil when the tenant is no more.
    package func nextEvents(
        _ filter: EventFilter, after cursor: Int64, pause: Duration
    ) async throws -> (events: [StreamedEvent], cursor: Int64)? {
        var cursor = cursor
        return try await store.commits.until(.now + pause, of: filter.tenant) {
            let (found, last, isThere) = try store.read { tx in
                // Asked before looking: what is appended after that is found the next time.
                let last = tx.lastEventID()
                let found = try tx.events(
                    in: filter.tenant, after: cursor, kind: filter.kind, user: filter.user, limit: ControlPage<JSON>.size)
                return (found, last, try tx.tenant(filter.tenant) != nil)
            }
            if let newest = found.last {
                return .done((found.map { StreamedEvent(id: $0.id, type: $0.event.kind.rawValue, json: $0.json) }, newest.id))
            }
            guard isThere else { return .done(nil) }
            // Nothing up to here concerns this reader: it need not be looked through again.
            cursor = max(cursor, last)
            return .waiting(([], cursor))
        }
    }
}
