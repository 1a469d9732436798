import Foundation
import LapseRules
import LapseTesting
import Testing

@testable import LapseInstance

@Suite("Lapse in somebody else's process")
struct ProcessTests {
    /// The folder of the Lapse that a process said it had.
    private static func folder(_ result: ExitTest.Result) throws -> String {
        let said = String(decoding: result.standardOutputContent, as: UTF8.self)
        let file = try #require(said.split(separator: "\n").first { $0.hasSuffix("/ca.pem") })
        return String(file.dropLast("/ca.pem".count))
    }

    @Test("It is one, whoever asks, and its folder is removed when the process exits")
    func exits() async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardOutputContent]) {
            async let (one, other) = (Lapse.shared, Lapse.shared)
            guard try await one === other, FileManager.default.fileExists(atPath: try await one.caFile) else { exit(3) }
            print(try await one.caFile)
        }
        #expect(!FileManager.default.fileExists(atPath: try Self.folder(result)))
    }

    @Test("A signal ends the process as ever, and the next one removes the folder that is left")
    func killed() async throws {
        let result = try await #require(processExitsWith: .signal(SIGTERM), observing: [\.standardOutputContent]) {
            print(try await Lapse.shared.caFile)
            fflush(nil)
            // To the process: a thread of Dispatch has its signals blocked.
            kill(getpid(), SIGTERM)
            try await Task.sleep(for: .seconds(60))
        }
        let left = try Self.folder(result)
        // A place of the test's own: in the system's, others are starting.
        let place = NSTemporaryDirectory() + "/lapse-left-" + Machine.random.guid().description
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        let folder = place + "/" + URL(fileURLWithPath: left).lastPathComponent
        try FileManager.default.moveItem(atPath: left, toPath: folder)
        let used = try DataFolder(path: place + "/lapse-testing-used")
        for other in ["notes", "lapse-testing-empty"] {
            try FileManager.default.createDirectory(atPath: "\(place)/\(other)", withIntermediateDirectories: true)
        }
        func remains(after time: Duration) throws -> Bool {
            // By its own date: on a busy machine a minute may have passed since.
            let changed = try #require(DataFolder.Entry(folder)).changedAt
            DataFolder.removeLeftBehind(in: place, now: changed + time)
            return FileManager.default.fileExists(atPath: folder)
        }
        #expect(try remains(after: .zero), "It may have been made just now.")
        _ = FileManager.default.createFile(atPath: folder + "/notes.txt", contents: nil)
        #expect(try remains(after: .seconds(120)), "It holds what is not Lapse's.")
        try FileManager.default.removeItem(atPath: folder + "/notes.txt")
        #expect(try !remains(after: .seconds(120)))
        let names = try FileManager.default.contentsOfDirectory(atPath: place).sorted()
        #expect(names == ["lapse-testing-empty", "lapse-testing-used", "notes"], "One is in use, two are no Lapse's.")
        #expect(FileManager.default.fileExists(atPath: used.path(of: .lock)))
    }
}
