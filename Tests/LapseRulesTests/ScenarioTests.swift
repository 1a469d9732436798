import Foundation
import LapseRules
import Testing

@Suite("Scenarios")
struct ScenarioTests {
    @Test("Each file of the built-in scenarios reads, comes along, and has the name of its scenario")
    func builtIn() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../Sources/LapseRules/Scenarios/BuiltIn")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let builtIn = try Scenario.builtIn()
        #expect(files.count == builtIn.count)
        for file in files {
            let value = try #require(JSON(parsing: Array(try Data(contentsOf: file))), "\(file.lastPathComponent)")
            let scenario = try Scenario(value)
            #expect(file.lastPathComponent == scenario.name + ".json")
            #expect(builtIn.contains(scenario), "\(scenario.name)")
        }
    }

    @Test("Each built-in scenario says what it plays, waits for the app first, and waits for it again")
    func steps() throws {
        for scenario in try Scenario.builtIn() {
            #expect(!scenario.about.isEmpty, "\(scenario.name)")
            let waits = scenario.steps.map { step in if case .wait = step { true } else { false } }
            #expect(waits.first == true && waits.count(where: { $0 }) > 1, "\(scenario.name)")
        }
    }
}
