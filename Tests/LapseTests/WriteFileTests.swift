import Foundation
import LapseInstance
import Testing

@testable import lapse

@Suite("Writing what an option asks for")
struct WriteFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapse-write-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private func kind(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    @Test("A file is written, and written anew; a folder, and a place that is not there, are none")
    func files() throws {
        try withFolder { folder in
            for text in ["one", "two"] {
                try write(text, to: folder + "/file", asked: "--svg")
                #expect(try String(contentsOfFile: folder + "/file", encoding: .utf8) == text)
            }
            #expect(throws: StartError.self) { try write("", to: folder, asked: "--svg") }
            #expect(throws: StartError.self) { try write("", to: folder + "/none/file", asked: "--svg") }
            #expect(kind(folder) == S_IFDIR)
        }
    }

    @Test("A secret is for its owner only, also where others could read what was there; a device stays what it is")
    func secrets() throws {
        try withFolder { folder in
            let file = folder + "/file"
            try write("old", to: file, asked: "export")
            #expect(chmod(file, 0o644) == 0)
            try write("new", to: file, asked: "export", isSecret: true)
            var status = stat()
            #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "new")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
            #expect(throws: StartError.self) { try write("new", to: folder + "/none/file", asked: "export", isSecret: true) }
            try write("new", to: "/dev/null", asked: "export", isSecret: true)
            #expect(kind("/dev/null") == S_IFCHR)
            #expect(stat("/dev/null", &status) == 0 && status.st_mode & 0o777 == 0o666)
        }
    }

    @Test("A link leads to its file as before", arguments: [true, false])
    func links(isThere: Bool) throws {
        try withFolder { folder in
            if isThere { try write("old", to: folder + "/file", asked: "--svg") }
            #expect(symlink(folder + "/file", folder + "/link") == 0)
            try write("new", to: folder + "/link", asked: "--svg")
            #expect(try String(contentsOfFile: folder + "/link", encoding: .utf8) == "new")
            if isThere {
                #expect(kind(folder + "/link") == S_IFLNK)
                #expect(try String(contentsOfFile: folder + "/file", encoding: .utf8) == "new")
            }
        }
    }

    @Test("What is no file, such as a pipe or a device, takes the text and stays what it is")
    func pipe() throws {
        try withFolder { folder in
            let path = folder + "/pipe"
            #expect(mkfifo(path, 0o600) == 0)
            // Nobody reads.
            #expect(throws: StartError.self) { try write("text", to: path, asked: "--svg") }
            #expect(kind(path) == S_IFIFO)
            let reader = open(path, O_RDONLY | O_NONBLOCK)
            try #require(reader >= 0)
            defer { close(reader) }
            #expect(symlink(path, folder + "/link") == 0)
            for place in [path, folder + "/link"] {
                try write("text", to: place, asked: "--svg")
                var bytes = [UInt8](repeating: 0, count: 16)
                let count = read(reader, &bytes, bytes.count)
                #expect(count == 4)
                #expect(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "text")
            }
            #expect(kind(path) == S_IFIFO)
            #expect(kind(folder + "/link") == S_IFLNK)
        }
    }
}
