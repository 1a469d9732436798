import ArgumentParser
import Foundation
import LapseClient
import LapseInstance
import LapseRules

/// What is wrong with the arguments of a command, in one line that names the flag as it was typed. Nothing was done.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension ExitCode {
    /// Nobody knows what was asked about.
    static let unknown = ExitCode(3)
    /// What was waited for did not happen in time.
    static let timeIsUp = ExitCode(4)
}

/// How a command ends that did not do what it was asked: the one place where an error becomes a sentence and an exit status.
struct Ending: Equatable {
    /// Nil: all was said already.
    let sentence: String?
    let code: ExitCode

    init(_ error: any Error) {
        switch error {
        case let code as ExitCode: (sentence, self.code) = (nil, code)
        case let error as UsageError: (sentence, self.code) = (error.description, .validationFailure)
        case let error as BadAddress: (sentence, self.code) = (error.description, .validationFailure)
        case let error as StartError: (sentence, self.code) = (error.description, .failure)
        case let error as FieldError:
            // A field that is called like a flag was given as one.
            (sentence, self.code) = (error.description, error.field.hasPrefix("--") ? .validationFailure : .failure)
        case let error as Refused: (sentence, self.code) = (error.description, .failure)
        case let error as Unreachable: (sentence, self.code) = ("\(error); is anything listening there?", .failure)
        case is Instance.Interrupted, is CancellationError: (sentence, self.code) = (nil, ExitCode(130))
        case let error as CocoaError: (sentence, self.code) = (error.localizedDescription, .failure)
        default: (sentence, self.code) = ("something went wrong that Lapse did not expect (\(type(of: error)))", .failure)
        }
    }
}
