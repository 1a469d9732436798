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
        try looking(at: name) { op in
            let user = try op.requireUserEvenDeleted(userName)
            guard let home = try op.tx.tenant(user.home.tenant).map({ try op.in($0) }) else {
                throw ControlError.notFound("The user's home tenant is gone.")
            }
            let history = try op.tx.history(of: user.home)
            let sessions = try op.tx.sessions(of: user.home, limit: 1_000)
            let grants = try op.tx.grants(of: user.home, tenant: user.isGuest ? op.tenant.id : nil, limit: 1_000)
            let shownGrants = Array(grants.prefix(Timeline.mostRows))
            let events = Dictionary(
                grouping: try op.tx.newestEvents(
                    of: shownGrants.map(\.id), limit: Timeline.mostMarks, looked: Timeline.looked), by: \.event.grant)
            let attempts = try op.tx.newestEvents(
                of: user.id, kinds: Timeline.attemptKinds, limit: Timeline.mostMarks, looked: Timeline.looked)
            let ahead = op.now - home.now
            var rows = try sessions.prefix(Timeline.mostRows).compactMap { try home.row(of: $0) }
            rows += try shownGrants.compactMap { grant in
                guard let place = try op.tx.tenant(grant.tenant) else { return nil }
                return try op.in(place).row(of: grant, events[grant.id] ?? [], homeNow: home.now)
            }
            // Those of the home alone, along whose clock the picture is.
            let homeApps = try shownGrants.filter { $0.tenant == home.tenant.id }.compactMap { try home.client(of: $0) }
            return Timeline(
                user: user, now: home.now, mode: home.tenant.clock.mode, rows: rows,
                rowsLeftOut: sessions.count + grants.count - rows.count, attempts: attempts.map { $0.shifted(back: ahead) },
                revocations: history.revocations.suffix(Timeline.mostEvents),
                stateChanges: history.stateChanges.suffix(Timeline.mostEvents),
                appChanges: try home.appChanges(of: homeApps).suffix(Timeline.mostEvents))
        }
    }
}

extension Operation {
    /// A session in its user's home, the operation's tenant.
    fileprivate func row(of session: BrowserSession) throws -> Timeline.Row? {
        guard let account = try account(of: session.authentication.user, since: .epoch, subject: session.id) else { return nil }
        let regions = model.regions
        let explanation = Explanation(of: .session(session), account: account, client: nil, tenantNow: now)
        return Timeline.Row(
            kind: .session, id: session.id, session: session.id, app: nil, authentication: session.authentication,
            from: session.authentication.place.at, to: session.endedAt ?? session.expiresAt, refreshTokens: 0, accessTokens: [],
            marks: [], verdicts: explanation.verdicts(at: now, regions: regions).filter { $0.plane == .session },
            deadSince: explanation.refusedEverywhere(since: now, on: .session, regions))
    }

    /// A grant of the operation's tenant.
    ///
    /// - Parameter homeNow: now on the clock of its user's home, along which the row is.
    fileprivate func row(of grant: Grant, _ events: [LoggedEvent], homeNow: Timestamp) throws -> Timeline.Row? {
        guard let account = try account(of: grant.authentication.user, since: .epoch, subject: grant.id) else { return nil }
        let (ahead, regions) = (now - homeNow, model.regions)
        let client = try client(of: grant)
        let facts = try client.flatMap { try self.facts(of: $0) }
        let accessTokens = events.compactMap { logged -> Timeline.AccessToken? in
            guard let token = logged.event.accessToken else { return nil }
            let explanation = Explanation(
                of: .accessToken(end: token.endsAt, grant, isEvaluated: token.isEvaluated), account: account, client: client,
                app: facts, tenantNow: now)
            return Timeline.AccessToken(
                from: logged.event.at - ahead, to: token.endsAt - ahead, isEvaluated: token.isEvaluated,
                deadSince: explanation.refusedEverywhere(since: homeNow, on: .cae, regions))
        }
        let (count, lastEnd) = try tx.refreshTokens(of: grant.id)
        let end = lastEnd.map { $0 - ahead } ?? accessTokens.map(\.to).max() ?? grant.createdAt - ahead
        // The newest stands for all: they share everything but their ends.
        let newest = RefreshToken(hash: SecretHash(of: ""), grant: grant.id, issuedAt: grant.createdAt, expiresAt: end + ahead)
        let explanation = Explanation(
            of: .refreshToken(newest, grant), account: account, client: client, app: facts, tenantNow: now)
        return Timeline.Row(
            kind: .grant, id: grant.id, session: grant.session, app: client,
            authentication: grant.authentication, from: grant.createdAt - ahead, to: end, refreshTokens: count,
            accessTokens: accessTokens, marks: events.map { $0.shifted(back: ahead) },
            verdicts: explanation.verdicts(at: homeNow, regions: regions).filter { $0.plane == .refresh },
            deadSince: explanation.refusedEverywhere(since: homeNow, on: .refresh, regions))
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
    /// When the last region stopped taking it; nil while one does.
    fileprivate func refusedEverywhere(since now: Timestamp, on plane: Plane, _ regions: [Region]) -> Timestamp? {
        let instants = regions.map { refusedSince(on: plane, in: $0, at: now) }
        return instants.contains(nil) ? nil : instants.compactMap { $0 }.max()
    }
}
