import Foundation
import LapseInstance

/// A program of the system that keeps a store of certificates.
struct Tool: Sendable {
    let path: String

    /// - Returns: nil when the system does not have it.
    init?(_ name: String) {
        // Where programs for root are, which others do not have on their PATH.
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/sbin"]
        guard let found = folders.map({ "\($0)/\(name)" }).first(where: FileManager.default.isExecutableFile) else { return nil }
        path = found
    }

    /// Runs it to its end.
    ///
    /// - Returns: what it wrote to its output.
    /// - Throws: ``StartError`` with the last line of what it complained of, when it fails.
    @discardableResult
    func run(_ arguments: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
        let (given, output, complaint) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (given, output, complaint)
        do {
            try process.run()
        } catch {
            throw StartError("cannot run \(path)")
        }
        _ = StandardStream.write(input, to: given.fileHandleForWriting.fileDescriptor)
        try? given.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaints = String(decoding: complaint.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let reason = complaints.split(separator: "\n").last.map { ": \($0)" } ?? ""
            throw StartError("\(path) failed\(reason)")
        }
        return text
    }
}
