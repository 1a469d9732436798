import Foundation
import LapseRules
import Testing

@testable import LapseStore

@Suite("Databases of older schemas")
struct MigrationTests {
    private static let now = Timestamp("2026-03-01T12:00:00Z")!
    /// The schemas that a fixture was kept of.
    private static let older = [7, 8, 9]

    private static func fixture(_ schema: Int) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/schema-\(schema)/database.sql").standardizedFileURL
    }

    /// Runs with the path of a database in a folder of its own, made from the SQL of the fixture.
    private func withDatabase(_ schema: Int = 7, _ body: (_ path: String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapse-migration-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("lapse.sqlite3").path
        try ForeignDatabase.execute(String(contentsOf: Self.fixture(schema), encoding: .utf8), at: path)
        try body(path)
    }

    private func open(_ path: String) throws -> Store { try Store(path: path, machineClock: { Self.now }) }

    @Test("Each section of the migrations leads one schema on, and none is empty")
    func sections() {
        let steps = Migrations.steps
        #expect(steps.map(\.to) == Array(8..<(8 + steps.count)))
        #expect(steps.allSatisfy { $0.sql.contains(";") })
        #expect(Store.schemaVersion == steps.last?.to)
        #expect(Self.older == Array(7..<Store.schemaVersion))
        let read = Migrations.sections(of: "-- A file.\n-- To schema 8: a.\nA;\n\n-- To schema 9: b.\n-- why\nB;\nC;\n")
        #expect(read.map(\.to) == [8, 9])
        #expect(read.map(\.sql) == ["A;\n\n", "-- why\nB;\nC;\n\n"])
    }

    @Test("A migrated database is what a new one is: tables, columns, checks, keys, indexes", arguments: older)
    func schema(_ version: Int) throws {
        try withDatabase(version) { path in
            try open(path).close()
            let new = path + ".fresh"
            try open(new).close()
            let migrated = try ForeignDatabase.schema(at: path)
            #expect(migrated == (try ForeignDatabase.schema(at: new)))
            #expect(!migrated.isEmpty)
            for file in [path, new] { #expect(try ForeignDatabase.number("PRAGMA auto_vacuum", at: file) == 2, "the file shrinks") }
        }
    }

    @Test("Opening an older database says so, keeps a copy of it, and does neither again")
    func copy() throws {
        try withDatabase { path in
            let before = try ForeignDatabase.dump(at: path)
            let store = try open(path)
            #expect(store.migration?.contains("from schema 7 to \(Store.schemaVersion)") == true)
            #expect(store.migration?.contains(path + ".schema-7") == true)
            try store.close()
            #expect(try ForeignDatabase.dump(at: path + ".schema-7") == before)
            let attributes = try FileManager.default.attributesOfItem(atPath: path + ".schema-7")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let again = try open(path)
            #expect(again.migration == nil)
            try again.close()
            #expect(
                try !FileManager.default.contentsOfDirectory(atPath: (path as NSString).deletingLastPathComponent)
                    .contains { $0.hasSuffix(".new") })
        }
    }

    @Test("What a seed holds comes back: a reset of a migrated tenant is a reset", arguments: older)
    func seed(_ version: Int) throws {
        try withDatabase(version) { path in
            let store = try open(path)
            try store.read { tx throws in
                #expect(try tx.seed(of: BuiltInLab.contoso) == BuiltInLab.seed[0])
                #expect(try tx.seed(of: BuiltInLab.fabrikam) == BuiltInLab.seed[1])
            }
            try store.close()
        }
    }

    @Test("A step that fails leaves the database at its schema, and the next start begins again")
    func interrupted() throws {
        try withDatabase { path in
            // The step renames a column to a name that is taken by then.
            try ForeignDatabase.execute("ALTER TABLE apps ADD COLUMN application_permissions TEXT", at: path)
            let before = try ForeignDatabase.dump(at: path)
            #expect(throws: Store.OpenError.self) { try open(path) }
            #expect(try ForeignDatabase.dump(at: path) == before)
            try ForeignDatabase.execute("ALTER TABLE apps DROP COLUMN application_permissions", at: path)
            try open(path).close()
        }
    }

    @Test("A copy that cannot be put in its place is not left half-way, and the database is as it was")
    func noCopy() throws {
        try withDatabase { path in
            let before = try ForeignDatabase.dump(at: path)
            // What stands in the place of the copy is a folder that is not empty.
            let place = URL(fileURLWithPath: path + ".schema-7/full")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let refusal = #expect(throws: Store.OpenError.self) { try open(path) }
            #expect(refusal?.description.contains("cannot keep a copy") == true)
            #expect(!FileManager.default.fileExists(atPath: path + ".schema-7.new"))
            #expect(try ForeignDatabase.dump(at: path) == before)
            try FileManager.default.removeItem(atPath: path + ".schema-7")
            try open(path).close()
        }
    }

    @Test("A database that is older than every step is refused and left as it was")
    func tooOld() throws {
        try withDatabase { path in
            try ForeignDatabase.execute("UPDATE meta SET version = 3", at: path)
            let before = try ForeignDatabase.dump(at: path)
            let refusal = #expect(throws: Store.OpenError.self) { try open(path) }
            #expect(refusal?.description.contains("older Lapse (schema 3") == true)
            #expect(try ForeignDatabase.dump(at: path) == before)
        }
    }
}
