import Testing

@testable import LapseRules

private func parsed(_ text: String) throws -> JSON { try #require(JSON(parsing: Array(text.utf8))) }

@Suite("JSON values")
struct JSONTests {
    @Test(
        "Every kind of value is written as it was read",
        arguments: [
            "null", "true", "false", "0", "-7", "9223372036854775807", "1.5", "\"\"", "\"é€\u{1F600}\"", "[]", "[1,[],{}]", "{}",
            #"{"a":{"b":[null,false]}}"#, #""\"\\\n\r\t\u001f/""#,
        ])
    func roundTrip(text: String) throws { #expect(try parsed(text).encodedText == text) }

    @Test("What is no JSON is none", arguments: ["", "{", "[1,", "tru", #"{"a"}"#, "'x'", "{} x", "\u{0}"])
    func broken(text: String) { #expect(JSON(parsing: Array(text.utf8)) == nil) }

    @Test("A number too large for a whole one is a number, and one that is none becomes null")
    func numbers() throws {
        #expect(try parsed("9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(JSON.number(.infinity).encodedText == "null")
        #expect(JSON.number(0.25).encodedText == "0.25")
        #expect(try parsed("1") == .integer(1))
    }

    @Test(
        "A control character, a quote and a backslash are escaped wherever they stand",
        arguments: [
            ("\u{1}ab", #""\u0001ab""#), ("a\"b", #""a\"b""#), ("ab\\", #""ab\\""#), ("\n\r\t", #""\n\r\t""#), ("ab", #""ab""#),
        ])
    func escapes(text: String, written: String) { #expect(JSON.string(text).encodedText == written) }

    @Test("A member is found by name, the first of two, and none in what is no object")
    func members() {
        let twice: JSON = .object([.init(name: "a", value: 1), .init(name: "a", value: 2)])
        #expect(twice["a"] == 1)
        #expect(twice["b"] == nil)
        #expect(JSON.array([1])["a"] == nil)
        #expect(JSON.string("x").text == "x")
        #expect(JSON.integer(1).text == nil)
    }

    @Test("An object leaves out what is nil, keeps null, and takes further members behind its own")
    func objects() {
        let object: JSON = .object(["a": 1, "b": nil, "c": .null])
        #expect(object.encodedText == #"{"a":1,"c":null}"#)
        #expect(object.adding(["d": 2, "e": nil]).encodedText == #"{"a":1,"c":null,"d":2}"#)
        #expect(object.followed(by: [1]) == object)
        #expect(JSON.array([1]).followed(by: object) == [1])
    }

    @Test("Texts, instants and lists of texts, with null where there is none")
    func values() {
        #expect(JSON(nil as String?) == .null)
        #expect(JSON("x" as String?) == "x")
        #expect(JSON(nil as Timestamp?) == .null)
        #expect(JSON(Timestamp.epoch) == "1970-01-01T00:00:00.0000000Z")
        #expect(JSON(["a", "b"]) == ["a", "b"])
    }

    @Test("An object written member by member leaves out what is nil")
    func writer() {
        var writer = JSONWriter()
        writer.add("a", "x\"" as String?)
        writer.add("b", nil as String?)
        writer.add("c", 7 as Int64?)
        writer.add("d", nil as Int64?)
        writer.add("e", ["x", "y"] as [String]?)
        writer.add("f", nil as [String]?)
        writer.add("g", ["h": .null] as JSON?)
        writer.add("i", nil as JSON?)
        #expect(String(decoding: writer.finished(), as: UTF8.self) == #"{"a":"x\"","c":7,"e":["x","y"],"g":{"h":null}}"#)
        #expect(String(decoding: JSONWriter().finished(), as: UTF8.self) == "{}")
    }
}

@Suite("Reading objects")
struct ObjectReaderTests {
    /// What a reader is asked for.
    enum Wanted: CaseIterable, Sendable {
        case string, short, required, bool, integer, guid, instant, duration, strings, array, object, choice

        func read(_ reader: inout ObjectReader) throws(FieldError) -> String? {
            switch self {
            case .string: try reader.string("x")
            case .short: try reader.string("x", longest: 3)
            case .required: try reader.required("x")
            case .bool: try reader.bool("x").map { "\($0)" }
            case .integer: try reader.integer("x", in: 1...9).map { "\($0)" }
            case .guid: try reader.guid("x")?.description
            case .instant: try reader.instant("x")?.description
            case .duration: try reader.duration("x")?.iso8601
            case .strings: try reader.strings("x")?.joined(separator: " ")
            case .array: try reader.array("x").map { "\($0.count)" }
            case .object: try reader.object("x")?.path
            case .choice: try reader.choice("x", of: Policies.TokenTimes.self)?.rawValue
            }
        }
    }

    private static let long = String(repeating: "x", count: 2048)

    @Test(
        "Each reader takes what it is for",
        arguments: [
            (.string, #""é""#, "é"), (.string, #""""#, ""), (.string, "\"\(long)\"", long), (.short, #""é1""#, "é1"),
            (.required, #""a""#, "a"), (.bool, "true", "true"), (.bool, "false", "false"), (.integer, "1", "1"),
            (.integer, "9", "9"),
            (.guid, #""AAAAAAAA-0001-4000-8000-000000000001""#, "aaaaaaaa-0001-4000-8000-000000000001"),
            (.instant, #""2026-01-01T00:00:00Z""#, "2026-01-01T00:00:00.0000000Z"), (.duration, #""PT180S""#, "PT3M"),
            (.duration, #""180s""#, "PT3M"),
            (.strings, #"["a","b"]"#, "a b"), (.strings, "[]", ""), (.array, "[1,null]", "2"), (.object, "{}", "o.x"),
            (.choice, #""wall""#, "wall"),
        ] as [(Wanted, String, String)])
    func taken(wanted: Wanted, text: String, value: String) throws {
        var reader = try ObjectReader(["x": try parsed(text)], path: "o")
        #expect(try wanted.read(&reader) == value)
        try reader.finish()
    }

    @Test("What is missing or null is nil, but for what is required", arguments: Wanted.allCases, [[:], ["x": .null]] as [JSON])
    func missing(wanted: Wanted, object: JSON) throws {
        var reader = try ObjectReader(object)
        if wanted == .required {
            #expect(throws: FieldError("x", "is required")) { try wanted.read(&reader) }
        } else {
            #expect(try wanted.read(&reader) == nil)
            try reader.finish()
        }
    }

    @Test(
        "Each reader complains in its own words",
        arguments: [
            (.string, "7", "must be a text (in quotes)"), (.string, "\"\(long)x\"", "must be at most 2048 bytes long"),
            (.short, #""éé""#, "must be at most 3 bytes long"), (.required, #""""#, "is required"),
            (.bool, #""true""#, "must be true or false"),
            (.bool, "1", "must be true or false"), (.integer, "0", "must be a whole number from 1 to 9"),
            (.integer, "10", "must be a whole number from 1 to 9"), (.integer, "1.5", "must be a whole number from 1 to 9"),
            (.integer, #""1""#, "must be a whole number from 1 to 9"), (.guid, #""1""#, "must be a GUID"),
            (.instant, #""now""#, "must be an RFC 3339 instant such as 2026-01-01T00:00:00.0000000Z"),
            (
                .duration, #""3M""#,
                "must be a duration such as 90s, 5m, 1h30m, 2d or PT5M, not negative, without years and months"
            ),
            (.strings, #""a""#, "must be a list"), (.array, "{}", "must be a list"), (.object, "[]", "must be an object"),
            (.choice, #""both""#, "must be one of: tenant, wall"), (.choice, "1", "must be a text (in quotes)"),
        ] as [(Wanted, String, String)])
    func complaints(wanted: Wanted, text: String, says: String) throws {
        var reader = try ObjectReader(["x": try parsed(text)], path: "o[2]")
        #expect(throws: FieldError("o[2].x", says)) { try wanted.read(&reader) }
    }

    @Test("A list of texts names the place of what is none", arguments: [#"["a",""]"#, #"["a",1]"#, "[\"a\",\"\(long)x\"]"])
    func places(text: String) throws {
        var reader = try ObjectReader(["x": try parsed(text)])
        #expect(throws: FieldError("x[1]", "must be a text that is not empty")) { try reader.strings("x") }
    }

    @Test("What nobody read is refused, the first by name")
    func unknown() throws {
        var reader = try ObjectReader(["b": 1, "c": 2, "a": 3], path: "o")
        #expect(reader.has("a"))
        #expect(reader.value("a") == 3)
        #expect(!reader.has("a"))
        #expect(throws: FieldError("o.b", "is not known")) { try reader.finish() }
    }

    @Test("Of two members with one name the last counts")
    func twice() throws {
        var reader = try ObjectReader(.object([.init(name: "a", value: 1), .init(name: "a", value: 2)]))
        #expect(reader.value("a") == 2)
        try reader.finish()
    }

    @Test("What is no object is refused by its path", arguments: [("", "must be an object"), ("o", "o: must be an object")])
    func noObject(path: String, says: String) {
        let error = #expect(throws: FieldError.self) { try ObjectReader(1, path: path) }
        #expect(error?.description == says)
    }
}
