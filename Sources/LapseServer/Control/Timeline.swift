import HTTPTypes
import Hummingbird
import LapsePages
import LapseRules
import LapseService

/// A user's timeline: as JSON, and as the picture of it.
struct TimelineCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/users/{id}/timeline", use: json)
        routes.get("tenants/{tenant}/users/{id}/timeline.svg", use: svg)
    }

    func json(_ request: Request, _ context: LapseContext) throws -> Response {
        // Data and picture come from one reading, so that they show the same.
        let (timeline, isDrawn) = (try timeline(context), try request.controlFlag("picture"))
        return ControlResponder.answer(timeline.json(picture: isDrawn ? TimelinePicture(timeline).svg : nil))
    }

    func svg(_ request: Request, _ context: LapseContext) throws -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "image/svg+xml", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: "default-src 'none'",
            ], body: .init(byteBuffer: ByteBuffer(string: TimelinePicture(try timeline(context)).svg)))
    }

    private func timeline(_ context: LapseContext) throws -> Timeline {
        try authority.timeline(of: try context.parameter("id"), in: try context.parameter("tenant"))
    }
}

extension TimelinePicture {
    init(_ timeline: Timeline) {
        let now = timeline.now
        // Without an app it is the user that something was done to.
        let events: [(event: any Propagated, app: String?, what: String)] =
            timeline.revocations.map { ($0, nil, "revoked (\($0.cause.rawValue))") }
            + timeline.stateChanges.map { ($0, nil, $0.kind.done) }
            + timeline.appChanges.map { ($0.change, $0.app, $0.change.kind.done) }
        let starts = timeline.rows.map(\.from) + events.map(\.event.place.at)
        let from = starts.min() ?? now
        // The past fills the picture, with room for what is still on its way.
        let coming = events.flatMap { $0.event.propagation.arrivals.compactMap(\.visibleAt) }.filter { $0 > now }.max()
        let span = max((now - from).wholeSeconds, 60)
        let to = max(coming ?? now, now + .seconds(max(span / 12, 20)))
        // Of many events the newest count, and what is still on its way.
        let windows = events.sorted { $0.event.place < $1.event.place }.flatMap { event, app, what in
            Self.windows(
                of: event, (event as? Revocation)?.cause.rawValue ?? what, "\(app ?? "The user") was \(what)", end: to,
                span: (to - from).wholeSeconds)
        }.suffix(Self.mostWindows)
        self.init(
            title: "\(timeline.user.displayName) (\(timeline.user.userPrincipalName))"
                + (timeline.rowsLeftOut > 0
                    ? ", the newest \(timeline.rows.count) rows; \(timeline.rowsLeftOut) are left out" : ""),
            rows: Self.attempts(timeline.attempts.map(\.event)) + timeline.rows.map { Self.row($0, from: from, to: to) },
            windows: Array(windows),
            cuts: events.map { event, app, what in
                Cut(
                    at: event.place.at.seconds, label: (event as? Revocation)?.cause.done ?? (app == nil ? what : "app \(what)"),
                    says: "\(event.place.at.clockText): \(app ?? "the user") was \(what).")
            }, now: now.seconds, from: from.seconds, to: to.seconds
        ) { seconds in Timestamp(secondsSinceEpoch: Int64(seconds)).axisText(span: (to - from).wholeSeconds) }
    }

    private static func row(_ row: Timeline.Row, from: Timestamp, to: Timestamp) -> Row {
        let name = row.app?.name ?? (row.kind == .session ? "Browser session" : "An app that is gone")
        let method = row.authentication.method == .password ? "password" : "no password"
        let end = min(row.to, to)
        func short(_ instant: Timestamp) -> String { instant.axisText(span: (to - from).wholeSeconds) }
        let dead = row.deadSince.map { min(max($0, row.from), end) }
        let mixed = row.refusedSince.map { min(max($0, row.from), dead ?? end) }
        var bars = [
            Bar(
                from: row.from.seconds, to: (mixed ?? dead ?? end).seconds, look: .alive,
                says: (mixed ?? dead).map { "\(name): every region accepted it from \(short(row.from)) to \(short($0))." }
                    ?? "\(name): every region accepts it since \(short(row.from)).")
        ]
        if let mixed, mixed < dead ?? end {
            bars.append(
                Bar(
                    from: mixed.seconds, to: (dead ?? end).seconds, look: .mixed,
                    says: dead.map {
                        "\(name): some regions refused it from \(short(mixed)), others accepted it until \(short($0))."
                    } ?? "\(name): some regions refuse it since \(short(mixed)), others still accept it."))
        }
        if let dead, dead < end {
            bars.append(
                Bar(
                    from: dead.seconds, to: end.seconds, look: .dead, says: "\(name): every region refuses it since \(short(dead))."
                ))
        }
        let shown = row.accessTokens.suffix(mostTokens)
        // Each refresh token came with an access token: of the oldest the log may be read no more.
        if let first = shown.first?.from, shown.count < max(row.refreshTokens, row.accessTokens.count), row.from < first {
            let earlier = row.accessTokens.dropLast(shown.count).map { min($0.deadSince ?? $0.to, $0.to) }.max() ?? first
            bars.append(
                Bar(
                    from: row.from.seconds, to: min(max(earlier, first), to).seconds, look: .token,
                    says: "\(name): the access tokens of before \(short(first)), in one bar."))
        }
        for token in shown {
            let end = min(token.deadSince ?? token.to, token.to)
            let fate =
                token.isEvaluated
                ? token.deadSince.map { "resources refuse it since \(short($0))" } ?? "resources watch it until \(short(token.to))"
                : "accepted until \(short(token.to)), whatever is revoked"
            bars.append(
                Bar(
                    from: token.from.seconds, to: min(end, to).seconds, look: .token,
                    says: "\(name), an access token: \(fate)."))
        }
        let tokens = row.kind == .grant ? ", \(row.refreshTokens) token\(row.refreshTokens == 1 ? "" : "s")" : ""
        return Row(
            title: name, subtitle: "\(row.authentication.place.at.axisText(span: (to - from).wholeSeconds)), \(method)\(tokens)",
            bars: bars,
            marks: row.marks.map(\.event).filter { $0.kind != .trial }.map(mark))
    }

    /// What was refused to the user's browsers.
    private static func attempts(_ events: [Event]) -> [Row] {
        events.isEmpty
            ? [] : [Row(title: "Refused sign-ins", subtitle: "pages, and prompt=none", bars: [], marks: events.map(mark))]
    }

    private static func mark(_ event: Event) -> Mark {
        let code = event.code.map { ", AADSTS\($0.rawValue)" } ?? ""
        let region = event.region.map { " in \($0)" } ?? ""
        return Mark(
            at: event.at.seconds, isRefusal: event.code != nil || event.kind == .accessChallenged,
            says: "\(event.at.clockText): \(event.kind.rawValue)\(code)\(region).")
    }

    private static let mostWindows = 36
    private static let mostTokens = 20

    /// From the event until each plane of each region enforces it.
    ///
    /// - Parameters:
    ///   - what: what was done, and the same as a sentence.
    ///   - end: of the picture: what waits for no instant goes on until there.
    private static func windows(
        of event: any Propagated, _ what: String, _ sentence: String, end: Timestamp, span: Int64
    ) -> [Row] {
        event.propagation.arrivals.compactMap { arrival in
            let place = "\(arrival.plane.name), \(arrival.region)"
            let (until, short, says): (Timestamp, String, String)
            switch arrival.moment {
            case .at(let instant) where instant > event.place.at:
                (until, short) = (instant, "until \(instant.axisText(span: span))")
                says = "\(place): enforces it from \(instant.clockText)"
            case .at: return nil
            case .held: (until, short, says) = (end, "until it is released", "\(place): does not enforce it before it is released")
            case .afterAttempts(let number):
                (until, short) = (end, "for \(number) requests of each")
                says = "\(place): lets \(number) requests of each grant pass"
            }
            return Row(
                title: place, subtitle: "\(what), \(short)",
                bars: [
                    Bar(
                        from: event.place.at.seconds, to: until.seconds, look: .waiting,
                        says: "\(sentence) at \(event.place.at.clockText). \(says).")
                ])
        }
    }
}

extension Plane {
    /// As people call what enforces it.
    fileprivate var name: String {
        switch self {
        case .refresh: "Token endpoint"
        case .session: "Sign-in page"
        case .cae: "Resources"
        case .directory: "Directory"
        }
    }
}

extension Revocation.Cause {
    fileprivate var done: String {
        switch self {
        case .adminRevoke, .userRevoke: "revoked"
        case .passwordChange: "password changed"
        case .selfServiceReset, .adminResetEntra, .adminResetAzurePortal: "password reset"
        case .singleSignOut: "signed out"
        case .passwordExpired: "password expired"
        }
    }
}

extension StateChange.Kind {
    fileprivate var done: String {
        switch self {
        case .disable: "disabled"
        case .enable: "enabled"
        case .delete: "deleted"
        case .restore: "restored"
        }
    }
}

extension Timestamp {
    /// For a picture, which has no use for fractions of a microsecond.
    fileprivate var seconds: Double { Double(ticks) / Double(Timestamp.ticksPerSecond) }

    /// `2026-03-01 12:00:00`.
    fileprivate var clockText: String { String(errorText.dropLast()) }

    /// As much of the time as tells two ticks apart.
    fileprivate func axisText(span: Int64) -> String {
        let text = clockText
        return span < 86_400
            ? String(text.suffix(8)) : span < 8 * 86_400 ? String(text.dropFirst(5).dropLast(3)) : String(text.prefix(10))
    }
}
