/// Durations in the spellings Lapse needs: as people type them, ISO 8601 in the control API's answers, .NET's in Entra's messages.
extension Duration {
    /// Nothing in Lapse lasts longer: a hundred years of 365 days.
    package static let longest = Duration.seconds(100 * 365 * 86_400)

    /// The duration as a count of 100 ns; what is finer is dropped.
    package var ticks: Int64 {
        components.seconds * Timestamp.ticksPerSecond + components.attoseconds / 100_000_000_000
    }

    package init(ticks: Int64) {
        self.init(
            secondsComponent: ticks / Timestamp.ticksPerSecond,
            attosecondsComponent: ticks % Timestamp.ticksPerSecond * 100_000_000_000)
    }

    package var wholeSeconds: Int64 { components.seconds }

    /// Which durations a person may write: the end of the sentence "must be …".
    package static let writtenForms = "a duration such as 90s, 5m, 1h30m, 2d or PT5M"

    /// Reads what a person writes: `90s`, `5m`, `1h30m`, `2d`, `1w`, `0.5s`, or ISO 8601.
    ///
    /// - Returns: nil for anything else, a number without a unit and a negative one too, and for any longer than ``longest``.
    package init?(written text: String) {
        var reader = DigitReader(text)
        if text.hasPrefix("P") {
            self.init(iso8601: text)
        } else if let ticks = Self.ticks(&reader, Self.typedUnits) {
            self.init(ticks: ticks)
        } else {
            return nil
        }
    }

    /// Reads `PT3M`, `P1DT2H`, `PT0.5S`, `P2W`.
    ///
    /// - Returns: nil for years and months (their length varies), for negative or malformed durations and for any longer than
    ///   ``longest``.
    package init?(iso8601 text: String) {
        var reader = DigitReader(text)
        guard reader.take("P"), let ticks = Self.ticks(&reader, Self.isoUnits, timeMark: "T") else { return nil }
        self.init(ticks: ticks)
    }

    private struct Unit {
        let symbol: Character
        /// A smaller unit has a higher one and stands further behind.
        let rank: Int
        let seconds: Int64
        /// Whether it stands behind the mark, where there is one.
        var isTime = false
    }

    private static let typedUnits = [
        Unit(symbol: "w", rank: 1, seconds: 604_800), Unit(symbol: "d", rank: 2, seconds: 86_400),
        Unit(symbol: "h", rank: 3, seconds: 3600), Unit(symbol: "m", rank: 4, seconds: 60), Unit(symbol: "s", rank: 5, seconds: 1),
    ]

    private static let isoUnits = [
        Unit(symbol: "W", rank: 1, seconds: 604_800), Unit(symbol: "D", rank: 2, seconds: 86_400),
        Unit(symbol: "H", rank: 3, seconds: 3600, isTime: true), Unit(symbol: "M", rank: 4, seconds: 60, isTime: true),
        Unit(symbol: "S", rank: 5, seconds: 1, isTime: true),
    ]

    /// Reads numbers with units to the end, each unit smaller than the one before; only seconds have decimals.
    private static func ticks(_ reader: inout DigitReader, _ units: [Unit], timeMark: Character? = nil) -> Int64? {
        var ticks: Int64 = 0
        var inTime = false
        var lastRank = 0
        while !reader.isAtEnd {
            if let timeMark, !inTime, reader.take(timeMark) {
                inTime = true
                guard !reader.isAtEnd else { return nil }
            }
            guard let number = reader.number() else { return nil }
            var fraction: Int64 = 0
            let hasFraction = reader.take(".") || reader.take(",")
            if hasFraction {
                guard let read = reader.fraction(digits: 7) else { return nil }
                fraction = read
            }
            guard let unit = units.first(where: { $0.isTime == inTime && $0.rank > lastRank && reader.take($0.symbol) }),
                !hasFraction || unit.seconds == 1
            else { return nil }
            lastRank = unit.rank
            let (seconds, overflow) = number.multipliedReportingOverflow(by: unit.seconds)
            guard !overflow, seconds <= Self.longest.wholeSeconds else { return nil }
            ticks += seconds * Timestamp.ticksPerSecond + fraction
            guard ticks <= Self.longest.ticks else { return nil }
        }
        return lastRank > 0 ? ticks : nil
    }

    /// `PT3M`, `P90D`, `PT0.5S`; zero is `PT0S`.
    package var iso8601: String {
        var rest = ticks
        func take(_ seconds: Int64) -> Int64 {
            let unit = seconds * Timestamp.ticksPerSecond
            defer { rest %= unit }
            return rest / unit
        }
        let (days, hours, minutes, seconds) = (take(86_400), take(3600), take(60), take(1))
        var text = days > 0 ? "P\(days)D" : "P"
        guard hours + minutes + seconds + rest > 0 else { return days > 0 ? text : "PT0S" }
        text += "T"
        if hours > 0 { text += "\(hours)H" }
        if minutes > 0 { text += "\(minutes)M" }
        if rest > 0 {
            var decimals = String(rest)
            decimals = String(repeating: "0", count: 7 - decimals.count) + decimals
            while decimals.hasSuffix("0") { decimals.removeLast() }
            text += "\(seconds).\(decimals)S"
        } else if seconds > 0 {
            text += "\(seconds)S"
        }
        return text
    }

    /// `90.00:00:00`: days, hours, minutes, seconds, as .NET prints a `TimeSpan` and Entra its messages.
    package var dotNetText: String {
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let seconds = wholeSeconds
        let days = seconds / 86_400
        return (days > 0 ? "\(days)." : "") + "\(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }
}
