import CBuild
import Foundation
import LapseInstance

/// Which Lapse is this, and which libraries does it run with? What `lapse --version` says.
enum Version {
    /// Version and commit, in one line.
    static var line: String { "\(Instance.version) (\(origin(of: String(cString: lapse_commit))))" }

    /// What the line says of the commit.
    ///
    /// - Parameter commit: as `scripts/build` names it: `git describe --always --dirty`.
    static func origin(of commit: String) -> String {
        let hash = commit.prefix(while: \.isHexDigit)
        return switch commit {
        case "": "commit not known"
        case "none": "commit not known: built outside git"
        case _ where hash.count == commit.count: "commit \(hash)"
        default: "commit \(hash), with changes"
        }
    }

    /// Whether the arguments are `--version --verbose`, in either order: the parser answers `--version` without looking further.
    static func isAskedInFull(_ arguments: some Collection<String>) -> Bool {
        arguments.count == 2 && Set(arguments) == ["--version", "--verbose"]
    }

    /// The line, and a line for each library: its name, its version as the library itself says it, and the file that it was loaded from.
    static var full: String { ([line] + Library.all.map(\.line)).joined(separator: "\n") }

    /// A library that some builds hold and others load.
    private struct Library: Sendable {
        let name: String
        /// A function of the library, which the loader is asked for.
        let function: String
        /// Calls the function, which says the library's version.
        var version: (@Sendable (UnsafeMutableRawPointer) -> String)?

        static let all = [
            Self(name: "SQLite", function: "sqlite3_libversion", version: text),
            Self(
                name: "OpenSSL", function: "OpenSSL_version",
                version: { address in
                    typealias Function = @convention(c) (CInt) -> UnsafePointer<CChar>
                    // Only the version is followed by a date: "OpenSSL 3.0.17 1 Jul 2025".
                    let text = String(cString: unsafeBitCast(address, to: Function.self)(0))
                    return text.hasPrefix("OpenSSL ") ? String(text.dropFirst("OpenSSL ".count)) : text
                }),
            Self(name: "zlib", function: "zlibVersion", version: text),
            Self(name: "Swift", function: "swift_retain"),
            Self(name: "libstdc++", function: "__cxa_begin_catch"),
            Self(name: "glibc", function: "gnu_get_libc_version", version: text),
        ]

        @Sendable private static func text(_ address: UnsafeMutableRawPointer) -> String {
            typealias Function = @convention(c) () -> UnsafePointer<CChar>
            return String(cString: unsafeBitCast(address, to: Function.self)())
        }

        var line: String {
            var file: UnsafePointer<CChar>?
            guard let address = lapse_find(function, &file), let file else { return "\(name): inside the program" }
            // The name that the links end at: many a library has its version there.
            let path = URL(fileURLWithPath: String(cString: file)).resolvingSymlinksInPath().path
            return [name, version?(address)].compactMap { $0 }.joined(separator: " ") + ": \(path)"
        }
    }
}
