import Dispatch
import LapseRules
import LapseService
import Logging
import Synchronization

/// What a running Lapse tells on its standard error: what goes wrong, and on demand a line for each request that was answered.
///
/// Whoever answers a request only hands over what it knows. A thread of the log's own looks up the names and writes, so that neither a
/// slow terminal nor a question to the database holds up an answer. What comes in faster than it is written is left out and counted.
package final class ServerLog: Sendable {
    /// Where the lines go.
    package struct Output: Sendable {
        /// Whether a person reads along.
        let isTerminal: Bool
        let isColoured: Bool
        let write: @Sendable (String) -> Void

        /// - Parameter write: takes one or several lines without the last line break. It may take its time.
        package init(isTerminal: Bool, isColoured: Bool, write: @escaping @Sendable (String) -> Void) {
            self.isTerminal = isTerminal
            self.isColoured = isColoured
            self.write = write
        }
    }

    private enum Entry: Sendable {
        case request(AnsweredRequest)
        case exchange(ExchangeLog.Exchange)
        case message(LoggedMessage)
    }

    private struct State {
        var waiting: [Entry] = []
        var leftOut = 0
        var isWriting = false
    }

    private static let capacity = 1_000

    private let level: Settings.LogLevel
    private let format: Settings.LogFormat
    private let output: Output
    private let authority: Mutex<Authority?> = Mutex(nil)
    private let systemTime: @Sendable () -> Timestamp
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "log")

    /// - Parameter level: nil: requests on a terminal, else quiet.
    package init(
        level: Settings.LogLevel?, format: Settings.LogFormat, output: Output, systemTime: @escaping @Sendable () -> Timestamp
    ) {
        self.level = level ?? (output.isTerminal ? .requests : .quiet)
        self.format = format
        self.output = output
        self.systemTime = systemTime
    }

    /// - Parameter authority: who knows the names; until then lines have none.
    package func ask(_ authority: Authority) { self.authority.withLock { $0 = authority } }

    /// Writes to this log.
    package var logger: Logger {
        var logger = Logger(label: "lapse") { _ in Handler(log: self) }
        logger.logLevel = .error
        return logger
    }

    var tellsRequests: Bool { level != .quiet }
    var tellsExchanges: Bool { level == .debug }

    /// Whether a request of this kind is told: on `requests` not what the dashboard and its like only read.
    func tells(_ surface: Surface, method: String, path: String) -> Bool {
        switch level {
        case .quiet: false
        case .requests: surface.isWorthKeeping(path) || (surface == .control && method != "GET" && method != "HEAD")
        case .debug: true
        }
    }

    func tell(_ request: AnsweredRequest) { add(.request(request)) }

    func tell(_ exchange: ExchangeLog.Exchange) { add(.exchange(exchange)) }

    /// Waits until what was handed over is written, but not for ever: its reader may have stopped reading.
    package func finish() {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + .seconds(1))
    }

    private func add(_ entry: Entry) {
        let begins = state.withLock { state in
            guard state.waiting.count < Self.capacity else {
                state.leftOut += 1
                return false
            }
            state.waiting.append(entry)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { queue.async { self.writeAll() } }
    }

    private func writeAll() {
        while true {
            let (entries, leftOut) = state.withLock { state in
                defer { (state.waiting, state.leftOut, state.isWriting) = ([], 0, !state.waiting.isEmpty) }
                return (state.waiting, state.leftOut)
            }
            guard !entries.isEmpty else { return }
            let lines = lines(of: entries) + (leftOut > 0 ? [written(.leftOut(leftOut, at: systemTime()))] : [])
            output.write(lines.joined(separator: "\n"))
        }
    }

    private func lines(of entries: [Entry]) -> [String] {
        let events = entries.compactMap { entry in if case .request(let request) = entry { request.event } else { nil } }
        // Without the database there are no names; the line is written all the same.
        let named = events.isEmpty ? [:] : (try? authority.withLock { $0 }?.namedEvents(events)) ?? [:]
        return entries.flatMap { entry in
            switch entry {
            case .request(let request):
                let line = RequestLine(request, request.event.flatMap { named[$0] })
                return [format == .json ? line.json.encodedText : line.text(isColoured: output.isColoured)]
            case .exchange(let exchange):
                return format == .json ? [(["exchange": exchange.json] as JSON).encodedText] : exchange.lines
            case .message(let message): return [written(message)]
            }
        }
    }

    private func written(_ message: LoggedMessage) -> String { format == .json ? message.json.encodedText : message.text }

    private struct Handler: LogHandler {
        let log: ServerLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.error

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let details = metadata.merging(event.metadata ?? [:]) { $1 }.map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
            log.add(
                .message(
                    LoggedMessage(at: log.systemTime(), level: event.level.rawValue, message: "\(event.message)", details: details))
            )
        }
    }
}

/// What is known of a request as soon as it is answered.
struct AnsweredRequest: Sendable {
    /// The machine's time.
    let at: Timestamp
    let method: String
    let path: String
    let status: Int
    /// What the error calls itself; nil for what is no error, and where the event says it.
    let error: ErrorName?
    let region: String?
    let event: Int64?
    let duration: Duration
}

/// A request, with the names of whom it was about.
struct RequestLine: Sendable {
    private let request: AnsweredRequest
    private let event: NamedEvent?

    init(_ request: AnsweredRequest, _ event: NamedEvent?) { (self.request, self.event) = (request, event) }

    private var error: ErrorName? {
        (event?.logged.event.code).map { ErrorName($0) } ?? (request.status < 400 ? nil : request.error)
    }

    private var milliseconds: Double {
        let (seconds, attoseconds) = request.duration.components
        return Double(seconds) * 1_000 + Double(attoseconds / 1_000_000_000_000) / 1_000
    }

    /// Of one line, whatever names people have thought of.
    func text(isColoured: Bool) -> String {
        func coloured(_ text: String, _ code: Int) -> String { isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
        var parts = [
            coloured(String(request.at.zonelessText.suffix(8)), 2), request.method.onOneLine,
            Masking.shown(path: request.path).onOneLine,
        ]
        let colours = [2: 32, 3: 36, 4: 33]
        parts.append(coloured(String(request.status), colours[request.status / 100] ?? 31))
        if let error {
            parts.append(coloured([error.code, error.name].compactMap { $0 }.joined(separator: " ").onOneLine, 31))
        }
        parts += [event?.user, event?.app].compactMap { $0?.onOneLine }
        if let region = request.region { parts.append(region.onOneLine) }
        if let event { parts.append("event \(event.logged.id) \(event.logged.event.kind.rawValue)") }
        let tenths = Int((milliseconds * 10).rounded())
        parts.append(coloured("\(tenths / 10).\(tenths % 10) ms", 2))
        return parts.joined(separator: "  ")
    }

    var json: JSON {
        let logged = event?.logged
        return [
            "at": JSON(request.at), "method": .string(request.method), "path": .string(Masking.shown(path: request.path)),
            "status": .integer(Int64(request.status)), "code": JSON(error?.code), "name": JSON(error?.name),
            "user": JSON(event?.user), "app": JSON(event?.app), "region": JSON(request.region),
            "event": request.event.map(JSON.integer) ?? .null,
            "type": JSON(logged?.event.kind.rawValue), "tenantTime": JSON(logged?.event.at), "milliseconds": .number(milliseconds),
        ]
    }
}

/// A line that belongs to no request.
struct LoggedMessage: Sendable {
    let at: Timestamp
    let level: String
    let message: String
    let details: [(name: String, value: String)]

    init(at: Timestamp, level: String, message: String, details: [(String, String)] = []) {
        self.at = at
        self.level = level
        self.message = message
        self.details = details.map { (name: $0.0, value: $0.1) }
    }

    var text: String {
        let told = details.map { "\($0.name)=\($0.value.onOneLine)" }
        return ["\(at.zonelessText.suffix(8))  \(level)", message.onOneLine, told.joined(separator: "  ")].filter { !$0.isEmpty }
            .joined(separator: "  ")
    }

    var json: JSON {
        .object(
            [("at", JSON(at)), ("level", .string(level)), ("message", .string(message))].map { .init(name: $0.0, value: $0.1) }
                + details.map { .init(name: $0.name, value: .string($0.value)) })
    }

    static func leftOut(_ count: Int, at: Timestamp) -> LoggedMessage {
        LoggedMessage(at: at, level: "notice", message: "\(count) lines are left out: more came than could be written")
    }
}

extension ExchangeLog.Exchange {
    /// As a person reads it at a terminal, without secrets.
    fileprivate var lines: [String] {
        let shown = Masking.shown(self)
        func marked(_ text: String, _ mark: String) -> [String] {
            text.split(separator: "\n", omittingEmptySubsequences: false).map { "  \(mark) \(String($0).onOneLine)" }
        }
        return marked("\(method) \(shown.target)\n\(shown.request.text)", ">") + marked("\(status)\n\(shown.response.text)", "<")
    }
}

extension String {
    /// Without what moves a terminal's cursor or colours its text.
    fileprivate var onOneLine: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var text = UnicodeScalarView()
        for scalar in unicodeScalars { text.append(scalar.isControl ? "\u{FFFD}" : scalar) }
        return String(text)
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: true
        default: false
        }
    }
}
