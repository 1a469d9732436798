import ArgumentParser
import LapseInstance
import LapseRules

/// `lapse propagation`.
struct PropagationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "propagation",
        abstract: "Shows and sets the delay until a revocation takes effect, and releases what is held.",
        subcommands: [Show.self, Set.self, Release.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The tenant's model.")
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in show(try await client.send("GET", client.path("propagation")), client) }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Replaces the tenant's model.")
        @Argument(
            help: "A preset (\(PropagationModel.presets.map(\.name).joined(separator: ", "))) or a model as JSON.")
        var model: String
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                var body = JSON.string(model)
                if model.hasPrefix("{") {
                    guard let parsed = JSON(parsing: Array(model.utf8)) else { throw StartError("the model is not valid JSON") }
                    body = parsed
                }
                show(try await client.send("PUT", client.path("propagation"), body), client)
            }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes revocations effective now that are held or still on their way.")
        @Argument(help: "The revocation's id (default: all of the tenant that are not effective everywhere).")
        var revocation: String?
        @Option(help: "This plane alone: \(Plane.allCases.map(\.rawValue).joined(separator: ", ")).")
        var plane: String?
        @Option(help: "This region alone.")
        var region: String?
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                let chosen = JSON.object(["plane": plane.map { .string($0) }, "region": region.map { .string($0) }])
                let path = revocation.map { client.path("revocations", $0, "release") } ?? client.path("propagation", "release")
                let answer = try await client.send("POST", path, chosen)
                client.show(answer) { json in
                    let released = revocation == nil ? json["items"]?.elements ?? [] : [json]
                    return released.isEmpty
                        ? ["Nothing is held or on its way."]
                        : released.flatMap {
                            ["\($0.shown("cause")) of \($0.shown("user")) at \($0.shown("at")), \($0.shown("id"))"]
                                + RevocationText.lines($0)
                        }
                }
            }
        }
    }

    private static func show(_ reply: Answer, _ client: ControlClient) {
        client.show(reply) { model in
            let regions = model["regions"]?.elements.compactMap(\.text).joined(separator: ", ") ?? ""
            return [
                "regions \(regions); routing \(model.shown("routing")); origin \(model.shown("origin")); seed \(model.shown("seed"))"
            ]
                + table(
                    Plane.allCases.map { plane in
                        let delay = model["planes"]?[plane.rawValue] ?? .null
                        return ["  " + plane.rawValue, delay.text ?? delay.encodedText]
                    })
        }
    }
}
