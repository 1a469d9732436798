import HTTPTypes
import Hummingbird
import Logging
import Testing

@testable import LapseRules
@testable import LapseServer
@testable import LapseService

@Suite("The control API, described by OpenAPI")
struct OpenAPITests {
    @Test("Every call of the control API is in the OpenAPI document, and nothing else is")
    func routes() async throws {
        try await Lab.run { lab async throws in
            let site = Site(
                authority: lab.authority, scheme: .https, certificatePEM: "", version: "test", systemTime: { Lab.start },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            // What has capital letters is looked up in lower case, so an endpoint must not have any.
            for route in LapseServer.routes(site, []).routes { #expect("\(route.path)" == "\(route.path)".lowercased()) }
            let prefix = "/_lapse/api"
            let built = LapseServer.routes(site).routes.compactMap { route -> String? in
                let path = "\(route.path)"
                guard path.hasPrefix(prefix), route.method != .head else { return nil }
                return "\(route.method.rawValue) \(path.dropFirst(prefix.count))"
            }
            let answer = try await lab.control(.get, "openapi.json")
            #expect(answer.json["openapi"]?.text?.hasPrefix("3.1") == true)
            let methods: Set = ["get", "put", "post", "patch", "delete"]
            let described = (answer.json["paths"]?.members ?? []).flatMap { path in
                path.value.members.filter { methods.contains($0.name) }.map { "\($0.name.uppercased()) \(path.name)" }
            }
            #expect(!built.isEmpty)
            #expect(built.sorted() == described.sorted())
        }
    }

    @Test("Every path of the document stands in the page on the control API")
    func listed() throws {
        let folder = Golden.folder.appendingPathComponent("../../docs/control-api.md")
        let page = try String(contentsOf: folder, encoding: .utf8).replacing(/\{[^}]*\}/, with: "{}")
        let paths = try #require(JSON(parsing: try OpenAPIDocument.whole.get())?["paths"]).members.map(\.name)
        #expect(paths.count > 30)
        for path in paths {
            let written = path.replacing("{tenant}", with: "T").replacing(/\{[^}]*\}/, with: "{}")
            #expect(["`", "[", "?"].contains { page.contains(" \(written)\($0)") }, "\(path)")
        }
    }

    @Test("Every reference of the document leads to one of its components")
    func references() async throws {
        try await Lab.run { lab async throws in
            let document = try await lab.control(.get, "openapi.json").json
            let there = (document["components"]?.members ?? []).flatMap { kind in
                kind.value.members.map { JSON.string("#/components/\(kind.name)/\($0.name)") }
            }
            let references = document.all("$ref")
            #expect(references.count > there.count)
            for reference in references { #expect(there.contains(reference)) }
        }
    }

    // MARK: Its files

    @Test("The files are joined section by section, in their order, each value as it is written")
    func joins() throws {
        let first = #"{"openapi": "3.1.0", "paths": {"/a": {"b": [1, "}\"{"]}}, "components": {"schemas": {"B": {}, "A": true}}}"#
        let second = #"{"paths": {"/0": {}}, "components": {"parameters": {"P": {"z": 1, "a": 2}}, "schemas": {"C": null}}}"#
        let joined = """
            {
              "openapi": "3.1.0",
              "paths": {
                "/a": {"b": [1, "}\\"{"]},
                "/0": {}
              },
              "components": {
                "schemas": {
                  "B": {},
                  "A": true,
                  "C": null
                },
                "parameters": {
                  "P": {"z": 1, "a": 2}
                }
              }
            }

            """
        #expect(String(decoding: try join(first, second), as: UTF8.self) == joined)
    }

    @Test(
        "What two files describe is not joined",
        arguments: [
            (#"{"paths": {"/a": {}}}"#, #"{"paths": {"/b": {}, "/a": {}}}"#, ["paths", "/a"]),
            (
                #"{"components": {"schemas": {"A": {}}}}"#, #"{"components": {"schemas": {"A": {}}}}"#,
                ["components", "schemas", "A"]
            ),
            (#"{"info": {}}"#, #"{"info": {}}"#, ["info"]),
            (#"{"paths": {"/a": {}, "/a": {}}}"#, "{}", ["paths", "/a"]),
        ])
    func twice(_ first: String, _ second: String, _ place: [String]) {
        #expect(throws: OpenAPIDocument.JoinError.isThereTwice(place)) { try join(first, second) }
    }

    @Test(
        "What is no object is not joined",
        arguments: [
            ("", 0), ("[]", 0), (#"{"paths""#, 8), (#"{"paths": "x"}"#, 10), (#"{"info": 1"#, 10), (#"{"info": "\"}"#, 13),
            (#"{"a": 1 "b": 2}"#, 8),
        ])
    func malformed(_ text: String, at index: Int) {
        #expect(throws: OpenAPIDocument.JoinError.isNoObject(at: index)) { try join(text) }
    }

    private func join(_ files: String...) throws -> [UInt8] { try OpenAPIDocument.joined(files.map { Array($0.utf8) }) }

    // MARK: Its enums

    @Test("A file names the values of an enum; a name that is none's is not joined")
    func enums() throws {
        let joined = try join(
            #"{"info": {"a": ["enum"], "enum": "Origin"}, "components": {"schemas": {"A": {"enum": "DelayWord"}}}}"#)
        #expect(JSON(parsing: joined)?["info"] == ["a": ["enum"], "enum": ["sampled", "immediate"]])
        #expect(JSON(parsing: joined)?["components"]?["schemas"]?["A"] == ["enum": ["immediate", "manual"]])
        #expect(throws: OpenAPIDocument.JoinError.isNoEnum("Nothing")) { try join(#"{"info": {"enum": "Nothing"}}"#) }
    }

    @Test("Every list of values that a type has is named, not written down; every one is used")
    func listedValues() throws {
        let document = try #require(JSON(parsing: try OpenAPIDocument.whole.get()))
        let shown = document.all("enum")
        for (name, values) in OpenAPIDocument.enums { #expect(shown.contains(.array(values)), "\(name)") }
        let lists = OpenAPIDocument.enums.values.map { JSON.array($0) }
        // A flag of a query; and what takes effect, in three groups that have other members beside them.
        let parts = ClockEffect.Kind.allCases.map { JSON.string($0.rawValue) }
        let own: [JSON] = shown.filter { !lists.contains($0) }
        #expect(own.filter { $0 == ["true", "false"] }.count == 4)
        #expect(own.filter { $0 != ["true", "false"] }.flatMap(\.elements) == parts)
    }
}

extension JSON {
    fileprivate var members: [Member] { if case .object(let members) = self { members } else { [] } }

    /// The values of all members of that name, however deep.
    fileprivate func all(_ name: String) -> [JSON] {
        switch self {
        case .object(let members): members.flatMap { $0.name == name ? [$0.value] : $0.value.all(name) }
        case .array(let elements): elements.flatMap { $0.all(name) }
        default: []
        }
    }
}
