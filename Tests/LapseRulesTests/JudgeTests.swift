import Foundation
import LapseRules
import Testing

/// A history that was recorded of a real client against a running Lapse, and what is to be said of it:
/// `Tests/Clients/generators/histories.py` records them.
struct History: Sendable, CustomTestStringConvertible {
    struct Expected: Equatable {
        let verdict: String
        let rules: [String]
        /// What has to be noted besides.
        var notes: Set<String> = []
    }

    let name: String
    let expected: [String: Expected]
    let events: [LoggedEvent]

    var testDescription: String { name }

    static let files: [URL] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../Golden/histories")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
    }()

    static let all: [History] = files.compactMap { try? History($0) }

    private init(_ file: URL) throws {
        let json = JSON(parsing: Array(try Data(contentsOf: file))) ?? .null
        name = json["name"]?.text ?? file.lastPathComponent
        guard case .object(let clients)? = json["expected"], case .array(let events)? = json["events"] else {
            throw CocoaError(.fileReadCorruptFile)
        }
        var expected: [String: Expected] = [:]
        for client in clients {
            guard case .array(let rules)? = client.value["rules"] else { throw CocoaError(.fileReadCorruptFile) }
            var due = Expected(verdict: client.value["verdict"]?.text ?? "", rules: rules.compactMap(\.text).sorted())
            if case .array(let notes)? = client.value["notes"] { due.notes = Set(notes.compactMap(\.text)) }
            expected[client.name] = due
        }
        self.expected = expected
        self.events = try events.map { try LoggedEvent($0) }
    }
}

@Suite("The judge")
struct JudgeTests {
    @Test("Each recorded history has its verdict, for the right reasons and no others", arguments: History.all)
    func recorded(history: History) {
        let reactions = Judge.reactions(in: history.events)
        for (client, expected) in history.expected {
            let reaction = reactions.first { $0.client.description == client }
            let broken = Set(reaction?.findings.filter { $0.rule.severity == .fail }.map(\.rule.rawValue) ?? [])
            let noted = Set(reaction?.findings.filter { $0.rule.severity == .note }.map(\.rule.rawValue) ?? [])
            let found = History.Expected(
                verdict: (reaction?.verdict ?? .untested).rawValue, rules: broken.sorted(),
                notes: noted.intersection(expected.notes))
            #expect(found == expected)
        }
    }

    @Test("There are more than thirty histories, of good clients, of bad ones, and of libraries as they are")
    func enough() {
        #expect(History.all.count >= 30)
        // None that cannot be read is passed over.
        #expect(History.all.count == History.files.count)
        let verdicts = Set(History.all.flatMap { $0.expected.values.map(\.verdict) })
        #expect(verdicts == ["good", "bad", "untested"])
        for library in ["msal-python", "azure-identity", "msgraph-sdk"] {
            #expect(History.all.contains { $0.name.hasPrefix(library) }, "\(library)")
        }
    }

    @Test("The docs list each rule with its weight and the guidance behind it", arguments: ReactionRule.allCases)
    func listed(rule: ReactionRule) throws {
        let page = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
                "../../docs/good-client.md"),
            encoding: .utf8)
        let row = try #require(page.split(separator: "\n").first { $0.hasPrefix("| \(rule.rawValue) |") })
        let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(cells[1] == rule.severity.rawValue)
        #expect(cells[3] == "[\(rule.guidance.title)](\(rule.guidance.url))")
        #expect(rule.advice.hasSuffix(".") && rule.guidance.url.hasPrefix("https://"))
    }
}
