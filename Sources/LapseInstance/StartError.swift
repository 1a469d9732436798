/// Why Lapse does not start, or a command does not do what it was asked, in one line.
public struct StartError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// What a library says about a file, in one line.
    public static func oneLine(_ error: any Error) -> String {
        let text =
            if case DecodingError.dataCorrupted(let context) = error, let underlying = context.underlyingError {
                "\(underlying)"
            } else { "\(error)" }
        return text.split(separator: "\n").joined(separator: " ")
    }
}
