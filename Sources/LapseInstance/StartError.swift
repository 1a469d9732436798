/// Why Lapse does not start, or a command does not do what it was asked, in one line.
package struct StartError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// What a library says about a file, in one line.
    package static func oneLine(_ error: any Error) -> String {
        let text =
            if case DecodingError.dataCorrupted(let context) = error, let underlying = context.underlyingError {
                "\(underlying)"
            } else { "\(error)" }
        return text.split(separator: "\n").joined(separator: " ")
    }
}
