import ArgumentParser
import LapseInstance
import LapseRules

/// `lapse import`.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Makes the tenants of a seed file in a running Lapse, all or none.")

    @OptionGroup var options: ServerOptions
    @Argument(help: "The seed file, YAML or JSON.")
    var file: String

    func run() async throws {
        guard options.tenant == nil else { throw UsageError("--tenant: import makes all tenants of the file") }
        let seed = try SeedFile(file)
        try await options.run { client in
            try Self.refuseTaken(seed, by: try await client.all("tenants"))
            client.show(try await client.send("POST", "import", seed.content)) { table(tenantLines($0)) }
        }
    }

    private static func refuseTaken(_ seed: SeedFile, by tenants: [JSON]) throws {
        for tenant in seed.seeds.map(\.tenant) {
            let taken = tenants.first { there in
                let domains = there["domains"]?.elements.compactMap(\.text) ?? []
                return there["id"]?.text == tenant.id.description || !Set(domains).isDisjoint(with: tenant.domains)
            }
            guard let taken else { continue }
            let domain = taken["domains"]?.elements.first?.text ?? taken.shown("id")
            throw StartError(
                """
                \(seed.path): \(taken.shown("name")) (\(domain)) is there already, and nothing was made.
                  `lapse reset --tenant \(domain) --seed \(shellWord(seed.path))` makes it what the file says;
                  `lapse sandbox create --template \(domain)` makes another one like it.
                """)
        }
    }
}
