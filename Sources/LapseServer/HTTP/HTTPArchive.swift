import LapseRules

/// Exchanges as an HTTP Archive, version 1.2, which browsers and other tools read: masked as the list is.
enum HTTPArchive {
    /// - Parameters:
    ///   - version: of Lapse.
    ///   - about: what Lapse knows of an exchange besides, which the format calls a custom field.
    static func json(
        version: String, _ exchanges: [ExchangeLog.Exchange], about: (ExchangeLog.Exchange, ShownExchange) -> JSON
    ) -> JSON {
        [
            "log": [
                "version": "1.2", "creator": ["name": "Lapse", "version": .string(version)],
                "entries": .array(
                    exchanges.map { exchange in
                        let shown = Masking.shown(exchange)
                        return entry(exchange, shown, about: about(exchange, shown))
                    }),
                "comment": "Passwords, secrets, tokens, codes and cookies are masked.",
            ]
        ]
    }

    private static func entry(_ exchange: ExchangeLog.Exchange, _ shown: ShownExchange, about: JSON) -> JSON {
        let (wait, receive) = (milliseconds(exchange.waited), milliseconds(exchange.sending ?? .zero))
        return [
            "startedDateTime": JSON(exchange.began.at), "time": .number(wait + receive),
            "request": request(exchange, shown), "response": response(exchange, shown.response), "cache": [:],
            "timings": ["send": 0, "wait": .number(wait), "receive": .number(receive)],
            "_lapse": about,
        ]
    }

    private static func request(_ exchange: ExchangeLog.Exchange, _ shown: ShownExchange) -> JSON {
        let message = shown.request
        return JSON.object([
            "method": .string(exchange.method), "url": .string(url(exchange.origin, shown.target)), "httpVersion": "HTTP/1.1",
            "cookies": .array(message.headers.filter { $0.name.lowercased() == "cookie" }.flatMap { cookies($0.value) }),
            "headers": pairs(message.headers), "queryString": pairs(shown.query), "postData": postData(message),
            "headersSize": -1, "bodySize": size(exchange.request.body),
        ])
    }

    private static func response(_ exchange: ExchangeLog.Exchange, _ message: ShownMessage) -> JSON {
        var text: String?
        var comment: String?
        switch message.body {
        case .none: break
        case .shown(let whole, _): (text, comment) = (String(whole.prefix(ExchangeLog.longestBody)), remark(whole))
        case .left(let what): comment = what
        }
        let size = size(exchange.response.body)
        return [
            "status": .integer(Int64(exchange.status)), "statusText": .string(exchange.reason), "httpVersion": "HTTP/1.1",
            "cookies": .array(message.headers.filter { $0.name.lowercased() == "set-cookie" }.map { setCookie($0.value) }),
            "headers": pairs(message.headers),
            "content": .object([
                "size": size, "mimeType": .string(message["content-type"] ?? ""), "text": text.map(JSON.string),
                "comment": comment.map(JSON.string),
            ]),
            "redirectURL": .string(message["location"] ?? ""), "headersSize": -1, "bodySize": size,
        ]
    }

    /// Nil for a request without a body. A form is told by its parameters, which in this format exclude a text.
    private static func postData(_ message: ShownMessage) -> JSON? {
        let type = JSON.string(message["content-type"] ?? "")
        switch message.body {
        case .none: return nil
        case .shown(let whole, let parameters?):
            var left = ExchangeLog.longestBody
            let shown = parameters.prefix { pair in
                left -= pair.name.utf8.count + pair.value.utf8.count + 2
                return left >= 0
            }
            let comment = shown.count < parameters.count ? remark(whole, isCut: true) : nil
            return .object(["mimeType": type, "params": pairs(Array(shown)), "comment": comment.map(JSON.string)])
        case .shown(let whole, nil):
            return .object([
                "mimeType": type, "text": .string(String(whole.prefix(ExchangeLog.longestBody))),
                "comment": remark(whole).map(JSON.string),
            ])
        case .left(let what): return ["mimeType": type, "text": "", "comment": .string(what)]
        }
    }

    private static func remark(_ whole: String) -> String? { remark(whole, isCut: whole.count > ExchangeLog.longestBody) }

    private static func remark(_ whole: String, isCut: Bool) -> String? {
        isCut ? "the beginning of \(whole.utf8.count) bytes" : nil
    }

    /// The address without its fragment.
    private static func url(_ origin: String, _ target: String) -> String {
        let target = String(target.prefix { $0 != "#" })
        if target.hasPrefix("/") { return origin + target }
        return target.contains("://") ? target : "\(origin)/\(target)"
    }

    private static func size(_ body: ExchangeLog.Body) -> JSON {
        switch body {
        case .none: 0
        case .kept(let body): .integer(Int64(body.count))
        case .left(let bytes): .integer(Int64(bytes ?? -1))
        }
    }

    private static func milliseconds(_ duration: Duration) -> Double { max(0, duration / .milliseconds(1)) }

    private static func pairs(_ pairs: [ShownPair]) -> JSON { .array(pairs.map(pair)) }

    private static func pair(_ pair: ShownPair) -> JSON { ["name": .string(pair.name), "value": .string(pair.value)] }

    /// Those of a `Cookie` header.
    private static func cookies(_ header: String) -> [JSON] { header.split(separator: ";").map { pair(cookie($0)) } }

    private static func cookie(_ text: Substring) -> ShownPair {
        let text = String(text.trimmingPrefix { $0 == " " })
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return ShownPair(name: "", value: text) }
        return ShownPair(name: String(text[..<equals]), value: String(text[text.utf8.index(after: equals)...]))
    }

    /// The cookie of a `Set-Cookie` header, with the attributes that Lapse gives and the format knows.
    private static func setCookie(_ header: String) -> JSON {
        let parts = header.split(separator: ";", omittingEmptySubsequences: false)
        let attributes = parts.dropFirst().map { cookie($0) }
        func has(_ name: String) -> JSON { .bool(attributes.contains { $0.name.isEmpty && $0.value.lowercased() == name }) }
        let path = attributes.first { $0.name.lowercased() == "path" }?.value
        let named = cookie(parts.first ?? "")
        return JSON.object([
            "name": .string(named.name), "value": .string(named.value), "path": path.map(JSON.string), "httpOnly": has("httponly"),
            "secure": has("secure"),
        ])
    }
}
