import LapseInstance
import LapseRules
import Testing

@testable import lapse

@Suite("What lapse init writes")
struct InitTests {
    @Test("Every key of the configuration stands there, as a comment, with its default")
    func keys() throws {
        let text = InitCommand.configurationText
        #expect(try YAML.read(text) == ["seed": .string(InitCommand.seedFile)])
        for option in Settings.Option.all {
            let lines = text.split(separator: "\n").filter { $0.drop { $0 == "#" }.hasPrefix("\(option.name):") }
            #expect(lines.count == 1, "\(option.name)")
            let file = try YAML.read(String(try #require(lines.first).drop { $0 == "#" }))
            // A host needs no token when it is this machine.
            var expected = Settings()
            if option.name == "seed" { expected.seed = InitCommand.seedFile }
            #expect(try Settings(flags: [:], environment: [:], file: file) == expected, "\(option.name)")
        }
    }

    @Test("The seed is one, and has the names that the docs use")
    func seed() throws {
        let seeds = try TenantSeed.read(try YAML.read(InitCommand.seedText))
        #expect(seeds.map(\.tenant.domains) == [[BuiltInLab.domain]])
        #expect(seeds[0].users.map(\.userPrincipalName) == [BuiltInLab.adele, BuiltInLab.admin])
        #expect(seeds[0].users.allSatisfy { user in BuiltInLab.seed[0].users.contains { $0.id == user.id } })
        #expect(seeds[0].apps.map(\.id) == [BuiltInLab.native, BuiltInLab.web])
    }

    @Test("What stands there as a comment is valid, too")
    func comments() throws {
        // A comment of one word before a colon, or an item of a list, is YAML; the others are sentences.
        let text = InitCommand.seedText.replacing(/#(?=[a-zA-Z]+:|  - \{)/, with: "")
        let seed = try #require(try TenantSeed.read(try YAML.read(text)).first)
        #expect(seed.tenant.propagation != nil)
        #expect(seed.users[0].challenges.count == 1 && !seed.users[0].accountEnabled)
        #expect(seed.apps[1].applicationPermissions == ["User.Read.All"])
        #expect(seed.faults.count == 1)
    }
}
