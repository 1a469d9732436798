import ArgumentParser
import LapseRules
import Testing

@testable import lapse

@Suite("The command line of serve")
struct ServeTests {
    @Test("Each option of the table is taken under its name", arguments: Settings.Option.all.map(\.name))
    func taken(name: String) throws {
        let option = try #require(Settings.Option.all.first { $0.name == name })
        switch option.kind {
        case .text: #expect(try Serve.parse([option.flag, "1"]).flags == [name: "1"])
        case .list: #expect(try Serve.parse([option.flag, "a", option.flag, "b"]).flags == [name: "a,b"])
        case .toggle: #expect(try Serve.parse([option.flag]).flags == [name: "true"])
        }
    }

    @Test("The help lists the options of the table in its order, each with its help, and no others but --config")
    func help() {
        let help = Serve.helpMessage(columns: 1000)
        let listed = help.matches(of: /(?m)^  (--[a-z-]+)(?: <[a-z-]+>)?\s+(.*)$/).map { "\($0.1) \($0.2)" }
        let settings = Settings.Option.all.map { "\($0.flag) \($0.help)" }
        #expect(listed == ["--config The configuration file (default: ./lapse.yaml if there)."] + settings, "\(help)")
    }
}
