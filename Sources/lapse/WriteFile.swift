import Foundation
import LapseInstance

/// Writes what an option asked for to the file that it names.
///
/// A file is there as a whole or not at all. A device or a pipe takes the text and stays what it is.
///
/// - Throws: `StartError` that names the option.
func write(_ text: String, to file: String, asked option: String) throws {
    guard FileKind.isDevice(file) ? writeInto(file, text) : replace(file, text) else {
        throw StartError("\(option): cannot write \(file)")
    }
}

private func replace(_ file: String, _ text: String) -> Bool {
    // A link goes on leading to its file.
    let place = URL(fileURLWithPath: file).resolvingSymlinksInPath()
    return (try? Data(text.utf8).write(to: place, options: .atomic)) != nil
}

private func writeInto(_ file: String, _ text: String) -> Bool {
    // A pipe that nobody reads is none that can be written.
    let descriptor = open(file, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return StandardStream.write(text, to: descriptor)
}

/// What stands under a name.
enum FileKind {
    /// Whether something is there, or at the end of a link, that is no file: a device, a pipe, a folder.
    static func isDevice(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    }

    /// Whether a file is there itself, and no link.
    static func isFile(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}
