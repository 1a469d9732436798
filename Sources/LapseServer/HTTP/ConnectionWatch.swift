import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// HTTP/1.1 on a connection that a ``ConnectionWatch`` watches.
struct WatchedChannel: ServerChildChannel {
    let http: HTTP1Channel
    let patience: TimeAmount

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        http.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            // Here alone is the version still known, and each Host.
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(ConnectionWatch(patience: patience), position: .after(decoder))
            return value
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}

/// Says how long a connection may take for what its client has to do, and keeps requests and answers in step.
///
/// From the first byte of a request to its last, or from one request to the next, at most the patience passes; no byte starts it anew. A
/// request that is late is answered with 408. So long may an answer wait for its client to take more of it, too. The time that Lapse
/// takes for an answer (a wait, a gate, a stream) does not count.
///
/// There is one alarm for a connection, which looks when it rings at how far things are: a request sets none.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let patience: TimeAmount
    /// When what the client has to do now began.
    private var since = NIODeadline.uptimeNanoseconds(0)
    private var alarm: Scheduled<Void>?
    /// Runs while the client takes nothing.
    private var stall: Scheduled<Void>?

    /// Whether bytes of a request are here, and its end is not.
    private var isReceiving = false
    /// Whether that is known to ``since``.
    private var isTimed = false
    /// Whether the head of the request that is being received is here.
    private var hasHead = false
    /// Whether the bytes that were read last were a part of a request.
    private var hasPart = false
    /// Whether the request that is being received is late, and waits for the answers before it.
    private var isLate = false
    private var isInputClosed = false
    /// Whether nothing more is taken: it is no HTTP, or the connection ends.
    private var isOver = false
    private var isClosing = false

    /// The requests whose head is here and whose answer is not complete.
    private var owed = 0
    private var isAnswering = false
    /// How many answers there are left to one that is the last.
    private var answersToLast: Int?

    /// The answers that come before that to the request that is being received.
    private var owedBefore: Int { hasHead ? owed - 1 : owed }

    init(patience: TimeAmount) { self.patience = patience }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        silence()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { silence() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            // No request comes any more. The answers do.
            isInputClosed = true
            isReceiving = false
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError {
            // It is answered with 400 by the server. A request that has its answer gets no second one.
            let isAnswered = hasHead && owed == 0
            (isOver, isReceiving, hasHead) = (true, false, false)
            if isAnswered { close(context) }
        }
        context.fireErrorCaught(error)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            stall?.cancel()
            stall = nil
        } else if stall == nil {
            stall = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { self.close(context) }
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        hasPart = true
        switch unwrapInboundIn(data) {
        case .head(var head):
            guard head.namesItsHost else {
                (isOver, isReceiving) = (true, false)
                return context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
            }
            (isReceiving, hasHead) = (true, true)
            owed += 1
            // Before HTTP/1.1 a connection is for one request: nobody said in the answer that it stays.
            if !head.isKeepAlive || head.version != .http1_1, answersToLast == nil {
                answersToLast = owed
                // So is it written that the server looks for.
                head.headers.replaceOrAdd(name: "connection", value: "close")
                return context.fireChannelRead(wrapInboundOut(.head(head)))
            }
        case .body: break
        case .end:
            (isReceiving, isTimed, hasHead, isLate) = (false, false, false, false)
            if owed == 0 { begin(context) }
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !isOver, !isInputClosed {
            // Bytes of which the decoder made nothing yet are the beginning of a head.
            if !hasPart { isReceiving = true }
            if isReceiving, !isTimed {
                isTimed = true
                begin(context)
            }
        }
        hasPart = false
        context.fireChannelReadComplete()
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            isAnswering = true
            if answersToLast == 1 {
                head.headers.replaceOrAdd(name: "connection", value: "close")
                return context.write(wrapOutboundOut(.head(head)), promise: promise)
            }
        case .body: break
        case .end:
            context.write(data, promise: promise)
            return answered(context)
        }
        context.write(data, promise: promise)
    }

    private func answered(_ context: ChannelHandlerContext) {
        isAnswering = false
        // The answer to what is no HTTP has no request.
        if owed > 0 { owed -= 1 }
        answersToLast = answersToLast.map { $0 - 1 }
        if isLate, owedBefore <= 0 {
            refuse(context)
        } else if owed == 0, !isReceiving {
            begin(context)
        }
    }

    // MARK: Time

    /// What the client has to do begins now.
    private func begin(_ context: ChannelHandlerContext) {
        since = context.eventLoop.now
        if alarm == nil { setAlarm(context) }
    }

    private func setAlarm(_ context: ChannelHandlerContext) {
        alarm = context.eventLoop.assumeIsolated().scheduleTask(deadline: since + patience) { self.ring(context) }
    }

    private func silence() {
        alarm?.cancel()
        stall?.cancel()
        (alarm, stall) = (nil, nil)
    }

    private func ring(_ context: ChannelHandlerContext) {
        alarm = nil
        if owed > 0, !isReceiving { return }
        if context.eventLoop.now < since + patience {
            setAlarm(context)
        } else if !isReceiving {
            close(context)
        } else if owedBefore > 0 {
            isLate = true
        } else {
            refuse(context)
        }
    }

    /// Answers a request that is late, unless its answer has begun without its end.
    private func refuse(_ context: ChannelHandlerContext) {
        if !(hasHead && (owed == 0 || isAnswering)) {
            let head = HTTPResponseHead(
                version: .http1_1, status: .requestTimeout, headers: ["connection": "close", "content-length": "0"])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.flush()
        close(context)
    }

    private func close(_ context: ChannelHandlerContext) {
        (isOver, isClosing) = (true, true)
        context.close(promise: nil)
    }
}

extension HTTPRequestHead {
    /// Whether it says once for which host it is (RFC 9112 section 3.2). Before HTTP/1.1 it need not.
    fileprivate var namesItsHost: Bool {
        var hosts = 0
        for (name, _) in headers where name.utf8.count == 4 && name.lowercased() == "host" { hosts += 1 }
        return hosts == 1 || (hosts == 0 && version.major == 1 && version.minor == 0)
    }
}
