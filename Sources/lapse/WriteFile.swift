import Foundation
import LapseInstance

/// Writes what an option asked for to the file that it names.
///
/// A file is there as a whole or not at all. A device or a pipe takes the text and stays what it is.
///
/// - Parameter isSecret: only its owner may read the file.
/// - Throws: `StartError` that names the option.
func write(_ text: String, to file: String, asked option: String, isSecret: Bool = false) throws {
    guard FileKind.isDevice(file) ? writeInto(file, text) : replace(file, text, isSecret: isSecret) else {
        throw StartError("\(option): cannot write \(file)")
    }
}

private func replace(_ file: String, _ text: String, isSecret: Bool) -> Bool {
    // A link goes on leading to its file.
    let place = URL(fileURLWithPath: file).resolvingSymlinksInPath()
    guard isSecret else { return (try? Data(text.utf8).write(to: place, options: .atomic)) != nil }
    // Nobody else may read it, at no instant: what is there under the name meanwhile is another file.
    let draft = place.path + ".\(getpid())"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    let isWritten = StandardStream.write(text, to: descriptor)
    close(descriptor)
    guard isWritten, rename(draft, place.path) == 0 else {
        unlink(draft)
        return false
    }
    return true
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
