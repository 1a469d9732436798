import ArgumentParser
import Foundation
import LapseInstance
import LapseRules
import Testing

@testable import lapse

@Suite("What a person meant")
struct CommandNamesTests {
    private static let commands = [
        "serve", "revoke", "report", "propagation", "events", "sandbox", "https-port", "http-port", "host",
    ]

    @Test(
        "A part of a name, or one that is spelled nearly like it",
        arguments: [
            ("revok", ["revoke"]), ("reovke", ["revoke"]), ("evnets", ["events"]), ("sandobx", ["sandbox"]),
            ("prop", ["propagation"]),
            ("port", ["https-port", "http-port"]), ("rep", ["report"]), ("hots", ["host"]), ("status", []), ("x", []), ("", []),
        ] as [(String, [String])])
    func meant(word: String, names: [String]) { #expect(CommandNames.meant(by: word, among: Self.commands) == names) }

    @Test(
        "A word where a command is expected is answered with those that there are",
        arguments: [
            (["revok"], "'revok' is not a command of lapse; did you mean revoke?\nCommands: serve, demo, revoke,"),
            (["version"], "'version' is not a command of lapse; did you mean --version?\nCommands: "),
            (
                ["clock", "advanc", "5m"],
                "'advanc' is not a command of lapse clock; did you mean advance?\nCommands: show, advance,"
            ),
            (["sandbox", "remove"], "'remove' is not a command of lapse sandbox\nCommands: create, list, rm"),
        ])
    func unknown(words: [String], says: String) throws {
        let complaint = try #require(CommandNames.complaint(about: words))
        #expect(complaint.hasPrefix(says))
    }

    @Test(
        "Commands, their other names, options, and arguments of commands are none of this",
        arguments: [
            [], ["serve"], ["clock"], ["clock", "advance", "5m"], ["sandbox", "delete", "x"], ["revoke", "adele"],
            ["help", "revok"],
            ["--port", "9000"], ["explain", "foo"],
        ] as [[String]])
    func known(words: [String]) { #expect(CommandNames.complaint(about: words) == nil) }

    @Test(
        "An option that is not known is answered with those of its command",
        arguments: [
            (["--port", "9000"], "--port", "unknown option '--port'; did you mean --https-port or --http-port?"),
            (["serve", "--seeed", "x"], "--seeed", "unknown option '--seeed'; did you mean --seed?"),
            (["revoke", "adele", "--wiat", "5s"], "--wiat", "unknown option '--wiat'; did you mean --wait?"),
            (["revoke", "adele", "--nonsense"], "--nonsense", "unknown option '--nonsense'"),
            (["sandbox", "list", "--tenant", "x"], "--tenant", "unknown option '--tenant'"),
        ])
    func options(words: [String], option: String, says: String) {
        let parsers = "Unknown option '\(option)'. Did you mean '--host'?"
        #expect(CommandNames.message(parsers, about: words) == says)
        #expect(CommandNames.message("Unknown option '\(option)'", about: words) == says)
        #expect(CommandNames.message("Something else", about: words) == "Something else")
    }

    @Test(
        "The help of a subcommand does not repeat the version",
        arguments: [RevokeCommand.self, Serve.self] as [any ParsableCommand.Type])
    func version(command: any ParsableCommand.Type) {
        #expect(Lapse.helpMessage().contains("--version"))
        #expect(!Lapse.helpMessage(for: command).contains("--version"))
    }
}

@Suite("How a command ends")
struct EndingTests {
    private struct Raw: Error { let file = "PEMDocument.swift:140" }

    @Test(
        "Each error is a sentence and an exit status, and none is the words of a library",
        arguments: [
            (UsageError("--wait: must be"), "--wait: must be", 64), (StartError("cannot write x"), "cannot write x", 1),
            (FieldError("--http-port", "must be a port"), "--http-port: must be a port", 64),
            (FieldError("lapse.yaml: http-port", "must be a port"), "lapse.yaml: http-port: must be a port", 1),
            (ExitCode(2), nil, 2), (CancellationError(), nil, 130),
            (Raw(), "something went wrong that Lapse did not expect (Raw)", 1),
        ] as [(any Error, String?, Int32)])
    func sentences(error: any Error, sentence: String?, code: Int32) {
        let ending = Ending(error)
        #expect(ending.sentence == sentence)
        #expect(ending.code.rawValue == code)
    }
}

@Suite("Instants and times for people")
struct InstantTextTests {
    @Test(
        "Instants are short, on a day that was named without its date, and exact for who wants them so",
        arguments: [
            (false, nil, "from 2026-03-01T12:03:00Z on"), (false, "2026-03-01", "from 12:03:00 on"),
            (false, "2026-03-02", "from 2026-03-01T12:03:00Z on"), (true, "2026-03-01", "from 2026-03-01T12:03:00.8811116Z on"),
        ] as [(Bool, String?, String)])
    func short(isPrecise: Bool, day: String?, says: String) {
        #expect(InstantText(isPrecise: isPrecise, day: day)("from 2026-03-01T12:03:00.8811116Z on") == says)
    }

    @Test(
        "A time is told in its two largest units",
        arguments: [
            ("PT14M59.9S", "14 min 59 s"), ("PT2S", "2 s"), ("PT90M", "1 h 30 min"), ("PT1H0M5S", "1 h"),
            ("P89DT23H59M", "89 d 23 h"),
            ("PT0.2S", "less than a second"), ("PT0S", "0 s"), ("PT60S", "1 min"),
        ])
    func words(duration: String, says: String) throws {
        #expect(InstantText.words(try #require(Duration(written: duration))) == says)
    }
}

@Suite("What explain takes a text for")
struct ExplainedKindTests {
    @Test(
        "Refresh tokens, access tokens and sessions are known by their look, and nothing else is",
        arguments: [
            ("1.A" + String(repeating: "A", count: 75), "refresh_token"), ("1.A" + String(repeating: "A", count: 300), nil),
            ("0.AXoA", nil), (String(repeating: "A", count: 43), "session"), ("aaaaaaaa-0001-4000-8000-000000000001", "session"),
            ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "access_token"), ("a.b.c", nil), ("foo", nil), ("", nil),
        ] as [(String, String?)])
    func kinds(text: String, kind: String?) { #expect(ExplainCommand.kind(of: text) == kind) }
}
