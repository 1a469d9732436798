import LapseRules
import Synchronization

/// What is put down of the request at hand, for a log, besides what its answer says. Nobody puts down anything while there is no log.
package final class RequestNote: Sendable {
    @TaskLocal package static var current: RequestNote?

    private struct State {
        var error: ErrorName?
        var event: Int64?
    }

    private let state = Mutex(State())

    package init() {}

    /// The error that the request was answered with, the last of several.
    package var error: ErrorName? {
        get { state.withLock { $0.error } }
        set { state.withLock { $0.error = newValue } }
    }

    /// The event that the request wrote, the last of several.
    package var event: Int64? {
        get { state.withLock { $0.event } }
        set { state.withLock { $0.event = newValue } }
    }
}

/// An error as a person looks it up.
package struct ErrorName: Equatable, Sendable {
    /// AADSTS and a number, or the code of Graph and its like.
    package let code: String
    /// What Lapse calls it; nil where the code is a name.
    package var name: String?

    package init(_ code: AADSTS) { (self.code, name) = ("AADSTS\(code.rawValue)", "\(code)") }
    package init(_ code: String) { self.code = code }
    package init(_ error: EntraError) { self = error.code.map { ErrorName($0) } ?? ErrorName(error.error) }
}
