import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import NIOCore
import ServiceLifecycle

/// The control calls on the log: a page of it, and the stream.
struct EventCalls {
    let authority: Authority

    func add(to routes: RouterGroup<LapseContext>) {
        routes.get("tenants/{tenant}/events", use: list)
        routes.get("tenants/{tenant}/events/stream", use: stream)
    }

    /// A stream without news sends a comment this often, so that a connection that is gone is noticed.
    private static let pause = Duration.seconds(15)

    /// With `detail=true`, all that the judge reads.
    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        let filter = try filter(request, context)
        let after = try request.eventAfter()
        let isFull = try request.controlFlag("detail")
        return ControlResponder.answer(try authority.listEvents(filter, after: after).json { isFull ? $0.fullJSON : $0.json })
    }

    /// Server-sent events (WHATWG HTML): `id`, `event` and `data`, one event of the log each. A client that comes back with
    /// `Last-Event-ID` misses none of them. With `effects=true` also what takes effect while it reads, without an `id`.
    func stream(_ request: Request, _ context: LapseContext) throws -> Response {
        let filter = try filter(request, context)
        let start = try request.lastEventRead() ?? request.eventAfter() ?? authority.endOfLog()
        let isTold = try request.controlFlag("effects")
        let effects = isTold ? try authority.endOfEffects(filter) : nil
        let authority = authority
        let body = ResponseBody { writer in
            try await writer.write(ByteBuffer(string: Self.pauseText))
            var after = StreamCursor(event: start, effects: effects)
            // A stopping Lapse does not wait for readers who never leave.
            while !Task.isShuttingDownGracefully {
                let from = after
                let next = try await cancelWhenGracefulShutdown {
                    try await authority.nextNews(filter, after: from, pause: Self.pause)
                }
                guard let next else { break }
                after = next.cursor
                try await writer.write(Self.text(next))
                // Many readers would otherwise each look after each request.
                if !next.events.isEmpty { try? await Task.sleep(for: EventFeed.gathering) }
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .xContentTypeOptions: "nosniff"], body: body)
    }

    private static let pauseText = ": nothing new\n\n"

    private static func text(_ news: StreamNews) -> ByteBuffer {
        var text = ByteBuffer()
        for event in news.events {
            text.writeBytes(
                event.text { Array("id: \($0.id)\nevent: \($0.event.kind.rawValue)\ndata: \($0.json.encodedText)\n\n".utf8) })
        }
        // What takes effect has no number: it is no event of the log.
        for (effect, user) in news.effects {
            let json = effect.json.adding(["user": .string(user.description)])
            text.writeString("event: \(effect.type.rawValue)\ndata: \(json.encodedText)\n\n")
        }
        if text.readableBytes == 0 { text.writeString(pauseText) }
        return text
    }

    private func filter(_ request: Request, _ context: LapseContext) throws -> EventFilter {
        let tenant = try context.parameter("tenant")
        let (type, user) = (try request.controlQuery("type"), try request.controlQuery("user"))
        return try authority.eventFilter(kind: try type.map(Self.kind), user: user, in: tenant)
    }

    private static func kind(_ text: String) throws(ControlError) -> Event.Kind {
        guard let kind = Event.Kind(rawValue: text) else {
            let known = Event.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(FieldError("type", "must be one of: \(known)"))
        }
        return kind
    }
}

extension Request {
    /// The event that the query's `after` names.
    ///
    /// - Throws: ``ControlError`` for a text that is no event's id.
    func eventAfter() throws -> Int64? { try Self.id(try controlQuery("after"), of: "an event", field: "after") }

    /// The exchange that the query's `after` names.
    ///
    /// - Throws: ``ControlError`` for a text that is no exchange's id.
    func exchangeAfter() throws -> Int64? { try Self.id(try controlQuery("after"), of: "an exchange", field: "after") }

    /// The last event that the reader of a stream had before it came back, by its header.
    fileprivate func lastEventRead() throws -> Int64? { try Self.id(headers[.lastEventID], of: "an event", field: "Last-Event-ID") }

    private static func id(_ text: String?, of what: String, field: String) throws(ControlError) -> Int64? {
        guard let text else { return nil }
        guard let id = Int64(text), id >= 0 else { throw .invalid(FieldError(field, "must be the id of \(what)")) }
        return id
    }
}
