import Foundation
import LapseInstance
import Synchronization

/// The app under test. Unchecked: `Foundation.Process` may be asked from any thread.
final class AppProcess: @unchecked Sendable {
    private let process = Process()
    private let command: [String]
    /// Who waits for its end; nil: it has ended.
    private let waiting = Mutex<[AsyncStream<Void>.Continuation]?>([])

    /// - Parameter output: where its output goes, and what it complains of.
    init(_ command: [String], environment: [String: String], output: FileHandle) {
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
        process.standardOutput = output
        process.standardError = output
        process.terminationHandler = { [weak self] _ in self?.announceEnd() }
    }

    private func announceEnd() {
        let waiting = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting ?? []
        }
        for each in waiting { each.finish() }
    }

    func start() throws {
        do { try process.run() } catch { throw StartError("cannot run \(command[0])") }
    }

    var isRunning: Bool { process.isRunning }

    /// Returns when it has ended, or when the task is cancelled.
    func waitForEnd() async {
        let (end, continuation) = AsyncStream<Void>.makeStream()
        let hasEnded = waiting.withLock { waiting in
            waiting?.append(continuation)
            return waiting == nil
        }
        guard !hasEnded else { return }
        for await _ in end {}
    }

    /// Waits for its end, and ends it when the time is over.
    ///
    /// - Returns: its exit status; nil when it was ended.
    func end(within time: Duration) async -> Int32? {
        let hasEnded = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.waitForEnd()
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
