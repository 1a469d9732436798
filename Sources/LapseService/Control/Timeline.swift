import LapseRules
import LapseStore

/// What happened to a user's sign-ins, along the clock of the user's home: sessions, grants and their tokens, and what revoked
/// them where and from when on.
package struct Timeline: Sendable {
    package struct AccessToken: Sendable {
        package let from: Timestamp
        /// When it ends by itself.
        package let to: Timestamp
        /// Whether resources evaluate it continuously; every other passes until it ends.
        package let isEvaluated: Bool
        /// Since when no region's resources take it; nil while one does.
        package let deadSince: Timestamp?
    }

    /// A session or a grant.
    package struct Row: Sendable {
        package enum Kind: String, CaseIterable, Sendable { case session, grant }

        package let kind: Kind
        package let id: GUID
        /// The browser session that a grant came from.
        package let session: GUID?
        /// The app of a grant; nil for a session.
        package let app: AppRegistration?
        package let authentication: Authentication
        /// From when on it exists, and when it ends by itself or was ended.
        package let from: Timestamp
        package let to: Timestamp
        /// How many refresh tokens there are of it.
        package let refreshTokens: Int
        package let accessTokens: [AccessToken]
        package let marks: [LoggedEvent]
        /// On its own plane, by region, at the instant ``Timeline/now``.
        package let verdicts: [Explanation.Verdict]
        /// Since when some region takes it no more; nil while all do.
        package let refusedSince: Timestamp?
        /// Since when no region takes it; nil while one does.
        package let deadSince: Timestamp?
    }

    package let user: User
    /// The clock of the user's home.
    package let now: Timestamp
    package let mode: TenantClock.Mode
    /// The first are the newest; sessions before grants.
    package let rows: [Row]
    /// How many more rows there are, which are left out.
    package let rowsLeftOut: Int
    /// What was refused to a browser: no grant tells of it.
    package let attempts: [LoggedEvent]
    /// The newest of them.
    package let revocations: [Revocation]
    package let stateChanges: [StateChange]
    /// What was done in the user's home to the service principals of the apps whose grants are shown, by the app's name.
    package let appChanges: [(app: String, change: StateChange)]

    /// How many sessions and how many grants are shown, and how many marks of each.
    static let mostRows = 30
    static let mostMarks = 200
    static let mostEvents = 50
    /// How far back in the log marks are looked for.
    static let looked: Int64 = 20_000
    static let attemptKinds: Set<Event.Kind> = [.sessionRefused, .silentSignInRefused, .signInRefused]
}

extension Authority {
    /// The timeline of a user, deleted or not; a guest's is along the clock of its home.
    ///
    /// - Throws: ``ControlError`` for a tenant or user that is not there, and for a guest whose home is gone.
    package func timeline(of userName: String, in name: String) throws -> Timeline {
        // What was found is judged behind the reading: it takes longer the more there is.
        try looking(at: name) { op in
            let user = try op.requireUserEvenDeleted(userName)
            guard let home = try op.tx.tenant(user.home.tenant).map({ try op.in($0) }) else {
                throw ControlError.notFound("The user's home tenant is gone.")
            }
            let sessions = try op.tx.sessions(of: user.home, limit: 1_000)
            let grants = try op.tx.grants(of: user.home, tenant: user.isGuest ? op.tenant.id : nil, limit: 1_000)
            let shownGrants = Array(grants.prefix(Timeline.mostRows))
            let events = Dictionary(
                grouping: try op.tx.newestEvents(
                    of: shownGrants.map(\.id), limit: Timeline.mostMarks, looked: Timeline.looked), by: \.event.grant)
            let attempts = try op.tx.newestEvents(
                of: user.id, kinds: Timeline.attemptKinds, limit: Timeline.mostMarks, looked: Timeline.looked)
            // Those of the home alone, along whose clock the picture is.
            let homeApps = try shownGrants.filter { $0.tenant == home.tenant.id }.compactMap { try home.client(of: $0) }
            return FoundTimeline(
                user: user, ahead: op.now - home.now, home: home.tenant, now: home.now, count: sessions.count + grants.count,
                sessions: try sessions.prefix(Timeline.mostRows).compactMap { try home.found($0) },
                grants: try shownGrants.compactMap { grant in
                    guard let place = try op.tx.tenant(grant.tenant) else { return nil }
                    return try op.in(place).found(grant, events[grant.id] ?? [])
                }, attempts: attempts, history: try op.tx.history(of: user.home),
                appChanges: try home.appChanges(of: homeApps).suffix(Timeline.mostEvents))
        }.judged
    }
}

/// What a timeline is made of, as it stood in the store.
private struct FoundTimeline {
    struct Session {
        let session: BrowserSession
        let account: AccountFacts
        let regions: [Region]
    }

    struct Grant {
        let grant: LapseRules.Grant
        let account: AccountFacts
        let client: AppRegistration?
        let app: AppFacts?
        /// Of the grant's tenant.
        let now: Timestamp
        let regions: [Region]
        let events: [LoggedEvent]
        let refreshTokens: (count: Int, lastExpiresAt: Timestamp?)
    }

    let user: User
    /// How far the tenant's clock is ahead of the home clock.
    let ahead: Duration
    let home: Tenant
    /// On the home clock.
    let now: Timestamp
    /// How many sessions and grants there are, as far as they were looked for.
    let count: Int
    let sessions: [Session]
    let grants: [Grant]
    let attempts: [LoggedEvent]
    let history: AccountHistory
    let appChanges: [(app: String, change: StateChange)]

    var judged: Timeline {
        let rows = sessions.map { $0.row(at: now) } + grants.map { $0.row(homeNow: now) }
        return Timeline(
            user: user, now: now, mode: home.clock.mode, rows: rows, rowsLeftOut: count - rows.count,
            attempts: attempts.map { $0.shifted(back: ahead) }, revocations: history.revocations.suffix(Timeline.mostEvents),
            stateChanges: history.stateChanges.suffix(Timeline.mostEvents), appChanges: appChanges)
    }
}

extension FoundTimeline.Session {
    /// - Parameter now: on the clock of its user's home.
    fileprivate func row(at now: Timestamp) -> Timeline.Row {
        let explanation = Explanation(of: .session(session), account: account, client: nil, tenantNow: now)
        let refused = explanation.refused(since: now, on: .session, regions)
        return Timeline.Row(
            kind: .session, id: session.id, session: session.id, app: nil, authentication: session.authentication,
            from: session.authentication.place.at, to: session.endedAt ?? session.expiresAt, refreshTokens: 0, accessTokens: [],
            marks: [], verdicts: explanation.verdicts(at: now, regions: regions, on: [.session]),
            refusedSince: refused.somewhere, deadSince: refused.everywhere)
    }
}

extension FoundTimeline.Grant {
    /// - Parameter homeNow: now on the clock of its user's home, along which the row is.
    fileprivate func row(homeNow: Timestamp) -> Timeline.Row {
        let ahead = now - homeNow
        func explanation(_ subject: Explanation.Subject) -> Explanation {
            Explanation(of: subject, account: account, client: client, app: app, tenantNow: now)
        }
        // Resources refuse all tokens of the grant that they evaluate from one instant on; each ends by itself.
        let evaluated = explanation(.accessToken(end: .latest, grant, isEvaluated: true))
        let refusedSince = evaluated.refused(since: homeNow, on: .cae, regions).everywhere
        let accessTokens = events.compactMap { logged -> Timeline.AccessToken? in
            guard let token = logged.event.accessToken else { return nil }
            let end = token.endsAt - ahead
            let instants = [token.isEvaluated ? refusedSince : nil, end <= homeNow ? end : nil].compactMap { $0 }
            return Timeline.AccessToken(
                from: logged.event.at - ahead, to: end, isEvaluated: token.isEvaluated, deadSince: instants.min())
        }
        let end = refreshTokens.lastExpiresAt.map { $0 - ahead } ?? accessTokens.map(\.to).max() ?? grant.createdAt - ahead
        // The newest stands for all: they share everything but their ends.
        let newest = RefreshToken(hash: SecretHash(of: ""), grant: grant.id, issuedAt: grant.createdAt, expiresAt: end + ahead)
        let refresh = explanation(.refreshToken(newest, grant))
        let refused = refresh.refused(since: homeNow, on: .refresh, regions)
        return Timeline.Row(
            kind: .grant, id: grant.id, session: grant.session, app: client,
            authentication: grant.authentication, from: grant.createdAt - ahead, to: end, refreshTokens: refreshTokens.count,
            accessTokens: accessTokens, marks: events.map { $0.shifted(back: ahead) },
            verdicts: refresh.verdicts(at: homeNow, regions: regions, on: [.refresh]),
            refusedSince: refused.somewhere, deadSince: refused.everywhere)
    }
}

extension Operation {
    /// A session in its user's home, the operation's tenant.
    fileprivate func found(_ session: BrowserSession) throws -> FoundTimeline.Session? {
        try account(of: session.authentication.user, since: .epoch, subject: session.id).map {
            FoundTimeline.Session(session: session, account: $0, regions: model.regions)
        }
    }

    /// A grant of the operation's tenant.
    fileprivate func found(_ grant: Grant, _ events: [LoggedEvent]) throws -> FoundTimeline.Grant? {
        guard let account = try account(of: grant.authentication.user, since: .epoch, subject: grant.id) else { return nil }
        let client = try client(of: grant)
        return FoundTimeline.Grant(
            grant: grant, account: account, client: client, app: try client.flatMap { try facts(of: $0) }, now: now,
            regions: model.regions, events: events, refreshTokens: try tx.refreshTokens(of: grant.id))
    }

    /// In their order; each app's once.
    fileprivate func appChanges(of apps: [AppRegistration]) throws -> [(app: String, change: StateChange)] {
        var changes: [(app: String, change: StateChange)] = []
        for app in Dictionary(apps.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }).values {
            changes += (try facts(of: app)?.stateChanges ?? []).map { (app.name, $0) }
        }
        return changes.sorted { $0.change.place < $1.change.place }
    }
}

extension Explanation {
    /// When the first and the last region stopped taking it; nil while all do, and while one does.
    fileprivate func refused(
        since now: Timestamp, on plane: Plane, _ regions: [Region]
    ) -> (somewhere: Timestamp?, everywhere: Timestamp?) {
        let instants = regions.map { refusedSince(on: plane, in: $0, at: now) }
        let known = instants.compactMap { $0 }
        return (known.min(), instants.contains(nil) ? nil : known.max())
    }
}
