import Foundation
import LapseRules
import Synchronization

/// The machine's clock and the machine's randomness: no other file asks for either.
package enum Machine {
    @Sendable package static func now() -> Timestamp {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(ticks: Int64(now.tv_sec) * Timestamp.ticksPerSecond + Int64(now.tv_nsec) / 100)
    }

    package static let random: RandomSource = {
        let pool = RandomPool()
        return RandomSource { pool.take($0) }
    }()
}

/// The machine's random bytes, fetched a page at a time: a request needs a handful of small ones, and each fetch is a system call.
private final class RandomPool: Sendable {
    private static let size = 4096
    private let bytes = Mutex<[UInt8]>([])

    func take(_ count: Int) -> [UInt8] {
        bytes.withLock { bytes in
            if bytes.count < count {
                bytes = [UInt8](unsafeUninitializedCapacity: max(count, Self.size)) { buffer, written in
                    arc4random_buf(buffer.baseAddress!, buffer.count)
                    written = buffer.count
                }
            }
            defer { bytes.removeLast(count) }
            return Array(bytes.suffix(count))
        }
    }
}
