import ArgumentParser
import LapseRules

/// `lapse sandbox`.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox", abstract: "Makes, lists and removes tenants for single tests.",
        subcommands: [Create.self, List.self, Remove.self], defaultSubcommand: Create.self)

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Makes a tenant with the users and apps of another.")
        @Option(help: "The tenant to make it like, by name, domain or id.")
        var template = "contoso"
        @OptionGroup var options: ConnectionOptions

        func run() async throws {
            try await options.run(["template": "--template"]) { client in
                let made = try await client.send("POST", "tenants", ["template": .string(template)])
                client.show(made) { made in
                    let domain = made["domains"]?.elements.first?.text ?? ""
                    let users = (made["users"]?.elements ?? []).map {
                        ["  " + $0.shown("userPrincipalName"), $0.shown("password")]
                    }
                    let apps = (made["apps"]?.elements ?? []).map { app in
                        ["  " + app.shown("id"), app.shown("name"), app["secrets"]?.elements.first?.text ?? ""]
                    }
                    return ["\(domain)  (tenant \(made.shown("id")))"] + table(users) + table(apps)
                        + ["Remove it with: lapse sandbox rm \(domain)"]
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "The sandboxes of the server.")
        @OptionGroup var options: ConnectionOptions

        func run() async throws {
            try await options.run { client in
                let sandboxes = try await SandboxCommand.all(client)
                if client.printsJSON {
                    StandardStream.output.say((["items": .array(sandboxes), "next": .null] as JSON).encodedText)
                } else if sandboxes.isEmpty {
                    StandardStream.output.say("There are no sandboxes.")
                } else {
                    let rows = sandboxes.map { tenant in
                        [SandboxCommand.domains(tenant).joined(separator: " "), tenant.shown("name"), tenant.shown("id")]
                    }
                    StandardStream.output.say(table(rows).joined(separator: "\n"))
                }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Removes a sandbox with everything in it, or all of them.", aliases: ["delete"])
        @Argument(help: "The sandbox, by domain or id.")
        var name: String?
        @Flag(help: "Remove every sandbox of the server.")
        var all = false
        @OptionGroup var options: ConnectionOptions

        func validate() throws {
            guard all == (name == nil) else { throw ValidationError("give a sandbox's domain or id, or --all, one of the two") }
        }

        func run() async throws {
            try await options.run { client in
                if let name {
                    try await client.send("DELETE", client.inTenant(name).path())
                    if !client.printsJSON { StandardStream.output.say("Removed \(name).") }
                    return
                }
                let sandboxes = try await SandboxCommand.all(client)
                for sandbox in sandboxes { try await client.send("DELETE", client.inTenant(sandbox.shown("id")).path()) }
                let said =
                    sandboxes.isEmpty ? "There are no sandboxes." : "Removed \(counted(sandboxes.count, "sandbox", "sandboxes"))."
                if !client.printsJSON { StandardStream.output.say(said) }
            }
        }
    }

    private static func domains(_ tenant: JSON) -> [String] { tenant["domains"]?.elements.compactMap(\.text) ?? [] }

    /// - Returns: the tenants that were made for tests; their domains say so.
    private static func all(_ client: ControlClient) async throws -> [JSON] {
        try await client.all("tenants").filter { tenant in domains(tenant).contains { $0.hasPrefix(NewSandbox.domainPrefix) } }
    }
}
