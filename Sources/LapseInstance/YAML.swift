import CYaml
import LapseRules
import Yams

/// What a file says in YAML or JSON: seeds, `lapse.yaml`, faults, expectations, scenarios.
///
/// An alias stands for all of what it names, so that a page of YAML can say more than a machine holds, and a decoder goes down a
/// level for each level of the text. Both are counted in the parser's events, before a value is made.
package enum YAML {
    /// Why a text is not read, in one line.
    struct Bounds: Error, CustomStringConvertible {
        let description: String
    }

    /// What aliases may add in all: many times what a lab needs, and read in less than a second.
    static let mostFromAliases = 100_000
    /// As deep as values may lie in each other.
    static let mostLevels = 200
    /// So many bytes of text weigh as much as a further value.
    private static let bytesOfAValue = 32

    /// - Returns: null for a text without a value, such as one of comments alone.
    package static func read(_ text: String) throws -> JSON {
        guard try hasValue(text) else { return .null }
        return try YAMLDecoder().decode(JSON.self, from: text)
    }

    /// How much a value weighs, and how many levels are in it.
    private struct Extent {
        var weight = 1
        var levels = 1

        mutating func add(_ inner: Extent) {
            weight += inner.weight
            levels = max(levels, inner.levels + 1)
        }
    }

    /// Goes through the text once. One that is no YAML passes at its mistake: the decoder says more about it.
    ///
    /// - Throws: ``Bounds``.
    private static func hasValue(_ text: String) throws -> Bool {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { return true }
        defer { yaml_parser_delete(&parser) }
        var text = text
        return try text.withUTF8 { bytes in
            yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            return try hasValue(&parser)
        }
    }

    private static func hasValue(_ parser: inout yaml_parser_t) throws -> Bool {
        var anchors: [String: Extent] = [:]
        var open: [(anchor: String?, extent: Extent)] = []
        var fromAliases = 0
        var hasValue = false

        func take(_ extent: Extent, anchor: String?) throws {
            hasValue = true
            if let anchor { anchors[anchor] = extent }
            guard !open.isEmpty else { return }
            open[open.count - 1].extent.add(extent)
            guard open.count + extent.levels <= mostLevels else {
                throw Bounds(description: "its values lie more than \(mostLevels) levels deep in each other")
            }
        }

        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(&parser, &event) == 1 else { return true }
            defer { yaml_event_delete(&event) }
            switch event.type {
            case YAML_SCALAR_EVENT:
                let scalar = event.data.scalar
                try take(Extent(weight: 1 + scalar.length / bytesOfAValue), anchor: name(scalar.anchor))
            case YAML_SEQUENCE_START_EVENT: open.append((name(event.data.sequence_start.anchor), Extent()))
            case YAML_MAPPING_START_EVENT: open.append((name(event.data.mapping_start.anchor), Extent()))
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
                guard let ended = open.popLast() else { return true }
                try take(ended.extent, anchor: ended.anchor)
            case YAML_ALIAS_EVENT:
                // One that names nothing is the decoder's to refuse.
                guard let named = name(event.data.alias.anchor).flatMap({ anchors[$0] }) else { continue }
                fromAliases += named.weight
                guard fromAliases <= mostFromAliases else {
                    throw Bounds(description: "its aliases stand for more than \(mostFromAliases) values")
                }
                try take(named, anchor: nil)
            case YAML_STREAM_END_EVENT: return hasValue
            default: break
            }
        }
    }

    private static func name(_ anchor: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        anchor.map { String(cString: $0) }
    }
}
