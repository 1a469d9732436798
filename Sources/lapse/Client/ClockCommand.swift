import ArgumentParser
import LapseRules

/// `lapse clock`.
struct ClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock", abstract: "Shows and moves a tenant's clock.",
        subcommands: [Show.self, Advance.self, Freeze.self, Resume.self, Set.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What time it is in the tenant.")
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in ClockText.show(try await client.send("GET", client.path("clock")), client) }
        }
    }

    struct Advance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Moves the clock forward and lists what took effect on the way.")
        @Argument(help: "How far: an ISO 8601 duration such as PT5M.")
        var duration: String?
        @Option(help: "How far: next-event, propagation or refresh-token-expiry.")
        var until: String?
        @OptionGroup var options: ServerOptions

        func validate() throws {
            guard (duration == nil) != (until == nil) else { throw ValidationError("Give a duration or --until, one of the two.") }
        }

        func run() async throws {
            try await options.run { client in
                let body: JSON = duration.map { ["by": .string($0)] } ?? ["until": JSON(until)]
                ClockText.show(try await client.send("POST", client.path("clock", "advance"), body), client)
            }
        }
    }

    struct Freeze: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes the clock stand still, now or at an instant.")
        @Option(help: "The instant to stand still at (RFC 3339).")
        var at: String?
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                let body = JSON.object(["mode": "frozen", "now": at.map { .string($0) }])
                ClockText.show(try await client.send("PUT", client.path("clock"), body), client)
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lets the clock run on from where it stands.")
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                ClockText.show(try await client.send("PUT", client.path("clock"), ["mode": "running"]), client)
            }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Sets the clock, forward or back.")
        @Argument(help: "The instant (RFC 3339), such as 2026-01-01T00:00:00Z.")
        var instant: String
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                ClockText.show(try await client.send("PUT", client.path("clock"), ["now": .string(instant)]), client)
            }
        }
    }
}

/// A clock of the control API in words.
private enum ClockText {
    static func show(_ reply: Answer, _ client: ControlClient) {
        client.show(reply) { clock in
            ["\(clock.shown("now")) (\(clock.shown("mode")))"]
                + table(
                    (clock["tookEffect"]?.elements ?? []).map { effect in
                        [
                            "  " + effect.shown("at"), effect.shown("type"), effect.shown("plane"), effect.shown("region"),
                            effect.shown("id"),
                        ]
                    })
        }
    }
}
