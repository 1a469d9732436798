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
    package func endOfLog() throws -> Int64 { try store.read { try $0.lastEventID() } }

    /// Where a stream begins that also tells what takes effect: with what does so from now on.
    package func endOfEffects(_ filter: EventFilter) throws -> EffectCursor? {
        try store.read { tx in
            try tx.tenant(filter.tenant).map { tenant in
                let now = try tx.now(of: tenant, systemTime: systemTime())
                let arrivals = try tx.arrivals(
                    in: tenant.id, from: now, through: now, user: filter.user, limit: EffectCursor.mostAtOnce)
                return EffectCursor(at: now, told: Set(arrivals.map { EffectCursor.key($0.effect) }))
            }
        }
    }

    /// What is news to the reader of a stream, as soon as there is any.
    ///
    /// - Parameters:
    ///   - start: how far the reader is.
    ///   - pause: how long at most to wait, in the machine's time.
    /// - Returns: the events, oldest first, and what took effect; nothing when the pause is over; and where to go on from. Nil when
    ///   the tenant is no more.
    package func nextNews(_ filter: EventFilter, after start: StreamCursor, pause: Duration) async throws -> StreamNews? {
        var cursor = start
        return try await store.commits.until(.now + pause, of: filter.tenant, pause: EventFeed.gathering) {
            if cursor.effects == nil, let seen = try feed.look(after: cursor.event, filter, store) {
                cursor.event = seen.through
                let news = StreamNews(events: seen.events, effects: [], cursor: cursor)
                return seen.events.isEmpty ? .waiting(news, recheck: seen.refresh) : .done(news)
            }
            return try store.read { tx in
                // Asked before looking: what is appended after that is found the next time.
                let last = try tx.lastEventID()
                let found = try tx.events(
                    in: filter.tenant, after: cursor.event, kind: filter.kind, user: filter.user,
                    limit: ControlPage<LoggedEvent>.size
                ).map(StreamedEvent.init)
                if let newest = found.last { cursor.event = newest.logged.id }
                guard let tenant = try tx.tenant(filter.tenant) else {
                    return .done(found.isEmpty ? nil : StreamNews(events: found, effects: [], cursor: cursor))
                }
                // A reader who sees all events knows whether something came that may take effect: redeems, of which there are many, do not.
                let isQuiet = filter.kind == nil && filter.user == nil && found.allSatisfy { $0.logged.event.kind.hasNoEffectAhead }
                let (effects, next) = try effects(filter, &cursor, tenant, isQuiet: isQuiet, tx)
                guard found.isEmpty, effects.isEmpty else {
                    return .done(StreamNews(events: found, effects: effects, cursor: cursor))
                }
                // Nothing up to here concerns this reader: it need not be looked through again.
                cursor.event = max(cursor.event, last)
                return .waiting(StreamNews(events: [], effects: [], cursor: cursor), recheck: next)
            }
        }
    }

    /// What took effect since the cursor.
    ///
    /// - Parameter isQuiet: whether nothing has happened since that may take effect: then there is nothing before what was ahead.
    /// - Returns: that, and how long the tenant's clock runs until the next thing does; nil: it stands still, or nothing is ahead.
    private func effects(
        _ filter: EventFilter, _ cursor: inout StreamCursor, _ tenant: Tenant, isQuiet: Bool, _ tx: StoreTransaction
    ) throws -> (effects: [(effect: ClockEffect, user: GUID)], next: Duration?) {
        guard let known = cursor.effects else { return ([], nil) }
        let now = try tx.now(of: tenant, systemTime: systemTime())
        if isQuiet, let ahead = known.ahead, known.at <= now, ahead.at.map({ now < $0 }) ?? true {
            return ([], ahead.at.map { $0 - now })
        }
        let arrivals = try tx.arrivals(
            in: tenant.id, from: min(known.at, now), through: now, user: filter.user, limit: EffectCursor.mostAtOnce)
        let news =
            now < known.at ? [] : arrivals.filter { $0.effect.at > known.at || !known.told.contains(EffectCursor.key($0.effect)) }
        let end = arrivals.count == EffectCursor.mostAtOnce ? arrivals.last?.effect.at ?? now : now
        cursor.effects = EffectCursor(
            at: end, told: Set(arrivals.filter { $0.effect.at == end }.map { EffectCursor.key($0.effect) }))
        guard tenant.clock.mode == .running else { return (news, nil) }
        let next = try tx.nextEffect(in: tenant.id, after: now)
        if end == now { cursor.effects?.ahead = .init(at: next) }
        return (news, next.map { $0 - now })
    }
}

/// How far the reader of a stream is.
package struct StreamCursor: Sendable {
    /// The last event that it knows.
    package var event: Int64
    /// Nil: it does not ask what takes effect.
    package var effects: EffectCursor?

    package init(event: Int64, effects: EffectCursor?) {
        self.event = event
        self.effects = effects
    }
}

/// Up to which instant of a tenant's clock a stream has told what took effect. At that instant more may come: a clock that stands
/// still shows it for as long as it does.
package struct EffectCursor: Sendable {
    fileprivate let at: Timestamp
    /// What was told of that instant.
    fileprivate let told: Set<String>

    /// The next thing that takes effect after that, on a clock that runs; nil: nobody has looked.
    fileprivate var ahead: Ahead?

    fileprivate struct Ahead: Sendable {
        /// Nil: there is none.
        let at: Timestamp?
    }

    fileprivate static let mostAtOnce = 10_000

    fileprivate static func key(_ effect: ClockEffect) -> String {
        "\(effect.id) \(effect.plane?.rawValue ?? "") \(effect.region?.description ?? "")"
    }
}

/// What a stream tells at a time.
package struct StreamNews {
    package let events: [StreamedEvent]
    package let effects: [(effect: ClockEffect, user: GUID)]
    package let cursor: StreamCursor
}

extension Event.Kind {
    /// Whether it brings nothing that takes effect later: requests of apps and browsers.
    fileprivate var hasNoEffectAhead: Bool {
        switch self {
        case .signInRequested, .signedIn, .signInRefused, .codeIssued, .codeRedeemed, .codeRefused, .tokenRefreshed,
            .refreshRefused,
            .deviceCodeIssued, .deviceCodeApproved, .deviceCodeDeclined, .deviceCodeRedeemed, .deviceCodeRefused,
            .clientTokenIssued,
            .clientTokenRefused, .onBehalfOfIssued, .onBehalfOfRefused, .silentSignInRefused, .sessionRefused, .accessChallenged,
            .accessOutlived, .faultHit, .pageShown, .trial:
            true
        default: false
        }
    }
}
