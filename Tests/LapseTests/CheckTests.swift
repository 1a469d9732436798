import ArgumentParser
import LapseRules
import Testing

@testable import lapse

@Suite("The exit status of check")
struct CheckTests {
    private static let (good, failed, bad, untested) = (ExitCode(0), ExitCode(1), ExitCode(2), ExitCode(3))
    private static let cutShort = ScenarioPlayer.Story.cutShort("it waited in vain")
    private static let broken = ScenarioPlayer.Story.broken("a step could not be done")

    @Test(
        "It says what the app did wrong, else what went wrong around it, else what was not tested",
        arguments: [
            // A command that serves on is ended, and has no status.
            (.good, .played, nil, good), (.good, .played, 0, good), (.good, .played, 7, failed), (.good, cutShort, nil, untested),
            (.good, cutShort, 0, untested), (.good, cutShort, 7, failed), (.good, broken, nil, failed), (.good, broken, 0, failed),
            (.untested, .played, nil, untested), (.untested, .played, 0, untested), (.untested, .played, 7, failed),
            (.untested, cutShort, 0, untested), (.untested, cutShort, 7, failed), (.untested, broken, 0, failed),
            (.bad, .played, nil, bad), (.bad, .played, 7, bad), (.bad, cutShort, 0, bad), (.bad, broken, 7, bad),
        ] as [(Reaction.Verdict, ScenarioPlayer.Story, Int32?, ExitCode)])
    func exitCode(verdict: Reaction.Verdict, story: ScenarioPlayer.Story, status: Int32?, code: ExitCode) {
        #expect(Check.exitCode(verdict, story, status: status) == code)
    }
}
