internal import LapseClient
internal import LapseRules

/// Why a verb could not be done: what the control API refused, or what went wrong before it was asked.
public struct LapseError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The HTTP status; nil when nothing was asked.
    public let status: Int?
    /// The control API's word for what is wrong, such as `invalid`, `notFound` or `conflict`; nil when it has none.
    public let code: String?
    /// The path of the field that is wrong; nil when none is.
    public let field: String?
    /// What is wrong, in one sentence.
    public let message: String

    public var description: String { message }

    init(_ message: String) { (status, code, field, self.message) = (nil, nil, nil, message) }

    init(_ answer: Answer) {
        let error = answer.json["error"]
        (status, code, field) = (answer.status, error?["code"]?.text, error?["field"]?.text)
        message = error?["message"]?.text ?? "Lapse answered \(answer.status)"
    }
}
