import ArgumentParser
import LapseRules

/// How the values of options are read: what is wrong with one is said before anything is done.
enum Given {
    /// - Throws: `ValidationError`, which the parser completes with the flag and what was given.
    static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(written: text) else { throw ValidationError("must be \(Duration.writtenForms)") }
        return duration
    }

    /// - Throws: as ``duration(_:)``.
    static func instant(_ text: String) throws -> Timestamp {
        guard let instant = Timestamp(written: text) else { throw ValidationError("must be \(Timestamp.writtenForms)") }
        return instant
    }

    /// The number of an event.
    ///
    /// - Throws: as ``duration(_:)``.
    static func eventID(_ text: String) throws -> Int64 {
        guard let id = Int64(text), id >= 0 else { throw ValidationError("must be the number of an event") }
        return id
    }

    /// - Returns: a reader of one of the words.
    static func oneOf(_ words: [String]) -> @Sendable (String) throws -> String {
        { text in
            guard words.contains(text) else { throw ValidationError("must be one of: \(words.joined(separator: ", "))") }
            return text
        }
    }
}
