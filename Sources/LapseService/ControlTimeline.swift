import LapseRules
import LapseStore

/// What happened to a user's sign-ins, along the clock of the user's home: sessions, grants and their tokens, and what revoked
/// them where and from when on.
public struct Timeline: Sendable {
    /// A session or a grant.
    public struct Row: Sendable {
        public enum Kind: String, Sendable { case session, grant }

        public let kind: Kind
        public let id: GUID
        /// The browser session that a grant came from.
        public let session: GUID?
        /// The app of a grant; nil for a session.
        public let app: AppRegistration?
        public let authentication: Authentication
        /// From when on it exists, and when it ends by itself or was ended.
        public let from: Timestamp
        public let to: Timestamp
        /// How many refresh tokens there are of it.
        public let refreshTokens: Int
        public let accessTokens: [(from: Timestamp, to: Timestamp)]
        public let marks: [LoggedEvent]
        /// At the door of its own plane, by region, at the instant ``Timeline/now``.
        public let verdicts: [Explanation.Verdict]

        /// Since when no region takes it any more; nil while one does.
        public let deadSince: Timestamp?
    }

    public let user: User
    public let now: Timestamp
    /// The first are the newest; sessions before grants.
    public let rows: [Row]
    /// How many more rows there are, which are left out.
    public let rowsLeftOut: Int
    public let revocations: [Revocation]
    public let stateChanges: [StateChange]

    /// How many sessions and how many grants are shown, and how many marks of each.
    static let mostRows = 30
    static let mostMarks = 200
}

extension Authority {
    /// The timeline of a member; a guest's is its home's.
    public func timeline(of userName: String, in name: String) throws -> Timeline {
        // As a writer, whose caches hold the account's history; nothing is written.
        try store.write { tx in
            let wall = wall()
            let tenant = try controlled(name, tx)
            let user = try knownUser(userName, of: tenant, tx)
            guard let home = try tx.tenant(user.home.tenant) else {
                throw ControlError.notFound("The user's home tenant is gone.")
            }
            let now = home.clock.now(wall: wall)
            let history = try tx.history(of: user.home)
            let sessions = try tx.sessions(of: user.home, limit: 1_000)
            let grants = try tx.grants(of: user.home, tenant: user.isGuest ? tenant.id : nil, limit: 1_000)
            let shownGrants = Array(grants.prefix(Timeline.mostRows))
            let first = shownGrants.map(\.authentication.place.sequence).min() ?? .max
            let events = Dictionary(
                grouping: try tx.events(of: shownGrants.map(\.id), since: first, limit: Timeline.mostRows * Timeline.mostMarks),
                by: \.event.grant)
            var rows = try sessions.prefix(Timeline.mostRows).compactMap { session in
                try row(of: session, in: home, now: now, tx, wall: wall)
            }
            rows += try shownGrants.compactMap { try row(of: $0, events[$0.id] ?? [], now: now, tx, wall: wall) }
            return Timeline(
                user: user, now: now, rows: rows, rowsLeftOut: sessions.count + grants.count - rows.count,
                revocations: history.revocations, stateChanges: history.stateChanges)
        }
    }

    private func row(
        of session: BrowserSession, in tenant: Tenant, now: Timestamp, _ tx: StoreTransaction, wall: Timestamp
    ) throws -> Timeline.Row? {
        guard let account = try tx.account(of: session, in: tenant.id, wall: wall) else { return nil }
        let explanation = Explanation(of: .session(session), account: account, tenantNow: now)
        let verdicts = explanation.verdicts(at: now, regions: model(of: tenant).regions).filter { $0.plane == .session }
        let end = session.endedAt ?? session.expiresAt
        return Timeline.Row(
            kind: .session, id: session.id, session: session.id, app: nil, authentication: session.authentication,
            from: session.authentication.place.at, to: end, refreshTokens: 0, accessTokens: [], marks: [], verdicts: verdicts,
            deadSince: deadSince(verdicts, account, end: end))
    }

    private func row(
        of grant: Grant, _ events: [LoggedEvent], now: Timestamp, _ tx: StoreTransaction, wall: Timestamp
    ) throws -> Timeline.Row? {
        guard let place = try tx.tenant(grant.tenant),
            let account = try tx.account(
                of: grant.authentication.user, in: grant.tenant, since: .epoch, subject: grant.id, wall: wall)
        else { return nil }
        let placeNow = place.clock.now(wall: wall)
        let ahead = placeNow - now
        let token = try tx.newestRefreshToken(of: grant.id)
        let accessTokens = events.compactMap { logged in
            logged.event.endsAt.map { (from: logged.event.at - ahead, to: $0 - ahead) }
        }
        let end = (token?.expiresAt).map { $0 - ahead } ?? accessTokens.map(\.to).max() ?? grant.createdAt - ahead
        // A grant without a refresh token is looked at as if it had one.
        let standIn = RefreshToken(hash: SecretHash(of: ""), grant: grant.id, issuedAt: grant.createdAt, expiresAt: end + ahead)
        let explanation = Explanation(of: .refreshToken(token ?? standIn, grant), account: account, tenantNow: placeNow)
        let verdicts = explanation.verdicts(at: now, regions: model(of: place).regions).filter { $0.plane == .refresh }
        return Timeline.Row(
            kind: .grant, id: grant.id, session: grant.session, app: try app(grant.client, in: place, tx),
            authentication: grant.authentication, from: grant.createdAt - ahead, to: end,
            refreshTokens: try tx.refreshTokens(of: grant.id).count, accessTokens: accessTokens,
            marks: Array(events.suffix(Timeline.mostMarks)), verdicts: verdicts,
            deadSince: deadSince(verdicts, account, end: end))
    }

    /// When the last region stopped taking it.
    private func deadSince(_ verdicts: [Explanation.Verdict], _ account: AccountFacts, end: Timestamp) -> Timestamp? {
        guard !verdicts.isEmpty, verdicts.allSatisfy({ !$0.isAccepted }) else { return nil }
        return verdicts.map { verdict in
            let arrival = account.history.revocations.first { $0.id == verdict.revocation }?.propagation
                .moment(on: verdict.plane, in: verdict.region)
            if case .at(let instant)? = arrival { return instant }
            return min(end, account.homeNow)
        }.max()
    }
}

extension Timeline {
    public var json: JSON {
        [
            "user": .string(user.id.description), "userPrincipalName": .string(user.userPrincipalName), "now": JSON(now),
            "rows": .array(rows.map(\.json)), "rowsLeftOut": .integer(Int64(rowsLeftOut)),
            "revocations": .array(revocations.map { $0.json($0.columns, now: now) }),
            "stateChanges": .array(stateChanges.map { $0.json($0.columns, now: now) }),
        ]
    }
}

extension Timeline.Row {
    fileprivate var json: JSON {
        [
            "kind": .string(kind.rawValue), "id": .string(id.description), "session": JSON(session?.description),
            "client": JSON(app?.id.description), "clientName": JSON(app?.name), "authTime": JSON(authentication.place.at),
            "method": .string(authentication.method.rawValue), "from": JSON(from), "to": JSON(to),
            "refreshTokens": .integer(Int64(refreshTokens)),
            "accessTokens": .array(accessTokens.map { ["from": JSON($0.from), "to": JSON($0.to)] }),
            "marks": .array(marks.map(\.json)), "deadSince": JSON(deadSince),
            "verdicts": .array(verdicts.map { $0.json(authTime: authentication.place.at) }),
        ]
    }
}
