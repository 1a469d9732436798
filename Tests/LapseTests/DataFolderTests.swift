import Foundation
import LapseRules
import Testing

@testable import LapseInstance

@Suite("The data folder and other users")
struct DataFolderTests {
    /// A folder of the test's own, with one inside it that others may read.
    private final class Place {
        let root: String
        var folder: String { root + "/data" }

        init() throws {
            root = NSTemporaryDirectory() + "/lapse-folder-" + Machine.random.guid().description
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            chmod(folder, 0o755)
        }

        deinit { try? FileManager.default.removeItem(atPath: root) }

        func make(_ name: String, _ mode: Int) {
            _ = FileManager.default.createFile(
                atPath: folder + "/" + name, contents: Data("x".utf8), attributes: [.posixPermissions: mode])
        }

        func mode(_ name: String = "") -> Int? {
            (try? FileManager.default.attributesOfItem(atPath: folder + "/" + name))?[.posixPermissions] as? Int
        }

        var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }
    }

    private static func refusal(_ path: String) -> String? {
        do { _ = try DataFolder(path: path) } catch { return (error as? StartError)?.description ?? "another error: \(error)" }
        return nil
    }

    @Test("One that others may read is made private when it is empty, and what is made in it is")
    func empty() throws {
        let place = try Place()
        _ = try DataFolder(path: place.folder).prepare(names: [], now: Machine.now())
        #expect(place.mode() == 0o700)
        #expect(place.mode("lapse.sqlite3") == 0o600)
        #expect(place.mode("lock") == 0o600)
        #expect(place.names.filter { $0.hasSuffix("key.pem") }.map { place.mode($0) } == [0o600, 0o600, 0o600])
    }

    @Test("One that a Lapse used is made private with its database, what is beside it, and its keys")
    func used() throws {
        let place = try Place()
        let secrets = ["lapse.sqlite3", "lapse.sqlite3-wal", "lapse.sqlite3-shm", "lapse.sqlite3.schema-7", "ca-key.pem"]
        for name in secrets + ["ca.pem"] { place.make(name, 0o644) }
        #expect(Self.refusal(place.folder) == nil)
        #expect(place.mode() == 0o700)
        #expect(secrets.map { place.mode($0) } == Array(repeating: 0o600, count: secrets.count))
        #expect(place.mode("ca.pem") == 0o644)
    }

    @Test("Its size is that of Lapse's own files, and of what SQLite keeps beside them")
    func size() throws {
        let place = try Place()
        for name in ["lapse.sqlite3", "lapse.sqlite3-wal", "ca.pem"] { place.make(name, 0o600) }
        let folder = try DataFolder(path: place.folder)
        #expect(folder.bytes == 3)
        place.make("holiday.jpg", 0o600)
        #expect(folder.bytes == 3)
    }

    @Test("A database that others may read is closed to them in a private folder too")
    func database() throws {
        let place = try Place()
        chmod(place.folder, 0o700)
        place.make("lapse.sqlite3", 0o644)
        #expect(Self.refusal(place.folder) == nil)
        #expect(place.mode("lapse.sqlite3") == 0o600)
    }

    @Test("One that others may read and that holds something else is refused, and left as it was")
    func shared() throws {
        let place = try Place()
        place.make("thesis.txt", 0o644)
        let refusal = try #require(Self.refusal(place.folder))
        #expect(refusal.contains(place.folder) && refusal.contains("thesis.txt") && refusal.contains("chmod 700"))
        #expect(place.mode() == 0o755)
        #expect(place.names == ["thesis.txt"])
        // Private, it is nobody else's business what is in there.
        chmod(place.folder, 0o700)
        #expect(Self.refusal(place.folder) == nil)
    }

    @Test("A symbolic link is refused: the folder, or a file in it", arguments: ["", "lapse.sqlite3", "lock", "signing-key.pem"])
    func link(name: String) throws {
        let place = try Place()
        let target = place.root + "/elsewhere"
        if name.isEmpty {
            try FileManager.default.createSymbolicLink(atPath: target, withDestinationPath: place.folder)
            #expect(Self.refusal(target)?.contains("\(target) is a symbolic link") == true)
            #expect(Self.refusal(target + "/")?.contains("\(target) is a symbolic link") == true)
        } else {
            try FileManager.default.createSymbolicLink(atPath: place.folder + "/" + name, withDestinationPath: target)
            #expect(Self.refusal(place.folder)?.contains("\(place.folder)/\(name) is a symbolic link") == true)
        }
        #expect(place.mode() == 0o755)
        #expect(!FileManager.default.fileExists(atPath: target) || name.isEmpty)
    }

    @Test("A folder of another user is refused, and so is a file of one in it")
    func stranger() throws {
        let place = try Place()
        let stranger: uid_t = 65_534
        guard geteuid() == 0 else {
            // Root's.
            #expect(Self.refusal("/usr") == "--data-dir: the folder /usr belongs to another user")
            return
        }
        place.make("lapse.sqlite3", 0o600)
        chown(place.folder + "/lapse.sqlite3", stranger, 0)
        #expect(Self.refusal(place.folder) == "--data-dir: \(place.folder)/lapse.sqlite3 belongs to another user")
        chown(place.folder, stranger, 0)
        #expect(Self.refusal(place.folder) == "--data-dir: the folder \(place.folder) belongs to another user")
        #expect(place.mode() == 0o755)
    }
}
