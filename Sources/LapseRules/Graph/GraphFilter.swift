/// A `$filter` of OData, as far as Graph's clients use it: comparisons of a property with a literal, `startswith`, `endswith`,
/// `contains`, `in`, `any` over a list, joined by `and`, `or`, `not` and parentheses. It is judged on the JSON of an object, so that it serves every
/// collection.
package indirect enum GraphFilter: Equatable, Sendable {
    package enum Comparison: String, Sendable {
        case equal = "eq"
        case notEqual = "ne"
        case greaterOrEqual = "ge"
        case greater = "gt"
        case lessOrEqual = "le"
        case less = "lt"
    }

    package enum Function: String, CaseIterable, Sendable {
        case startsWith = "startswith"
        case endsWith = "endswith"
        case contains
    }

    case compare(path: [String], Comparison, JSON)
    case call(Function, path: [String], String)
    case among(path: [String], [JSON])
    /// Whether an element of the list is such; the filter's paths begin at the element.
    case anyElement(path: [String], GraphFilter)
    case all([GraphFilter])
    case any([GraphFilter])
    case not(GraphFilter)

    /// The longest text that is read, and how deep it may nest.
    private static let longest = 4096
    private static let deepest = 20

    /// - Parameter properties: the names that an object of the collection has.
    /// - Throws: `GraphError` for what cannot be read, and for a property that is not there.
    package init(_ text: String, properties: Set<String>) throws(GraphError) {
        guard text.utf8.count <= Self.longest else { throw .invalidFilter }
        var parser = Parser(tokens: try Self.tokens(of: text), properties: properties)
        self = try parser.disjunction(depth: 0)
        guard parser.isAtEnd else { throw .invalidFilter }
    }

    /// Whether Graph wants the header `ConsistencyLevel: eventual` for it. Entra: aad-advanced-queries.
    package var isAdvanced: Bool {
        switch self {
        case .compare(_, let comparison, _): comparison == .notEqual
        case .call(let function, _, _): function != .startsWith
        case .among: false
        case .anyElement(_, let part): part.isAdvanced
        case .not: true
        case .all(let parts), .any(let parts): parts.contains(where: \.isAdvanced)
        }
    }

    /// Whether the object is one of those asked for. Texts are compared without case, as Graph's directory does.
    package func matches(_ object: JSON) -> Bool {
        switch self {
        case .compare(let path, let comparison, let literal): Self.holds(Self.value(path, of: object), comparison, literal)
        case .call(let function, let path, let text):
            Self.value(path, of: object).text.map { value in
                let value = value.lowercased()
                return switch function {
                case .startsWith: value.hasPrefix(text)
                case .endsWith: value.hasSuffix(text)
                case .contains: value.contains(text)
                }
            } ?? false
        case .among(let path, let literals):
            literals.contains { Self.holds(Self.value(path, of: object), .equal, $0) }
        case .anyElement(let path, let part):
            if case .array(let elements) = Self.value(path, of: object) { elements.contains(where: part.matches) } else { false }
        case .all(let parts): parts.allSatisfy { $0.matches(object) }
        case .any(let parts): parts.contains { $0.matches(object) }
        case .not(let part): !part.matches(object)
        }
    }

    static func value(_ path: [String], of object: JSON) -> JSON {
        path.reduce(object) { value, name in
            guard case .object(let members) = value else { return .null }
            return members.first { $0.name.isSame(as: name) }?.value ?? .null
        }
    }

    private static func holds(_ value: JSON, _ comparison: Comparison, _ literal: JSON) -> Bool {
        switch comparison {
        case .equal: return order(value, literal) == 0
        case .notEqual: return order(value, literal) != 0
        case .greaterOrEqual: return order(value, literal).map { $0 >= 0 } ?? false
        case .greater: return order(value, literal).map { $0 > 0 } ?? false
        case .lessOrEqual: return order(value, literal).map { $0 <= 0 } ?? false
        case .less: return order(value, literal).map { $0 < 0 } ?? false
        }
    }

    /// Below zero when the first is less; nil when they cannot be compared.
    static func order(_ first: JSON, _ second: JSON) -> Int? {
        switch (first, second) {
        case (.string(let first), .string(let second)):
            if let earlier = Timestamp(first), let later = Timestamp(second) {
                return earlier == later ? 0 : earlier < later ? -1 : 1
            }
            let (first, second) = (first.lowercased(), second.lowercased())
            return first == second ? 0 : first < second ? -1 : 1
        case (.integer(let first), .integer(let second)): return first == second ? 0 : first < second ? -1 : 1
        case (.null, .null): return 0
        default: return first == second ? 0 : nil
        }
    }

    // MARK: Reading

    private enum Token: Equatable {
        case word(String)
        case text(String)
        case open, close, comma
    }

    private static func tokens(of text: String) throws(GraphError) -> [Token] {
        var tokens: [Token] = []
        var rest = text[...]
        while let first = rest.first {
            switch first {
            case " ", "\t": rest.removeFirst()
            case "(":
                tokens.append(.open)
                rest.removeFirst()
            case ")":
                tokens.append(.close)
                rest.removeFirst()
            case ",":
                tokens.append(.comma)
                rest.removeFirst()
            case "'":
                rest.removeFirst()
                var literal = ""
                while true {
                    guard let quote = rest.firstIndex(of: "'") else { throw .invalidFilter }
                    literal += rest[..<quote]
                    rest = rest[rest.index(after: quote)...]
                    // A doubled quote is one.
                    guard rest.first == "'" else { break }
                    literal += "'"
                    rest.removeFirst()
                }
                tokens.append(.text(literal))
            default:
                let word = rest.prefix { !" \t(),'".contains($0) }
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            }
        }
        return tokens
    }

    private struct Parser {
        var tokens: [Token]
        let properties: Set<String>
        var position = 0
        /// What an element is called inside of `any`; nil outside.
        var element: String?

        init(tokens: [Token], properties: Set<String>) {
            self.tokens = tokens
            self.properties = properties
        }

        var isAtEnd: Bool { position == tokens.count }
        private var next: Token? { position < tokens.count ? tokens[position] : nil }

        private mutating func take() throws(GraphError) -> Token {
            guard let token = next else { throw .invalidFilter }
            position += 1
            return token
        }

        private mutating func takes(_ word: String) -> Bool {
            guard case .word(let text) = next, text.lowercased() == word else { return false }
            position += 1
            return true
        }

        private mutating func expect(_ token: Token) throws(GraphError) {
            guard try take() == token else { throw .invalidFilter }
        }

        mutating func disjunction(depth: Int) throws(GraphError) -> GraphFilter {
            guard depth < GraphFilter.deepest else { throw .invalidFilter }
            var parts = [try conjunction(depth: depth)]
            while takes("or") { parts.append(try conjunction(depth: depth)) }
            return parts.count == 1 ? parts[0] : .any(parts)
        }

        private mutating func conjunction(depth: Int) throws(GraphError) -> GraphFilter {
            var parts = [try negation(depth: depth)]
            while takes("and") { parts.append(try negation(depth: depth)) }
            return parts.count == 1 ? parts[0] : .all(parts)
        }

        private mutating func negation(depth: Int) throws(GraphError) -> GraphFilter {
            guard depth < GraphFilter.deepest else { throw .invalidFilter }
            if takes("not") { return .not(try negation(depth: depth + 1)) }
            if next == .open {
                position += 1
                let inner = try disjunction(depth: depth + 1)
                try expect(.close)
                return inner
            }
            return try condition()
        }

        private mutating func condition() throws(GraphError) -> GraphFilter {
            guard case .word(let word) = try take() else { throw .invalidFilter }
            if let function = Function(rawValue: word.lowercased()), next == .open {
                position += 1
                guard case .word(let name) = try take() else { throw .invalidFilter }
                try expect(.comma)
                guard case .text(let text) = try take() else { throw .invalidFilter }
                try expect(.close)
                return .call(function, path: try path(name), text.lowercased())
            }
            if word.lowercased().hasSuffix("/any"), next == .open { return try anyElement(String(word.dropLast(4))) }
            let path = try path(word)
            guard case .word(let comparison) = try take() else { throw .invalidFilter }
            if comparison.lowercased() == "in" {
                try expect(.open)
                var literals = [try literal()]
                while next == .comma {
                    position += 1
                    literals.append(try literal())
                }
                try expect(.close)
                return .among(path: path, literals)
            }
            guard let comparison = Comparison(rawValue: comparison.lowercased()) else { throw .invalidFilter }
            // Entra: recorded, an instant stands without quotes.
            if case .text = next, path.last?.lowercased().hasSuffix("datetime") == true { throw .invalidFilterClause }
            return .compare(path: path, comparison, try literal())
        }

        /// What stands behind `list/any`: `(name:condition)`, or `()` for a list that has any element.
        private mutating func anyElement(_ list: String) throws(GraphError) -> GraphFilter {
            guard element == nil else { throw .invalidFilter }
            let path = try path(list)
            try expect(.open)
            if next == .close {
                position += 1
                return .anyElement(path: path, .all([]))
            }
            guard case .word(let word) = try take(), let colon = word.firstIndex(of: ":") else { throw .invalidFilter }
            let (name, rest) = (String(word[..<colon]), String(word[word.index(after: colon)...]))
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else { throw .invalidFilter }
            // The condition may begin right behind the colon, or after a blank.
            if !rest.isEmpty {
                position -= 1
                tokens[position] = .word(rest)
            }
            element = name
            defer { element = nil }
            let part = try disjunction(depth: 1)
            try expect(.close)
            return .anyElement(path: path, part)
        }

        private func path(_ name: String) throws(GraphError) -> [String] {
            let path = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            if let element {
                guard path[0] == element, !path.contains("") else { throw .invalidFilter }
                return Array(path.dropFirst())
            }
            guard properties.contains(where: { $0.isSame(as: path[0]) }), !path.contains("") else {
                throw .unknownFilterProperty(path[0])
            }
            return path
        }

        private mutating func literal() throws(GraphError) -> JSON {
            switch try take() {
            case .text(let text): return .string(text)
            case .word(let word):
                switch word.lowercased() {
                case "true": return true
                case "false": return false
                case "null": return .null
                default: break
                }
                if let number = Int64(word) { return .integer(number) }
                // Instants and GUIDs stand without quotes.
                guard Timestamp(word) != nil || GUID(word) != nil else { throw .invalidFilter }
                return .string(word)
            case .open, .close, .comma: throw .invalidFilter
            }
        }
    }

}

extension GraphError {
    /// Entra: the directory's words for a filter that it cannot read.
    static let invalidFilter = GraphError.badRequest("Invalid filter clause: the filter could not be read.")

    /// Entra: recorded.
    static let invalidFilterClause = GraphError(400, "BadRequest", "Invalid filter clause")

    static func unknownFilterProperty(_ name: String) -> GraphError {
        .badRequest("Invalid filter clause: Could not find a property named '\(name.prefix(100))'.")
    }

    /// Entra: aad-advanced-queries.
    package static let needsConsistencyLevel = GraphError(
        400, "Request_UnsupportedQuery",
        "The query needs the request header 'ConsistencyLevel: eventual' and the option $count=true.")
}
