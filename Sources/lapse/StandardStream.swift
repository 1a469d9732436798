import Foundation
import LapseInstance

/// The standard output and the standard error: the one place that writes to them.
///
/// Whoever reads them may have gone, and what takes them may be full or closed. That ends no command and changes no exit status:
/// what cannot be written is dropped.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Before anything else is opened: a stream that is closed leads nowhere, and its number goes to no file and no socket.
    static func prepare() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
        // Writing to a reader that has gone is an error as any other.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Writes a line, at once: somebody may read a pipe.
    ///
    /// - Returns: whether it was taken.
    @discardableResult
    func say(_ text: String) -> Bool { Self.write(text + "\n", to: rawValue) }

    /// Says what went wrong, in a line that says whose it is.
    static func complain(_ text: String) { error.say("lapse: \(text)") }

    /// Where a running Lapse's log goes. NO_COLOR (no-color.org) and a terminal without colours are respected.
    static var log: Instance.LogOutput {
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(error.rawValue) == 1
        let isColoured = isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        return Instance.LogOutput(isTerminal: isTerminal, isColoured: isColoured) { error.say($0) }
    }

    /// - Returns: whether all of it was taken.
    @discardableResult
    static func write(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if count < 0, errno == EAGAIN {
                    // Somebody else who has it made it so that it does not block.
                    var place = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&place, 1, -1)
                } else if count == 0 || errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
