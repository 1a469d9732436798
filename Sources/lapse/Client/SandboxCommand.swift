import ArgumentParser
import LapseRules

/// `lapse sandbox`.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox", abstract: "Makes, lists and removes tenants for single tests.",
        subcommands: [Create.self, List.self, Delete.self], defaultSubcommand: Create.self)

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a tenant with the users and apps of another.")
        @Option(help: "The tenant to make it like, by name, domain or id.")
        var template = "contoso"
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
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
                        + ["Remove it with: lapse sandbox delete \(domain)"]
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All tenants of the server.")
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                let tenants = try await client.send("GET", "tenants")
                client.show(tenants) { tenants in
                    table(
                        (tenants["items"]?.elements ?? []).map { tenant in
                            [
                                tenant.shown("id"), tenant.shown("name"),
                                tenant["domains"]?.elements.compactMap(\.text).joined(separator: " ") ?? "",
                            ]
                        })
                }
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a tenant with everything in it.")
        @Argument(help: "The tenant, by domain or id.")
        var name: String
        @OptionGroup var options: ServerOptions

        func run() async throws {
            var options = options
            options.tenant = name
            try await options.run { client in
                client.show(try await client.send("DELETE", client.path())) { _ in ["Removed \(name)."] }
            }
        }
    }
}
