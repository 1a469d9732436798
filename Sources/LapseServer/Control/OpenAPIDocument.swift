import LapseRules

/// The control API described by OpenAPI. Tests hold every route and every answer against it.
///
/// The values of an enum are those of a Swift type: a file names them (`"enum": "Plane"`), and ``enums`` has them.
///
/// A file of `OpenAPI` describes the calls on one resource of a tenant, with the components that belong to it; `document.json` has
/// all else.
enum OpenAPIDocument {
    /// In the order in which the document shows them.
    private static let files: [[UInt8]] = [
        PackageResources.document_json, PackageResources.tenants_json, PackageResources.clock_json,
        PackageResources.propagation_json, PackageResources.policies_json, PackageResources.users_json,
        PackageResources.consents_json, PackageResources.apps_json, PackageResources.grants_json,
        PackageResources.revocations_json, PackageResources.explain_json, PackageResources.labs_json,
        PackageResources.faults_json, PackageResources.gates_json,
        PackageResources.tokens_json, PackageResources.report_json, PackageResources.expectations_json,
        PackageResources.events_json, PackageResources.exchanges_json,
    ]

    /// Joined when somebody asks for it, which most runs never do.
    static let whole = Result { try joined(files) }

    enum JoinError: Error, Equatable {
        case isNoObject(at: Int)
        case isThereTwice([String])
        case isNoEnum(String)
    }

    /// One document of several: what they have under `paths` and under each kind of `components`, one after the other.
    ///
    /// The values are copied as they are written: so members keep their order, which is that of the pages made from the document.
    static func joined(_ files: [[UInt8]]) throws -> [UInt8] {
        let parts = try files.flatMap { try Self.parts(of: $0[...], at: []) }
        var places: Set<[String]> = []
        for part in parts where !places.insert(part.place).inserted { throw JoinError.isThereTwice(part.place) }
        var text: [UInt8] = []
        write(parts, depth: 0, to: &text)
        return Array(try filled(String(decoding: text, as: UTF8.self)).utf8) + "\n".utf8
    }

    /// The text with the values of each enum in place of its name.
    private static func filled(_ text: String) throws -> String {
        let parts = text.split(separator: "\"enum\": \"", omittingEmptySubsequences: false)
        return try parts.dropFirst().reduce(into: String(parts[0])) { filled, part in
            let name = String(part.prefix { $0 != "\"" })
            guard let values = enums[name] else { throw JoinError.isNoEnum(name) }
            filled += "\"enum\": " + JSON.array(values).encodedText + part.dropFirst(name.count + 1)
        }
    }

    /// A value that comes from one file, and the names that lead to it.
    private struct Part {
        let place: [String]
        let text: ArraySlice<UInt8>
    }

    private static func isShared(_ place: [String]) -> Bool {
        place.isEmpty || place == ["paths"] || (place.first == "components" && place.count <= 2)
    }

    private static func parts(of text: ArraySlice<UInt8>, at place: [String]) throws -> [Part] {
        guard isShared(place) else { return [Part(place: place, text: text)] }
        var members = WrittenMembers(of: text)
        var parts: [Part] = []
        while let (name, value) = try members.next() { parts += try Self.parts(of: value, at: place + [name]) }
        return parts
    }

    private static func write(_ parts: [Part], depth: Int, to text: inout [UInt8]) {
        if let part = parts.first, part.place.count == depth { return text.append(contentsOf: part.text) }
        var names: [String] = []
        var groups: [String: [Part]] = [:]
        for part in parts {
            if groups[part.place[depth]] == nil { names.append(part.place[depth]) }
            groups[part.place[depth], default: []].append(part)
        }
        let indent = String(repeating: "  ", count: depth)
        for (index, name) in names.enumerated() {
            text.append(contentsOf: "\(index == 0 ? "{" : ",")\n\(indent)  \"\(name)\": ".utf8)
            write(groups[name] ?? [], depth: depth + 1, to: &text)
        }
        text.append(contentsOf: "\n\(indent)}".utf8)
    }
}

/// The members of a JSON object, names and values as they are written.
private struct WrittenMembers {
    private let text: ArraySlice<UInt8>
    private var index: Int
    private var isFirst = true

    init(of text: ArraySlice<UInt8>) {
        self.text = text
        index = text.startIndex
    }

    /// Nil behind the last.
    mutating func next() throws -> (name: String, value: ArraySlice<UInt8>)? {
        if isFirst { try skip("{") }
        if upcoming == "}" { return nil }
        if !isFirst { try skip(",") }
        isFirst = false
        let name = try string()
        try skip(":")
        return (String(decoding: name.dropFirst().dropLast(), as: UTF8.self), try value())
    }

    /// The next character that is no space.
    private var upcoming: Unicode.Scalar? {
        mutating get {
            while index < text.endIndex, text[index] <= 0x20 { index += 1 }
            return index < text.endIndex ? Unicode.Scalar(text[index]) : nil
        }
    }

    private mutating func skip(_ character: Unicode.Scalar) throws {
        guard upcoming == character else { throw OpenAPIDocument.JoinError.isNoObject(at: index) }
        index += 1
    }

    private mutating func string() throws -> ArraySlice<UInt8> {
        try skip("\"")
        let start = index - 1
        while index < text.endIndex, text[index] != UInt8(ascii: "\"") { index += text[index] == UInt8(ascii: "\\") ? 2 : 1 }
        try skip("\"")
        return text[start..<index]
    }

    private mutating func value() throws -> ArraySlice<UInt8> {
        var open = 0
        guard var character = upcoming else { throw OpenAPIDocument.JoinError.isNoObject(at: index) }
        let start = index
        repeat {
            switch character {
            case "\"": _ = try string()
            case "{", "[":
                open += 1
                index += 1
            case "}", "]":
                open -= 1
                index += 1
            default: index += 1
            }
            guard index < text.endIndex else { break }
            character = Unicode.Scalar(text[index])
        } while open > 0 || !["}", ",", " ", "\n"].contains(character)
        return text[start..<index]
    }
}
