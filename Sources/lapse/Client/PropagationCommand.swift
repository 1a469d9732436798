import ArgumentParser
import LapseClient
import LapseInstance
import LapseRules

/// `lapse propagation`.
struct PropagationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "propagation",
        abstract: "Shows and sets the delay until a revocation takes effect, and releases what is held.",
        subcommands: [Show.self, Set.self, Release.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "The tenant's model.")
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in show(try await client.send("GET", client.path("propagation")), client) }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "set", abstract: "Replaces the tenant's model.")
        @Argument(
            help: "A preset (\(PropagationModel.presets.map(\.name).joined(separator: ", "))) or a model as JSON.")
        var model: String
        @OptionGroup var options: ServerOptions

        /// - Throws: ``UsageError`` for what is not a model.
        private static func read(_ text: String) throws -> JSON {
            var model = JSON.string(text)
            if text.hasPrefix("{") {
                guard let parsed = JSON(parsing: Array(text.utf8)) else { throw UsageError("<model>: the text is not valid JSON") }
                model = parsed
            }
            do { _ = try PropagationModel(model) } catch { throw UsageError("<model>: \(error)") }
            return model
        }

        func run() async throws {
            let body = try Self.read(model)
            try await options.run { client in show(try await client.send("PUT", client.path("propagation"), body), client) }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "release", abstract: "Puts revocations in effect now that are held or still on their way.")
        @Argument(help: "The revocation's id (default: all of the tenant that are not in effect everywhere).")
        var revocation: String?
        @Option(
            help: "Only this plane: \(Plane.allCases.map(\.rawValue).joined(separator: ", ")).",
            transform: Given.oneOf(Plane.allCases.map(\.rawValue)))
        var plane: String?
        @Option(help: "Only this region.")
        var region: String?
        @OptionGroup var instants: InstantOptions
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run(["region": "--region"]) { client in
                let chosen = JSON.object(["plane": plane.map { .string($0) }, "region": region.map { .string($0) }])
                let path = revocation.map { client.path("revocations", $0, "release") } ?? client.path("propagation", "release")
                let answer = try await client.send("POST", path, chosen)
                let released = revocation == nil ? answer.json["items"]?.elements ?? [] : [answer.json]
                var names = Names(client)
                var lines = released.isEmpty ? ["Nothing is held or on its way."] : []
                for each in client.printsJSON ? [] : released {
                    let (at, text) = (instants.text()(each.shown("at")), instants.text(on: each.shown("at")))
                    lines.append(
                        "\(each.shown("cause")) of \(try await names.user(each.shown("user"))) at \(at), \(each.shown("id"))")
                    lines += RevocationText.lines(each).map { text($0) }
                }
                client.show(answer) { _ in lines }
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
