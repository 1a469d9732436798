import LapseRules
import LapseStore

// Graph's audit logs: the event log, as an administrator of a tenant reads it.
extension Authority {
    /// How many events are read at a time, and how many are looked at for one page: a filter that matches nothing ends too.
    private static let chunk = 500
    private static let longestLook = 20_000

    /// `GET /auditLogs/directoryAudits`, the newest first.
    package func directoryAudits(_ query: GraphQuery, token: BearerToken, trace: RequestTrace) throws -> Outcome<
        GraphPage, GraphError
    > {
        try admittingReader(token, to: .graph, trace) { request in
            return try entries(of: DirectoryAudit.kinds, time: "activityDateTime", query, request) { logged in
                try directoryAudit(logged, request)
            }
        }
    }

    /// `GET /auditLogs/signIns`, the newest first: interactive ones and those of tokens, with their failures.
    package func signIns(_ query: GraphQuery, token: BearerToken, trace: RequestTrace) throws -> Outcome<GraphPage, GraphError> {
        try admittingReader(token, to: .graph, trace) { request in
            return try entries(of: SignInEntry.kinds, time: "createdDateTime", query, request) { logged in
                try signIn(logged, request)
            }
        }
    }

    /// Reads the log in the query's direction until a page is full. The cursor is the last event that was looked at.
    private func entries(
        of kinds: Set<Event.Kind>, time: String, _ query: GraphQuery, _ request: AdmittedRequest,
        entry: (LoggedEvent) throws -> JSON?
    ) throws -> GraphPage {
        guard request.caller.mayReadAuditLogs else { throw GraphError.denied }
        guard query.order.map({ $0.property == time }) ?? true, !query.wantsCount else {
            throw GraphError.badRequest("Lapse: the log is ordered only by \(time), and is not counted.")
        }
        let isDescending = query.order?.isDescending ?? true
        guard var cursor = query.skipToken.map({ Int64($0) }) ?? (isDescending ? Int64.max : 0) else {
            throw GraphError.badRequest("The skip token is not one of Lapse's.")
        }
        var objects: [JSON] = []
        var looked = 0
        while true {
            let events = try request.op.tx.events(
                in: request.op.tenant.id, kinds: kinds, from: cursor, isDescending: isDescending, limit: Self.chunk)
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

    private func directoryAudit(_ logged: LoggedEvent, _ request: AdmittedRequest) throws -> JSON? {
        let op = request.op
        let event = logged.event
        let revocation = try event.revocation.flatMap { try op.tx.revocation($0, in: op.tenant.id) }
        guard let audit = DirectoryAudit(event, cause: revocation?.cause) else { return nil }
        let user = try event.user.flatMap { try op.tx.user($0) }
        let app = try event.client.flatMap { try op.app($0) }
        var modified: [JSON] = []
        if audit == .stampUpdated, let user, let revocation {
            let earlier = try op.tx.history(of: user.home).revocations.last { $0.cause.movesStamp && $0.place < revocation.place }
            modified = [
                DirectoryAudit.modified(
                    "StsRefreshTokensValidFrom", from: earlier?.stamp ?? user.createdAt.truncatedToSecond, to: revocation.stamp)
            ]
        }
        // Who did it: the caller of Graph, else the control API, which is an application of its own.
        let actor = try (event.actor ?? revocation?.actor).flatMap(GUID.init).flatMap { try op.tx.user($0) }
        return DirectoryAudit.json(
            logged.id, event, audit, actor: actor, actingApp: actor == nil ? app?.name ?? "Lapse control API" : nil,
            target: DirectoryAudit.Target(user: user, app: audit.isAboutApp ? app : nil), modified: modified)
    }

    private func signIn(_ logged: LoggedEvent, _ request: AdmittedRequest) throws -> JSON? {
        let op = request.op
        let event = logged.event
        let app = try event.client.flatMap { try op.app($0) }
        return SignInEntry.json(
            logged.id, event, user: try event.user.flatMap { try op.tx.user($0) }, app: app, resource: .graph(of: op.tenant.cloud))
    }
}
