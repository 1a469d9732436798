internal import LapseRules

/// A JSON value: what the verbs answer beyond what has a name of its own, and what they take where the control API takes an object.
///
/// A member or element that is not there is null, so that `answer["verdicts"][0]["code"].int` needs no unwrapping on the way.
public struct LapseJSON: Sendable {
    let value: JSON

    init(_ value: JSON) { self.value = value }

    public init(_ text: String) { value = .string(text) }
    public init(_ number: Int) { value = .integer(Int64(number)) }
    public init(_ number: Double) { value = .number(number) }
    public init(_ flag: Bool) { value = .bool(flag) }
    public init(_ elements: [LapseJSON]) { value = .array(elements.map(\.value)) }

    /// An object with these members, in the order of their names.
    public init(_ members: [String: LapseJSON]) {
        value = .object(members.sorted { $0.key < $1.key }.map { JSON.Member(name: $0.key, value: $0.value.value) })
    }

    /// Reads JSON text; nil when it is none.
    public init?(parsing text: String) {
        guard let value = JSON(parsing: Array(text.utf8)) else { return nil }
        self.value = value
    }

    /// The member of that name; null when this is no object or has none.
    public subscript(name: String) -> LapseJSON { LapseJSON(value[name] ?? .null) }

    /// The element at that index; null when this is no list or is shorter.
    public subscript(index: Int) -> LapseJSON {
        guard case .array(let elements) = value, elements.indices.contains(index) else { return nil }
        return LapseJSON(elements[index])
    }

    /// The text; nil when this is none.
    public var string: String? { value.text }

    /// The whole number; nil when this is none.
    public var int: Int? {
        if case .integer(let number) = value.normalized { Int(exactly: number) } else { nil }
    }

    /// The number; nil when this is none.
    public var double: Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    /// True or false; nil when this is neither.
    public var bool: Bool? { if case .bool(let flag) = value { flag } else { nil } }

    /// The elements of a list; none when this is no list.
    public var items: [LapseJSON] { if case .array(let elements) = value { elements.map(LapseJSON.init) } else { [] } }

    /// The members of an object by their names; none when this is no object.
    public var members: [String: LapseJSON] {
        guard case .object(let members) = value else { return [:] }
        return Dictionary(members.map { ($0.name, LapseJSON($0.value)) }) { $1 }
    }

    public var isNull: Bool { value == .null }
}

extension LapseJSON: Equatable {
    /// Whether both say the same: the order of members does not count, nor does how a number is written.
    public static func == (lhs: LapseJSON, rhs: LapseJSON) -> Bool { lhs.value.normalized == rhs.value.normalized }
}

extension LapseJSON: CustomStringConvertible {
    /// The value as JSON in one line, members in their order.
    public var description: String { value.encodedText }
}

extension LapseJSON: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self.value = .string(value) }
    public init(integerLiteral value: Int64) { self.value = .integer(value) }
    public init(floatLiteral value: Double) { self.value = .number(value) }
    public init(booleanLiteral value: Bool) { self.value = .bool(value) }
    public init(nilLiteral: ()) { value = .null }
    public init(arrayLiteral elements: LapseJSON...) { value = .array(elements.map(\.value)) }
    public init(dictionaryLiteral elements: (String, LapseJSON)...) {
        value = .object(elements.map { JSON.Member(name: $0, value: $1.value) })
    }
}
