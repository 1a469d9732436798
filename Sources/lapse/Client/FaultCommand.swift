import ArgumentParser
import LapseInstance
import LapseRules

/// `lapse fault`.
struct FaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "Makes requests go wrong on purpose.",
        subcommands: [Add.self, List.self, Clear.self], defaultSubcommand: List.self)

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Makes a fault, or all faults of a file. Faults that end after some hits act one after the other.")

        @Option(
            help: "The endpoint: \(Fault.Endpoint.allCases.map(\.rawValue).joined(separator: ", ")) (default: any).",
            transform: Given.oneOf(Fault.Endpoint.allCases.map(\.rawValue)))
        var endpoint: String?
        @Option(help: "The grant type, such as refresh_token.")
        var grantType: String?
        @Option(help: "The client id.")
        var client: String?
        @Option(help: "The user, by name or id; what stands before the @ will do where it fits one user.")
        var user: String?
        @Option(help: "The region.")
        var region: String?
        @Option(help: "Refuse with this code, such as 50173.")
        var code: Int64?
        @Option(help: "An error of its own, such as invalid_grant: alone, or in place of the code's.")
        var error: String?
        @Option(help: "The whole error_description in place of the usual one.")
        var errorDescription: String?
        @Option(help: "The suberror in place of the usual one; none leaves it out.")
        var suberror: String?
        @Option(help: "Its claims: a JSON object.")
        var claims: String?
        @Option(help: "Answer with this status: \(statuses).", transform: status)
        var status: Int64?
        @Option(help: "How long 429 or 503 asks to wait, such as 10s.", transform: Given.duration)
        var retryAfter: Duration?
        @Option(help: "Demand these claims at a resource: a JSON object.")
        var challenge: String?
        @Option(
            help: "How the challenge is written: \(FaultEffect.ChallengeVariant.allCases.map(\.rawValue).joined(separator: ", ")).",
            transform: Given.oneOf(FaultEffect.ChallengeVariant.allCases.map(\.rawValue)))
        var variant: String?
        @Option(
            help: "Spoil the answer: \(FaultEffect.ResponseFault.allCases.map(\.rawValue).joined(separator: ", ")).",
            transform: Given.oneOf(FaultEffect.ResponseFault.allCases.map(\.rawValue)))
        var answer: String?
        @Option(
            help: "Trouble with the keys: \(FaultEffect.KeyTrouble.allCases.map(\.rawValue).joined(separator: ", ")).",
            transform: Given.oneOf(FaultEffect.KeyTrouble.allCases.map(\.rawValue)))
        var keys: String?
        @Option(help: "How long to hold the answer back, such as 2s.", transform: Given.duration)
        var latency: Duration?
        @Option(help: "So many hits, then no more.")
        var times: Int64?
        @Option(help: "The share of requests that are hit, above 0, at most 1.")
        var probability: Double?
        @Option(help: "A name to clear it by.")
        var name: String?
        @Option(help: "A file with a list of faults, or with name and faults: YAML or JSON.")
        var file: String?
        @OptionGroup var options: ServerOptions

        private static let statuses = FaultEffect.statuses.map(String.init).joined(separator: ", ")

        @Sendable private static func status(_ text: String) throws -> Int64 {
            guard let status = Int64(text), FaultEffect.statuses.contains(status) else {
                throw ValidationError("must be one of: \(statuses)")
            }
            return status
        }

        func validate() throws {
            let given = given(user: user)
            guard file == nil else {
                guard given == ["match": [:], "effect": [:]] else {
                    throw ValidationError("--file: the file says all of its faults; no other option of a fault goes with it")
                }
                return
            }
            do throws(FieldError) { try Self.check(given, path: "") } catch {
                guard error.field != "effect" else {
                    throw ValidationError("give one of --code, --error, --status, --challenge, --answer, --keys, or --latency")
                }
                throw ValidationError("\(Self.flags[error.field] ?? error.field): \(error.message)")
            }
        }

        func run() async throws {
            let faults = try file.map(Self.read)
            try await options.run(Self.flags) { client in
                let name = try await user.asyncMap(client.user)
                for body in faults ?? [given(user: name)] {
                    client.show(try await client.send("POST", client.path("faults"), body)) { FaultCommand.lines([$0]) }
                }
            }
        }

        /// All of a file, checked before the first is made.
        private static func read(_ file: String) throws -> [JSON] {
            let faults = try LabFile(file).list("faults")
            for (index, fault) in faults.enumerated() {
                do { try check(fault, path: "[\(index)]") } catch { throw StartError("\(file): \(error)") }
            }
            return faults
        }

        /// Whether the server would take it, were its user there.
        private static func check(_ fault: JSON, path: String) throws(FieldError) {
            _ = try Fault(fault, path: path, id: GUID(bytes: [UInt8](repeating: 0, count: 16)[...]), ordinal: 1) { _ in
                GUID(bytes: [UInt8](repeating: 0, count: 16)[...])
            }
        }

        /// By the name of a fault's field, the option that sets it.
        private static let flags = [
            "match.endpoint": "--endpoint", "match.grantType": "--grant-type", "match.client": "--client", "match.user": "--user",
            "match.region": "--region", "effect.code": "--code", "effect.error": "--error",
            "effect.error_description": "--error-description", "effect.variant": "--variant", "effect.suberror": "--suberror",
            "effect.claims": "--claims",
            "effect.status": "--status", "effect.retryAfter": "--retry-after", "effect.challenge": "--challenge",
            "effect.answer": "--answer", "effect.keys": "--keys", "effect.latency": "--latency",
            "effect.latency.fixed": "--latency", "times": "--times", "probability": "--probability", "name": "--name",
        ]

        private func given(user: String?) -> JSON {
            let match = JSON.object([
                "endpoint": endpoint.map(JSON.string), "grantType": grantType.map(JSON.string),
                "client": client.map(JSON.string), "user": user.map(JSON.string), "region": region.map(JSON.string),
            ])
            let effect = JSON.object([
                "code": code.map(JSON.integer), "error": error.map(JSON.string),
                "error_description": errorDescription.map(JSON.string),
                "suberror": suberror.map { $0 == "none" ? .null : .string($0) },
                "claims": claims.map(JSON.string), "status": status.map(JSON.integer),
                "retryAfter": retryAfter.map { .string($0.iso8601) }, "challenge": challenge.map(JSON.string),
                "variant": variant.map(JSON.string), "answer": answer.map(JSON.string), "keys": keys.map(JSON.string),
                "latency": latency.map { ["fixed": .string($0.iso8601)] },
            ])
            return JSON.object([
                "name": name.map(JSON.string), "match": match, "effect": effect, "times": times.map(JSON.integer),
                "probability": probability.map(JSON.number),
            ])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "The tenant's faults, in the order in which they are asked.")
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                client.show(try await client.send("GET", client.path("faults"))) { FaultCommand.lines($0["items"]?.elements ?? []) }
            }
        }
    }

    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "clear", abstract: "Removes faults.")
        @Argument(help: "The fault's id (default: all).")
        var id: String?
        @Option(help: "All of this name.")
        var name: String?
        @OptionGroup var options: ServerOptions

        func validate() throws {
            guard id == nil || name == nil else { throw ValidationError("give a fault's id or --name, not both") }
        }

        func run() async throws {
            try await options.run { client in
                var said = "Removed fault \(id ?? "")."
                if let id {
                    try await client.send("DELETE", client.path("faults", id))
                } else {
                    let count = try await client.all(client.path("faults")).count { name == nil || $0.shown("name") == name }
                    try await client.send("DELETE", client.path("faults"), query: [("name", name)])
                    said = count == 0 ? "There were no faults." : "Removed \(counted(count, "fault", "faults"))."
                }
                if !client.printsJSON { StandardStream.output.say(said) }
            }
        }
    }

    private static func lines(_ faults: [JSON]) -> [String] {
        guard !faults.isEmpty else { return ["Nothing goes wrong on purpose."] }
        return table(
            faults.map { fault in
                let left = fault.shown("left").isEmpty ? "" : ", \(fault.shown("left")) left"
                return [
                    fault.shown("id"), fault.shown("name"), fault.shown("match"), fault.shown("effect"),
                    counted(Int(fault.shown("hits")) ?? 0, "hit", "hits") + left,
                ]
            })
    }
}
