import Foundation
import LapseRules
import Synchronization

// Temporary folders of a process that Lapse does not end itself.
extension DataFolder {
    /// A temporary folder that is removed when this process exits. A process that was killed leaves its folder behind; a later one
    /// removes it here.
    static func untilExit() throws -> DataFolder {
        removeLeftBehind(in: NSTemporaryDirectory(), now: Machine.now())
        let folder = try temporary(named: ExitFolders.prefix)
        ExitFolders.add(folder)
        return folder
    }

    /// Removes the folders of processes that ended without removing them: those that nobody has locked, and that hold nothing but Lapse's
    /// own files.
    static func removeLeftBehind(in place: String, now: Timestamp) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        for name in names where name.hasPrefix(ExitFolders.prefix) {
            let path = URL(fileURLWithPath: place).appendingPathComponent(name).path
            // One that was just made may not have its lock yet.
            guard let entry = Entry(path), entry.isFolder, entry.isOwn, entry.changedAt + .seconds(60) < now else { continue }
            let lock = open("\(path)/\(File.lock.rawValue)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard lock >= 0 else { continue }
            defer { close(lock) }
            let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            let areOwn = files.allSatisfy { file in ExitFolders.files.contains { file.hasPrefix($0) } }
            if areOwn, flock(lock, LOCK_EX | LOCK_NB) == 0 { DataFolder(known: path).remove() }
        }
    }
}

/// The folders that go with this process.
private enum ExitFolders {
    static let prefix = "lapse-testing-"
    /// What the names in such a folder begin with.
    static let files = DataFolder.File.allCases.map(\.rawValue) + [AppEnvironment.bundleName]

    private static let folders = Mutex<[DataFolder]>([])

    static func add(_ folder: DataFolder) {
        let isFirst = folders.withLock { folders in
            folders.append(folder)
            return folders.count == 1
        }
        if isFirst { atexit { ExitFolders.removeAll() } }
    }

    private static func removeAll() {
        for folder in folders.withLock(\.self) { folder.remove() }
    }
}
