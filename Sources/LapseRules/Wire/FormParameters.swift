/// The parameters of a query or of an `application/x-www-form-urlencoded` body, each at most once.
package struct FormParameters: Equatable, Sendable {
    private var values: [String: String]

    package static let empty = FormParameters(values: [:])

    private init(values: [String: String]) { self.values = values }

    /// Decodes the bytes strictly.
    ///
    /// - Throws: `EntraError` for broken percent-encoding, for text that is not UTF-8, and for a name that comes twice.
    package init(_ bytes: [UInt8]) throws(EntraError) {
        values = [:]
        var rest = bytes[...]
        while !rest.isEmpty {
            let pair = rest.prefix { $0 != UInt8(ascii: "&") }
            rest = rest[pair.endIndex...].dropFirst()
            guard !pair.isEmpty else { continue }
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let text = try Self.decode(name)
            let value = try Self.decode(pair[name.endIndex...].dropFirst())
            guard values.updateValue(value, forKey: text) == nil else {
                throw AADSTS.duplicateParameter.error(["parameter": text])
            }
        }
    }

    /// The value of that name; an empty one counts as missing, as at Entra.
    package subscript(name: String) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    package func required(_ name: String) throws(EntraError) -> String {
        guard let value = self[name] else { throw .missing(name) }
        return value
    }

    package var names: [String] { values.keys.sorted() }

    /// These parameters and the others; a name that stands in both is refused.
    package func merging(_ others: FormParameters) throws(EntraError) -> FormParameters {
        var merged = self
        for (name, value) in others.values where merged.values.updateValue(value, forKey: name) != nil {
            throw AADSTS.duplicateParameter.error(["parameter": name])
        }
        return merged
    }

    /// These parameters with another value under the name, whatever its case.
    package func adding(_ name: String, _ value: String) -> FormParameters {
        var changed = FormParameters(values: values.filter { $0.key.lowercased() != name.lowercased() })
        changed.values[name] = value
        return changed
    }

    /// The parameters without those of these names.
    func without(_ omitted: Set<String>) -> FormParameters { FormParameters(values: values.filter { !omitted.contains($0.key) }) }

    /// The parameters under other names; of two that get the same name the first counts, by their own.
    func renamed(_ name: (String) -> String) -> FormParameters {
        FormParameters(values: Dictionary(names.map { (name($0), values[$0] ?? "") }, uniquingKeysWith: { first, _ in first }))
    }

    /// The parameters without those of these names, encoded for a query.
    package func encoded(without omitted: Set<String> = []) -> String {
        values.filter { !omitted.contains($0.key) }.sorted { $0.key < $1.key }
            .map { "\(Self.encode($0.key))=\(Self.encode($0.value))" }.joined(separator: "&")
    }

    /// Percent-encodes all but the unreserved characters (RFC 3986 section 2.3).
    package static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default: encoded += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return encoded
    }

    /// Decodes a segment of a path, where a plus is a plus; nil when it is broken.
    package static func decodePath(_ segment: String) -> String? {
        // A segment without escapes is returned as it is: most are.
        guard segment.utf8.contains(UInt8(ascii: "%")) else { return segment }
        return try? decode(Array(segment.replacing("+", with: "%2B").utf8)[...])
    }

    /// Decodes `%41` and `+`. Throws for a broken escape and for bytes that are no UTF-8.
    static func decode(_ bytes: ArraySlice<UInt8>) throws(EntraError) -> String {
        // Most of what comes, tokens above all, stands for itself.
        if bytes.allSatisfy(standsForItself) { return String(decoding: bytes, as: UTF8.self) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(Hex.value(of:)), let low = iterator.next().flatMap(Hex.value(of:)) else {
                    throw .unreadable
                }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        return try text(decoded)
    }

    /// Whether the byte is of ASCII, not nothing, and no escape.
    private static func standsForItself(_ byte: UInt8) -> Bool {
        byte < 0x80 && byte != 0 && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "+")
    }

    private static func text(_ bytes: some Collection<UInt8>) throws(EntraError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else { throw .unreadable }
        return text
    }
}
