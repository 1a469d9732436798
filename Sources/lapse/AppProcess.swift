import Foundation
import LapseInstance

/// The app under test. Unchecked: `Foundation.Process` may be asked from any thread.
final class AppProcess: @unchecked Sendable {
    private let process = Process()
    private let command: [String]
    private let (ended, announce) = AsyncStream<Void>.makeStream()

    init(_ command: [String], environment: [String: String]) {
        self.command = command
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        #if os(Linux)
            // Lapse takes signals otherwise than by handlers, and the command would inherit that it does.
            process.arguments = ["--default-signal", "--"] + command
        #else
            process.arguments = ["--"] + command
        #endif
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // A group of its own may not read the terminal.
        process.standardInput = FileHandle.nullDevice
        // The report has stdout to itself.
        process.standardOutput = FileHandle.standardError
        process.terminationHandler = { [announce] _ in announce.finish() }
    }

    func start() throws {
        do { try process.run() } catch { throw StartError("cannot run \(command[0])") }
    }

    var isRunning: Bool { process.isRunning }

    /// Waits for its end, and ends it when the time is over.
    ///
    /// - Returns: its exit status; nil when it was ended.
    func end(within time: Duration) async -> Int32? {
        let hasEnded = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in self.ended {}
                return !Task.isCancelled
            }
            group.addTask {
                try? await Task.sleep(for: time)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        guard hasEnded || !process.isRunning else {
            await stop()
            return nil
        }
        await stop()
        return process.terminationStatus
    }

    /// How long a command that was asked to end may take.
    private static let farewell = Duration.seconds(3)

    /// Ends it, kindly first.
    func stop() async {
        guard process.isRunning else {
            // What it started itself may have outlived it.
            signalGroup(SIGTERM)
            return
        }
        signalGroup(SIGTERM)
        let end = ContinuousClock.now + Self.farewell
        // Also when the task was cancelled, which ends every sleep.
        while process.isRunning, ContinuousClock.now < end { await Task { try? await Task.sleep(for: .milliseconds(20)) }.value }
        if process.isRunning { signalGroup(SIGKILL) }
    }

    /// Foundation gives the command a process group of its own: all that it starts is in there.
    private func signalGroup(_ signal: Int32) {
        guard kill(-process.processIdentifier, signal) != 0, process.isRunning else { return }
        kill(process.processIdentifier, signal)
    }
}
