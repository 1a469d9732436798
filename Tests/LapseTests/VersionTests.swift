import Testing

@testable import lapse

@Suite("The version")
struct VersionTests {
    @Test(
        "It says which commit the program was built from, or why nobody knows",
        arguments: [
            ("1a44f2192c53", "commit 1a44f2192c53"), ("1a44f2192c53-dirty", "commit 1a44f2192c53, with changes"),
            ("none", "commit not known: built outside git"), ("", "commit not known"),
        ])
    func origin(commit: String, said: String) {
        #expect(Version.origin(of: commit) == said)
    }

    @Test(
        "In full it is told when both flags are there, in either order, and nothing else",
        arguments: [
            (["--version", "--verbose"], true), (["--verbose", "--version"], true), (["--version"], false), (["--verbose"], false),
            (["--version", "--version"], false), (["serve", "--version", "--verbose"], false), ([], false),
        ])
    func askedInFull(arguments: [String], isAsked: Bool) {
        #expect(Version.isAskedInFull(arguments) == isAsked)
    }
}
