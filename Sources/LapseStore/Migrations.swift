import Foundation
import GRDB

/// Brings a database of an older schema to this program's, one step of SQL a version: the sections of `migrations.sql`.
enum Migrations {
    /// What was done to a database when it was opened.
    struct Done: Equatable, Sendable {
        let from: Int
        let to: Int
        /// Where the database is kept as it was.
        let copy: String
    }

    static let steps = sections(of: String(decoding: PackageResources.migrations_sql, as: UTF8.self))

    /// The schema that the last step leads to: what `schema.sql` makes.
    static var newest: Int { steps.last?.to ?? 0 }

    private static let heading = "-- To schema "

    /// - Returns: the SQL behind each line that begins with the heading, by the number that the line names.
    static func sections(of text: String) -> [(to: Int, sql: String)] {
        var sections: [(to: Int, sql: String)] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix(heading), let number = Int(line.dropFirst(heading.count).prefix(while: \.isNumber)) {
                sections.append((number, ""))
            } else if !sections.isEmpty {
                sections[sections.count - 1].sql += line + "\n"
            }
        }
        return sections
    }

    /// Whether a database of that schema can be brought to this program's.
    static func canBring(_ version: Int) -> Bool {
        version < Store.schemaVersion && steps.contains { $0.to == version + 1 }
    }

    /// Migrates the open database in one transaction, after a copy of it beside it. Whatever throws, and whenever the process
    /// ends, the database is at the old schema or at the new one, whole.
    ///
    /// - Throws: `DatabaseError` when the copy cannot be made or a step fails; `CocoaError` when the copy cannot be put in place.
    static func bring(_ queue: DatabaseQueue, at path: String, from version: Int) throws -> Done {
        let copy = "\(path).schema-\(version)"
        try keep(queue, as: copy)
        try queue.writeWithoutTransaction { db in
            // A table that is made anew may be referred to meanwhile; what holds in the end is checked before the commit.
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            defer { try? db.execute(sql: "PRAGMA foreign_keys = ON") }
            try db.inTransaction(.immediate) {
                for step in steps where step.to > version {
                    try db.execute(sql: step.sql)
                    try db.execute(sql: "UPDATE meta SET version = ?", arguments: [step.to])
                }
                try db.checkForeignKeys()
                return .commit
            }
            // Older programs made files that never shrink. Without room for it that stays so: nothing else is lost.
            try? db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL; VACUUM")
        }
        return Done(from: version, to: Store.schemaVersion, copy: copy)
    }

    /// A consistent copy with what the write-ahead log holds, complete before it has its name. It takes the place of an older
    /// one: that was a copy of an earlier state of the same database.
    private static func keep(_ queue: DatabaseQueue, as copy: String) throws {
        let files = FileManager.default
        let unfinished = copy + ".new"
        if files.fileExists(atPath: unfinished) { try files.removeItem(atPath: unfinished) }
        // Made first, so that nobody else can read it at any time: it holds what the database holds.
        guard files.createFile(atPath: unfinished, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw CocoaError(.fileWriteUnknown)
        }
        do {
            try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [unfinished]) }
            guard rename(unfinished, copy) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            // Half a copy is none, and fills a disk that is full.
            try? files.removeItem(atPath: unfinished)
            throw error
        }
    }
}
