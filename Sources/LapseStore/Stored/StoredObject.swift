import LapseRules

// What the store keeps as JSON has a form of its own in this folder, apart from the control API's: a member that is renamed there
// changes nothing here. `StoredFormTests` pins the form to the schema's version.

/// Reads the members of an object that the store wrote.
///
/// A member that is always written must be there, and one that is never written must not: a schema that writes one more or one
/// less has a step in `Migrations` that changes what is stored. Anything else throws a `FieldError`: the database is damaged.
struct StoredObject {
    private let name: String
    private var members: [String: JSON]

    /// - Parameter name: for what is thrown.
    init(_ value: JSON, _ name: String) throws {
        guard case .object(let members) = value else { throw FieldError(name, "holds what is no object") }
        self.name = name
        self.members = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// - Parameter read: nil for what Lapse does not write.
    mutating func optional<Value>(_ member: String, _ read: (JSON) throws -> Value?) throws -> Value? {
        guard let stored = members.removeValue(forKey: member) else { return nil }
        guard let value = try read(stored) else { throw damaged(member) }
        return value
    }

    mutating func required<Value>(_ member: String, _ read: (JSON) throws -> Value?) throws -> Value {
        guard let value = try optional(member, read) else { throw damaged(member) }
        return value
    }

    /// Refuses members that nobody read.
    func finish() throws {
        if let unknown = members.keys.min() { throw damaged(unknown) }
    }

    private func damaged(_ member: String) -> FieldError { FieldError("\(name).\(member)", "is not as Lapse writes it") }
}

extension JSON {
    var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    var wholeNumber: Int64? { if case .integer(let number) = self { number } else { nil } }
    var guid: GUID? { text.flatMap { GUID($0) } }
    var duration: Duration? { text.flatMap { Duration(iso8601: $0) } }
    var code: AADSTS? { wholeNumber.flatMap { AADSTS(rawValue: Int($0)) } }

    func word<Word: RawRepresentable>() -> Word? where Word.RawValue == String { text.flatMap { Word(rawValue: $0) } }

    /// The elements of a list; nil when one of them is nil.
    func list<Element>(_ read: (JSON) throws -> Element?) rethrows -> [Element]? {
        guard case .array(let elements) = self else { return nil }
        let values = try elements.compactMap(read)
        return values.count == elements.count ? values : nil
    }
}
