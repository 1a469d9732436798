import Foundation
import Testing

@testable import lapse

@Suite("Writing to a stream")
struct StandardStreamTests {
    @Test("A full device and a closed stream take nothing, and end nothing")
    func full() throws {
        let full = open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        #expect(!StandardStream.write("text\n", to: full))
        close(full)
        #expect(!StandardStream.write("text\n", to: 1 << 20))
        #expect(StandardStream.write("", to: 1 << 20))
    }

    @Test("A reader that has gone takes nothing, and ends nothing")
    func gone() throws {
        StandardStream.prepare()
        let pipe = try Self.pipe()
        close(pipe.read)
        #expect(!StandardStream.write("text\n", to: pipe.write))
        close(pipe.write)
    }

    @Test("A pipe that is full for now is waited for, also when it does not block")
    func slow() async throws {
        let pipe = try Self.pipe()
        _ = fcntl(pipe.write, F_SETFL, fcntl(pipe.write, F_GETFL) | O_NONBLOCK)
        // More than a pipe holds.
        let text = String(repeating: "Lapse\n", count: 100_000)
        let reader = FileHandle(fileDescriptor: pipe.read, closeOnDealloc: true)
        async let read = Task.detached { reader.readDataToEndOfFile() }.value
        let isTaken = await Task.detached {
            defer { close(pipe.write) }
            return StandardStream.write(text, to: pipe.write)
        }.value
        #expect(isTaken)
        #expect(await read == Data(text.utf8))
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(Foundation.pipe(&ends) == 0)
        return (ends[0], ends[1])
    }
}
