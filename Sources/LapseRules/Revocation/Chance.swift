import Crypto

/// What number falls for this key? The same on every machine: SHA-256 of the key, and arithmetic that IEEE 754 fixes to the last bit.
///
/// The system's own logarithm, exponential and cosine differ between C libraries in the last digits; those here are sums of
/// products.
struct Chance {
    private let draws: (UInt64, UInt64)

    /// - Parameter key: joined with slashes; no part holds one.
    init(_ key: [String]) {
        let digest = SHA256.bytes(of: key.joined(separator: "/"))
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        draws = (number(digest[0..<8]), number(digest[8..<16]))
    }

    /// A whole number below `count`.
    func index(below count: Int) -> Int { Int(draws.0.multipliedFullWidth(by: UInt64(count)).high) }

    /// Whether an event of this probability happens.
    func falls(within probability: Double) -> Bool { Double(draws.0 >> 11) / Double(UInt64(1) << 53) < probability }

    /// A duration between the two, both included.
    func uniform(_ shortest: Duration, _ longest: Duration) -> Duration {
        let span = UInt64(longest.ticks - shortest.ticks) + 1
        return Duration(ticks: shortest.ticks + Int64(draws.0.multipliedFullWidth(by: span).high))
    }

    /// A duration whose logarithm is normally distributed, by its median and 95th percentile.
    func lognormal(median: Duration, p95: Duration) -> Duration {
        /// The 95th percentile of the standard normal distribution.
        let ninetyFifth = 1.644_853_626_951_472_2
        let sigma = Self.logarithm(Double(p95.ticks) / Double(median.ticks)) / ninetyFifth
        let ticks = Double(median.ticks) * Self.exponential(sigma * normal)
        return Duration(ticks: ticks < Double(Timestamp.latest.ticks) ? Int64(ticks) : Timestamp.latest.ticks)
    }

    /// A number of the standard normal distribution (G. Box, M. Muller 1958).
    private var normal: Double {
        let unit = 1 / Double(UInt64(1) << 53)
        // The first may not be zero: its logarithm is taken.
        let first = (Double(draws.0 >> 11) + 0.5) * unit
        let second = Double(draws.1 >> 11) * unit
        return (-2 * Self.logarithm(first)).squareRoot() * Self.cosineOfTurn(second)
    }

    private static let logarithmOfTwo = 0.693_147_180_559_945_3

    /// The natural logarithm of a positive number: its binary exponent, and the series of the inverse hyperbolic tangent.
    static func logarithm(_ number: Double) -> Double {
        let ratio = (number.significand - 1) / (number.significand + 1)
        let square = ratio * ratio
        var (power, sum) = (ratio, 0.0)
        for step in 0..<24 {
            sum += power / Double(2 * step + 1)
            power *= square
        }
        return Double(number.exponent) * logarithmOfTwo + 2 * sum
    }

    /// e to that power: whole powers of two, and the series for the rest.
    static func exponential(_ power: Double) -> Double {
        let twos = (power / logarithmOfTwo).rounded()
        let rest = power - twos * logarithmOfTwo
        var (term, sum) = (1.0, 1.0)
        for step in 1..<20 {
            term *= rest / Double(step)
            sum += term
        }
        return sum * Double(sign: .plus, exponent: Int(max(-1000, min(1000, twos))), significand: 1)
    }

    /// The cosine of a part of a full turn, from 0 to 1.
    static func cosineOfTurn(_ part: Double) -> Double {
        // Between minus half a turn and half a turn, where the series needs fewest terms.
        let angle = (part > 0.5 ? part - 1 : part) * 6.283_185_307_179_586
        let square = angle * angle
        var (term, sum) = (1.0, 1.0)
        for step in 1..<16 {
            term *= -square / Double(2 * step * (2 * step - 1))
            sum += term
        }
        return sum
    }
}
