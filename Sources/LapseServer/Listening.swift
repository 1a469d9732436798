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

/// How many connections a port has at once. Those that come then wait until one of them ends, which none that does nothing outlives
/// by more than a minute.
package enum ConnectionBound {
    /// More would be no lab.
    private static let most = 4096
    /// For the database, the ports and the loops. A connection takes one descriptor, with TLS too.
    private static let reserve = 64
    /// A Lapse has two ports.
    static let standard = of(descriptors: descriptors)

    static func of(descriptors: Int) -> Int { min(most, max(8, (descriptors - reserve) / 2)) }

    #if canImport(Glibc)
        private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let resource = RLIMIT_NOFILE
    #endif

    /// How many descriptors this process may have.
    private static var descriptors: Int {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? Int(clamping: limit.rlim_cur) : 0
    }

    /// Lets this process have the descriptors that two full ports need, as far as the system lets it: it begins with as many as programs
    /// that know of no more can bear. For a process that starts no other, which would inherit them.
    package static func raiseDescriptors() {
        var limit = rlimit()
        let wanted = rlim_t(2 * most + reserve)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        _ = setrlimit(resource, &limit)
    }
}

/// Stops accepting for a second when no descriptor is free for one more connection. The port would tell that one waits again and again.
final class AcceptPause: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private var isPaused = false

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isPaused, let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) {
            isPaused = true
            try? context.channel.syncOptions?.setOption(.autoRead, value: false)
            context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
                self.isPaused = false
                try? context.channel.syncOptions?.setOption(.autoRead, value: true)
            }
        }
        context.fireErrorCaught(error)
    }

    func read(context: ChannelHandlerContext) {
        if !isPaused { context.read() }
    }
}
