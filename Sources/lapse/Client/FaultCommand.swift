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
            abstract: "Makes a fault, or all of a file; those that end after some hits play one after the other.")

        @Option(help: "The endpoint: \(Fault.Endpoint.allCases.map(\.rawValue).joined(separator: ", ")) (default: any).")
        var endpoint: String?
        @Option(help: "The grant type, such as refresh_token.")
        var grantType: String?
        @Option(help: "The client id.")
        var client: String?
        @Option(help: "The user, by name or id.")
        var user: String?
        @Option(help: "The region.")
        var region: String?
        @Option(help: "Refuse with this code, such as 50173.")
        var code: Int64?
        @Option(help: "Its suberror in place of the usual one; none takes it away.")
        var suberror: String?
        @Option(help: "Its claims: a JSON object.")
        var claims: String?
        @Option(help: "Answer 429, 500 or 503.")
        var status: Int64?
        @Option(help: "How long 429 or 503 asks to wait, such as PT10S.")
        var retryAfter: String?
        @Option(help: "Demand these claims at a resource: a JSON object.")
        var challenge: String?
        @Option(
            help: "Spoil the answer: \(FaultEffect.ResponseFault.allCases.map(\.rawValue).joined(separator: ", ")).")
        var answer: String?
        @Option(help: "Trouble with the keys: \(FaultEffect.KeyTrouble.allCases.map(\.rawValue).joined(separator: ", ")).")
        var keys: String?
        @Option(help: "Hold the answer back so long, such as PT2S.")
        var latency: String?
        @Option(help: "So many hits, then no more.")
        var times: Int64?
        @Option(help: "The share of requests that are hit, above 0, at most 1.")
        var probability: Double?
        @Option(help: "A name to clear it by.")
        var name: String?
        @Option(help: "A file with a list of faults, or with name and faults: YAML or JSON.")
        var file: String?
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                for body in try file.map({ try LabFile($0).list("faults") }) ?? [given] {
                    client.show(try await client.send("POST", client.path("faults"), body)) { FaultCommand.lines([$0]) }
                }
            }
        }

        private var given: JSON {
            let match = JSON.object([
                "endpoint": endpoint.map(JSON.string), "grantType": grantType.map(JSON.string),
                "client": client.map(JSON.string), "user": user.map(JSON.string), "region": region.map(JSON.string),
            ])
            let effect = JSON.object([
                "code": code.map(JSON.integer), "suberror": suberror.map { $0 == "none" ? .null : .string($0) },
                "claims": claims.map(JSON.string), "status": status.map(JSON.integer), "retryAfter": retryAfter.map(JSON.string),
                "challenge": challenge.map(JSON.string), "answer": answer.map(JSON.string), "keys": keys.map(JSON.string),
                "latency": latency.map { ["fixed": .string($0)] },
            ])
            return JSON.object([
                "name": name.map(JSON.string), "match": match, "effect": effect, "times": times.map(JSON.integer),
                "probability": probability.map(JSON.number),
            ])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The tenant's faults, in the order in which they are asked.")
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                client.show(try await client.send("GET", client.path("faults"))) { FaultCommand.lines($0["items"]?.elements ?? []) }
            }
        }
    }

    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes faults.")
        @Argument(help: "The fault's id (default: all).")
        var id: String?
        @Option(help: "All of this name.")
        var name: String?
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                if let id {
                    try await client.send("DELETE", client.path("faults", id))
                } else {
                    try await client.send("DELETE", client.path("faults"), query: [("name", name)])
                }
                if !client.printsJSON { StandardStream.output.say(id.map { "Fault \($0) is gone." } ?? "The faults are gone.") }
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
                    "\(fault.shown("hits")) hits\(left)",
                ]
            })
    }
}
