import LapseServer
import ServiceLifecycle

/// Tells once when every port is open; as a service it only waits for the end.
actor Readiness: Service {
    /// Those that are open by now.
    private(set) var addresses = Instance.Addresses()
    private var missing: Int
    private let then: @Sendable (Instance.Addresses) async throws -> Void
    private var failure: CheckedContinuation<Void, any Error>?
    private var failed: (any Error)?

    init(expected: Int, then: @escaping @Sendable (Instance.Addresses) async throws -> Void) {
        missing = expected
        self.then = then
    }

    func listening(_ scheme: Site.Scheme, port: Int) async {
        let address = "\(scheme.rawValue)://localhost:\(port)"
        switch scheme {
        case .https: addresses.https = address
        case .http: addresses.http = address
        }
        missing -= 1
        guard missing == 0 else { return }
        do { try await then(addresses) } catch { fail(error) }
    }

    private func fail(_ error: any Error) {
        failed = error
        failure?.resume(throwing: error)
        failure = nil
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                    if let failed { continuation.resume(throwing: failed) } else { failure = continuation }
                }
            } onCancel: {
                Task { await self.end() }
            }
        } onGracefulShutdown: {
            Task { await self.end() }
        }
    }

    private func end() {
        failure?.resume()
        failure = nil
    }
}
