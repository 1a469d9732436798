import Foundation
import Hummingbird
import NIOCore
import ServiceLifecycle

/// Why Lapse cannot listen, in one line.
package struct ListenError: Error, CustomStringConvertible {
    package let description: String
}

/// Runs a server and says in one line why it could not start.
struct ExplainingService<Wrapped: Service>: Service {
    let wrapped: Wrapped
    let address: String

    func run() async throws {
        do {
            try await wrapped.run()
        } catch let error as IOError {
            switch error.errnoCode {
            case EADDRINUSE: throw ListenError(description: "\(address) is in use; choose another port")
            case EACCES: throw ListenError(description: "\(address) may not be opened by this user; choose a port above 1023")
            default: throw ListenError(description: "cannot listen on \(address): \(error)")
            }
        }
    }
}
