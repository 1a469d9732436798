import Foundation
import HTTPTypes
import LapseRules
import NIOCore

/// Shows an exchange without what only its owner may read: passwords, secrets, tokens, codes, cookies.
///
/// Addresses, headers, forms and JSON are taken apart into names and values, and a name decides whether its value is shown. A value that is
/// masked under its name is masked wherever else in the exchange it stands. A body that does not consist of names and values is not shown.
struct Masking {
    static let mask = "***"

    /// Shorter ones stand in too many texts by chance.
    private static let shortestFound = 6

    /// What was masked under its name.
    private var secrets: Set<String> = []
    /// The same, the longest first: filled before the texts are made.
    private var known: [String] = []

    static func shown(_ exchange: ExchangeLog.Exchange) -> ShownExchange {
        var masking = Masking()
        // Once to find the secrets, and once more without them.
        _ = masking.texts(of: exchange)
        masking.known = masking.secrets.filter { $0.count >= shortestFound }.sorted { $0.count > $1.count }
        return masking.texts(of: exchange)
    }

    /// A path without what only its owner may read.
    static func shown(path: String) -> String {
        var masking = Masking()
        return masking.address(path)
    }

    private mutating func texts(of exchange: ExchangeLog.Exchange) -> ShownExchange {
        let target = address(exchange.target)
        let query = exchange.target.prefix { $0 != "#" }.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            .dropFirst().first
        return ShownExchange(
            target: target, query: query.map { parameters(String($0)).map(\.pair) } ?? [],
            client: exchange.subject.client.map(client), request: message(exchange.request, isOfLapse: false),
            response: message(exchange.response, isOfLapse: true))
    }

    /// An app's id as a request named it, in lower case.
    private func client(_ id: ClientID) -> String {
        known.contains { id.description.contains($0.lowercased()) } ? Self.mask : value(id.description)
    }

    private mutating func message(_ message: ExchangeLog.Message, isOfLapse: Bool) -> ShownMessage {
        var headers: [ShownPair] = []
        for field in message.headers { headers.append(ShownPair(name: field.name.rawName, value: header(field))) }
        return ShownMessage(headers: headers, body: body(of: message, isOfLapse: isOfLapse))
    }

    // MARK: Names

    /// Those whose value is a secret, in lower case and without what joins words.
    private static let names: Set<String> = ["code", "otc", "pin", "usercode", "devicecode", "session", "idtokenhint"]
    /// The last words of such names: `client_secret`, `newPassword`, `X-Auth-Token`.
    private static let endings = [
        "password", "passwd", "pwd", "passphrase", "secret", "secrettext", "token", "assertion", "apikey", "verifier", "cookie",
        "credential",
    ]

    static func isSecret(_ name: some StringProtocol) -> Bool {
        // Letters and digits: `user[password]`, too.
        let letters = name.utf8.filter { byte in
            switch byte {
            case 48...57, 65...90, 97...122: true
            default: false
            }
        }
        let plain = String(decoding: letters, as: UTF8.self).lowercased()
        return names.contains(plain) || endings.contains { plain.hasSuffix($0) }
    }

    // MARK: Where they stand

    private mutating func masked(_ secret: String) -> String {
        secrets.insert(secret)
        return Self.mask
    }

    /// An address, or the path and query of one.
    private mutating func address(_ text: String) -> String {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let head = parts[0].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return value(String(head[0])) + (head.count > 1 ? "?" + form(String(head[1])) : "")
            + (parts.count > 1 ? "#" + form(String(parts[1])) : "")
    }

    /// A parameter as it is shown: as text where it stood, and what that says.
    private struct Parameter {
        let text: String
        let pair: ShownPair
    }

    private mutating func form(_ text: String) -> String { parameters(text).map(\.text).joined(separator: "&") }

    /// Parameters: a value reaches to the next `&`, whatever is in it.
    private mutating func parameters(_ text: String) -> [Parameter] {
        var parameters: [Parameter] = []
        // By bytes, as forms are read: a mark that combines with a sign makes another character of it.
        for pair in text.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            parameters.append(parameter(Substring(pair)))
        }
        return parameters
    }

    private mutating func parameter(_ pair: Substring) -> Parameter {
        let equals = pair.utf8.firstIndex(of: UInt8(ascii: "="))
        let name = Self.decoded(pair[..<(equals ?? pair.endIndex)])
        let given = equals.map { pair[pair.utf8.index(after: $0)...] }
        // What cannot be decoded has no name that could be known.
        guard let name, value(name) == name, let content = given.map(Self.decoded) ?? "" else {
            return Parameter(text: Self.mask, pair: ShownPair(name: Self.mask, value: ""))
        }
        guard let given, let equals else { return Parameter(text: String(pair), pair: ShownPair(name: name, value: "")) }
        func shown(_ value: String, as text: String? = nil) -> Parameter {
            Parameter(text: pair[..<pair.utf8.index(after: equals)] + (text ?? value), pair: ShownPair(name: name, value: value))
        }
        if Self.isSecret(name) { return shown(given.isEmpty ? "" : masked(content)) }
        if content.hasPrefix("{") {
            // `claims`: what a token is asked to have is told under the token's name.
            guard let json = JSON(parsing: Array(content.utf8)) else { return shown(Self.mask) }
            return shown(self.json(json, isClaims: true).encodedText)
        }
        let value = value(content)
        return shown(value, as: value == content ? String(given) : nil)
    }

    private static func decoded(_ text: Substring) -> String? { FormParameters.decodePath(String(text).replacing("+", with: " ")) }

    private mutating func header(_ field: HTTPField) -> String {
        switch field.name {
        case .authorization, .proxyAuthorization:
            // Whoever forgets the scheme writes a secret in its place.
            guard let header = AuthorizationHeader(field.value), ["bearer", "basic"].contains(header.scheme.lowercased()) else {
                return masked(field.value)
            }
            if let pair = Data(base64Encoded: String(header.credentials)).map({ String(decoding: $0, as: UTF8.self) }),
                let colon = pair.utf8.firstIndex(of: UInt8(ascii: ":"))
            {
                secrets.insert(String(pair[pair.utf8.index(after: colon)...]))
            }
            return "\(header.scheme) \(masked(String(header.credentials)))"
        case .cookie:
            var cookies: [String] = []
            for part in field.value.utf8.split(separator: UInt8(ascii: ";")) { cookies.append(cookie(Substring(part))) }
            return cookies.joined(separator: ";")
        case .setCookie:
            let parts = field.value.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
            return cookie(parts[0]) + (parts.count > 1 ? ";" + parts[1] : "")
        case .location, .contentLocation, .referer: return address(field.value)
        default:
            let name = field.name.canonicalName
            return Self.isSecret(name) || name.hasSuffix("authorization") || name.hasSuffix("key")
                ? masked(field.value) : value(field.value)
        }
    }

    private mutating func cookie(_ text: Substring) -> String {
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return masked(String(text)) }
        let start = text.utf8.index(after: equals)
        return text[..<start] + masked(String(text[start...]))
    }

    private mutating func body(of message: ExchangeLog.Message, isOfLapse: Bool) -> ShownBody {
        switch message.body {
        case .none: return .none
        case .left(let bytes): return Self.untold(bytes, message.headers)
        case .kept(let bytes):
            // Masked before it is cut: half a secret is no secret that anything knows.
            switch BodyType(message.headers) {
            case .form:
                let parameters = parameters(String(decoding: bytes, as: UTF8.self))
                return .shown(parameters.map(\.text).joined(separator: "&"), parameters: parameters.map(\.pair))
            case .json:
                guard let value = JSON(parsing: bytes) else { break }
                return .shown(json(value, isOfLapse: isOfLapse).encodedText, parameters: nil)
            case nil: break
            }
            return Self.untold(bytes.count, message.headers)
        }
    }

    private static func untold(_ bytes: Int?, _ headers: HTTPFields) -> ShownBody {
        let type = BodyType.media(headers).flatMap { type in
            type.utf8.count <= 64 && type.utf8.allSatisfy { $0 > 0x2A && $0 < 0x7F && $0 != 0x3D } ? type : nil
        }
        return .left("\(bytes.map { "\($0) bytes" } ?? "a body")" + (type.map { " of \($0)" } ?? "") + ", not shown")
    }

    /// - Parameters:
    ///   - isOfLapse: Lapse writes no authorization code under the name that the codes of errors have.
    ///   - isClaims: `access_token` and `id_token` may have members, which are no secrets.
    private mutating func json(_ json: JSON, isOfLapse: Bool = false, isClaims: Bool = false, in parent: String = "") -> JSON {
        switch json {
        case .null, .bool, .integer, .number: return json
        case .string(let text): return .string(value(text))
        case .array(let elements):
            var shown: [JSON] = []
            for element in elements { shown.append(self.json(element, isOfLapse: isOfLapse, isClaims: isClaims, in: parent)) }
            return .array(shown)
        case .object(let members):
            var shown: [JSON.Member] = []
            for member in members {
                let isErrorCode = isOfLapse && member.name == "code" && parent == "error"
                let isClaimed = isClaims && ["access_token", "id_token"].contains(member.name)
                let isSecret = Self.isSecret(member.name) && !isErrorCode
                let content: JSON
                switch member.value {
                case .null, .bool: content = member.value
                case .string(let text) where isSecret: content = .string(masked(text))
                case .object where isClaimed: content = self.json(member.value, isClaims: true, in: member.name)
                case _ where isSecret: content = .string(Self.mask)
                default: content = self.json(member.value, isOfLapse: isOfLapse, isClaims: isClaims, in: member.name)
                }
                // A name is text of whoever wrote it.
                shown.append(.init(name: value(member.name), value: content))
            }
            return .object(shown)
        }
    }

    // MARK: Values

    /// A value whose name is none of a secret's, without the secrets in it.
    private func value(_ text: String) -> String {
        var text = text
        for secret in known where text.contains(secret) { text = text.replacing(secret, with: Self.mask) }
        return Self.withoutTokens(Self.cut(text))
    }

    /// The text up to the first value that stands in it under the name of a secret, as in an address within an address.
    private static func cut(_ text: String) -> String {
        if let end = endOfName(in: text) { return text[..<end] + mask }
        // Encoded once more, or twice: then nothing of it is shown.
        var inner = text
        for _ in 0..<3 where inner.utf8.contains(UInt8(ascii: "%")) {
            guard let decoded = FormParameters.decodePath(inner), decoded != inner else { break }
            inner = decoded
            if endOfName(in: inner) != nil { return mask }
        }
        return text
    }

    /// Behind the `=` or `:` that follows the name of a secret.
    private static func endOfName(in text: String) -> String.Index? {
        let utf8 = text.utf8
        var index = utf8.startIndex
        while let mark = utf8[index...].firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) {
            let before = utf8[..<mark].reversed().drop { $0 == 0x20 || $0 == 0x22 || $0 == 0x27 || $0 == 0x5C }.prefix(64)
            let name = String(decoding: before.prefix { isLetterOfName($0) }.reversed(), as: UTF8.self)
            // Graph's texts say "code: …" of what is no secret.
            if isSecret(name), utf8[mark] == UInt8(ascii: "=") || name.lowercased() != "code" { return utf8.index(after: mark) }
            index = utf8.index(after: mark)
        }
        return nil
    }

    private static func isLetterOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, 45, 46, 95: true
        default: false
        }
    }

    /// Without what looks like a token, whatever its name: a JWT, a code or a refresh token.
    private static func withoutTokens(_ text: String) -> String {
        guard text.utf8.count >= 13 else { return text }
        var shown = ""
        for word in text.split(omittingEmptySubsequences: false, whereSeparator: { !$0.utf8.allSatisfy(isLetterOfName) }) {
            if word.startIndex > text.startIndex { shown.append(text[text.index(before: word.startIndex)]) }
            let start = ["eyJ", "1.A"].compactMap { sign in
                word.firstRange(of: sign).flatMap { word[$0.lowerBound...].utf8.count >= 13 ? $0 : nil }
            }.min { $0.lowerBound < $1.lowerBound }
            shown += start.map { word[..<$0.upperBound] + mask } ?? word
        }
        return shown
    }
}

/// An exchange as anybody may read it.
struct ShownExchange: Sendable {
    /// Path and query.
    let target: String
    /// The query's parameters, decoded.
    let query: [ShownPair]
    let client: String?
    let request: ShownMessage
    let response: ShownMessage
}

/// A name and its value: of a header, a parameter, a cookie.
struct ShownPair: Sendable {
    let name: String
    let value: String
}

struct ShownMessage: Sendable {
    let headers: [ShownPair]
    let body: ShownBody

    /// Headers, an empty line, the body.
    var text: String {
        let head = headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        return switch body {
        case .none: head
        case .shown(let text, _): head + "\n\n" + text.prefix(ExchangeLog.longestBody)
        case .left(let what): head + "\n\n(\(what))"
        }
    }

    /// The value of the first header of that name, in whatever case.
    subscript(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}

enum ShownBody: Sendable {
    case none
    /// The whole text.
    ///
    /// - Parameter parameters: decoded; nil: it is no form.
    case shown(String, parameters: [ShownPair]?)
    /// What it is instead.
    case left(String)
}
