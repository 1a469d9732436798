import HTTPTypes
import Hummingbird
import LapseRules
import LapseService
import NIOCore
import ServiceLifecycle

extension ResponseFaults.Due {
    /// How long a silent connection is held, unless the client gives up before.
    private static let silence = Duration.seconds(60)

    /// Does to an answer what a fault decided, after all that the request changed was stored.
    ///
    /// - Parameter channel: the client's connection, which most of it ends.
    /// - Returns: what is sent, as far as anything is.
    func apply(_ answer: Response, on channel: any Channel) async -> Response {
        if let latency { try? await cancelWhenGracefulShutdown { try await Task.sleep(for: latency) } }
        var response = answer
        response.headers[.lapseFault] = fault.description
        switch responseFault {
        case nil: break
        case .closed, .dropped:
            try? await channel.close()
            // Nobody hears it any more.
            response.body = .init()
        case .cut where answer.body.contentLength == 0: try? await channel.close()
        // There is nothing to break.
        case .malformed where answer.body.contentLength == 0: break
        case .cut: response.body = body(of: answer, closing: channel) { $0.readSlice(length: $0.readableBytes / 2) ?? $0 }
        case .malformed:
            // Of the length that the headers promise, so that only a parser notices.
            response.body = body(of: answer, closing: nil) { buffer in
                var bytes = Array(buffer.readableBytesView)
                if !bytes.isEmpty { bytes[bytes.count - 1] = UInt8(ascii: ",") }
                return ByteBuffer(bytes: bytes)
            }
        case .silent:
            response.body = ResponseBody(contentLength: answer.body.contentLength ?? 1) { _ in
                // Until the client leaves, the time is over, or somebody stops Lapse: only the end of the connection ends the wait.
                let end = Task {
                    try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.silence) }
                    try? await channel.close()
                }
                try? await channel.closeFuture.get()
                end.cancel()
            }
        }
        return response
    }

    /// The answer's whole body, changed; with a channel the connection ends behind it.
    private func body(
        of answer: Response, closing channel: (any Channel)?, _ change: @escaping @Sendable (inout ByteBuffer) -> ByteBuffer
    ) -> ResponseBody {
        ResponseBody(contentLength: answer.body.contentLength) { writer in
            let whole = CollectedBody()
            try await answer.body.write(whole)
            var buffer = ByteBuffer(bytes: whole.bytes)
            try await writer.write(change(&buffer))
            if let channel { try await channel.close() } else { try await writer.finish(nil) }
        }
    }
}
