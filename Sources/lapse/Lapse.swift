import ArgumentParser
import Foundation
import LapseInstance

/// The command line of Lapse.
@main
struct Lapse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lapse",
        abstract: "A local identity provider whose refresh tokens and sessions die the way Microsoft Entra ID makes them die.",
        discussion: """
            Exit status: 0 done; 1 it could not be done; 2 what was judged is bad; 3 nothing to judge, or nobody knows it; 4 a wait ran out; \
            64 the arguments are wrong, and nothing was done.

            lapse --version --verbose also lists the libraries that the program loaded.
            """,
        subcommands: [
            Serve.self, Demo.self, RevokeCommand.self, ClockCommand.self, PropagationCommand.self, ExplainCommand.self,
            EventsCommand.self, TimelineCommand.self, SandboxCommand.self, FaultCommand.self, ReportCommand.self, Check.self,
            LabCommand.self, ClassCommand.self,
            StatusCommand.self, TrustCommand.self, UntrustCommand.self, ExportCommand.self, ImportCommand.self, ResetCommand.self,
            InitCommand.self, Visit.self, Health.self, MeasureSigner.self,
        ],
        defaultSubcommand: Serve.self)

    // The parser's own would be in the help of every subcommand.
    @Flag(help: "Show the version.")
    var version = false

    static var _errorPrefix: String { "lapse: " }

    func validate() throws {
        if version { throw CleanExit.message(Version.line) }
    }

    static func main() async {
        StandardStream.prepare()
        let words = Array(CommandLine.arguments.dropFirst())
        if Version.isAskedInFull(words[...]) {
            StandardStream.output.say(Version.full)
            exit(.success)
        }
        if let complaint = CommandNames.complaint(about: words) {
            StandardStream.complain(complaint)
            exit(.validationFailure)
        }
        do {
            var command = try await asyncParseAsRoot(words)
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            end(error, words)
        }
        exit(.success)
    }

    private static func end(_ error: any Error, _ words: [String]) -> Never {
        let code = exitCode(for: error)
        switch code {
        case .success: StandardStream.output.say(fullMessage(for: error))
        case .validationFailure where !(error is ExitCode):
            // What the parser refuses. Its usage goes on for lines; where it can be read is said in the last.
            let help = fullMessage(for: error).split(separator: "\n").last { $0.contains("See '") }
            StandardStream.complain(CommandNames.message(message(for: error), about: words))
            if let help { StandardStream.error.say(String(help.trimmingPrefix { $0 == " " })) }
        default:
            let ending = Ending(error)
            if let sentence = ending.sentence { StandardStream.complain(sentence) }
            exit(ending.code)
        }
        exit(code)
    }

    private static func exit(_ code: ExitCode) -> Never { Foundation.exit(code.rawValue) }
}
