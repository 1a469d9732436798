import LapseRules
import LapseStore

// Graph's audit logs: the event log, as an administrator of a tenant reads it.
extension Authority {
    /// How many events are read at a time, and how many are looked at for one page: a filter that matches nothing ends too.
    private static let chunk = 500
    private static let longestLook = 20_000

    /// `GET /auditLogs/directoryAudits`, the newest first.
    package func directoryAudits(_ query: GraphQuery, token: BearerToken, trace: RequestTrace) throws -> (GraphPage, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            return try entries(of: DirectoryAudit.kinds, time: "activityDateTime", query, visit, tx) { logged in
                try directoryAudit(logged, visit, tx)
            }
        }
    }

    /// `GET /auditLogs/signIns`, the newest first: interactive ones and those of tokens, with their failures.
    package func signIns(_ query: GraphQuery, token: BearerToken, trace: RequestTrace) throws -> (GraphPage, Landing) {
        try deciding { tx, landing in
            let visit = try admit(token, to: .graph, tx, trace: trace, &landing)
            return try entries(of: SignInEntry.kinds, time: "createdDateTime", query, visit, tx) { logged in
                try signIn(logged, visit, tx)
            }
        }
    }

    /// Reads the log in the query's direction until a page is full. The cursor is the last event that was looked at.
    private func entries(
        of kinds: Set<Event.Kind>, time: String, _ query: GraphQuery, _ visit: ResourceVisit, _ tx: StoreTransaction,
        entry: (LoggedEvent) throws -> JSON?
    ) throws -> GraphPage {
        guard visit.caller.mayReadAuditLogs else { throw visit.refused(.denied) }
        guard query.order.map({ $0.property == time }) ?? true, !query.wantsCount else {
            throw visit.refused(.badRequest("Lapse: the log is ordered by \(time) alone, and is not counted."))
        }
        let isDescending = query.order?.isDescending ?? true
        guard var cursor = query.skipToken.map({ Int64($0) }) ?? (isDescending ? Int64.max : 0) else {
            throw visit.refused(.badRequest("The skip token is not one of Lapse's."))
        }
        var objects: [JSON] = []
        var looked = 0
        while true {
            let events = try tx.events(
                in: visit.tenant.id, kinds: kinds, from: cursor, isDescending: isDescending, limit: Self.chunk)
            for logged in events {
                guard objects.count < query.top else { return GraphPage(objects: objects, next: String(cursor), count: nil) }
                cursor = logged.id
                if let object = try entry(logged), query.filter?.matches(object) ?? true { objects.append(query.shown(object)) }
            }
            guard events.count == Self.chunk else { return GraphPage(objects: objects, next: nil, count: nil) }
            looked += events.count
            guard looked < Self.longestLook else { return GraphPage(objects: objects, next: String(cursor), count: nil) }
        }
    }

    private func directoryAudit(_ logged: LoggedEvent, _ visit: ResourceVisit, _ tx: StoreTransaction) throws -> JSON? {
        let event = logged.event
        let revocation = try event.revocation.flatMap { try tx.revocation($0, in: visit.tenant.id) }
        guard let audit = DirectoryAudit(event, cause: revocation?.cause) else { return nil }
        let user = try event.user.flatMap { try tx.user($0) }
        let app = try event.client.flatMap { try self.app($0, in: visit.tenant, tx) }
        var modified: [JSON] = []
        if audit == .stampUpdated, let user, let revocation {
            let earlier = try tx.history(of: user.home).revocations.last { $0.cause.movesStamp && $0.place < revocation.place }
            modified = [
                DirectoryAudit.modified(
                    "StsRefreshTokensValidFrom", from: earlier?.stamp ?? user.createdAt.truncatedToSecond, to: revocation.stamp)
            ]
        }
        // Who did it: the caller of Graph, else the control API, which is an application of its own.
        let actor = try (event.actor ?? revocation?.actor).flatMap(GUID.init).flatMap { try tx.user($0) }
        return DirectoryAudit.json(
            logged.id, event, audit, actor: actor, actingApp: actor == nil ? app?.name ?? "Lapse control API" : nil,
            target: DirectoryAudit.Target(user: user, app: audit.isAboutApp ? app : nil), modified: modified)
    }

    private func signIn(_ logged: LoggedEvent, _ visit: ResourceVisit, _ tx: StoreTransaction) throws -> JSON? {
        let event = logged.event
        let app = try event.client.flatMap { try self.app($0, in: visit.tenant, tx) }
        return SignInEntry.json(
            logged.id, event, user: try event.user.flatMap { try tx.user($0) }, app: app, resource: .graph(of: visit.tenant.cloud))
    }
}
