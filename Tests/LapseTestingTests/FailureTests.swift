import Foundation
import LapseTesting
import Testing

/// Tests that fail, for whoever asks to see how.
@Suite("Tests that fail", .lapse, .enabled(if: ProcessInfo.processInfo.environment[FailureTests.asked] != nil))
struct FailingTests {
    @Test("An expectation of the test's own")
    func expectation() async throws {
        let tenant = try LapseTenant.current
        _ = try await tenant.signIn()
        #expect(1 == 2, "the first")
        #expect(1 == 3, "the second")
    }

    @Test("An error that the test throws")
    func thrown() async throws {
        let tenant = try LapseTenant.current
        for _ in 0..<30 { try await tenant.revoke("alex") }
        _ = try await tenant.signIn("nobody")
    }

    @Test("One that reached nothing")
    func nothing() throws { Issue.record("nothing came") }

    @Test("One that does not fail")
    func passing() async throws { try await LapseTenant.current.revoke() }
}

@Suite("A test that fails")
struct FailureTests {
    static let asked = "LAPSE_TESTING_SHOW_FAILURES"

    #if os(Linux)
        @Test("Its first issue tells what happened, and attachments hold the whole of it")
        func told() async throws {
            let folder = NSTemporaryDirectory() + "/lapse-failures-" + ProcessInfo.processInfo.globallyUniqueString
            defer { try? FileManager.default.removeItem(atPath: folder) }
            for each in ["attachments", "temporary"] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(each)", withIntermediateDirectories: true)
            }
            // This very program, once more.
            let (process, output) = (Process(), Pipe())
            process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments = [
                "--testing-library", "swift-testing", "--filter", "LapseTestingTests.FailingTests", "--attachments-path",
                "\(folder)/attachments",
            ]
            process.environment = ProcessInfo.processInfo.environment.merging([
                Self.asked: "1", "TMPDIR": "\(folder)/temporary", "NO_COLOR": "1",
            ]) { $1 }
            (process.standardOutput, process.standardError) = (output, output)
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus != 0)

            // One test has two issues and tells it with the first.
            #expect(text.matches(of: /signedIn  adele  Lapse Native/).count == 1, "\(text)")
            #expect(text.contains("The events of sbx-"), "\(text)")
            // A test that throws, and has more to tell than an issue shows.
            #expect(text.contains(/The last 20 of 30 events of sbx-/), "\(text)")
            #expect(text.matches(of: /revoked  alex/).count == 20, "\(text)")
            #expect(text.contains(/Nothing happened in sbx-/), "\(text)")
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/attachments")
            #expect(names.filter { $0.hasSuffix("-events.txt") }.count == 3, "\(names)")
            #expect(names.filter { $0.hasSuffix("-report.md") }.count == 3, "\(names)")
            #expect(names.filter { $0.hasSuffix("-timeline.svg") }.count == 2, "\(names)")
            let events = try names.filter { $0.hasSuffix("-events.txt") }
                .map { try String(contentsOfFile: "\(folder)/attachments/\($0)", encoding: .utf8) }
            #expect(events.map { $0.split(separator: "\n").count }.sorted() == [0, 1, 30], "\(events)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/temporary") == [], "No folder stays behind.")
        }
    #endif
}
