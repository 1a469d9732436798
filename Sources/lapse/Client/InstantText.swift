import ArgumentParser
import Foundation
import LapseRules

/// How exactly a command shows instants: an option of those that show some.
struct InstantOptions: ParsableArguments {
    @Flag(help: "Show instants to 100 ns, and ids in full.")
    var precise = false

    /// - Parameter day: an instant of the control API, on whose day the date is left out.
    func text(on day: String? = nil) -> InstantText {
        InstantText(isPrecise: precise, day: precise ? nil : day.map { String($0.prefix(10)) })
    }
}

/// Instants of the control API as a person reads them: to the second, and on a day that was named without its date.
struct InstantText {
    let isPrecise: Bool
    let day: String?

    /// - Returns: the text with every instant in it made short.
    func callAsFunction(_ text: String) -> String {
        guard !isPrecise else { return text }
        return text.replacing(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{7}Z/) { match in
            match.1 == day.map { $0[...] } ? String(match.2) : "\(match.1)T\(match.2)Z"
        }
    }

    /// A time in its two largest units, as in `14 min 59 s`; what is left is dropped.
    static func words(_ time: Duration) -> String {
        let seconds = time.wholeSeconds
        let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")]
        guard let first = parts.firstIndex(where: { $0.0 > 0 }) else {
            return time > .zero ? "less than a second" : "0 s"
        }
        return parts[first...].prefix(2).filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }
}
