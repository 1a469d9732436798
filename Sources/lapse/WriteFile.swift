import Foundation
import LapseInstance

/// Writes what an option asked for to the file that it names.
func write(_ text: String, to file: String, asked option: String) throws {
    do { try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic) } catch {
        throw StartError("\(option): cannot write \(file)")
    }
}
