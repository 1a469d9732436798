/// A page of HTML as tags and words, in order.
///
/// It is read here, because the packages at hand have no parser of HTML, and a person without a screen needs only forms, links and words.
/// Nothing is refused: what is no tag is text, as the HTML standard has it.
struct Markup {
    enum Token: Equatable {
        case open(String, [String: String])
        case close(String)
        case text(String)
    }

    let tokens: [Token]

    /// What comes behind so many bytes is left out.
    private static let mostBytes = 1 << 20

    init(_ html: String) {
        var reader = Reader(bytes: Array(html.utf8.prefix(Self.mostBytes)))
        var tokens: [Token] = []
        while let token = reader.next() {
            tokens.append(token)
            // The content of these is no markup.
            if case .open(let name, _) = token, ["script", "style", "textarea", "title"].contains(name) {
                let text = reader.take(untilEndOf: name)
                if name == "textarea" || name == "title" { tokens.append(.text(Self.decoded(text))) }
                tokens.append(.close(name))
            }
        }
        self.tokens = tokens
    }

    /// The text with its character references replaced: the numeric ones, and the names that pages really use.
    static func decoded(_ text: String) -> String {
        guard text.contains("&") else { return text }
        return text.replacing(/&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,6});/) { match in
            let name = match.1
            guard name.hasPrefix("#") else { return names[String(name)] ?? String(match.0) }
            let isHex = name.dropFirst().first == "x" || name.dropFirst().first == "X"
            let number = isHex ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst())
            return number.flatMap(Unicode.Scalar.init).map { String(Character($0)) } ?? "\u{FFFD}"
        }
    }

    private static let names = [
        "lt": "<", "gt": ">", "quot": "\"", "amp": "&", "apos": "'", "nbsp": " ", "middot": "·", "hellip": "…", "ndash": "–",
        "mdash": "—", "copy": "©", "larr": "←", "rarr": "→", "laquo": "«", "raquo": "»",
    ]
}

extension Markup {
    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        mutating func next() -> Token? {
            while place < bytes.count {
                if bytes[place] == UInt8(ascii: "<"), place + 1 < bytes.count {
                    switch bytes[place + 1] {
                    case UInt8(ascii: "!"):
                        skip(isComment ? "-->" : ">")
                        continue
                    case UInt8(ascii: "?"):
                        skip(">")
                        continue
                    case UInt8(ascii: "/"):
                        place += 2
                        let name = word()
                        skip(">")
                        return .close(name)
                    case let byte where byte.isLetter:
                        place += 1
                        let name = word()
                        return .open(name, attributes())
                    default: break
                    }
                }
                let start = place
                repeat { place += 1 } while place < bytes.count && bytes[place] != UInt8(ascii: "<")
                return .text(Markup.decoded(string(start..<place)))
            }
            return nil
        }

        /// The text up to the end tag of this name, which is read too.
        mutating func take(untilEndOf name: String) -> String {
            let (start, end) = (place, Array("</\(name)".utf8))
            while place < bytes.count {
                if bytes[place...].prefix(end.count).elementsEqual(end, by: { $0.lowercased == $1 }) {
                    let text = string(start..<place)
                    skip(">")
                    return text
                }
                place += 1
            }
            return string(start..<place)
        }

        private var isComment: Bool { bytes[place...].starts(with: "<!--".utf8) }

        private mutating func skip(_ end: String) {
            let end = Array(end.utf8)
            while place < bytes.count {
                if bytes[place...].starts(with: end) {
                    place += end.count
                    return
                }
                place += 1
            }
        }

        private mutating func word() -> String {
            let start = place
            while place < bytes.count, !bytes[place].isSpace,
                ![UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "=")].contains(bytes[place])
            {
                place += 1
            }
            return string(start..<place).lowercased()
        }

        private mutating func attributes() -> [String: String] {
            var attributes: [String: String] = [:]
            while place < bytes.count {
                if bytes[place] == UInt8(ascii: ">") {
                    place += 1
                    break
                }
                let start = place
                let name = word()
                skipSpaces()
                var value = ""
                if place < bytes.count, bytes[place] == UInt8(ascii: "=") {
                    place += 1
                    skipSpaces()
                    value = self.value()
                }
                if !name.isEmpty, attributes[name] == nil { attributes[name] = value }
                // A slash or a lone sign is no name.
                if place == start { place += 1 }
            }
            return attributes
        }

        private mutating func value() -> String {
            guard place < bytes.count else { return "" }
            let quote = bytes[place]
            let isQuoted = quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
            if isQuoted { place += 1 }
            let start = place
            while place < bytes.count, isQuoted ? bytes[place] != quote : !bytes[place].isSpace && bytes[place] != UInt8(ascii: ">")
            {
                place += 1
            }
            let value = string(start..<place)
            if isQuoted, place < bytes.count { place += 1 }
            return Markup.decoded(value)
        }

        private mutating func skipSpaces() { while place < bytes.count, bytes[place].isSpace { place += 1 } }

        private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    }
}

extension UInt8 {
    fileprivate var isSpace: Bool { [0x20, 0x09, 0x0A, 0x0C, 0x0D].contains(self) }
    fileprivate var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowercased) }
    fileprivate var lowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}
