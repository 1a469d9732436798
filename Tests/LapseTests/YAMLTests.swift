import LapseRules
import Testing

@testable import LapseInstance

@Suite("Reading YAML")
struct YAMLTests {
    /// Lists of nine of the one before.
    private static func laughs(_ lists: Int) -> String {
        (1...lists).reduce("a0: &a0 lol\n") { text, number in
            text + "a\(number): &a\(number) [\((1...9).map { _ in "*a\(number - 1)" }.joined(separator: ", "))]\n"
        }
    }

    private static let tooMany = [
        "lists of lists": laughs(9),
        "more than a number counts": laughs(100),
        // Where a library compares keys.
        "in a key": laughs(30) + "? [*a30]\n: 1\n",
        "as a key": laughs(30) + "*a30 : 1\n",
        "in a key between braces": laughs(30) + "b: {[*a30]: 1}\n",
        "merged": "m0: &m0 {x: 1}\n"
            + (1...30).map { "m\($0): &m\($0) {<<: [*m\($0 - 1), *m\($0 - 1)], y: *m\($0 - 1)}\n" }.joined(),
        "one long text":
            "a: &a \(String(repeating: "x", count: 1 << 16))\nb: [\(Array(repeating: "*a", count: 1000).joined(separator: ", "))]\n",
    ]

    @Test("Aliases that stand for more than a lab needs are refused before a value is made", arguments: tooMany.keys.sorted())
    func aliases(kind: String) throws {
        let text = try #require(Self.tooMany[kind])
        #expect { try YAML.read(text) } throws: { "\($0)".contains("aliases") }
    }

    private static let tooDeep = [
        "lists": String(repeating: "[", count: 201) + String(repeating: "]", count: 201),
        "mappings": String(repeating: "{a: ", count: 201) + "1" + String(repeating: "}", count: 201),
        "aliases": "- &a0 [x]\n" + (1...300).map { "- &a\($0) [*a\($0 - 1)]\n" }.joined(),
        // Few values, and more levels than a stack has room for.
        "aliases of deep lists": "- &a0 [x]\n"
            + (1...14).map {
                "- &a\($0) " + String(repeating: "[", count: 900) + "*a\($0 - 1)" + String(repeating: "]", count: 900) + "\n"
            }
            .joined(),
    ]

    @Test("Values too deep in each other are refused, by their own depth or by that of aliases", arguments: tooDeep.keys.sorted())
    func depth(kind: String) throws {
        let text = try #require(Self.tooDeep[kind])
        #expect { try YAML.read(text) } throws: { "\($0)".contains("levels") }
    }

    @Test("What a lab writes is read, aliases and merged mappings too")
    func read() throws {
        #expect(
            try YAML.read("a: &a {x: 1}\nb: [*a, *a]\nc: {<<: *a, y: off}\n")
                == ["a": ["x": 1], "b": [["x": 1], ["x": 1]], "c": ["x": 1, "y": false]])
        #expect(try YAML.read("{\"a\": [true, null, \"b\", 1.5]}") == ["a": [true, .null, "b", .number(1.5)]])
        let users =
            "all: &all [\((1...50).map(String.init).joined(separator: ", "))]\n"
            + (1...1000).map { "u\($0): *all\n" }.joined()
        #expect(try YAML.read(users)["u1000"]?.text == nil)
        #expect(try YAML.read(String(repeating: "[", count: 150) + String(repeating: "]", count: 150)) != .null)
        // A list as long as one likes has no aliases.
        #expect(try YAML.read((1...2000).map { "- \($0)\n" }.joined()) != .null)
    }

    @Test("A text without a value is null", arguments: ["", "# nothing\n", "---\n", "null\n"])
    func nothing(text: String) throws {
        #expect(try YAML.read(text) == .null)
    }

    @Test("A text that is no YAML is the decoder's to refuse", arguments: ["a: [", "a: *b", "a: &a [*a]", "\t- a\n b: {", "]"])
    func mistake(text: String) {
        #expect { try YAML.read(text) } throws: { !($0 is YAML.Bounds) }
    }
}

@Suite("YAML, written")
struct YAMLWritingTests {
    @Test(
        "What is written is read back as the same",
        arguments: [
            "", " ", "a b", "a: b", "a:b", "a:", "#x", "x #y", "- x", "-", "no", "Yes", "NULL", "~", "1", "1.5", "0x1F", "1e3",
            "12:30:00",
            "2026-03-01", "true", "http://localhost:3000/cb?x=1&y=2", "nestor_fabrikam.example#EXT#@contoso.example", "@x", "`x`",
            "%x",
            "{a}", "[a]", "a,b", "'", "\"", "\\", "a\nb", "\t", "\u{0}", "\u{7F}", "\u{85}", "\u{2028}", "a\u{FEFF}", "é", "日本語",
            "😀", "x ",
            "a1111111-aaaa-4aaa-8aaa-111111111111", "11111111-1111-1111-1111-111111111111", "e5", "=", "!x", "&x", "*x", "|", ">",
            "?",
            String(repeating: "long words ", count: 30) + "end",
        ])
    func texts(text: String) throws {
        let values: [JSON] = [
            [.string(text)], ["key": .string(text)], .object([.init(name: text, value: 1)]), ["list": [.string(text), "x"]],
            ["deep": [["a": [["b": .string(text), "c": [[.string(text)]]]]]]],
        ]
        for value in values { #expect(try YAML.read(YAML.text(value)) == value, "\(YAML.text(value))") }
    }

    @Test("Empty, short and long values, each on its lines, below the comment")
    func layout() throws {
        let value: JSON = [
            "empty": [], "none": [:], "on": [true, 1, .null, .number(0.5)], "short": ["a": "b c", "list": ["x", "http://y"]],
            "items": [["name": "first", "inner": ["a": [["b": ["c": 1]]]]], [], ["deep", ["deeper", ["deepest", ["end"]]]]],
        ]
        let text = YAML.text(value, under: ["One line.", "", "Another."])
        #expect(
            text == """
                # One line.
                #
                # Another.
                empty: []
                none: {}
                "on": [true, 1, null, 0.5]
                short: {a: b c, list: [x, "http://y"]}
                items:
                  - name: first
                    inner:
                      a:
                        - {b: {c: 1}}
                  - []
                  - - deep
                    - - deeper
                      - [deepest, [end]]

                """)
        // Reading gives members in the order of their names.
        #expect(try YAML.read(text) == YAML.read(value.encodedText))
    }
}
