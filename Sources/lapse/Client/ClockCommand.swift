import ArgumentParser
import LapseClient
import LapseRules
import LapseService

/// `lapse clock`.
struct ClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock", abstract: "Shows and moves a tenant's clock.",
        subcommands: [Show.self, Advance.self, Freeze.self, Resume.self, Set.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows the tenant's time.")
        @OptionGroup var instants: InstantOptions
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in ClockText.show(try await client.send("GET", client.path("clock")), client, instants) }
        }
    }

    struct Advance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "advance", abstract: "Moves the clock forward and lists what took effect on the way.")
        @Argument(help: "How far: a duration such as 5m, 1h30m or PT5M.", transform: Given.duration)
        var duration: Duration?
        @Option(
            help: "How far: \(ClockAdvance.Target.allCases.map(\.rawValue).joined(separator: ", ")).",
            transform: Given.oneOf(ClockAdvance.Target.allCases.map(\.rawValue)))
        var until: String?
        @OptionGroup var instants: InstantOptions
        @OptionGroup var options: ServerOptions

        func validate() throws {
            // The parser takes it for options, and would say that it does not know them.
            if let backwards = CommandLine.arguments.dropFirst().first(where: { $0.wholeMatch(of: /-P.*|-[0-9].*/) != nil }) {
                throw ValidationError(
                    "'\(backwards)': the clock is advanced by \(Duration.writtenForms); lapse clock set sets it back")
            }
            guard (duration == nil) != (until == nil) else {
                throw ValidationError("give \(Duration.writtenForms), or --until, one of the two")
            }
        }

        func run() async throws {
            try await options.run(["by": "<duration>", "until": "--until"]) { client in
                let body: JSON = duration.map { ["by": .string($0.iso8601)] } ?? ["until": JSON(until)]
                ClockText.show(try await client.send("POST", client.path("clock", "advance"), body), client, instants)
            }
        }
    }

    struct Freeze: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "freeze", abstract: "Makes the clock stand still, now or at an instant.")
        @Option(
            help: "The instant to stand still at, such as 2026-11-28, 2026-11-28T10:00 or RFC 3339.", transform: Given.instant)
        var at: Timestamp?
        @OptionGroup var instants: InstantOptions
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run(["now": "--at"]) { client in
                let body = JSON.object(["mode": "frozen", "now": at.map { JSON($0) }])
                ClockText.show(try await client.send("PUT", client.path("clock"), body), client, instants)
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resume", abstract: "Lets the clock run on from where it stands.")
        @OptionGroup var instants: InstantOptions
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run { client in
                ClockText.show(try await client.send("PUT", client.path("clock"), ["mode": "running"]), client, instants)
            }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "set", abstract: "Sets the clock, forward or back.")
        @Argument(help: "The instant, such as 2026-11-28, 2026-11-28T10:00 (in UTC) or RFC 3339.", transform: Given.instant)
        var instant: Timestamp
        @OptionGroup var instants: InstantOptions
        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.run(["now": "<instant>"]) { client in
                ClockText.show(try await client.send("PUT", client.path("clock"), ["now": JSON(instant)]), client, instants)
            }
        }
    }
}

/// A clock of the control API in words.
private enum ClockText {
    static func show(_ reply: Answer, _ client: ControlClient, _ instants: InstantOptions) {
        client.show(reply) { clock in
            let text = instants.text(on: clock.shown("now"))
            let effects = (clock["tookEffect"]?.elements ?? []).map { effect in
                ["  " + text(effect.shown("at"))] + ["type", "plane", "region", "id"].map(effect.shown)
            }
            return ["\(instants.text()(clock.shown("now"))) (\(clock.shown("mode")))"] + table(effects)
        }
    }
}
