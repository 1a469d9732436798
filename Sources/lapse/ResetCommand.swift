import ArgumentParser
import LapseRules

/// `lapse reset`.
struct ResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Takes tenants back to their seeds: no grants, sessions, revocations and events, the clock real.",
        discussion: """
            All tenants, or the one that --tenant names. With --seed the tenants become those of the file, as if Lapse had started with it: others,
            sandboxes too, are removed. With both, that one tenant becomes what the file says of it.
            """)

    @Option(help: "A seed file, YAML or JSON (default: what each tenant was made from).")
    var seed: String?
    @OptionGroup var options: ServerOptions

    func run() async throws {
        let file = try seed.map { try SeedFile($0, option: "--seed") }
        let tenant = options.namedTenant
        if let file, let name = tenant?.lowercased(),
            !file.seeds.contains(where: { $0.tenant.id.description == name || $0.tenant.domains.contains(name) })
        {
            throw UsageError("--tenant: \(file.path) has no tenant \(name)")
        }
        try await options.run { client in
            let reset = try await client.send("POST", "reset", query: [("tenant", tenant)], file?.content ?? [:])
            client.show(reset) { reset in tenantLines(reset).map { "\($0[1]) (\($0[2])) is as \(file?.path ?? "its seed") says." } }
        }
    }
}
