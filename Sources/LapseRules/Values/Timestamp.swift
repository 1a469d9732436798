import Foundation

/// When did it happen? An instant as a 64-bit count of 100 ns since 1970-01-01T00:00:00Z, the precision Entra prints.
///
/// Never floating point: two instants that print alike are alike. Years 1970 to 9999 can be written and read.
package struct Timestamp: Hashable, Comparable, Sendable {
    package static let ticksPerSecond: Int64 = 10_000_000
    /// 9999-12-31T23:59:59.9999999Z, the last instant with a four-digit year.
    package static let latest = Timestamp(ticks: 253_402_300_800 * ticksPerSecond - 1)
    package static let epoch = Timestamp(ticks: 0)

    package let ticks: Int64

    package init(ticks: Int64) { self.ticks = ticks }

    package init(secondsSinceEpoch: Int64) { self.ticks = secondsSinceEpoch * Self.ticksPerSecond }

    /// The instant of these eight bytes, most significant first.
    init(bytes: ArraySlice<UInt8>) { self.init(ticks: bytes.reduce(0) { $0 << 8 | Int64($1) }) }

    var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: ticks >> (56 - 8 * $0)) } }

    package static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.ticks < rhs.ticks }

    /// Stays inside the range of years 1970 to 9999: a lifetime of centuries ends at the last instant, it does not overflow.
    package static func + (lhs: Timestamp, rhs: Duration) -> Timestamp {
        let (sum, overflow) = lhs.ticks.addingReportingOverflow(rhs.ticks)
        if overflow { return rhs.ticks < 0 ? .epoch : .latest }
        return Timestamp(ticks: min(max(sum, 0), latest.ticks))
    }

    package static func - (lhs: Timestamp, rhs: Duration) -> Timestamp { lhs + Duration(ticks: -rhs.ticks) }

    package static func - (lhs: Timestamp, rhs: Timestamp) -> Duration { Duration(ticks: lhs.ticks - rhs.ticks) }

    /// Whole seconds since the epoch, as JWTs count (`NumericDate`, RFC 7519).
    package var secondsSinceEpoch: Int64 { ticks / Self.ticksPerSecond }

    /// The instant without its fraction of a second: how Graph shows a cut-off.
    package var truncatedToSecond: Timestamp { Timestamp(secondsSinceEpoch: secondsSinceEpoch) }
}

extension Timestamp: CustomStringConvertible {
    /// `2021-10-29T17:15:58.1234567Z`: RFC 3339 with seven decimals.
    package var description: String { text(separator: "T", decimals: true, zone: true) }

    /// `2021-10-29T17:16:00Z`: as Graph prints a stamp.
    package var wholeSecondText: String { text(separator: "T", decimals: false, zone: true) }

    /// `2021-10-29 17:16:31Z`: as the token endpoint prints the time of an error.
    package var errorText: String { text(separator: " ", decimals: false, zone: true) }

    /// `2021-10-29T17:16:30`: as Graph prints the date in `innerError`.
    package var zonelessText: String { text(separator: "T", decimals: false, zone: false) }

    /// `10/29/2021 17:16:30`: as refusals print the days of a key.
    package var monthFirstText: String {
        let text = text(separator: " ", decimals: false, zone: false)
        return "\(text.dropFirst(5).prefix(2))/\(text.dropFirst(8).prefix(2))/\(text.prefix(4))\(text.dropFirst(10))"
    }

    private func text(separator: Character, decimals: Bool, zone: Bool) -> String {
        let seconds = secondsSinceEpoch
        let days = seconds / 86_400
        let (year, month, day) = Self.civil(fromDays: days)
        let second = Int(seconds - days * 86_400)
        var text = ""
        text.reserveCapacity(28)
        func append(_ value: Int, width: Int) {
            var power = 1
            for _ in 1..<width { power *= 10 }
            while power > 0 {
                text.unicodeScalars.append(Unicode.Scalar(UInt8(48 + value / power % 10)))
                power /= 10
            }
        }
        append(year, width: 4)
        text.append("-")
        append(month, width: 2)
        text.append("-")
        append(day, width: 2)
        text.append(separator)
        append(second / 3600, width: 2)
        text.append(":")
        append(second / 60 % 60, width: 2)
        text.append(":")
        append(second % 60, width: 2)
        if decimals {
            text.append(".")
            append(Int(ticks % Self.ticksPerSecond), width: 7)
        }
        if zone { text.append("Z") }
        return text
    }

    /// Which instants a person may write: the end of the sentence "must be …".
    package static let writtenForms = "an instant such as 2026-11-28, 2026-11-28T10:00 (in UTC) or 2026-11-28T10:00:00+01:00"

    /// Reads what a person writes: a date (its first instant), a date with a time of the day, or RFC 3339; in UTC where no offset
    /// is given.
    ///
    /// - Returns: nil for anything else, and for what ``init(_:)`` refuses.
    package init?(written text: String) {
        let time = text.dropFirst(10).dropFirst()
        guard !time.isEmpty else {
            self.init(text + "T00:00:00Z")
            return
        }
        let clock = time.prefix { !"Zz+-".contains($0) }
        let offset = clock.endIndex == text.endIndex ? "Z" : text[clock.endIndex...]
        self.init(text[..<clock.endIndex] + (clock.utf8.count == 5 ? ":00" : "") + offset)
    }

    /// Reads RFC 3339 (`2026-01-01T00:00:00.1234567Z`, an offset in place of Z). Decimals beyond the seventh are dropped.
    /// Returns nil for anything else, for a date that does not exist, and for years before 1970.
    package init?(_ text: String) {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 4), reader.take("-"),
            let month = reader.number(digits: 2), reader.take("-"),
            let day = reader.number(digits: 2), reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.number(digits: 2), reader.take(":"),
            let minute = reader.number(digits: 2), reader.take(":"),
            let second = reader.number(digits: 2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60, year >= 1970
        else { return nil }
        var fraction: Int64 = 0
        if reader.take(".") {
            guard let read = reader.fraction(digits: 7) else { return nil }
            fraction = read
        }
        var offsetSeconds = 0
        if !(reader.take("Z") || reader.take("z")) {
            let sign = reader.take("+") ? 1 : reader.take("-") ? -1 : 0
            guard sign != 0, let hours = reader.number(digits: 2), reader.take(":"), let minutes = reader.number(digits: 2),
                hours < 24, minutes < 60
            else { return nil }
            offsetSeconds = sign * (hours * 3600 + minutes * 60)
        }
        guard reader.isAtEnd else { return nil }
        let days = Self.days(fromCivil: year, month, day)
        guard Self.civil(fromDays: days) == (year, month, day) else { return nil }
        let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second - offsetSeconds)
        let ticks = seconds * Self.ticksPerSecond + fraction
        guard (0...Self.latest.ticks).contains(ticks) else { return nil }
        self.init(ticks: ticks)
    }

    /// Days since the epoch to a date of the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
    private static func civil(fromDays days: Int64) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), Int(month), Int(day))
    }

    private static func days(fromCivil year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shiftedYear = Int64(month <= 2 ? year - 1 : year)
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// Reads fixed-width numbers off the front of an ASCII text.
struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Character) -> Bool {
        guard let first = rest.first, first == character.asciiValue else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// A whole number of any length up to twelve digits.
    mutating func number() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while let digit = digit() {
            count += 1
            guard count <= 12 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return count == 0 ? nil : value
    }

    /// Decimals as a count of 10^-digits; further ones are read and dropped.
    mutating func fraction(digits: Int) -> Int64? {
        var value: Int64 = 0
        var count = 0
        while let digit = digit() {
            if count < digits { value = value * 10 + Int64(digit) }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in 0..<max(0, digits - count) { value *= 10 }
        return value
    }

    private mutating func digit() -> Int? {
        guard let first = rest.first, (48...57).contains(first) else { return nil }
        rest.removeFirst()
        return Int(first) - 48
    }
}
