import ArgumentParser

/// The command line of Lapse.
@main
struct Lapse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lapse",
        abstract: "A local identity provider whose refresh tokens and sessions die the way Microsoft Entra ID makes them die.",
        discussion: "lapse --version --verbose also lists the libraries that the program loaded.",
        version: Version.line,
        subcommands: [
            Serve.self, Demo.self, RevokeCommand.self, ClockCommand.self, PropagationCommand.self, ExplainCommand.self,
            EventsCommand.self, TimelineCommand.self, SandboxCommand.self, FaultCommand.self, ReportCommand.self, Check.self,
            StatusCommand.self, TrustCommand.self, UntrustCommand.self, ExportCommand.self, ImportCommand.self, ResetCommand.self,
            InitCommand.self, Visit.self, Health.self, MeasureSigner.self,
        ],
        defaultSubcommand: Serve.self)

    static func main() async {
        StandardStream.prepare()
        if Version.isAskedInFull(CommandLine.arguments.dropFirst()) {
            StandardStream.output.say(Version.full)
        } else {
            await main(nil)
        }
    }
}
