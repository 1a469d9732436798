import LapseRules

extension YAML {
    /// The value as YAML that reads back as the same: what is short stands on one line.
    ///
    /// - Parameter comment: lines above it.
    /// - Returns: the text, which ends in a line break.
    package static func text(_ value: JSON, under comment: [String] = []) -> String {
        var lines = comment.map { $0.isEmpty ? "#" : "# \($0)" }
        switch value {
        case .object(let members) where !members.isEmpty: write(members, indent: "", to: &lines)
        case .array(let elements) where !elements.isEmpty: write(elements, indent: "", to: &lines)
        default: lines.append(flow(value) ?? scalar(value))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let longestFlow = 100

    private static func write(_ members: [JSON.Member], indent: String, to lines: inout [String]) {
        for member in members {
            let name = scalar(.string(member.name), isInFlow: true)
            if let short = flow(member.value), indent.count + name.count + short.count <= longestFlow {
                lines.append("\(indent)\(name): \(short)")
                continue
            }
            lines.append("\(indent)\(name):")
            switch member.value {
            case .object(let inner): write(inner, indent: indent + "  ", to: &lines)
            case .array(let inner): write(inner, indent: indent + "  ", to: &lines)
            default: lines[lines.count - 1] += " " + scalar(member.value)
            }
        }
    }

    private static func write(_ elements: [JSON], indent: String, to lines: inout [String]) {
        for element in elements {
            if let short = flow(element), indent.count + short.count <= longestFlow {
                lines.append("\(indent)- \(short)")
                continue
            }
            let first = lines.count
            switch element {
            case .object(let inner): write(inner, indent: indent + "  ", to: &lines)
            case .array(let inner): write(inner, indent: indent + "  ", to: &lines)
            default: lines.append("\(indent)  \(scalar(element))")
            }
            lines[first].replaceSubrange(
                lines[first].index(
                    lines[first].startIndex, offsetBy: indent.count)...lines[first].index(
                        lines[first].startIndex, offsetBy: indent.count + 1), with: "- ")
        }
    }

    /// The value on one line: a scalar, or a list or object of scalars and of lists of scalars; nil for what is deeper.
    private static func flow(_ value: JSON, levels: Int = 2) -> String? {
        switch value {
        case .array(let elements):
            guard levels > 0 else { return nil }
            let parts = elements.map { flow($0, levels: levels - 1, isInFlow: true) }
            return parts.contains(nil) ? nil : "[\(parts.compactMap(\.self).joined(separator: ", "))]"
        case .object(let members):
            guard levels > 0 else { return nil }
            let parts = members.map { member in
                flow(member.value, levels: levels - 1, isInFlow: true).map {
                    "\(scalar(.string(member.name), isInFlow: true)): \($0)"
                }
            }
            return parts.contains(nil) ? nil : "{\(parts.compactMap(\.self).joined(separator: ", "))}"
        default: return scalar(value)
        }
    }

    private static func flow(_ value: JSON, levels: Int, isInFlow: Bool) -> String? {
        switch value {
        case .array, .object: flow(value, levels: levels)
        default: scalar(value, isInFlow: isInFlow)
        }
    }

    private static func scalar(_ value: JSON, isInFlow: Bool = false) -> String {
        guard case .string(let text) = value else { return value.encodedText }
        return isPlain(text, isInFlow: isInFlow) ? text : quoted(text)
    }

    /// Words that YAML 1.1 or 1.2 reads as something else than text.
    private static let words: Set = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"]

    /// Whether the text says itself without quotes, to any reader: a GUID, or words, names, addresses.
    private static func isPlain(_ text: String, isInFlow: Bool) -> Bool {
        if GUID(text) != nil { return true }
        let bytes = Array(text.utf8)
        func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }
        guard let first = bytes.first, let last = bytes.last, isLetter(first), last != UInt8(ascii: " "), last != UInt8(ascii: ":"),
            !words.contains(text.lowercased())
        else { return false }
        return bytes.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: ":"): !isInFlow && bytes[index + 1] != UInt8(ascii: " ")
            case UInt8(ascii: " "): !isInFlow || bytes.count < 60
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "+"):
                true
            default: isLetter(byte) || (48...57).contains(byte)
            }
        }
    }

    private static func quoted(_ text: String) -> String {
        let inner = text.unicodeScalars.map { scalar in
            switch scalar.value {
            case 0x22: "\\\""
            case 0x5C: "\\\\"
            case 0x0A: "\\n"
            case 0x0D: "\\r"
            case 0x09: "\\t"
            // What YAML does not take as it is, or takes for the end of a line.
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
                "\\u" + Hex.encode([UInt8(scalar.value >> 8), UInt8(scalar.value & 0xFF)])
            default: String(scalar)
            }
        }
        return "\"\(inner.joined())\""
    }
}
