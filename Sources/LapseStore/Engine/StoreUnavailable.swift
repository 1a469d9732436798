import GRDB

/// The database takes nothing at present, for a reason that passes. What was asked for is undone, whole, and may be asked for again.
package enum StoreUnavailable: Error, Equatable, CustomStringConvertible {
    /// The disk is full, or the file may not grow.
    case full(String)
    /// Another program holds the database.
    case busy

    package var description: String {
        switch self {
        case .full(let said): "the database cannot be written: \(said)"
        case .busy: "another program holds the database"
        }
    }

    /// What SQLite says, besides `SQLITE_FULL`, of a file that cannot grow: the process's limit, a quota, the write-ahead log's index.
    private static let cannotGrow: [ResultCode] = [
        .SQLITE_IOERR_WRITE, .SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC, .SQLITE_IOERR_TRUNCATE,
        .SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_SHMMAP,
    ]

    /// Nil for an error that does not pass by itself: a damaged file, a broken rule of the schema.
    init?(_ error: DatabaseError) {
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL: self = .busy
        case .SQLITE_FULL: self = .full(error.message ?? "full")
        case .SQLITE_IOERR where Self.cannotGrow.contains(error.extendedResultCode): self = .full(error.message ?? "full")
        default: return nil
        }
    }

    /// Runs the work, and says in these words what SQLite refused for a reason that passes.
    static func naming<Value>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as DatabaseError {
            throw StoreUnavailable(error) ?? error as any Error
        }
    }
}
