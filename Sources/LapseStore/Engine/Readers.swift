import GRDB
import Synchronization

/// Connections that only read, beside the writer's: each serves one reading at a time, on one state of the database.
///
/// GRDB's own pool writes to a database when it opens it, and a start that is refused is to leave it as it was.
final class Readers: Sendable {
    private let path: String
    private let configuration: Configuration
    private let idle = Mutex<[DatabaseQueue]>([])

    /// Opens none: the first reading does.
    init(path: String, configuration: Configuration) {
        self.path = path
        self.configuration = configuration
    }

    /// Nobody waits for a connection: there is one for each thread that reads at the same time, and those are few.
    func read<Value>(_ queries: (Database) throws -> Value) throws -> Value {
        let connection = try idle.withLock { $0.popLast() } ?? DatabaseQueue(path: path, configuration: configuration)
        defer { idle.withLock { $0.append(connection) } }
        return try connection.read(queries)
    }

    func close() throws {
        for connection in idle.withLock({ $0 }) { try connection.close() }
    }
}
