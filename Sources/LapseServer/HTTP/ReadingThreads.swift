import Foundation
import Synchronization

/// The threads of calls that read for people: lists, timelines, reports. They take their time, and the threads that answer apps are as few
/// as the machine has cores: a few long readings there would let every redeem wait.
package final class ReadingThreads: TaskExecutor {
    package static let shared = ReadingThreads(count: 4)

    /// How much the system prefers others, on its scale of niceness from 0 to 19.
    private static let niceness: Int32 = 10

    #if os(Linux)
        private static let thisThread = __priority_which_t(PRIO_PROCESS.rawValue)

        /// Whether it is one of these threads that asks.
        static var isCurrent: Bool { getpriority(thisThread, 0) == niceness }
    #endif

    private let jobs = Mutex<[UnownedJob]>([])
    private let due = DispatchSemaphore(value: 0)

    /// - Parameter count: as many readings run at once as the database has connections for.
    private init(count: Int) {
        for _ in 0..<count { Thread.detachNewThread { [unowned self] in work() } }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        due.signal()
    }

    private func work() {
        #if os(Linux)
            // Of this thread alone, as Linux counts it.
            _ = setpriority(Self.thisThread, 0, Self.niceness)
        #endif
        while true {
            due.wait()
            jobs.withLock { $0.removeFirst() }.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// Runs what reads for people. What it calls in turn runs there too.
    static func run<Value: Sendable>(_ work: () async throws -> Value) async rethrows -> Value {
        try await withTaskExecutorPreference(shared, operation: work)
    }
}
