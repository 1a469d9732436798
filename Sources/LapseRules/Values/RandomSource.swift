import Synchronization

/// Where does chance come from? One closure that yields random bytes: the machine's in a running Lapse, seeded in a test.
package struct RandomSource: Sendable {
    private let fill: @Sendable (_ count: Int) -> [UInt8]

    /// - Parameter fill: returns as many random bytes as asked for; called from any thread.
    package init(_ fill: @escaping @Sendable (_ count: Int) -> [UInt8]) { self.fill = fill }

    /// The same bytes in the same order for the same seed, on every machine (SplitMix64).
    package static func seeded(_ seed: UInt64) -> RandomSource {
        let generator = SeededGenerator(state: seed)
        return RandomSource { generator.bytes($0) }
    }

    package func bytes(_ count: Int) -> [UInt8] { fill(count) }

    package func guid() -> GUID { GUID(randomBytes: bytes(16)) }

    /// Base64url text of that many random bytes: for tokens, codes and cookies.
    package func token(bytes count: Int) -> String { Base64URL.encode(bytes(count)) }

    /// A number in the range, without the bias that matters at this size: 64 random bits over a small range.
    package func integer(in range: ClosedRange<Int>) -> Int {
        let value = bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return range.lowerBound + Int(value % UInt64(range.count))
    }
}

private final class SeededGenerator: Sendable {
    private let state: Mutex<UInt64>

    init(state: UInt64) { self.state = Mutex(state) }

    func bytes(_ count: Int) -> [UInt8] {
        state.withLock { state in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count + 8)
            while bytes.count < count {
                state &+= 0x9E37_79B9_7F4A_7C15
                var mixed = state
                mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
                mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
                mixed ^= mixed >> 31
                for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: mixed >> shift)) }
            }
            return Array(bytes.prefix(count))
        }
    }
}
