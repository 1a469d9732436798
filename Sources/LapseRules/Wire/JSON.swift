import Foundation

/// A JSON value that keeps the order of its members: answers look on the wire as Entra's do.
package enum JSON: Equatable, Sendable {
    package struct Member: Equatable, Sendable {
        package let name: String
        package let value: JSON

        package init(name: String, value: JSON) {
            self.name = name
            self.value = value
        }
    }

    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([Member])

    package init(_ text: String?) { self = text.map(JSON.string) ?? .null }
    package init(_ instant: Timestamp?) { self = .init(instant?.description) }
    package init(_ texts: [String]) { self = .array(texts.map(JSON.string)) }

    /// The member of that name; nil when this is no object or has none.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// An object of the given members without those whose value is nil.
    package static func object(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
    }

    /// This object with further members at its end.
    package func adding(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        followed(by: JSON.object(members))
    }

    /// The object with these members in place of its own of the same name, the others behind its own; itself when it is none.
    package func replacing(_ members: [Member]) -> JSON {
        guard case .object(let own) = self else { return self }
        let kept = own.map { member in members.last { $0.name == member.name } ?? member }
        return .object(kept + members.filter { member in !own.contains { $0.name == member.name } })
    }

    /// The object with the other object's members behind its own; itself when one of them is none.
    package func followed(by other: JSON) -> JSON {
        guard case .object(let own) = self, case .object(let further) = other else { return self }
        return .object(own + further)
    }
}

extension JSON {
    /// The same value however it was written: members in the order of their names, whole numbers without a fraction.
    package var normalized: JSON {
        switch self {
        case .object(let members):
            .object(members.map { Member(name: $0.name, value: $0.value.normalized) }.sorted { $0.name < $1.name })
        case .array(let elements): .array(elements.map(\.normalized))
        case .number(let number): Int64(exactly: number).map(JSON.integer) ?? self
        default: self
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member(name: $0, value: $1) })
    }
}

extension JSON {
    /// The value as compact UTF-8, members in their order.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        // Enough for a token answer: to grow is to copy.
        bytes.reserveCapacity(4096)
        write(to: &bytes)
        return bytes
    }

    package var encodedText: String { String(decoding: encoded, as: UTF8.self) }

    fileprivate func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let value): bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
        case .string(let text): Self.write(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    fileprivate static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            guard needsEscapes(utf8) else { return bytes.append(contentsOf: utf8) }
            var start = 0
            for (index, byte) in utf8.enumerated() where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
                bytes.append(contentsOf: escaped(byte).utf8)
                start = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Whether the text has to be written byte by byte. Few have to: the others are copied whole.
    private static func needsEscapes(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        // No branch and no early end: so the compiler looks at many bytes at once, and tokens are long.
        var found: UInt8 = 0
        for byte in utf8 {
            found |= (byte < 0x20 ? 1 : 0) | (byte == UInt8(ascii: "\"") ? 1 : 0) | (byte == UInt8(ascii: "\\") ? 1 : 0)
        }
        return found != 0
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\""): "\\\""
        case UInt8(ascii: "\\"): "\\\\"
        case 0x0A: "\\n"
        case 0x0D: "\\r"
        case 0x09: "\\t"
        default: "\\u00\(Hex.encode([byte]))"
        }
    }
}

/// Writes an object member by member, without building it first: for tokens, of which every redeem needs two.
struct JSONWriter {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]

    init() { bytes.reserveCapacity(2048) }

    /// A nil value is left out. Names are of the kind that needs no escapes.
    mutating func add(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        begin(name)
        JSON.write(text, to: &bytes)
    }

    mutating func add(_ name: StaticString, _ number: Int64?) {
        guard let number else { return }
        begin(name)
        bytes.append(contentsOf: String(number).utf8)
    }

    mutating func add(_ name: StaticString, _ texts: [String]?) {
        guard let texts else { return }
        begin(name)
        JSON(texts).write(to: &bytes)
    }

    mutating func add(_ name: StaticString, _ value: JSON?) {
        guard let value else { return }
        begin(name)
        value.write(to: &bytes)
    }

    /// The object as compact UTF-8.
    consuming func finished() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func begin(_ name: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }
}

extension JSON: Decodable {
    /// Reads any JSON or YAML value. The order of members is the decoder's: decoded values are read by name.
    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Name.self) {
            self = .object(
                try container.allKeys.sorted { $0.stringValue < $1.stringValue }.map {
                    Member(name: $0.stringValue, value: try container.decode(JSON.self, forKey: $0))
                })
            return
        }
        if var container = try? decoder.unkeyedContainer() {
            var elements: [JSON] = []
            while !container.isAtEnd { elements.append(try container.decode(JSON.self)) }
            self = .array(elements)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    /// Reads JSON text; nil when it is none.
    package init?(parsing bytes: [UInt8]) {
        guard let value = try? JSONDecoder().decode(JSON.self, from: Data(bytes)) else { return nil }
        self = value
    }
}

/// What is wrong with a value that a person or a script gave, and where: what settings, seed files and the control API say.
package struct FieldError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path of the field, such as `users[0].home.tenant`; empty for the whole.
    package let field: String
    package let message: String

    package init(_ field: String, _ message: String) {
        self.field = field
        self.message = message
    }

    package var description: String { field.isEmpty ? message : "\(field): \(message)" }
}

/// Reads the members of an object one by one, with the field's path in every complaint, and refuses what nobody asked for.
package struct ObjectReader {
    package let path: String
    private var members: [String: JSON]

    package init(_ value: JSON, path: String = "") throws(FieldError) {
        guard case .object(let members) = value else { throw FieldError(path, "must be an object") }
        self.path = path
        self.members = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    package func field(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    package func has(_ name: String) -> Bool { members[name] != nil }

    func isObject(_ name: String) -> Bool { if case .object? = members[name] { true } else { false } }

    /// The member as it is, nil when it is missing or null.
    package mutating func value(_ name: String) -> JSON? {
        guard let value = members.removeValue(forKey: name), value != .null else { return nil }
        return value
    }

    /// The member as it is, null when it is missing or null: for those where null says something.
    mutating func member(_ name: String) -> JSON { members.removeValue(forKey: name) ?? .null }

    package mutating func string(_ name: String, longest: Int = 2048) throws(FieldError) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { throw FieldError(field(name), "must be a text (in quotes)") }
        guard text.utf8.count <= longest else { throw FieldError(field(name), "must be at most \(longest) bytes long") }
        return text
    }

    package mutating func required(_ name: String) throws(FieldError) -> String {
        guard let text = try string(name), !text.isEmpty else { throw FieldError(field(name), "is required") }
        return text
    }

    package mutating func bool(_ name: String) throws(FieldError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let flag) = value else { throw FieldError(field(name), "must be true or false") }
        return flag
    }

    package mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(FieldError) -> Int64? {
        guard let value = value(name) else { return nil }
        guard case .integer(let number) = value, range.contains(number) else {
            throw FieldError(field(name), "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    package mutating func guid(_ name: String) throws(FieldError) -> GUID? {
        guard let text = try string(name) else { return nil }
        guard let guid = GUID(text) else { throw FieldError(field(name), "must be a GUID") }
        return guid
    }

    package mutating func instant(_ name: String) throws(FieldError) -> Timestamp? {
        guard let text = try string(name) else { return nil }
        guard let instant = Timestamp(text) else {
            throw FieldError(field(name), "must be an RFC 3339 instant such as 2026-01-01T00:00:00.0000000Z")
        }
        return instant
    }

    package mutating func duration(_ name: String) throws(FieldError) -> Duration? {
        guard let text = try string(name) else { return nil }
        guard let duration = Duration(written: text) else {
            throw FieldError(field(name), "must be \(Duration.writtenForms), not negative, without years and months")
        }
        return duration
    }

    package mutating func strings(_ name: String) throws(FieldError) -> [String]? {
        guard let elements = try array(name) else { return nil }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let text) = element, !text.isEmpty, text.utf8.count <= 2048 else {
                throw FieldError(field(name) + "[\(index)]", "must be a text that is not empty")
            }
            texts.append(text)
        }
        return texts
    }

    package mutating func array(_ name: String) throws(FieldError) -> [JSON]? {
        guard let value = value(name) else { return nil }
        guard case .array(let elements) = value else { throw FieldError(field(name), "must be a list") }
        return elements
    }

    package mutating func object(_ name: String) throws(FieldError) -> ObjectReader? {
        guard let value = value(name) else { return nil }
        return try ObjectReader(value, path: field(name))
    }

    package mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, of type: Choice.Type
    ) throws(FieldError) -> Choice? where Choice.RawValue == String {
        guard let text = try string(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw FieldError(field(name), "must be one of: \(type.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    /// A list of texts, each one of the type's; as often as it is named.
    package mutating func choices<Choice: RawRepresentable & CaseIterable>(
        _ name: String, of type: Choice.Type
    ) throws(FieldError) -> [Choice]? where Choice.RawValue == String {
        guard let texts = try strings(name) else { return nil }
        var choices: [Choice] = []
        for (index, text) in texts.enumerated() {
            guard let choice = Choice(rawValue: text) else {
                let known = type.allCases.map(\.rawValue).joined(separator: ", ")
                throw FieldError(field(name) + "[\(index)]", "must be one of: \(known)")
            }
            choices.append(choice)
        }
        return choices
    }

    /// Refuses members that nobody read.
    package func finish() throws(FieldError) {
        if let unknown = members.keys.min() { throw FieldError(field(unknown), "is not known") }
    }
}
