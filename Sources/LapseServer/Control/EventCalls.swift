import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import NIOCore
import ServiceLifecycle

/// The control calls on the log: a page of it, and the stream.
struct EventCalls {
    let authority: Authority

    /// A stream without news sends a comment this often, so that a connection that is gone is noticed.
    private static let pause = Duration.seconds(15)

    func list(_ request: Request, _ context: LapseContext) throws -> Response {
        let filter = try filter(request, context)
        let after = try authority.eventCursor(try request.controlQuery("after"), field: "after")
        return ControlResponder.answer(
            try authority.events(filter, after: after, isFull: try request.controlFlag("detail")).json)
    }

    /// Server-sent events (WHATWG HTML): `id`, `event` and `data`, one event of the log each. A client that comes back with
    /// `Last-Event-ID` misses nothing.
    func stream(_ request: Request, _ context: LapseContext) throws -> Response {
        let filter = try filter(request, context)
        let resumed = try authority.eventCursor(request.headers[.lastEventID], field: "Last-Event-ID")
        let start = try resumed ?? authority.eventCursor(try request.controlQuery("after"), field: "after") ?? authority.endOfLog()
        let authority = authority
        let body = ResponseBody { writer in
            try await writer.write(ByteBuffer(string: Self.text([])))
            var after = start
            // A stopping Lapse does not wait for readers who never leave.
            while !Task.isShuttingDownGracefully {
                let from = after
                let next = try await cancelWhenGracefulShutdown {
                    try await authority.nextEvents(filter, after: from, pause: Self.pause)
                }
                guard let next else { break }
                after = next.cursor
                try await writer.write(ByteBuffer(string: Self.text(next.events)))
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .xContentTypeOptions: "nosniff"], body: body)
    }

    private static func text(_ events: [Authority.StreamedEvent]) -> String {
        guard !events.isEmpty else { return ": nothing new\n\n" }
        return events.map { "id: \($0.id)\nevent: \($0.type)\ndata: \($0.json.encodedText)\n\n" }.joined()
    }

    private func filter(_ request: Request, _ context: LapseContext) throws -> Authority.EventFilter {
        try authority.eventFilter(
            of: try context.parameter("tenant"), type: try request.controlQuery("type"), user: try request.controlQuery("user"))
    }
}
